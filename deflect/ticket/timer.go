package ticket

import (
	"cmp"
	"slices"
	"time"

	"github.com/vmcloud/ricochet/deflect/sla"
)

// ActionKind says what a timer does.
type ActionKind string

// The kinds of action.
const (
	ActAlert    ActionKind = "alert"    // a share of a target has run: tell somebody (D-18)
	ActBreach   ActionKind = "breach"   // a promise was broken: note it, offer the credit (D-17, D-26)
	ActPage     ActionKind = "page"     // P0 or P1: call whoever is on call, day or night (D-22)
	ActTell     ActionKind = "tell"     // write to the customer (D-21)
	ActClose    ActionKind = "close"    // close with an explanation (D-21)
	ActEscalate ActionKind = "escalate" // a level has had its time (D-24)
)

// Notice names a mail to the customer that a timer causes (D-21).
type Notice string

// The notices. The first four end a wait, the last two come with the end of
// the ticket.
const (
	WaitingReminder    Notice = "waiting_reminder"
	ResolvedNotice     Notice = "resolved"            // closes by itself unless the customer writes
	ResolutionQuestion Notice = "resolution_question" // is it solved?
	ResolutionReminder Notice = "resolution_reminder"
	ClosingNotice      Notice = "closing" // closed by a timer, and why
	SurveyNotice       Notice = "survey"  // closed by a person
)

// The levels of D-24 to which a ticket is due to go.
const (
	DueSecond = "L2"     // work has stood still: the second level helps, the owner stays
	DueFormal = "formal" // for so long that it goes to the second level
	DueThird  = "L3"
)

// Action is one thing that is due on a ticket.
type Action struct {
	Kind    ActionKind
	At      time.Time // when it was due, however late it is noticed
	Target  string    // ActAlert, ActBreach
	Cycle   int       // ActAlert, ActBreach
	Percent int       // ActAlert
	Due     time.Time // ActAlert, ActBreach: the promise; ActTell: when the ticket would close by itself
	Firm    bool      // ActAlert: more than best effort (D-9)
	Notice  Notice    // ActTell
	Level   string    // ActEscalate
	Ending  Ending    // ActClose, ActTell of a closing: why
	Breach  sla.Breach

	Unverified bool   // ActPage: nobody has proved to read the sender's address (D-22)
	Seq        int64  // of the event that recorded it, once done
	Reassigned string // ActAlert: who has the ticket now, when that changed
}

// noted is 1 for what a clock has come to, an alert or a breach, else 0.
func (a Action) noted() int {
	if a.Kind == ActAlert || a.Kind == ActBreach {
		return 1
	}
	return 0
}

// ReasonAbsent is the reason of the event when a ticket changes hands because
// its owner is away and 75 % of a promise has run (D-18).
const ReasonAbsent = "absent"

// Schedule gives what is stored with a ticket at now: the state of its
// promises, and when a timer must look at it next, zero for never. A wake
// that is not after now says that something is due already.
func (c Clocks) Schedule(log []Event, now time.Time) ([]Target, time.Time) {
	state := sla.Evaluate(SLALog(log), c.Book, now)
	_, wake := c.timers(log, state, now)
	return targets(state), wake
}

// Timers lists what is due on a ticket at now, earliest first, and when to
// look again if nothing happens before. It is pure: what has been told is in
// the log (D-12).
func (c Clocks) Timers(log []Event, now time.Time) (due []Action, wake time.Time) {
	return c.timers(log, sla.Evaluate(SLALog(log), c.Book, now), now)
}

func (c Clocks) timers(log []Event, state sla.State, now time.Time) ([]Action, time.Time) {
	a := agenda{now: now}
	s := readStory(log)
	if s.state == Merged {
		return nil, time.Time{}
	}
	policy := c.Book.At(now)
	if s.page && s.state.Active() {
		a.add(Action{Kind: ActPage, At: s.pageAt, Unverified: s.unverified})
	}
	a.promises(state, s)
	switch s.state {
	case WaitingCustomer:
		a.waiting(policy.Timers, s)
	case Resolved:
		a.resolved(policy.Timers, s)
	case Closed:
		a.closed(s)
	default:
		a.levels(policy, state, s)
	}
	// What the clocks have come to is noted before anything that could stop them.
	slices.SortStableFunc(a.due, func(x, y Action) int { return cmp.Or(y.noted()-x.noted(), x.At.Compare(y.At)) })
	for _, x := range a.due {
		if x.At.Before(a.wake) || a.wake.IsZero() || a.wake.After(now) {
			a.wake = x.At
		}
	}
	return a.due, a.wake
}

// Urgent says whether the team is told at once, day or night (D-22).
func (t Ticket) Urgent() bool { return urgent(t.Priority) }

