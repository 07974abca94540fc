package markdown

import (
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// linesOf is the text of a block that is taken as it is.
func (w *writer) linesOf(n ast.Node) string {
	var b strings.Builder
	lines := n.Lines()
	for i := range lines.Len() {
		seg := lines.At(i)
		b.Write(seg.Value(w.src))
	}
	return b.String()
}

func segmentsText(s *text.Segments, src []byte) string {
	var b strings.Builder
	for i := range s.Len() {
		seg := s.At(i)
		b.Write(seg.Value(src))
	}
	return b.String()
}

// Tables. A table scrolls inside a focusable, named region, so that a wide one
// neither breaks a phone's page nor is out of reach of the keyboard.

// startTable opens the region; each table of an article gets its own number,
// because landmarks need different names.
func (w *writer) startTable() {
	w.tables++
	w.str(`<div class="table-scroll" tabindex="0" role="region" aria-label="`)
	w.esc(strings.ReplaceAll(w.r.texts.Table, "%d", strconv.Itoa(w.tables)))
	w.str("\">\n")
}

func (w *writer) table(n *extast.Table) {
	w.startTable()
	w.str("<table>\n")
	body := false
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		_, head := row.(*extast.TableHeader)
		switch {
		case head:
			w.str("<thead>\n")
		case !body:
			w.str("<tbody>\n")
			body = true
		}
		w.row(row, head)
		if head {
			w.str("</thead>\n")
		}
	}
	if body {
		w.str("</tbody>\n")
	}
	w.str("</table></div>\n")
}

func (w *writer) row(row ast.Node, head bool) {
	w.str("<tr>")
	for c := row.FirstChild(); c != nil; c = c.NextSibling() {
		cell, ok := c.(*extast.TableCell)
		if !ok {
			continue
		}
		tag, attr := "td", ""
		if head && cell.HasChildren() { // an empty header cell heads nothing
			tag, attr = "th", ` scope="col"`
		}
		switch cell.Alignment {
		case extast.AlignRight:
			attr += ` class="right"`
		case extast.AlignCenter:
			attr += ` class="center"`
		}
		w.str("<", tag, attr, ">")
		w.inlines(cell)
		w.str("</", tag, ">")
		if w.quiet == 0 {
			w.prose = append(w.prose, ' ')
		}
	}
	w.str("</tr>\n")
	w.endLine()
}

// Images.

// picture is an image as Markdown or HTML names it.
type picture struct {
	line             int
	dest, alt, title string
}

func (w *writer) imageOf(n *ast.Image) picture {
	var b strings.Builder
	w.plainText(&b, n)
	return picture{line: w.line(n.Pos()), dest: destination(n.Destination), alt: strings.TrimSpace(b.String()),
		title: w.unescape(string(n.Title))}
}

// onlyImages are the images of a paragraph that has nothing else, else none.
func onlyImages(p ast.Node) []*ast.Image {
	var out []*ast.Image
	for n := p.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Image:
			out = append(out, n)
		case *attributes:
		case *ast.Text:
			if n.Segment.Len() > 0 {
				return nil
			}
		default:
			return nil
		}
	}
	return out
}

// figure writes an image that is a block of its own.
func (w *writer) figure(n *ast.Image) {
	p := w.imageOf(n)
	t := w.findImage(p)
	switch {
	case t.Remote != "":
		w.str("<p>")
		w.remoteImage(p, t)
		w.str("</p>\n")
	case t.URL == "":
		w.str(`<figure class="shot"><p>`)
		w.esc(w.altOr(p))
		w.str("</p></figure>\n")
	default:
		w.str(`<figure class="image">`)
		w.img(p, t)
		if p.title != "" {
			w.str("<figcaption>")
			w.text(p.title)
			w.endLine()
			w.str("</figcaption>")
		}
		w.str("</figure>\n")
	}
}

// inlineImage writes an image within a line of text; linked says that it is
// inside a link, where no other may stand.
func (w *writer) inlineImage(p picture, linked bool) {
	t := w.findImage(p)
	switch {
	case t.Remote != "" && !linked:
		w.remoteImage(p, t)
	case t.URL == "":
		w.str(`<span class="shot">`)
		w.esc(w.altOr(p))
		w.str("</span>")
	default:
		w.img(p, t)
	}
}

// findImage resolves an image and reports what is wrong with it.
func (w *writer) findImage(p picture) ImageTarget {
	var t ImageTarget
	if w.page.Image != nil {
		t = w.page.Image(p.dest)
	}
	if t.Problem != "" {
		w.warn(p.line, "%s", t.Problem)
	}
	if p.alt == "" {
		w.warn(p.line, "the image %q has no alternative text; say what it shows", clip(p.dest))
	}
	if !safeURL(t.URL) {
		t.URL = ""
	}
	if !safeURL(t.Remote) {
		t.Remote = ""
	}
	return t
}

func (w *writer) altOr(p picture) string {
	if p.alt == "" {
		return w.r.texts.Image
	}
	return p.alt
}

// remoteImage links to an image on another site instead of loading it there:
// a reader's address is nobody else's business.
func (w *writer) remoteImage(p picture, t ImageTarget) {
	w.str(`<a class="remote-image" href="`)
	w.esc(t.Remote)
	w.str(`" rel="noopener">`)
	w.esc(w.altOr(p))
	w.str("</a>")
}

func (w *writer) img(p picture, t ImageTarget) {
	w.str(`<img src="`)
	w.esc(t.URL)
	w.str(`" alt="`)
	w.esc(p.alt)
	w.str(`"`)
	if t.Width > 0 && t.Height > 0 {
		w.str(` width="`, strconv.Itoa(t.Width), `" height="`, strconv.Itoa(t.Height), `"`)
	}
	w.str(` loading="lazy" decoding="async">`)
}
