package ticket

import "time"

// Clocks turns a ticket's log into the state of its promises. It is pure: the
// same log, policies and now give the same answer (D-12).
type Clocks interface {
	// Tier is the service level for a contract ("" for none) and a monthly
	// revenue in euro cents (D-6).
	Tier(contract Tier, mrrCents int64) Tier
	// Evaluate gives every target of the ticket at now.
	Evaluate(t Ticket, log []Event, now time.Time) ([]Target, error)
}

// Message is something written on a ticket. Its text is personal data and
// lives apart from the events (D-36).
type Message struct {
	ID       string
	TicketID string
	Author   ActorKind
	StaffID  string
	Public   bool // false: an internal note
	Body     string
	At       time.Time
}
