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

// The jobs that tell people about a change. JobCreated is also what a ticket
// from the intake enqueues.
const (
	JobCreated         = "ticket.created"
	JobStaffReplied    = "ticket.staff_replied"
	JobCustomerReplied = "ticket.customer_replied"
	JobTellStaff       = "ticket.tell_staff"
)

// Tx is what the services need from a transaction. Implemented by store. It
// is made of one part for each thing that is kept.
type Tx interface {
	Now() time.Time
	TicketByID(id string) (Ticket, error)
	// TicketForUpdate is TicketByID, and nobody else can change the ticket
	// until the transaction ends.
	TicketForUpdate(id string) (Ticket, error)
	EventsOf(ticketID string) ([]Event, error)
	// UpdateTicket stores t if its version in the database is still
	// t.Version, and raises it; ok is false when somebody else was faster.
	UpdateTicket(t Ticket) (ok bool, err error)
	// InsertTicket stores a ticket; ok is false when its number is taken.
	InsertTicket(t Ticket, formToken string) (ok bool, err error)
	AppendEvent(ticketID string, e Event) error
	InsertMessage(Message) error
	MessageByID(id string) (Message, error)
	// MoveMessage puts a message and its files on another ticket.
	MoveMessage(id, ticketID string) error
	ConfirmPerson(personID string) error
	// CustomerOfPerson describes the person and company behind a ticket.
	CustomerOfPerson(personID string) (CustomerView, error)
	// Team lists the accounts, for mentions.
	Team() ([]Staff, error)
	Enqueue(kind, dedupe, payload string) error
	// Audit appends to the audit log who did what to what; data holds ids and
	// short values only (D-36).
	Audit(actor, action, object string, data map[string]string) error
	linkTx
	escalationTx
	timerTx
	creditTx
	surveyTx
	npsTx
	qualityTx
	incidentTx
	causeTx
}

// Store opens transactions.
type Store interface {
	InTx(ctx context.Context, fn func(Tx) error) error
}

// Taxonomy knows the three levels of categories (D-23).
type Taxonomy interface {
	// Known says whether the levels exist and belong together; lower ones may
	// be "".
	Known(category, subcategory, component string) bool
}

// Service changes tickets. Every change is one event with author and reason,
// and commits together with the jobs it causes. Methods that take a version
// refuse when the ticket has changed since; 0 skips that check.
type Service struct {
	Store    Store
	Clocks   Clocks
	Taxonomy Taxonomy // nil: every category is taken
	// AccessHash is the hash, for the database, of the secret in the "my
	// request" link of a ticket that a split or a late message makes.
	AccessHash func(ticketID string) string
	// Opened tells the ledger that a message after closing made a ticket
	// (D-31); may be nil.
	Opened func(tx Tx, t Ticket) error
	// Substitute is who takes a ticket over whose owner is away at 75 % of a
	// promise, "" for nobody (D-18); nil: it stays.
	Substitute func(tx Tx, t Ticket) (staffID string, err error)
	// Told tells people of what a timer did, in its transaction; nil tells
	// nobody.
	Told func(tx Tx, t Ticket, a Action) error
}

// In is the service inside a transaction that is already open.
func (s *Service) In(tx Tx) *Service {
	inner := *s
	inner.Store = nested{tx}
	return &inner
}

// nested runs inside a transaction that is already open.
type nested struct{ tx Tx }

// InTx calls fn with the open transaction.
func (n nested) InTx(_ context.Context, fn func(Tx) error) error { return fn(n.tx) }

// work is what an action looks at: a ticket that nobody else can change, and
// its log.
type work struct {
	tx  Tx
	now time.Time
	t   Ticket
	log []Event
}

// change is what one action does to a ticket. No events: nothing happens.
type change struct {
	events   []Event // Seq and At are filled in
	messages []*Message
	tell     []tell
	also     func(tx Tx) error // stores what is kept beside the ticket
	quiet    bool              // a timer's: only the clocks, and nobody's form becomes stale
}

// tell is a job that tells somebody. Its dedupe key is Kind and Key.
type tell struct {
	kind, key string
	payload   any
}

