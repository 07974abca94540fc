package markdown

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/alecthomas/chroma/v2"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
)

// outOfPlace lists what may never be in an article's HTML: elements, handlers
// and addresses that run or load something.
func outOfPlace(n *html.Node) []string {
	var bad []string
	for c := range n.Descendants() {
		if c.Type != html.ElementNode {
			continue
		}
		if slices.Contains([]string{"script", "style", "iframe", "object", "embed", "svg", "math", "form", "input", "base",
			"link", "meta", "template", "textarea", "title", "noscript", "h1"}, c.Data) {
			bad = append(bad, "<"+c.Data+">")
		}
		for _, a := range c.Attr {
			value := strings.ToLower(strings.TrimSpace(a.Val))
			switch {
			case strings.HasPrefix(a.Key, "on"), a.Key == "style", a.Key == "srcdoc", a.Key == "srcset", a.Key == "action", a.Key == "formaction":
				bad = append(bad, a.Key+"=")
			case (a.Key == "href" || a.Key == "src" || a.Key == "data-src") && !safeURL(value):
				bad = append(bad, a.Key+"="+value)
			case a.Key == "src" && c.Data == "img" && (strings.Contains(value, ":") || strings.HasPrefix(value, "//")):
				bad = append(bad, "an image from "+value)
			case a.Key == "class":
				for _, class := range strings.Fields(a.Val) {
					if !slices.Contains(classes, class) {
						bad = append(bad, "class "+class)
					}
				}
			}
		}
	}
	return bad
}

// parsed puts an article into a page and gives the article's element; it fails
// when the article breaks out of its place.
func parsed(t testing.TB, article []byte) *html.Node {
	t.Helper()
	page := "<!DOCTYPE html><body><main><article>" + string(article) + "</article></main><footer id=the-end></footer>"
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatalf("the page cannot be parsed: %v\n%s", err, article)
	}
	var main, footer *html.Node
	for n := range doc.Descendants() {
		switch n.Data {
		case "article":
			main = n
		case "footer":
			footer = n
		}
	}
	if main == nil || footer == nil || footer.Parent.Data != "body" {
		t.Fatalf("the article takes the page apart:\n%s", article)
	}
	return main
}

func checkSafe(t testing.TB, res Result) {
	t.Helper()
	if !utf8.Valid(res.HTML) {
		t.Errorf("not valid UTF-8: %q", res.HTML)
	}
	if bad := outOfPlace(parsed(t, res.HTML)); len(bad) > 0 {
		t.Errorf("out of place: %v\n%s", bad, res.HTML)
	}
	if len(bytes.TrimSpace(res.HTML)) == 0 && !slices.ContainsFunc(res.Issues, func(i Issue) bool { return i.Error }) {
		t.Error("an empty article and no error that says so")
	}
	for _, p := range res.Passages {
		if !utf8.ValidString(p.Text) || !utf8.ValidString(p.Code) {
			t.Errorf("a passage is not valid UTF-8: %q", p.Text)
		}
	}
}

// TestOwnOutputNeedsNoSanitiser is why articles without the author's own HTML
// skip the sanitiser: it would change nothing in them.
func TestOwnOutputNeedsNoSanitiser(t *testing.T) {
	r := New(FrenchTexts())
	plain := 0
	for _, c := range readGolden(t) {
		res := r.Render([]byte(c.source), testPage())
		checkSafe(t, res)
		balanced, err := balance(res.HTML)
		if err != nil {
			t.Fatal(err)
		}
		again, err := balance(policy.SanitizeBytes(balanced))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(balanced), string(again)); diff != "" {
			t.Errorf("%s: the policy changes our own output (-ours +policy's):\n%s", c.name, diff)
		}
		if !strings.Contains(c.source, "<") {
			plain++
		}
	}
	if plain < 15 {
		t.Errorf("only %d cases without HTML", plain)
	}
}

func TestPassages(t *testing.T) {
	src := "Intro with `code` and [a link](vps.md).\n\n## First *one*\n\nText,\nsecond line.\n\n- a\n- b\n\n```bash\nls -l\n```\n\n" +
		"### Deeper\n\n| A | B |\n|---|---|\n| 1 | 2 |\n\n> [!TIP] Own title\n> Inside.\n\n> [!NOTE]\n> Plain.\n\n## Empty\n\n<pre>raw &amp; code</pre>\n\nWith<sup>1</sup> tags.\n"
	res := New(EnglishTexts()).Render([]byte(src), testPage())
	want := []Passage{
		{Text: "Intro with code and a link."},
		{Heading: "First one", Anchor: "first-one", Level: 2, Text: "Text,\nsecond line.\na\nb", Code: "ls -l"},
		{Heading: "Deeper", Anchor: "deeper", Level: 3, Text: "A B\n1 2\nOwn title\nInside.\nPlain."},
		{Heading: "Empty", Anchor: "empty", Level: 2, Text: "With1 tags.", Code: "raw & code"},
	}
	if diff := cmp.Diff(want, res.Passages); diff != "" {
		t.Errorf("passages (-want +got):\n%s", diff)
	}
	if res.Words != 25 {
		t.Errorf("%d words, want 25", res.Words)
	}
	wantHeadings := []Heading{{2, "First one", "first-one"}, {3, "Deeper", "deeper"}, {2, "Empty", "empty"}}
	if diff := cmp.Diff(wantHeadings, res.Headings); diff != "" {
		t.Errorf("headings (-want +got):\n%s", diff)
	}
}

