package ticket

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/vmcloud/ricochet/deflect/sla"
	"github.com/vmcloud/ricochet/internal/errs"
)

// JobCreditDecided is the job that tells the customer, and the billing system,
// what became of a claimed credit (D-26).
const JobCreditDecided = "credit.decided"

// CreditState is where a credit stands (D-26).
type CreditState string

// The states of a credit. Applied, refused, excluded and expired are final.
const (
	CreditWaiting  CreditState = "waiting"  // made late by a change: a person must accept it first (D-16)
	CreditOffered  CreditState = "offered"  // shown to the customer
	CreditClaimed  CreditState = "claimed"  // asked for, under review
	CreditApplied  CreditState = "applied"  // taken off the month's price
	CreditRefused  CreditState = "refused"  // the review found against it
	CreditExcluded CreditState = "excluded" // force majeure or the customer's own doing (D-25)
	CreditExpired  CreditState = "expired"  // nobody claimed it in time
)

// CreditStates lists them in the order of their life.
var CreditStates = []CreditState{CreditWaiting, CreditOffered, CreditClaimed, CreditApplied, CreditRefused, CreditExcluded, CreditExpired}

const (
	claimDays  = 30 // days in which a credit may be claimed (D-26)
	reviewDays = 5  // working days in which a claim is reviewed (D-26)
)

// Credit is what a broken promise earns its customer. Shares are hundredths of
// a percent of the month's price.
type Credit struct {
	ID          string
	Ticket      string
	Account     string // customer, or the person without one: whose month it is
	Month       string // YYYY-MM of the breach
	Breach      sla.Breach
	Share       int             // what the rule gives, before the month's cap
	Evidence    json.RawMessage // the clocks as they were, frozen: an sla.State
	State       CreditState     // see StateAt
	OfferedAt   time.Time
	ClaimUntil  time.Time // inclusive
	ClaimedAt   time.Time
	ReviewUntil time.Time
	DecidedAt   time.Time
	DecidedBy   string // staff id
	Reason      string // of a refusal or exclusion
	Applied     int    // what was taken off, under the month's cap; 0 unless applied
}

// StateAt is the credit's state at now: an offer that nobody took expires.
func (c Credit) StateAt(now time.Time) CreditState {
	if c.State == CreditOffered && now.After(c.ClaimUntil) {
		return CreditExpired
	}
	return c.State
}

// CreditFilter selects credits for the list and the export; empty fields select
// everything.
type CreditFilter struct {
	State   CreditState // as stored: an expired one is still offered
	Account string
	Month   string
	Limit   int
	Offset  int
}

// CreditRow is a credit of the list.
type CreditRow struct {
	Credit
	Number  string // the ticket's
	Company string
}

// creditTx is what credits need from a transaction.
type creditTx interface {
	// InsertCredit stores a credit; ok is false when the promise has one.
	InsertCredit(Credit) (ok bool, err error)
	// CreditForUpdate finds a credit, and nobody else can decide on the
	// credits of its account until the transaction ends.
	CreditForUpdate(id string) (Credit, error)
	UpdateCredit(Credit) error
	// CreditsOfMonth lists an account's credits of a month.
	CreditsOfMonth(account, month string) ([]Credit, error)
	// CreditCap is the month's cap in the account's contract, in hundredths of
	// a percent; 0 when it says nothing (D-25).
	CreditCap(account string) (int, error)
}

// OfferCredits offers, in the caller's transaction, what the ticket's recorded
// breaches earn (D-25). It may be called again at any time: a promise has one
// credit however often it is noticed. How many were new is returned.
func (s *Service) OfferCredits(tx Tx, ticketID string) (int, error) {
	t, err := tx.TicketByID(ticketID)
	if err != nil {
		return 0, err
	}
	log, err := tx.EventsOf(ticketID)
	if err != nil {
		return 0, err
	}
	now, offered := tx.Now(), 0
	state := sla.Evaluate(SLALog(log), s.Clocks.Book, now)
	for _, b := range state.Breaches() {
		earned := s.Clocks.Book.CreditsOf([]sla.Claimed{{Breach: b, Ticket: ticketID}}, 0)
		if len(earned) == 0 {
			continue
		}
		c := Credit{
			ID: uuid.Must(uuid.NewV7()).String(), Ticket: ticketID, Month: earned[0].Month, Breach: b, Share: earned[0].Lines[0].Share,
			State: CreditOffered, OfferedAt: now, ClaimUntil: now.AddDate(0, 0, claimDays),
		}
		if b.ByReclassification {
			c.State = CreditWaiting
		}
		if c.Evidence, err = json.Marshal(state); err != nil {
			return offered, err
		}
		if c.Account, err = account(tx, t.PersonID); err != nil {
			return offered, err
		}
		ok, err := tx.InsertCredit(c)
		if err != nil {
			return offered, err
		}
		if ok {
			offered++
		}
	}
	return offered, nil
}

