package ticket

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vmcloud/ricochet/internal/errs"
)

// RCA is the note on the root cause of an incident or of a single ticket: the
// incident report that a broken promise asks for (D-18). The team alone reads
// it; what a customer is to know of it goes into a reply.
type RCA struct {
	Subject   string // id of the incident or ticket
	Cause     string
	Impact    string
	Timeline  string
	Actions   []CorrectiveAction
	Staff     string // who wrote it last
	CreatedAt time.Time
	UpdatedAt time.Time
	Version   int64 // 0: not written yet
}

// CorrectiveAction is something to be done so that it does not happen again.
type CorrectiveAction struct {
	What  string `json:"what"`
	Owner string `json:"owner,omitempty"` // staff id
	Due   string `json:"due,omitempty"`   // YYYY-MM-DD
	Done  bool   `json:"done,omitempty"`
}

// OwedNote is a ticket that broke a promise to its customer and whose cause
// nobody has written down (D-18).
type OwedNote struct {
	Ticket
	BrokenAt time.Time // when the first promise was broken
}

// OwedBrief is an escalation that came by itself and lacks its brief (D-24),
// with what names its ticket.
type OwedBrief struct {
	Escalation
	Number   string
	Subject  string
	Lang     string
	Assignee string // staff id, "" for nobody
}

// causeTx is what root-cause notes need from a transaction.
type causeTx interface {
	// SaveRCA stores a note whose version in the database is still r.Version,
	// 0 for none, and raises it.
	SaveRCA(r RCA) (ok bool, err error)
}

// AuditCause is the action of the audit log under which a note on an incident
// is kept: an incident has no log of its own, as a ticket has.
const AuditCause = "cause_written"

// maxCorrective bounds the corrective actions of a note.
const maxCorrective = 20

// SaveRCA writes the root-cause note of an incident or ticket, also of one that
// is over: causes are often found late. r.Version is what the writer had seen,
// 0 for a note that did not exist: two who write at once do not overwrite each
// other.
func (s *Service) SaveRCA(ctx context.Context, staffID string, r RCA) error {
	if err := r.check(); err != nil {
		return err
	}
	return s.Store.InTx(ctx, func(tx Tx) error {
		r.Staff, r.UpdatedAt = staffID, tx.Now()
		if r.Version == 0 {
			r.CreatedAt = tx.Now()
		}
		_, err := tx.IncidentForUpdate(r.Subject)
		switch {
		case err == nil:
			if err := saveRCA(tx, r); err != nil {
				return err
			}
			return tx.Audit(staffID, AuditCause, r.Subject, nil)
		case !errs.Is(err, errs.NotFound):
			return err
		}
		return s.In(tx).act(ctx, r.Subject, 0, func(w work) (change, error) {
			if w.t.State == Merged {
				return change{}, errs.Newf(errs.Conflict, "error.ticket.closed", "ticket %s is %s", w.t.Number, w.t.State)
			}
			return change{
				events: []Event{{Kind: CauseWritten, Actor: Actor{ByStaff, staffID}}},
				also:   func(tx Tx) error { return saveRCA(tx, r) },
			}, nil
		})
	})
}

func saveRCA(tx Tx, r RCA) error {
	ok, err := tx.SaveRCA(r)
	if err == nil && !ok {
		err = errs.Newf(errs.Conflict, "error.cause.stale", "the note on %s is no longer at version %d", r.Subject, r.Version)
	}
	return err
}

// check trims every part of a note and names those that are missing or too
// long. Empty lines of the list of actions are left out.
func (r *RCA) check() error {
	var wrong []errs.Field
	for name, text := range map[string]*string{"cause": &r.Cause, "impact": &r.Impact, "timeline": &r.Timeline} {
		var err error
		if *text, err = checkPart(name, *text, true); err != nil {
			wrong = append(wrong, fieldsOf(err)...)
		}
	}
	r.Actions = slices.DeleteFunc(slices.Clone(r.Actions), func(a CorrectiveAction) bool { return strings.TrimSpace(a.What) == "" })
	bad := false
	for i := range r.Actions {
		a := &r.Actions[i]
		a.What = oneLine(a.What)
		_, err := time.Parse(time.DateOnly, a.Due)
		bad = bad || a.Due != "" && err != nil || utf8.RuneCountInString(a.What) > maxReason
	}
	switch {
	case len(r.Actions) > maxCorrective:
		wrong = append(wrong, errs.Field{Name: "actions", Key: "error.field.actions", Args: map[string]any{"Limit": maxCorrective}})
	case bad:
		wrong = append(wrong, errs.Field{Name: "actions", Key: "error.field.action"})
	}
	if len(wrong) == 0 {
		return nil
	}
	slices.SortStableFunc(wrong, func(a, b errs.Field) int { return strings.Compare(a.Name, b.Name) })
	return errs.InvalidFields(wrong...)
}
