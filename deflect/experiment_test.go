package deflect_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/store/storetest"
)

func experimenter(db *store.DB) *deflect.Experimenter {
	return &deflect.Experimenter{Store: store.As[deflect.ExperimentTx]{DB: db, Cast: func(tx *store.Tx) deflect.ExperimentTx { return tx }}}
}

// unitIn finds a visitor of an arm.
func unitIn(t *testing.T, db *store.DB, arm deflect.Group, from int) string {
	t.Helper()
	p, err := db.CurrentPeriod(t.Context())
	check(t, err)
	for i := from; ; i++ {
		if v := fmt.Sprintf("visitor-%d", i); p.Arm(v) == arm {
			return v
		}
	}
}

// open stores a ticket as the intake does, with the ledger's part of it.
func open(t *testing.T, db *store.DB, c *clock.Manual, v deflect.Visit, email string, tier ticket.Tier, priority ticket.Priority) string {
	t.Helper()
	tk := ticket.Ticket{
		ID: deflect.NewID(), Number: ticket.NewNumber(), AccessHash: deflect.NewID(), Channel: ticket.ByForm, Lang: "fr",
		Urgency: ticket.Low, Impact: ticket.Low, Tier: tier, Priority: priority, State: ticket.New, Subject: "s",
		Visitor: v.Visitor, ReceivedAt: c.Now(), UpdatedAt: c.Now(), Version: 1,
	}
	check(t, db.InTx(t.Context(), func(tx *store.Tx) error {
		p, err := tx.PersonByEmail(intake.Person{ID: deflect.NewID(), Email: email, Lang: "fr"})
		if err != nil {
			return err
		}
		tk.PersonID = p.ID
		if _, err := tx.InsertTicket(tk, v.FormToken); err != nil {
			return err
		}
		return deflect.Ticket(tx, v, tk.ID, p.ID, everything)
	}))
	return tk.ID
}

func judgeAll(t *testing.T, l *deflect.Ledger) int {
	t.Helper()
	n, _, err := l.Judge(t.Context(), time.Time{}, 1000)
	check(t, err)
	return n
}

func findings(t *testing.T, db *store.DB) deflect.Findings {
	t.Helper()
	strata, err := db.Strata(t.Context())
	check(t, err)
	return deflect.Find(strata)
}

func TestPeriodsAreAppendedAndKeepTheirSeed(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, c *clock.Manual) {
		e := experimenter(db)
		check(t, e.Begin(t.Context(), 0.2))
		check(t, e.Begin(t.Context(), 0.5)) // there is a period: nothing changes
		first, err := db.CurrentPeriod(t.Context())
		check(t, err)
		if first.Share != 0.2 || first.Seed == "" || first.Actor != "" {
			t.Errorf("first period: %+v", first)
		}
		c.Advance(time.Hour)
		second, err := e.Change(t.Context(), 0.5, false, "staff1", " sooner ")
		check(t, err)
		if second.Share != 0.5 || second.Seed != first.Seed || second.Actor != "staff1" || second.Reason != "sooner" || !second.From.Equal(c.Now()) {
			t.Errorf("second period: %+v", second)
		}
		if same, err := e.Change(t.Context(), 0.5, false, "staff2", "again"); err != nil || same.ID != second.ID {
			t.Errorf("the same share again: %+v, %v; want the period that is there", same, err)
		}
		c.Advance(time.Hour)
		if third, err := e.Change(t.Context(), 0.5, true, "staff1", "a new draw"); err != nil || third.Seed == first.Seed || third.ID == second.ID {
			t.Errorf("a new draw: %+v, %v", third, err)
		}
		for _, share := range []float64{-0.01, 0.91, math.NaN(), math.Inf(1)} {
			if _, err := e.Change(t.Context(), share, false, "s", "r"); !errs.Is(err, errs.Invalid) {
				t.Errorf("share %v: %v, want invalid", share, err)
			}
		}
		if _, err := e.Change(t.Context(), 0.1, false, "s", "  "); !errs.Is(err, errs.Invalid) {
			t.Errorf("no reason: %v, want invalid", err)
		}
		if strata, err := db.Strata(t.Context()); err != nil || len(strata) != 3 {
			t.Errorf("%d periods, %v; want 3", len(strata), err)
		}
	})
}

