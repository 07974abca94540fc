package markdown

import (
	"strconv"

	"github.com/yuin/goldmark/ast"
)

// quote writes a block quote, or an admonition if it is marked as one.
func (w *writer) quote(n *ast.Blockquote) {
	kind, ok := n.Attribute(attrAdmonition)
	if !ok {
		w.wrap("<blockquote>\n", n, "</blockquote>\n")
		return
	}
	heading, _ := n.Attribute(attrAdmonitionTitle)
	name, title := kind.(string), heading.(string)
	if _, ok := admonitionKinds[name]; !ok {
		w.warn(w.line(n.Pos()), "there is no admonition [!%s]; it is shown as a note", clip(name))
	}
	w.admonition(name, title, n)
}

// admonition writes the children of n in a call-out.
func (w *writer) admonition(name, title string, n ast.Node) {
	t := &w.r.texts
	kind := admonitionKinds[name]
	label := map[string]string{"tip": t.Tip, "important": t.Important, "warning": t.Warning, "caution": t.Caution}[kind]
	if label == "" {
		kind, label = "note", t.Note
	}
	if title == "" {
		title = label
	}
	title = w.unescape(title)
	w.str(`<div class="callout callout-`, kind, `" role="note" aria-label="`)
	w.esc(title)
	w.str(`"><p class="callout-title">`)
	if title == label {
		w.esc(title) // our own word: nothing to find
	} else {
		w.text(title)
		w.endLine()
	}
	w.wrap("</p>\n", n, "</div>\n")
}

func (w *writer) container(c *container) {
	line := w.line(c.Pos())
	if c.stray {
		w.warn(line, "this ::: closes nothing")
		return
	}
	if !c.closed {
		w.warn(line, "the block :::%s is not closed; end it with a line of as many colons", c.name)
	}
	switch {
	case c.name == "steps":
		w.steps(c, line)
	case c.name == "tabs":
		w.tabs(c, line)
	case c.name == "video":
		w.video(c, line)
	case c.name == "details":
		w.details(c)
	case admonitionKinds[c.name] != "":
		w.admonition(c.name, c.title, c)
	default:
		w.warn(line, "there is no block :::%s; its content is shown as it is", clip(c.name))
		w.blocks(c)
	}
}

func (w *writer) steps(c *container, line int) {
	if l, ok := c.FirstChild().(*ast.List); !ok || !l.IsOrdered() {
		w.warn(line, "a :::steps block holds one numbered list")
	}
	w.wrap("<div class=\"steps\">\n", c, "</div>\n")
}

func (w *writer) details(c *container) {
	w.str("<details><summary>")
	w.text(w.unescape(c.title))
	w.endLine()
	w.wrap("</summary>\n", c, "</details>\n")
}

// tabs writes each tab as a labelled group; a script may turn them into real
// tabs, and without one they simply follow each other.
func (w *writer) tabs(c *container, line int) {
	w.res.HasTabs = true
	w.str("<div class=\"tabs\">\n")
	n := 0
	for child := c.FirstChild(); child != nil; child = child.NextSibling() {
		t, ok := child.(*tab)
		if !ok {
			w.warn(line, "text before the first @tab of a :::tabs block belongs to no tab")
			w.oneBlock(child)
			continue
		}
		if n++; t.label == "" {
			w.warn(w.line(t.Pos()), "the tab has no label; write @tab Linux")
			t.label = strconv.Itoa(n)
		}
		label := w.unescape(t.label)
		w.str(`<div class="tab" role="group" aria-label="`)
		w.esc(label)
		w.str(`"><p class="tab-label">`)
		w.text(label)
		w.endLine()
		w.wrap("</p>\n", t, "</div>\n")
	}
	if n == 0 {
		w.warn(line, "the :::tabs block has no line @tab")
	}
	w.str("</div>\n")
}
