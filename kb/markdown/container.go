package markdown

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

var (
	kindContainer = ast.NewNodeKind("Container")
	kindTab       = ast.NewNodeKind("Tab")
)

// container is a ":::name title" block.
type container struct {
	ast.BaseBlock
	name, title string
	colons      int // length of the opening fence; a closing one of the same length ends it
	stray       bool
	closed      bool
}

// Kind implements ast.Node.
func (*container) Kind() ast.NodeKind { return kindContainer }

// Dump implements ast.Node.
func (c *container) Dump(src []byte, level int) {
	ast.DumpHelper(c, src, level, map[string]string{"Name": c.name, "Title": c.title}, nil)
}

// tab is one "@tab label" part of a tabs container.
type tab struct {
	ast.BaseBlock
	label string
}

// Kind implements ast.Node.
func (*tab) Kind() ast.NodeKind { return kindTab }

// Dump implements ast.Node.
func (t *tab) Dump(src []byte, level int) {
	ast.DumpHelper(t, src, level, map[string]string{"Label": t.label}, nil)
}

// containerParser reads ":::" fences. A bare fence that closes nothing becomes
// a stray container, so that it is reported instead of printed.
type containerParser struct{}

var containerOpen = regexp.MustCompile(`^(:{3,})[ \t]*(?:\{?\.?([A-Za-z][A-Za-z-]*)\}?[ \t]*(.*?))?[ \t]*:*[ \t\n]*$`)

// Trigger implements parser.BlockParser.
func (containerParser) Trigger() []byte { return []byte{':'} }

// Open implements parser.BlockParser.
func (containerParser) Open(_ ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	line, _ := reader.PeekLine()
	pos := pc.BlockOffset()
	if pos < 0 || !bytes.HasPrefix(line[pos:], []byte(":::")) {
		return nil, parser.NoChildren
	}
	m := containerOpen.FindSubmatch(line[pos:])
	if m == nil {
		return nil, parser.NoChildren
	}
	reader.AdvanceToEOL()
	c := &container{name: strings.ToLower(string(m[2])), title: containerTitle(string(m[3])), colons: len(m[1])}
	if c.name == "" {
		c.stray, c.closed = true, true
		return c, parser.NoChildren
	}
	return c, parser.HasChildren
}

// containerTitle is the title of ":::tip Title" and ":::tip[Title]{.class}".
func containerTitle(s string) string {
	if rest, ok := strings.CutPrefix(s, "["); ok {
		if i := strings.LastIndexByte(rest, ']'); i >= 0 {
			return strings.TrimSpace(rest[:i])
		}
	}
	return strings.TrimSpace(s)
}

// Continue implements parser.BlockParser.
func (containerParser) Continue(node ast.Node, reader text.Reader, pc parser.Context) parser.State {
	c := node.(*container)
	if c.stray {
		return parser.Close
	}
	line, _ := reader.PeekLine()
	if n := closingFence(line); n > 0 && !insideCode(pc) && closes(pc, n) == c {
		c.closed = true
		reader.AdvanceToEOL()
		return parser.Close
	}
	return parser.Continue | parser.HasChildren
}

// closingFence is the number of colons of a line that has nothing else, 0 when
// it has.
func closingFence(line []byte) int {
	t := bytes.TrimSpace(line)
	if len(t) < 3 || len(bytes.Trim(t, ":")) != 0 {
		return 0
	}
	return len(t)
}

// insideCode says whether the innermost open block takes lines as they are.
func insideCode(pc parser.Context) bool {
	blocks := pc.OpenedBlocks()
	return len(blocks) > 0 && blocks[len(blocks)-1].Node.Kind() == ast.KindFencedCodeBlock
}

// closes is the container that a fence of n colons ends: the innermost of
// exactly that length, else the innermost shorter one.
func closes(pc parser.Context, n int) *container {
	var shorter *container
	blocks := pc.OpenedBlocks()
	for i := len(blocks) - 1; i >= 0; i-- {
		c, ok := blocks[i].Node.(*container)
		if !ok || c.stray {
			continue
		}
		if c.colons == n {
			return c
		}
		if shorter == nil && c.colons < n {
			shorter = c
		}
	}
	return shorter
}

// Close implements parser.BlockParser.
func (containerParser) Close(ast.Node, text.Reader, parser.Context) {}

// CanInterruptParagraph implements parser.BlockParser.
func (containerParser) CanInterruptParagraph() bool { return true }

// CanAcceptIndentedLine implements parser.BlockParser.
func (containerParser) CanAcceptIndentedLine() bool { return false }

// tabParser reads "@tab label" lines inside a tabs container.
type tabParser struct{}

var tabOpen = regexp.MustCompile(`^@tab(?::active)?(?:[ \t]+(.*?))?[ \t\n]*$`)

// Trigger implements parser.BlockParser.
func (tabParser) Trigger() []byte { return []byte{'@'} }

// Open implements parser.BlockParser.
func (tabParser) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	c, ok := parent.(*container)
	pos := pc.BlockOffset()
	if !ok || c.name != "tabs" || pos < 0 {
		return nil, parser.NoChildren
	}
	line, _ := reader.PeekLine()
	m := tabOpen.FindSubmatch(line[pos:])
	if m == nil {
		return nil, parser.NoChildren
	}
	reader.AdvanceToEOL()
	return &tab{label: string(m[1])}, parser.HasChildren
}

// Continue implements parser.BlockParser.
func (tabParser) Continue(_ ast.Node, reader text.Reader, pc parser.Context) parser.State {
	line, _ := reader.PeekLine()
	if tabOpen.Match(bytes.TrimLeft(line, " ")) && !insideCode(pc) && !innerTabs(pc) {
		return parser.Close
	}
	return parser.Continue | parser.HasChildren
}

// innerTabs says whether a second tabs container is open inside a tab; then a
// new @tab line is its own. The outer tab is asked first, so the containers
// are counted.
func innerTabs(pc parser.Context) bool {
	n := 0
	for _, b := range pc.OpenedBlocks() {
		if c, ok := b.Node.(*container); ok && c.name == "tabs" {
			n++
		}
	}
	return n > 1
}

// Close implements parser.BlockParser.
func (tabParser) Close(ast.Node, text.Reader, parser.Context) {}

// CanInterruptParagraph implements parser.BlockParser.
func (tabParser) CanInterruptParagraph() bool { return true }

// CanAcceptIndentedLine implements parser.BlockParser.
func (tabParser) CanAcceptIndentedLine() bool { return false }
