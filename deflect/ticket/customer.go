package ticket

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/vmcloud/ricochet/internal/errs"
)

// CustomerMessage is what a customer writes on a ticket.
type CustomerMessage struct {
	Body string
	// Attach stores the files that came with it, in the message's transaction;
	// may be nil.
	Attach func(tx Tx, ticketID, messageID string) error
}

// Landed says where a customer's message ended up.
type Landed struct {
	TicketID  string // the ticket written to, the one it was merged into, or a new one
	MessageID string
	Opened    bool // the ticket was closed: TicketID is a new one (D-15)
}

// CustomerReply adds the customer's message from the "my request" page, which
// only the mailed link opens: writing there confirms the address. On a merged
// ticket it goes to the survivor (D-19), on a closed one it opens a linked new
// ticket with fresh clocks (D-15).
func (s *Service) CustomerReply(ctx context.Context, id string, msg CustomerMessage) (Landed, error) {
	body, err := checkBody("message", msg.Body)
	if err != nil {
		return Landed{}, err
	}
	var landed Landed
	err = s.Store.InTx(ctx, func(tx Tx) error {
		author, w, err := s.openByLink(tx, id)
		if err != nil {
			return err
		}
		by := Actor{ByCustomer, author.PersonID}
		if w.t.State == Closed {
			landed, err = s.followUp(w, author, by, body)
		} else {
			landed, err = s.customerWrote(w, by, body)
		}
		if err == nil && msg.Attach != nil {
			err = msg.Attach(tx, landed.TicketID, landed.MessageID)
		}
		return err
	})
	return landed, err
}

// openByLink opens a ticket, or its survivor, for the author of the ticket: who
// comes by its mailed link confirms the address.
func (s *Service) openByLink(tx Tx, id string) (author Ticket, w work, err error) {
	if author, err = tx.TicketByID(id); err != nil {
		return author, w, err
	}
	if err = tx.ConfirmPerson(author.PersonID); err != nil {
		return author, w, err
	}
	w, err = s.openSurvivor(tx, id)
	return author, w, err
}

// openSurvivor opens a ticket, or the one it was merged into in the end.
func (s *Service) openSurvivor(tx Tx, id string) (work, error) {
	for seen := []string{}; ; {
		w, err := s.open(tx, id, 0)
		if err != nil || w.t.State != Merged {
			return w, err
		}
		seen = append(seen, id)
		i := slices.IndexFunc(w.log, func(e Event) bool { return e.Kind == MergedInto })
		if i < 0 || slices.Contains(seen, w.log[i].Data.Other) {
			return w, errs.Newf(errs.Internal, "", "ticket %s is merged into nothing", w.t.Number)
		}
		id = w.log[i].Data.Other
	}
}

func (s *Service) customerWrote(w work, by Actor, body string) (Landed, error) {
	t, err := AfterCustomerReply(w.t)
	if err != nil {
		return Landed{}, err
	}
	m := newMessage(t.ID, by, true, body, w.now)
	events := append([]Event{{Kind: CustomerReplied, Actor: by, Data: EventData{MessageID: m.ID}}},
		stateEvents(by, w.t.State, t.State, "")...)
	err = s.store(w, change{events: events, messages: []*Message{m}, tell: []tell{tellOf(JobCustomerReplied, m)}})
	return Landed{TicketID: t.ID, MessageID: m.ID}, err
}

// followUp opens a linked new ticket for a message on a closed one (D-15). Its
// tier is what the customer has today (D-6).
func (s *Service) followUp(w work, author Ticket, by Actor, body string) (Landed, error) {
	c, err := w.tx.CustomerOfPerson(author.PersonID)
	if err != nil {
		return Landed{}, err
	}
	t := heir(w.t, w.now)
	t.PersonID, t.Lang, t.Visitor = author.PersonID, author.Lang, ""
	t.Tier = s.Clocks.Tier(c.Contract, c.MRRCents, w.now)
	m := newMessage(t.ID, by, true, body, w.now)
	created := Event{At: w.now, Kind: Created, Actor: by, Data: EventData{MessageID: m.ID, Other: w.t.ID}}
	if err := s.insert(w.tx, &t, []Event{created}); err != nil {
		return Landed{}, err
	}
	if err := w.tx.InsertMessage(*m); err != nil {
		return Landed{}, err
	}
	if s.Opened != nil {
		if err := s.Opened(w.tx, t); err != nil {
			return Landed{}, err
		}
	}
	err = s.store(w, change{
		events: []Event{{Kind: FollowedUp, Actor: by, Data: EventData{Other: t.ID}}},
		also:   func(tx Tx) error { return tx.InsertLink(Link{t.ID, w.t.ID, Follows, w.now, ""}) },
	})
	return Landed{TicketID: t.ID, MessageID: m.ID, Opened: true}, err
}

