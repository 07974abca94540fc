package demo

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/vmcloud/ricochet/deflect/sla"
	"github.com/vmcloud/ricochet/deflect/ticket"
)

// life is a ticket while the year lasts.
type life struct {
	m    *maker
	t    *Ticket
	base ticket.Ticket // what no event holds
	now  time.Time
	plan []step
	lang string

	person *Person
	failed error // of a timer
}

// step is something a person will do, unless the ticket has moved on by then.
type step struct {
	at time.Time
	do func() error
}

// then plans a step, in the order of time.
func (l *life) then(at time.Time, do func() error) {
	at = at.Truncate(time.Second)
	i := len(l.plan)
	for i > 0 && l.plan[i-1].at.After(at) {
		i--
	}
	l.plan = append(l.plan[:i], append([]step{{at, do}}, l.plan[i:]...)...)
}

// record appends what happened in one go and works the ticket out from its
// log, as the desk's own service does (D-12).
func (l *life) record(events ...ticket.Event) {
	for _, e := range events {
		e.Seq, e.At = int64(len(l.t.Log))+1, l.now
		l.t.Log = append(l.t.Log, e)
	}
	l.base.Version++
	l.base.UpdatedAt = l.now
	l.t.Ticket = l.m.Clocks.Rebuild(l.base, l.t.Log)
}

// say adds what somebody wrote.
func (l *life) say(by ticket.Actor, public bool, body string) string {
	msg := ticket.Message{ID: l.m.ids.at(l.now), TicketID: l.t.ID, Author: by.Kind, Public: public, Body: body, At: l.now}
	switch by.Kind {
	case ticket.ByStaff:
		msg.StaffID = by.ID
	case ticket.ByCustomer:
		msg.PersonID = by.ID
	}
	l.t.Messages = append(l.t.Messages, msg)
	return msg.ID
}

func moved(by ticket.Actor, from, to ticket.State, ending ticket.Ending) []ticket.Event {
	if from == to {
		return nil
	}
	return []ticket.Event{{Kind: ticket.StateChanged, Actor: by, Data: ticket.EventData{From: string(from), To: string(to), Ending: ending}}}
}

// ticket makes a ticket and lives its life up to the end of the year.
func (m *maker) ticket(at time.Time, p *Person, channel ticket.Channel, topic *topic, set func(*Ticket)) (*Ticket, error) {
	impact, urgency := m.levels(topic)
	t := &Ticket{}
	l := &life{m: m, t: t, now: at, person: p}
	t.ID = m.ids.at(at)
	t.PersonID, t.Channel, t.Lang, t.Category = p.ID, channel, p.Lang, topic.category
	t.Impact, t.Urgency, t.ReceivedAt, t.Number = impact, urgency, at, m.freshNumber()
	t.AccessHash = m.AccessHash(t.ID)
	if set != nil {
		set(t)
	}
	l.lang = t.Lang
	subject, body := m.request(topic, t.Lang, p)
	t.Subject = subject
	l.base = t.Ticket
	by := ticket.Actor{Kind: ticket.ByCustomer, ID: p.ID}
	msg := l.say(by, true, body)
	l.record(ticket.Event{Kind: ticket.Created, Actor: by, Data: ticket.EventData{
		MessageID: msg, Tier: p.Tier, Priority: ticket.Propose(impact, urgency), Channel: channel, Category: t.Category,
	}})
	l.expect(topic)
	err := l.run()
	m.year.Tickets = append(m.year.Tickets, t)
	return t, err
}

// programTicket comes by the API, from a monitoring or a customer's own tool.
func (m *maker) programTicket(at time.Time) error {
	p := m.person(at)
	_, err := m.ticket(at, p, ticket.ByAPI, m.topic(), nil)
	if n := len(m.year.Tickets); err == nil && n > 0 {
		m.revoke(at, m.year.Tickets[n-1])
	}
	return err
}

func (m *maker) levels(t *topic) (impact, urgency ticket.Level) {
	all := []ticket.Level{ticket.High, ticket.Medium, ticket.Low}
	if t.category == "technical" {
		return all[m.weighted([]float64{1, 4, 5})], all[m.weighted([]float64{2, 4, 4})]
	}
	return all[m.weighted([]float64{0.2, 2, 8})], all[m.weighted([]float64{0.6, 4, 6})]
}

