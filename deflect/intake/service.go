package intake

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// JobTicketCreated is the job that tells people about a new ticket: the
// acknowledgement to the customer and the notice to staff.
const JobTicketCreated = "ticket.created"

// Person is somebody with an e-mail address.
type Person struct {
	ID, Email, Name, Lang string
	CustomerID            string
}

// Quarantined is a submission held back by the robot check.
type Quarantined struct {
	ID         string
	Reason     string
	Submission Submission
	TicketID   string // once a person has released it
}

// Tx is what the intake needs from a transaction. Implemented by store.
type Tx interface {
	deflect.Tx
	// TicketByFormToken finds an earlier submission; kind not_found when none.
	TicketByFormToken(token string) (ticket.Ticket, error)
	// CustomerOf finds the customer of the first of keys that is known; kind
	// not_found when none is.
	CustomerOf(keys []string) (Customer, error)
	// PersonByEmail inserts the person or returns the one with that address.
	PersonByEmail(p Person) (Person, error)
	// InsertTicket stores a ticket; ok is false when its number is taken.
	InsertTicket(t ticket.Ticket, formToken string) (ok bool, err error)
	AppendEvent(ticketID string, e ticket.Event) error
	InsertMessage(ticket.Message) error
	InsertAttachment(ticketID, messageID string, a Attachment) error
	Enqueue(kind, dedupe, payload string) error
	// InsertQuarantine stores a held submission, once per form token.
	InsertQuarantine(q Quarantined) error
	QuarantinedByID(id string) (Quarantined, error)
	ResolveQuarantine(id, ticketID string) error
}

// Store opens transactions.
type Store interface {
	InTx(ctx context.Context, fn func(Tx) error) error
}

// Service takes submissions in.
type Service struct {
	Store  Store
	Clocks ticket.Clocks
	// AccessHash is the hash, for the database, of the secret in the "my
	// request" link of a ticket.
	AccessHash func(ticketID string) string
}

// Submit stores the submission as a ticket, durably, before it returns. The
// same form token always gives the same ticket. A doubtful submission is kept
// in quarantine instead.
func (s *Service) Submit(ctx context.Context, sub Submission) (Receipt, error) {
	if err := sub.Clean(); err != nil {
		return Receipt{}, err
	}
	var r Receipt
	err := s.Store.InTx(ctx, func(tx Tx) error {
		var err error
		r, err = s.submit(tx, sub)
		return err
	})
	return r, err
}

func (s *Service) submit(tx Tx, sub Submission) (Receipt, error) {
	if sub.FormToken != "" {
		earlier, err := tx.TicketByFormToken(sub.FormToken)
		if err == nil {
			return Receipt{TicketID: earlier.ID, Number: earlier.Number, Repeated: true}, nil
		}
		if !errs.Is(err, errs.NotFound) {
			return Receipt{}, err
		}
	}
	if sub.ReceivedAt.IsZero() {
		sub.ReceivedAt = tx.Now()
	}
	if sub.Suspicion != "" {
		q := Quarantined{ID: deflect.NewID(), Reason: sub.Suspicion, Submission: sub}
		return Receipt{Quarantined: true}, tx.InsertQuarantine(q)
	}
	return s.create(tx, sub, ticket.Actor{Kind: ticket.ByCustomer})
}

// Release turns a quarantined submission into a ticket on a staff member's
// word; its clocks start when it was received (D-13).
func (s *Service) Release(ctx context.Context, id, staffID string) (Receipt, error) {
	var r Receipt
	err := s.Store.InTx(ctx, func(tx Tx) error {
		q, err := tx.QuarantinedByID(id)
		if err != nil {
			return err
		}
		if q.TicketID != "" {
			r = Receipt{TicketID: q.TicketID, Repeated: true}
			return nil
		}
		if r, err = s.create(tx, q.Submission, ticket.Actor{Kind: ticket.ByStaff, ID: staffID}); err != nil {
			return err
		}
		return tx.ResolveQuarantine(id, r.TicketID)
	})
	return r, err
}

