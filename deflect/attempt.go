// Package deflect is the honest ledger of deflection: attempts to contact the
// team, what was suggested, what came of it, and the statistics that follow.
// The rules are D-29 to D-36.
package deflect

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vmcloud/ricochet/internal/errs"
)

// Outcome is what came of an attempt, exactly one each (D-30). The zero value
// means that it is still open.
type Outcome string

// The outcomes of D-30.
const (
	Pending   Outcome = ""
	Ticketed  Outcome = "ticket"
	Confirmed Outcome = "confirmed"
	Assumed   Outcome = "assumed"
	Abandoned Outcome = "abandoned"
)

// The figures of D-29 to D-31.
const (
	MinCharacters = 3                  // written before a visit is an attempt
	CountWindow   = 7 * 24 * time.Hour // one attempt per unit in this time counts for the rates
	LeaveAfter    = 30 * time.Minute   // without activity the person has left
	MinDwell      = 10 * time.Second   // on a suggested article, for "assumed"
	RevokeWindow  = 72 * time.Hour     // a ticket this soon after takes the claim back
)

// Attempt is one contact-form visit in which the person wrote something (D-29).
type Attempt struct {
	ID        string
	FormToken string // hash of the form's token: one attempt per form
	Unit      string // visitor, else form token: what the rates count (D-29)
	Visitor   string // hash of the measurement cookie, "" when refused
	PersonID  string // known once a ticket links the visitor to a person
	Lang      string
	Category  string // "" is the row "unknown" (D-30)
	Script    bool   // the browser runs scripts, so dwell can be seen
	Route     string // the console screen the form was opened from, ""
	Counted   bool   // false for later attempts of the unit within CountWindow
	StartedAt time.Time
	ActiveAt  time.Time
	Arm       Group         // of the hold-out experiment, set once at the start; "" outside it (D-32)
	Period    string        // of the experiment, in which the attempt started
	Shown     bool          // suggestions were shown at least once
	Opened    string        // the suggested article that was read longest; until one was read, the last one opened
	Dwell     time.Duration // longest stay on a suggested article
	Outcome   Outcome
	OutcomeAt time.Time
	Article   string // the article that answered
	TicketID  string
	RevokedAt time.Time // a ticket followed within RevokeWindow (D-31)
	RevokedBy string    // that ticket's id
	Judged    bool      // TicketWindow after the start is over
	Followed  string    // the first ticket by any channel in that window, once judged (D-32)
}

// Entry is one line of the append-only ledger behind every figure.
type Entry struct {
	ID        string
	AttemptID string
	At        time.Time
	Kind      EntryKind
	Article   string
	Data      string // JSON, ids only
}

// EntryKind says what the ledger line records.
type EntryKind string

// The kinds of ledger lines. A confirmed or assumed line stays when a
// "revoked" or "ticket" line follows: the ledger keeps claim and revocation.
const (
	EntryStarted   EntryKind = "started"
	EntryShown     EntryKind = "shown"    // Data: the articles' ids in the order shown
	EntryWithheld  EntryKind = "withheld" // the same, when the hold-out kept them back (D-32)
	EntryOpened    EntryKind = "opened"
	EntryDwelt     EntryKind = "dwelt" // Data: {"ms": ...}, as far as it is believed
	EntryConfirmed EntryKind = "confirmed"
	EntryAssumed   EntryKind = "assumed"
	EntryAbandoned EntryKind = "abandoned"
	EntryTicket    EntryKind = "ticket"
	EntryRevoked   EntryKind = "revoked"
)

// Wrote says whether subject and body are enough to be an attempt: three
// characters or more in either (D-29).
func Wrote(subject, body string) bool {
	return utf8.RuneCountInString(strings.TrimSpace(subject)) >= MinCharacters ||
		utf8.RuneCountInString(strings.TrimSpace(body)) >= MinCharacters
}

// Settle decides the outcome of an attempt that the person has left: assumed
// when a suggested article was open for MinDwell or longer, else abandoned
// (D-30). ok is false while the person may still be there. The outcome dates
// from the moment the person counts as gone, however late this runs.
func Settle(a Attempt, now time.Time) (settled Attempt, ok bool) {
	left := a.ActiveAt.Add(LeaveAfter)
	if a.Outcome != Pending || now.Before(left) {
		return a, false
	}
	a.Outcome, a.OutcomeAt = Abandoned, left
	if a.Script && a.Opened != "" && a.Dwell >= MinDwell {
		a.Outcome, a.Article = Assumed, a.Opened
	}
	return a, true
}

// Confirm records that the person said an article answered the question. A
// ticket stays a ticket; confirming again changes nothing, nor does it where a
// ticket has already taken the claim back (D-31).
func Confirm(a Attempt, article string, now time.Time) (Attempt, error) {
	switch {
	case a.Outcome == Ticketed:
		return a, errs.Newf(errs.Conflict, "error.attempt.ticket", "attempt %s already became ticket %s", a.ID, a.TicketID)
	case a.Outcome == Confirmed, !a.RevokedAt.IsZero():
		return a, nil
	}
	a.Outcome, a.OutcomeAt, a.Article, a.ActiveAt = Confirmed, now, article, now
	return a, nil
}

// BecomeTicket records that the person sent the message after all: a ticket
// beats every other outcome, also when it comes later (D-30).
func BecomeTicket(a Attempt, ticketID, personID string, now time.Time) Attempt {
	a.Outcome, a.OutcomeAt, a.TicketID, a.PersonID, a.ActiveAt = Ticketed, now, ticketID, personID, now
	a.Article = ""
	return a
}

// HeldOut says whether the attempt must not see suggestions.
func (a Attempt) HeldOut() bool { return a.Arm == Holdout }

// Revocable says whether a ticket at now takes back the attempt's claim
// (D-31): confirmed or assumed, at most 72 h after the outcome.
func Revocable(a Attempt, now time.Time) bool {
	return (a.Outcome == Confirmed || a.Outcome == Assumed) && a.RevokedAt.IsZero() &&
		!now.Before(a.OutcomeAt) && now.Sub(a.OutcomeAt) <= RevokeWindow
}
