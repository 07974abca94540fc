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
	"time"

	"github.com/vmcloud/ricochet/kb"
	"github.com/vmcloud/ricochet/search"
)

// searchCmd groups the search tools for owners.
type searchCmd struct {
	Run_ searchRunCmd  `cmd:"" name:"run" help:"Answer a file of queries, as JSONL on stdout."`
	Eval searchEvalCmd `cmd:"" help:"Measure the ranking on labelled queries."`
}

// contentFlag is a content folder.
type contentFlag struct {
	Content string `help:"Folder of {fr,en}/**/*.md." type:"existingdir" placeholder:"DIR"`
}

// open indexes the folder in memory. Problems in its articles are warnings.
func (c contentFlag) open(ctx context.Context) (*search.Index, *kb.Library, error) {
	var fsys fs.FS = os.DirFS(c.Content)
	lib, problems, err := kb.Load(ctx, fsys, kb.Options{})
	if err != nil {
		return nil, nil, err
	}
	for _, p := range problems {
		fmt.Fprintf(os.Stderr, "%s:%d: %s: %s\n", p.Path, p.Line, p.Severity, p.Message)
	}
	opts := search.Options{}
	if dir := filepath.Join(c.Content, "lexicon"); isDir(dir) {
		opts.Lexicon = os.DirFS(dir)
	}
	x, err := search.Open(opts)
	if err != nil {
		return nil, nil, err
	}
	if _, err := x.Sync(ctx, lib); err != nil {
		return nil, nil, errors.Join(err, x.Close())
	}
	return x, lib, nil
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// searchRunCmd answers a file of queries.
type searchRunCmd struct {
	contentFlag
	Queries string `help:"JSONL file: {\"id\",\"lang\",\"query\"} a line." type:"existingfile" required:""`
	Suggest bool   `help:"Answer as the contact form would: possibly nothing."`
}

// Run writes one line a query. A query that fails is an empty answer and a
// warning on stderr.
func (c searchRunCmd) Run(ctx context.Context) (err error) {
	queries, err := readLines[search.Labelled](c.Queries)
	if err != nil {
		return err
	}
	x, _, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	out := bufio.NewWriter(os.Stdout)
	enc := json.NewEncoder(out)
	for _, q := range queries {
		line := answer(ctx, x, q, c.Suggest)
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	return out.Flush()
}

// answer runs one query and times it.
func answer(ctx context.Context, x *search.Index, q search.Labelled, suggest bool) search.RunLine {
	start := time.Now()
	line, err := x.RunQuery(ctx, q, suggest)
	line.MS = float64(time.Since(start).Microseconds()) / 1e3
	if err != nil {
		fmt.Fprintf(os.Stderr, "query %s: %v\n", q.ID, err)
	}
	return line
}

func readLines[T any](path string) ([]T, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return search.ReadLines[T](f, path)
}

// searchEvalCmd measures the ranking.
type searchEvalCmd struct {
	contentFlag
	Queries  string `help:"JSONL file of labelled queries." type:"existingfile" required:""`
	Baseline string `help:"A run to compare with: lists what got better or worse." type:"existingfile" placeholder:"RUN.JSONL"`
	Suggest  bool   `help:"Measure the contact form's suggestions instead."`
}

// Run prints the table.
func (c searchEvalCmd) Run(ctx context.Context) (err error) {
	queries, err := readLines[search.Labelled](c.Queries)
	if err != nil {
		return err
	}
	x, _, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	var run []search.RunLine
	for _, q := range queries {
		line := answer(ctx, x, q, c.Suggest)
		run = append(run, line)
	}
	return search.WriteTable(os.Stdout, search.Judge(queries, run))
}
