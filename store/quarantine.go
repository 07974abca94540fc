package store

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/vmcloud/ricochet/deflect/intake"
)

// InsertQuarantine keeps a doubtful submission, once per form token.
func (tx *Tx) InsertQuarantine(q intake.Quarantined) error {
	data, err := json.Marshal(q.Submission)
	if err != nil {
		return err
	}
	_, err = tx.exec(`INSERT INTO quarantine (id, form_token, reason, submission, received_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (form_token) DO NOTHING`,
		q.ID, optText(q.Submission.FormToken), q.Reason, string(data), millis(q.Submission.ReceivedAt))
	return err
}

func scanQuarantined(r rowScanner) (intake.Quarantined, error) {
	var q intake.Quarantined
	var data string
	var ticket sql.NullString
	if err := r.Scan(&q.ID, &q.Reason, &data, &ticket); err != nil {
		return q, err
	}
	q.TicketID = ticket.String
	return q, json.Unmarshal([]byte(data), &q.Submission)
}

// QuarantinedByID finds a held submission.
func (tx *Tx) QuarantinedByID(id string) (intake.Quarantined, error) {
	rows, err := tx.query("SELECT id, reason, submission, ticket_id FROM quarantine WHERE id = $1", id)
	return first(rows, err, scanQuarantined)
}

// ResolveQuarantine records what became of a held submission; ticketID is ""
// when it was thrown away.
func (tx *Tx) ResolveQuarantine(id, ticketID string) error {
	_, err := tx.exec("UPDATE quarantine SET resolved_at = $1, ticket_id = $2 WHERE id = $3", millis(tx.now), optText(ticketID), id)
	return err
}

// DismissQuarantine marks a held submission as seen and not wanted.
func (db *DB) DismissQuarantine(ctx context.Context, id string) error {
	return db.InTx(ctx, func(tx *Tx) error { return tx.ResolveQuarantine(id, "") })
}

// OpenQuarantine lists held submissions nobody has decided on, newest first.
func (db *DB) OpenQuarantine(ctx context.Context, limit int) ([]intake.Quarantined, error) {
	rows, err := db.get(ctx, "SELECT id, reason, submission, ticket_id FROM quarantine WHERE resolved_at IS NULL ORDER BY received_at DESC LIMIT $1", limit)
	return collect(rows, err, scanQuarantined)
}

// CountQuarantine counts held submissions nobody has decided on.
func (db *DB) CountQuarantine(ctx context.Context) (int, error) {
	rows, err := db.get(ctx, "SELECT COUNT(*) FROM quarantine WHERE resolved_at IS NULL")
	n, err := first(rows, err, scanInt)
	return int(n), err
}
