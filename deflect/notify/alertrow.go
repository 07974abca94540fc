package notify

import (
	"time"

	"github.com/vmcloud/ricochet/deflect/ticket"
)

// UndeliveredAfter is the number of failed attempts after which a message is
// shown as undelivered and told by another channel: with the jobs' back-off
// about a minute. The attempts go on.
const UndeliveredAfter = 5

// AlertFilter selects alerts for the desk.
type AlertFilter struct {
	TicketID      string // "" for all
	Undelivered   bool   // only those with a message that did not arrive
	Limit, Offset int
}

// AlertRow is an alert as the desk shows it.
type AlertRow struct {
	Alert
	Number   string // of the ticket, "" for none
	Tier     ticket.Tier
	Priority ticket.Priority
	Told     []Telling
}

// Telling is one message of an alert.
type Telling struct {
	ID        string
	Channel   string // "mail", or the channel's name
	StaffID   string // of a mail: whose
	State     DeliveryState
	Attempts  int // failed so far
	LastError string
	SendAt    time.Time
	DoneAt    time.Time
}

// Set reads the stored state of a mail or delivery.
func (t *Telling) Set(stored string) {
	switch {
	case stored == string(Sent):
		t.State = Delivered
	case stored == string(Queued) && t.Attempts >= UndeliveredAfter:
		t.State = Undelivered
	default:
		t.State = DeliveryState(stored)
	}
	if t.State == Delivered {
		t.Attempts, t.LastError = 0, ""
	}
}
