package ticket_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/sla"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/store"
)

// offer is what a timer does when a breach is noticed.
func (b bench) offer(id string) int {
	b.test.Helper()
	n := 0
	b.ok(b.db.InTx(b.test.Context(), func(tx *store.Tx) error {
		var err error
		n, err = b.svc.OfferCredits(tx, id)
		return err
	}))
	return n
}

func (b bench) credits(id string) []ticket.Credit {
	b.test.Helper()
	all, err := b.db.CreditsOfTicket(b.test.Context(), id)
	b.ok(err)
	return all
}

var customer = ticket.Actor{Kind: ticket.ByCustomer, ID: "p"}

// D-25, D-26: from the breach to the invoice, each step once.
func TestCreditFromBreachToInvoice(t *testing.T) {
	run(t, func(b bench) {
		ctx := b.test.Context()
		b.c.Advance(2 * time.Hour)
		if n := b.offer(b.id); n != 0 {
			b.test.Fatalf("%d credits at the due instant (D-17)", n)
		}
		b.c.Advance(time.Hour)
		if first, second := b.offer(b.id), b.offer(b.id); first != 1 || second != 0 {
			b.test.Fatalf("offered %d, then %d", first, second)
		}
		c := b.credits(b.id)[0]
		if c.Share != 500 || c.Month != "2026-11" || c.Account != "c" || c.Breach.Target != sla.FirstResponse || c.State != ticket.CreditOffered {
			b.test.Errorf("%+v", c)
		}
		var frozen sla.State
		b.ok(json.Unmarshal(c.Evidence, &frozen))
		if !frozen.At.Equal(b.c.Now()) || len(frozen.Breaches()) != 1 {
			b.test.Errorf("evidence %+v", frozen)
		}
		if err := b.svc.ApproveCredit(ctx, c.ID, "s"); !errs.Is(err, errs.Conflict) {
			b.test.Errorf("approved before it was claimed: %v", err)
		}
		if err := b.svc.ClaimCredit(ctx, c.ID, "another", customer); !errs.Is(err, errs.NotFound) {
			b.test.Errorf("claimed from another ticket's page: %v", err)
		}
		b.c.Advance(c.ClaimUntil.Sub(b.c.Now())) // the last instant counts
		b.ok(b.svc.ClaimCredit(ctx, c.ID, b.id, customer))
		if err := b.svc.ClaimCredit(ctx, c.ID, b.id, customer); !errs.Is(err, errs.Conflict) {
			b.test.Errorf("claimed twice: %v", err)
		}
		// Wednesday 23 December + 5 working days, Christmas left out.
		if got := b.credits(b.id)[0]; got.ReviewUntil.Format(time.DateOnly) != "2026-12-31" {
			b.test.Errorf("claimed %s, review until %s", got.ClaimedAt, got.ReviewUntil)
		}
		b.ok(b.svc.ApproveCredit(ctx, c.ID, "s"))
		if err := b.svc.ApproveCredit(ctx, c.ID, "s"); !errs.Is(err, errs.Conflict) {
			b.test.Errorf("applied twice: %v", err)
		}
		if got := b.credits(b.id)[0]; got.State != ticket.CreditApplied || got.Applied != 500 || got.DecidedBy != "s" {
			b.test.Errorf("%+v", got)
		}
		if got := b.jobs(ticket.JobCreditDecided); len(got) != 1 || !strings.Contains(got[0], c.ID) {
			b.test.Errorf("told: %v", got)
		}
		rows, err := b.db.Credits(ctx, ticket.CreditFilter{State: ticket.CreditApplied, Month: "2026-11", Limit: 10})
		if err != nil || len(rows) != 1 || rows[0].Company != "ACME" || rows[0].Number != b.ticket().Number {
			b.test.Errorf("export %+v, %v", rows, err)
		}
		b.rebuilt(b.id)
	})
}

func TestCreditNotClaimedInTimeExpires(t *testing.T) {
	run(t, func(b bench) {
		b.c.Advance(3 * time.Hour)
		b.offer(b.id)
		c := b.credits(b.id)[0]
		b.c.Advance(30*24*time.Hour + time.Millisecond)
		if got := c.StateAt(b.c.Now()); got != ticket.CreditExpired {
			b.test.Errorf("after 30 days: %s", got)
		}
		for _, err := range []error{
			b.svc.ClaimCredit(b.test.Context(), c.ID, b.id, customer),
			b.svc.ExcludeCredit(b.test.Context(), c.ID, "s", "trop tard"),
		} {
			if !errs.Is(err, errs.Conflict) {
				b.test.Errorf("after 30 days: %v", err)
			}
		}
	})
}

