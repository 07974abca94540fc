package markdown

import (
	"bytes"
	"fmt"
	"regexp"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Bounds of one article. Beyond them it is shown as plain text, because a
// parser or a browser would take too long over it; nobody writes such a text
// by hand.
const (
	maxDepth      = 100   // nested blocks and emphases
	maxOpen       = 40    // open blocks: goldmark asks each of them about every line
	maxFootnotes  = 500   // "[^": looking each up is linear
	maxParagraph  = 10000 // characters that may open an inline construct, in one paragraph
	maxQuoteDepth = 20    // ">" at the start of one line
)

// newParser is goldmark's CommonMark with GitHub's extensions, footnotes and
// our own blocks. goldmark was taken because it is exact, fast, without
// dependencies and open to new syntax; its HTML renderer is not used, ours
// writes nothing that needs sanitising. It is safe for concurrent use.
func newParser() parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(
			util.Prioritized(parser.NewSetextHeadingParser(), 100), util.Prioritized(parser.NewThematicBreakParser(), 200),
			util.Prioritized(shallow{parser.NewListParser()}, 300), util.Prioritized(parser.NewListItemParser(), 400),
			util.Prioritized(parser.NewCodeBlockParser(), 500), util.Prioritized(parser.NewATXHeadingParser(), 600),
			util.Prioritized(shallow{containerParser{}}, 650), util.Prioritized(shallow{tabParser{}}, 660),
			util.Prioritized(parser.NewFencedCodeBlockParser(), 700), util.Prioritized(shallow{parser.NewBlockquoteParser()}, 800),
			util.Prioritized(parser.NewHTMLBlockParser(), 900), util.Prioritized(shallow{extension.NewFootnoteBlockParser()}, 999),
			util.Prioritized(parser.NewParagraphParser(), 1000)),
		parser.WithInlineParsers(append(parser.DefaultInlineParsers(),
			util.Prioritized(extension.NewTaskCheckBoxParser(), 0), util.Prioritized(extension.NewFootnoteParser(), 101),
			util.Prioritized(attributesParser{}, 150),
			util.Prioritized(extension.NewStrikethroughParser(), 500), util.Prioritized(extension.NewLinkifyParser(), 999))...),
		parser.WithParagraphTransformers(append(parser.DefaultParagraphTransformers(),
			util.Prioritized(admonitionTransformer{}, 50), util.Prioritized(extension.NewTableParagraphTransformer(), 200))...),
		parser.WithASTTransformers(
			util.Prioritized(extension.NewTableASTTransformer(), 0),
			util.Prioritized(extension.NewFootnoteASTTransformer(), 999)),
	)
}

// shallow is a block parser that opens nothing more when too much is open
// already; the line is then text.
type shallow struct{ parser.BlockParser }

// Open implements parser.BlockParser.
func (s shallow) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	if len(pc.OpenedBlocks()) >= maxOpen {
		return nil, parser.NoChildren
	}
	return s.BlockParser.Open(parent, reader, pc)
}

var (
	mdxImport  = regexp.MustCompile(`^import\s+(?:[\w*{][\w\s{},*$]*\sfrom\s+)?['"][^'"]+['"]\s*;?\s*$`)
	mdxExport  = regexp.MustCompile(`^export\s+(?:default\b|const\b|let\b|var\b|function\b|async\b|class\b|\{)`)
	jsxTagLine = regexp.MustCompile(`^[ \t]*(?:</?[A-Z][A-Za-z0-9.]*[a-z][A-Za-z0-9.]*(?:\s[^<>]*)?/?>[ \t]*)+$`)
	jsxLabel   = regexp.MustCompile(`\b(?:label|title)=["']([^"'<>{}]{1,80})["']`)
	quoteRun   = regexp.MustCompile(`^(?:[ \t]*>){` + fmt.Sprint(maxQuoteDepth+1) + `,}`)
)