func urgent(p Priority) bool { return p == P0 || p == P1 }

// story is what a log says of the things timers look at.
type story struct {
	tier     Tier
	priority Priority
	state    State
	since    time.Time // of the state
	why      Ending    // of a ticket that a timer closed
	progress time.Time // the last thing that moved it

	page       bool // on-call is to be told, and has not been
	pageAt     time.Time
	unverified bool // of the page: nobody but a stranger says that it is urgent

	done []Event // what timers did: alerts and breaches ever, the rest since the change that it is about
}

func readStory(log []Event) story {
	var s story
	for _, e := range log {
		switch e.Kind {
		case Created:
			s.tier, s.priority, s.state, s.since, s.progress = e.Data.Tier, e.Data.Priority, New, e.At, e.At
			s.page, s.pageAt = urgent(s.priority), e.At
			if r := e.Data.Routing; r != nil {
				s.page, s.unverified = s.page || r.Page, r.Unverified
			}
		case StateChanged, MergedInto:
			s.state, s.since, s.why = State(e.Data.To), e.At, ""
			if e.Actor.Kind == BySystem {
				s.why = e.Data.Ending
			}
			s.forget(CustomerTold)
		case PriorityChanged:
			s.reclassify(Priority(e.Data.To), e.At)
		case Absorbed:
			s.tier = e.Data.Tier
			s.reclassify(e.Data.Priority, e.At)
		case TierChanged:
			s.tier = Tier(e.Data.To)
		case Paged:
			s.page = false
		case AlertFired, BreachNoted, CustomerTold, EscalationDue:
			s.done = append(s.done, e)
		}
		if e.Actor.Kind != BySystem {
			s.progress = e.At
			s.forget(EscalationDue)
		}
	}
	return s
}

// reclassify pages on-call when a person finds that it is urgent, or graver
// than it was: P0 concerns others than P1 (D-5).
func (s *story) reclassify(p Priority, at time.Time) {
	if urgent(p) && p < s.priority {
		s.page, s.pageAt, s.unverified = true, at, false
	}
	s.priority = p
}

// forget drops what was done about something that has changed since. The third
// level is due once a ticket.
func (s *story) forget(kind EventKind) {
	s.done = slices.DeleteFunc(s.done, func(e Event) bool { return e.Kind == kind && e.Data.To != DueThird })
}

// did says whether a timer has done something already; only the fields that
// timers set are looked at.
func (s *story) did(kind EventKind, want EventData) bool {
	return slices.ContainsFunc(s.done, func(e Event) bool {
		d := e.Data
		return e.Kind == kind && d.Target == want.Target && d.Cycle == want.Cycle && d.Percent == want.Percent &&
			d.MailKind == want.MailKind && d.To == want.To
	})
}

// agenda collects what is due and when the next thing will be.
type agenda struct {
	now  time.Time
	due  []Action
	wake time.Time // the earliest of what is to come
}

// add puts an action on the agenda at its instant.
func (a *agenda) add(x Action) {
	if !x.At.After(a.now) {
		a.due = append(a.due, x)
		return
	}
	a.look(x.At)
}

// note puts what a clock has come to on the agenda. It is due once its instant
// is over, a millisecond later in stored time: an event of the same instant
// comes first, and may meet the target or change it (D-14, D-16, D-17).
func (a *agenda) note(x Action) {
	if x.At.Before(a.now) {
		a.due = append(a.due, x)
		return
	}
	a.look(x.At.Add(time.Millisecond))
}

// look asks to be woken at an instant to come, rounded up to the millisecond
// that the database keeps: woken earlier, it would find nothing due.
func (a *agenda) look(at time.Time) {
	if ms := at.Truncate(time.Millisecond); ms.Before(at) {
		at = ms.Add(time.Millisecond)
	}
	if at.After(a.now) && (a.wake.IsZero() || at.Before(a.wake)) {
		a.wake = at
	}
}

// promises are the alerts and breaches of the clocks. A breach is noted while
// the clock stands, too, when its open time had run before the pause.
func (a *agenda) promises(state sla.State, s story) {
	for _, d := range state.DueAlerts() {
		data := EventData{Target: string(d.Target), Cycle: d.Cycle, Percent: d.Percent}
		if !s.did(AlertFired, data) {
			a.note(Action{
				Kind: ActAlert, At: d.FiredAt, Target: data.Target, Cycle: d.Cycle, Percent: d.Percent, Due: d.Due, Firm: firm(state, d),
			})
		}
	}
	for _, c := range state.Cycles {
		if c.Breach != nil {
			data := EventData{Target: string(c.Target), Cycle: c.Number}
			if !s.did(BreachNoted, data) {
				a.note(Action{Kind: ActBreach, At: c.Breach.NoticedAt, Target: data.Target, Cycle: c.Number, Due: c.Breach.At, Breach: *c.Breach})
			}
		}
		over := c.RunsOut
		if c.Ticking && c.Status == sla.Running && c.Kind != sla.BestEffort {
			over = c.Due
		}
		if !over.IsZero() {
			a.look(over.Add(time.Millisecond))
		}
		for _, al := range c.Alerts {
			if c.Ticking && !al.At.IsZero() {
				a.look(al.At.Add(time.Millisecond))
			}
		}
	}
}

