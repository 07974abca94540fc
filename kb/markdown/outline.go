package markdown

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// title is a heading with its place in the outline.
type title struct {
	level  int
	text   string
	anchor string
	skip   bool // repeats the article's title
}

// outline numbers the headings before anything is written, so that links to
// headings further down can be checked. Levels are evened out: the article's
// title is the h1, the first heading an h2, and none is more than one deeper
// than the one before.
func (w *writer) outline(doc ast.Node) {
	w.titles = map[ast.Node]*title{}
	w.known = map[string]string{}
	var open []int
	first := true
	for n := doc.FirstChild(); n != nil; n = following(n, doc) {
		h, ok := n.(*ast.Heading)
		if !ok {
			continue
		}
		plain, id := w.headingText(h)
		line := w.line(h.Pos())
		t := &title{text: plain}
		w.titles[h] = t
		if first {
			w.res.FirstHeading = plain
			t.skip = h.Level == 1 && (w.page.Title == "" || Slug(plain) == Slug(w.page.Title))
		}
		if h.Level == 1 {
			w.warn(line, "the heading %q is written as an article's title; begin it with ## or more", clip(plain))
		}
		first = false
		if t.skip {
			continue
		}
		for len(open) > 0 && open[len(open)-1] >= h.Level {
			open = open[:len(open)-1]
		}
		open = append(open, h.Level)
		t.level = min(len(open)+1, 6)
		if t.level != max(h.Level, 2) && h.Level != 1 {
			w.warn(line, "the heading %q skips a level; it is shown as level %d", clip(plain), t.level)
		}
		if id == "" {
			id = plain
		}
		t.anchor = w.ids.unique(Slug(id))
		w.known[lettersOf(t.anchor)] = t.anchor
	}
}

// following is the next node of the tree in reading order, blocks only.
func following(n, root ast.Node) ast.Node {
	if c := n.FirstChild(); c != nil && c.Type() == ast.TypeBlock {
		return c
	}
	for n != nil && n != root {
		if s := n.NextSibling(); s != nil {
			return s
		}
		n = n.Parent()
	}
	return nil
}

// headingText is a heading's plain text and the id its author gave it.
func (w *writer) headingText(h ast.Node) (plain, id string) {
	var b strings.Builder
	w.plainText(&b, h)
	for c := h.LastChild(); c != nil; c = c.PreviousSibling() {
		if a, ok := c.(*attributes); ok && a.id != "" {
			id = a.id
		}
	}
	return OneLine(b.String()), id
}

// OneLine is a text on one line, each run of blanks as one space. The spaces
// that a typographer keeps from breaking, as before a French colon, stay.
func OneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' }), " ")
}

// lettersOf is an id reduced to letters and digits: sites differ in how they
// treat the rest.
func lettersOf(id string) string { return strings.ReplaceAll(Slug(id), "-", "") }

// heading writes a heading with its anchor.
func (w *writer) heading(n *ast.Heading) {
	t := w.titles[n]
	if t == nil || t.skip {
		return
	}
	tag := "h" + strconv.Itoa(t.level)
	inArticle := n.Parent().Kind() == ast.KindDocument
	if inArticle {
		w.startPassage(t)
	}
	w.str("<", tag, ` id="`, t.anchor, `">`)
	w.quiet++
	w.inlines(n)
	w.quiet--
	w.out = bytes.TrimRight(w.out, " ") // before an id in braces
	w.str("</", tag, ">\n")
	if !inArticle && w.quiet == 0 { // inside a tab or a note it does not cut the article
		w.prose = append(w.prose, t.text...)
		w.endLine()
	}
	if t.level <= 3 && inArticle {
		w.res.Headings = append(w.res.Headings, Heading{Level: t.level, Text: t.text, Anchor: t.anchor})
	}
}
