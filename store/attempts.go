package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/vmcloud/ricochet/deflect"
)

const newAttemptColumns = `id, form_token, unit, visitor, person_id, lang, category, script, counted, started_at, active_at, shown,
	opened, dwell_ms, outcome, outcome_at, article, ticket_id, revoked_at, revoked_by, arm, period, route`

// A new attempt is not judged: its columns have their defaults.
const attemptColumns = newAttemptColumns + ", judged, followed_by"

func scanAttempt(r rowScanner) (deflect.Attempt, error) {
	var a deflect.Attempt
	var visitor, person, ticket, revokedBy, followed sql.NullString
	var script, counted, started, active, shown, dwell, judged int64
	var outcomeAt, revokedAt sql.NullInt64
	err := r.Scan(&a.ID, &a.FormToken, &a.Unit, &visitor, &person, &a.Lang, &a.Category, &script, &counted, &started, &active,
		&shown, &a.Opened, &dwell, &a.Outcome, &outcomeAt, &a.Article, &ticket, &revokedAt, &revokedBy, &a.Arm, &a.Period, &a.Route, &judged, &followed)
	a.Judged, a.Followed = judged == 1, followed.String
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
	rows, err := tx.query(`SELECT person_id FROM attempts WHERE unit = $1 AND visitor IS NOT NULL AND person_id IS NOT NULL
		ORDER BY started_at DESC LIMIT 1`, visitor)
	all, err := collect(rows, err, scanText)
	if err != nil || len(all) == 0 {
		return "", err
	}
	return all[0], nil
}

// InsertAttempt stores a new attempt.
func (tx *Tx) InsertAttempt(a deflect.Attempt) error {
	_, err := tx.exec("INSERT INTO attempts ("+newAttemptColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)`,
		a.ID, a.FormToken, a.Unit, optText(a.Visitor), optText(a.PersonID), a.Lang, a.Category, flag(a.Script), flag(a.Counted),
		millis(a.StartedAt), millis(a.ActiveAt), flag(a.Shown), a.Opened, a.Dwell.Milliseconds(), a.Outcome, optMillis(a.OutcomeAt),
		a.Article, optText(a.TicketID), optMillis(a.RevokedAt), optText(a.RevokedBy), a.Arm, a.Period, a.Route)
	return err
}

// UpdateAttempt stores what may change on an attempt.
func (tx *Tx) UpdateAttempt(a deflect.Attempt) error {
	_, err := tx.exec(`UPDATE attempts SET person_id = $1, category = $2, script = $3, active_at = $4, shown = $5, opened = $6,
		dwell_ms = $7, outcome = $8, outcome_at = $9, article = $10, ticket_id = $11, revoked_at = $12, revoked_by = $13,
		judged = $14, followed_by = $15 WHERE id = $16`,
		optText(a.PersonID), a.Category, flag(a.Script), millis(a.ActiveAt), flag(a.Shown), a.Opened, a.Dwell.Milliseconds(),
		a.Outcome, optMillis(a.OutcomeAt), a.Article, optText(a.TicketID), optMillis(a.RevokedAt), optText(a.RevokedBy),
		flag(a.Judged), optText(a.Followed), a.ID)
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

// RevocableAttempts lists unrevoked claims of the person or visitor since t;
// "" is nobody.
func (tx *Tx) RevocableAttempts(personID, visitor string, t time.Time) ([]deflect.Attempt, error) {
	const claim = " AND outcome_at >= $2 AND outcome IN ('confirmed', 'assumed') AND revoked_at IS NULL"
	var all []deflect.Attempt
	if personID != "" {
		rows, err := tx.query("SELECT "+attemptColumns+" FROM attempts WHERE person_id = $1"+claim, personID, millis(t))
		if all, err = collect(rows, err, scanAttempt); err != nil {
			return nil, err
		}
	}
	if visitor == "" {
		return all, nil
	}
	rows, err := tx.query("SELECT "+attemptColumns+" FROM attempts WHERE visitor = $1"+claim, visitor, millis(t))
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

// Offered is what an attempt was shown or would have been, newest first.
func (tx *Tx) Offered(attemptID string) ([]string, error) {
	rows, err := tx.query("SELECT data FROM ledger WHERE attempt_id = $1 AND kind IN ('shown', 'withheld') ORDER BY at DESC, id DESC LIMIT 100", attemptID)
	return collect(rows, err, scanText)
}

// FirstTicket is the first ticket of a person by any channel, or of a visitor
// by a form, in [from, to]; "" when there is none.
func (tx *Tx) FirstTicket(personID, visitor string, from, to time.Time) (string, time.Time, error) {
	rows, err := tx.query(`SELECT id, at FROM (
		SELECT id, received_at AS at FROM tickets WHERE person_id = $1 AND received_at >= $2 AND received_at <= $3
		UNION ALL
		SELECT ticket_id AS id, outcome_at AS at FROM attempts WHERE unit = $4 AND visitor IS NOT NULL AND ticket_id IS NOT NULL
			AND outcome_at >= $2 AND outcome_at <= $3
		) AS found ORDER BY at, id LIMIT 1`, personID, millis(from), millis(to), visitor)
	type found struct {
		id string
		at int64
	}
	all, err := collect(rows, err, func(r rowScanner) (found, error) {
		var f found
		err := r.Scan(&f.id, &f.at)
		return f, err
	})
	if err != nil || len(all) == 0 {
		return "", time.Time{}, err
	}
	return all[0].id, instant(all[0].at), nil
}

// UnjudgedAttempts lists attempts that started in [from, before) and are not
// judged, oldest first.
func (tx *Tx) UnjudgedAttempts(from, before time.Time, limit int) ([]deflect.Attempt, error) {
	rows, err := tx.query("SELECT "+attemptColumns+` FROM attempts
		WHERE started_at >= $1 AND started_at < $2 AND judged = 0 ORDER BY started_at, id LIMIT $3`, millis(from), millis(before), limit)
	return collect(rows, err, scanAttempt)
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
