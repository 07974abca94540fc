package kb

import (
	"bytes"
	"encoding/base64"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/vmcloud/ricochet/content"
	"github.com/vmcloud/ricochet/internal/errs"
)

func article(title, extra, body string) string {
	return "---\ntitle: " + title + "\nupdated: 2026-03-09\n" + extra + "---\n" + body + "\n"
}

// onePixel is a PNG of 1 x 1.
var onePixel = func() string {
	b, err := base64.StdEncoding.DecodeString("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
	if err != nil {
		panic(err)
	}
	return string(b)
}()

func sample(t testing.TB) *Library {
	return load(t, map[string]string{
		"fr/produits/_index.md": "---\ntitle: Produits\ndescription: Tout\norder: 2\n---\n",
		"fr/produits/vps.md": article("VPS", "order: 1\ncontexts: [vps.detail]\naliases: [/fr/ancien/, /aide/vps]\nrevision: 3\n",
			"[stockage](storage.md#volumes) [en](only-en.md) ![ici](images/a.png) ![svg](images/b.svg) ![gone](images/c.png)\n\n[cassé](x.md) [ancre](storage.md#rien) [site](/fr/produits/vps) [page](/fr/contact) [section](../produits/) [faux](/fr/rien)"),
		"fr/produits/storage.md":   article("Éléments", "order: 2\ncontexts: [vps.detail.network]\n", "## Volumes\n\ntexte"),
		"fr/produits/zebra.md":     article("Zèbre", "order: 2\n", "texte"),
		"fr/divers.md":             article("Divers", "slug: Nom court\nsection: autres choses\n", "texte"),
		"en/produits/vps.md":       strings.Replace(article("VPS", "", "text"), "2026-03-09", "2026-05-01", 1),
		"en/produits/only-en.md":   article("Only", "", "text"),
		"en/produits/raw-none.md":  "text",
		"fr/produits/images/a.png": onePixel,
		"en/produits/images/b.svg": `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 200"></svg>`,
		"images/x.md":              "not a language folder",
		"README.md":                "not an article",
		"fr/.hidden/x.md":          "hidden",
	})
}

func slugs(articles []*Article) string {
	var out []string
	for _, a := range articles {
		out = append(out, a.Slug)
	}
	return strings.Join(out, " ")
}

func TestLibrary(t *testing.T) {
	lib := sample(t)
	check := func(what, want, got string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	check("languages", "en fr", strings.Join(lib.Langs(), " "))
	check("reading order", "nom-court vps storage zebra", slugs(lib.Articles("fr")))
	check("unknown language", "", slugs(lib.Articles("de")))
	check("title of the section", "Produits", lib.Section("fr", "produits").Title)
	check("readable title", "Autres choses", lib.Section("fr", "autres-choses").Title)
	vps := lib.Article("fr", "produits", "vps")
	check("URL", "/fr/produits/vps", vps.URL())
	check("ID", "produits/vps", vps.ID)
	check("ID from slug", "/fr/autres-choses/nom-court", lib.ByID("fr", "Nom court").URL())
	check("translation", "en/produits/vps.md", lib.Translation(vps, "en").Path)
	if lib.Translation(lib.ByPair("en", "produits/only-en"), "fr") != nil {
		t.Error("a translation that nobody wrote")
	}
	prev, next := lib.PrevNext(lib.ByPath("fr/produits/storage.md"))
	check("neighbours", "vps zebra", prev.Slug+" "+next.Slug)
	if p, n := lib.PrevNext(&Article{}); p != nil || n != nil {
		t.Error("neighbours of a stranger")
	}
	for _, old := range []string{"/fr/ancien", "/fr/ancien/", "/aide/vps"} {
		target, _ := lib.Redirect(old)
		check("redirect of "+old, "/fr/produits/vps", target)
	}
	if _, ok := lib.Redirect("/fr/produits/vps"); ok {
		t.Error("an article redirects to itself")
	}
	check("context", "storage vps", slugs(lib.ByContext("fr", "vps.detail.network")))
	check("wider context", "vps", slugs(lib.ByContext("fr", "vps.detail.disk")))
	check("no context", "", slugs(lib.ByContext("fr", "vps")))
	check("recent", "vps", slugs(lib.RecentlyUpdated("en", 1)))
	check("recent, undated left out", "vps only-en", slugs(lib.RecentlyUpdated("en", 10)))
	check("last update", "2026-05-01", lib.LastUpdated().Format("2006-01-02"))
	if vps.Revision != 3 || lib.Len() != 7 {
		t.Errorf("revision %d of %d articles", vps.Revision, lib.Len())
	}
}

func TestLinksAndImages(t *testing.T) {
	lib := sample(t)
	want := `<p><a href="/fr/produits/storage#volumes">stockage</a> <a href="/en/produits/only-en" hreflang="en">en</a> ` +
		`<img src="/media/fr/produits/images/a.png" alt="ici" width="1" height="1" loading="lazy" decoding="async"> ` +
		`<img src="/media/en/produits/images/b.svg" alt="svg" width="320" height="200" loading="lazy" decoding="async"> <span class="shot">gone</span></p>
<p><span class="broken-link">cassé</span> <a href="/fr/produits/storage#rien">ancre</a> <a href="/fr/produits/vps">site</a> ` +
		`<a href="/fr/contact">page</a> <a href="/fr/produits">section</a> <span class="broken-link">faux</span></p>
`
	if diff := cmp.Diff(want, string(lib.ByPath("fr/produits/vps.md").HTML())); diff != "" {
		t.Errorf("HTML (-want +got):\n%s", diff)
	}
	wantProblems := []string{
		"en/produits/raw-none.md:1: error: there is no front matter; start the file with a line --- followed by title, updated and a closing ---",
		`fr/produits/vps.md:9: warning: the image "images/c.png" is not there; the page shows a framed place with its alternative text`,
		`fr/produits/vps.md:11: error: the link "x.md" is broken: no such file`,
		`fr/produits/vps.md:11: error: the link "/fr/rien" is broken: no article or page has this address`,
		"fr/produits/vps.md:11: error: fr/produits/storage.md has no heading #rien",
	}
	if diff := cmp.Diff(wantProblems, messages(lib.Problems())); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestConflicts(t *testing.T) {
	lib := load(t, map[string]string{
		"en/a/one.md":     article("One", "slug: same\naliases: [/en/a/same-2, /x]\n", "1"),
		"en/a/two.md":     article("Two", "slug: same\naliases: [/x]\n", "2"),
		"en/contact/x.md": article("X", "", "3"),
	})
	if got := slugs(lib.Articles("en")); got != "same same-2 x" {
		t.Errorf("served: %q", got)
	}
	if lib.Article("en", "contact", "x") != nil || lib.Article("en", "contact-articles", "x") == nil {
		t.Error("a section hides the contact page")
	}
	joined := strings.Join(messages(lib.Problems()), "\n")
	for _, want := range []string{
		"en/a/two.md:1: error: the address /en/a/same belongs to en/a/one.md already",
		"en/a/two.md:1: error: the `slug` same is used by en/a/one.md too", "error: the alias /x is claimed by en/a/one.md too",
		"en/a/one.md:1: error: the alias /en/a/same-2 is the address of en/a/two.md, which stays",
		"en/contact/x.md:1: error: a section may not be called `contact`",
	} {
		if !strings.Contains(joined, want) {
			t.Errorf("no problem %q in\n%s", want, joined)
		}
	}
	_, _, err := Load(t.Context(), folder(map[string]string{"en/a/raw.md": "x"}), Options{Strict: true})
	if err == nil || !strings.Contains(err.Error(), "en/a/raw.md:1: there is no front matter") {
		t.Errorf("strict loading: %v", err)
	}
}

func TestAssets(t *testing.T) {
	lib := sample(t)
	a, err := lib.Asset("fr/produits/images/a.png")
	if err != nil || a.Type != "image/png" || string(a.Data) != onePixel {
		t.Errorf("%v %q %v", len(a.Data), a.Type, err)
	}
	for _, name := range []string{"../secret.png", "/etc/passwd", "fr/produits/vps.md", "fr/../fr/produits/images/a.png", "fr\\x.png", "", ".",
		"fr/produits/images/none.png", "fr/.git/x.png", "fr/produits/images", "\x00.png"} {
		if _, err := lib.Asset(name); !errs.Is(err, errs.NotFound) {
			t.Errorf("Asset(%q): %v", name, err)
		}
	}
	dir := t.TempDir()
	outside := t.TempDir() + "/secret.png"
	write(t, outside, onePixel)
	write(t, dir+"/en/a.md", article("A", "", "![x](s.png)"))
	if err := os.Symlink(outside, dir+"/en/s.png"); err != nil {
		t.Fatal(err)
	}
	live, err := OpenLive(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	if _, err := live.Current().Asset("en/s.png"); !errs.Is(err, errs.NotFound) {
		t.Errorf("a link that leaves the folder is served: %v", err)
	}
}

func TestLint(t *testing.T) {
	lib := load(t, map[string]string{
		"en/a/one.md": article("One", "description: Short.\nquestions: [Why?]\ncategory: billing\n", "1"),
		"en/a/two.md": article("Two", "description: "+strings.Repeat("long ", 40)+"\nquestions: [\"why\"]\n", "![](x.png)"),
		"fr/a/one.md": article("Un", "description: Une phrase qui dit ce que le lecteur aura à la fin.\ncategory: account\n", "1"),
	})
	want := []string{
		"en/a/one.md:1: warning: `description` has 6 characters; 40 to 180 are shown well",
		"en/a/one.md:1: warning: `category` differs from that of fr/a/one.md",
		"en/a/two.md: warning: there is no translation fr/a/two.md",
		"en/a/two.md:1: warning: `description` has 199 characters; 40 to 180 are shown well",
		`en/a/two.md:1: warning: the question "why" is also in en/a/one.md; one article answers it`,
		`en/a/two.md:7: warning: the image "x.png" is not there; the page shows a framed place with its alternative text`,
		`en/a/two.md:7: warning: the image "x.png" has no alternative text; say what it shows`,
	}
	if diff := cmp.Diff(want, messages(lib.Lint())); diff != "" {
		t.Errorf("lint (-want +got):\n%s", diff)
	}
}

// TestOwnContent: the articles built into the binary have no error.
func TestOwnContent(t *testing.T) {
	lib, _, err := Load(t.Context(), content.FS, Options{Strict: true})
	if err != nil {
		for _, p := range problemsOf(t) {
			t.Error(p)
		}
		t.Fatal(err)
	}
	for _, lang := range lib.Langs() {
		for _, a := range lib.Articles(lang) {
			if len(bytes.TrimSpace(a.HTML())) == 0 || len(a.Passages) == 0 || a.Words == 0 {
				t.Errorf("%s is empty", a.Path)
			}
		}
	}
	for _, p := range lib.Lint() {
		if p.Severity == Error {
			t.Error(p)
		}
	}
}

func problemsOf(t *testing.T) []Problem {
	_, problems, err := Load(t.Context(), content.FS, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var out []Problem
	for _, p := range problems {
		if p.Severity == Error {
			out = append(out, p)
		}
	}
	return out
}

func TestLoadFolders(t *testing.T) {
	lib, problems, err := Load(t.Context(), fstest.MapFS{}, Options{})
	if err != nil || lib.Len() != 0 || len(problems) != 0 || len(lib.Langs()) != 0 {
		t.Errorf("an empty folder: %v %v", problems, err)
	}
	if _, _, err := Load(t.Context(), os.DirFS("/no/such/folder"), Options{}); err == nil {
		t.Error("a folder that is not there")
	}
	lib = load(t, map[string]string{"pt-BR/a/b.md": "x", "deu/a/b.md": "x", "english/a/b.md": "x", "images/a/b.md": "x", "fr/deep/er/still.md": "x"})
	if got := strings.Join(lib.Langs(), " "); got != "deu fr pt-BR" {
		t.Errorf("languages: %q", got)
	}
	if lib.Article("fr", "deep", "er-still") == nil {
		t.Error("a deeper folder is lost")
	}
}
