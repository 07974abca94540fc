package ticket

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/vmcloud/ricochet/internal/errs"
)

// MaxBody is the longest message or note, in characters.
const MaxBody = 20_000

// The jobs that tell people about a change.
const (
	JobStaffReplied    = "ticket.staff_replied"
	JobCustomerReplied = "ticket.customer_replied"
)

// Tx is what the service needs from a transaction. Implemented by store.
type Tx interface {
	Now() time.Time
	TicketByID(id string) (Ticket, error)
	EventsOf(ticketID string) ([]Event, error)
	// UpdateTicket stores t if its version in the database is still
	// t.Version, and raises it; ok is false when somebody else was faster.
	UpdateTicket(t Ticket) (ok bool, err error)
	AppendEvent(ticketID string, e Event) error
	InsertMessage(Message) error
	ConfirmPerson(personID string) error
	Enqueue(kind, dedupe, payload string) error
}

// Store opens transactions.
type Store interface {
	InTx(ctx context.Context, fn func(Tx) error) error
}

// Service changes tickets. Every change is one event with author and reason,
// and commits together with the jobs it causes.
type Service struct {
	Store  Store
	Clocks Clocks
}

// change is what one action does to a ticket.
type change struct {
	ticket  Ticket
	events  []Event // Seq and At are filled in
	message *Message
	job     string // kind of job that tells people about the message
}

// act loads the ticket, lets f decide, and stores the outcome. version is
// what the person had seen: 0 skips that check.
func (s *Service) act(ctx context.Context, id string, version int64, f func(now time.Time, t Ticket) (change, error)) error {
	return s.Store.InTx(ctx, func(tx Tx) error {
		t, err := tx.TicketByID(id)
		if err != nil {
			return err
		}
		if version != 0 && version != t.Version {
			return staleError(t, version)
		}
		log, err := tx.EventsOf(id)
		if err != nil {
			return err
		}
		now := tx.Now()
		c, err := f(now, t)
		if err != nil {
			return err
		}
		seq := int64(len(log))
		for i := range c.events {
			seq++
			c.events[i].Seq, c.events[i].At = seq, now
			log = append(log, c.events[i])
			if err := tx.AppendEvent(id, c.events[i]); err != nil {
				return err
			}
		}
		if c.message != nil {
			if err := tx.InsertMessage(*c.message); err != nil {
				return err
			}
		}
		if c.job != "" {
			if err := enqueue(tx, c.job, id, c.message.ID); err != nil {
				return err
			}
		}
		c.ticket.SLA = s.Clocks.Evaluate(log, now)
		c.ticket.UpdatedAt = now
		ok, err := tx.UpdateTicket(c.ticket)
		if err == nil && !ok {
			err = staleError(c.ticket, version)
		}
		return err
	})
}

func staleError(t Ticket, seen int64) error {
	return errs.Newf(errs.Conflict, "error.ticket.stale", "ticket %s is at version %d, the form had %d", t.Number, t.Version, seen)
}

func enqueue(tx Tx, kind, ticketID, messageID string) error {
	payload, err := json.Marshal(map[string]string{"ticket": ticketID, "message": messageID})
	if err != nil {
		return err
	}
	return tx.Enqueue(kind, kind+":"+messageID, string(payload))
}

// checkBody trims a message and refuses an empty or oversized one.
func checkBody(field, body string) (string, error) {
	body = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(body, "\uFFFD"), "\r\n", "\n"))
	switch {
	case body == "":
		return "", errs.InvalidFields(errs.Field{Name: field, Key: "error.field.message_missing"})
	case utf8.RuneCountInString(body) > MaxBody:
		return "", errs.InvalidFields(errs.Field{Name: field, Key: "error.field.too_long", Args: map[string]any{"Limit": MaxBody}})
	}
	return body, nil
}

func newMessage(ticketID string, by Actor, public bool, body string, now time.Time) *Message {
	m := &Message{ID: uuid.Must(uuid.NewV7()).String(), TicketID: ticketID, Author: by.Kind, Public: public, Body: body, At: now}
	if by.Kind == ByStaff {
		m.StaffID = by.ID
	}
	return m
}

// moved adds the event of a state change that came with another action.
func moved(events []Event, by Actor, from, to State, reason string) []Event {
	if from == to {
		return events
	}
	return append(events, Event{Kind: StateChanged, Actor: by, Reason: reason, Data: EventData{From: string(from), To: string(to)}})
}

