package search

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vmcloud/ricochet/content"
	"github.com/vmcloud/ricochet/kb"
)

var update = flag.Bool("update", false, "write the golden files anew")

func contentIndex(t *testing.T) (*Index, *kb.Library) {
	t.Helper()
	lib, _, err := kb.Load(context.Background(), content.FS, kb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	x := must(Open(Options{}))
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := x.Sync(context.Background(), lib); err != nil {
		t.Fatal(err)
	}
	return x, lib
}

// Every article of content/ is among the first three for each question it
// promises to answer.
func TestSelftest(t *testing.T) {
	x, lib := contentIndex(t)
	asked, failures, err := x.Selftest(context.Background(), lib)
	if err != nil {
		t.Fatal(err)
	}
	if asked == 0 {
		t.Error("no article has questions")
	}
	for _, f := range failures {
		t.Error(f)
	}
}

// The first three for every question are checked in, so that a change of
// relevance is a reviewable diff: go test ./search -run Golden -update.
func TestGoldenRanking(t *testing.T) {
	x, lib := contentIndex(t)
	var b strings.Builder
	for _, lang := range lib.Langs() {
		for _, art := range lib.Articles(lang) {
			for _, q := range art.Questions {
				res, err := x.Search(context.Background(), Query{Lang: lang, Text: q, Limit: 3})
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&b, "%s %s\n", lang, q)
				for _, h := range res.Hits {
					fmt.Fprintf(&b, "  %s #%s\n", h.Article.ID, h.Anchor)
				}
			}
		}
	}
	const golden = "testdata/golden.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), b.String()); d != "" {
		t.Errorf("the ranking changed; if it is better, run go test ./search -run Golden -update (-want +got):\n%s", d)
	}
}
