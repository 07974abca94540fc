package deflect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
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
	// Period is the experiment's latest period, the zero one when there is
	// none; it costs no statement, a transaction asks for each fresh attempt.
	Period() (Period, error)
	InsertAttempt(Attempt) error
	UpdateAttempt(Attempt) error
	// Offered is what the attempt was shown, or would have been: the data of
	// its latest shown and withheld lines, at most 100, newest first.
	Offered(attemptID string) ([]string, error)
	// AppendLedger adds lines to the ledger.
	AppendLedger(...Entry) error
	// LeftAttempts lists pending attempts not active since before, oldest first.
	LeftAttempts(before time.Time, limit int) ([]Attempt, error)
	// RevocableAttempts lists unrevoked confirmed or assumed attempts of the
	// person or the visitor, each only when not "", with an outcome since.
	RevocableAttempts(personID, visitor string, since time.Time) ([]Attempt, error)
	// FirstTicket is the first ticket of the person by any channel, or of the
	// visitor by a form, in [from, to]; "" for none. Either may be "".
	FirstTicket(personID, visitor string, from, to time.Time) (id string, at time.Time, err error)
	// UnjudgedAttempts lists attempts that are not judged yet and started in
	// [from, before), oldest first.
	UnjudgedAttempts(from, before time.Time, limit int) ([]Attempt, error)
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
	Route     string // the console screen the form was opened from, ""
}

// Traces says what is known already of somebody who sends a ticket. What is
// not known need not be looked for: a ticket's transaction is short (HOUSE,
// habit 3), and most people write for the first time.
type Traces struct {
	Form    bool // an attempt of this form
	Visitor bool // attempts of this browser
	Person  bool // the person, before this ticket
}

// Ledger records attempts.
type Ledger struct {
	Store Store
	// Periods reads the experiment's latest period from memory.
	Periods interface {
		CurrentPeriod(context.Context) (Period, error)
	}
}

// Unit is what the rates count: the visitor, else the form token (D-29).
func (v Visit) Unit() string {
	if v.Visitor != "" {
		return v.Visitor
	}
	return v.FormToken
}

// Seen starts the attempt of a visit, or marks it active, and records which
// articles were found for it, in their order (none is a fact too, and not
// recorded). held says that they must not be shown: the attempt is in the
// hold-out (D-32). It is right also when recording failed.
func (l *Ledger) Seen(ctx context.Context, v Visit, found []string) (held bool, err error) {
	err = l.Store.InTx(ctx, func(tx Tx) error {
		a, err := Start(tx, v)
		held = a.HeldOut()
		if err != nil || len(found) == 0 || a.Outcome == Ticketed {
			return err
		}
		return offer(tx, a, found)
	})
	if err != nil {
		held, _ = l.HeldOut(ctx, v.Unit())
	}
	return held, err
}

// offer records a list of articles, unless it is the one recorded last.
func offer(tx Tx, a Attempt, found []string) error {
	kind := EntryShown
	if a.HeldOut() {
		kind = EntryWithheld
	} else if !a.Shown {
		a.Shown = true
		if err := tx.UpdateAttempt(a); err != nil {
			return err
		}
	}
	data, err := json.Marshal(found)
	if err != nil {
		return err
	}
	before, err := tx.Offered(a.ID)
	if err != nil || len(before) > 0 && before[0] == string(data) {
		return err
	}
	return appendEntry(tx, a.ID, kind, "", string(data))
}

// HeldOut says whether a unit without an attempt would be in the hold-out.
func (l *Ledger) HeldOut(ctx context.Context, unit string) (bool, error) {
	if unit == "" || l.Periods == nil {
		return false, nil
	}
	p, err := l.Periods.CurrentPeriod(ctx)
	return p.Arm(unit) == Holdout, err
}

// Opened records that a suggested article was opened in place.
func (l *Ledger) Opened(ctx context.Context, formToken, article string) error {
	return l.change(ctx, formToken, article, func(tx Tx, a *Attempt) (Entry, error) {
		if a.Dwell == 0 {
			a.Opened = article
		}
		return Entry{Kind: EntryOpened}, nil
	})
}

