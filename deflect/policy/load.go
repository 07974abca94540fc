// Package policy reads what operators write about service levels: the policy
// table, the calendars and iCalendar holiday feeds. A file with a mistake is
// refused whole, every mistake named by file and line (D-3), so that the
// policy in force stays.
package policy

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/vmcloud/ricochet/deflect/sla"
)

// DefaultYAML is the shipped policy file: the tables of D-6 to D-10 and D-25.
//
//go:embed default.yaml
var DefaultYAML []byte

// Limits of a policy file. The YAML parser's time grows with the square of the
// size and of the nesting; these keep it under a second.
const (
	maxFile  = 64 << 10 // bytes; the shipped policy has a tenth
	maxDepth = 32       // brackets open at once, and marks in a row on a line
)

// Set is a loaded policy: every version of it, and the calendars of the latest.
type Set struct {
	Book      *sla.Book
	Latest    *sla.Policy
	Calendars map[string]*sla.Calendar // by name, of the latest version
}

// Feeds fetches an iCalendar holiday feed, a path or URL as written in the
// policy file. A FeedCache is one that survives a failing source.
type Feeds func(ref string) ([]byte, error)

// Default loads the shipped policy.
func Default() (*Set, error) { return Parse("default.yaml", DefaultYAML, nil) }

// Load reads a policy file, or a folder whose *.yaml files are the versions of
// one policy. feeds may be nil: then a feed is a file of fsys. All mistakes of
// all files come back as Problems.
func Load(fsys fs.FS, name string, feeds Feeds) (*Set, error) {
	if feeds == nil {
		feeds = func(ref string) ([]byte, error) { return fs.ReadFile(fsys, ref) }
	}
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	files := []string{name}
	if info.IsDir() {
		if files, err = fs.Glob(fsys, path.Join(name, "*.yaml")); err != nil {
			return nil, err
		}
		if len(files) == 0 {
			return nil, Problems{{File: name, Reason: "no *.yaml file in this folder"}}
		}
	}
	var sets []*loader
	var problems Problems
	for _, f := range files {
		data, err := fs.ReadFile(fsys, f)
		if err != nil {
			return nil, err
		}
		l := read(f, data, feeds)
		sets, problems = append(sets, l), append(problems, l.problems...)
	}
	return assemble(sets, problems)
}

// Parse reads one policy file from memory; file is its name in problems.
func Parse(file string, data []byte, feeds Feeds) (*Set, error) {
	l := read(file, data, feeds)
	return assemble([]*loader{l}, l.problems)
}

func assemble(versions []*loader, problems Problems) (*Set, error) {
	if len(problems) > 0 {
		return nil, problems
	}
	policies := make([]*sla.Policy, len(versions))
	latest := versions[0]
	for i, v := range versions {
		policies[i] = v.policy
		if v.policy.Effective.After(latest.policy.Effective) {
			latest = v
		}
	}
	book, err := sla.NewBook(policies...)
	if err != nil {
		return nil, Problems{{File: latest.file, Reason: err.Error()}}
	}
	return &Set{Book: book, Latest: latest.policy, Calendars: latest.calendars}, nil
}

// loader reads one file.
type loader struct {
	reader
	feeds     Feeds
	policy    *sla.Policy
	calendars map[string]*sla.Calendar
}

// read builds what it can of a file and collects every problem.
func read(file string, data []byte, feeds Feeds) *loader {
	l := &loader{reader: reader{file: file}, feeds: feeds, policy: &sla.Policy{Timers: sla.DefaultTimers()}, calendars: map[string]*sla.Calendar{}}
	body, err := parse(data)
	if err != nil {
		l.problems = append(l.problems, syntaxProblem(file, err))
		return l
	}
	l.root(body)
	slices.SortStableFunc(l.problems, func(a, b Problem) int { return a.Line - b.Line })
	return l
}

// parse is the one document of a file.
func parse(data []byte) (ast.Node, error) {
	if len(data) > maxFile {
		return nil, fmt.Errorf("the file has %d bytes, at most %d are read", len(data), maxFile)
	}
	if n := deepLine(data); n > 0 {
		return nil, fmt.Errorf("line %d is nested deeper than %d levels", n, maxDepth)
	}
	f, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, err
	}
	if len(f.Docs) != 1 || f.Docs[0].Body == nil {
		return nil, errors.New("want exactly one YAML document")
	}
	return f.Docs[0].Body, nil
}

// deepLine is the first line nested too deeply, 0 if none is. It counts
// brackets without regard to quotes, which only makes it stricter.
func deepLine(data []byte) int {
	depth := 0
	for i, text := range bytes.Split(data, []byte("\n")) {
		marks := 0
		for _, word := range bytes.Fields(text) {
			if bytes.IndexByte([]byte("-?&!*"), word[0]) >= 0 {
				marks++
			}
		}
		for _, b := range text {
			switch b {
			case '[', '{':
				depth++
			case ']', '}':
				depth = max(0, depth-1)
			}
			if depth > maxDepth || marks > maxDepth {
				return i + 1
			}
		}
	}
	return 0
}

// syntaxProblem finds the line in an error of the YAML parser.
func syntaxProblem(file string, err error) Problem {
	p := Problem{File: file, Line: 1, Reason: err.Error()}
	var ye yaml.Error
	if errors.As(err, &ye) {
		p.Reason = ye.GetMessage()
		if t := ye.GetToken(); t != nil && t.Position != nil {
			p.Line = t.Position.Line
		}
	}
	p.Reason, _, _ = strings.Cut(p.Reason, "\n")
	return p
}

// feed is the holidays of an iCalendar feed.
func (l *loader) feed(ref string) ([]Holiday, error) {
	if l.feeds == nil {
		return nil, fmt.Errorf("%q cannot be fetched here", ref)
	}
	data, err := l.feeds(ref)
	if err != nil {
		return nil, err
	}
	return ParseFeed(data)
}
