package sla

import (
	"cmp"
	"slices"
	"time"
)

// EventKind is what an event of a ticket's log means to its clocks.
type EventKind string

// The kinds of event. Every other kind (internal notes, automatic
// acknowledgements, suggestions, bot answers) is neutral (D-13).
const (
	CustomerMessage EventKind = "customer_message" // a person wrote to us; At is when it was received
	AgentReply      EventKind = "agent_reply"      // a public answer written by a person
	Waiting         EventKind = "waiting"          // the ticket now waits for the customer (D-14)
	Resumed         EventKind = "resumed"          // it no longer waits
	Resolved        EventKind = "resolved"
	Reopened        EventKind = "reopened"
	Closed          EventKind = "closed"
	Reclassified    EventKind = "reclassified" // tier and priority are now Event.Tier and Event.Priority (D-16)
	MergedInto      EventKind = "merged_into"  // this ticket was merged into another (D-19)
	Absorbed        EventKind = "absorbed"     // another ticket, Event.Source, was merged into this one (D-19)
)

// Event is one entry of a ticket's log.
type Event struct {
	At       time.Time `json:"at"`
	Kind     EventKind `json:"kind"`
	Tier     string    `json:"tier,omitempty"`     // of Reclassified: the complete new classification
	Priority Priority  `json:"priority,omitempty"` // of Reclassified
	Source   *Log      `json:"source,omitempty"`   // of Absorbed: the merged ticket's log up to the merge
}

// Log is everything the clocks of a ticket depend on. Created is when the
// customer's first message was received (D-13).
type Log struct {
	Created  time.Time `json:"created"`
	Tier     string    `json:"tier"`
	Priority Priority  `json:"priority"`
	Events   []Event   `json:"events"`
}

// Evaluate is the state of a ticket's clocks at now by the house rules: events
// may come in any order and are sorted by instant; at one instant messages and
// replies count first, then changes of status, then reclassifications (D-14,
// D-16), and otherwise the order of the log decides. A customer's message ends
// waiting, whatever the status says (D-14). A now before the last event counts
// as that event's instant.
func Evaluate(l Log, b *Book, now time.Time) State { return Replay(ordered(l), b, now) }

// ordered is the log with the house's rules of order and waiting spelled out.
func ordered(l Log) Log {
	events := slices.Clone(l.Events)
	slices.SortStableFunc(events, func(a, b Event) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		sa, _ := sourceOrder(a)
		sb, _ := sourceOrder(b)
		return cmp.Or(cmp.Compare(turn(a), turn(b)), sa.Compare(sb))
	})
	l.Events = make([]Event, 0, len(events))
	for _, e := range events {
		if e.Kind == Absorbed && e.Source != nil {
			src := ordered(*e.Source)
			e.Source = &src
		}
		l.Events = append(l.Events, e)
		if e.Kind == CustomerMessage {
			l.Events = append(l.Events, Event{At: e.At, Kind: Resumed})
		}
	}
	return l
}

// turn is the place of an event among those of one instant. Of several merged
// tickets the unanswered come first, so that the order of merging does not
// matter (D-19).
func turn(e Event) int {
	switch e.Kind {
	case Waiting, Resumed, Resolved, Reopened, Closed:
		return 1
	case Reclassified:
		return 2
	case Absorbed:
		if _, answered := sourceOrder(e); answered {
			return 4
		}
		return 3
	case MergedInto:
		return 5
	}
	return 0
}

// sourceOrder puts merged tickets in order: the unanswered by age, the
// answered by their first reply. Other events keep the log's order.
func sourceOrder(e Event) (at time.Time, answered bool) {
	if e.Kind != Absorbed || e.Source == nil {
		return time.Time{}, false
	}
	for _, s := range e.Source.Events {
		if s.Kind == AgentReply && (!answered || s.At.Before(at)) {
			at, answered = s.At, true
		}
	}
	if !answered {
		at = e.Source.Created
	}
	return at, answered
}
