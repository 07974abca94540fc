package kb

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxFrontMatter bounds what is handed to the YAML parser, in bytes. Ours are
// under one kilobyte.
const maxFrontMatter = 64 << 10

// meta is a file's front matter. Strings are trimmed; zero values mean "not
// said".
type meta struct {
	Title, Description        string
	Order                     int
	Tags, Contexts, Questions []string
	Aliases                   []string
	Category                  Category
	Topic, Source             string
	Slug, Lang, Section       string
	Updated                   time.Time
	Revision                  int
}

// field is one key of the front matter before its type is checked.
type field struct {
	key     string
	line    int
	scalar  string
	list    []string
	isList  bool
	invalid string // why the value is neither text nor a list of texts
}

// report collects problems of one file.
type report struct {
	path     string
	problems []Problem
	dropped  int
}

// maxProblems bounds what one file may report, so that a folder of wreckage
// does not drown the log.
const maxProblems = 100

func (r *report) add(line int, s Severity, format string, args ...any) {
	if len(r.problems) >= maxProblems {
		r.dropped++
		return
	}
	r.problems = append(r.problems, Problem{Path: r.path, Line: line, Severity: s, Message: fmt.Sprintf(format, args...)})
}

// done is the collected list, with a last line that counts what was left out.
func (r *report) done() []Problem {
	if r.dropped > 0 {
		return append(slices.Clip(r.problems), Problem{Path: r.path, Severity: Warning,
			Message: fmt.Sprintf("%d more problems in this file are not listed", r.dropped)})
	}
	return r.problems
}

var fence = regexp.MustCompile(`^(?:---|\.\.\.)[ \t]*$`)

// splitFrontMatter cuts src (valid UTF-8, "\n" line ends) into the YAML
// between the fences and the body; bodyLine is the 1-based line on which the
// body starts. ok is false when the opening fence is there and the closing
// one is missing: then all of src is YAML up to the first line that cannot be.
func splitFrontMatter(src []byte) (yaml, body []byte, bodyLine int, has, ok bool) {
	first, rest, _ := bytes.Cut(src, []byte("\n"))
	if strings.TrimRight(string(first), " \t") != "---" {
		return nil, src, 1, false, true
	}
	pos, line := len(src)-len(rest), 2
	for pos < len(src) {
		end := len(src)
		if i := bytes.IndexByte(src[pos:], '\n'); i >= 0 {
			end = pos + i
		}
		if fence.Match(src[pos:end]) {
			return rest[:pos-(len(src)-len(rest))], src[min(end+1, len(src)):], line + 1, true, true
		}
		pos, line = end+1, line+1
	}
	yaml, n := leadingFields(rest)
	return yaml, rest[len(yaml):], 2 + n, true, false
}

// fromTOML rewrites front matter between lines +++, as Hugo writes it, line by
// line into YAML. Its tables hold nothing that we know; they are left out.
func fromTOML(src []byte, r *report) []byte {
	if !bytes.HasPrefix(src, []byte("+++")) {
		return src
	}
	lines := bytes.SplitAfter(src, []byte("\n"))
	if !tomlFence.Match(lines[0]) {
		return src
	}
	end := slices.IndexFunc(lines[1:], tomlFence.Match) + 1
	if end == 0 {
		return src
	}
	r.add(1, Error, "the front matter is TOML; write it as YAML, lines of the form `key: value` between lines ---")
	out := []byte("---\n")
	table := false
	for _, l := range lines[1:end] {
		table = table || tomlTable.Match(l)
		if table {
			l = []byte("#\n")
		}
		out = append(out, tomlField.ReplaceAll(l, []byte("$1: $2"))...)
	}
	out = append(out, "---\n"...)
	return append(out, bytes.Join(lines[end+1:], nil)...)
}

var (
	tomlFence = regexp.MustCompile(`^\+\+\+[ \t]*\n?$`)
	tomlTable = regexp.MustCompile(`^\[`)
	tomlField = regexp.MustCompile(`^[ \t]*([A-Za-z][A-Za-z_-]*)[ \t]*=[ \t]*(.*)`)
)

// leadingFields is the longest start of b that looks like front matter, and
// how many lines it has.
func leadingFields(b []byte) (head []byte, lines int) {
	pos := 0
	for pos < len(b) {
		end := len(b)
		if i := bytes.IndexByte(b[pos:], '\n'); i >= 0 {
			end = pos + i + 1
		}
		l := bytes.TrimRight(b[pos:end], "\r\n")
		if !fieldLine.Match(l) && !itemLine.Match(l) {
			break
		}
		pos, lines = end, lines+1
	}
	return b[:pos], lines
}

var (
	fieldLine = regexp.MustCompile(`^([A-Za-z][A-Za-z_-]*)[ \t]*:[ \t]*(.*?)[ \t]*$`)
	itemLine  = regexp.MustCompile(`^[ \t]*-[ \t]+(.*?)[ \t]*$`)
)

