package notify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/store"
)

// acme makes example.com a Business customer.
func (d desk) acme() {
	d.Helper()
	d.ok(d.db.InTx(d.Context(), func(tx *store.Tx) error {
		return tx.SaveCustomer(intake.Customer{ID: "acme", Company: "ACME", Contract: ticket.Business, Lookups: []string{"domain:example.com"}})
	}))
}

// D-19: whoever asked gets the answer, with the link to their own ticket.
func TestAnswerReachesTheAuthorsOfMergedTickets(t *testing.T) {
	run(t, func(d desk) {
		d.acme()
		mine, colleague, again := d.submit("z@example.com", "1"), d.submit("y@example.com", "2"), d.submit("z@example.com", "3")
		d.ok(d.ticket.Merge(d.Context(), colleague, again, 0, "s", ""))
		d.ok(d.ticket.Merge(d.Context(), again, mine, 0, "s", ""))
		d.work()
		d.mails.sent = nil
		d.ok(d.ticket.Reply(d.Context(), mine, 0, "s", "réparé", ""))
		d.work()
		z, y := d.to("z@example.com"), d.to("y@example.com")
		if len(z) != 1 || z[0].TicketID != mine || len(y) != 1 || y[0].TicketID != colleague {
			d.Fatalf("to the author %+v\nto the colleague %+v", z, y)
		}
		if !strings.Contains(y[0].Body, "réparé") {
			d.Errorf("%+v", y[0])
		}
	})
}

// D-26: the decision about a claimed credit is mailed, once.
func TestDecisionAboutACreditIsMailed(t *testing.T) {
	run(t, func(d desk) {
		d.acme()
		id := d.submit("z@example.com", "1")
		d.work()
		d.mails.sent = nil
		d.clock.Advance(3 * time.Hour)
		d.ok(d.db.InTx(d.Context(), func(tx *store.Tx) error {
			_, err := d.ticket.OfferCredits(tx, id)
			return err
		}))
		credits, err := d.db.CreditsOfTicket(d.Context(), id)
		d.ok(err)
		if len(credits) != 1 {
			d.Fatalf("%+v", credits)
		}
		d.ok(d.ticket.ClaimCredit(d.Context(), credits[0].ID, id, ticket.Actor{Kind: ticket.ByStaff, ID: "s"}))
		d.ok(d.ticket.ApproveCredit(d.Context(), credits[0].ID, "s"))
		payload := `{"credit":"` + credits[0].ID + `"}`
		for range 2 {
			d.ok(d.notifier.CreditDecided(d.Context(), payload))
		}
		d.work()
		if got := d.to("z@example.com"); len(got) != 1 || !strings.Contains(got[0].Subject, "mail.credit_applied") {
			d.Errorf("%+v", got)
		}
	})
}

// D-27: in the last month of the quarter, once, people of companies whose
// address is confirmed and whose ticket was closed in it.
func TestQuestionOfTheQuarter(t *testing.T) {
	run(t, func(d desk) {
		d.acme()
		d.notifier.NPSLink = func(personID string) string { return "signed-" + personID }
		closed, open, stranger, unconfirmed := d.submit("z@example.com", "1"), d.submit("y@example.com", "2"), d.submit("a@b.test", "3"), d.submit("x@example.com", "4")
		for _, id := range []string{closed, open, stranger} {
			_, err := d.ticket.CustomerReply(d.Context(), id, ticket.CustomerMessage{Body: "merci"})
			d.ok(err)
		}
		for _, id := range []string{closed, stranger, unconfirmed} {
			d.ok(d.ticket.SetState(d.Context(), id, 0, "s", ticket.Closed, ""))
		}
		ask := func() int {
			n, err := d.notifier.AskNPS(d.Context(), d.ticket)
			d.ok(err)
			return n
		}
		if n := ask(); n != 0 { // November
			d.Errorf("%d asked in the second month", n)
		}
		for date, want := range map[string]bool{"2026-05-31": false, "2026-06-01": true, "2026-08-31": false, "2026-09-30": true, "2027-01-31": false} {
			noon, err := time.Parse(time.RFC3339, date+"T12:00:00Z")
			d.ok(err)
			if d.ticket.QuarterEnds(noon) != want {
				d.Errorf("%s is in the last month of its quarter: %v", date, !want)
			}
		}
		d.clock.Set(time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC))
		if first, second := ask(), ask(); first != 1 || second != 0 {
			d.Errorf("asked %d, then %d", first, second)
		}
		d.work()
		asked := 0
		for _, m := range d.mails.sent {
			if strings.Contains(m.Subject, "mail.nps") {
				asked++
				if m.Recipient != "z@example.com" || !m.Automatic {
					d.Errorf("%+v", m)
				}
			}
		}
		if asked != 1 {
			d.Errorf("%d mails", asked)
		}
	})
}
