package ticket_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/vmcloud/ricochet/deflect/sla"
	"github.com/vmcloud/ricochet/deflect/ticket"
)

func replied(at time.Time) ticket.Event {
	return ticket.Event{At: at, Kind: ticket.StaffReplied, Actor: ticket.Actor{Kind: ticket.ByStaff, ID: "s"}}
}

// D-14, D-17: a pause that begins in the very instant of closing comes too
// late for a promise that runs out then: it is broken while the clock stands,
// and a timer looks at it.
func TestAPauseAtClosingDoesNotHideABreach(t *testing.T) {
	c := shippedClocks(t)
	due := time.Date(2026, 11, 23, 17, 0, 0, 0, time.UTC) // Monday 18:00 in Paris: four hours after the reply
	log := history(ticket.Standard, ticket.P2, replied(due.Add(-4*time.Hour)))
	log = note(c, log, due)
	log = append(log, moved(due, ticket.Open, ticket.WaitingCustomer))
	known := due.Add(time.Millisecond)
	actions, wake := c.Timers(log, due)
	if !wake.Equal(known) || len(actions) > 0 {
		t.Errorf("wakes at %s for %+v, want %s", wake, actions, known)
	}
	actions, _ = c.Timers(log, known)
	if len(actions) != 1 || actions[0].Kind != ticket.ActBreach || actions[0].Target != "periodic_update" || !actions[0].At.Equal(due) {
		t.Errorf("just after due: %+v", actions)
	}
}

// D-10, D-14: answered on Monday at 20:00, a P3 of Standard is to hear again
// by the end of Tuesday, which is Wednesday's opening. Waiting for the
// customer since Tuesday 19:00, it is not late on Wednesday at nine.
func TestAPauseInTheNightStopsAPromiseInDays(t *testing.T) {
	c := shippedClocks(t)
	opening := time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)
	log := history(ticket.Standard, ticket.P3, replied(opening.Add(-37*time.Hour)))
	log = note(c, log, opening.Add(-14*time.Hour))
	log = append(log, moved(opening.Add(-14*time.Hour), ticket.Open, ticket.WaitingCustomer))
	if actions, _ := c.Timers(log, opening.Add(time.Hour)); len(actions) > 0 {
		t.Errorf("while it waits: %+v", actions)
	}
}

// note records what the clocks have come to before an instant, as the service
// does before an event of that instant.
func note(c ticket.Clocks, log []ticket.Event, at time.Time) []ticket.Event {
	due, _ := c.Timers(log, at)
	for _, a := range due {
		if a.Kind == ticket.ActAlert || a.Kind == ticket.ActBreach {
			log = append(log, recorded(a, at, log))
		}
	}
	return log
}

// recorded is the event that keeps an action from being done again.
func recorded(a ticket.Action, at time.Time, log []ticket.Event) ticket.Event {
	e := ticket.Event{At: at, Actor: ticket.Actor{Kind: ticket.BySystem}, Seq: int64(len(log)) + 1}
	switch a.Kind {
	case ticket.ActAlert:
		e.Kind, e.Data = ticket.AlertFired, ticket.EventData{Target: a.Target, Cycle: a.Cycle, Percent: a.Percent}
	case ticket.ActBreach:
		e.Kind, e.Data = ticket.BreachNoted, ticket.EventData{Target: a.Target, Cycle: a.Cycle}
	case ticket.ActTell:
		e.Kind, e.Data = ticket.CustomerTold, ticket.EventData{MailKind: string(a.Notice)}
	case ticket.ActPage:
		e.Kind = ticket.Paged
	case ticket.ActEscalate:
		e.Kind, e.Data = ticket.EscalationDue, ticket.EventData{To: a.Level}
	case ticket.ActClose:
		e.Kind, e.Data = ticket.StateChanged, ticket.EventData{To: string(ticket.Closed)}
	}
	return e
}

// promise is an alert or a breach of a ticket.
type promise struct {
	kind    ticket.EventKind
	target  string
	cycle   int
	percent int
}

// found is what the engine finds in a whole log.
func found(c ticket.Clocks, log []ticket.Event, at time.Time) map[promise]time.Time {
	all := map[promise]time.Time{}
	for _, cy := range sla.Evaluate(ticket.SLALog(log), c.Book, at).Cycles {
		if cy.Breach != nil {
			all[promise{ticket.BreachNoted, string(cy.Target), cy.Number, 0}] = cy.Breach.NoticedAt
		}
		for _, a := range cy.Alerts {
			if !a.FiredAt.IsZero() {
				all[promise{ticket.AlertFired, string(cy.Target), cy.Number, a.Percent}] = a.FiredAt
			}
		}
	}
	return all
}

