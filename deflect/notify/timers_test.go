package notify_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/notify"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/store"
)

// team makes one account of each role.
func (d desk) team() {
	d.Helper()
	for _, role := range ticket.Roles {
		s := ticket.Staff{ID: string(role), Email: string(role) + "@vmcloud.example", Name: string(role), Lang: "fr", Role: role, PasswordHash: "x"}
		if err := d.db.InTx(d.Context(), func(tx *store.Tx) error { return tx.InsertStaff(s) }); err != nil {
			d.Fatal(err)
		}
	}
}

// business makes a ticket of a Business customer.
func (d desk) business(token string, impact, urgency ticket.Level) string {
	d.Helper()
	err := d.db.InTx(d.Context(), func(tx *store.Tx) error {
		return tx.SaveCustomer(intake.Customer{ID: "c", Company: "ACME", Contract: ticket.Business, Lookups: []string{"domain:acme.example"}})
	})
	if err != nil {
		d.Fatal(err)
	}
	r, err := d.intake.Submit(d.Context(), intake.Submission{
		Channel: ticket.ByForm, FormToken: token, Lang: "fr", Email: "z@acme.example", Body: "bonjour", Impact: impact, Urgency: urgency,
	})
	if err != nil {
		d.Fatal(err)
	}
	return r.TicketID
}

// pass lets time go by in steps, with timers and jobs running.
func (d desk) pass(total, step time.Duration) {
	for ; total > 0; total -= step {
		d.clock.Advance(step)
		d.settle()
	}
}

// settle does all that is due.
func (d desk) settle() {
	for d.timers.Once(d.Context())+d.runner.Once(d.Context()) > 0 {
	}
}

// told lists the alerts of a ticket, "alert.50 first_response agent,...", in
// the order in which they were made.
func (d desk) told(id string) []string {
	d.Helper()
	rows, err := d.db.Alerts(d.Context(), notify.AlertFilter{TicketID: id, Limit: 100})
	if err != nil {
		d.Fatal(err)
	}
	var all []string
	for _, a := range slices.Backward(rows) {
		var who []string
		for _, t := range a.Told {
			who = append(who, label(t))
		}
		slices.Sort(who)
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s %s", a.Event, a.Target, strings.Join(who, ","))))
	}
	return all
}

// label is who was told: a member of the team, unless mail is stuck, or a
// channel and how it went.
func label(t notify.Telling) string {
	switch {
	case t.Channel != "mail":
		return t.Channel + " " + string(t.State)
	case t.State == notify.Undelivered:
		return t.StaffID + " undelivered"
	}
	return t.StaffID
}