// Dwelt records how long a suggested article stayed open. A browser can claim
// anything, so no more is believed than has passed since the attempt began.
func (l *Ledger) Dwelt(ctx context.Context, formToken, article string, d time.Duration) error {
	return l.change(ctx, formToken, article, func(tx Tx, a *Attempt) (Entry, error) {
		d = max(0, min(d, tx.Now().Sub(a.StartedAt)))
		if d > a.Dwell {
			a.Dwell, a.Opened = d, article
		}
		return Entry{Kind: EntryDwelt, Data: `{"ms":` + strconv.FormatInt(d.Milliseconds(), 10) + `}`}, nil
	})
}

// Confirm records that article answered the question of the form's visit.
func (l *Ledger) Confirm(ctx context.Context, v Visit, article string) error {
	return l.Store.InTx(ctx, func(tx Tx) error {
		a, err := Start(tx, v)
		if err != nil {
			return err
		}
		if a.Outcome == Confirmed || !a.RevokedAt.IsZero() || a.HeldOut() { // the hold-out was shown nothing
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
			if err := settle(tx, a); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n, err
}

// settle stores a settled attempt. A ticket that the same person opened
// meanwhile, after the attempt began, takes an assumed deflection back at once
// (D-31): they read, and asked all the same.
func settle(tx Tx, a Attempt) error {
	kind := EntryAbandoned
	lines := []Entry{}
	if a.Outcome == Assumed {
		kind = EntryAssumed
		id, at, err := tx.FirstTicket(a.PersonID, a.Visitor, a.StartedAt, tx.Now())
		if err != nil {
			return err
		}
		if id != "" && at.Sub(a.OutcomeAt) <= RevokeWindow {
			a.RevokedAt, a.RevokedBy = at, id
			if at.Before(a.OutcomeAt) {
				a.RevokedAt = a.OutcomeAt
			}
			lines = append(lines, entry(a.RevokedAt, a.ID, EntryRevoked, a.Article, ticketData(id)))
		}
	}
	lines = append([]Entry{entry(a.OutcomeAt, a.ID, kind, a.Article, "")}, lines...)
	if err := tx.UpdateAttempt(a); err != nil {
		return err
	}
	return tx.AppendLedger(lines...)
}

// Judge looks back at attempts that began in [from, now - TicketWindow) and
// records whether a ticket by any channel followed within that window (D-32),
// at most limit of them. It says how many it judged, and from when to go on.
func (l *Ledger) Judge(ctx context.Context, from time.Time, limit int) (n int, next time.Time, err error) {
	err = l.Store.InTx(ctx, func(tx Tx) error {
		n, next = 0, from
		due, err := tx.UnjudgedAttempts(from, tx.Now().Add(-TicketWindow), limit)
		if err != nil {
			return err
		}
		for _, a := range due {
			if err := judge(tx, a); err != nil {
				return err
			}
			n, next = n+1, a.StartedAt
		}
		return nil
	})
	return n, next, err
}

func judge(tx Tx, a Attempt) error {
	if a.PersonID == "" && a.Visitor != "" {
		person, err := tx.PersonOfVisitor(a.Visitor)
		if err != nil {
			return err
		}
		a.PersonID = person
	}
	until := a.StartedAt.Add(TicketWindow)
	a.Judged = true
	if a.Outcome == Ticketed && !a.OutcomeAt.After(until) {
		a.Followed = a.TicketID
	} else {
		id, _, err := tx.FirstTicket(a.PersonID, a.Visitor, a.StartedAt, until)
		if err != nil {
			return err
		}
		a.Followed = id
	}
	return tx.UpdateAttempt(a)
}

// change loads the form's attempt, lets f alter it, and records both. A form
// without an attempt, one that already became a ticket, and an article that
// was not suggested to it are left alone: an assumed deflection rests on
// suggestions (D-30).
func (l *Ledger) change(ctx context.Context, formToken, article string, f func(Tx, *Attempt) (Entry, error)) error {
	return l.Store.InTx(ctx, func(tx Tx) error {
		a, err := tx.AttemptByForm(formToken)
		if errs.Is(err, errs.NotFound) || (err == nil && (a.Outcome == Ticketed || a.HeldOut())) {
			return nil
		}
		if err != nil {
			return err
		}
		if ok, err := wasOffered(tx, a.ID, article); err != nil || !ok {
			return err
		}
		line, err := f(tx, &a)
		if err != nil {
			return err
		}
		revive(&a, tx.Now())
		if err := tx.UpdateAttempt(a); err != nil {
			return err
		}
		return appendEntry(tx, a.ID, line.Kind, article, line.Data)
	})
}

func wasOffered(tx Tx, attemptID, article string) (bool, error) {
	lists, err := tx.Offered(attemptID)
	if err != nil {
		return false, err
	}
	for _, data := range lists {
		var articles []string
		if err := json.Unmarshal([]byte(data), &articles); err != nil {
			return false, fmt.Errorf("ledger of attempt %s: %w", attemptID, err)
		}
		if slices.Contains(articles, article) {
			return true, nil
		}
	}
	return false, nil
}

// revive marks activity. Somebody who comes back to an abandoned or assumed
// form has not left after all; the ledger keeps the earlier line. A claim that
// a ticket took back stays as it is.
func revive(a *Attempt, now time.Time) {
	a.ActiveAt = now
	if a.RevokedAt.IsZero() && (a.Outcome == Abandoned || a.Outcome == Assumed) {
		a.Outcome, a.OutcomeAt, a.Article = Pending, time.Time{}, ""
	}
}

// Start finds or begins the attempt of a visit inside a transaction and marks
// it active.
func Start(tx Tx, v Visit) (Attempt, error) {
	a, fresh, err := find(tx, v, Traces{Form: true, Visitor: true})
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
func find(tx Tx, v Visit, known Traces) (a Attempt, fresh bool, err error) {
	now := tx.Now()
	if known.Form {
		a, err = tx.AttemptByForm(v.FormToken)
		if err == nil {
			return resume(a, v, now), false, nil
		}
		if !errs.Is(err, errs.NotFound) {
			return a, false, err
		}
	}
	a = Attempt{
		ID: NewID(), FormToken: v.FormToken, Visitor: v.Visitor,
		Lang: v.Lang, Category: v.Category, Script: v.Script, Route: v.Route,
		Counted: true, StartedAt: now, ActiveAt: now,
	}
	a.Unit = v.Unit()
	p, err := tx.Period()
	if err != nil {
		return a, true, err
	}
	a.Arm, a.Period = p.Arm(a.Unit), p.ID
	if v.Visitor == "" || !known.Visitor {
		return a, true, nil // nothing came before it; without a visitor the unit is this very form
	}
	last, err := tx.LastCounted(a.Unit)
	if err != nil {
		return a, true, err
	}
	a.Counted = last.IsZero() || now.Sub(last) >= CountWindow
	a.PersonID, err = tx.PersonOfVisitor(v.Visitor)
	return a, true, err
}

// resume goes on with an attempt that the visit began before.
func resume(a Attempt, v Visit, now time.Time) Attempt {
	if a.Outcome != Ticketed && a.Outcome != Confirmed {
		revive(&a, now)
	}
	if v.Category != "" {
		a.Category = v.Category
	}
	a.Script = a.Script || v.Script
	return a
}

// Ticket records inside the ticket's own transaction that the visit ended in
// a ticket, and takes back what the same person or browser had claimed solved
// in the last 72 h (D-31). What known denies is not looked for.
func Ticket(tx Tx, v Visit, ticketID, personID string, known Traces) error {
	now := tx.Now()
	if v.FormToken != "" {
		a, fresh, err := find(tx, v, known)
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
	person, visitor := personID, v.Visitor
	if !known.Person {
		person = ""
	}
	if !known.Visitor {
		visitor = ""
	}
	claims, err := tx.RevocableAttempts(person, visitor, now.Add(-RevokeWindow))
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