// D-12, D-17, D-18: whatever happens to a ticket and whenever timers run, what
// they note is what the engine finds in the whole log afterwards, each thing
// once. Timers that are never late note each a millisecond after its instant.
func TestTimersNoteWhatTheEngineFinds(t *testing.T) {
	c := shippedClocks(t)
	rapid.Check(t, func(t *rapid.T) {
		punctual := rapid.Bool().Draw(t, "punctual")
		l := life{t: t, clocks: c, now: monday.Add(time.Duration(rapid.IntRange(0, 7*1440).Draw(t, "start")) * time.Minute), state: ticket.New}
		l.log = []ticket.Event{{At: l.now, Kind: ticket.Created, Seq: 1, Actor: ticket.Actor{Kind: ticket.ByCustomer}, Data: ticket.EventData{
			Tier: rapid.SampledFrom(ticket.Tiers).Draw(t, "tier"), Priority: rapid.SampledFrom(ticket.Priorities).Draw(t, "priority"),
		}}}
		for range rapid.IntRange(0, 12).Draw(t, "events") {
			l.pass(l.gap(), punctual)
			l.happen()
		}
		l.pass(30*24*time.Hour, punctual)
		l.compare(punctual)
	})
}

// life is a ticket with its timers.
type life struct {
	t      *rapid.T
	clocks ticket.Clocks
	log    []ticket.Event
	state  ticket.State
	now    time.Time
}

// gap is the time to the next event; often exactly until a timer is due.
func (l *life) gap() time.Duration {
	if _, wake := l.clocks.Timers(l.log, l.now); wake.After(l.now) && rapid.IntRange(0, 3).Draw(l.t, "at a wake") == 0 {
		return wake.Sub(l.now) + time.Duration(rapid.IntRange(-2, 2).Draw(l.t, "beside it"))*time.Millisecond
	}
	unit := rapid.SampledFrom([]time.Duration{0, time.Millisecond, time.Minute, 20 * time.Minute, time.Hour, 12 * time.Hour}).Draw(l.t, "unit")
	return time.Duration(rapid.IntRange(0, 10).Draw(l.t, "units")) * unit
}

// pass lets time go by; timers that are not punctual do not run in it.
func (l *life) pass(d time.Duration, punctual bool) {
	end := l.now.Add(max(d, 0))
	for punctual {
		due, wake := l.clocks.Timers(l.log, l.now)
		if len(due) > 0 {
			l.log = append(l.log, recorded(due[0], l.now, l.log))
			if due[0].Kind == ticket.ActClose {
				l.state = ticket.Closed
			}
			continue
		}
		if wake.IsZero() || wake.After(end) {
			break
		}
		l.now = wake
	}
	l.now = end
	l.log = note(l.clocks, l.log, l.now)
}

// happen is an event, in an order in which they come.
func (l *life) happen() {
	if l.state == ticket.Closed {
		return
	}
	by := ticket.Actor{Kind: ticket.ByStaff, ID: "s"}
	add := func(e ticket.Event) {
		e.At, e.Seq = l.now, int64(len(l.log))+1
		l.log = append(l.log, e)
	}
	move := func(to ticket.State) {
		if to != l.state {
			add(ticket.Event{Kind: ticket.StateChanged, Actor: by, Data: ticket.EventData{From: string(l.state), To: string(to)}})
			l.state = to
		}
	}
	switch rapid.IntRange(0, 7).Draw(l.t, "kind") {
	case 0:
		add(ticket.Event{Kind: ticket.CustomerReplied, Actor: ticket.Actor{Kind: ticket.ByCustomer}})
		if l.state == ticket.Resolved {
			move(ticket.Reopened)
		} else if l.state == ticket.WaitingCustomer {
			move(ticket.Open)
		}
	case 1, 2:
		add(ticket.Event{Kind: ticket.StaffReplied, Actor: by})
	case 3, 4:
		if l.state != ticket.Resolved {
			move(ticket.WaitingCustomer)
		}
	case 5:
		move(ticket.Resolved)
	case 6:
		p := rapid.SampledFrom(ticket.Priorities).Draw(l.t, "new priority")
		add(ticket.Event{Kind: ticket.PriorityChanged, Actor: by, Data: ticket.EventData{To: string(p)}})
	case 7:
		tier := rapid.SampledFrom(ticket.Tiers).Draw(l.t, "new tier")
		add(ticket.Event{Kind: ticket.TierChanged, Actor: by, Data: ticket.EventData{To: string(tier)}})
	}
}

// compare holds what was noted against what the engine finds.
func (l *life) compare(punctual bool) {
	want := found(l.clocks, l.log, l.now)
	noted := map[promise]time.Time{}
	for _, e := range l.log {
		if e.Kind != ticket.AlertFired && e.Kind != ticket.BreachNoted {
			continue
		}
		p := promise{e.Kind, e.Data.Target, e.Data.Cycle, e.Data.Percent}
		if !noted[p].IsZero() {
			l.t.Errorf("noted twice: %+v", p)
		}
		noted[p] = e.At
		if at, ok := want[p]; !ok || !at.Before(e.At) || punctual && e.At.Sub(at) > 2*time.Millisecond {
			l.t.Errorf("%+v noted at %s, found for %s", p, e.At, at)
		}
	}
	for p, at := range want {
		if noted[p].IsZero() {
			l.t.Errorf("%+v, of %s, was never noted", p, at)
		}
	}
	if l.t.Failed() {
		for _, e := range l.log {
			l.t.Logf("%s %s %+v", e.At, e.Kind, e.Data)
		}
	}
}
