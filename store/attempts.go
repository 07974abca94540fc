package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/vmcloud/ricochet/deflect"
)

const attemptColumns = `id, form_token, unit, visitor, person_id, lang, category, script, counted, started_at, active_at, shown,
	opened, dwell_ms, outcome, outcome_at, article, ticket_id, revoked_at, revoked_by`

func scanAttempt(r rowScanner) (deflect.Attempt, error) {
	var a deflect.Attempt
	var visitor, person, ticket, revokedBy sql.NullString
	var script, counted, started, active, shown, dwell int64
	var outcomeAt, revokedAt sql.NullInt64
	err := r.Scan(&a.ID, &a.FormToken, &a.Unit, &visitor, &person, &a.Lang, &a.Category, &script, &counted, &started, &active,
		&shown, &a.Opened, &dwell, &a.Outcome, &outcomeAt, &a.Article, &ticket, &revokedAt, &revokedBy)
	a.Visitor, a.PersonID, a.TicketID, a.RevokedBy = visitor.String, person.String, ticket.String, revokedBy.String
	a.Script, a.Counted, a.Shown = script == 1, counted == 1, shown == 1
	a.StartedAt, a.ActiveAt = instant(started), instant(active)
	a.Dwell = time.Duration(dwell) * time.Millisecond
	a.OutcomeAt, a.RevokedAt = optInstant(outcomeAt), optInstant(revokedAt)
	return a, err
}

// AttemptByForm finds the attempt of a form; kind not_found when there is none.
func (tx *Tx) AttemptByForm(formToken string) (deflect.Attempt, error) {
	rows, err := tx.query("SELECT "+attemptColumns+" FROM attempts WHERE form_token = $1", formToken)
	return first(rows, err, scanAttempt)
}

// LastCounted is when the latest counted attempt of a visitor began; a unit
// without one is a form, which nothing came before.
func (tx *Tx) LastCounted(unit string) (time.Time, error) {
	rows, err := tx.query("SELECT MAX(started_at) FROM attempts WHERE unit = $1 AND counted = 1 AND visitor IS NOT NULL", unit)
	v, err := first(rows, err, func(r rowScanner) (sql.NullInt64, error) {
		var v sql.NullInt64
		err := r.Scan(&v)
		return v, err
	})
	return optInstant(v), err
}

// PersonOfVisitor is the person whose ticket came from this browser last.
func (tx *Tx) PersonOfVisitor(visitor string) (string, error) {
	rows, err := tx.query("SELECT person_id FROM attempts WHERE visitor = $1 AND person_id IS NOT NULL ORDER BY started_at DESC LIMIT 1", visitor)
	all, err := collect(rows, err, scanText)
	if err != nil || len(all) == 0 {
		return "", err
	}
	return all[0], nil
}

// InsertAttempt stores a new attempt.
func (tx *Tx) InsertAttempt(a deflect.Attempt) error {
	_, err := tx.exec("INSERT INTO attempts ("+attemptColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
		a.ID, a.FormToken, a.Unit, optText(a.Visitor), optText(a.PersonID), a.Lang, a.Category, flag(a.Script), flag(a.Counted),
		millis(a.StartedAt), millis(a.ActiveAt), flag(a.Shown), a.Opened, a.Dwell.Milliseconds(), a.Outcome, optMillis(a.OutcomeAt),
		a.Article, optText(a.TicketID), optMillis(a.RevokedAt), optText(a.RevokedBy))
	return err
}

// UpdateAttempt stores what may change on an attempt.
func (tx *Tx) UpdateAttempt(a deflect.Attempt) error {
	_, err := tx.exec(`UPDATE attempts SET person_id = $1, category = $2, script = $3, active_at = $4, shown = $5, opened = $6,
		dwell_ms = $7, outcome = $8, outcome_at = $9, article = $10, ticket_id = $11, revoked_at = $12, revoked_by = $13 WHERE id = $14`,
		optText(a.PersonID), a.Category, flag(a.Script), millis(a.ActiveAt), flag(a.Shown), a.Opened, a.Dwell.Milliseconds(),
		a.Outcome, optMillis(a.OutcomeAt), a.Article, optText(a.TicketID), optMillis(a.RevokedAt), optText(a.RevokedBy), a.ID)
	return err
}

// AppendLedger adds lines to the append-only ledger.
func (tx *Tx) AppendLedger(entries ...deflect.Entry) error {
	const one = "($1, $2, $3, $4, $5, $6)"
	const into = "INSERT INTO ledger (id, attempt_id, at, kind, article, data) VALUES "
	for len(entries) > 0 {
		e := entries[0]
		args := []any{e.ID, e.AttemptID, millis(e.At), e.Kind, e.Article, e.Data}
		text := into + one
		if len(entries) > 1 { // what a ticket adds, in one statement
			e = entries[1]
			args = append(args, e.ID, e.AttemptID, millis(e.At), e.Kind, e.Article, e.Data)
			text += ", ($7, $8, $9, $10, $11, $12)"
		}
		if _, err := tx.exec(text, args...); err != nil {
			return err
		}
		entries = entries[len(args)/6:]
	}
	return nil
}

// LeftAttempts lists pending attempts that were last active at or before t.
func (tx *Tx) LeftAttempts(t time.Time, limit int) ([]deflect.Attempt, error) {
	rows, err := tx.query("SELECT "+attemptColumns+" FROM attempts WHERE outcome = '' AND active_at <= $1 ORDER BY active_at LIMIT $2", millis(t), limit)
	return collect(rows, err, scanAttempt)
}

// RevocableAttempts lists unrevoked claims of the person or visitor since t.
func (tx *Tx) RevocableAttempts(personID, visitor string, t time.Time) ([]deflect.Attempt, error) {
	const claim = " AND outcome_at >= $2 AND outcome IN ('confirmed', 'assumed') AND revoked_at IS NULL"
	rows, err := tx.query("SELECT "+attemptColumns+" FROM attempts WHERE person_id = $1"+claim, personID, millis(t))
	all, err := collect(rows, err, scanAttempt)
	if err != nil || visitor == "" {
		return all, err
	}
	rows, err = tx.query("SELECT "+attemptColumns+" FROM attempts WHERE visitor = $1"+claim, visitor, millis(t))
	more, err := collect(rows, err, scanAttempt)
	seen := map[string]bool{}
	for _, a := range all {
		seen[a.ID] = true
	}
	for _, a := range more {
		if !seen[a.ID] {
			all = append(all, a)
		}
	}
	return all, err
}

// LedgerOf is the history of one attempt, oldest first.
func (db *DB) LedgerOf(ctx context.Context, attemptID string) ([]deflect.Entry, error) {
	rows, err := db.get(ctx, "SELECT id, attempt_id, at, kind, article, data FROM ledger WHERE attempt_id = $1 ORDER BY at, id", attemptID)
	return collect(rows, err, func(r rowScanner) (deflect.Entry, error) {
		var e deflect.Entry
		var at int64
		err := r.Scan(&e.ID, &e.AttemptID, &at, &e.Kind, &e.Article, &e.Data)
		e.At = instant(at)
		return e, err
	})
}
