package kb

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// described is everything a library says, as text.
func described(l *Library) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d articles in %v, last updated %s\n", l.Len(), l.Langs(), l.LastUpdated().Format(time.DateOnly))
	for _, lang := range l.Langs() {
		var inSections []*Article
		for _, s := range l.Sections(lang) {
			fmt.Fprintf(&b, "section %s %q %d %v\n", s.Slug, s.Title, s.Order, l.Section(lang, s.Slug) == s)
			inSections = append(inSections, s.Articles...)
		}
		for i, a := range l.Articles(lang) {
			prev, next := l.PrevNext(a)
			fmt.Fprintf(&b, "%s %q %v\n%s\n%s\n", a.Path, a.Title, a == inSections[i], a.HTML(), a.Markdown())
			for _, other := range []*Article{prev, next, l.ByURL(a.URL()), l.ByID(lang, a.ID), l.ByPair(lang, a.Pair), l.Translation(a, "en"), l.Translation(a, "fr")} {
				if other != nil {
					b.WriteString(" " + other.Path + " " + other.Hash[:8])
				}
				b.WriteString(" |")
			}
			fmt.Fprintf(&b, "\n%v %v\n", a.Headings, a.Texts())
			for i, text := range a.Texts() {
				fmt.Fprintln(&b, a.Passages[i], a.Text(i) == text)
			}
		}
		for _, route := range []string{"vps", "vps.detail", "vps.detail.network"} {
			for _, a := range l.ByContext(lang, route) {
				fmt.Fprintf(&b, "%s: %s %s\n", route, a.Path, a.Hash[:8])
			}
		}
		for _, old := range []string{"/old/1", "/old/2", "/en/a/one"} {
			target, ok := l.Redirect(old)
			fmt.Fprintln(&b, old, target, ok)
		}
	}
	for _, p := range l.Problems() {
		fmt.Fprintln(&b, p)
	}
	return b.String()
}

// TestEditedLibrary: however a library came about, by edits or in one go, it
// says the same, and the one before it stays as it was.
func TestEditedLibrary(t *testing.T) {
	names := []string{"en/a/one.md", "en/a/two.md", "en/b/one.md", "fr/a/one.md", "fr/a/two.md", "fr/a/_index.md", "en/a/two.mdx"}
	bodies := []string{"Text.", "Text.\n\n## Part\n\nSee [one](../a/one.md#part) and [two](two.md).", "[gone](nowhere.md)", "## Part\n\nMore [there](/en/a/two#part).", "<!-- -->"}
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "content")
		if err != nil {
			rt.Fatal(err)
		}
		write(t, filepath.Join(dir, names[0]), article("One", "", "Text."))
		live, err := OpenLive(t.Context(), dir, Options{})
		if err != nil {
			rt.Fatal(err)
		}
		defer live.Close() //nolint:errcheck // read only
		for range rapid.IntRange(1, 6).Draw(rt, "rounds") {
			dirty := map[string]struct{}{}
			for range rapid.IntRange(1, 3).Draw(rt, "files") {
				name := rapid.SampledFrom(names).Draw(rt, "name")
				dirty[name] = struct{}{}
				if rapid.IntRange(0, 5).Draw(rt, "remove") == 0 {
					if err := os.Remove(filepath.Join(dir, name)); err != nil && !os.IsNotExist(err) {
						rt.Fatal(err)
					}
					continue
				}
				pick := func(label string, from ...string) string { return rapid.SampledFrom(from).Draw(rt, label) }
				write(t, filepath.Join(dir, name), "---\ntitle: "+pick("title", "Zebra", "Éclair", "apple")+"\nupdated: "+pick("updated", "2026-01-02", "2026-03-04")+
					pick("order", "", "\norder: 2")+pick("slug", "", "", "", "\nslug: one")+pick("contexts", "", "\ncontexts: [vps.detail]", "\ncontexts: [vps, vps.detail.network]")+
					pick("aliases", "", "\naliases: [/old/1]", "\naliases: [/old/2, /en/a/one]")+"\n---\n"+pick("body", bodies...)+"\n")
			}
			before := live.Current()
			was := described(before)
			if _, err := live.refresh(t.Context(), dirty, true); err != nil {
				rt.Fatal(err)
			}
			whole, _, err := Load(t.Context(), os.DirFS(dir), Options{})
			if err != nil {
				rt.Fatal(err)
			}
			if diff := cmp.Diff(described(whole), described(live.Current())); diff != "" {
				rt.Fatalf("loaded at once (-) and edited (+):\n%s", diff)
			}
			if diff := cmp.Diff(was, described(before)); diff != "" {
				rt.Fatalf("the snapshot before changed:\n%s", diff)
			}
		}
	})
}