// about is the payload of a job about a message.
type about struct {
	Ticket  string `json:"ticket"`
	Message string `json:"message,omitempty"`
}

func tellOf(kind string, m *Message) tell {
	return tell{kind, m.ID, about{m.TicketID, m.ID}}
}

// act loads the ticket, lets f decide, and stores the outcome. version is
// what the person had seen: 0 skips that check.
func (s *Service) act(ctx context.Context, id string, version int64, f func(work) (change, error)) error {
	return s.Store.InTx(ctx, func(tx Tx) error {
		w, err := s.open(tx, id, version)
		if err != nil {
			return err
		}
		c, err := f(w)
		if err != nil {
			return err
		}
		return s.store(w, c)
	})
}

// load reads a ticket that is to change.
func load(tx Tx, id string, version int64) (work, error) {
	t, err := tx.TicketForUpdate(id)
	if err != nil {
		return work{}, err
	}
	if version != 0 && version != t.Version {
		return work{}, staleError(t, version)
	}
	log, err := tx.EventsOf(id)
	return work{tx, tx.Now(), t, log}, err
}

// store applies the events of a change and writes everything it brought.
func (s *Service) store(w work, c change) error {
	if len(c.events) == 0 && !c.quiet {
		return nil
	}
	t, log := w.t, slices.Clip(w.log)
	for _, e := range c.events {
		e.Seq, e.At = int64(len(log))+1, w.now
		t.apply(e)
		log = append(log, e)
		if err := w.tx.AppendEvent(t.ID, e); err != nil {
			return err
		}
	}
	for _, m := range c.messages {
		if err := w.tx.InsertMessage(*m); err != nil {
			return err
		}
	}
	t.SLA, t.WakeAt = s.Clocks.Schedule(log, w.now)
	t.UpdatedAt = w.now
	save := w.tx.UpdateTicket
	if c.quiet {
		save = w.tx.StoreClocks
	}
	ok, err := save(t)
	if err == nil && !ok {
		err = staleError(t, w.t.Version)
	}
	if err == nil && c.also != nil {
		err = c.also(w.tx)
	}
	if err != nil {
		return err
	}
	return enqueue(w.tx, append(c.tell, w.tellWatchers(c.events)...))
}

func enqueue(tx Tx, all []tell) error {
	for _, j := range all {
		payload, err := json.Marshal(j.payload)
		if err != nil {
			return err
		}
		if err := tx.Enqueue(j.kind, j.kind+":"+j.key, string(payload)); err != nil {
			return err
		}
	}
	return nil
}

func staleError(t Ticket, seen int64) error {
	return errs.Newf(errs.Conflict, "error.ticket.stale", "ticket %s is at version %d, the form had %d", t.Number, t.Version, seen)
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
	switch by.Kind {
	case ByStaff:
		m.StaffID = by.ID
	case ByCustomer:
		m.PersonID = by.ID
	}
	return m
}

// stateEvents is the event of a state change that came with another action;
// none when the state stays.
func stateEvents(by Actor, from, to State, reason string) []Event {
	if from == to {
		return nil
	}
	e := Event{Kind: StateChanged, Actor: by, Reason: reason, Data: EventData{From: string(from), To: string(to)}}
	if to == Closed {
		e.Data.Ending = EndedByStaff
	}
	return []Event{e}
}

// Reply sends a public answer to the customer and, when to is not "", moves
// the ticket to that state in the same step; the reply counts first (D-14).
func (s *Service) Reply(ctx context.Context, id string, version int64, staffID, body string, to State) error {
	body, err := checkBody("reply", body)
	if err != nil {
		return err
	}
	return s.act(ctx, id, version, func(w work) (change, error) {
		return w.reply(Actor{ByStaff, staffID}, body, to, "")
	})
}

