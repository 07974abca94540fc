package gaps

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestPurityAndPairF1(t *testing.T) {
	// The 17 objects in three clusters of Introduction to Information
	// Retrieval, figure 16.4: purity 0.71, TP 20, FP 20, FN 24.
	clusters := []int{1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3}
	labels := []string{"x", "x", "x", "x", "x", "o", "x", "o", "o", "o", "o", "d", "x", "x", "d", "d", "d"}
	if p := purity(clusters, labels); math.Abs(p-12.0/17) > 1e-9 {
		t.Errorf("purity %v", p)
	}
	if f := pairF1(clusters, labels); math.Abs(f-2*20/(2*20+20+24.0)) > 1e-9 {
		t.Errorf("pair F1 %v", f)
	}
	if purity(nil, nil) != 0 || pairF1(nil, nil) != 0 {
		t.Error("nothing clusters to something")
	}
}

// words is a meaning for tests: the letters of a text.
type words struct{}

func (words) Meaning(_ context.Context, _, text string) (map[string]float64, error) {
	m := map[string]float64{}
	for _, r := range text {
		if r != ' ' {
			m["w:"+string(r)] = 1
		}
	}
	return m, nil
}

func TestGapsAreRankedByTheTicketsTheyCost(t *testing.T) {
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	rates := Rates{PerSearch: 0.1, Avoided: map[string]float64{"billing": 0.8, "": 0.5}}
	got, err := Find(t.Context(), words{}, []Text{
		{Source: Search, Lang: "fr", Text: "ab", Count: 100, At: day},
		{Source: Search, Lang: "en", Text: "AB ", At: day},
		{Source: Ticket, Lang: "fr", Text: "ab b", ID: "t1", Category: "billing", At: day},
		{Source: Ticket, Lang: "fr", Text: "xyz", ID: "t2", Category: "billing", At: day},
		{Source: Ticket, Lang: "fr", Text: "xyz", ID: "t3", Category: "billing", At: day},
		{Source: Comment, Lang: "fr", Text: "xyz y", At: day},
		{Source: Search, Lang: "fr", Text: "q", At: day},
		{Source: Search, Lang: "fr", Text: "  ", Count: 50, At: day},
	}, rates)
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		Title                       string
		Searches, Comments, Tickets int
		Category                    string
		Expected                    float64
	}
	var rows []row
	for _, g := range got {
		rows = append(rows, row{g.Title(), g.Searches, g.Comments, g.Tickets, g.Category, math.Round(g.Expected*100) / 100})
	}
	want := []row{
		{"ab", 100, 0, 1, "billing", 8},  // 100 failed searches, a tenth of which wrote; 80 % of those avoided
		{"xyz", 0, 1, 2, "billing", 1.6}, // 2 tickets, 80 % of them
	}
	// "AB " means nothing that "ab" means to this test's letters, and is written once.
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestClusteringKeepsEveryTextOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.SliceOfN(rapid.MapOf(rapid.SampledFrom([]string{"w:a", "w:b", "w:c", "c:d", "a:e"}), rapid.Float64Range(0.1, 1)), 0, 20).Draw(t, "meanings")
		vs := vectors(ms)
		at := rapid.Float64Range(0.05, 0.9).Draw(t, "threshold")
		seen := map[int]bool{}
		for _, members := range agglomerate(vs, at) {
			for _, i := range members {
				if seen[i] {
					t.Fatalf("text %d stands in two clusters", i)
				}
				seen[i] = true
			}
		}
		if len(seen) != len(ms) {
			t.Fatalf("%d texts in clusters, %d given", len(seen), len(ms))
		}
		for _, v := range vs {
			if s := dot(v, v); len(v.keys) > 0 && math.Abs(s-1) > 1e-9 {
				t.Fatalf("a vector of length %v", s)
			}
		}
	})
}

func TestWrittenFindsTheQuestionAgain(t *testing.T) {
	q := []Text{{Lang: "fr", Text: "abc"}, {Lang: "fr", Text: "abd"}}
	same, err := Written(t.Context(), words{}, q, []Text{{Text: "abcd"}, {Text: "xyz"}, {Text: ""}})
	if err != nil || len(same) != 1 || same[0].Text != "abcd" {
		t.Errorf("%+v, %v", same, err)
	}
	if same, err = Written(t.Context(), words{}, nil, q); err != nil || same != nil {
		t.Errorf("without questions %+v, %v", same, err)
	}
}
