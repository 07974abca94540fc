package deflect

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/vmcloud/ricochet/internal/errs"
)

// Tx is what the ledger needs from a transaction. Implemented by store.
type Tx interface {
	Now() time.Time
	// AttemptByForm finds the attempt of a form; kind not_found when none.
	AttemptByForm(formToken string) (Attempt, error)
	// LastCounted is when the unit's latest counted attempt began; zero for never.
	LastCounted(unit string) (time.Time, error)
	// PersonOfVisitor is the person a visitor was seen to be, "" when unknown.
	PersonOfVisitor(visitor string) (string, error)
	InsertAttempt(Attempt) error
	UpdateAttempt(Attempt) error
	// AppendLedger adds lines to the ledger.
	AppendLedger(...Entry) error
	// LeftAttempts lists pending attempts not active since before, oldest first.
	LeftAttempts(before time.Time, limit int) ([]Attempt, error)
	// RevocableAttempts lists unrevoked confirmed or assumed attempts of the
	// person, or of the visitor when not "", with an outcome since.
	RevocableAttempts(personID, visitor string, since time.Time) ([]Attempt, error)
}

// Store opens transactions.
type Store interface {
	InTx(ctx context.Context, fn func(Tx) error) error
}

// Visit identifies a contact-form visit in which something was written.
type Visit struct {
	FormToken string // hash
	Visitor   string // hash of the measurement cookie, "" when refused
	Lang      string
	Category  string
	Script    bool
}

// Ledger records attempts.
type Ledger struct{ Store Store }

// Seen starts the attempt of a visit, or marks it active, and records which
// articles were shown to it (none is a fact too, and not recorded).
func (l *Ledger) Seen(ctx context.Context, v Visit, shown []string) error {
	return l.Store.InTx(ctx, func(tx Tx) error {
		a, err := Start(tx, v)
		if err != nil {
			return err
		}
		if len(shown) == 0 || a.Outcome == Ticketed {
			return nil
		}
		data, err := json.Marshal(shown)
		if err != nil {
			return err
		}
		if !a.Shown {
			a.Shown = true
			if err := tx.UpdateAttempt(a); err != nil {
				return err
			}
		}
		return appendEntry(tx, a.ID, EntryShown, "", string(data))
	})
}

// Opened records that a suggested article was opened in place.
func (l *Ledger) Opened(ctx context.Context, formToken, article string) error {
	return l.change(ctx, formToken, func(tx Tx, a *Attempt) (EntryKind, string, error) {
		a.Opened, a.Shown = article, true
		return EntryOpened, article, nil
	})
}

// Dwelt records how long a suggested article stayed open. A browser can claim
// anything, so no more is believed than has passed since the attempt began.
func (l *Ledger) Dwelt(ctx context.Context, formToken, article string, d time.Duration) error {
	return l.change(ctx, formToken, func(tx Tx, a *Attempt) (EntryKind, string, error) {
		d = min(d, tx.Now().Sub(a.StartedAt))
		if d > a.Dwell {
			a.Dwell, a.Opened = d, article
		}
		return EntryDwelt, article, nil
	})
}

// Confirm records that article answered the question of the form's visit.
func (l *Ledger) Confirm(ctx context.Context, v Visit, article string) error {
	return l.Store.InTx(ctx, func(tx Tx) error {
		a, err := Start(tx, v)
		if err != nil {
			return err
		}
		if a.Outcome == Confirmed {
			return nil
		}
		if a, err = Confirm(a, article, tx.Now()); err != nil {
			return err
		}
		if err := tx.UpdateAttempt(a); err != nil {
			return err
		}
		return appendEntry(tx, a.ID, EntryConfirmed, article, "")
	})
}

