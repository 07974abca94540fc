package kb

import (
	"bytes"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vmcloud/ricochet/content"
	"github.com/vmcloud/ricochet/kb/markdown"
)

// troubled is a folder in which much is wrong, beside what is right.
func troubled() fstest.MapFS {
	out := fstest.MapFS{}
	for name, text := range map[string]string{
		"fr/produits/_index.md": "---\ntitle: Produits\norder: 2\n---\ntexte de trop\n",
		"fr/produits/vps.md": article("VPS", "order: 1\ncontexts: [vps.detail]\naliases: [/fr/ancien/, /en/produits/vps]\nquestions: [Où ?, Quand ?]\nrevision: 3\ntags: [a]\n",
			"avant\n\n## Un\n\n[ancre](disque.md#rien) [bon](disque.md#volumes) ![a](a.png) ![b](b.svg) ![c](c.png)\n\n### Deux\n\n```go\nfunc f() {}\n```\n\n[faux](x.md)[^1]\n\n[^1]: note\n"),
		"fr/produits/disque.md": "---\nslug: disque\nupdated: 2025-01-02T10:00:00+02:00\ncategory: nonsense\n---\n# Disque dur\n\n## Volumes\n\n" + strings.Repeat("[x](y.md)\n", 120),
		"fr/produits/DISQUE.md": article("Autre", "slug: disque\n", "texte"),
		"fr/contact/a.md":       article("A", "", "texte"),
		"fr/vide.md":            article("Vide", "", ""),
		"fr/rien.md":            "",
		"fr/fin.md":             "---\ntitle: sans fin\n\ntexte",
		"fr/yaml.md":            "---\ntitle: [a\n---\ntexte\n",
		"en/produits/vps.md":    "---\r\ntitle: Caf\xe9\r\n---\r\ntext \xe9t\xe9\r\n",
		"en/image.md":           article("Image", "", "![a](produits/missing.png)"),
		"fr/produits/a.png":     onePixel,
		"fr/produits/b.svg":     `<svg viewBox="0 0 320 200"></svg>`,
		"fr/produits/bad.png":   "no image",
	} {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

// keeping loads a folder with a file of kept articles and says whether they were
// taken from it.
func keeping(t *testing.T, fsys fs.FS, file string, opts Options) (lib *Library, taken bool) {
	t.Helper()
	if opts.Keep == nil {
		opts.Keep = &Keep{Program: "one"}
	}
	opts.Keep.File = file
	lib, _, err := Load(t.Context(), fsys, opts)
	if err != nil {
		t.Fatal(err)
	}
	taken = opts.Keep.pending == nil
	if err := opts.Keep.Save(); err != nil {
		t.Fatal(err)
	}
	return lib, taken
}

// inside compares what packages keep to themselves too; bytes are compared as
// such, which is a hundred times quicker.
var inside = cmp.Options{
	cmp.Exporter(func(reflect.Type) bool { return true }), cmpopts.EquateEmpty(),
	cmp.FilterValues(func(a, b []byte) bool { return len(a) > 0 && len(b) > 0 }, cmp.Comparer(bytes.Equal)),
}

// same fails unless both libraries serve, find and report the same.
func same(t *testing.T, want, got *Library) {
	t.Helper()
	if diff := cmp.Diff(want.files, got.files, inside); diff != "" {
		t.Errorf("files (-rendered +kept):\n%s", diff)
	}
	if diff := cmp.Diff(want.Lint(), got.Lint()); diff != "" {
		t.Errorf("problems (-rendered +kept):\n%s", diff)
	}
	if diff := cmp.Diff(want.aliases, got.aliases); diff != "" {
		t.Errorf("aliases (-rendered +kept):\n%s", diff)
	}
	for _, lang := range want.Langs() {
		if diff := cmp.Diff(want.Sections(lang), got.Sections(lang), inside); diff != "" {
			t.Errorf("sections (-rendered +kept):\n%s", diff)
		}
		for _, a := range want.Articles(lang) {
			b := got.ByURL(a.URL())
			if b == nil || !bytes.Equal(a.HTML(), b.HTML()) || !bytes.Equal(a.Markdown(), b.Markdown()) || !cmp.Equal(a.Texts(), b.Texts()) {
				t.Errorf("%s is not the same", a.URL())
			}
		}
	}
	if !want.LastUpdated().Equal(got.LastUpdated()) {
		t.Errorf("last updated %v, want %v", got.LastUpdated(), want.LastUpdated())
	}
}

func TestKept(t *testing.T) {
	for name, fsys := range map[string]fs.FS{"shipped": content.FS, "troubled": troubled(), "synthetic": synthetic(100)} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "articles")
			want, _, err := Load(t.Context(), fsys, Options{})
			if err != nil {
				t.Fatal(err)
			}
			first, taken := keeping(t, fsys, file, Options{})
			if taken {
				t.Error("taken from a file that is not there")
			}
			same(t, want, first)
			for range 2 {
				next, taken := keeping(t, fsys, file, Options{})
				if !taken {
					t.Error("rendered again")
				}
				same(t, want, next)
			}
		})
	}
}

