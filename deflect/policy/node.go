package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Problem is one mistake in a file an operator wrote.
type Problem struct {
	File   string
	Line   int // from 1; 0 when the whole file is meant
	Reason string
}

// String reads "file:line: reason".
func (p Problem) String() string { return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Reason) }

// Problems is every mistake found, in the order of the lines. A file with any
// is refused whole (D-3).
type Problems []Problem

// Error lists every problem, one a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, x := range p {
		lines[i] = x.String()
	}
	return strings.Join(lines, "\n")
}

// reader walks a YAML tree and collects what is wrong with it, so that an
// operator sees every mistake at once.
type reader struct {
	file     string
	problems Problems
}

func (r *reader) fail(n ast.Node, format string, args ...any) {
	r.problems = append(r.problems, Problem{r.file, line(n), fmt.Sprintf(format, args...)})
}

func line(n ast.Node) int {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 0
	}
	return n.GetToken().Position.Line
}

// pair is one key of a mapping.
type pair struct {
	key   string
	at    ast.Node
	value ast.Node
}

// mapping is the pairs of a mapping in order; a key given twice is a mistake.
func (r *reader) mapping(n ast.Node, what string) []pair {
	var values []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		r.fail(n, "%s: want a mapping", what)
	}
	var out []pair
	for _, v := range values {
		key, ok := scalar(v.Key)
		if !ok {
			r.fail(v.Key, "%s: want a plain key", what)
			continue
		}
		if slices.ContainsFunc(out, func(p pair) bool { return p.key == key }) {
			r.fail(v.Key, "%s: %q is given twice", what, key)
			continue
		}
		out = append(out, pair{key, v.Key, v.Value})
	}
	return out
}

// fields is a mapping whose keys are known; others are mistakes.
func (r *reader) fields(n ast.Node, what string, known ...string) map[string]ast.Node {
	out := map[string]ast.Node{}
	for _, p := range r.mapping(n, what) {
		if !slices.Contains(known, p.key) {
			r.fail(p.at, "%s: unknown key %q, want one of %s", what, p.key, strings.Join(known, ", "))
			continue
		}
		out[p.key] = p.value
	}
	return out
}

// list is the values of a sequence.
func (r *reader) list(n ast.Node, what string) []ast.Node {
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		r.fail(n, "%s: want a list", what)
		return nil
	}
	return s.Values
}

// text is a scalar as it was written.
func (r *reader) text(n ast.Node, what string) string {
	s, ok := scalar(n)
	if !ok {
		r.fail(n, "%s: want a plain value", what)
	}
	return s
}

// yes is true or false.
func (r *reader) yes(n ast.Node, what string) bool {
	b, ok := n.(*ast.BoolNode)
	if !ok {
		r.fail(n, "%s: want true or false", what)
		return false
	}
	return b.Value
}

// scalar is the text of a plain, quoted, numeric or boolean value.
func scalar(n ast.Node) (string, bool) {
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return v.GetToken().Value, true
	}
	return "", false
}
