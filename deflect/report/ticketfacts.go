package report

import (
	"slices"
	"time"

	"github.com/vmcloud/ricochet/deflect/sla"
	"github.com/vmcloud/ricochet/deflect/ticket"
)

// TicketRow is a ticket with its log, from which its facts are drawn.
type TicketRow struct {
	ID         string
	PersonID   string
	CustomerID string // "" when the person belongs to no customer
	Channel    string
	Lang       string
	Category   string
	Tier       ticket.Tier
	Priority   ticket.Priority
	State      ticket.State
	Assignee   string
	ReceivedAt time.Time
	Version    int64
	Log        []ticket.Event
}

// Facts are what a ticket contributes to the figures: drawn from its event log
// and the policies in force alone (D-12), so that they can be drawn again.
// Durations are whole seconds.
type Facts struct {
	Ticket   string      `json:"-"` // id, where it was read from the store
	Number   string      `json:"-"` // "" when the ticket is gone
	Lang     string      `json:"lang"`
	Category string      `json:"category"`
	Channel  string      `json:"channel"`
	Tier     string      `json:"tier"`
	Priority string      `json:"priority"`
	Received time.Time   `json:"received"`
	First    *Answer     `json:"first,omitempty"`
	Replies  []Reply     `json:"replies,omitempty"`  // public, by staff
	Moves    []Move      `json:"moves,omitempty"`    // in and out of the work that is owed
	Solved   *Solution   `json:"solved,omitempty"`   // the last resolution, while it stands
	Escal    []time.Time `json:"escal,omitempty"`    // escalations
	Verdicts []Verdict   `json:"verdicts,omitempty"` // promises kept and broken
	Late     []time.Time `json:"late,omitempty"`     // best-effort figures passed (D-9)
	Closed   *time.Time  `json:"closed,omitempty"`
	Work     []Work      `json:"work,omitempty"` // working time noted on the ticket
}

// Work is an entry of a ticket's time log.
type Work struct {
	At      time.Time `json:"at"`
	Agent   string    `json:"agent"`
	Minutes int       `json:"minutes"`
}

// worked is the working time noted on the ticket, in seconds.
func (f *Facts) worked() (sum int64) {
	for _, w := range f.Work {
		sum += int64(w.Minutes) * 60
	}
	return sum
}

// Answer is the first public reply by a person (D-13).
type Answer struct {
	At       time.Time `json:"at"`
	Business int64     `json:"business"` // seconds of open time, by the calendar of the promise
	Calendar int64     `json:"calendar"` // seconds by the clock on the wall
}

// Reply is a public reply.
type Reply struct {
	At    time.Time `json:"at"`
	Agent string    `json:"agent"`
}

// MoveKind says how a ticket left or came back to the work that is owed.
type MoveKind string

// The kinds of moves.
const (
	Resolving MoveKind = "resolved"
	Merging   MoveKind = "merged" // its work goes on in another ticket (D-19)
	Reopening MoveKind = "reopened"
)

// Move is one of them.
type Move struct {
	At    time.Time `json:"at"`
	Kind  MoveKind  `json:"kind"`
	Agent string    `json:"agent,omitempty"` // staff id; "" when the customer or a timer did it
}

// Solution is the last resolution of a ticket, while it stands.
type Solution struct {
	At        time.Time `json:"at"`
	Agent     string    `json:"agent,omitempty"`
	Business  int64     `json:"business"`            // open seconds of the resolution clock: pauses and time spent resolved excluded (D-14, D-15)
	Calendar  int64     `json:"calendar"`            // seconds since it was received
	Automatic bool      `json:"automatic,omitempty"` // no member of staff ever wrote publicly
	FirstTime bool      `json:"firstTime,omitempty"` // one public reply and never reopened
}

// Verdict is a promise that was kept or broken.
type Verdict struct {
	Target   string    `json:"target"`
	Cycle    int       `json:"cycle"`
	At       time.Time `json:"at"` // when it was reached in time, or its due date (D-17)
	Breached bool      `json:"breached,omitempty"`
	Kind     string    `json:"kind"` // contractual or internal
	Tier     string    `json:"tier"`
	Priority string    `json:"priority"`
	Cause    Cause     `json:"cause,omitempty"`   // of a breach, as far as the log shows it
	LateBy   int64     `json:"lateBy,omitempty"`  // open seconds over the figure, once reached; 0 before
	Reclass  bool      `json:"reclass,omitempty"` // a change of priority or tier made it late (D-16)
}

// Contractual says that the promise was made to the customer.
func (v Verdict) Contractual() bool { return v.Kind == string(sla.Contractual) }

// Cause is why a promise was broken, as far as the log shows it. A person's
// root-cause note says more.
type Cause string

// The causes, the first that fits.
const (
	CauseReclassified Cause = "reclassified" // the priority or tier was raised and nothing was left (D-16)
	CauseUnassigned   Cause = "unassigned"   // nobody owned the ticket when the time ran out
	CauseEscalated    Cause = "escalated"    // it was with another team by then
	CauseReopened     Cause = "reopened"     // the first solution had not held
	CauseNoReply      Cause = "no_reply"     // an owner, and no answer in time
	CauseWork         Cause = "work"         // answered, and the solution took longer than promised
)

