package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/vmcloud/ricochet/content"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/kb"
	"github.com/vmcloud/ricochet/search"
)

// searchCmd groups the search tools for owners.
type searchCmd struct {
	Run      searchRunCmd      `cmd:"" help:"Answer a file of queries, as JSONL on stdout."`
	Eval     searchEvalCmd     `cmd:"" help:"Measure the ranking on labelled queries."`
	Explain  searchExplainCmd  `cmd:"" help:"Print why each result stands where it does."`
	Selftest searchSelftestCmd `cmd:"" help:"Ask every article its own questions; fails when one is not in the first three."`
	Lexicon  searchLexiconCmd  `cmd:"" help:"The dictionary of the trade."`
}

// contentFlag is a content folder; without it, the built-in articles.
type contentFlag struct {
	Content string `help:"Folder of {fr,en}/**/*.md; the built-in articles when left out." type:"existingdir" placeholder:"DIR"`
}

func (c contentFlag) fs() fs.FS {
	if c.Content == "" {
		return content.FS
	}
	return os.DirFS(c.Content)
}

// lexicon is the content folder's own lexicon, nil when it has none.
func (c contentFlag) lexicon() fs.FS {
	if c.Content == "" {
		return nil
	}
	dir := filepath.Join(c.Content, "lexicon")
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil
	}
	return os.DirFS(dir)
}

// open indexes the articles in memory. What is wrong in them are warnings.
func (c contentFlag) open(ctx context.Context, con console) (*search.Index, *kb.Library, error) {
	lib, problems, err := kb.Load(ctx, c.fs(), kb.Options{})
	if err != nil {
		return nil, nil, err
	}
	if lib.Len() == 0 {
		fmt.Fprintf(con.err, "%s: no articles; they belong in a folder of their language, fr/ or en/\n", c.Content)
	}
	for _, p := range problems {
		fmt.Fprintf(con.err, "%s:%d: %s: %s\n", p.Path, p.Line, p.Severity, p.Message)
	}
	x, err := search.Open(search.Options{Lexicon: c.lexicon()})
	if err != nil {
		return nil, nil, err
	}
	if _, err := x.Sync(ctx, lib); err != nil {
		return nil, nil, errors.Join(err, x.Close())
	}
	return x, lib, nil
}

// queriesFlags is a content folder and a file of queries to ask it.
type queriesFlags struct {
	contentFlag
	Queries string `help:"JSONL file, {\"id\",\"lang\",\"query\",\"relevant\",\"family\"} a line." type:"existingfile" required:"" placeholder:"FILE"`
	Suggest bool   `help:"Answer as the contact form would: possibly nothing."`
}

// each answers every query in turn. A query that fails, or of a language that
// has no articles, is an empty answer and a warning; so is a line that is no
// query, without an answer.
func (c queriesFlags) each(ctx context.Context, con console, f func(search.Labelled, search.RunLine) error) (err error) {
	queries, err := readLines[search.Labelled](c.Queries, func(err error) { fmt.Fprintln(con.err, err) })
	if err != nil {
		return err
	}
	x, library, err := c.open(ctx, con)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	for _, q := range queries {
		if q.Lang = strings.ToLower(q.Lang); !slices.Contains(library.Langs(), q.Lang) {
			fmt.Fprintf(con.err, "query %s: no articles in %q; there are some in %v\n", q.ID, q.Lang, library.Langs())
		}
		start := time.Now()
		line, err := x.RunQuery(ctx, q, c.Suggest)
		line.MS = float64(time.Since(start).Microseconds()) / 1e3
		if err != nil {
			fmt.Fprintf(con.err, "query %s: %v\n", q.ID, err)
		}
		if err := f(q, line); err != nil {
			return err
		}
	}
	return nil
}

func readLines[T any](path string, skip func(error)) ([]T, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return search.ReadLines[T](f, path, skip)
}

// searchRunCmd answers a file of queries.
type searchRunCmd struct{ queriesFlags }

// Run writes one line a query, and nothing else, on stdout.
func (c searchRunCmd) Run(ctx context.Context, con console) error {
	out := bufio.NewWriter(con.out)
	enc := json.NewEncoder(out)
	if err := c.each(ctx, con, func(_ search.Labelled, r search.RunLine) error { return enc.Encode(r) }); err != nil {
		return err
	}
	return out.Flush()
}