func TestHoldoutSeesNothingAndKeepsItsArm(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, c *clock.Manual) {
		l, e := ledger(db), experimenter(db)
		check(t, e.Begin(t.Context(), 0.5))
		held, treated := unitIn(t, db, deflect.Holdout, 0), unitIn(t, db, deflect.Treatment, 0)
		if !seen(t, l, visit("h", held), "a", "b") || seen(t, l, visit("t", treated), "a", "b") {
			t.Error("the hold-out is shown suggestions, or the others are not")
		}
		// Whoever forges what the hold-out cannot do changes nothing.
		check(t, l.Opened(t.Context(), "h", "a"))
		check(t, l.Confirm(t.Context(), visit("h", held), "a"))
		c.Advance(time.Minute)
		_, err := e.Change(t.Context(), 0, false, "s", "off")
		check(t, err)
		if !seen(t, l, visit("h", held), "a", "b") {
			t.Error("an attempt changed its arm half-way")
		}
		if seen(t, l, visit("h2", "fresh"), "a") {
			t.Error("held out at a share of 0")
		}
		for form, want := range map[string][]deflect.EntryKind{"h": {deflect.EntryStarted, deflect.EntryWithheld}, "t": {deflect.EntryStarted, deflect.EntryShown}} {
			var a deflect.Attempt
			check(t, db.InTx(t.Context(), func(tx *store.Tx) (err error) { a, err = tx.AttemptByForm(form); return err }))
			lines, err := db.LedgerOf(t.Context(), a.ID)
			check(t, err)
			var kinds []deflect.EntryKind
			for _, line := range lines {
				kinds = append(kinds, line.Kind)
			}
			if d := cmp.Diff(want, kinds); d != "" {
				t.Error(form, d)
			}
		}
		if got := totals(t, db); got.Attempts != 3 || got.Eligible != 2 || got.Confirmed != 0 || got.Shown != 2 {
			t.Errorf("%+v", got)
		}
	})
}

// D-32, line by line: which attempts the estimate rests on.
func TestJudge(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, c *clock.Manual) {
		l := ledger(db)
		check(t, experimenter(db).Begin(t.Context(), 0.5))
		held := func(i int) string { return unitIn(t, db, deflect.Holdout, i*100) }
		treated := func(i int) string { return unitIn(t, db, deflect.Treatment, i*100) }
		nobody := deflect.Visit{Lang: "fr"} // another channel

		seen(t, l, visit("t1", treated(1)), "a") // no ticket
		seen(t, l, visit("t2", treated(2)), "a") // writes on the same form at once
		seen(t, l, visit("h3", held(3)))         // another form of the same browser, 72 h later
		seen(t, l, visit("h4", held(4)))         // the same, just too late
		open(t, db, c, visit("t5", treated(5)), "known@example.com", ticket.Standard, ticket.P3)
		seen(t, l, visit("t6", treated(6)), "a") // becomes P1
		seen(t, l, visit("h7", held(7)))         // becomes Enterprise
		open(t, db, c, visit("t2", treated(2)), "two@example.com", ticket.Standard, ticket.P3)
		c.Advance(10 * 24 * time.Hour)
		// A visitor known from an earlier ticket writes by e-mail after an attempt.
		seen(t, l, visit("t8", treated(5)), "a")
		c.Advance(time.Hour)
		open(t, db, c, nobody, "known@example.com", ticket.Standard, ticket.P3)
		c.Set(storetest.Start.Add(72 * time.Hour))
		open(t, db, c, visit("h3b", held(3)), "three@example.com", ticket.Standard, ticket.P3)
		c.Advance(time.Millisecond)
		open(t, db, c, visit("h4b", held(4)), "four@example.com", ticket.Standard, ticket.P3)
		c.Set(storetest.Start.Add(time.Hour))
		open(t, db, c, visit("t6", treated(6)), "six@example.com", ticket.Standard, ticket.P1)
		open(t, db, c, visit("h7", held(7)), "seven@example.com", ticket.Enterprise, ticket.P3)

		c.Set(storetest.Start.Add(72 * time.Hour))
		if n := judgeAll(t, l); n != 0 {
			t.Errorf("judged %d at 72 h to the instant: a ticket may still come", n)
		}
		c.Set(storetest.Start.Add(20 * 24 * time.Hour))
		for i, want := range []int{10, 0} {
			if n := judgeAll(t, l); n != want {
				t.Errorf("sweep %d judged %d, want %d", i, n, want)
			}
		}
		f := findings(t, db)
		// Second forms of a browser within seven days (h3b, h4b) are not counted.
		want := deflect.Arms{Treated: 4, TreatedTickets: 3, Held: 2, HeldTickets: 1}
		if f.All != want || f.Excluded != 2 || f.Waiting != 0 {
			t.Errorf("%+v, excluded %d, waiting %d; want %+v, 2, 0", f.All, f.Excluded, f.Waiting, want)
		}
		if !f.Known || f.Estimate.Rate != 1-(3.0/4)/(1.0/2) {
			t.Errorf("estimate %+v, %v", f.Estimate, f.Known)
		}
	})
}

