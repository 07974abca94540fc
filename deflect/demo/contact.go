package demo

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/ticket"
)

// form is the contact form while somebody fills it in.
type form struct {
	*stay
	a     deflect.Attempt
	topic *topic
	lines []deflect.Entry
}

func (f *form) line(kind deflect.EntryKind, at time.Time, article, data string) {
	f.lines = append(f.lines, deflect.Entry{ID: f.m.ids.at(at), AttemptID: f.a.ID, At: at, Kind: kind, Article: article, Data: data})
}

// contact is an attempt to write to the team (D-29).
func (s *stay) contact(t *topic) error {
	m := s.m
	s.now = s.now.Add(m.around(50*time.Second, 0.5))
	f := &form{stay: s, topic: t}
	token := m.ids.hash("form")
	f.a = deflect.Attempt{
		ID: m.ids.at(s.now), FormToken: token, Unit: token, Visitor: s.hash, Lang: s.lang, Category: t.category, Script: m.chance(0.94),
		Counted: true, StartedAt: s.now, ActiveAt: s.now, Period: m.year.Period.ID,
	}
	if s.hash != "" {
		f.a.Unit = s.hash
		f.a.Counted = s.counted.IsZero() || s.now.Sub(s.counted) >= deflect.CountWindow
		if f.a.Counted {
			s.counted = s.now
		}
	}
	if s.person != nil {
		f.a.PersonID = s.person.ID
	}
	f.a.Arm = m.year.Period.Arm(f.a.Unit)
	if len(t.routes) > 0 && m.chance(0.35) {
		f.a.Route = pick(m.dice, t.routes)
	}
	switch {
	case m.chance(0.15):
		f.a.Category = ""
	case m.chance(0.04):
		f.a.Category = "how-to"
	}
	f.line(deflect.EntryStarted, s.now, "", "")
	helped, err := f.suggest()
	if err != nil {
		return err
	}
	if helped && m.chance(0.6) {
		f.confirm()
	} else if !helped && m.chance(0.74) {
		err = f.send()
	} else {
		f.walkAway()
	}
	m.year.Attempts = append(m.year.Attempts, f.a)
	m.year.Ledger = append(m.year.Ledger, f.lines...)
	return err
}

// suggest shows articles, unless the attempt is held out, and says whether one
// of them answered.
func (f *form) suggest() (helped bool, err error) {
	m := f.m
	var found []string
	if f.topic.pair != "" {
		found = append(found, f.topic.pair)
	}
	for len(found) < 3 && m.chance(0.8) {
		if other := m.topic(); other.pair != "" && !slices.Contains(found, other.pair) {
			found = append(found, other.pair)
		}
	}
	if len(found) == 0 {
		return false, nil
	}
	data, err := json.Marshal(found)
	if err != nil {
		return false, err
	}
	f.now = f.now.Add(m.around(25*time.Second, 0.5))
	f.a.ActiveAt = f.now
	if f.a.HeldOut() {
		f.line(deflect.EntryWithheld, f.now, "", string(data))
		return false, nil
	}
	f.a.Shown = true
	f.line(deflect.EntryShown, f.now, "", string(data))
	relevant := f.topic.pair != ""
	if !f.a.Script || relevant && !m.chance(0.7) || !relevant && !m.chance(0.2) {
		return false, nil
	}
	article := found[0]
	f.now = f.now.Add(m.around(8*time.Second, 0.5))
	f.a.Opened = article
	f.line(deflect.EntryOpened, f.now, article, "")
	stayed := m.around(35*time.Second, 0.9)
	f.now = f.now.Add(stayed)
	f.a.Dwell, f.a.ActiveAt = stayed, f.now
	ms, err := json.Marshal(map[string]int64{"ms": stayed.Milliseconds()})
	if err != nil {
		return false, err
	}
	f.line(deflect.EntryDwelt, f.now, article, string(ms))
	return relevant && m.helps(f.topic, f.now), nil
}

func (f *form) confirm() {
	f.now = f.now.Add(6 * time.Second)
	f.a.Outcome, f.a.OutcomeAt, f.a.Article, f.a.ActiveAt = deflect.Confirmed, f.now, f.a.Opened, f.now
	f.line(deflect.EntryConfirmed, f.now, f.a.Article, "")
	f.comeBack(0.05)
}

// walkAway leaves the form alone; what that was is settled once the person
// counts as gone.
func (f *form) walkAway() {
	a, ok := deflect.Settle(f.a, f.m.Until)
	if !ok {
		return
	}
	f.a = a
	if a.Outcome == deflect.Assumed {
		f.line(deflect.EntryAssumed, a.OutcomeAt, a.Article, "")
		f.comeBack(0.09)
		return
	}
	f.line(deflect.EntryAbandoned, a.OutcomeAt, "", "")
}