// Reply sends a public answer to the customer and, when to is not "", moves
// the ticket to that state in the same step; the reply counts first (D-14).
func (s *Service) Reply(ctx context.Context, id string, version int64, staffID, body string, to State) error {
	body, err := checkBody("reply", body)
	if err != nil {
		return err
	}
	by := Actor{ByStaff, staffID}
	return s.act(ctx, id, version, func(now time.Time, t Ticket) (change, error) {
		from := t.State
		t, err := AfterStaffReply(t)
		if err != nil {
			return change{}, err
		}
		if t.Assignee == "" {
			t.Assignee = staffID // who answers first owns it to the end (D-22)
		}
		if to != "" && to != t.State {
			if t, err = Move(t, to); err != nil {
				return change{}, err
			}
		}
		m := newMessage(id, by, true, body, now)
		events := []Event{{Kind: StaffReplied, Actor: by, Data: EventData{MessageID: m.ID}}}
		return change{ticket: t, events: moved(events, by, from, t.State, ""), message: m, job: JobStaffReplied}, nil
	})
}

// Note adds an internal note. It is not a response (D-13) and nobody outside
// the team sees it.
func (s *Service) Note(ctx context.Context, id string, version int64, staffID, body string) error {
	body, err := checkBody("note", body)
	if err != nil {
		return err
	}
	by := Actor{ByStaff, staffID}
	return s.act(ctx, id, version, func(now time.Time, t Ticket) (change, error) {
		m := newMessage(id, by, false, body, now)
		return change{ticket: t, events: []Event{{Kind: Noted, Actor: by, Data: EventData{MessageID: m.ID}}}, message: m}, nil
	})
}

// SetState moves the ticket on a person's word; reason may be empty.
func (s *Service) SetState(ctx context.Context, id string, version int64, staffID string, to State, reason string) error {
	by := Actor{ByStaff, staffID}
	return s.act(ctx, id, version, func(_ time.Time, t Ticket) (change, error) {
		from := t.State
		if from == to {
			return change{ticket: t}, nil
		}
		t, err := Move(t, to)
		if err != nil {
			return change{}, err
		}
		return change{ticket: t, events: moved(nil, by, from, to, strings.TrimSpace(reason))}, nil
	})
}

// SetPriority changes the priority; the reason is part of the record and
// required (D-11). Elapsed time is kept (D-16).
func (s *Service) SetPriority(ctx context.Context, id string, version int64, staffID string, p Priority, reason string) error {
	if !slices.Contains(Priorities, p) {
		return errs.InvalidFields(errs.Field{Name: "priority", Key: "error.field.choice"})
	}
	reason = strings.TrimSpace(reason)
	by := Actor{ByStaff, staffID}
	return s.act(ctx, id, version, func(_ time.Time, t Ticket) (change, error) {
		if t.Priority == p {
			return change{ticket: t}, nil
		}
		if reason == "" {
			return change{}, errs.InvalidFields(errs.Field{Name: "reason", Key: "error.field.reason_missing"})
		}
		e := Event{Kind: PriorityChanged, Actor: by, Reason: reason, Data: EventData{From: string(t.Priority), To: string(p)}}
		t.Priority = p
		return change{ticket: t, events: []Event{e}}, nil
	})
}

// CustomerReply adds the customer's message from the "my request" page, which
// only the mailed link opens: writing there confirms the address.
func (s *Service) CustomerReply(ctx context.Context, id, body string) error {
	body, err := checkBody("message", body)
	if err != nil {
		return err
	}
	return s.Store.InTx(ctx, func(tx Tx) error {
		t, err := tx.TicketByID(id)
		if err != nil {
			return err
		}
		if err := tx.ConfirmPerson(t.PersonID); err != nil {
			return err
		}
		inner := Service{Store: nested{tx}, Clocks: s.Clocks}
		by := Actor{ByCustomer, t.PersonID}
		return inner.act(ctx, id, 0, func(now time.Time, t Ticket) (change, error) {
			from := t.State
			t, err := AfterCustomerReply(t)
			if err != nil {
				return change{}, err
			}
			m := newMessage(id, by, true, body, now)
			events := []Event{{Kind: CustomerReplied, Actor: by, Data: EventData{MessageID: m.ID}}}
			return change{ticket: t, events: moved(events, by, from, t.State, ""), message: m, job: JobCustomerReplied}, nil
		})
	})
}

// nested runs inside a transaction that is already open.
type nested struct{ tx Tx }

// InTx calls fn with the open transaction.
func (n nested) InTx(_ context.Context, fn func(Tx) error) error { return fn(n.tx) }

// String names the actor for logs.
func (a Actor) String() string { return fmt.Sprintf("%s:%s", a.Kind, a.ID) }