func TestOneLine(t *testing.T) {
	for in, want := range map[string]string{
		" a  b\n\tc ":             "a b c",
		"Et en IPv6\u202f?":       "Et en IPv6\u202f?",
		"Stockage\u00a0: \nobjet": "Stockage\u00a0: objet",
		"":                        "",
	} {
		if got := OneLine(in); got != want {
			t.Errorf("OneLine(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestSlug(t *testing.T) {
	for in, want := range map[string]string{
		"Où trouver l'adresse": "ou-trouver-l-adresse", "  Hello,  World! ": "hello-world", "Œuvre & Ça": "oeuvre-ca",
		"C++ / C#": "c-c", "日本 語": "日本-語", "---": "", "a_b": "a-b", "Straße": "strasse", "1.2.3": "1-2-3", "É": "e",
	} {
		if got := Slug(in); got != want {
			t.Errorf("Slug(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestBombs: texts made to hurt take a bounded time.
func TestBombs(t *testing.T) {
	const size = 256 << 10
	repeat := func(s string) string { return strings.Repeat(s, size/len(s)) }
	bombs := map[string]string{
		"quotes": repeat(">"), "quotes with spaces": repeat("> "), "lists": repeat("- "), "numbers": repeat("1. "),
		"brackets": repeat("["), "images": repeat("![]("), "links": repeat("[a]("), "closing": repeat("]"), "stars": repeat("*a "),
		"strong": repeat("**a **b"), "underscores": repeat("_a"), "backticks": repeat("`"), "tags": repeat("<a>"), "angle": repeat("<"),
		"comments": repeat("<!--"), "colons": repeat(":::a\n"), "colons inside": repeat(":"), "footnotes": repeat("[^a]: b\n"),
		"references": repeat("[a]: b\n"), "notes": repeat("[^a] "), "headings": repeat("# a\n"), "pipes": repeat("|"),
		"table": "|a|\n|-|\n" + repeat("|"), "columns": repeat("|a") + "\n" + repeat("|-") + "\n", "fences": repeat("```\n"),
		"tabs": ":::tabs\n" + repeat("@tab a\n"), "div": repeat("<div>\n\n"), "b": repeat("<b>x\n"), "entities": repeat("&amp;"),
		"braces": repeat("{.a}"), "links with braces": repeat("[a](b){.c"), "autolinks": repeat("www.a.b "), "mail": repeat("a@b.c "),
		"escapes": repeat("\\"), "tildes": repeat("~a~"), "one word": repeat("a"), "blank": repeat("\n"), "spaces": repeat(" "),
		"nested lists": nested(1000, " ", "- a\n"), "emphasis ladder": repeat("*a **b "), "admonitions": repeat("> [!NOTE]\n\n"),
		"jsx": repeat("<Tabs>\n"), "camel": repeat("a <Bb> "), "imports": repeat("import a from 'b'\n"),
		"code": "```bash\n" + repeat("echo \"$((") + "\n```\n", "json": "```json\n" + repeat("[") + "\n```\n",
		"alt": "![" + repeat("[") + "](x)", "same heading": repeat("## a\n\n"),
	}
	r := New(EnglishTexts())
	for name, src := range bombs {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			res := r.Render([]byte(src), testPage())
			if d := time.Since(start); d > 10*time.Second {
				t.Errorf("%v for %d bytes", d, size)
			}
			if len(res.HTML) > 400*len(src) {
				t.Errorf("%d bytes of HTML from %d", len(res.HTML), len(src))
			}
			if len(res.HTML) == 0 && !slices.ContainsFunc(res.Issues, func(i Issue) bool { return i.Error }) {
				t.Error("empty and not said")
			}
		})
	}
}

func nested(n int, indent, line string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(indent, 2*i))
		b.WriteString(line)
	}
	return b.String()
}

func FuzzRender(f *testing.F) {
	for _, c := range readGolden(f) {
		f.Add(c.source)
	}
	f.Add(strings.Repeat("> - 1. ", 30) + "x")
	f.Add("<a href='&#106;avascript:alert(1)'>x</a><img src=x onerror=alert(1)//><svg/onload=alert(1)>")
	f.Add("[x](&#106;avascript:alert(1)) [y](java\\script:x) ![z](data:image/svg+xml,<svg onload=alert(1)>)")
	f.Add("```<script>\n</code></pre><script>alert(1)</script>\n```")
	r := New(EnglishTexts())
	f.Fuzz(func(t *testing.T, src string) {
		src = strings.ToValidUTF8(src, "\uFFFD") // as the caller does
		done := make(chan Result, 1)
		go func() { done <- r.Render([]byte(src), testPage()) }()
		select {
		case res := <-done:
			checkSafe(t, res)
		case <-time.After(time.Minute):
			t.Fatal("not rendered within a minute")
		}
	})
}

// TestEveryTokenHasAColour wants each class of highlighted code to pass the
// policy and to be drawn by the theme.
func TestEveryTokenHasAColour(t *testing.T) {
	css, err := os.ReadFile("../../themes/css/code.css")
	if err != nil {
		t.Fatal(err)
	}
	for kind := range chroma.StandardTypes {
		class := tokenClass(kind)
		if class == "" {
			continue
		}
		if !slices.Contains(classes, class) {
			t.Errorf("the policy does not know the class %q", class)
		}
		if !strings.Contains(string(css), ".chroma ."+class+" {") {
			t.Errorf("code.css does not draw .%s", class)
		}
	}
}