// firm says whether an alert is about more than best effort (D-9).
func firm(state sla.State, d sla.DueAlert) bool {
	return slices.ContainsFunc(state.Cycles, func(c sla.Cycle) bool {
		return c.Target == d.Target && c.Number == d.Cycle && c.Kind != sla.BestEffort
	})
}

// tell is a mail to the customer, once since the state was entered. closes is
// when the ticket would close by itself, zero for never.
func (a *agenda) tell(s story, n Notice, at, closes time.Time) {
	if !s.did(CustomerTold, EventData{MailKind: string(n)}) {
		a.add(Action{Kind: ActTell, At: at, Notice: n, Due: closes, Ending: s.why})
	}
}

// waiting reminds, then closes (D-21). Who finds both due only closes: the
// explanation says it all.
func (a *agenda) waiting(t sla.Timers, s story) {
	closes := a.closing(s, t.WaitingClose, EndedNoAnswer)
	if t.WaitingReminder > 0 && !a.over(closes) {
		a.tell(s, WaitingReminder, s.since.Add(t.WaitingReminder), closes)
	}
}

// resolved asks or tells at once, reminds who was asked, and closes (D-21).
func (a *agenda) resolved(t sla.Timers, s story) {
	wait, first := t.ResolvedClose, ResolvedNotice
	asked := slices.Contains(t.Asked, sla.Priority(s.priority))
	if asked {
		wait, first = t.AskedClose, ResolutionQuestion
	}
	closes := a.closing(s, wait, EndedSilence)
	if a.over(closes) {
		return
	}
	a.tell(s, first, s.since, closes)
	if asked && t.AskedReminder > 0 {
		a.tell(s, ResolutionReminder, s.since.Add(t.AskedReminder), closes)
	}
}

// closing puts the end of a wait on the agenda and gives its instant, zero when
// it never ends.
func (a *agenda) closing(s story, wait time.Duration, ending Ending) time.Time {
	if wait == 0 {
		return time.Time{}
	}
	at := s.since.Add(wait)
	a.add(Action{Kind: ActClose, At: at, Ending: ending})
	return at
}

func (a *agenda) over(closes time.Time) bool { return !closes.IsZero() && !closes.After(a.now) }

// closed tells the customer, with the questions of D-27.
func (a *agenda) closed(s story) {
	notice := SurveyNotice
	if s.why != "" {
		notice = ClosingNotice
	}
	a.tell(s, notice, s.since, time.Time{})
}

// levels are the escalations of D-24: the second level when work stands still,
// the third when it has taken too long.
func (a *agenda) levels(policy *sla.Policy, state sla.State, s story) {
	c, ok := state.Current(sla.Resolution)
	if !ok || !c.Ticking || c.Kind == sla.BestEffort {
		return
	}
	t, p := policy.Timers, sla.Priority(s.priority)
	cal := policy.Cell(string(s.tier), p, sla.Resolution).Calendar
	if s.state == InProgress && slices.Contains(t.Pressing, p) {
		a.level(s, DueSecond, cal, s.progress, t.NoProgress)
		a.level(s, DueFormal, cal, s.progress, t.Formal)
	}
	limit := t.ThirdLevel[p]
	if share := c.Figure / 100 * time.Duration(t.ThirdShare); limit > 0 && share > 0 {
		limit = min(limit, share)
	}
	if limit > 0 && c.Elapsed < limit {
		a.level(s, DueThird, cal, a.now, limit-c.Elapsed)
	} else if limit > 0 {
		a.level(s, DueThird, cal, a.now, 0)
	}
}

// level is due once wait of open time has passed since from.
func (a *agenda) level(s story, level string, cal *sla.Calendar, from time.Time, wait time.Duration) {
	if s.did(EscalationDue, EventData{To: level}) || wait == 0 && level != DueThird {
		return
	}
	at := from
	if wait > 0 {
		var ok bool
		if at, ok = cal.Add(from, wait); !ok {
			return
		}
	}
	a.add(Action{Kind: ActEscalate, At: at, Level: level})
}
