package ticket

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/vmcloud/ricochet/internal/errs"
)

// LinkKind says how a ticket stands to another one.
type LinkKind string

// The kinds of links. People make the first three; the others come with the
// action of their name.
const (
	Related   LinkKind = "related"
	Duplicate LinkKind = "duplicate" // the ticket asks the same as the other
	CausedBy  LinkKind = "caused_by" // the other is the reason for the ticket
	Follows   LinkKind = "follows"   // written after the other was closed (D-15)
	SplitFrom LinkKind = "split_from"
	MergedTo  LinkKind = "merged_to" // the other is the survivor (D-19)
)

// LinkKinds lists those that people make.
var LinkKinds = []LinkKind{Related, Duplicate, CausedBy}

// Link says that Ticket is Kind of Other.
type Link struct {
	Ticket string
	Other  string
	Kind   LinkKind
	At     time.Time
	Staff  string // who made it, "" for the program
}

// LinkView is a link as seen from one of its tickets.
type LinkView struct {
	Link
	Reverse bool // the link was made on the other ticket
	ID      string
	Number  string
	Subject string
	State   State
}

// Removable says whether people may take the link off on the page it is seen
// from: links that tell what became of a ticket stay.
func (v LinkView) Removable() bool { return !v.Reverse && slices.Contains(LinkKinds, v.Kind) }

// TimeEntry is working time that a staff member noted on a ticket.
type TimeEntry struct {
	ID        string
	Ticket    string
	Staff     string
	Minutes   int
	MessageID string // the note that says what for, "" without
	At        time.Time
}

// linkTx is what links and the time log need from a transaction.
type linkTx interface {
	// InsertLink stores a link, once.
	InsertLink(Link) error
	// DeleteLink removes it; ok is false when there was none.
	DeleteLink(ticketID, otherID string, kind LinkKind) (ok bool, err error)
	InsertTime(TimeEntry) error
}

// Link ties the ticket to another one, in words a reader understands: it is
// related to it, a duplicate of it, or caused by it. Doing so twice changes
// nothing.
func (s *Service) Link(ctx context.Context, id string, version int64, staffID, otherID string, kind LinkKind) error {
	if !slices.Contains(LinkKinds, kind) {
		return errs.InvalidFields(errs.Field{Name: "kind", Key: "error.field.choice"})
	}
	if id == otherID {
		return errs.InvalidFields(errs.Field{Name: "other", Key: "error.field.same_ticket"})
	}
	by := Actor{ByStaff, staffID}
	return s.act(ctx, id, version, func(w work) (change, error) {
		if w.linked(otherID, kind) {
			return change{}, nil
		}
		if _, err := w.tx.TicketByID(otherID); err != nil {
			return change{}, unknownTicket(err)
		}
		return change{
			events: []Event{{Kind: Linked, Actor: by, Data: EventData{Other: otherID, Link: kind}}},
			also:   func(tx Tx) error { return tx.InsertLink(Link{id, otherID, kind, w.now, staffID}) },
		}, nil
	})
}

// unknownTicket says that the other ticket named in a form does not exist.
func unknownTicket(err error) error {
	if errs.Is(err, errs.NotFound) {
		return errs.InvalidFields(errs.Field{Name: "other", Key: "error.field.ticket"})
	}
	return err
}

// linked says whether the log has such a link that was not removed since.
func (w work) linked(otherID string, kind LinkKind) bool {
	have := false
	for _, e := range w.log {
		if e.Data.Other == otherID && e.Data.Link == kind {
			have = e.Kind == Linked || have && e.Kind != Unlinked
		}
	}
	return have
}

// Unlink removes a link that Link made.
func (s *Service) Unlink(ctx context.Context, id string, version int64, staffID, otherID string, kind LinkKind) error {
	by := Actor{ByStaff, staffID}
	return s.act(ctx, id, version, func(w work) (change, error) {
		if !w.linked(otherID, kind) {
			return change{}, nil
		}
		if !slices.Contains(LinkKinds, kind) {
			return change{}, errs.InvalidFields(errs.Field{Name: "kind", Key: "error.field.choice"})
		}
		if _, err := w.tx.DeleteLink(id, otherID, kind); err != nil {
			return change{}, err
		}
		return change{events: []Event{{Kind: Unlinked, Actor: by, Data: EventData{Other: otherID, Link: kind}}}}, nil
	})
}

// maxMinutes is the most one entry of the time log may hold: a day.
const maxMinutes = 24 * 60

// LogTime notes working time, 1 minute to a day at once, with a note about
// what it was for unless that is "".
func (s *Service) LogTime(ctx context.Context, id string, version int64, staffID string, minutes int, note string) error {
	if minutes < 1 || minutes > maxMinutes {
		return errs.InvalidFields(errs.Field{Name: "minutes", Key: "error.field.minutes", Args: map[string]any{"Limit": maxMinutes}})
	}
	if note != "" {
		var err error
		if note, err = checkBody("note", note); err != nil {
			return err
		}
	}
	by := Actor{ByStaff, staffID}
	return s.act(ctx, id, version, func(w work) (change, error) {
		entry := TimeEntry{ID: uuid.Must(uuid.NewV7()).String(), Ticket: id, Staff: staffID, Minutes: minutes, At: w.now}
		c := change{also: func(tx Tx) error { return tx.InsertTime(entry) }}
		if note != "" {
			m := newMessage(id, by, false, note, w.now)
			entry.MessageID = m.ID
			c.messages = []*Message{m}
			c.events = []Event{{Kind: Noted, Actor: by, Data: EventData{MessageID: m.ID}}}
			var err error
			if c.tell, err = w.mentions(m); err != nil {
				return change{}, err
			}
		}
		c.events = append(c.events, Event{Kind: TimeLogged, Actor: by, Data: EventData{Minutes: minutes, Record: entry.ID}})
		return c, nil
	})
}