// TestKeptElsewhere changes one thing after another that rendering looks at.
func TestKeptElsewhere(t *testing.T) {
	set := func(name, text string) func(fstest.MapFS, *Options) {
		return func(m fstest.MapFS, _ *Options) { m[name] = &fstest.MapFile{Data: []byte(text)} }
	}
	for name, change := range map[string]func(fstest.MapFS, *Options){
		"an article":         set("fr/vide.md", article("Vide", "", "plus maintenant")),
		"a section's title":  set("fr/produits/_index.md", "---\ntitle: Offres\n---\n"),
		"another article":    set("fr/produits/x.md", article("X", "", "le lien mène ici")),
		"another language":   set("de/a.md", article("A", "", "Text")),
		"one less":           func(m fstest.MapFS, _ *Options) { delete(m, "fr/vide.md") },
		"renamed":            func(m fstest.MapFS, _ *Options) { m["fr/vide2.md"] = m["fr/vide.md"]; delete(m, "fr/vide.md") },
		"two swapped":        func(m fstest.MapFS, _ *Options) { m["fr/vide.md"], m["fr/yaml.md"] = m["fr/yaml.md"], m["fr/vide.md"] },
		"an image's size":    set("fr/produits/b.svg", `<svg viewBox="0 0 640 400"></svg>`),
		"an image gone":      func(m fstest.MapFS, _ *Options) { delete(m, "fr/produits/a.png") },
		"an image come":      set("fr/produits/c.png", onePixel),
		"an image destroyed": set("fr/produits/a.png", "?"),
		"the program":        func(_ fstest.MapFS, o *Options) { o.Keep.Program = "two" },
		"the media prefix":   func(_ fstest.MapFS, o *Options) { o.MediaPrefix = "/images/" },
		"the site's pages":   func(_ fstest.MapFS, o *Options) { o.Pages = []string{"search"} },
		"the words":          func(_ fstest.MapFS, o *Options) { o.Texts = map[string]markdown.Texts{"fr": markdown.EnglishTexts()} },
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "articles")
			fsys := troubled()
			keeping(t, fsys, file, Options{})
			opts := Options{Keep: &Keep{Program: "one"}}
			change(fsys, &opts)
			got, taken := keeping(t, fsys, file, opts)
			if taken {
				t.Error("taken from the file of another folder")
			}
			want, _, err := Load(t.Context(), fsys, Options{MediaPrefix: opts.MediaPrefix, Pages: opts.Pages, Texts: opts.Texts})
			if err != nil {
				t.Fatal(err)
			}
			same(t, want, got)
			again := opts
			again.Keep = &Keep{Program: opts.Keep.Program}
			if _, taken := keeping(t, fsys, file, again); !taken {
				t.Error("the file was not written anew")
			}
		})
	}
}

