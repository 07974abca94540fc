package intake

import (
	"context"
	"errors"
	"time"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/policy"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// JobTicketCreated is the job that tells people about a new ticket: the
// acknowledgement to the customer and the notice to staff.
const JobTicketCreated = ticket.JobCreated

// Person is somebody with an e-mail address.
type Person struct {
	ID, Email, Name, Lang string
	CustomerID            string
	Confirmed             bool // the person acted on a link that was mailed to the address
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
	// Met says, in one look, what is known of a form token, a visitor and the
	// lookup keys of an address.
	Met(formToken, visitor string, keys []string) (Met, error)
	// TicketByFormToken finds an earlier submission; kind not_found when none.
	TicketByFormToken(token string) (ticket.Ticket, error)
	// CustomerOf finds the customer of the first of keys that is known; kind
	// not_found when none is.
	CustomerOf(keys []string) (Customer, error)
	// PersonByEmail inserts the person or returns the one with that address, and
	// whether the address is confirmed.
	PersonByEmail(p Person) (Person, error)
	// InsertTicket stores a ticket; ok is false when its number is taken.
	InsertTicket(t ticket.Ticket, formToken string) (ok bool, err error)
	AppendEvent(ticketID string, e ticket.Event) error
	InsertMessage(ticket.Message) error
	InsertAttachment(ticketID, messageID string, a Attachment) error
	// ShareReading keeps with a ticket which articles its visitor has read
	// since; only where the person asked for it.
	ShareReading(ticketID, visitor string, since time.Time) error
	Enqueue(kind, dedupe, payload string) error
	// InsertQuarantine stores a held submission, once per form token.
	InsertQuarantine(q Quarantined) error
	QuarantinedByID(id string) (Quarantined, error)
	ResolveQuarantine(id, ticketID string) error
}

// Met says what is known already of a submission. Each false spares the
// queries that would find nothing: most people write for the first time, and
// the others wait for this transaction.
type Met struct {
	Ticket   bool // a ticket with this form token
	Attempt  bool // an attempt with this form token
	Visitor  bool // attempts of this visitor
	Customer bool // a customer with one of the keys
}

// Store opens transactions.
type Store interface {
	InTx(ctx context.Context, fn func(Tx) error) error
}

// Service takes submissions in.
type Service struct {
	Store  Store
	Clocks ticket.Clocks
	// Rules are the rules in force that sort new tickets; nil for none.
	Rules func() *policy.Rules
	// AccessHash is the hash, for the database, of the secret in the "my
	// request" link of a ticket.
	AccessHash func(ticketID string) string
}

// Submit stores the submission as a ticket, durably, before it returns. The
// same form token always gives the same ticket; with another content than the
// ticket has it is a conflict, so that nothing is acknowledged that was not
// stored. A doubtful submission is kept in quarantine instead.
func (s *Service) Submit(ctx context.Context, sub Submission) (Receipt, error) {
	if err := sub.Clean(); err != nil {
		return Receipt{}, err
	}
	if sub.Channel == ticket.ByForm && sub.FormToken != "" {
		sub.Fingerprint = sub.content()
	}
	read := s.read(&sub)
	var r Receipt
	err := s.Store.InTx(ctx, func(tx Tx) error {
		met, err := tx.Met(sub.FormToken, sub.Visitor, LookupKeys(sub.Email))
		if err != nil {
			return err
		}
		r, err = s.submit(tx, sub, met, read)
		return err
	})
	return r, err
}

func (s *Service) submit(tx Tx, sub Submission, met Met, read reading) (Receipt, error) {
	if met.Ticket {
		earlier, err := tx.TicketByFormToken(sub.FormToken)
		if err == nil {
			if earlier.Fingerprint != "" && earlier.Fingerprint != sub.Fingerprint { // "": made before forms had one
				return Receipt{}, errs.Newf(errs.Conflict, sub.changed(), "the key of ticket %s came with another request", earlier.Number)
			}
			return Receipt{TicketID: earlier.ID, Number: earlier.Number, Repeated: true, Ticket: earlier}, nil
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
	return s.create(tx, sub, ticket.Actor{Kind: ticket.ByCustomer}, met, read)
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
		met, err := tx.Met(q.Submission.FormToken, q.Submission.Visitor, LookupKeys(q.Submission.Email))
		if err != nil {
			return err
		}
		if r, err = s.create(tx, q.Submission, ticket.Actor{Kind: ticket.ByStaff, ID: staffID}, met, s.read(&q.Submission)); err != nil {
			return err
		}
		return tx.ResolveQuarantine(id, r.TicketID)
	})
	return r, err
}

// numberTries bounds the search for a free number; with 30 random bits even
// the second try is rare.
const numberTries = 8

func (s *Service) create(tx Tx, sub Submission, by ticket.Actor, met Met, read reading) (Receipt, error) {
	person, tier, before, err := s.identify(tx, sub, met.Customer)
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
		Tier: tier, Priority: ticket.Propose(sub.Impact, sub.Urgency), State: ticket.New, Level: ticket.L1, Subject: sub.Subject,
		Queue: ticket.GeneralQueue, ReceivedAt: sub.ReceivedAt, UpdatedAt: tx.Now(), Version: 1, Fingerprint: sub.Fingerprint,
	}
	routing := read.route(&t, !person.Confirmed)
	t.Tags = routing.Tags
	m := ticket.Message{ID: deflect.NewID(), TicketID: id, Author: ticket.ByCustomer, PersonID: person.ID, Public: true, Body: sub.Body, At: sub.ReceivedAt}
	created := ticket.Event{
		Seq: 1, At: sub.ReceivedAt, Kind: ticket.Created, Actor: by,
		Data: ticket.EventData{MessageID: m.ID, Tier: tier, Priority: t.Priority, Channel: t.Channel, Category: t.Category, Routing: routing},
	}
	t.SLA, t.WakeAt = s.Clocks.Schedule([]ticket.Event{created}, tx.Now())
	if err := s.insert(tx, &t, sub.FormToken); err != nil {
		return Receipt{}, err
	}
	payload := `{"ticket":"` + id + `","message":"` + m.ID + `"}` // ids need no escaping
	steps := []error{
		tx.AppendEvent(id, created),
		tx.InsertMessage(m),
		tx.Enqueue(JobTicketCreated, JobTicketCreated+":"+id, payload),
	}
	for _, a := range sub.Attachments {
		steps = append(steps, tx.InsertAttachment(id, m.ID, a))
	}
	if sub.Share && sub.Visitor != "" {
		steps = append(steps, tx.ShareReading(id, sub.Visitor, tx.Now().Add(-sharedFor)))
	}
	visit := deflect.Visit{FormToken: sub.FormToken, Visitor: sub.Visitor, Lang: sub.Lang, Category: sub.Category, Script: sub.Script, Route: sub.Route}
	if sub.Channel != ticket.ByForm || sub.Uncounted {
		visit.FormToken = "" // only a contact-form visit is an attempt (D-29); claims are revoked all the same
	}
	known := deflect.Traces{Form: met.Attempt, Visitor: met.Visitor, Person: before}
	steps = append(steps, deflect.Ticket(tx, visit, id, person.ID, known))
	return Receipt{TicketID: id, Number: t.Number, Ticket: t}, errors.Join(steps...)
}

// sharedFor is how far back the articles go that a person shares: as long as
// the measurement cookie that knows them lives (D-36).
const sharedFor = 7 * 24 * time.Hour

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
// address: contract first, then revenue, else Free (D-6). before says whether
// the person was known.
func (s *Service) identify(tx Tx, sub Submission, customer bool) (p Person, tier ticket.Tier, before bool, err error) {
	tier = ticket.Free
	fresh := deflect.NewID()
	p = Person{ID: fresh, Email: sub.Email, Name: sub.Name, Lang: sub.Lang}
	if customer {
		c, err := tx.CustomerOf(LookupKeys(sub.Email))
		if err != nil {
			return p, tier, false, err
		}
		p.CustomerID = c.ID
		tier = s.Clocks.Tier(c.Contract, c.MRRCents, tx.Now())
	}
	p, err = tx.PersonByEmail(p)
	return p, tier, p.ID != fresh, err
}
