package search

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// LexiconProblem is an entry of a lexicon that does not do what its author
// hoped.
type LexiconProblem struct {
	File    string // "fr.yaml"
	Line    int    // of the group, or of the entry in the noise lists; 0 when unknown
	Kind    string // "contradictory", "dead", "self-cancelling", or "repeated", which does no harm
	Message string
}

// String is the problem with its file and line, as editors read it.
func (p LexiconProblem) String() string {
	return fmt.Sprintf("%s:%d: %s: %s", p.File, p.Line, p.Kind, p.Message)
}

// CheckLexicon looks for entries of lang's lexicon that contradict each other,
// cancel themselves or can never be used. With x, an index with articles,
// groups none of whose words the articles have are dead as well. override may
// be nil; see Options.Lexicon.
func CheckLexicon(ctx context.Context, override fs.FS, lang string, x *Index) ([]LexiconProblem, error) {
	f, data, err := readLexicon(override, lang)
	if err != nil {
		return nil, err
	}
	c := &lexiconChecker{file: lang + ".yaml", f: f, a: newAnalyzer(lang), lines: lexiconLines(data),
		noise: map[string]bool{}, pairs: map[string]link{}}
	c.checkNoise()
	for _, twoWay := range []bool{true, false} { // so that a one-way group sees every two-way one
		for i, g := range f.Groups {
			if twoWay == (len(g.All) > 0) {
				c.group(i, g)
			}
		}
	}
	if x != nil {
		if err := c.checkCorpus(ctx, x); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(c.out, func(a, b LexiconProblem) int { return a.Line - b.Line })
	return c.out, nil
}

// LexiconLanguages are the languages that have a lexicon, built-in or in
// override.
func LexiconLanguages(override fs.FS) ([]string, error) {
	var out []string
	for _, fsys := range []fs.FS{override, builtinLexicons()} {
		if fsys == nil {
			continue
		}
		names, err := fs.Glob(fsys, "*.yaml")
		if err != nil {
			return nil, fmt.Errorf("list the lexicons: %w", err)
		}
		for _, n := range names {
			if lang := strings.TrimSuffix(n, ".yaml"); !slices.Contains(out, lang) {
				out = append(out, lang)
			}
		}
	}
	slices.Sort(out)
	return out, nil
}

type lexiconChecker struct {
	file  string
	f     *lexiconFile
	a     *analyzer
	lines []int // of each group
	noise map[string]bool
	pairs map[string]link // "from => to", as terms
	out   []LexiconProblem
}

// link is where a pair of phrases was linked first, and whether both ways.
type link struct {
	group int
	both  bool
}

func (c *lexiconChecker) report(group int, kind, format string, args ...any) {
	line := 0
	if group >= 0 && group < len(c.lines) {
		line = c.lines[group]
	}
	c.out = append(c.out, LexiconProblem{File: c.file, Line: line, Kind: kind, Message: fmt.Sprintf(format, args...)})
}

func (c *lexiconChecker) checkNoise() {
	for _, w := range c.f.Noise.Words {
		words := c.a.words(w)
		if len(words) != 1 {
			c.report(-1, "dead", "noise word %q is not one word; write it under phrases", w)
			continue
		}
		if c.noise[words[0]] {
			c.report(-1, "repeated", "noise word %q is there twice", w)
		}
		c.noise[words[0]] = true
	}
	seen := map[string]bool{}
	for _, list := range [][]string{c.f.Noise.Openings, c.f.Noise.Closings} {
		for _, p := range list {
			if len(c.a.words(p)) == 0 {
				c.report(-1, "dead", "opening or closing %q has no words", p)
			}
		}
	}
	for _, p := range c.f.Noise.Phrases {
		key := strings.Join(c.a.words(p), " ")
		switch {
		case key == "":
			c.report(-1, "dead", "noise phrase %q has no words", p)
		case seen[key]:
			c.report(-1, "repeated", "noise phrase %q is there twice", p)
		}
		seen[key] = true
	}
}

func (c *lexiconChecker) group(i int, g lexiconGroup) {
	switch {
	case len(g.All) > 0 && len(g.From)+len(g.To) > 0:
		c.report(i, "contradictory", "a group has either all, or from and to")
		return
	case len(g.All) > 0:
		if len(g.All) == 1 {
			c.report(i, "dead", "a group of one phrase (%q) widens nothing", g.All[0])
		}
		c.links(i, g.All, g.All, true)
	case len(g.From) == 0 || len(g.To) == 0:
		c.report(i, "dead", "a one-way group needs both from and to")
	default:
		c.links(i, g.From, g.To, false)
	}
}

// links records every pair of a group and compares it with the groups before.
// A pair that does nothing is the author's cross product at work; a phrase none
// of whose pairs does anything is a mistake.
func (c *lexiconChecker) links(i int, from, to []string, both bool) {
	used := make([]bool, len(to))
	for _, f := range from {
		key := strings.Join(c.a.phrase(f), " ")
		if key == "" {
			c.report(i, "dead", "%q has only stop words in it and is never looked up", f)
			continue
		}
		if words := c.a.words(f); len(words) == 1 && c.noise[words[0]] {
			c.report(i, "contradictory", "%q is noise as well and is dropped before it could match", f)
		}
		works, undone := 0, 0
		for k, t := range to {
			other := strings.Join(c.a.phrase(t), " ")
			if other == "" || both && f == t {
				continue
			}
			if other == key {
				if both && f < t {
					c.report(i, "repeated", "%q and %q are the same to the search", f, t)
				}
				continue
			}
			used[k] = true
			if c.weakTarget(t) {
				continue
			}
			works++
			if c.link(i, f, t, key, other, both) {
				undone++
			}
		}
		switch {
		case both:
		case works == 0:
			c.report(i, "self-cancelling", "%q leads to nothing but itself", f)
		case works == undone:
			c.report(i, "contradictory", "%q leads one way to what other groups link with it both ways", f)
		}
	}
	for k, t := range to {
		switch {
		case both:
		case c.weakTarget(t):
			c.report(i, "dead", "%q loses its negation in the index and is never looked up", t)
		case !used[k]:
			c.report(i, "self-cancelling", "nothing leads to %q but itself", t)
		}
	}
}

// link records a pair, and says whether a group before links it both ways
// although this one wants one.
func (c *lexiconChecker) link(i int, f, t, key, other string, both bool) (undone bool) {
	if back, ok := c.pairs[other+" => "+key]; ok && back.group != i && !both && !back.both {
		c.report(i, "contradictory", "%q leads to %q, and line %d says the opposite way; use all", f, t, c.line(back.group))
	}
	if there, ok := c.pairs[key+" => "+other]; ok && there.group != i {
		if !both || key < other {
			c.report(i, "repeated", "%q to %q is in line %d already", f, t, c.line(there.group))
		}
		return there.both && !both
	}
	c.pairs[key+" => "+other] = link{i, both}
	return false
}

func (c *lexiconChecker) line(group int) int {
	if group < len(c.lines) {
		return c.lines[group]
	}
	return 0
}

func (c *lexiconChecker) weakTarget(t string) bool {
	return slices.ContainsFunc(c.a.words(t), func(w string) bool { return c.a.negation[w] })
}

// checkCorpus reports the groups whose targets the articles do not have.
func (c *lexiconChecker) checkCorpus(ctx context.Context, x *Index) error {
	s, release, err := x.acquire()
	if err != nil {
		return err
	}
	defer release()
	v := s.views[c.a.lang.tag]
	if v == nil {
		return nil
	}
	p := &planner{ctx: ctx, s: s, v: v, memo: map[string]qterm{}}
	for i, g := range c.f.Groups {
		alive := false
		for _, t := range append(slices.Clone(g.All), g.To...) {
			alive = alive || len(p.known(v, c.a.phrase(t))) > 0
		}
		if !alive {
			c.report(i, "dead", "no article has any of %q", append(slices.Clone(g.All), g.To...))
		}
	}
	return p.err
}

// lexiconLines are the lines on which the groups start.
func lexiconLines(data []byte) []int {
	file, err := parser.ParseBytes(data, 0)
	if err != nil || len(file.Docs) == 0 {
		return nil // the strict reader has said so already
	}
	root, ok := file.Docs[0].Body.(*ast.MappingNode)
	if !ok {
		return nil
	}
	var lines []int
	for _, v := range root.Values {
		seq, ok := v.Value.(*ast.SequenceNode)
		if v.Key.String() != "groups" || !ok {
			continue
		}
		for _, n := range seq.Values {
			lines = append(lines, n.GetToken().Position.Line)
		}
	}
	return lines
}