// comeBack makes some of those who were said to be helped write after all.
func (f *form) comeBack(p float64) {
	m := f.m
	if f.hash == "" || !m.chance(p) {
		return
	}
	at := f.a.OutcomeAt.Add(time.Hour + time.Duration(m.Float64()*float64(68*time.Hour))).Truncate(time.Second)
	v, t := f.visitor, f.topic
	m.later = append(m.later, appointment{at: at, do: func() error { return m.secondTry(at, v, t) }})
}

// secondTry is a visit straight to the contact form that ends with a ticket.
func (m *maker) secondTry(at time.Time, v *visitor, t *topic) error {
	s := &stay{visitor: v, m: m, now: at}
	f := &form{stay: s, topic: t}
	token := m.ids.hash("form")
	f.a = deflect.Attempt{
		ID: m.ids.at(at), FormToken: token, Unit: v.hash, Visitor: v.hash, Lang: v.lang, Category: t.category, Script: true,
		Counted: v.counted.IsZero() || at.Sub(v.counted) >= deflect.CountWindow, StartedAt: at, ActiveAt: at,
		Period: m.year.Period.ID, Arm: m.year.Period.Arm(v.hash),
	}
	if f.a.Counted {
		v.counted = at
	}
	if v.person != nil {
		f.a.PersonID = v.person.ID
	}
	f.line(deflect.EntryStarted, at, "", "")
	err := f.send()
	m.year.Attempts = append(m.year.Attempts, f.a)
	m.year.Ledger = append(m.year.Ledger, f.lines...)
	v.last = s.now
	return err
}

// send turns the attempt into a ticket, and takes back what the same person
// or browser had claimed in the last 72 hours (D-31).
func (f *form) send() error {
	m := f.m
	f.now = f.now.Add(m.around(2*time.Minute, 0.5))
	if f.now.After(m.Until) {
		return nil
	}
	if f.person == nil {
		f.person = m.person(f.now)
		f.person.visitor = f.hash
	}
	t, err := m.ticket(f.now, f.person, ticket.ByForm, f.topic, func(t *Ticket) {
		t.FormToken, t.Visitor, t.Lang, t.Category = f.a.FormToken, f.hash, f.lang, f.a.Category
	})
	if err != nil {
		return err
	}
	f.a = deflect.BecomeTicket(f.a, t.ID, f.person.ID, f.now)
	f.line(deflect.EntryTicket, f.now, "", `{"ticket":"`+t.ID+`"}`)
	m.revoke(f.now, t)
	return nil
}

// revoke takes back the claims of the person and the browser of a ticket.
func (m *maker) revoke(now time.Time, t *Ticket) {
	for i := len(m.year.Attempts) - 1; i >= 0; i-- {
		a := &m.year.Attempts[i]
		if now.Sub(a.StartedAt) > deflect.RevokeWindow+24*time.Hour {
			return
		}
		same := a.PersonID != "" && a.PersonID == t.PersonID || a.Visitor != "" && a.Visitor == t.Visitor
		if !same || !deflect.Revocable(*a, now) {
			continue
		}
		a.RevokedAt, a.RevokedBy = now, t.ID
		m.year.Ledger = append(m.year.Ledger, deflect.Entry{
			ID: m.ids.at(now), AttemptID: a.ID, At: now, Kind: deflect.EntryRevoked, Article: a.Article, Data: `{"ticket":"` + t.ID + `"}`,
		})
	}
}

// settleAttempts looks back at attempts that are old enough: did a ticket of
// the same person or browser follow within 72 hours (D-32)?
func (m *maker) settleAttempts() {
	byPerson, byVisitor := map[string][]*Ticket{}, map[string][]*Ticket{}
	for _, t := range m.year.Tickets {
		byPerson[t.PersonID] = append(byPerson[t.PersonID], t)
		if t.Visitor != "" {
			byVisitor[t.Visitor] = append(byVisitor[t.Visitor], t)
		}
	}
	for i := range m.year.Attempts {
		a := &m.year.Attempts[i]
		until := a.StartedAt.Add(deflect.TicketWindow)
		if !until.Before(m.Until) {
			continue
		}
		a.Judged = true
		if a.PersonID == "" && len(byVisitor[a.Visitor]) > 0 && a.Visitor != "" {
			a.PersonID = byVisitor[a.Visitor][0].PersonID
		}
		var first *Ticket
		for _, t := range slices.Concat(byPerson[a.PersonID], byVisitor[a.Visitor]) {
			if !t.ReceivedAt.Before(a.StartedAt) && !t.ReceivedAt.After(until) && (first == nil || t.ReceivedAt.Before(first.ReceivedAt)) {
				first = t
			}
		}
		if first != nil {
			a.Followed = first.ID
		}
	}
}