// run lets planned steps and due timers happen in the order of time.
func (l *life) run() error {
	for range 2000 {
		due, wake := l.m.Clocks.Timers(l.t.Log, l.now)
		if len(due) > 0 {
			if l.timer(due[0]); l.failed != nil {
				return l.failed
			}
			continue
		}
		next := l.m.Until
		if len(l.plan) > 0 && l.plan[0].at.Before(next) {
			next = l.plan[0].at
		}
		if !wake.IsZero() && wake.Before(next) {
			l.now = wake
			continue
		}
		if !next.Before(l.m.Until) {
			return nil
		}
		step := l.plan[0]
		l.plan = l.plan[1:]
		if step.at.After(l.now) {
			l.now = step.at
		}
		if err := step.do(); err != nil {
			return fmt.Errorf("demo ticket %s at %s: %w", l.t.Number, l.now, err)
		}
	}
	return fmt.Errorf("demo ticket %s does not come to rest", l.t.Number)
}

// timer records what the program does by itself (D-18, D-21, D-24).
func (l *life) timer(a ticket.Action) {
	by := ticket.Actor{Kind: ticket.BySystem}
	e := ticket.Event{Actor: by}
	switch a.Kind {
	case ticket.ActAlert:
		e.Kind, e.Data = ticket.AlertFired, ticket.EventData{Target: a.Target, Cycle: a.Cycle, Percent: a.Percent}
		if i := slices.Index(ticket.SupportLevels, l.t.Level); a.Firm && a.Percent >= 90 && a.Percent < 100 && i+1 < len(ticket.SupportLevels) {
			l.goUp(e, ticket.SupportLevels[i+1], ticket.ReasonSLA)
			return
		}
	case ticket.ActBreach:
		e.Kind, e.Data = ticket.BreachNoted, ticket.EventData{Target: a.Target, Cycle: a.Cycle}
		if l.failed = l.offer(a.Breach); l.failed != nil {
			return
		}
	case ticket.ActPage:
		e.Kind = ticket.Paged
	case ticket.ActTell:
		e.Kind, e.Data = ticket.CustomerTold, ticket.EventData{MailKind: string(a.Notice)}
	case ticket.ActEscalate:
		e.Kind, e.Data = ticket.EscalationDue, ticket.EventData{To: a.Level}
		switch a.Level {
		case ticket.DueFormal:
			l.goUp(e, ticket.L2, ticket.ReasonStuck)
			return
		case ticket.DueThird:
			l.goUp(e, ticket.L3, ticket.ReasonStuck)
			return
		}
	case ticket.ActClose:
		l.record(moved(by, l.t.State, ticket.Closed, a.Ending)...)
		l.answerSurvey(0.22)
		return
	}
	l.quietly(e)
}

// offer gives the customer the credit that a broken promise earns (D-25,
// D-26). Nobody of the demo claims one, so that it expires after 30 days.
func (l *life) offer(b sla.Breach) error {
	book := l.m.Clocks.Book
	earned := book.CreditsOf([]sla.Claimed{{Breach: b, Ticket: l.t.ID}}, 0)
	if len(earned) == 0 {
		return nil
	}
	evidence, err := json.Marshal(sla.Evaluate(ticket.SLALog(l.t.Log), book, l.now))
	if err != nil {
		return err
	}
	l.m.year.Credits = append(l.m.year.Credits, ticket.Credit{
		ID: l.m.ids.at(l.now), Ticket: l.t.ID, Account: cmp.Or(l.person.CustomerID, l.person.ID), Month: earned[0].Month, Breach: b,
		Share: earned[0].Lines[0].Share, Evidence: evidence, State: ticket.CreditOffered, OfferedAt: l.now, ClaimUntil: l.now.AddDate(0, 0, 30),
	})
	return nil
}

// goUp escalates by a rule, unless the ticket is that high already or waits;
// the event that says why is written in any case.
func (l *life) goUp(why ticket.Event, to ticket.SupportLevel, reason string) {
	if !l.t.State.Active() || l.t.State == ticket.WaitingCustomer || slices.Index(ticket.SupportLevels, to) <= slices.Index(ticket.SupportLevels, l.t.Level) {
		l.quietly(why)
		return
	}
	e := ticket.Escalation{ID: l.m.ids.at(l.now), Ticket: l.t.ID, From: l.t.Level, To: to, Automatic: true, Reason: reason, Tier: l.t.Tier, At: l.now}
	l.t.Escalations = append(l.t.Escalations, e)
	up := ticket.Event{Kind: ticket.LevelChanged, Actor: why.Actor, Reason: reason, Data: ticket.EventData{
		From: string(e.From), To: string(to), Record: e.ID, Automatic: true,
	}}
	l.record(append([]ticket.Event{why, up}, moved(why.Actor, l.t.State, ticket.Escalated, "")...)...)
}

// quietly records what disturbs nobody: the version stays.
func (l *life) quietly(e ticket.Event) {
	l.base.Version--
	l.record(e)
}

// open says whether the ticket still takes a message.
func (l *life) open() bool { return l.t.State != ticket.Closed && l.t.State != ticket.Merged }