// Settle gives an outcome to attempts whose person has left, at most limit of
// them, and says how many.
func (l *Ledger) Settle(ctx context.Context, limit int) (int, error) {
	n := 0
	err := l.Store.InTx(ctx, func(tx Tx) error {
		n = 0
		left, err := tx.LeftAttempts(tx.Now().Add(-LeaveAfter), limit)
		if err != nil {
			return err
		}
		for _, a := range left {
			a, ok := Settle(a, tx.Now())
			if !ok {
				continue
			}
			if err := tx.UpdateAttempt(a); err != nil {
				return err
			}
			kind := EntryAbandoned
			if a.Outcome == Assumed {
				kind = EntryAssumed
			}
			if err := appendEntryAt(tx, a.OutcomeAt, a.ID, kind, a.Article, ""); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n, err
}

// change loads the form's attempt, lets f alter it, and records both. A form
// without an attempt, or one that already became a ticket, is left alone.
func (l *Ledger) change(ctx context.Context, formToken string, f func(Tx, *Attempt) (EntryKind, string, error)) error {
	return l.Store.InTx(ctx, func(tx Tx) error {
		a, err := tx.AttemptByForm(formToken)
		if errs.Is(err, errs.NotFound) || (err == nil && a.Outcome == Ticketed) {
			return nil
		}
		if err != nil {
			return err
		}
		kind, article, err := f(tx, &a)
		if err != nil {
			return err
		}
		revive(&a, tx.Now())
		if err := tx.UpdateAttempt(a); err != nil {
			return err
		}
		return appendEntry(tx, a.ID, kind, article, "")
	})
}

// revive marks activity. Somebody who comes back to an abandoned or assumed
// form has not left after all; the ledger keeps the earlier line.
func revive(a *Attempt, now time.Time) {
	a.ActiveAt = now
	if a.Outcome == Abandoned || a.Outcome == Assumed {
		a.Outcome, a.OutcomeAt, a.Article = Pending, time.Time{}, ""
	}
}

// Start finds or begins the attempt of a visit inside a transaction and marks
// it active.
func Start(tx Tx, v Visit) (Attempt, error) {
	a, fresh, err := find(tx, v)
	if err != nil {
		return a, err
	}
	if !fresh {
		return a, tx.UpdateAttempt(a)
	}
	if err := tx.InsertAttempt(a); err != nil {
		return a, err
	}
	return a, appendEntry(tx, a.ID, EntryStarted, "", "")
}

// find loads the visit's attempt and marks it active, or makes a fresh one
// that is not stored yet.
func find(tx Tx, v Visit) (a Attempt, fresh bool, err error) {
	now := tx.Now()
	a, err = tx.AttemptByForm(v.FormToken)
	switch {
	case err == nil:
		if a.Outcome != Ticketed && a.Outcome != Confirmed {
			revive(&a, now)
		}
		if v.Category != "" {
			a.Category = v.Category
		}
		a.Script = a.Script || v.Script
		return a, false, nil
	case !errs.Is(err, errs.NotFound):
		return a, false, err
	}
	a = Attempt{
		ID: NewID(), FormToken: v.FormToken, Unit: v.FormToken, Visitor: v.Visitor,
		Lang: v.Lang, Category: v.Category, Script: v.Script,
		Counted: true, StartedAt: now, ActiveAt: now,
	}
	if v.Visitor == "" {
		return a, true, nil // the unit is this very form: nothing came before it
	}
	a.Unit = v.Visitor
	last, err := tx.LastCounted(a.Unit)
	if err != nil {
		return a, true, err
	}
	a.Counted = last.IsZero() || now.Sub(last) >= CountWindow
	a.PersonID, err = tx.PersonOfVisitor(v.Visitor)
	return a, true, err
}

// Ticket records inside the ticket's own transaction that the visit ended in
// a ticket, and takes back what the same person or browser had claimed solved
// in the last 72 h (D-31).
func Ticket(tx Tx, v Visit, ticketID, personID string) error {
	now := tx.Now()
	if v.FormToken != "" {
		a, fresh, err := find(tx, v)
		if err != nil {
			return err
		}
		a = BecomeTicket(a, ticketID, personID, now)
		became := entry(now, a.ID, EntryTicket, "", ticketData(ticketID))
		if fresh {
			err = errors.Join(tx.InsertAttempt(a), tx.AppendLedger(entry(now, a.ID, EntryStarted, "", ""), became))
		} else {
			err = errors.Join(tx.UpdateAttempt(a), tx.AppendLedger(became))
		}
		if err != nil {
			return err
		}
	}
	claims, err := tx.RevocableAttempts(personID, v.Visitor, now.Add(-RevokeWindow))
	if err != nil {
		return err
	}
	for _, a := range claims {
		if !Revocable(a, now) {
			continue
		}
		a.RevokedAt, a.RevokedBy = now, ticketID
		if err := tx.UpdateAttempt(a); err != nil {
			return err
		}
		if err := appendEntry(tx, a.ID, EntryRevoked, a.Article, ticketData(ticketID)); err != nil {
			return err
		}
	}
	return nil
}

func ticketData(id string) string { return `{"ticket":"` + id + `"}` }

func appendEntry(tx Tx, attempt string, kind EntryKind, article, data string) error {
	return appendEntryAt(tx, tx.Now(), attempt, kind, article, data)
}

func appendEntryAt(tx Tx, at time.Time, attempt string, kind EntryKind, article, data string) error {
	return tx.AppendLedger(entry(at, attempt, kind, article, data))
}

func entry(at time.Time, attempt string, kind EntryKind, article, data string) Entry {
	return Entry{ID: NewID(), AttemptID: attempt, At: at, Kind: kind, Article: article, Data: data}
}

// NewID makes an opaque id that sorts by creation (UUID version 7, RFC 9562).
func NewID() string { return uuid.Must(uuid.NewV7()).String() }
