package deflect_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/store/storetest"
)

// table reads all rows of a table, ordered by a column.
func table(t *testing.T, db *store.DB, name, by string) []map[string]any {
	t.Helper()
	dump, err := db.Dump(t.Context())
	check(t, err)
	defer func() { check(t, dump.Close()) }()
	var text bytes.Buffer
	_, err = dump.Write(t.Context(), name, &text)
	check(t, err)
	var rows []map[string]any
	for d := json.NewDecoder(&text); d.More(); {
		var row map[string]any
		check(t, d.Decode(&row))
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b map[string]any) int {
		return bytes.Compare([]byte(fmt.Sprint(a[by])), []byte(fmt.Sprint(b[by])))
	})
	return rows
}

func recorder(db *store.DB, c *clock.Manual) *deflect.Recorder {
	return deflect.NewRecorder(db, c, time.UTC, slog.New(slog.DiscardHandler))
}

// A page read after midnight in the site's zone is read on the new day, as in
// every other figure.
func TestViewsBelongToTheDayOfTheSite(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, c *clock.Manual) {
		paris, err := time.LoadLocation("Europe/Paris")
		check(t, err)
		r := deflect.NewRecorder(db, c, paris, slog.New(slog.DiscardHandler))
		c.Set(time.Date(2026, 11, 21, 23, 30, 0, 0, time.UTC))
		r.View("fr", "faq/a")
		r.Flush(t.Context())
		day, err := db.FirstViewed(t.Context(), "fr", "faq/a")
		check(t, err)
		never, err := db.FirstViewed(t.Context(), "en", "faq/a")
		check(t, err)
		if day != "2026-11-22" || never != "" {
			t.Errorf("first read on %q, in English on %q", day, never)
		}
	})
}

// D-35: what is a search, a click, a reformulation.
func TestSearchLog(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, c *clock.Manual) {
		r := recorder(db, c)
		search := func(visitor, query string, articles ...string) {
			c.Advance(time.Minute)
			r.Search(deflect.Found{Lang: "fr", Query: query, Results: len(articles), Visitor: visitor, Articles: articles})
		}
		search("v", "mot de passe", "a", "b", "c")
		search("v", "mot de passe", "a", "b", "c") // a reload
		r.Search(deflect.Found{Lang: "fr", Query: "mot de passe", Results: 12, Visitor: "v", Offset: 10, Articles: []string{"k", "l"}})
		r.Read("v", "fr", "z", "mot de passe")          // not a result
		r.Read("v", "fr", "b", "another page's search") // not this search
		r.Flush(t.Context())
		r.Read("v", "fr", "l", "mot de passe") // the click, on the second page
		r.Read("v", "fr", "a", "mot de passe") // a second one
		search("v", "facture pdf", "d")        // after an answer, another question
		search("v", "facture introuvable")     // the same in other words
		search("v", "reçu")                    // nothing was opened: again other words
		search("", "facture pdf", "d")         // refuses the cookie
		search("", "facture pdf", "d")         // so does this one
		search("w", "facture pdf", "d")        // somebody else
		c.Advance(deflect.LeaveAfter)
		search("v", "reçu", "e") // a new visit
		r.Search(deflect.Found{Lang: "en", Query: "receipt", Results: 2, Visitor: "w2", Articles: []string{"e", "f"}, Chosen: 2})
		r.Search(deflect.Found{Lang: "en", Query: "receipt", Results: 2, Articles: []string{"e", "f"}, Chosen: 1})
		r.Flush(t.Context())
		r.Flush(t.Context()) // nothing is written twice

		visits := map[any]string{nil: "-"}
		for i, v := range table(t, db, "visits", "id") {
			visits[v["id"]] = fmt.Sprint(i)
		}
		rows := table(t, db, "searches", "id")
		queries := map[any]any{nil: "-"}
		for _, row := range rows {
			queries[row["id"]] = row["query"]
		}
		var got []string
		for _, row := range rows {
			got = append(got, fmt.Sprintf("%v: visit %v, after %v, click %v %v, reformulated %v",
				row["query"], visits[row["visit_id"]], queries[row["previous"]], row["clicked"], row["position"], row["reformulated"]))
		}
		want := []string{
			"mot de passe: visit 0, after -, click l 12, reformulated 0",
			"facture pdf: visit 0, after -, click  0, reformulated 1",
			"facture introuvable: visit 0, after facture pdf, click  0, reformulated 1",
			"reçu: visit 0, after facture introuvable, click  0, reformulated 0",
			"facture pdf: visit -, after -, click  0, reformulated 0",
			"facture pdf: visit -, after -, click  0, reformulated 0",
			"facture pdf: visit 1, after -, click  0, reformulated 0",
			"reçu: visit 2, after -, click  0, reformulated 0",
			"receipt: visit 3, after -, click f 2, reformulated 0",
			"receipt: visit -, after -, click e 1, reformulated 0",
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		first := table(t, db, "visits", "id")[0]
		if fmt.Sprint(first["searches"], first["articles"], first["active_at"].(float64)-first["started_at"].(float64)) != "4 4 240000" {
			t.Errorf("first visit: %v", first)
		}
		if reads := table(t, db, "reads", "article"); len(reads) != 4 || reads[0]["article"] != "a" {
			t.Errorf("reads: %v", reads)
		}
	})
}

// A database that is away for a while loses nothing, and nothing is doubled.
func TestRecorderKeepsWhatCouldNotBeWritten(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, c *clock.Manual) {
		r := recorder(db, c)
		for i := range 600 {
			r.Search(deflect.Found{Lang: "fr", Query: fmt.Sprint("q", i), Results: 1, Visitor: fmt.Sprint("v", i), Articles: []string{"a"}})
			r.Read(fmt.Sprint("v", i), "fr", "a", fmt.Sprint("q", i))
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel() // every write under it fails
		for range 3 {
			r.Flush(gone)
		}
		r.Flush(t.Context())
		for name, want := range map[string]int{"searches": 600, "visits": 600, "reads": 600} {
			if got := len(table(t, db, name, "id")); got != want {
				t.Errorf("%d %s, want %d", got, name, want)
			}
		}
		for _, row := range table(t, db, "searches", "id") {
			if row["clicked"] != "a" || row["position"].(float64) != 1 {
				t.Fatalf("a click is lost: %v", row)
			}
		}
	})
}

// Recording may cost a request 100 microseconds; it costs about one.
func TestRecordingIsCheap(t *testing.T) {
	if got := testing.Benchmark(BenchmarkRecorder); time.Duration(got.NsPerOp()) > 100*time.Microsecond {
		t.Errorf("a search, a view and a read cost %v", got)
	}
}

func BenchmarkRecorder(b *testing.B) {
	r := deflect.NewRecorder(nil, clock.System{}, time.UTC, slog.New(slog.DiscardHandler))
	articles := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}
	visitors := make([]string, 10_000)
	for i := range visitors {
		visitors[i] = fmt.Sprint("visitor-", i)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		v := visitors[i%len(visitors)]
		r.Search(deflect.Found{Lang: "fr", Query: articles[i%10], Results: 10, Visitor: v, Articles: articles})
		r.View("fr", "a")
		r.Read(v, "fr", "a", articles[i%10])
		i++
	}
}
