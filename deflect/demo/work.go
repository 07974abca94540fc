package demo

import (
	"time"

	"github.com/vmcloud/ricochet/deflect/ticket"
)

// How the team works on a ticket: what people plan, before timers interfere.

// patience is how soon somebody answers a ticket of a priority, in open time.
var patience = map[ticket.Priority]time.Duration{
	ticket.P1: 8 * time.Minute, ticket.P2: 26 * time.Minute, ticket.P3: 50 * time.Minute, ticket.P4: 75 * time.Minute,
}

// effort is how long the work on it takes, in open time.
var effort = map[ticket.Priority]time.Duration{
	ticket.P1: 35 * time.Minute, ticket.P2: 55 * time.Minute, ticket.P3: 150 * time.Minute, ticket.P4: 6 * time.Hour,
}

// later is an instant some work later: at once and around the clock for what
// is urgent or Enterprise, else in the team's hours.
func (l *life) later(d time.Duration) time.Time {
	urgent := l.t.Priority == ticket.P1 || l.t.Tier == ticket.Enterprise
	if urgent {
		return l.now.Add(d)
	}
	at, ok := l.m.Desk.Add(l.now, d)
	if !ok {
		return l.now.Add(d)
	}
	return at
}

// expect plans what happens with a fresh ticket.
func (l *life) expect(topic *topic) {
	m := l.m
	agent := pick(m.dice, m.agents)
	wait := m.around(patience[l.t.Priority], 0.75)
	if l.t.Tier == ticket.Enterprise {
		wait = min(wait, m.around(20*time.Minute, 0.5))
	}
	if l.t.Tier == ticket.Business {
		wait = wait * 6 / 10
	}
	if m.chance(0.035) { // overlooked
		wait *= 9
	}
	if m.chance(0.05) && l.t.Priority != ticket.P1 {
		l.then(l.later(wait/2), func() error { return l.solveAlone() })
		return
	}
	if m.chance(0.6) {
		l.then(l.later(wait/3), func() error { return l.assign(agent) })
	}
	l.then(l.later(wait), func() error { return l.first(agent, topic) })
}

// solveAlone is a customer who found the answer and closes the ticket through
// the acknowledgement (D-30).
func (l *life) solveAlone() error {
	if !l.open() {
		return nil
	}
	by := ticket.Actor{Kind: ticket.ByCustomer, ID: l.t.PersonID}
	l.record(moved(by, l.t.State, ticket.Closed, ticket.EndedSelfSolved)...)
	return nil
}

func (l *life) assign(agent string) error {
	if !l.open() || l.t.Assignee != "" {
		return nil
	}
	by := ticket.Actor{Kind: ticket.BySystem}
	events := []ticket.Event{{Kind: ticket.Assigned, Actor: by, Data: ticket.EventData{To: agent}}}
	if l.t.State == ticket.New {
		events = append(events, moved(by, ticket.New, ticket.Open, "")...)
	}
	l.record(events...)
	return nil
}

// first is the first public answer: for most the solution, for others a
// question, for a few the beginning of long work.
func (l *life) first(agent string, topic *topic) error {
	m := l.m
	if !l.open() {
		return nil
	}
	switch m.weighted([]float64{58, 22, 13, 7}) {
	case 0:
		return l.solve(agent, topic)
	case 1:
		return l.ask(agent, topic)
	case 2:
		if err := l.reply(agent, m.say(l.lang, workingOn), ""); err != nil {
			return err
		}
		l.then(l.later(m.around(effort[l.t.Priority], 0.6)), func() error { return l.solve(agent, topic) })
	default:
		if err := l.reply(agent, m.say(l.lang, handedOn), ""); err != nil {
			return err
		}
		l.then(l.now.Add(4*time.Minute), func() error {
			if l.t.State != ticket.Escalated && l.t.State.Active() {
				l.escalate(agent, ticket.L3)
			}
			return nil
		})
		l.then(l.later(m.around(effort[l.t.Priority]*5/4, 0.7)), func() error { return l.solve(agent, topic) })
	}
	return nil
}

// ask waits for the customer, who answers, or does not.
func (l *life) ask(agent string, topic *topic) error {
	m := l.m
	if err := l.reply(agent, m.say(l.lang, questions), ticket.WaitingCustomer); err != nil {
		return err
	}
	if m.chance(0.12) {
		return nil // a timer reminds them, and closes in the end (D-21)
	}
	l.then(l.now.Add(m.around(4*time.Hour, 1.1)), func() error {
		if !l.open() {
			return nil
		}
		return l.customerWrites(m.say(l.lang, details))
	})
	l.then(l.later(m.around(4*time.Hour, 1.1)+m.around(effort[l.t.Priority], 0.5)), func() error { return l.solve(agent, topic) })
	return nil
}

// solve answers and resolves; some come back, some confirm, most are silent.
func (l *life) solve(agent string, topic *topic) error {
	m := l.m
	if !l.open() || l.t.State == ticket.Resolved {
		return nil
	}
	if err := l.reply(agent, m.solution(topic, l.lang), ticket.Resolved); err != nil {
		return err
	}
	if m.chance(0.8) { // the others forget
		l.work(agent, m.around(handling[l.t.Priority], 0.6))
	}
	switch {
	case m.chance(0.045):
		l.then(l.now.Add(m.around(7*time.Hour, 0.8)), func() error {
			if !l.open() {
				return nil
			}
			if err := l.customerWrites(m.say(l.lang, notYet)); err != nil {
				return err
			}
			l.then(l.later(m.around(effort[l.t.Priority]/2, 0.6)), func() error { return l.solve(agent, topic) })
			return nil
		})
	case m.chance(0.35):
		l.then(l.now.Add(m.around(6*time.Hour, 0.9)), func() error {
			if l.t.State != ticket.Resolved {
				return nil
			}
			by := ticket.Actor{Kind: ticket.ByCustomer, ID: l.t.PersonID}
			l.record(moved(by, ticket.Resolved, ticket.Closed, ticket.EndedConfirmed)...)
			l.answerSurvey(0.45)
			return nil
		})
	}
	return nil
}

// handling is the working time that a ticket usually takes.
var handling = map[ticket.Priority]time.Duration{
	ticket.P1: 55 * time.Minute, ticket.P2: 35 * time.Minute, ticket.P3: 18 * time.Minute, ticket.P4: 9 * time.Minute,
}

// work notes working time on the ticket.
func (l *life) work(agent string, spent time.Duration) {
	e := ticket.TimeEntry{ID: l.m.ids.at(l.now), Ticket: l.t.ID, Staff: agent, Minutes: max(1, min(int(spent/time.Minute), 8*60)), At: l.now}
	l.t.Work = append(l.t.Work, e)
	l.record(ticket.Event{Kind: ticket.TimeLogged, Actor: ticket.Actor{Kind: ticket.ByStaff, ID: agent}, Data: ticket.EventData{Minutes: e.Minutes, Record: e.ID}})
}
