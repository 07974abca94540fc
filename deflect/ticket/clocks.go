package ticket

import (
	"time"

	"github.com/vmcloud/ricochet/deflect/sla"
)

// Clocks turns a ticket's log into the state of its promises, under the
// policies of a Book. It is pure: the same log, policies and now give the
// same answer (D-12).
type Clocks struct{ Book *sla.Book }

// Tier is the service level at now for a contract ("" for none) and a monthly
// revenue in euro cents (D-6).
func (c Clocks) Tier(contract Tier, mrrCents int64, now time.Time) Tier {
	return Tier(c.Book.At(now).TierFor(mrrCents, string(contract)))
}

// targets are the latest cycle of every target, in the order they are shown.
// Those that have not started are left out.
func targets(state sla.State) []Target {
	var all []Target
	for _, name := range sla.Targets {
		cy, ok := state.Current(name)
		if !ok || cy.Status == sla.Inactive {
			continue
		}
		t := Target{
			Name: string(name), Due: cy.Due, State: string(cy.Status), Running: cy.Ticking, Kind: string(cy.Kind),
			Calendar: cy.Calendar, Zone: cy.Zone,
		}
		if cy.Breach != nil {
			t.BreachedAt = cy.Breach.At
		}
		all = append(all, t)
	}
	return all
}

// SLALog says in the clocks' words what happened to a ticket.
func SLALog(log []Event) sla.Log {
	var l sla.Log
	tier, priority := Free, P4
	for _, e := range log {
		out := sla.Event{At: e.At}
		switch e.Kind {
		case Created:
			tier, priority = e.Data.Tier, e.Data.Priority
			l.Created, l.Tier, l.Priority = e.At, string(tier), sla.Priority(priority)
			continue
		case CustomerReplied:
			out.Kind = sla.CustomerMessage
		case StaffReplied:
			out.Kind = sla.AgentReply
		case StateChanged:
			kind, ok := stateEvent(State(e.Data.From), State(e.Data.To))
			if !ok {
				continue
			}
			out.Kind = kind
		case PriorityChanged, TierChanged:
			if e.Kind == PriorityChanged {
				priority = Priority(e.Data.To)
			} else {
				tier = Tier(e.Data.To)
			}
			out.Kind, out.Tier, out.Priority = sla.Reclassified, string(tier), sla.Priority(priority)
		case MergedInto:
			out.Kind = sla.MergedInto
		case Absorbed:
			// The classification that the merge gave is part of the absorption;
			// later changes start from it.
			tier, priority = e.Data.Tier, e.Data.Priority
			out.Kind, out.Source = sla.Absorbed, e.Data.Source
		default:
			continue // notes, assignments and mails move no clock (D-13)
		}
		l.Events = append(l.Events, out)
	}
	return l
}

// stateEvent is what a change of state means to the clocks; ok is false when
// it means nothing.
func stateEvent(from, to State) (sla.EventKind, bool) {
	switch {
	case to == WaitingCustomer:
		return sla.Waiting, true
	case to == Resolved:
		return sla.Resolved, true
	case to == Closed:
		return sla.Closed, true
	case to == Reopened:
		return sla.Reopened, true
	case from == WaitingCustomer:
		return sla.Resumed, true
	}
	return "", false
}

// Message is something written on a ticket. Its text is personal data and
// lives apart from the events (D-36).
type Message struct {
	ID       string
	TicketID string
	Author   ActorKind
	StaffID  string // "" unless one of the team wrote it
	PersonID string // "" unless a customer did; after a merge not always the ticket's (D-19)
	Public   bool   // false: an internal note
	Body     string
	At       time.Time
}
