package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/demo"
	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/store/storetest"
)

// What is taken in bit by bit is what a rebuild makes of everything.
func TestRollupsAsRebuilt(t *testing.T) {
	y := demoYear(t, 60, 0.2)
	storetest.Run(t, func(t *testing.T, db *store.DB, c *clock.Manual) {
		if err := db.FillDemo(t.Context(), y); err != nil {
			t.Fatal(err)
		}
		r := newRoller(t, db, c)
		run := func() {
			t.Helper()
			for {
				more, err := r.Run(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if !more {
					return
				}
			}
		}
		run()
		before := sums(t, db)
		same := func(what string) {
			t.Helper()
			run()
			got := sums(t, db)
			if cmp.Equal(before, got) {
				t.Fatalf("%s: nothing changed, so this shows nothing", what)
			}
			if err := r.Rebuild(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			before = sums(t, db)
			if diff := cmp.Diff(before, got); diff != "" {
				t.Errorf("%s (-rebuilt +incremental):\n%s", what, diff)
			}
		}

		c.Advance(20 * time.Minute)
		site(t, db, c)
		same("a visit, a search, a vote, an attempt")

		c.Advance(26 * time.Hour)
		open := slices.IndexFunc(y.Tickets, func(tk *demo.Ticket) bool { return tk.State != ticket.Closed })
		answer(t, db, y.Tickets[open].ID)
		same("work on a ticket of another day")

		// Promises run out by themselves.
		c.Advance(9 * 24 * time.Hour)
		ledger := &deflect.Ledger{Store: store.As[deflect.Tx]{DB: db, Cast: func(tx *store.Tx) deflect.Tx { return tx }}, Periods: db}
		if _, err := ledger.Settle(t.Context(), 100); err != nil {
			t.Fatal(err)
		}
		same("time alone")

		r.Zone = time.UTC
		same("another time zone")
	})
}

// site is what a reader does, recorded as the site does it.
func site(t *testing.T, db *store.DB, c *clock.Manual) {
	t.Helper()
	now := c.Now()
	visit := deflect.VisitRow{ID: deflect.NewID(), Visitor: "reader", Lang: "fr", StartedAt: now, ActiveAt: now, Searches: 1, Articles: 1}
	search := deflect.Search{ID: deflect.NewID(), At: now, Lang: "fr", Query: "facture", Results: 4, Visitor: "reader", Visit: visit.ID}
	err := db.AddActivity(t.Context(), deflect.Activity{
		Visits: []deflect.VisitRow{visit}, Searches: []deflect.Search{search},
		Reads:  []deflect.Read{{Visit: visit.ID, Lang: "fr", Article: "faq/billing", At: now}},
		Clicks: []deflect.Click{{Search: search.ID, Article: "faq/billing", Position: 2}},
	})
	if err != nil {
		t.Fatal(err)
	}
	vote := deflect.Vote{Lang: "fr", Article: "faq/billing", Revision: 1, Voter: "reader", Helpful: true}
	if err := db.SaveVote(t.Context(), vote); err != nil {
		t.Fatal(err)
	}
	ledger := &deflect.Ledger{Store: store.As[deflect.Tx]{DB: db, Cast: func(tx *store.Tx) deflect.Tx { return tx }}, Periods: db}
	form := deflect.Visit{FormToken: "form", Visitor: "reader", Lang: "fr", Category: "billing", Script: true}
	if _, err := ledger.Seen(t.Context(), form, []string{"faq/billing"}); err != nil {
		t.Fatal(err)
	}
}

// answer replies to a ticket and resolves it, or reopens it when it is solved.
func answer(t *testing.T, db *store.DB, id string) {
	t.Helper()
	s := &ticket.Service{Store: store.As[ticket.Tx]{DB: db, Cast: func(tx *store.Tx) ticket.Tx { return tx }}, Clocks: ticket.Clocks{Book: defaultPolicy(t).Book}}
	tk, err := db.TicketByID(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if tk.State == ticket.Resolved {
		if err := s.SetState(t.Context(), id, 0, "somebody", ticket.Reopened, ""); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err := s.Reply(t.Context(), id, 0, "somebody", "Voici la réponse.", ticket.Resolved); err != nil {
		t.Fatal(err)
	}
}

// A demo year leaves nothing behind when it is removed, and is the same again
// from the same seed.
func TestDemoComesAndGoes(t *testing.T) {
	y, again := demoYear(t, 40, 0.1), demoYear(t, 40, 0.1)
	if diff := cmp.Diff(y.Ledger, again.Ledger); diff != "" {
		t.Errorf("the same seed made another year:\n%s", diff)
	}
	for i, tk := range y.Tickets {
		if diff := cmp.Diff(tk.Ticket, again.Tickets[i].Ticket); diff != "" {
			t.Fatalf("the same seed made another ticket:\n%s", diff)
		}
		clocks := ticket.Clocks{Book: defaultPolicy(t).Book}
		if diff := cmp.Diff(tk.Ticket, clocks.Rebuild(tk.Ticket, tk.Log)); diff != "" {
			t.Fatalf("ticket %s is not what its log says (-stored +rebuilt):\n%s", tk.Number, diff)
		}
	}
	storetest.Run(t, func(t *testing.T, db *store.DB, c *clock.Manual) {
		d, err := db.Dump(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		names := d.Tables()
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		size := map[string]int{}
		for _, name := range names {
			size[name] = len(table(t, db, name))
		}
		if err := db.FillDemo(t.Context(), y); err != nil {
			t.Fatal(err)
		}
		if err := db.FillDemo(t.Context(), y); err == nil {
			t.Error("a second demo year was stored over the first")
		}
		stored := table(t, db, "tickets")
		if len(stored) != len(y.Tickets) {
			t.Errorf("%d tickets stored of %d", len(stored), len(y.Tickets))
		}
		for _, tk := range y.Tickets {
			got, err := db.TicketByID(t.Context(), tk.ID)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tk.Ticket, got); diff != "" {
				t.Fatalf("ticket %s came back otherwise:\n%s", tk.Number, diff)
			}
		}
		if err := newRoller(t, db, c).Rebuild(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if _, err := db.RemoveDemo(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := newRoller(t, db, c).Rebuild(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if n := len(table(t, db, name)); n != size[name] && name != "rollup_state" {
				t.Errorf("%s has %d rows after the demo, %d before it", name, n, size[name])
			}
		}
	})
}

// Reports of a period without anything are zero, and wrong periods are named.
func TestPeriods(t *testing.T) {
	for _, bad := range [][2]string{{"2026-02-30", "2026-03-01"}, {"", ""}, {"2026-03-02", "2026-03-01"}, {"2001-01-01", "2026-01-01"}} {
		if p, err := report.NewPeriod(bad[0], bad[1], paris); err == nil {
			t.Errorf("%v: accepted as %v", bad, p)
		}
	}
	p, err := report.NewPeriod("2026-03-29", "2026-03-29", paris)
	if err != nil {
		t.Fatal(err)
	}
	if d := p.End().Sub(p.Start()); d != 23*time.Hour {
		t.Errorf("the day on which the clocks go forward has %s", d)
	}
}

// Figures outlive what they were made of (D-36): after the purge and after a
// person was erased, sums made anew are those that stood there, but for the
// texts of searches, which are forgotten in both.
func TestRollupsOutliveWhatIsPurged(t *testing.T) {
	y := demoYear(t, 90, 0.3)
	storetest.Run(t, func(t *testing.T, db *store.DB, c *clock.Manual) {
		if err := db.FillDemo(t.Context(), y); err != nil {
			t.Fatal(err)
		}
		r := newRoller(t, db, c)
		rebuilt := func() []string {
			t.Helper()
			if err := r.Rebuild(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			return sums(t, db)
		}
		without := func(lines []string) []string {
			return slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return strings.HasPrefix(line, "rollup_quer") })
		}
		before := rebuilt()

		var email string
		for _, p := range y.Persons { // somebody whose searches are known
			if h, err := db.Holding(t.Context(), p.Email); err == nil && len(h.Open) == 0 && slices.ContainsFunc(h.Tables, func(x deflect.PersonRows) bool { return x.Table == "searches" }) {
				email = p.Email
				if err := db.InTx(t.Context(), func(tx *store.Tx) error { return tx.ErasePerson(h.PersonID, p.Email) }); err != nil {
					t.Fatal(err)
				}
				break
			}
		}
		if email == "" {
			t.Fatal("nobody in the demo year searched and has only closed tickets")
		}
		run := func() []string {
			t.Helper()
			if _, err := r.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			return sums(t, db)
		}
		erased := run()
		if slices.Equal(erased, before) {
			t.Error("an erased person's searches are still in the sums")
		}
		again := rebuilt()
		facts := func(line string) bool { return strings.HasPrefix(line, "ticket_facts") } // the ticket's version rose
		if diff := cmp.Diff(slices.DeleteFunc(erased, facts), slices.DeleteFunc(slices.Clone(again), facts)); diff != "" {
			t.Errorf("after an erasure (-stored +rebuilt):\n%s", diff)
		}
		if diff := cmp.Diff(slices.DeleteFunc(without(before), facts), slices.DeleteFunc(without(again), facts)); diff != "" {
			t.Errorf("the erasure changed figures:\n%s", diff)
		}

		// Half of the year is older than a month now, and forgotten in the middle
		// of a month.
		c.Set(storetest.Start.AddDate(0, 0, 5))
		again = without(run())
		keeps := &deflect.Retention{Store: db, Months: 1, Zone: paris}
		if did, err := keeps.Sweep(t.Context(), c.Now()); err != nil || !did {
			t.Fatalf("purge: %v %v", did, err)
		}
		purged := sums(t, db)
		if diff := cmp.Diff(again, without(purged)); diff != "" {
			t.Errorf("the purge changed figures:\n%s", diff)
		}
		if len(purged)-len(again) >= len(before)-len(without(before)) {
			t.Error("no searched text was forgotten")
		}
		for _, v := range table(t, db, "visits") {
			if v["started_at"].(int64) < c.Now().AddDate(0, -1, -1).UnixMilli() && v["visitor"] != nil {
				t.Fatalf("a visitor was not forgotten: %v", v)
			}
		}
		if diff := cmp.Diff(purged, rebuilt()); diff != "" {
			t.Errorf("after the purge (-stored +rebuilt):\n%s", diff)
		}
	})
}