// account is whose month a person's credits belong to.
func account(tx Tx, personID string) (string, error) {
	c, err := tx.CustomerOfPerson(personID)
	return cmp.Or(c.CustomerID, personID), err
}

// AuditCredit is the action of the audit log under which a decision on a credit
// is kept.
const AuditCredit = "credit_decided"

// onCredit loads a credit that is in one of the states from, lets f change it,
// stores it, and puts the event on its ticket. What the team decides about
// money is in the audit log too, or it is not decided.
func (s *Service) onCredit(ctx context.Context, id string, by Actor, kind EventKind, from []CreditState, f func(Tx, *Credit) error) error {
	return s.Store.InTx(ctx, func(tx Tx) error {
		c, err := tx.CreditForUpdate(id)
		if err != nil {
			return err
		}
		was := c.StateAt(tx.Now())
		if !slices.Contains(from, was) {
			e := errs.Newf(errs.Conflict, "error.credit.state", "credit %s is %s, want one of %v", id, was, from)
			e.Args = map[string]any{"State": string(was)}
			return e
		}
		if err := f(tx, &c); err != nil {
			return err
		}
		if err := tx.UpdateCredit(c); err != nil {
			return err
		}
		if kind == CreditDecided {
			if err := tx.Audit(by.ID, AuditCredit, c.ID, map[string]string{"from": string(was), "to": string(c.State)}); err != nil {
				return err
			}
		}
		return s.In(tx).act(ctx, c.Ticket, 0, func(work) (change, error) {
			return change{events: []Event{{Kind: kind, Actor: by, Reason: c.Reason, Data: EventData{
				From: string(was), To: string(c.State), Record: c.ID,
			}}}}, nil
		})
	})
}

// ClaimCredit is the customer's claim by one click, or by staff for a ticket
// that claims it in words (D-26). It is accepted for 30 days and must be
// reviewed within 5 working days. ticketID is the ticket whose page was used.
func (s *Service) ClaimCredit(ctx context.Context, id, ticketID string, by Actor) error {
	return s.onCredit(ctx, id, by, CreditAsked, []CreditState{CreditOffered}, func(tx Tx, c *Credit) error {
		if c.Ticket != ticketID {
			return errs.Newf(errs.NotFound, "", "credit %s belongs to another ticket", id)
		}
		c.State, c.ClaimedAt = CreditClaimed, tx.Now()
		until, ok := s.working(c.ClaimedAt).AddDays(c.ClaimedAt, reviewDays)
		if !ok {
			return errs.Newf(errs.Internal, "", "no %d working days after %s", reviewDays, c.ClaimedAt)
		}
		c.ReviewUntil = until
		return nil
	})
}

// working is the calendar of working days in force.
func (s *Service) working(t time.Time) *sla.Calendar {
	p := s.Clocks.Book.At(t)
	if p.Working != nil {
		return p.Working
	}
	return p.Tiers[0].Calendar
}

// AcceptCredit lets a credit that a change of priority or tier made reach the
// customer (D-16).
func (s *Service) AcceptCredit(ctx context.Context, id, staffID string) error {
	return s.onCredit(ctx, id, Actor{ByStaff, staffID}, CreditDecided, []CreditState{CreditWaiting}, func(tx Tx, c *Credit) error {
		c.State, c.OfferedAt = CreditOffered, tx.Now()
		c.ClaimUntil = c.OfferedAt.AddDate(0, 0, claimDays)
		return nil
	})
}

// ApproveCredit applies a claimed credit, as far as the month's cap leaves room
// (D-25), once.
func (s *Service) ApproveCredit(ctx context.Context, id, staffID string) error {
	return s.decide(ctx, id, staffID, CreditApplied, []CreditState{CreditClaimed}, "")
}