// prepare takes out what is not Markdown (MDX imports, exports and components
// on lines of their own) and flattens absurd nesting. Lines keep their
// numbers. What is inside code fences is left alone.
func (w *writer) prepare(src []byte) []byte {
	if !needsPreparing(src) {
		return src
	}
	out := make([]byte, 0, len(src)+16)
	var fence codeFence
	export := false
	line := 0
	for len(src) > 0 {
		end := bytes.IndexByte(src, '\n') + 1
		if end == 0 {
			end = len(src)
		}
		l := src[:end]
		src = src[end:]
		line++
		if fence.inside(l) {
			out = append(out, l...)
			continue
		}
		bare := bytes.TrimRight(l, "\r\n")
		keep := bare
		switch {
		case export && len(bytes.TrimSpace(bare)) > 0:
			keep = nil
		case mdxImport.Match(bare):
			w.warn(w.page.FirstLine+line-1, "the import of an MDX page was removed")
			keep = nil
		case mdxExport.Match(bare):
			w.warn(w.page.FirstLine+line-1, "the export of an MDX page was removed")
			keep, export = nil, true
		case jsxTagLine.Match(bare):
			w.warn(w.page.FirstLine+line-1, "the component %s was removed, its content kept", clip(string(bytes.TrimSpace(bare))))
			keep = nil
			if m := jsxLabel.FindSubmatch(bare); m != nil {
				keep = []byte("**" + string(m[1]) + "**")
			}
		case quoteRun.Match(bare):
			w.warn(w.page.FirstLine+line-1, "quotes are nested deeper than %d", maxQuoteDepth)
			keep = append(bytes.Repeat([]byte(">"), maxQuoteDepth), bytes.TrimLeft(bare, "> \t")...)
		}
		export = export && len(bytes.TrimSpace(bare)) > 0
		out = append(append(out, keep...), l[len(bare):]...)
	}
	return out
}

// needsPreparing is a quick look for anything that prepare would change.
func needsPreparing(src []byte) bool {
	return bytes.Contains(src, []byte("import ")) || bytes.Contains(src, []byte("export ")) ||
		bytes.Contains(src, []byte(">>>>>")) || bytes.Contains(src, []byte("> > > > >")) || hasComponent(src)
}

// hasComponent says whether a tag starts with a capital.
func hasComponent(src []byte) bool {
	for i := 0; ; {
		n := bytes.IndexByte(src[i:], '<')
		if n < 0 {
			return false
		}
		i += n + 1
		rest := bytes.TrimPrefix(src[i:], []byte("/"))
		if len(rest) > 0 && rest[0] >= 'A' && rest[0] <= 'Z' {
			return true
		}
	}
}

// codeFence follows fenced code through the lines of a text.
type codeFence struct {
	char byte
	n    int
}

// inside says whether l belongs to fenced code, its fences included.
func (f *codeFence) inside(l []byte) bool {
	t := bytes.TrimLeft(l, " \t>")
	n := 0
	for n < len(t) && (t[0] == '`' || t[0] == '~') && t[n] == t[0] {
		n++
	}
	switch {
	case f.n == 0 && n >= 3 && !(t[0] == '`' && bytes.IndexByte(t[n:], '`') >= 0):
		f.char, f.n = t[0], n
		return true
	case f.n == 0:
		return false
	case n >= f.n && t[0] == f.char && len(bytes.TrimSpace(t[n:])) == 0:
		f.n = 0
	}
	return true
}

// tooComplex says why a text is not given to the parser, "" when it is.
func tooComplex(src []byte) string {
	if bytes.Count(src, []byte("[^")) > maxFootnotes {
		return fmt.Sprintf("it has more than %d footnotes", maxFootnotes)
	}
	openers, markers := 0, 0
	var fence codeFence
	for l := range bytes.Lines(src) {
		if fence.inside(l) {
			openers = 0
			continue
		}
		t := bytes.TrimSpace(l)
		if len(t) == 0 || t[0] == '|' {
			openers = 0 // a blank line ends a paragraph, and each cell of a table is one
			continue
		}
		for _, c := range t {
			switch c {
			case '[', '*', '_', '`', '<', '!', '~', ']':
				openers++
			}
		}
		if openers > maxParagraph {
			return fmt.Sprintf("one paragraph has more than %d marks such as [ * _ `", maxParagraph)
		}
		if markers = listMarkers(t); markers > maxQuoteDepth {
			return fmt.Sprintf("a line opens more than %d lists", maxQuoteDepth)
		}
	}
	return ""
}

// listMarkers counts the list and quote marks at the start of a line.
func listMarkers(t []byte) int {
	if len(bytes.Trim(t, "-*_ \t")) == 0 {
		return 0 // a thematic break
	}
	n := 0
	for len(t) > 0 {
		m := markerStart.Find(t)
		if m == nil {
			break
		}
		t = t[len(m):]
		n++
	}
	return n
}

var markerStart = regexp.MustCompile(`^(?:>[ \t]?|[-+*][ \t]+|[0-9]{1,9}[.)][ \t]+|:{3,}[A-Za-z]+)`)

// depth is how deep the tree nests, looked at without recursion; it stops
// counting at maxDepth+1.
func depth(root ast.Node) int {
	deepest, d := 0, 0
	for n := root; n != nil; {
		deepest = max(deepest, d)
		if deepest > maxDepth {
			return deepest
		}
		if c := n.FirstChild(); c != nil {
			n = c
			d++
			continue
		}
		for n != nil && n != root && n.NextSibling() == nil {
			n = n.Parent()
			d--
		}
		if n == nil || n == root {
			break
		}
		n = n.NextSibling()
	}
	return deepest
}
