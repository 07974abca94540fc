package deflect_test

import (
	"testing"
	"time"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/store/storetest"
)

func ledger(db *store.DB) *deflect.Ledger {
	return &deflect.Ledger{Store: store.As[deflect.Tx]{DB: db, Cast: func(tx *store.Tx) deflect.Tx { return tx }}, Periods: db}
}

// seen records that articles were found for a visit, and says whether they
// must be held back.
func seen(t *testing.T, l *deflect.Ledger, v deflect.Visit, articles ...string) bool {
	t.Helper()
	held, err := l.Seen(t.Context(), v, articles)
	check(t, err)
	return held
}

func visit(form, visitor string) deflect.Visit {
	return deflect.Visit{FormToken: form, Visitor: visitor, Lang: "fr", Category: "billing", Script: true}
}

// everything is what is known of somebody who wrote before.
var everything = deflect.Traces{Form: true, Visitor: true, Person: true}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// totals counts the attempts of the whole test.
func totals(t *testing.T, db *store.DB) report.CategoryCounts {
	t.Helper()
	counts, err := db.DeflectionCounts(t.Context(), storetest.Start.Add(-time.Hour), storetest.Start.AddDate(1, 0, 0))
	check(t, err)
	var sum report.CategoryCounts
	for _, c := range counts {
		sum = sum.Add(c)
	}
	return sum
}

func TestWroteNeedsThreeCharacters(t *testing.T) {
	for _, c := range []struct {
		subject, body string
		want          bool
	}{
		{"", "", false}, {"ab", "cd", false}, {"  a ", "\n\n\n", false}, {"été", "", true}, {"", "vps", true}, {"a", " éèà ", true},
	} {
		if got := deflect.Wrote(c.subject, c.body); got != c.want {
			t.Errorf("Wrote(%q, %q) = %v", c.subject, c.body, got)
		}
	}
}

// D-30: what an attempt that was left becomes.
func TestSettle(t *testing.T) {
	start := storetest.Start
	left := deflect.Attempt{Script: true, Opened: "a", Dwell: 10 * time.Second, StartedAt: start, ActiveAt: start}
	for _, c := range []struct {
		name  string
		alter func(*deflect.Attempt)
		after time.Duration
		want  deflect.Outcome
		ok    bool
	}{
		{"still there", func(*deflect.Attempt) {}, 30*time.Minute - 1, deflect.Pending, false},
		{"read ten seconds", func(*deflect.Attempt) {}, 30 * time.Minute, deflect.Assumed, true},
		{"read less", func(a *deflect.Attempt) { a.Dwell = 10*time.Second - 1 }, 30 * time.Minute, deflect.Abandoned, true},
		{"opened nothing", func(a *deflect.Attempt) { a.Opened = "" }, time.Hour, deflect.Abandoned, true},
		{"without JavaScript", func(a *deflect.Attempt) { a.Script = false }, time.Hour, deflect.Abandoned, true},
		{"already a ticket", func(a *deflect.Attempt) { a.Outcome = deflect.Ticketed }, time.Hour, deflect.Ticketed, false},
	} {
		a := left
		c.alter(&a)
		got, ok := deflect.Settle(a, start.Add(c.after))
		if got.Outcome != c.want || ok != c.ok {
			t.Errorf("%s: %q, %v; want %q, %v", c.name, got.Outcome, ok, c.want, c.ok)
		}
		if ok && !got.OutcomeAt.Equal(start.Add(30*time.Minute)) {
			t.Errorf("%s: decided at %v, however late it runs it is when the person was gone", c.name, got.OutcomeAt)
		}
	}
}

// D-31: the window is closed at 72 hours, both ends included.
func TestRevocable(t *testing.T) {
	at := storetest.Start
	a := deflect.Attempt{Outcome: deflect.Assumed, OutcomeAt: at}
	for after, want := range map[time.Duration]bool{-1: false, 0: true, 72 * time.Hour: true, 72*time.Hour + 1: false} {
		if got := deflect.Revocable(a, at.Add(after)); got != want {
			t.Errorf("%v after: %v", after, got)
		}
	}
	a.Outcome = deflect.Abandoned
	if deflect.Revocable(a, at) {
		t.Error("an abandoned attempt claims nothing")
	}
}