// RefuseCredit turns a claim down after its review, with the reason the
// customer reads.
func (s *Service) RefuseCredit(ctx context.Context, id, staffID, reason string) error {
	reason, err := checkReason(reason)
	if err != nil {
		return err
	}
	return s.decide(ctx, id, staffID, CreditRefused, []CreditState{CreditClaimed}, reason)
}

// ExcludeCredit rules a breach out for force majeure or because the customer
// caused it (D-25), with the reason, claimed or not.
func (s *Service) ExcludeCredit(ctx context.Context, id, staffID, reason string) error {
	reason, err := checkReason(reason)
	if err != nil {
		return err
	}
	return s.decide(ctx, id, staffID, CreditExcluded, []CreditState{CreditWaiting, CreditOffered, CreditClaimed}, reason)
}

// decide ends a credit. Who had claimed it is told.
func (s *Service) decide(ctx context.Context, id, staffID string, to CreditState, from []CreditState, reason string) error {
	return s.onCredit(ctx, id, Actor{ByStaff, staffID}, CreditDecided, from, func(tx Tx, c *Credit) error {
		if to == CreditApplied {
			room, err := s.room(tx, *c)
			if err != nil {
				return err
			}
			c.Applied = min(c.Share, room)
		}
		claimed := c.State == CreditClaimed
		c.State, c.DecidedAt, c.DecidedBy, c.Reason = to, tx.Now(), staffID, reason
		if !claimed {
			return nil
		}
		return enqueue(tx, []tell{{JobCreditDecided, c.ID, struct {
			Ticket string `json:"ticket"`
			Credit string `json:"credit"`
		}{c.Ticket, c.ID}}})
	})
}

// room is what the month's cap leaves for a credit (D-25): the engine's sum
// with it and what was applied before, less what was applied before.
func (s *Service) room(tx Tx, c Credit) (int, error) {
	month, err := tx.CreditsOfMonth(c.Account, c.Month)
	if err != nil {
		return 0, err
	}
	limit, err := tx.CreditCap(c.Account)
	if err != nil {
		return 0, err
	}
	used, claims := 0, []sla.Claimed{{Breach: c.Breach, Ticket: c.Ticket, Approved: true}}
	for _, o := range month {
		if o.State == CreditApplied {
			used += o.Applied
			claims = append(claims, sla.Claimed{Breach: o.Breach, Ticket: o.Ticket, Approved: true})
		}
	}
	return max(0, s.monthShare(claims, limit, c.Month)-used), nil
}

// monthShare is the engine's sum of one month.
func (s *Service) monthShare(claims []sla.Claimed, limit int, month string) int {
	for _, m := range s.Clocks.Book.CreditsOf(claims, limit) {
		if m.Month == month {
			return m.Share
		}
	}
	return 0
}

// Statement is what an account earned in one month and what became of it
// (D-25). Shares are hundredths of a percent of the month's price.
type Statement struct {
	Account string
	Month   string
	Credits []Credit // in the order of their breaches
	Earned  int      // under the cap, if everything not ruled out were applied
	Applied int      // taken off so far
	Cap     int      // of the month
}

// StatementOf adds up the credits of one account and month. limit is the
// contract's cap, 0 for the policy's.
func (s *Service) StatementOf(credits []Credit, limit int) Statement {
	st := Statement{Credits: slices.Clone(credits), Cap: limit}
	slices.SortStableFunc(st.Credits, func(a, b Credit) int { return a.Breach.At.Compare(b.Breach.At) })
	var claims []sla.Claimed
	for _, c := range st.Credits {
		st.Account, st.Month = c.Account, c.Month
		st.Applied += c.Applied
		claim := sla.Claimed{Breach: c.Breach, Ticket: c.Ticket, Approved: c.State != CreditWaiting}
		if c.State == CreditExcluded || c.State == CreditRefused {
			claim.Excluded = cmp.Or(c.Reason, string(c.State))
		}
		claims = append(claims, claim)
	}
	st.Earned = s.monthShare(claims, limit, st.Month)
	if limit == 0 && len(st.Credits) > 0 {
		st.Cap = s.Clocks.Book.At(st.Credits[0].Breach.At).CreditCap
	}
	return st
}