// heir is a new ticket that another one gives rise to: same author, same
// words, same questions answered, nothing of its history.
func heir(of Ticket, now time.Time) Ticket {
	return Ticket{
		ID: uuid.Must(uuid.NewV7()).String(), PersonID: of.PersonID, Visitor: of.Visitor, Channel: of.Channel, Lang: of.Lang,
		Urgency: of.Urgency, Impact: of.Impact, Subject: of.Subject, Tier: of.Tier, Priority: priorityOfHeir(of.Priority),
		Category: of.Category, ReceivedAt: now, UpdatedAt: now,
	}
}

// priorityOfHeir: only staff declare a platform-wide outage (D-5), once more
// for every ticket.
func priorityOfHeir(p Priority) Priority {
	if p == P0 {
		return P1
	}
	return p
}

// numberTries bounds the search for a free number; with 30 random bits even
// the second try is rare.
const numberTries = 8

// insert stores a new ticket with its first events, and lets the same job tell
// people about it as about one from the intake. The first event is Created: its
// data takes the classification from t.
func (s *Service) insert(tx Tx, t *Ticket, log []Event) error {
	d := &log[0].Data
	d.Tier, d.Priority, d.Category, d.Channel = t.Tier, t.Priority, t.Category, t.Channel
	for i := range log {
		log[i].Seq = int64(i) + 1
		t.apply(log[i])
	}
	now := tx.Now()
	t.AccessHash, t.Version, t.UpdatedAt = s.AccessHash(t.ID), 1, now
	t.SLA, t.WakeAt = s.Clocks.Schedule(log, now)
	for try := 0; ; try++ {
		t.Number = NewNumber()
		ok, err := tx.InsertTicket(*t, "")
		if err != nil {
			return err
		}
		if ok {
			break
		}
		if try == numberTries {
			return errs.Newf(errs.Internal, "", "no free ticket number in %d tries", numberTries)
		}
	}
	for _, e := range log {
		if err := tx.AppendEvent(t.ID, e); err != nil {
			return err
		}
	}
	return enqueue(tx, []tell{{JobCreated, t.ID, about{Ticket: t.ID}}})
}

// ConfirmResolved closes a ticket because its author says that it is solved
// (D-21). Saying so again changes nothing.
func (s *Service) ConfirmResolved(ctx context.Context, id string) error {
	return s.byAuthor(ctx, id, func(w work, by Actor) (change, error) {
		if w.t.State == Closed {
			return change{}, nil
		}
		return w.close(by, EndedConfirmed)
	})
}

// NotResolved reopens a resolved ticket because its author says that the
// problem remains (D-15, D-21); the resolution clock goes on. On a ticket still
// being worked on it changes nothing; a closed one needs a message, which opens
// a new ticket.
func (s *Service) NotResolved(ctx context.Context, id string) error {
	return s.byAuthor(ctx, id, func(w work, by Actor) (change, error) {
		if w.t.State.Active() {
			return change{}, nil
		}
		t, err := Move(w.t, Reopened)
		if err != nil {
			return change{}, err
		}
		return change{events: stateEvents(by, w.t.State, t.State, "")}, nil
	})
}

// SelfSolved closes a ticket by the link in its acknowledgement: an article
// solved it (D-30). Never P0 or P1, and not once the team has answered: then
// ConfirmResolved is meant. Saying so again changes nothing.
func (s *Service) SelfSolved(ctx context.Context, id string) error {
	return s.byAuthor(ctx, id, func(w work, by Actor) (change, error) {
		switch {
		case w.t.State == Closed && w.t.Ending == EndedSelfSolved:
			return change{}, nil
		case w.t.Priority == P0 || w.t.Priority == P1:
			return change{}, errs.Newf(errs.Conflict, "error.ticket.urgent", "ticket %s is %s: only a person closes it", w.t.Number, w.t.Priority)
		}
		ending := EndedSelfSolved
		if slices.ContainsFunc(w.log, func(e Event) bool { return e.Kind == StaffReplied }) {
			ending = EndedConfirmed
		}
		return w.close(by, ending)
	})
}

// close ends a ticket.
func (w work) close(by Actor, ending Ending) (change, error) {
	if _, err := Move(w.t, Closed); err != nil {
		return change{}, err
	}
	return change{events: []Event{{
		Kind: StateChanged, Actor: by, Data: EventData{From: string(w.t.State), To: string(Closed), Ending: ending},
	}}}, nil
}

// byAuthor acts for the person behind a ticket, who came by a mailed link and
// so confirms the address. On a merged ticket the survivor is meant if it is
// the same person's; somebody else's ticket is not theirs to close.
func (s *Service) byAuthor(ctx context.Context, id string, f func(work, Actor) (change, error)) error {
	return s.Store.InTx(ctx, func(tx Tx) error {
		author, w, err := s.openByLink(tx, id)
		if err != nil {
			return err
		}
		if w.t.PersonID != author.PersonID {
			return errs.Newf(errs.Conflict, "error.ticket.closed", "ticket %s was merged into %s of another person", author.Number, w.t.Number)
		}
		c, err := f(w, Actor{ByCustomer, author.PersonID})
		if err != nil {
			return err
		}
		return s.store(w, c)
	})
}