// D-16: what a change made late waits for a person.
func TestCreditByReclassificationWaits(t *testing.T) {
	run(t, func(b bench) {
		ctx := b.test.Context()
		b.c.Advance(time.Hour)
		b.ok(b.svc.SetPriority(ctx, b.id, 0, "s", ticket.P1, "production arrêtée"))
		b.c.Advance(time.Second)
		if n := b.offer(b.id); n != 1 {
			b.test.Fatalf("%d credits", n)
		}
		c := b.credits(b.id)[0]
		if c.State != ticket.CreditWaiting || !c.Breach.ByReclassification {
			b.test.Errorf("%+v", c)
		}
		if err := b.svc.ClaimCredit(ctx, c.ID, b.id, customer); !errs.Is(err, errs.Conflict) {
			b.test.Errorf("claimed while it waits: %v", err)
		}
		b.c.Advance(24 * time.Hour)
		b.ok(b.svc.AcceptCredit(ctx, c.ID, "s"))
		if got := b.credits(b.id)[0]; got.State != ticket.CreditOffered || !got.ClaimUntil.Equal(b.c.Now().AddDate(0, 0, 30)) {
			b.test.Errorf("accepted: %+v", got)
		}
	})
}

func TestCreditsRefusedAndExcludedNeedAReason(t *testing.T) {
	run(t, func(b bench) {
		ctx := b.test.Context()
		b.c.Advance(25 * time.Hour) // first response and resolution are late
		if n := b.offer(b.id); n != 2 {
			b.test.Fatalf("%d credits", n)
		}
		first, second := b.credits(b.id)[0], b.credits(b.id)[1]
		b.ok(b.svc.ClaimCredit(ctx, first.ID, b.id, customer))
		for _, err := range []error{b.svc.RefuseCredit(ctx, first.ID, "s", " "), b.svc.ExcludeCredit(ctx, second.ID, "s", "")} {
			if !errs.Is(err, errs.Invalid) {
				b.test.Errorf("without a reason: %v", err)
			}
		}
		b.ok(b.svc.RefuseCredit(ctx, first.ID, "s", "réponse donnée par téléphone"))
		b.ok(b.svc.ExcludeCredit(ctx, second.ID, "s", "force majeure"))
		if got := b.jobs(ticket.JobCreditDecided); len(got) != 1 {
			b.test.Errorf("only who had claimed is told, got %v", got)
		}
		month, err := b.db.CreditsOfMonth(ctx, "c", "2026-11")
		b.ok(err)
		if st := b.svc.StatementOf(month, 0); st.Earned != 0 || st.Applied != 0 || st.Cap != 2500 || len(st.Credits) != 2 {
			b.test.Errorf("%+v", st)
		}
	})
}

// D-25: the month's sum is capped, whoever decides first and at once.
func TestMonthCapHolds(t *testing.T) {
	run(t, func(b bench) {
		ctx := b.test.Context()
		ids := []string{b.id}
		for i := range 3 {
			ids = append(ids, b.another(fmt.Sprintf("%d@acme.example", i), ticket.Medium))
		}
		b.c.Advance(25 * time.Hour)
		var credits []ticket.Credit
		for _, id := range ids {
			b.offer(id)
			credits = append(credits, b.credits(id)...)
		}
		if len(credits) != 8 { // each 5 %: 40 % in all
			b.test.Fatalf("%d credits", len(credits))
		}
		var wg sync.WaitGroup
		for _, c := range credits {
			b.ok(b.svc.ClaimCredit(ctx, c.ID, c.Ticket, customer))
		}
		for _, c := range credits {
			wg.Go(func() {
				if err := b.svc.ApproveCredit(ctx, c.ID, "s"); err != nil {
					b.test.Error(err)
				}
			})
		}
		wg.Wait()
		month, err := b.db.CreditsOfMonth(ctx, "c", "2026-11")
		b.ok(err)
		if st := b.svc.StatementOf(month, 0); st.Applied != 2500 || st.Earned != 2500 {
			b.test.Errorf("applied %d, earned %d", st.Applied, st.Earned)
		}
		if st := b.svc.StatementOf(month, 6000); st.Earned != 4000 || st.Cap != 6000 {
			b.test.Errorf("under a contract's cap of 60 %%: %+v", st)
		}
	})
}

// D-9, D-25: free and standard customers earn nothing.
func TestOnlyTiersWithCreditsEarn(t *testing.T) {
	run(t, func(b bench) {
		b.ok(b.db.InTx(b.test.Context(), func(tx *store.Tx) error {
			return tx.SaveCustomer(intake.Customer{ID: "st", Company: "Petit", MRRCents: 10_000, Lookups: []string{"domain:petit.example"}})
		}))
		for _, email := range []string{"free@nobody.example", "a@petit.example"} {
			id := b.another(email, ticket.High)
			b.c.Advance(30 * 24 * time.Hour)
			if n := b.offer(id); n != 0 {
				b.test.Errorf("%s earns %d credits", email, n)
			}
		}
	})
}
