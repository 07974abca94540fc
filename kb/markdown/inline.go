package markdown

import (
	"html"
	"net/url"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"
)

// inlines writes the text of a block or of an inline node. What the author's
// HTML left open ends with the block: an unclosed <i> must not slant the rest
// of the article.
func (w *writer) inlines(parent ast.Node) {
	w.inlining++
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if w.dropping == "" {
			w.inline(n)
		} else if w.endsDropping(n) {
			w.dropping = ""
		}
	}
	w.dropping = ""
	if w.inlining--; w.inlining == 0 {
		w.closeFormatting(0)
	}
}

func (w *writer) inline(n ast.Node) {
	switch n := n.(type) {
	case *ast.Text:
		w.textNode(n)
	case *ast.String:
		w.text(string(n.Value))
	case *ast.CodeSpan:
		w.str("<code>")
		w.text(w.codeSpan(n))
		w.str("</code>")
	case *ast.Emphasis:
		tag := "em"
		if n.Level >= 2 {
			tag = "strong"
		}
		w.around(tag, n)
	case *extast.Strikethrough:
		w.around("del", n)
	case *ast.Link:
		w.link(n, destination(n.Destination), w.unescape(string(n.Title)))
	case *ast.AutoLink:
		w.autoLink(n)
	case *ast.Image:
		w.inlineImage(w.imageOf(n), inLink(n) || w.inRawLink())
	case *ast.RawHTML:
		w.rawInline(n)
	case *extast.TaskCheckBox:
		w.task(n.IsChecked)
	case *extast.FootnoteLink:
		w.footnoteLink(n)
	case *extast.FootnoteBacklink:
		w.footnoteBacklink(n)
	case *attributes:
	default:
		w.inlines(n)
	}
}

func (w *writer) around(tag string, n ast.Node) {
	w.str("<", tag, ">")
	w.inlines(n)
	w.str("</", tag, ">")
}

func (w *writer) textNode(n *ast.Text) {
	v := string(n.Value(w.src))
	if !n.IsRaw() {
		v = w.unescape(v)
	}
	w.text(v)
	switch {
	case n.HardLineBreak():
		w.str("<br>\n")
		w.endLine()
	case n.SoftLineBreak():
		w.text("\n")
	}
}

// unescape is Markdown text as a person reads it: backslash escapes and
// character references resolved.
func (w *writer) unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 && strings.IndexByte(s, '&') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && util.IsPunct(s[i+1]):
			i++
			b.WriteByte(s[i])
		case c == '&':
			end := strings.IndexByte(s[i:min(len(s), i+40)], ';')
			if end < 0 {
				b.WriteByte(c)
				continue
			}
			b.WriteString(printable(html.UnescapeString(s[i : i+end+1])))
			i += end
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// printable drops the control characters that a character reference can spell.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r == 0xfeff || r >= 0x202a && r <= 0x202e {
			return -1
		}
		return r
	}, s)
}

func (w *writer) codeSpan(n ast.Node) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			b.Write(t.Segment.Value(w.src))
		}
	}
	return strings.ReplaceAll(b.String(), "\n", " ")
}

// plainText collects the readable text of inline nodes.
func (w *writer) plainText(b *strings.Builder, parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			v := string(n.Value(w.src))
			if !n.IsRaw() {
				v = w.unescape(v)
			}
			b.WriteString(v)
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(n.Value)
		case *ast.CodeSpan:
			b.WriteString(w.codeSpan(n))
		case *ast.AutoLink:
			b.Write(n.Label(w.src))
		case *ast.RawHTML:
			if kept := w.rawText(segmentsText(n.Segments, w.src)); kept != "" {
				b.WriteString(kept)
			}
		case *extast.FootnoteLink, *extast.FootnoteBacklink:
		default:
			w.plainText(b, n)
		}
	}
}

// destination is a link's address as a URL parser takes it.
func destination(raw []byte) string {
	return string(util.URLEscape(util.UnescapePunctuations(raw), true))
}

// link writes a link around the children of n, or those alone when there is
// nowhere to go.
func (w *writer) link(n ast.Node, dest, title string) {
	line := w.line(n.Pos())
	if inLink(n) || w.inRawLink() { // HTML forbids a link in a link
		w.inlines(n)
		return
	}
	end := w.startLink(line, dest, title)
	w.inlines(n)
	w.str(end)
}

// inLink says whether n stands inside a Markdown link.
func inLink(n ast.Node) bool {
	for p := n.Parent(); p != nil && p.Type() == ast.TypeInline; p = p.Parent() {
		if p.Kind() == ast.KindLink {
			return true
		}
	}
	return false
}

