package search

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// A vocabulary brought up to date is the one counted from nothing.
func TestVocabularyFollows(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	want := map[string]int32{}
	var v vocab
	for range 300 {
		change := map[string]int32{}
		for range 1 + rnd.IntN(8) {
			w := []string{"cle", "clé", "clés", "acces", "accès", "réseau", "reseau"}[rnd.IntN(7)]
			if rnd.IntN(3) == 0 {
				w = fmt.Sprintf("mot%d", rnd.IntN(40))
			}
			by := int32(1 + rnd.IntN(3))
			if rnd.IntN(2) == 0 {
				by = -min(by, want[w]+change[w])
			}
			change[w] += by
		}
		for w, by := range change {
			if want[w] += by; want[w] == 0 {
				delete(want, w)
			}
		}
		v = v.with(change)
		var fresh vocab
		for w, df := range want {
			fresh = append(fresh, newWord(w, fold(w), df))
		}
		slices.SortFunc(fresh, compareWords)
		if d := cmp.Diff(fresh, v, cmp.AllowUnexported(vword{}), cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("after %v (-want +got):\n%s", change, d)
		}
	}
}

// An article edited and edited back leaves nothing behind.
func TestEditsLeaveNoWords(t *testing.T) {
	files := testFiles()
	x := openTest(t, Options{Dir: t.TempDir()}, files)
	before := slices.Clone(x.vocabs["en"])
	was := files["en/web/ssl.md"]
	for range 3 {
		files["en/web/ssl.md"] = page("Enable the HTTPS certificate", "Now about quokkas.")
		for _, f := range []func(){func() {}, func() { files["en/web/ssl.md"] = was }} {
			f()
			if _, err := x.Sync(context.Background(), loadFiles(t, files)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if d := cmp.Diff(before, x.vocabs["en"], cmp.AllowUnexported(vword{})); d != "" {
		t.Errorf("the vocabulary changed (-before +after):\n%s", d)
	}
}
