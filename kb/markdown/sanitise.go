package markdown

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// classes are all class names the writer uses; a theme styles these.
var classes = []string{
	"callout", "callout-note", "callout-tip", "callout-important", "callout-warning", "callout-caution", "callout-title",
	"steps", "tabs", "tab", "tab-label", "code", "code-bar", "code-lang", "code-copy", "chroma", "table-scroll", "right", "center",
	"image", "shot", "remote-image", "broken-link", "video", "video-frame", "video-play", "video-link", "video-notice",
	"task", "task-done", "footnote-ref", "footnote-back", "footnotes", "k", "n", "v", "s", "m", "c", "gp", "go", "gd", "gi",
}

// policy allows exactly what the writer produces; bluemonday is the second
// wall behind it, for articles in which the author's own tags pass through.
var policy = newPolicy()

func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "div", "span", "section", "blockquote", "pre", "code", "ul", "ol", "li", "dl", "dt", "dd", "table",
		"thead", "tbody", "tfoot", "tr", "th", "td", "caption", "details", "summary", "figure", "figcaption", "h2", "h3", "h4",
		"h5", "h6", "hr", "br", "wbr", "strong", "em", "del", "ins", "u", "sub", "sup", "kbd", "mark", "small", "q", "abbr",
		"button", "a", "img")
	p.AllowNoAttrs().OnElements("span", "a", "div")
	one := strings.Join(classes, "|")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^(?:(?:` + one + `)(?: |$))+$`)).Globally()
	p.AllowAttrs("id").Matching(regexp.MustCompile(`^[\pL\pN_][\pL\pN_:.-]*$`)).Globally()
	p.AllowAttrs("aria-label").OnElements("div", "pre", "span", "section", "a")
	p.AllowAttrs("role").Matching(regexp.MustCompile(`^(?:note|group|region|img|doc-noteref|doc-backlink|doc-endnotes)$`)).
		OnElements("div", "pre", "span", "section", "a")
	p.AllowAttrs("tabindex").Matching(regexp.MustCompile(`^0$`)).OnElements("div", "pre")
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("hreflang").Matching(regexp.MustCompile(`^[A-Za-z-]{2,11}$`)).OnElements("a")
	p.AllowAttrs("rel").Matching(regexp.MustCompile(`^noopener$`)).OnElements("a")
	p.AllowAttrs("title").OnElements("a", "abbr")
	p.AllowAttrs("src", "alt").OnElements("img")
	p.AllowAttrs("width", "height").Matching(bluemonday.Integer).OnElements("img")
	p.AllowAttrs("loading").Matching(regexp.MustCompile(`^lazy$`)).OnElements("img")
	p.AllowAttrs("decoding").Matching(regexp.MustCompile(`^async$`)).OnElements("img")
	p.AllowAttrs("type").Matching(regexp.MustCompile(`^button$`)).OnElements("button")
	p.AllowAttrs("hidden", "data-title", "data-copied").OnElements("button")
	p.AllowAttrs("data-src").Matching(regexp.MustCompile(`^https://[^\s"'<>]+$`)).OnElements("button")
	p.AllowAttrs("start").Matching(regexp.MustCompile(`^-?\d{1,9}$`)).OnElements("ol")
	p.AllowAttrs("colspan", "rowspan").Matching(bluemonday.Integer).OnElements("td", "th")
	p.AllowAttrs("scope").Matching(regexp.MustCompile(`^col$`)).OnElements("th")
	p.AllowAttrs("open").OnElements("details")
	p.AllowURLSchemes("http", "https", "mailto", "tel")
	p.AllowRelativeURLs(true)
	p.RequireParseableURLs(true)
	return p
}

// sanitise closes what the author's HTML left open, so that a stray tag cannot
// take the page around it apart, and then removes everything the policy does
// not name. The error is for HTML that nests deeper than the parser allows.
func sanitise(src []byte) ([]byte, error) {
	balanced, err := balance(src)
	if err != nil {
		return nil, err
	}
	return policy.SanitizeBytes(balanced), nil
}

func balance(src []byte) ([]byte, error) {
	context := &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div}
	nodes, err := html.ParseFragment(bytes.NewReader(src), context)
	if err != nil {
		return nil, fmt.Errorf("its HTML cannot be read: %w", err)
	}
	var out bytes.Buffer
	out.Grow(len(src) + len(src)/16)
	for _, n := range nodes {
		if err := html.Render(&out, n); err != nil {
			return nil, fmt.Errorf("its HTML cannot be written: %w", err)
		}
	}
	return out.Bytes(), nil
}
