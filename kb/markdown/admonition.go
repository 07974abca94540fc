package markdown

import (
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// admonitionKinds maps the words found in real folders to the five kinds we
// draw: GitHub's, those of ::: containers, and OVHcloud's.
var admonitionKinds = map[string]string{
	"note": "note", "info": "note", "primary": "note", "secondary": "note", "api": "note", "faq": "note", "abstract": "note",
	"tip": "tip", "success": "tip", "hint": "tip",
	"important": "important",
	"warning":   "warning", "attention": "warning",
	"caution": "caution", "danger": "caution", "alert": "caution", "error": "caution",
}

// Attributes that mark a block quote as an admonition.
var (
	attrAdmonition      = []byte("admonition")
	attrAdmonitionTitle = []byte("admonition-title")
)

var admonitionMark = regexp.MustCompile(`^\[!([A-Za-z][A-Za-z-]*)\][-+]?[ \t]*(.*?)[ \t\n]*$`)

// admonitionTransformer turns a block quote that starts with [!NOTE] into an
// admonition. It works on the paragraph's lines, before links are looked for
// in them.
type admonitionTransformer struct{}

// Transform implements parser.ParagraphTransformer.
func (admonitionTransformer) Transform(node *ast.Paragraph, reader text.Reader, _ parser.Context) {
	quote, ok := node.Parent().(*ast.Blockquote)
	if !ok || quote.FirstChild() != ast.Node(node) || node.Lines().Len() == 0 {
		return
	}
	first := node.Lines().At(0)
	m := admonitionMark.FindSubmatch(first.Value(reader.Source()))
	if m == nil {
		return
	}
	quote.SetAttribute(attrAdmonition, strings.ToLower(string(m[1])))
	quote.SetAttribute(attrAdmonitionTitle, string(m[2]))
	rest := text.NewSegments()
	for i := 1; i < node.Lines().Len(); i++ {
		rest.Append(node.Lines().At(i))
	}
	if rest.Len() == 0 {
		quote.RemoveChild(quote, node)
		return
	}
	node.SetLines(rest)
}