// searchEvalCmd measures the ranking.
type searchEvalCmd struct {
	queriesFlags
	Baseline string `help:"An earlier run: also list the queries that got better or worse." type:"existingfile" placeholder:"RUN.JSONL"`
}

// Run prints the metrics per language and family.
func (c searchEvalCmd) Run(ctx context.Context, con console) error {
	var queries []search.Labelled
	var run []search.RunLine
	err := c.each(ctx, con, func(q search.Labelled, r search.RunLine) error {
		queries, run = append(queries, q), append(run, r)
		return nil
	})
	if err != nil {
		return err
	}
	judged := search.Judge(queries, run)
	if err := search.WriteTable(con.out, judged); err != nil || c.Baseline == "" {
		return err
	}
	before, err := readLines[search.RunLine](c.Baseline, nil)
	if err != nil {
		return err
	}
	fmt.Fprintln(con.out)
	return search.WriteChanges(con.out, search.Judge(queries, before), judged)
}

// searchExplainCmd prints why results stand where they do.
type searchExplainCmd struct {
	contentFlag
	Lang     string   `help:"Language of the site." default:"fr"`
	N        int      `short:"n" help:"How many results." default:"5"`
	Exact    bool     `help:"Do not correct typos."`
	Data     string   `help:"Folder of a server's data, whose votes break ties; without it there are none." type:"existingdir" placeholder:"DIR"`
	Database string   `help:"PostgreSQL of that server. Also RICOCHET_DATABASE_FILE." placeholder:"URL"`
	Query    []string `arg:"" help:"What was typed."`
}

// Run prints the account of the first N results.
func (c searchExplainCmd) Run(ctx context.Context, con console) (err error) {
	x, library, err := c.open(ctx, con)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	if c.Data != "" || c.Database != "" {
		db, err := dataFlags{Data: c.Data, Database: c.Database}.open(ctx, con)
		if err != nil {
			return err
		}
		defer func() { _ = db.Close() }() // it is only read
		if err := teach(ctx, x, db, library, clock.System{}); err != nil {
			return err
		}
	}
	return x.Explain(ctx, con.out, search.Query{Lang: c.Lang, Text: strings.Join(c.Query, " "), Exact: c.Exact}, c.N)
}

// searchSelftestCmd asks the articles their own questions.
type searchSelftestCmd struct{ contentFlag }

// Run fails when an article is not among the first three for a question of its
// own front matter.
func (c searchSelftestCmd) Run(ctx context.Context, con console) (err error) {
	x, lib, err := c.open(ctx, con)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	asked, failures, err := x.Selftest(ctx, lib)
	if err != nil {
		return err
	}
	for _, f := range failures {
		fmt.Fprintln(con.out, f)
	}
	if len(failures) > 0 {
		return fmt.Errorf("%d of %d questions do not find their article among the first three", len(failures), asked)
	}
	fmt.Fprintf(con.out, "%d questions, each finds its article among the first three\n", asked)
	return nil
}

// searchLexiconCmd groups the tools for the lexicon.
type searchLexiconCmd struct {
	Check searchLexiconCheckCmd `cmd:"" help:"Find contradictory, dead and self-cancelling entries."`
}

// searchLexiconCheckCmd checks the lexicons.
type searchLexiconCheckCmd struct {
	contentFlag
	Dead     bool `help:"Also report groups that none of the articles has a word of."`
	Repeated bool `help:"Also list what is said twice, which does no harm."`
}

// Run fails when a lexicon has a problem.
func (c searchLexiconCheckCmd) Run(ctx context.Context, con console) (err error) {
	langs, err := search.LexiconLanguages(c.lexicon())
	if err != nil {
		return err
	}
	var x *search.Index
	if c.Dead {
		if x, _, err = c.open(ctx, con); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, x.Close()) }()
	}
	n := 0
	for _, lang := range langs {
		problems, err := search.CheckLexicon(ctx, c.lexicon(), lang, x)
		if err != nil {
			return err
		}
		for _, p := range problems {
			if p.Kind == "repeated" && !c.Repeated {
				continue
			}
			fmt.Fprintln(con.out, p)
			if p.Kind != "repeated" {
				n++
			}
		}
	}
	if n > 0 {
		return fmt.Errorf("%d problems in the lexicons", n)
	}
	fmt.Fprintf(con.out, "lexicons %s: no contradictory, dead or self-cancelling entries\n", strings.Join(langs, ", "))
	return nil
}
