//go:build acceptance

package kb

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// TestForeignCorpus loads a folder of articles written by others, named by
// RICOCHET_CORPUS (run through make; nothing of it is copied here): every
// article is served, none is empty or runs anything, and each problem is
// addressed.
func TestForeignCorpus(t *testing.T) {
	dir := os.Getenv("RICOCHET_CORPUS")
	if dir == "" {
		t.Fatal("set RICOCHET_CORPUS to a content folder; make eval-search does")
	}
	fsys := os.DirFS(dir)
	found, err := scan(fsys)
	if err != nil {
		t.Fatal(err)
	}
	lib, problems, err := Load(t.Context(), fsys, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if lib.Len() != len(found.articles) || lib.Len() == 0 {
		t.Errorf("%d of %d files are served", lib.Len(), len(found.articles))
	}
	for _, lang := range lib.Langs() {
		for _, a := range lib.Articles(lang) {
			checkForeign(t, a)
		}
	}
	for _, p := range problems {
		if p.Path == "" || p.Message == "" || p.Line == 0 && !strings.Contains(p.Message, "not listed") {
			t.Errorf("a problem without an address: %s", p)
		}
		if p.Line > lines(t, dir+"/"+p.Path) {
			t.Errorf("beyond the end of the file: %s", p)
		}
	}
	t.Logf("%d articles, %d problems", lib.Len(), len(problems))
}

func lines(t *testing.T, name string) int {
	t.Helper()
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(src, []byte("\n")) + 1
}

// checkForeign looks at one article as a browser would.
func checkForeign(t *testing.T, a *Article) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader("<body><main>" + string(a.HTML()) + "</main><footer></footer>"))
	if err != nil || !utf8.Valid(a.HTML()) || a.Title == "" || a.Words < 5 || len(a.Passages) == 0 {
		t.Errorf("%s: %v, %q, %d words, %d passages", a.Path, err, a.Title, a.Words, len(a.Passages))
		return
	}
	ids := map[string]bool{}
	level := 1
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "script", "style", "iframe", "object", "form", "h1":
			t.Errorf("%s: <%s>", a.Path, n.Data)
		case "footer":
			if n.Parent.Data != "body" {
				t.Errorf("%s takes the page apart", a.Path)
			}
		case "h2", "h3", "h4", "h5", "h6":
			now := int(n.Data[1] - '0')
			if now > level+1 && hasAttr(n, "id") {
				t.Errorf("%s: level %d after %d", a.Path, now, level)
			}
			level = now
		case "img":
			if !hasAttr(n, "alt") || !hasAttr(n, "width") {
				t.Errorf("%s: an image without alt or width", a.Path)
			}
		}
		for _, attr := range n.Attr {
			if attr.Key == "id" && ids[attr.Val] {
				t.Errorf("%s: the id %q twice", a.Path, attr.Val)
			}
			ids[attr.Val] = ids[attr.Val] || attr.Key == "id"
			if strings.HasPrefix(attr.Key, "on") || attr.Key == "style" || strings.HasPrefix(strings.ToLower(attr.Val), "javascript:") {
				t.Errorf("%s: %s=%q", a.Path, attr.Key, attr.Val)
			}
		}
	}
	for i, text := range a.Texts() {
		if strings.Contains(text.Text, "){.external}") || strings.Contains(text.Text, "@site/") {
			t.Errorf("%s: remains of another tool in %q", a.Path, a.Passages[i].Heading)
		}
	}
}

func hasAttr(n *html.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}
