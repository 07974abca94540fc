package markdown

import (
	"regexp"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

var kindAttributes = ast.NewNodeKind("Attributes")

// attributes is a "{.external}" or "{#id}" behind a link, an image, a code
// span or a heading, or an MDX comment. Only a heading's id is used; the rest
// would be printed as text otherwise.
type attributes struct {
	ast.BaseInline
	id string
}

// Kind implements ast.Node.
func (*attributes) Kind() ast.NodeKind { return kindAttributes }

// Dump implements ast.Node.
func (a *attributes) Dump(src []byte, level int) {
	ast.DumpHelper(a, src, level, map[string]string{"ID": a.id}, nil)
}

type attributesParser struct{}

var (
	attributeList = regexp.MustCompile(`^\{:?[ ]*(?:[.#][A-Za-z][\w-]*|[A-Za-z][\w-]*=(?:"[^"{}\n]*"|[\w.%/-]+))(?:[ ]+(?:[.#][A-Za-z][\w-]*|[A-Za-z][\w-]*=(?:"[^"{}\n]*"|[\w.%/-]+)))*[ ]*\}`)
	attributeID   = regexp.MustCompile(`[{ ]#([A-Za-z][\w-]*)`)
	mdxComment    = regexp.MustCompile(`^\{/\*.*?\*/\}`)
)

// Trigger implements parser.InlineParser.
func (attributesParser) Trigger() []byte { return []byte{'{'} }

// Parse implements parser.InlineParser.
func (attributesParser) Parse(parent ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, _ := block.PeekLine()
	if m := mdxComment.Find(line); m != nil {
		block.Advance(len(m))
		return &attributes{}
	}
	heading := parent.Kind() == ast.KindHeading
	if !heading && !takesAttributes(parent.LastChild()) {
		return nil
	}
	m := attributeList.Find(line)
	if m == nil {
		return nil
	}
	block.Advance(len(m))
	a := &attributes{}
	if id := attributeID.FindSubmatch(m); heading && id != nil {
		a.id = string(id[1])
	}
	return a
}

// takesAttributes says whether the last thing before "{" can have attributes;
// an empty text in between is what the inline parser leaves there.
func takesAttributes(n ast.Node) bool {
	for n != nil {
		switch n := n.(type) {
		case *ast.Link, *ast.Image, *ast.CodeSpan, *ast.AutoLink, *attributes:
			return true
		case *ast.Text:
			if n.Segment.Len() > 0 {
				return false
			}
		default:
			return false
		}
		n = n.PreviousSibling()
	}
	return false
}
