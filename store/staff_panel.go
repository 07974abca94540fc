package store

import (
	"context"
	"time"

	"github.com/vmcloud/ricochet/deflect/ticket"
)

// HistoryOf lists the latest tickets of a person and, when the customer is
// known, of the colleagues, newest first.
func (db *DB) HistoryOf(ctx context.Context, personID, customerID string, limit int) ([]ticket.Past, error) {
	rows, err := db.get(ctx, `SELECT id, number, subject, lang, state, priority, received_at, person_id FROM tickets
		WHERE person_id IN (SELECT id FROM persons WHERE id = $1 OR customer_id = $2) ORDER BY received_at DESC LIMIT $3`,
		personID, optText(customerID), limit)
	return collect(rows, err, func(r rowScanner) (ticket.Past, error) {
		var p ticket.Past
		var at int64
		var person string
		err := r.Scan(&p.ID, &p.Number, &p.Subject, &p.Lang, &p.State, &p.Priority, &at, &person)
		p.ReceivedAt, p.Colleague = instant(at), person != personID
		return p, err
	})
}

// ShareReading keeps with a ticket which articles its visitor has read since:
// the person asked for it. The most recent 50 are kept.
func (tx *Tx) ShareReading(ticketID, visitor string, since time.Time) error {
	_, err := tx.exec(`INSERT INTO shared_reading (ticket_id, article, lang, at)
		SELECT CAST($1 AS TEXT), r.article, r.lang, MAX(r.at) FROM visits v JOIN reads r ON r.visit_id = v.id
		WHERE v.visitor = $2 AND v.started_at >= $3 GROUP BY r.article, r.lang ORDER BY MAX(r.at) DESC LIMIT 50`,
		ticketID, visitor, millis(since))
	return err
}

// SharedReading lists the articles that a ticket's author read before writing
// and agreed to share, in the order they were read.
func (db *DB) SharedReading(ctx context.Context, ticketID string) ([]ticket.Read, error) {
	rows, err := db.get(ctx, "SELECT article, lang, at FROM shared_reading WHERE ticket_id = $1 ORDER BY at, article", ticketID)
	return collect(rows, err, func(r rowScanner) (ticket.Read, error) {
		var v ticket.Read
		var at int64
		err := r.Scan(&v.Article, &v.Lang, &at)
		v.At = instant(at)
		return v, err
	})
}