func (d desk) ok(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

func expect(t testing.TB, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("told:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// D-18: half, three quarters, nine tenths and all of a target go up the
// hierarchy, each once; at 90 % the ticket goes up a level.
func TestAlertsGoUpTheHierarchy(t *testing.T) {
	run(t, func(d desk) {
		d.team()
		id := d.business("f", ticket.Medium, ticket.Low) // P3: first response in 2 h
		d.ok(d.ticket.Assign(d.Context(), id, 0, ticket.Actor{Kind: ticket.ByStaff, ID: "agent"}, "agent", ""))
		d.pass(2*time.Hour, 6*time.Minute)
		expect(d, d.told(id), "alert.50 first_response agent", "alert.75 first_response lead", "alert.90 first_response manager")
		d.pass(time.Minute, time.Minute)
		d.pass(time.Hour, 10*time.Minute)
		expect(d, d.told(id), "alert.50 first_response agent", "alert.75 first_response lead", "alert.90 first_response manager", "alert.100 first_response director")
		tk, err := d.db.TicketByID(d.Context(), id)
		d.ok(err)
		if tk.State != ticket.Escalated || tk.Level != ticket.L2 {
			d.Errorf("after 90 %%: %s, level %s", tk.State, tk.Level)
		}
		events, err := d.db.EventsOf(d.Context(), id)
		d.ok(err)
		if n := count(events, ticket.BreachNoted); n != 1 {
			d.Errorf("%d breaches noted", n)
		}
		if diff := rebuilt(d, id); diff != "" {
			d.Error(diff)
		}
	})
}

func count(events []ticket.Event, kind ticket.EventKind) (n int) {
	for _, e := range events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// rebuilt says how a stored ticket differs from what its log says (D-12).
func rebuilt(d desk, id string) string {
	d.Helper()
	stored, err := d.db.TicketByID(d.Context(), id)
	d.ok(err)
	log, err := d.db.EventsOf(d.Context(), id)
	d.ok(err)
	a, err := json.Marshal(stored)
	d.ok(err)
	b, err := json.Marshal(d.ticket.Clocks.Rebuild(stored, log))
	d.ok(err)
	if string(a) != string(b) {
		return fmt.Sprintf("stored  %s\nrebuilt %s", a, b)
	}
	return ""
}

// D-17, D-18: an answer that comes after the promise ran out, and before a
// timer looked, does not hide it: breach and alerts are noted first and told,
// and whoever answered is not told that the ticket has changed.
func TestAnAnswerDoesNotOvertakeItsAlerts(t *testing.T) {
	run(t, func(d desk) {
		d.team()
		id := d.business("f", ticket.Medium, ticket.Low)
		d.settle()
		seen, err := d.db.TicketByID(d.Context(), id)
		d.ok(err)
		d.clock.Advance(2*time.Hour + time.Second)
		d.ok(d.ticket.Reply(d.Context(), id, seen.Version, "agent", "bonjour", ticket.WaitingCustomer))
		log, err := d.db.EventsOf(d.Context(), id)
		d.ok(err)
		reply := slices.IndexFunc(log, func(e ticket.Event) bool { return e.Kind == ticket.StaffReplied })
		if count(log[:reply], ticket.BreachNoted) != 1 || count(log[:reply], ticket.AlertFired) != 4 {
			d.Errorf("before the reply: %+v", log[:reply])
		}
		d.settle()
		expect(d, d.told(id),
			"alert.50 first_response agent", "alert.75 first_response lead", "alert.90 first_response manager", "alert.100 first_response director")
		if diff := rebuilt(d, id); diff != "" {
			d.Error(diff)
		}
	})
}

// D-12: after a policy was taken over, timers reckon every promise anew; under
// the same policy that changes nothing.
func TestWokenTicketsAreReckonedAnew(t *testing.T) {
	run(t, func(d desk) {
		id := d.business("f", ticket.Medium, ticket.Low)
		d.settle()
		before, err := d.db.TicketByID(d.Context(), id)
		d.ok(err)
		n, err := d.db.WakeTickets(d.Context(), d.clock.Now())
		d.ok(err)
		woken, err := d.db.TicketByID(d.Context(), id)
		d.ok(err)
		if n != 1 || !woken.WakeAt.Equal(d.clock.Now()) {
			d.Errorf("%d woken, at %s", n, woken.WakeAt)
		}
		d.settle()
		after, err := d.db.TicketByID(d.Context(), id)
		d.ok(err)
		if !after.WakeAt.Equal(before.WakeAt) || after.Version != before.Version {
			d.Errorf("before %+v, after %+v", before, after)
		}
	})
}

// A process that was down tells late, and still once each.
func TestAlertsAfterAnOutage(t *testing.T) {
	run(t, func(d desk) {
		d.team()
		id := d.business("f", ticket.Medium, ticket.Low)
		d.clock.Advance(5 * time.Hour)
		d.settle()
		d.settle()
		expect(d, d.told(id),
			"alert.50 first_response agent", "alert.75 first_response lead", "alert.90 first_response manager", "alert.100 first_response director")
	})
}

// D-22: outside staffed hours the team is told when the desk opens, and
// on-call for P1 at once.
func TestNightsAreForOnCallOnly(t *testing.T) {
	run(t, func(d desk) {
		d.team()
		d.clock.Set(time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC)) // 23:00 in Paris
		p1 := d.business("p1", ticket.High, ticket.High)
		d.settle()
		expect(d, d.told(p1), "page  lead")
		if n := len(d.to("lead@vmcloud.example")); n != 2 { // the page and the notice of the new ticket
			d.Errorf("%d mails to the lead at night", n)
		}
		p3 := d.business("p3", ticket.Low, ticket.Low)
		d.settle()
		for _, m := range d.mails.sent {
			if m.TicketID == p3 && m.Kind == notify.StaffNotice {
				d.Errorf("told at night: %+v", m)
			}
		}
		opening := time.Date(2026, 11, 24, 7, 0, 0, 0, time.UTC)
		d.clock.Set(opening.Add(-time.Second))
		d.settle()
		before := len(d.to("admin@vmcloud.example"))
		d.clock.Set(opening)
		d.settle()
		if n := len(d.to("admin@vmcloud.example")) - before; n != 1 {
			d.Errorf("%d mails to the admin at the opening", n)
		}
	})
}

// D-22: unverified senders together call once an hour.
func TestStrangersCallOnceAnHour(t *testing.T) {
	run(t, func(d desk) {
		d.team()
		var ids []string
		for i := range 3 {
			ids = append(ids, d.business(fmt.Sprint("f", i), ticket.High, ticket.High))
		}
		d.settle()
		all := append(append(d.told(ids[0]), d.told(ids[1])...), d.told(ids[2])...)
		slices.Sort(all)
		expect(d, all, "page", "page", "page  lead")
		d.clock.Advance(time.Hour + time.Millisecond)
		expect(d, d.told(d.business("later", ticket.High, ticket.High)))
		d.settle()
	})
}

// D-18: whoever is away at 75 % gives the ticket up.
func TestAwayAtThreeQuarters(t *testing.T) {
	run(t, func(d desk) {
		d.team()
		d.ticket.Substitute = func(ticket.Tx, ticket.Ticket) (string, error) { return "lead", nil }
		id := d.business("f", ticket.Medium, ticket.Low)
		d.ok(d.ticket.Assign(d.Context(), id, 0, ticket.Actor{Kind: ticket.ByStaff, ID: "agent"}, "agent", ""))
		d.pass(91*time.Minute, 7*time.Minute)
		tk, err := d.db.TicketByID(d.Context(), id)
		d.ok(err)
		if tk.Assignee != "lead" {
			d.Errorf("owned by %s", tk.Assignee)
		}
	})
}

// An alert does not make the form of whoever answers stale.
func TestAlertsLeaveTheVersionAlone(t *testing.T) {
	run(t, func(d desk) {
		d.team()
		id := d.business("f", ticket.Medium, ticket.Low)
		d.pass(61*time.Minute, 61*time.Minute)
		if len(d.told(id)) != 1 {
			d.Fatalf("%v", d.told(id))
		}
		d.ok(d.ticket.Reply(d.Context(), id, 1, "agent", "bonjour", ""))
	})
}

// kinds lists what a customer was mailed.
func (d desk) kinds(email string) []string {
	var all []string
	for _, m := range d.to(email) {
		all = append(all, string(m.Kind))
	}
	return all
}

// D-21: waiting for the customer.
func TestWaitingIsRemindedAndClosed(t *testing.T) {
	run(t, func(d desk) {
		id := d.business("f", ticket.Low, ticket.Low)
		d.settle()
		d.ok(d.ticket.Reply(d.Context(), id, 0, "agent", "et ?", ticket.WaitingCustomer))
		d.pass(71*time.Hour, time.Hour)
		expect(d, d.kinds("z@acme.example"), "acknowledgement", "answer")
		d.pass(time.Hour, 10*time.Minute)
		expect(d, d.kinds("z@acme.example"), "acknowledgement", "answer", "waiting_reminder")
		d.pass(5*24*time.Hour, time.Hour)
		expect(d, d.kinds("z@acme.example"), "acknowledgement", "answer", "waiting_reminder", "closing")
		tk, err := d.db.TicketByID(d.Context(), id)
		d.ok(err)
		if tk.State != ticket.Closed || tk.Ending != ticket.EndedNoAnswer || !tk.WakeAt.IsZero() {
			d.Errorf("%s %s, wakes %s", tk.State, tk.Ending, tk.WakeAt)
		}
		if diff := rebuilt(d, id); diff != "" {
			d.Error(diff)
		}
	})
}

// D-21: P3 closes after 72 hours of silence, P2 is asked and asked again.
func TestResolvedIsClosed(t *testing.T) {
	run(t, func(d desk) {
		quiet := d.business("p4", ticket.Low, ticket.Low)
		d.settle()
		d.ok(d.ticket.SetState(d.Context(), quiet, 0, "agent", ticket.Resolved, ""))
		d.pass(80*time.Hour, time.Hour)
		expect(d, d.kinds("z@acme.example"), "acknowledgement", "resolved", "closing")
		asked := d.business("p2", ticket.Medium, ticket.Medium)
		d.settle()
		d.ok(d.ticket.SetState(d.Context(), asked, 0, "agent", ticket.Resolved, ""))
		d.pass(8*24*time.Hour, time.Hour)
		expect(d, d.kinds("z@acme.example")[3:], "acknowledgement", "resolution_question", "resolution_reminder", "closing")
		tk, err := d.db.TicketByID(d.Context(), asked)
		d.ok(err)
		if tk.State != ticket.Closed || tk.Ending != ticket.EndedSilence {
			d.Errorf("%s %s", tk.State, tk.Ending)
		}
	})
}

// A ticket whose timer fails waits; the others are not held up by it.
func TestOneBadTicketHoldsUpNobody(t *testing.T) {
	run(t, func(d desk) {
		d.team()
		var ids []string
		for i := range 3 {
			id := d.business(fmt.Sprint("f", i), ticket.Medium, ticket.Low)
			d.ok(d.ticket.Assign(d.Context(), id, 0, ticket.Actor{Kind: ticket.ByStaff, ID: "agent"}, "agent", ""))
			ids = append(ids, id)
		}
		broken := true
		d.ticket.Substitute = func(_ ticket.Tx, t ticket.Ticket) (string, error) {
			if broken && t.ID == ids[1] {
				return "", errors.New("no")
			}
			return "", nil
		}
		d.clock.Advance(91 * time.Minute)
		for range 3 {
			d.settle()
		}
		expect(d, d.told(ids[0]), "alert.50 first_response agent", "alert.75 first_response lead")
		expect(d, d.told(ids[1]))
		expect(d, d.told(ids[2]), "alert.50 first_response agent", "alert.75 first_response lead")
		broken = false
		d.clock.Advance(11 * time.Minute)
		d.settle()
		expect(d, d.told(ids[1]), "alert.50 first_response agent", "alert.75 first_response lead")
	})
}

// Two processes look at the same tickets at once: each thing is done by one.
func TestTwoProcessesAtOnce(t *testing.T) {
	run(t, func(d desk) {
		d.team()
		var ids []string
		for i := range 30 {
			ids = append(ids, d.business(fmt.Sprint("f", i), ticket.Medium, ticket.Low))
		}
		d.clock.Advance(3 * time.Hour)
		var wg sync.WaitGroup
		for range 2 {
			other := &notify.Timers{Store: d.timers.Store, Tickets: d.timers.Tickets, Clock: d.clock, Log: d.timers.Log}
			wg.Go(func() {
				for other.Once(d.Context()) > 0 {
				}
			})
		}
		wg.Wait()
		d.settle()
		for _, id := range ids {
			if got := d.told(id); len(got) != 4 {
				d.Errorf("%s: %v", id, got)
			}
			if diff := rebuilt(d, id); diff != "" {
				d.Error(diff)
			}
		}
	})
}