// reply is a public answer; record names the answer to an incident it repeats.
func (w work) reply(by Actor, body string, to State, record string) (change, error) {
	t, err := AfterStaffReply(w.t)
	if err != nil {
		return change{}, err
	}
	if to != "" && to != t.State {
		if t, err = Move(t, to); err != nil {
			return change{}, err
		}
	}
	m := newMessage(t.ID, by, true, body, w.now)
	events := []Event{{Kind: StaffReplied, Actor: by, Data: EventData{MessageID: m.ID, Record: record}}}
	if t.Assignee == "" { // who answers first owns it to the end (D-22)
		events = append(events, Event{Kind: Assigned, Actor: by, Data: EventData{To: by.ID}})
	}
	events = append(events, stateEvents(by, w.t.State, t.State, "")...)
	return change{events: events, messages: []*Message{m}, tell: []tell{tellOf(JobStaffReplied, m)}}, nil
}

// Note adds an internal note and tells the staff it mentions as @name. It is
// not a response (D-13) and nobody outside the team sees it.
func (s *Service) Note(ctx context.Context, id string, version int64, staffID, body string) error {
	body, err := checkBody("note", body)
	if err != nil {
		return err
	}
	by := Actor{ByStaff, staffID}
	return s.act(ctx, id, version, func(w work) (change, error) {
		m := newMessage(id, by, false, body, w.now)
		mentioned, err := w.mentions(m)
		return change{
			events:   []Event{{Kind: Noted, Actor: by, Data: EventData{MessageID: m.ID}}},
			messages: []*Message{m}, tell: mentioned,
		}, err
	})
}

// SetState moves the ticket on a person's word; reason may be empty.
func (s *Service) SetState(ctx context.Context, id string, version int64, staffID string, to State, reason string) error {
	by := Actor{ByStaff, staffID}
	return s.act(ctx, id, version, func(w work) (change, error) {
		if w.t.State == to {
			return change{}, nil
		}
		if _, err := Move(w.t, to); err != nil {
			return change{}, err
		}
		return change{events: stateEvents(by, w.t.State, to, strings.TrimSpace(reason))}, nil
	})
}

// SetPriority changes the priority; the reason is part of the record and
// required (D-11). Elapsed time is kept (D-16). P0 goes straight to management
// (D-5).
func (s *Service) SetPriority(ctx context.Context, id string, version int64, staffID string, p Priority, reason string) error {
	if !slices.Contains(Priorities, p) {
		return errs.InvalidFields(errs.Field{Name: "priority", Key: "error.field.choice"})
	}
	by := Actor{ByStaff, staffID}
	return s.act(ctx, id, version, func(w work) (change, error) {
		if w.t.Priority == p {
			return change{}, nil
		}
		if err := w.editable(); err != nil {
			return change{}, err
		}
		reason, err := checkReason(reason)
		if err != nil {
			return change{}, err
		}
		c := change{events: []Event{{Kind: PriorityChanged, Actor: by, Reason: reason, Data: EventData{From: string(w.t.Priority), To: string(p)}}}}
		if p == P0 && w.t.State.Active() && w.t.Level != Management {
			up, err := w.raise(Management, ReasonOutage)
			if err != nil {
				return change{}, err
			}
			c.events, c.also = append(c.events, up.events...), up.also
		}
		return c, nil
	})
}

// maxReason is the longest reason of a change, in characters.
const maxReason = 500

// oneLine is a text without line ends, and with single spaces.
func oneLine(text string) string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(text, "\uFFFD")), " ")
}

// checkReason trims the reason of a change and refuses an empty or oversized
// one.
func checkReason(reason string) (string, error) {
	reason = oneLine(reason)
	switch {
	case reason == "":
		return "", errs.InvalidFields(errs.Field{Name: "reason", Key: "error.field.reason_missing"})
	case utf8.RuneCountInString(reason) > maxReason:
		return "", errs.InvalidFields(errs.Field{Name: "reason", Key: "error.field.too_long", Args: map[string]any{"Limit": maxReason}})
	}
	return reason, nil
}

// editable refuses changes to a ticket that is over: its record is what
// reports and credits rest on.
func (w work) editable() error {
	if w.t.State == Closed || w.t.State == Merged {
		return errs.Newf(errs.Conflict, "error.ticket.closed", "ticket %s is %s", w.t.Number, w.t.State)
	}
	return nil
}

// String names the actor for logs.
func (a Actor) String() string { return fmt.Sprintf("%s:%s", a.Kind, a.ID) }
