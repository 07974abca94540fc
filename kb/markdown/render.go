package markdown

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// Renderer renders the articles of one language. It is safe for concurrent
// use.
type Renderer struct {
	texts  Texts
	parser parser.Parser
}

// New makes a renderer that writes its own words as texts says.
func New(texts Texts) *Renderer { return &Renderer{texts: texts, parser: newParser()} }

// Render turns an article's Markdown (valid UTF-8) into HTML that is safe to
// serve as it is.
//
// Safety does not rest on a sanitiser: the writer below emits constant tags,
// and every byte of the author's goes through escape or safeURL. Only where
// the author wrote HTML, whose tags pass through after filtering, does the
// whole article go through bluemonday and a parser that closes what was left
// open. TestOwnOutputNeedsNoSanitiser and FuzzRender hold that.
func (r *Renderer) Render(src []byte, page Page) Result {
	w := &writer{r: r, page: page, ids: anchors{}, out: slices.Grow(page.Out[:0], 2*len(src)+256)}
	if why := tooComplex(src); why != "" {
		return w.plain(src, why)
	}
	src = w.prepare(src)
	w.src = src
	doc := r.parser.Parse(text.NewReader(src))
	if d := depth(doc); d > maxDepth {
		return w.plain(src, fmt.Sprintf("it nests deeper than %d levels", maxDepth))
	}
	w.outline(doc)
	w.blocks(doc)
	w.endPassage()
	w.checkAnchors()
	w.res.HTML = w.out
	if w.raw {
		clean, err := sanitise(w.out)
		if err != nil {
			return w.plain(src, err.Error())
		}
		w.res.HTML = clean
	}
	return w.finish()
}

// writer renders one article.
type writer struct {
	r    *Renderer
	page Page
	src  []byte
	out  []byte
	res  Result

	lineStarts []int // offsets of the lines of src, made when first needed
	block      int   // offset of the block being written, for messages about what has none
	ids        anchors
	titles     map[ast.Node]*title
	known      map[string]string // letters and digits of an id -> the id
	wanted     []wantedAnchor
	passage    Passage
	prose      []byte // of the passage at hand
	code       []byte // the same
	quiet      int    // above zero, text is written but not collected
	raw        bool   // HTML of the author's is in out
	tables     int
	openTables int       // of the author's HTML
	rawPre     int       // the same for pre
	rawOpen    []openTag // the author's formatting that is not closed yet
	inlining   int       // nested calls of inlines
	dropping   string    // inline HTML element whose content is left out
	highlight  int       // bytes of code highlighted so far
}

// openTag is a tag of the author's that waits for its end.
type openTag struct{ name, end string }

type wantedAnchor struct {
	line int
	id   string
}

// line is the line of the file at an offset of the source.
func (w *writer) line(offset int) int {
	if offset < 0 {
		offset = w.block
	}
	if w.lineStarts == nil {
		w.lineStarts = append(w.lineStarts, 0)
		for i, c := range w.src {
			if c == '\n' {
				w.lineStarts = append(w.lineStarts, i+1)
			}
		}
	}
	return w.page.FirstLine + sort.SearchInts(w.lineStarts, offset+1) - 1
}

func (w *writer) warn(line int, format string, args ...any) {
	w.res.Issues = append(w.res.Issues, Issue{Line: line, Message: fmt.Sprintf(format, args...)})
}

func (w *writer) fail(line int, format string, args ...any) {
	w.res.Issues = append(w.res.Issues, Issue{Line: line, Error: true, Message: fmt.Sprintf(format, args...)})
}

func (w *writer) str(parts ...string) {
	for _, s := range parts {
		w.out = append(w.out, s...)
	}
}

// esc writes text, for content and for quoted attributes alike.
func (w *writer) esc(s string) { w.out = escape(w.out, s) }

// escape appends s with the five characters that mean something in HTML
// replaced.
func escape(out []byte, s string) []byte {
	start := 0
	for i := range len(s) {
		var e string
		switch s[i] {
		case '&':
			e = "&amp;"
		case '<':
			e = "&lt;"
		case '>':
			e = "&gt;"
		case '"':
			e = "&#34;"
		case '\'':
			e = "&#39;"
		default:
			continue
		}
		out = append(append(out, s[start:i]...), e...)
		start = i + 1
	}
	return append(out, s[start:]...)
}

// checkAnchors reports links to headings that are not in this article.
func (w *writer) checkAnchors() {
	for _, a := range w.wanted {
		if w.ids[a.id] == 0 {
			w.fail(a.line, "this article has no heading #%s", clip(a.id))
		}
	}
}

// finish is the result with everything that follows from what was collected.
func (w *writer) finish() Result {
	res := &w.res
	res.Anchors = make([]string, 0, len(w.ids))
	for id := range w.ids {
		res.Anchors = append(res.Anchors, id)
	}
	sort.Strings(res.Anchors)
	slices.Sort(res.VideoOrigins)
	res.VideoOrigins = slices.Compact(res.VideoOrigins)
	for _, p := range res.Passages {
		res.Words += countWords(p.Heading) + countWords(p.Text)
	}
	if len(bytes.TrimSpace(res.HTML)) == 0 {
		w.fail(w.page.FirstLine, "nothing of the article's text can be shown")
		res.HTML = nil
	}
	return *res
}

