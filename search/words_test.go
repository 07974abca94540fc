package search

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// However an index came about, by edits, by edits and a start, or in one go, it
// knows the same words and titles and gives the same answers.
func TestEditedIndex(t *testing.T) {
	ctx := context.Background()
	rnd := rand.New(rand.NewPCG(3, 4))
	dir := t.TempDir()
	files := testFiles()
	names := []string{"fr/vps/rescue.md", "en/vps/rescue.md", "en/web/new.md", "fr/web/new.md", "fr/web/only.md"}
	x := must(Open(Options{Dir: dir}))
	for round := range 30 {
		files = maps.Clone(files)
		for range 1 + rnd.IntN(2) {
			name := names[rnd.IntN(len(names))]
			if rnd.IntN(4) == 0 {
				delete(files, name)
			} else {
				files[name] = page(fmt.Sprintf("Serveur numéro %d", rnd.IntN(5)), fmt.Sprintf("Le serveur mot%d redémarre.\n\n## Titre mot%d\n\nSuite.", rnd.IntN(9), rnd.IntN(9)))
			}
		}
		must(x.Sync(ctx, loadFiles(t, files)))
		if rnd.IntN(5) == 0 {
			if err := x.Close(); err != nil {
				t.Fatal(err)
			}
			x = must(Open(Options{Dir: dir}))
			if _, ok := x.loaded(t); !ok {
				t.Fatalf("round %d: the words on disk are not those of the documents", round)
			}
			must(x.Sync(ctx, loadFiles(t, files)))
		}
		fresh := openTest(t, Options{}, files)
		if d := cmp.Diff(fresh.vocabs, x.vocabs, cmp.AllowUnexported(vword{}), cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("round %d: words (-in one go +edited):\n%s", round, d)
		}
		for _, text := range []string{"serv", "serveur numéro", "mot", "titre mot3", "redemarre mot4", "secours"} {
			if d := cmp.Diff(answers(t, fresh, text), answers(t, x, text)); d != "" {
				t.Fatalf("round %d, %q (-in one go +edited):\n%s", round, text, d)
			}
		}
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
}

// loaded reads the vocabularies that are on disk beside the documents.
func (x *Index) loaded(t *testing.T) (map[string]vocab, bool) {
	t.Helper()
	var c catalogue
	if err := c.read(x.store); err != nil {
		t.Fatal(err)
	}
	w := wordsFile{dir: x.store.dir}
	return w.load(c.fingerprint())
}

// answers are what a text finds and what it completes to.
func answers(t *testing.T, x *Index, text string) map[string]string {
	t.Helper()
	ctx := context.Background()
	out := map[string]string{}
	for _, h := range must(x.Search(ctx, Query{Lang: "fr", Text: text})).Hits {
		out["found "+h.Article.Path] = fmt.Sprintf("%.4f %s %v", h.Score, h.Anchor, h.Excerpt)
	}
	for _, c := range must(x.Complete(ctx, "fr", text, 20)).Articles {
		out["completed "+c.Article.Path] = c.Anchor
	}
	return out
}

// A vocabulary file that a crash cut short is counted anew.
func TestWordsCutShort(t *testing.T) {
	files := testFiles()
	dir := t.TempDir()
	x := must(Open(Options{Dir: dir}))
	must(x.Sync(context.Background(), loadFiles(t, files)))
	files["en/web/ssl.md"] = page("Enable the HTTPS certificate", "Now about quokkas.")
	must(x.Sync(context.Background(), loadFiles(t, files)))
	want := x.vocabs
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	data := must(os.ReadFile(x.words.name()))
	if !bytes.Contains(data, []byte("en\t1\tquokkas\n")) {
		t.Fatalf("the edit is not in the file:\n%s", data)
	}
	for _, n := range []int{0, 1, len(data) / 2, len(data) - 1} {
		if err := os.WriteFile(x.words.name(), data[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		again := openTest(t, Options{Dir: dir}, files)
		if d := cmp.Diff(want, again.vocabs, cmp.AllowUnexported(vword{})); d != "" {
			t.Errorf("%d of %d bytes left (-want +got):\n%s", n, len(data), d)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
