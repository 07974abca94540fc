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

// A day or a month says when, not what: it must not make a question look like
// one that no article answers.
func TestADateDoesNotSilenceASuggestion(t *testing.T) {
	x, _ := contentIndex(t)
	for _, m := range []Message{
		{Lang: "en", Subject: "Where can I download the October invoice?"},
		{Lang: "en", Subject: "I need the invoice of March"},
		{Lang: "fr", Subject: "Où puis-je télécharger la facture d'octobre ?"},
		{Lang: "fr", Subject: "Il me faut la facture de février"},
	} {
		got, err := x.Suggest(context.Background(), m, 3)
		if err != nil || len(got) == 0 || got[0].Article.Pair != "faq/billing" {
			t.Errorf("%q: %d suggestions, the first not faq/billing (%v)", m.Subject, len(got), err)
		}
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