func countWords(s string) int {
	n, in := 0, false
	for _, r := range s {
		space := r == ' ' || r == '\n' || r == '\t' || r == '\u00a0' || r == '\u202f'
		if !space && !in {
			n++
		}
		in = !space
	}
	return n
}

// plain shows a text that must not be parsed: its paragraphs, escaped.
func (w *writer) plain(src []byte, why string) Result {
	w.res = Result{Issues: w.res.Issues}
	w.out, w.raw, w.ids = w.out[:0], false, anchors{}
	w.prose, w.code = w.prose[:0], w.code[:0]
	w.passage = Passage{}
	w.fail(w.page.FirstLine, "the article is shown as plain text: %s", why)
	for p := range strings.SplitSeq(string(src), "\n\n") {
		if p = strings.TrimSpace(p); p != "" {
			w.str("<p>")
			w.text(p)
			w.str("</p>\n")
			w.endLine()
		}
	}
	w.endPassage()
	w.res.HTML = w.out
	return w.finish()
}

// text writes prose and collects it for the passage.
func (w *writer) text(s string) {
	w.esc(s)
	if w.quiet == 0 {
		w.prose = append(w.prose, s...)
	}
}

// endLine ends a block in the passage's text.
func (w *writer) endLine() {
	if w.quiet == 0 {
		w.prose = append(w.prose, '\n')
	}
}

// startPassage begins the passage under a heading.
func (w *writer) startPassage(t *title) {
	w.endPassage()
	w.passage = Passage{Heading: t.text, Anchor: t.anchor, Level: t.level}
}

// endPassage keeps the passage so far; an empty one before the first heading
// is left out.
func (w *writer) endPassage() {
	w.passage.Text = squeeze(w.prose)
	w.passage.Code = string(bytes.TrimRight(w.code, "\n"))
	w.prose, w.code = w.prose[:0], w.code[:0]
	if w.passage.Heading != "" || w.passage.Text != "" || w.passage.Code != "" {
		w.res.Passages = append(w.res.Passages, w.passage)
	}
	w.passage = Passage{}
}

// squeeze drops empty lines and repeated spaces. It works in s, which it
// overwrites.
func squeeze(s []byte) string {
	out, line := s[:0], 0 // what is written never overtakes what is read
	for len(s) > 0 {
		var l []byte
		l, s, _ = bytes.Cut(s, newline)
		line = len(out)
		for f := range bytes.FieldsSeq(l) {
			if len(out) > line {
				out = append(out, ' ')
			} else if line > 0 {
				out = append(out, '\n')
				line++
			}
			out = append(out, f...)
		}
	}
	return string(out)
}

var newline = []byte{'\n'}

// blocks writes the children of a block.
func (w *writer) blocks(parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if n.Pos() >= 0 {
			w.block = n.Pos()
		}
		w.oneBlock(n)
	}
}

func (w *writer) oneBlock(n ast.Node) {
	switch n := n.(type) {
	case *ast.Paragraph:
		w.paragraph(n)
	case *ast.TextBlock:
		w.inlines(n)
		w.endLine()
	case *ast.Heading:
		w.heading(n)
	case *ast.List:
		w.list(n)
	case *ast.ListItem:
		w.wrap("<li>", n, "</li>\n")
	case *ast.FencedCodeBlock:
		w.fencedCode(n)
	case *ast.CodeBlock:
		w.codeBlock("", w.linesOf(n))
	case *ast.Blockquote:
		w.quote(n)
	case *ast.ThematicBreak:
		w.str("<hr>\n")
	case *ast.HTMLBlock:
		w.htmlBlock(n)
	case *container:
		w.container(n)
	case *tab:
		w.blocks(n)
	case *extast.Table:
		w.table(n)
	case *extast.FootnoteList:
		w.footnotes(n)
	case *ast.LinkReferenceDefinition:
	default:
		w.blocks(n)
	}
}

func (w *writer) wrap(before string, n ast.Node, after string) {
	w.str(before)
	w.blocks(n)
	w.str(after)
}

// paragraph writes a paragraph; one that holds nothing but images is a row of
// figures, because a figure may not stand in a paragraph.
func (w *writer) paragraph(n *ast.Paragraph) {
	if images := onlyImages(n); len(images) > 0 {
		for _, img := range images {
			w.figure(img)
		}
		return
	}
	w.str("<p>")
	w.inlines(n)
	w.str("</p>\n")
	w.endLine()
}

func (w *writer) list(n *ast.List) {
	tag := "ul"
	if n.IsOrdered() {
		tag = "ol"
	}
	w.str("<", tag)
	if n.IsOrdered() && n.Start != 1 {
		w.str(` start="`, strconv.Itoa(n.Start), `"`)
	}
	w.wrap(">\n", n, "</"+tag+">\n")
}

// clip is a text short enough to be quoted in a message, on one line.
func clip(s string) string {
	const limit = 80
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > limit {
		return string(r[:limit]) + "…"
	}
	return s
}