func TestKeptDamaged(t *testing.T) {
	fsys := troubled()
	want, _, err := Load(t.Context(), fsys, Options{})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "articles")
	keeping(t, fsys, file, Options{})
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	broken := map[string][]byte{
		"empty": {}, "short": whole[:10], "head": whole[:64], "cut": whole[:len(whole)-1], "half": whole[:len(whole)/2],
		"longer": append(bytes.Clone(whole), 0), "text": []byte(strings.Repeat("not ours ", 100)), "zeros": make([]byte, len(whole)),
	}
	for i := 0; i < len(whole); i += 1009 {
		b := bytes.Clone(whole)
		b[i] ^= 0x40
		broken["flipped "+time.Duration(i).String()] = b
	}
	for name, data := range broken {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		got, taken := keeping(t, fsys, file, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if taken {
			t.Errorf("%s: a damaged file was believed", name)
		}
		if n := strings.Count(log.String(), "kept articles"); n > 1 || n == 0 && len(data) > 64 && bytes.Equal(data[:32], whole[:32]) {
			t.Errorf("%s: %d lines in the log", name, n)
		}
		same(t, want, got)
		if now, err := os.ReadFile(file); err != nil || !bytes.Equal(now, whole) {
			t.Errorf("%s: the file was not mended: %v", name, err)
		}
	}
}

// TestKeptNowhere has a folder that cannot be written, and a folder where the
// file should be.
func TestKeptNowhere(t *testing.T) {
	dir := t.TempDir()
	for _, file := range []string{filepath.Join(dir, "none", "articles"), dir} {
		keep := &Keep{File: file, Program: "one"}
		if lib, _, err := Load(t.Context(), troubled(), Options{Keep: keep}); err != nil || lib.Len() == 0 {
			t.Errorf("%s: %v", file, err)
		}
		if err := keep.Save(); err == nil {
			t.Errorf("%s: nothing said that it cannot be kept", file)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	if err := (&Keep{}).Save(); err != nil {
		t.Errorf("nothing to save: %v", err)
	}
}

// TestKeptIsEdited changes a folder whose articles were kept: what was kept is
// rendered again where links lead elsewhere now.
func TestKeptIsEdited(t *testing.T) {
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "articles")
	write(t, filepath.Join(dir, "fr/a.md"), article("A", "", "[b](b.md#deux)"))
	write(t, filepath.Join(dir, "fr/b.md"), article("B", "", "## Un"))
	open := func() (*Live, *Keep) {
		keep := &Keep{File: file, Program: "one"}
		live, err := OpenLive(t.Context(), dir, Options{Keep: keep})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = live.Close() })
		return live, keep
	}
	_, keep := open()
	if err := keep.Save(); err != nil {
		t.Fatal(err)
	}
	live, keep := open()
	if keep.pending != nil {
		t.Fatal("rendered again")
	}
	if n := len(live.Problems()); n != 1 {
		t.Errorf("%d problems, want the link to a heading that is not there: %v", n, live.Problems())
	}
	write(t, filepath.Join(dir, "fr/b.md"), article("B", "slug: c\n", "## Deux"))
	if _, err := live.refresh(t.Context(), map[string]struct{}{"fr/b.md": {}}, true); err != nil {
		t.Fatal(err)
	}
	if html := bodyOf(live.Current(), "fr/a.md"); !strings.Contains(html, "/fr/general/c#deux") || len(live.Problems()) != 0 {
		t.Errorf("%s\n%v", html, live.Problems())
	}
	want, _, err := Load(t.Context(), os.DirFS(dir), Options{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, want, live.Current())
}

// BenchmarkKept2000 takes 2,000 articles from the file.
func BenchmarkKept2000(b *testing.B) {
	fsys, file := synthetic(2000), filepath.Join(b.TempDir(), "articles")
	keep := &Keep{File: file, Program: "one"}
	if _, _, err := Load(b.Context(), fsys, Options{Keep: keep}); err != nil {
		b.Fatal(err)
	}
	if err := keep.Save(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		lib, _, err := Load(b.Context(), fsys, Options{Keep: keep})
		if err != nil || lib.Len() != 2000 || keep.pending != nil {
			b.Fatal(lib.Len(), err)
		}
	}
}
