package markdown

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden file anew")

const goldenFile = "testdata/render.txt"

// goldenCase is one "=== name", its Markdown, and below "---html" what must
// come out: the HTML and one "! line: message" for each issue.
type goldenCase struct{ name, source, want string }

func readGolden(t testing.TB) []goldenCase {
	t.Helper()
	raw, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	var out []goldenCase
	for _, part := range strings.Split("\n"+string(raw), "\n=== ")[1:] {
		name, rest, _ := strings.Cut(part, "\n")
		source, want, _ := strings.Cut(rest, "\n---html\n")
		out = append(out, goldenCase{name, source, want})
	}
	if len(out) < 30 {
		t.Fatalf("%s has only %d cases", goldenFile, len(out))
	}
	return out
}

// testPage resolves links and images as a small content folder would.
func testPage() Page {
	return Page{Title: "Choose a VPS", FirstLine: 1, Link: func(dest string) LinkTarget {
		path, anchor, _ := strings.Cut(dest, "#")
		switch {
		case strings.HasPrefix(dest, "https://"), strings.HasPrefix(dest, "http://"):
			return LinkTarget{URL: dest, External: true}
		case strings.HasPrefix(dest, "mailto:"):
			return LinkTarget{URL: dest}
		case path == "vps.md" && anchor != "":
			return LinkTarget{URL: "/en/products/vps#" + anchor, File: "en/products/vps.md", Anchor: anchor}
		case path == "vps.md":
			return LinkTarget{URL: "/en/products/vps"}
		case path == "only-french.md":
			return LinkTarget{URL: "/fr/products/only-french", Hreflang: "fr"}
		case path == "evil":
			return LinkTarget{URL: "java" + "script:alert(1)"} // a resolver's defect
		}
		return LinkTarget{Problem: fmt.Sprintf("the link %q is broken", dest)}
	}, Image: func(dest string) ImageTarget {
		switch {
		case dest == "images/there.png":
			return ImageTarget{URL: "/media/en/images/there.png", Width: 640, Height: 480}
		case strings.HasPrefix(dest, "https://"):
			return ImageTarget{Remote: dest, Problem: "remote image"}
		}
		return ImageTarget{Problem: "no image " + dest}
	}}
}

func printed(res Result) string {
	var b strings.Builder
	b.Write(res.HTML)
	for _, i := range res.Issues {
		kind := "!"
		if i.Error {
			kind = "!!"
		}
		fmt.Fprintf(&b, "%s %d: %s\n", kind, i.Line, i.Message)
	}
	return strings.TrimRight(b.String(), "\n")
}

func TestGolden(t *testing.T) {
	r := New(EnglishTexts())
	cases := readGolden(t)
	var out strings.Builder
	for i, c := range cases {
		got := printed(r.Render([]byte(c.source), testPage()))
		if *update {
			if i > 0 {
				out.WriteString("\n\n")
			}
			fmt.Fprintf(&out, "=== %s\n%s\n---html\n%s", c.name, c.source, got)
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(strings.TrimRight(c.want, "\n"), got); diff != "" {
				t.Errorf("line by line (-want +got):\n%s", diff)
			}
		})
	}
	if *update {
		if err := os.WriteFile(goldenFile, []byte(out.String()+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
