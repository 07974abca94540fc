package markdown

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

// Renderer renders the articles of one language. It is safe for concurrent
// use.
type Renderer struct {
	texts Texts
	md    goldmark.Markdown
}

// New makes a renderer that writes its own words as texts says.
func New(texts Texts) *Renderer {
	return &Renderer{texts: texts, md: goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote))}
}

// Render turns an article's Markdown into HTML.
func (r *Renderer) Render(src []byte, page Page) Result {
	var b bytes.Buffer
	if err := r.md.Convert(src, &b); err != nil {
		return Result{Issues: []Issue{{Line: page.FirstLine, Error: true, Message: err.Error()}}}
	}
	res := Result{HTML: b.Bytes(), Words: len(strings.Fields(string(src)))}
	cur := Passage{}
	seen := anchors{}
	for _, l := range strings.Split(string(src), "\n") {
		if h, ok := strings.CutPrefix(l, "## "); ok {
			res.Passages = append(res.Passages, cur)
			cur = Passage{Heading: h, Anchor: seen.unique(Slug(h)), Level: 2}
			res.Headings = append(res.Headings, Heading{2, h, cur.Anchor})
			continue
		}
		if t := strings.TrimSpace(l); t != "" {
			cur.Text += t + "\n"
		}
	}
	res.Passages = append(res.Passages, cur)
	return res
}