// parseFrontMatter reads the YAML of a file. Whatever is wrong is reported;
// what can be understood is kept. broken says that it is not valid YAML, so
// that live reload keeps the last good version instead.
func parseFrontMatter(yaml []byte, r *report) (m meta, broken bool) {
	fields, errLine, err := yamlFields(yaml)
	if err != nil {
		broken = true
		r.add(errLine, Error, "the front matter is not valid YAML: %s", oneLine(err.Error()))
		fields = looseFields(yaml)
	}
	seen := map[string]int{}
	for _, f := range fields {
		if prev := seen[f.key]; prev > 0 {
			r.add(f.line, Error, "the key `%s` is already set on line %d; keep one", f.key, prev)
			continue
		}
		seen[f.key] = f.line
		m.set(f, r)
	}
	return m, broken
}

// yamlFields walks the YAML tree itself rather than decoding it: each key
// keeps its line, aliases and anchors are never expanded (no "billion
// laughs"), and a wrong type is reported beside the right ones. go-yaml was
// taken because its tree carries positions.
func yamlFields(src []byte) (fields []field, errLine int, err error) {
	defer func() {
		if p := recover(); p != nil { // the parser reads strangers' bytes; a defect there must not stop the start
			fields, errLine, err = nil, 1, fmt.Errorf("the parser gave up: %v", p)
		}
	}()
	if len(src) > maxFrontMatter {
		return nil, 1, fmt.Errorf("it has %d bytes, more than the %d allowed", len(src), maxFrontMatter)
	}
	if len(bytes.TrimSpace(src)) == 0 {
		return nil, 0, nil
	}
	if line := flowDepth(src); line > 0 {
		return nil, line + 1, fmt.Errorf("brackets are nested deeper than %d", maxFlowDepth)
	}
	f, err := parser.ParseBytes(src, 0)
	if err != nil {
		return nil, errorLine(err) + 1, shortYAMLError(err)
	}
	if len(f.Docs) == 0 || f.Docs[0].Body == nil {
		return nil, 0, nil
	}
	switch n := f.Docs[0].Body.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			fields = append(fields, yamlField(v))
		}
	case *ast.MappingValueNode:
		fields = append(fields, yamlField(n))
	default:
		return nil, 2, fmt.Errorf("it must be a list of `key: value` lines")
	}
	return fields, 0, nil
}

// maxFlowDepth bounds nested [[[ and {{{, which the parser walks recursively.
const maxFlowDepth = 20

// flowDepth is the 1-based line on which brackets nest too deep, 0 when they
// do not.
func flowDepth(src []byte) int {
	depth, line := 0, 1
	for _, c := range src {
		switch c {
		case '[', '{':
			if depth++; depth > maxFlowDepth {
				return line
			}
		case ']', '}':
			depth = max(0, depth-1)
		case '\n':
			line++
		}
	}
	return 0
}

func yamlField(v *ast.MappingValueNode) field {
	f := field{key: v.Key.GetToken().Value, line: v.Key.GetToken().Position.Line + 1}
	switch n := v.Value.(type) {
	case *ast.SequenceNode:
		f.isList = true
		for _, item := range n.Values {
			s, ok := scalarText(item)
			if !ok {
				f.invalid = "an entry that is not text; quote it if it contains a colon or a bracket"
				if t := item.GetToken(); t != nil {
					f.line = t.Position.Line + 1
				}
				continue
			}
			f.list = append(f.list, s)
		}
	default:
		s, ok := scalarText(v.Value)
		if !ok {
			f.invalid = "a nested value"
		}
		f.scalar = s
	}
	return f
}

// scalarText is a scalar as its author wrote it.
func scalarText(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case nil, *ast.NullNode:
		return "", true
	case *ast.StringNode:
		return strings.TrimSpace(n.Value), true
	case *ast.LiteralNode:
		return strings.TrimSpace(n.Value.Value), true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return strings.TrimSpace(n.GetToken().Value), true
	}
	return "", false
}

// looseFields reads `key: value` lines of broken YAML as well as it can.
func looseFields(src []byte) []field {
	var out []field
	for i, l := range strings.Split(string(src), "\n") {
		if m := fieldLine.FindStringSubmatch(l); m != nil {
			f := field{key: m[1], line: i + 2, scalar: unquote(m[2])}
			if v := m[2]; strings.HasPrefix(v, "[") {
				f.isList = true
				for _, item := range strings.Split(strings.Trim(v, "[]"), ",") {
					if s := unquote(strings.TrimSpace(item)); s != "" {
						f.list = append(f.list, s)
					}
				}
			}
			out = append(out, f)
		} else if m := itemLine.FindStringSubmatch(l); m != nil && len(out) > 0 && out[len(out)-1].scalar == "" {
			f := &out[len(out)-1]
			f.isList, f.list = true, append(f.list, unquote(m[1]))
		}
	}
	return out
}

func unquote(s string) string {
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		s = s[1 : len(s)-1]
	}
	return strings.TrimSpace(strings.Trim(s, `"`))
}

var yamlPosition = regexp.MustCompile(`^\[(\d+):\d+\] `)

func errorLine(err error) int {
	if m := yamlPosition.FindStringSubmatch(err.Error()); m != nil {
		if n, convErr := strconv.Atoi(m[1]); convErr == nil {
			return n
		}
	}
	return 0
}

// shortYAMLError is the parser's message without its position and source
// excerpt; the position is reported as the line.
func shortYAMLError(err error) error {
	s, _, _ := strings.Cut(err.Error(), "\n")
	return fmt.Errorf("%s", yamlPosition.ReplaceAllString(s, ""))
}

func oneLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}