// Causes lists them.
var Causes = []Cause{CauseReclassified, CauseUnassigned, CauseEscalated, CauseReopened, CauseNoReply, CauseWork}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// DrawFacts draws the facts of a ticket at now.
// next is when time alone may change them: the earliest due date of a clock
// that runs; zero when only an event can.
func DrawFacts(t TicketRow, book *sla.Book, now time.Time) (f Facts, next time.Time) {
	f = Facts{
		Lang: t.Lang, Category: t.Category, Channel: t.Channel, Tier: string(t.Tier), Priority: string(t.Priority), Received: t.ReceivedAt,
	}
	f.readLog(t.Log)
	state := sla.Evaluate(ticket.SLALog(t.Log), book, now)
	if c, ok := state.Current(sla.FirstResponse); ok && f.First != nil {
		f.First.Business = seconds(c.Elapsed)
	}
	if c, ok := state.Current(sla.Resolution); ok && f.Solved != nil {
		f.Solved.Business = seconds(c.Elapsed)
	}
	for _, c := range state.Cycles {
		switch {
		case c.Breach != nil:
			f.Verdicts = append(f.Verdicts, Verdict{
				Target: string(c.Target), Cycle: c.Number, At: c.Breach.At, Breached: true, Kind: string(c.Breach.Kind),
				Tier: c.Breach.Tier, Priority: string(c.Breach.Priority), Cause: f.cause(t.Log, c),
				LateBy: overtime(c), Reclass: c.Breach.ByReclassification,
			})
		case c.Status == sla.Met:
			f.Verdicts = append(f.Verdicts, Verdict{
				Target: string(c.Target), Cycle: c.Number, At: c.Ended, Kind: string(c.Kind), Tier: c.Tier, Priority: string(c.Priority),
			})
		case c.Status == sla.Late:
			f.Late = append(f.Late, c.LateSince)
		}
	}
	if c, ok := state.NextDue(); ok {
		next = c.Due
	}
	return f, next
}

// overtime is by how much open time a clock that has ended was late; 0 while
// it still runs.
func overtime(c sla.Cycle) int64 {
	if c.Ended.IsZero() {
		return 0
	}
	return max(0, seconds(c.Elapsed-c.Figure))
}

// readLog takes from the log what needs no clock.
func (f *Facts) readLog(log []ticket.Event) {
	reopened := false
	for _, e := range log {
		switch e.Kind {
		case ticket.StaffReplied:
			if f.First == nil {
				f.First = &Answer{At: e.At, Calendar: seconds(e.At.Sub(f.Received))}
			}
			f.Replies = append(f.Replies, Reply{At: e.At, Agent: e.Actor.ID})
		case ticket.StateChanged, ticket.MergedInto:
			from, to := ticket.State(e.Data.From), ticket.State(e.Data.To)
			reopened = reopened || to == ticket.Reopened
			f.move(e, from, to, reopened)
		case ticket.TimeLogged:
			f.Work = append(f.Work, Work{At: e.At, Agent: e.Actor.ID, Minutes: e.Data.Minutes})
		case ticket.LevelChanged:
			if level(e.Data.To) > level(e.Data.From) {
				f.Escal = append(f.Escal, e.At)
			}
		}
	}
}

// level is the rank of a support level (D-24).
func level(name string) int { return slices.Index(ticket.SupportLevels, ticket.SupportLevel(name)) }

func (f *Facts) move(e ticket.Event, from, to ticket.State, reopened bool) {
	agent := ""
	if e.Actor.Kind == ticket.ByStaff {
		agent = e.Actor.ID
	}
	switch {
	case from.Active() && to == ticket.Merged:
		f.Moves = append(f.Moves, Move{At: e.At, Kind: Merging, Agent: agent})
	case from.Active() && !to.Active():
		f.Moves = append(f.Moves, Move{At: e.At, Kind: Resolving, Agent: agent})
		f.Solved = &Solution{
			At: e.At, Agent: agent, Calendar: seconds(e.At.Sub(f.Received)),
			Automatic: len(f.Replies) == 0, FirstTime: len(f.Replies) == 1 && !reopened,
		}
	case !from.Active() && to.Active():
		f.Moves = append(f.Moves, Move{At: e.At, Kind: Reopening, Agent: agent})
		f.Solved = nil
	}
}

// cause finds the first of Causes that fits a broken promise.
func (f *Facts) cause(log []ticket.Event, c sla.Cycle) Cause {
	due := c.Breach.At
	owner, escalated, reopened, answered := "", false, false, false
	for _, e := range log {
		if e.At.After(due) {
			break
		}
		switch e.Kind {
		case ticket.Assigned:
			owner = e.Data.To
		case ticket.StaffReplied:
			answered = true
		case ticket.LevelChanged:
			// Every promise goes up a level by itself before it breaks (D-18): only
			// a person's decision explains anything.
			escalated = escalated || !e.Data.Automatic && level(e.Data.To) > level(e.Data.From)
		case ticket.StateChanged:
			reopened = reopened || ticket.State(e.Data.To) == ticket.Reopened
		}
	}
	switch {
	case c.Breach.ByReclassification:
		return CauseReclassified
	case owner == "":
		return CauseUnassigned
	case escalated:
		return CauseEscalated
	case reopened:
		return CauseReopened
	case c.Target == sla.Resolution && answered:
		return CauseWork
	}
	return CauseNoReply
}

// Days lists the days a ticket contributes to, in order, and those on which a
// promise made to the customer was broken.
func (f Facts) Days(day func(time.Time) Day) (all []Day, broken map[Day]bool) {
	broken = map[Day]bool{}
	add := func(t time.Time) { all = append(all, day(t)) }
	add(f.Received)
	if f.First != nil {
		add(f.First.At)
	}
	for _, r := range f.Replies {
		add(r.At)
	}
	for _, m := range f.Moves {
		add(m.At)
	}
	for _, e := range f.Escal {
		add(e)
	}
	for _, l := range f.Late {
		add(l)
	}
	for _, v := range f.Verdicts {
		add(v.At)
		if v.Breached && v.Contractual() {
			broken[day(v.At)] = true
		}
	}
	slices.Sort(all)
	return slices.Compact(all), broken
}