// reply is a public answer by a member of staff, who thereby owns the ticket
// (D-22).
func (l *life) reply(agent, body string, to ticket.State) error {
	after, err := ticket.AfterStaffReply(l.t.Ticket)
	if err != nil {
		return err
	}
	if to != "" && to != after.State {
		if after, err = ticket.Move(after, to); err != nil {
			return err
		}
	}
	by := ticket.Actor{Kind: ticket.ByStaff, ID: agent}
	events := []ticket.Event{{Kind: ticket.StaffReplied, Actor: by, Data: ticket.EventData{MessageID: l.say(by, true, body)}}}
	if l.t.Assignee == "" {
		events = append(events, ticket.Event{Kind: ticket.Assigned, Actor: by, Data: ticket.EventData{To: agent}})
	}
	l.record(append(events, moved(by, l.t.State, after.State, "")...)...)
	return nil
}

// customerWrites adds a message of the customer.
func (l *life) customerWrites(body string) error {
	after, err := ticket.AfterCustomerReply(l.t.Ticket)
	if err != nil {
		return err
	}
	by := ticket.Actor{Kind: ticket.ByCustomer, ID: l.t.PersonID}
	events := []ticket.Event{{Kind: ticket.CustomerReplied, Actor: by, Data: ticket.EventData{MessageID: l.say(by, true, body)}}}
	l.record(append(events, moved(by, l.t.State, after.State, "")...)...)
	return nil
}

// escalate hands the ticket up with its brief (D-24).
func (l *life) escalate(agent string, to ticket.SupportLevel) {
	by := ticket.Actor{Kind: ticket.ByStaff, ID: agent}
	b := briefs[l.lang]
	e := ticket.Escalation{
		ID: l.m.ids.at(l.now), Ticket: l.t.ID, From: l.t.Level, To: to, Tier: l.t.Tier, Staff: agent, At: l.now, WrittenAt: l.now,
		Brief: ticket.Brief{Problem: l.t.Subject, Timeline: b.timeline, Impact: b.impact, Attempts: b.attempts, Help: b.help},
	}
	l.t.Escalations = append(l.t.Escalations, e)
	events := []ticket.Event{{Kind: ticket.LevelChanged, Actor: by, Data: ticket.EventData{From: string(e.From), To: string(to), Record: e.ID}}}
	l.record(append(events, moved(by, l.t.State, ticket.Escalated, "")...)...)
}

// answerSurvey plans the answer to the questions at closing (D-27).
func (l *life) answerSurvey(p float64) {
	m := l.m
	if !m.chance(p) || l.t.Survey != nil {
		return
	}
	late := false
	for _, g := range l.t.SLA {
		late = late || !g.BreachedAt.IsZero() && !g.Internal()
	}
	weights := []float64{1, 1.5, 4, 30, 63.5}
	if late {
		weights = []float64{10, 20, 25, 30, 15}
	}
	score := 1 + m.weighted(weights)
	l.then(l.now.Add(m.around(5*time.Hour, 1)), func() error {
		s := &Survey{Score: score, Solved: score >= 3 || m.chance(0.4), AnsweredAt: l.now}
		if m.chance(0.4) {
			s.Comment = pick(m.dice, praise[l.lang])
			if score < 4 {
				s.Comment = pick(m.dice, regrets[l.lang])
			}
		}
		l.t.Survey = s
		l.record(ticket.Event{Kind: ticket.SurveyAnswered, Actor: ticket.Actor{Kind: ticket.ByCustomer, ID: l.t.PersonID}})
		if score < 3 {
			at := l.now.Add(30 * time.Hour)
			l.then(at, func() error {
				s.Reviewer, s.Review, s.ReviewedAt = m.agents[len(m.agents)-1], reviews[l.lang], l.now
				l.record(ticket.Event{Kind: ticket.SurveyReviewed, Actor: ticket.Actor{Kind: ticket.ByStaff, ID: s.Reviewer}})
				return nil
			})
		}
		return nil
	})
}

// recommend asks the quarter's question (D-27).
func (m *maker) recommend() {
	for _, p := range m.year.Persons {
		if !m.chance(0.3) {
			continue
		}
		at := p.CreatedAt.Add(time.Duration(m.Float64() * float64(m.Until.Sub(p.CreatedAt)))).Truncate(time.Second)
		local := at.In(m.Zone)
		r := Recommendation{
			PersonID: p.ID, At: at, Quarter: fmt.Sprintf("%04d-Q%d", local.Year(), (int(local.Month())+2)/3),
			Score: m.weighted([]float64{1, .5, .5, 1, 1, 2, 3, 8, 14, 30, 39}),
		}
		m.year.Recommendations = append(m.year.Recommendations, r)
	}
}