// A ticket that came while the person was still thought to be reading takes
// the assumed deflection back when it is assumed, however late that is.
func TestAssumedIsRevokedByATicketBeforeTheSweep(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, c *clock.Manual) {
		for i, after := range []time.Duration{15 * time.Minute, 45 * time.Minute, 30*time.Minute + 72*time.Hour, 31*time.Minute + 72*time.Hour} {
			c.Set(storetest.Start.Add(time.Duration(i) * 30 * 24 * time.Hour))
			l, v := ledger(db), fmt.Sprintf("v%d", i)
			form := "read-" + v
			seen(t, l, visit(form, v), "a")
			check(t, l.Opened(t.Context(), form, "a"))
			c.Advance(11 * time.Second)
			check(t, l.Dwelt(t.Context(), form, "a", 11*time.Second))
			left := c.Now().Add(deflect.LeaveAfter)
			c.Advance(after)
			open(t, db, c, visit("other-"+v, v), v+"@example.com", ticket.Standard, ticket.P3)
			c.Advance(20 * time.Minute)
			if _, err := l.Settle(t.Context(), 100); err != nil {
				t.Fatal(err)
			}
			var a deflect.Attempt
			check(t, db.InTx(t.Context(), func(tx *store.Tx) (err error) { a, err = tx.AttemptByForm(form); return err }))
			if a.Outcome != deflect.Assumed || !a.OutcomeAt.Equal(left) {
				t.Errorf("%v: %+v", after, a)
			}
			if want := after <= 30*time.Minute+72*time.Hour; want == a.RevokedAt.IsZero() {
				t.Errorf("ticket %v after: revoked at %v, want revoked: %v", after, a.RevokedAt, want)
			}
			// Coming back to the form does not make the ticket undone.
			seen(t, l, visit(form, v), "a")
			check(t, l.Confirm(t.Context(), visit(form, v), "a"))
			before := a.RevokedAt
			check(t, db.InTx(t.Context(), func(tx *store.Tx) (err error) { a, err = tx.AttemptByForm(form); return err }))
			if !before.IsZero() && (a.Outcome != deflect.Assumed || !a.RevokedAt.Equal(before)) {
				t.Errorf("%v, after coming back: %+v", after, a)
			}
		}
	})
}

// An assumed deflection rests on what was suggested, and names the article
// that was read longest.
func TestOnlySuggestedArticlesCount(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, c *clock.Manual) {
		l := ledger(db)
		seen(t, l, visit("f", "v"), "a", "b")
		seen(t, l, visit("f", "v"), "a", "b") // the same again is no new line
		seen(t, l, visit("f", "v"), "b", "c")
		check(t, l.Opened(t.Context(), "f", "never-suggested"))
		c.Advance(time.Minute)
		check(t, l.Dwelt(t.Context(), "f", "never-suggested", time.Minute))
		check(t, l.Dwelt(t.Context(), "f", "a", 20*time.Second))
		check(t, l.Opened(t.Context(), "f", "c"))
		check(t, l.Dwelt(t.Context(), "f", "c", 2*time.Second))
		c.Advance(time.Hour)
		if _, err := l.Settle(t.Context(), 10); err != nil {
			t.Fatal(err)
		}
		var a deflect.Attempt
		check(t, db.InTx(t.Context(), func(tx *store.Tx) (err error) { a, err = tx.AttemptByForm("f"); return err }))
		if a.Outcome != deflect.Assumed || a.Article != "a" || a.Dwell != 20*time.Second {
			t.Errorf("%+v", a)
		}
		lines, err := db.LedgerOf(t.Context(), a.ID)
		check(t, err)
		var got []string
		for _, line := range lines {
			got = append(got, string(line.Kind)+" "+line.Article+line.Data)
		}
		want := []string{"started ", `shown ["a","b"]`, `shown ["b","c"]`, `dwelt a{"ms":20000}`, "opened c", `dwelt c{"ms":2000}`, "assumed a"}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}

func TestOutlooksSayNeverInsteadOfNonsense(t *testing.T) {
	f := deflect.Find(nil)
	if f.Known {
		t.Error("an estimate from nothing")
	}
	a := f.Assume(deflect.AssumedEffect, 0)
	if !a.Guessed || a.Base != deflect.AssumedBase {
		t.Errorf("%+v", a)
	}
	for _, o := range f.Outlooks(a, storetest.Start, 0, 0.2) {
		if o.Ok {
			t.Errorf("%+v: known without an attempt a day", o)
		}
	}
	a.PerDay = 50
	list := f.Outlooks(a, storetest.Start, 0, 0.1, 0.2, 0.5)
	if list[0].Ok || !list[1].Ok || !list[3].Ok || !list[1].At.After(list[2].At) || !list[2].At.After(list[3].At) {
		t.Errorf("a larger share knows sooner, none never: %+v", list)
	}
}