// startLink opens a link (or the span of a broken one) and says how to close
// it.
func (w *writer) startLink(line int, dest, title string) (end string) {
	t := w.resolve(line, dest)
	if t.Problem != "" {
		w.fail(line, "%s", t.Problem)
	}
	if t.URL == "" || !safeURL(t.URL) {
		w.str(`<span class="broken-link">`)
		return "</span>"
	}
	w.str(`<a href="`)
	w.esc(t.URL)
	w.str(`"`)
	if t.Hreflang != "" {
		w.str(` hreflang="`)
		w.esc(t.Hreflang)
		w.str(`"`)
	}
	if t.External {
		w.str(` rel="noopener"`)
	}
	if title != "" {
		w.str(` title="`)
		w.esc(title)
		w.str(`"`)
	}
	w.str(">")
	return "</a>"
}

// resolve finds out what a destination means; anchors of this article are
// known here, everything else is the caller's.
func (w *writer) resolve(line int, dest string) LinkTarget {
	if fragment, ok := strings.CutPrefix(dest, "#"); ok {
		return w.ownAnchor(line, fragment)
	}
	if w.page.Link == nil {
		u, err := url.Parse(dest)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return LinkTarget{Problem: "the link " + strconv.Quote(clip(dest)) + " leads nowhere from here"}
		}
		return LinkTarget{URL: u.String(), External: true}
	}
	t := w.page.Link(dest)
	if t.Anchor != "" && t.File != "" {
		w.res.Links = append(w.res.Links, AnchorLink{Line: line, File: t.File, Anchor: t.Anchor})
	}
	return t
}

func (w *writer) ownAnchor(line int, fragment string) LinkTarget {
	if un, err := url.PathUnescape(fragment); err == nil {
		fragment = un
	}
	if fragment == "" {
		return LinkTarget{Problem: `the link "#" leads nowhere`}
	}
	if w.ids[fragment] == 0 {
		if id := w.known[lettersOf(fragment)]; id != "" {
			fragment = id // the same heading as another site would spell it
		}
	}
	w.wanted = append(w.wanted, wantedAnchor{line, fragment})
	return LinkTarget{URL: "#" + url.PathEscape(fragment)}
}

// safeURL is the last wall: whatever a resolver answered, only addresses of
// these kinds become links or images.
func safeURL(s string) bool {
	scheme, _, ok := strings.Cut(s, ":")
	if !ok || strings.ContainsAny(scheme, "/?#") {
		return !strings.ContainsAny(s, "\t\n\r\x00")
	}
	switch strings.ToLower(scheme) {
	case "http", "https", "mailto", "tel":
		return !strings.ContainsAny(s, "\t\n\r\x00")
	}
	return false
}

func (w *writer) autoLink(n *ast.AutoLink) {
	label := string(n.Label(w.src))
	dest := string(util.URLEscape(n.URL(w.src), false))
	if n.AutoLinkType == ast.AutoLinkEmail && !strings.HasPrefix(strings.ToLower(dest), "mailto:") {
		dest = "mailto:" + dest
	}
	if inLink(n) || w.inRawLink() {
		w.text(label)
		return
	}
	end := w.startLink(w.line(n.Pos()), dest, "")
	w.text(label)
	w.str(end)
}

func (w *writer) task(done bool) {
	class, label := "task", w.r.texts.Open
	if done {
		class, label = "task task-done", w.r.texts.Done
	}
	w.str(`<span class="`, class, `" role="img" aria-label="`)
	w.esc(label)
	w.str(`"></span> `)
}

// Footnotes: the reference, the way back and the list.

func (w *writer) footnoteLink(n *extast.FootnoteLink) {
	i := strconv.Itoa(n.Index)
	id := "fnref-" + i
	if n.RefIndex > 0 {
		id += "-" + strconv.Itoa(n.RefIndex+1)
	}
	w.str(`<sup><a class="footnote-ref" id="`, w.ids.unique(id), `" href="#fn-`, i, `" role="doc-noteref">`, i, `</a></sup>`)
}

func (w *writer) footnoteBacklink(n *extast.FootnoteBacklink) {
	i := strconv.Itoa(n.Index)
	ref := "#fnref-" + i
	if n.RefIndex > 0 {
		ref += "-" + strconv.Itoa(n.RefIndex+1)
	}
	w.str(` <a class="footnote-back" href="`, ref, `" role="doc-backlink" aria-label="`)
	w.esc(strings.ReplaceAll(w.r.texts.Back, "%d", i))
	w.str("\">\u21a9\ufe0e</a>")
}

func (w *writer) footnotes(list *extast.FootnoteList) {
	w.str(`<section class="footnotes" role="doc-endnotes" aria-label="`)
	w.esc(w.r.texts.Footnotes)
	w.str("\">\n<ol>\n")
	for n := list.FirstChild(); n != nil; n = n.NextSibling() {
		f, ok := n.(*extast.Footnote)
		if !ok {
			continue
		}
		w.str(`<li id="`, w.ids.unique("fn-"+strconv.Itoa(f.Index)), `">`)
		w.blocks(f)
		w.str("</li>\n")
	}
	w.str("</ol>\n</section>\n")
}