func TestConfirmedAttemptIsRevokedByATicketWithinThreeDays(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, c *clock.Manual) {
		l := ledger(db)
		seen(t, l, visit("form1", "v1"), "faq/billing")
		check(t, l.Confirm(t.Context(), visit("form1", "v1"), "faq/billing"))
		check(t, l.Confirm(t.Context(), visit("form1", "v1"), "faq/billing")) // again changes nothing
		if got := totals(t, db); got.Attempts != 1 || got.Confirmed != 1 || got.Revoked != 0 {
			t.Fatalf("after the confirmation: %+v", got)
		}
		c.Advance(72 * time.Hour)
		check(t, db.InTx(t.Context(), func(tx *store.Tx) error {
			return deflect.Ticket(tx, visit("form2", "v1"), "ticket2", "person1", everything)
		}))
		got := totals(t, db)
		// The second form is the same visitor within seven days: kept, not counted.
		if got.Attempts != 1 || got.Confirmed != 1 || got.Revoked != 1 || got.Repeats != 1 || got.Tickets != 0 {
			t.Errorf("after the ticket: %+v", got)
		}
	})
}

func TestTicketOnTheSameFormBeatsItsConfirmation(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, _ *clock.Manual) {
		l := ledger(db)
		check(t, l.Confirm(t.Context(), visit("form1", ""), "faq/billing"))
		check(t, db.InTx(t.Context(), func(tx *store.Tx) error { return deflect.Ticket(tx, visit("form1", ""), "t", "p", everything) }))
		if got := totals(t, db); got.Attempts != 1 || got.Tickets != 1 || got.Confirmed != 0 || got.Revoked != 0 {
			t.Errorf("%+v", got)
		}
		if err := l.Confirm(t.Context(), visit("form1", ""), "faq/billing"); !errs.Is(err, errs.Conflict) {
			t.Errorf("confirming after the ticket: %v, want conflict", err)
		}
	})
}

func TestLeftAttemptsSettleOnceAndReviveOnReturn(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, c *clock.Manual) {
		l := ledger(db)
		seen(t, l, visit("read", "v1"), "a")
		check(t, l.Opened(t.Context(), "read", "a"))
		check(t, l.Dwelt(t.Context(), "read", "a", time.Hour)) // claimed at once: not believed
		seen(t, l, visit("left", "v2"))
		c.Advance(15 * time.Second)
		check(t, l.Dwelt(t.Context(), "read", "a", 12*time.Second))
		c.Advance(31 * time.Minute)
		for i, want := range []int{2, 0} {
			if n, err := l.Settle(t.Context(), 100); err != nil || n != want {
				t.Errorf("sweep %d settled %d, %v; want %d", i, n, err, want)
			}
		}
		if got := totals(t, db); got.Assumed != 1 || got.Abandoned != 1 || got.Shown != 1 {
			t.Errorf("%+v", got)
		}
		seen(t, l, visit("left", "v2"))
		if got := totals(t, db); got.Pending != 1 || got.Abandoned != 0 {
			t.Errorf("after coming back: %+v", got)
		}
	})
}

func TestDwellIsNotBelievedBeyondTheVisit(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, c *clock.Manual) {
		l := ledger(db)
		seen(t, l, visit("f", "v"), "a")
		c.Advance(5 * time.Second)
		check(t, l.Dwelt(t.Context(), "f", "a", time.Hour))
		c.Advance(time.Hour)
		if _, err := l.Settle(t.Context(), 10); err != nil {
			t.Fatal(err)
		}
		if got := totals(t, db); got.Assumed != 0 || got.Abandoned != 1 {
			t.Errorf("five seconds passed, an hour was claimed: %+v", got)
		}
	})
}

func TestWilson(t *testing.T) {
	// Reference values computed with R's binom::binom.wilson.
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{{0, 0, 0, 1}, {0, 10, 0, 0.2775}, {10, 10, 0.7225, 1}, {8, 10, 0.4902, 0.9433}, {50, 100, 0.4038, 0.5962}} {
		got := deflect.Wilson(c.k, c.n)
		if diff := got.Low - c.low; diff > 5e-5 || diff < -5e-5 {
			t.Errorf("%d of %d: low %.5f, want %.4f", c.k, c.n, got.Low, c.low)
		}
		if diff := got.High - c.high; diff > 5e-5 || diff < -5e-5 {
			t.Errorf("%d of %d: high %.5f, want %.4f", c.k, c.n, got.High, c.high)
		}
	}
}