// numberTries bounds the search for a free number; with 30 random bits even
// the second try is rare.
const numberTries = 8

func (s *Service) create(tx Tx, sub Submission, by ticket.Actor) (Receipt, error) {
	person, tier, err := s.identify(tx, sub)
	if err != nil {
		return Receipt{}, err
	}
	if by.Kind == ticket.ByCustomer {
		by.ID = person.ID
	}
	id := deflect.NewID()
	t := ticket.Ticket{
		ID: id, AccessHash: s.AccessHash(id), PersonID: person.ID, Visitor: sub.Visitor,
		Channel: sub.Channel, Lang: sub.Lang, Category: sub.Category, Urgency: sub.Urgency, Impact: sub.Impact,
		Tier: tier, Priority: ticket.Propose(sub.Impact, sub.Urgency), State: ticket.New, Subject: sub.Subject,
		ReceivedAt: sub.ReceivedAt, UpdatedAt: tx.Now(), Version: 1,
	}
	m := ticket.Message{ID: deflect.NewID(), TicketID: id, Author: ticket.ByCustomer, Public: true, Body: sub.Body, At: sub.ReceivedAt}
	created := ticket.Event{
		Seq: 1, At: sub.ReceivedAt, Kind: ticket.Created, Actor: by,
		Data: ticket.EventData{MessageID: m.ID, Tier: tier, Priority: t.Priority, Channel: t.Channel},
	}
	t.SLA = s.Clocks.Evaluate([]ticket.Event{created}, tx.Now())
	if err := s.insert(tx, &t, sub.FormToken); err != nil {
		return Receipt{}, err
	}
	payload, err := json.Marshal(map[string]string{"ticket": id})
	if err != nil {
		return Receipt{}, err
	}
	steps := []error{
		tx.AppendEvent(id, created),
		tx.InsertMessage(m),
		tx.Enqueue(JobTicketCreated, JobTicketCreated+":"+id, string(payload)),
	}
	for _, a := range sub.Attachments {
		steps = append(steps, tx.InsertAttachment(id, m.ID, a))
	}
	visit := deflect.Visit{FormToken: sub.FormToken, Visitor: sub.Visitor, Lang: sub.Lang, Category: sub.Category, Script: sub.Script}
	if sub.Channel != ticket.ByForm || sub.Uncounted {
		visit.FormToken = "" // only a contact-form visit is an attempt (D-29); claims are revoked all the same
	}
	steps = append(steps, deflect.Ticket(tx, visit, id, person.ID))
	return Receipt{TicketID: id, Number: t.Number}, errors.Join(steps...)
}

// insert stores the ticket under a free number.
func (s *Service) insert(tx Tx, t *ticket.Ticket, formToken string) error {
	for range numberTries {
		t.Number = ticket.NewNumber()
		ok, err := tx.InsertTicket(*t, formToken)
		if ok || err != nil {
			return err
		}
	}
	return errs.Newf(errs.Internal, "", "no free ticket number in %d tries", numberTries)
}

// identify finds or makes the person, and the tier of the customer behind the
// address: contract first, then revenue, else Free (D-6).
func (s *Service) identify(tx Tx, sub Submission) (Person, ticket.Tier, error) {
	tier := ticket.Free
	p := Person{ID: deflect.NewID(), Email: sub.Email, Name: sub.Name, Lang: sub.Lang}
	c, err := tx.CustomerOf(LookupKeys(sub.Email))
	switch {
	case err == nil:
		p.CustomerID = c.ID
		tier = s.Clocks.Tier(c.Contract, c.MRRCents, tx.Now())
	case !errs.Is(err, errs.NotFound):
		return p, tier, err
	}
	p, err = tx.PersonByEmail(p)
	return p, tier, err
}
