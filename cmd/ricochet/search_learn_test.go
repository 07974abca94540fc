package main

import (
	"strings"
	"testing"

	"github.com/vmcloud/ricochet/content"
	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/kb"
	"github.com/vmcloud/ricochet/search"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/store/storetest"
)

// Searches and votes in the database reach completions and the ranking.
func TestTeach(t *testing.T) {
	library, _, err := kb.Load(t.Context(), content.FS, kb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	x, err := search.Open(search.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if _, err := x.Sync(t.Context(), library); err != nil {
		t.Fatal(err)
	}
	c := clock.NewManual(storetest.Start)
	db := storetest.Open(t, store.Options{Dir: t.TempDir(), Clock: c})
	for _, v := range []string{"a", "b", "c"} {
		id := "s" + v
		activity := deflect.Activity{
			Searches: []deflect.Search{{ID: id, At: c.Now(), Lang: "fr", Query: "clé perdue", Results: 2, Visitor: v}},
			Clicks:   []deflect.Click{{Search: id, Article: "products/vps", Position: 1}},
		}
		if err := db.AddActivity(t.Context(), activity); err != nil {
			t.Fatal(err)
		}
		art := library.Articles("fr")[0]
		if err := db.SaveVote(t.Context(), deflect.Vote{Lang: "fr", Article: art.Pair, Revision: art.Revision, Voter: v, Helpful: true}); err != nil {
			t.Fatal(err)
		}
	}
	if err := teach(t.Context(), x, db, library, c); err != nil {
		t.Fatal(err)
	}
	offered, err := x.Complete(t.Context(), "fr", "cle per", 5)
	if err != nil || len(offered.Queries) != 1 || offered.Queries[0] != "clé perdue" {
		t.Errorf("completions %+v, %v", offered, err)
	}
	var out strings.Builder
	art := library.Articles("fr")[0]
	if err := x.Explain(t.Context(), &out, search.Query{Lang: "fr", Text: art.Title}, 1); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "tie-breakers: votes +1.00 %") {
		t.Errorf("the votes are not in the account:\n%s", out.String())
	}
}
