package store

import (
	"context"
	"database/sql"

	"github.com/vmcloud/ricochet/deflect/ticket"
)

// MoveMessage puts a message and its files on another ticket.
func (tx *Tx) MoveMessage(id, ticketID string) error {
	if _, err := tx.exec("UPDATE messages SET ticket_id = $1 WHERE id = $2", ticketID, id); err != nil {
		return err
	}
	_, err := tx.exec("UPDATE attachments SET ticket_id = $1 WHERE message_id = $2", ticketID, id)
	return err
}

// InsertLink stores a link, once.
func (tx *Tx) InsertLink(l ticket.Link) error {
	_, err := tx.exec(`INSERT INTO ticket_links (ticket_id, other_id, kind, staff_id, created_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (ticket_id, other_id, kind) DO NOTHING`, l.Ticket, l.Other, l.Kind, l.Staff, millis(l.At))
	return err
}

// DeleteLink removes a link; ok is false when there was none.
func (tx *Tx) DeleteLink(ticketID, otherID string, kind ticket.LinkKind) (bool, error) {
	n, err := tx.exec("DELETE FROM ticket_links WHERE ticket_id = $1 AND other_id = $2 AND kind = $3", ticketID, otherID, kind)
	return n == 1, err
}

// LinksOf lists a ticket's links in both directions, oldest first.
func (db *DB) LinksOf(ctx context.Context, ticketID string) ([]ticket.LinkView, error) {
	rows, err := db.get(ctx, `SELECT l.ticket_id, l.other_id, l.kind, l.staff_id, l.created_at, t.id, t.number, t.subject, t.state
		FROM ticket_links l JOIN tickets t ON t.id = CASE WHEN l.ticket_id = $1 THEN l.other_id ELSE l.ticket_id END
		WHERE l.ticket_id = $1 OR l.other_id = $1 ORDER BY l.created_at, t.number`, ticketID)
	return collect(rows, err, func(r rowScanner) (ticket.LinkView, error) {
		var v ticket.LinkView
		var at int64
		err := r.Scan(&v.Ticket, &v.Other, &v.Kind, &v.Staff, &at, &v.ID, &v.Number, &v.Subject, &v.State)
		v.At, v.Reverse = instant(at), v.Other == ticketID
		return v, err
	})
}

// InsertTime stores an entry of the time log.
func (tx *Tx) InsertTime(e ticket.TimeEntry) error {
	_, err := tx.exec("INSERT INTO time_entries (id, ticket_id, staff_id, minutes, message_id, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
		e.ID, e.Ticket, e.Staff, e.Minutes, optText(e.MessageID), millis(e.At))
	return err
}

// TimeOf lists a ticket's time log, oldest first.
func (db *DB) TimeOf(ctx context.Context, ticketID string) ([]ticket.TimeEntry, error) {
	rows, err := db.get(ctx, `SELECT id, ticket_id, staff_id, minutes, message_id, created_at FROM time_entries
		WHERE ticket_id = $1 ORDER BY created_at, id`, ticketID)
	return collect(rows, err, func(r rowScanner) (ticket.TimeEntry, error) {
		var e ticket.TimeEntry
		var message sql.NullString
		var at int64
		err := r.Scan(&e.ID, &e.Ticket, &e.Staff, &e.Minutes, &message, &at)
		e.MessageID, e.At = message.String, instant(at)
		return e, err
	})
}

const escalationColumns = `id, ticket_id, from_level, to_level, automatic, reason, problem, timeline, impact, attempts, help,
	mrr_cents, tier, staff_id, created_at, written_at`

func scanEscalation(r rowScanner) (ticket.Escalation, error) {
	var e ticket.Escalation
	var automatic, at int64
	var written sql.NullInt64
	b := &e.Brief
	err := r.Scan(&e.ID, &e.Ticket, &e.From, &e.To, &automatic, &e.Reason, &b.Problem, &b.Timeline, &b.Impact, &b.Attempts, &b.Help,
		&e.MRRCents, &e.Tier, &e.Staff, &at, &written)
	e.Automatic, e.At, e.WrittenAt = automatic == 1, instant(at), optInstant(written)
	return e, err
}

// InsertEscalation stores a change of level with its brief.
func (tx *Tx) InsertEscalation(e ticket.Escalation) error {
	_, err := tx.exec("INSERT INTO escalations ("+escalationColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		e.ID, e.Ticket, e.From, e.To, flag(e.Automatic), e.Reason, e.Brief.Problem, e.Brief.Timeline, e.Brief.Impact, e.Brief.Attempts,
		e.Brief.Help, e.MRRCents, e.Tier, e.Staff, millis(e.At), optMillis(e.WrittenAt))
	return err
}

// EscalationByID finds an escalation; kind not_found when there is none.
func (tx *Tx) EscalationByID(id string) (ticket.Escalation, error) {
	rows, err := tx.query("SELECT "+escalationColumns+" FROM escalations WHERE id = $1", id)
	return first(rows, err, scanEscalation)
}

// WriteBrief fills in the brief of an escalation.
func (tx *Tx) WriteBrief(e ticket.Escalation) error {
	_, err := tx.exec(`UPDATE escalations SET problem = $1, timeline = $2, impact = $3, attempts = $4, help = $5, staff_id = $6, written_at = $7
		WHERE id = $8`, e.Brief.Problem, e.Brief.Timeline, e.Brief.Impact, e.Brief.Attempts, e.Brief.Help, e.Staff, millis(e.WrittenAt), e.ID)
	return err
}

// EscalationsOf lists a ticket's changes of level, oldest first.
func (db *DB) EscalationsOf(ctx context.Context, ticketID string) ([]ticket.Escalation, error) {
	rows, err := db.get(ctx, "SELECT "+escalationColumns+" FROM escalations WHERE ticket_id = $1 ORDER BY created_at, id", ticketID)
	return collect(rows, err, scanEscalation)
}
