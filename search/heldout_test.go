package search

import (
	"context"
	"io/fs"
	"regexp"
	"testing"
	"testing/fstest"

	"github.com/vmcloud/ricochet/content"
	"github.com/vmcloud/ricochet/kb"
)

// questionList is the list of questions in an article's front matter.
var questionList = regexp.MustCompile(`(?m)^questions:\n(?:[ \t]+-.*\n)+`)

// heldOut asks the questions of content/ of an index that has not seen them:
// titles and bodies alone must answer. They were written by the articles'
// authors, not for the ranking.
func heldOut(t testing.TB) []Judged {
	x, qs := heldIndex(t)
	var run []RunLine
	for _, q := range qs {
		line, err := x.RunQuery(context.Background(), q, false)
		if err != nil {
			t.Fatal(err)
		}
		run = append(run, line)
	}
	return Judge(qs, run)
}

// heldIndex is content/ without its questions, and the questions.
func heldIndex(t testing.TB) (*Index, []Labelled) {
	t.Helper()
	bare := fstest.MapFS{}
	err := fs.WalkDir(content.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(content.FS, path)
		bare[path] = &fstest.MapFile{Data: questionList.ReplaceAll(data, nil), Mode: 0o444}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	full, _, err := kb.Load(ctx, content.FS, kb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	lib, _, err := kb.Load(ctx, bare, kb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	x := must(Open(Options{}))
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := x.Sync(ctx, lib); err != nil {
		t.Fatal(err)
	}
	var qs []Labelled
	for _, lang := range full.Langs() {
		for _, art := range full.Articles(lang) {
			for _, text := range art.Questions {
				qs = append(qs, Labelled{ID: lang + " " + text, Lang: lang, Query: text, Relevant: map[string]int{art.ID: 3}, Family: "heldout"})
			}
		}
	}
	return x, qs
}

// TestHeldOut holds the ranking to questions it was not made on.
func TestHeldOut(t *testing.T) {
	judged := heldOut(t)
	for _, lang := range []string{"fr", "en"} {
		var own []Judged
		for _, j := range judged {
			if j.Lang == lang {
				own = append(own, j)
			}
		}
		m := Summarise(own)
		t.Logf("%s: %d questions, nDCG@10 %.3f, success@1 %.3f, success@3 %.3f", lang, m.N, m.NDCG, m.Success1, m.Success3)
		if m.N < 100 || m.NDCG < 0.88 || m.Success3 < 0.93 {
			t.Errorf("%s: below nDCG@10 .88 or success@3 .93: %+v", lang, m)
		}
	}
}
