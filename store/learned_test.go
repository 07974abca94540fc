package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/store/storetest"
)

// What several visitors searched and found is offered to others; what one
// searched, found nothing for, asked again or had masked is not.
func TestSuccessfulQueries(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, c *clock.Manual) {
		n := 0
		search := func(query, visitor string, age time.Duration, clicked, reformulated bool) {
			t.Helper()
			n++
			id := fmt.Sprint(n)
			a := deflect.Activity{Searches: []deflect.Search{{ID: id, At: c.Now().Add(-age), Lang: "fr", Query: query, Results: 3, Visitor: visitor}}}
			if clicked {
				a.Clicks = append(a.Clicks, deflect.Click{Search: id, Article: "products/vps", Position: 1})
			}
			if reformulated {
				a.Reformulated = append(a.Reformulated, id)
			}
			if err := db.AddActivity(t.Context(), a); err != nil {
				t.Fatal(err)
			}
		}
		for _, v := range []string{"a", "b", "c", "d"} {
			search("mot de passe", v, time.Hour, true, false)
			search("jean dupont", "a", time.Hour, true, false)
			search("perdu", v, time.Hour, false, false)
			search("vps lent", v, time.Hour, true, true)
			search("facture [email]", v, time.Hour, true, false)
			search("ancien", v, 100*24*time.Hour, true, false)
			search("sans cookie", "", time.Hour, true, false)
		}
		for _, v := range []string{"a", "b", "c"} {
			search("clé ssh", v, time.Hour, true, false)
		}
		got, err := db.SuccessfulQueries(t.Context(), c.Now().Add(-90*24*time.Hour), 3, 10)
		if err != nil {
			t.Fatal(err)
		}
		want := []report.SearchCount{{Lang: "fr", Query: "mot de passe", N: 4}, {Lang: "fr", Query: "clé ssh", N: 3}}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}
