package report

import (
	"math"
	"testing"
)

func TestHelpfulness(t *testing.T) {
	library := []ArticleMeta{
		{Lang: "en", Article: "a/loved", Section: "a", Revision: 2},
		{Lang: "en", Article: "a/once", Section: "a", Revision: 1},
		{Lang: "en", Article: "a/silent", Section: "a", Revision: 1},
		{Lang: "en", Article: "b/silent", Section: "b", Revision: 1},
		{Lang: "fr", Article: "a/loved", Section: "a", Revision: 1},
	}
	votes := []HelpfulCounts{
		{Lang: "en", Article: "a/loved", Revision: 1, No: 50}, // of a text that is gone
		{Lang: "en", Article: "a/loved", Revision: 2, Yes: 79, No: 20},
		{Lang: "en", Article: "a/once", Revision: 1, Yes: 1},
		{Lang: "en", Article: "a/deleted", Revision: 1, No: 9},
	}
	got := Helpfulness(votes, library)
	want := map[ArticleKey]float64{
		{"en", "a/loved"}:  (79 + 10*0.8) / (99 + 10),
		{"en", "a/once"}:   (1 + 10*0.8) / (1 + 10), // one vote is no reason to lead
		{"en", "a/silent"}: 0.8,
		{"en", "b/silent"}: 0.5,
		{"fr", "a/loved"}:  0.5,
	}
	for k, w := range want {
		if math.Abs(got[k]-w) > 1e-9 {
			t.Errorf("%v is %.4f, want %.4f", k, got[k], w)
		}
	}
	if len(got) != len(want) {
		t.Errorf("helpfulness of %d articles, want %d", len(got), len(want))
	}
}
