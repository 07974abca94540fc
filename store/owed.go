package store

import (
	"context"
	"database/sql"

	"github.com/vmcloud/ricochet/deflect/ticket"
)

// OwedNotes lists the tickets that broke a promise to the customer and have no
// root-cause note yet, neither their own nor their incident's, the oldest
// breach first: the incident reports of D-18.
func (db *DB) OwedNotes(ctx context.Context, limit int) ([]ticket.OwedNote, error) {
	rows, err := db.get(ctx, "SELECT "+qualified("t", ticketColumns)+`, b.broken FROM tickets t
		JOIN (SELECT ticket_id, MIN(due) AS broken FROM alerts
			WHERE event = 'alert.100' AND target IN ('first_response', 'resolution') GROUP BY ticket_id) b ON b.ticket_id = t.id
		WHERE t.state <> 'merged' AND NOT EXISTS (SELECT 1 FROM rca_notes n WHERE n.subject = t.id OR n.subject = t.incident_id)
		ORDER BY b.broken, t.id LIMIT $1`, limit)
	return collect(rows, err, func(r rowScanner) (ticket.OwedNote, error) {
		var o ticket.OwedNote
		var broken sql.NullInt64
		var err error
		o.Ticket, err = scanTicket(tail{r, []any{&broken}})
		o.BrokenAt = optInstant(broken)
		return o, err
	})
}

// OwedBriefs lists the escalations of tickets still worked on whose brief
// nobody has written, oldest first (D-24).
func (db *DB) OwedBriefs(ctx context.Context, limit int) ([]ticket.OwedBrief, error) {
	rows, err := db.get(ctx, "SELECT "+qualified("e", escalationColumns)+`, t.number, t.subject, t.lang, COALESCE(t.assignee, '')
		FROM escalations e JOIN tickets t ON t.id = e.ticket_id
		WHERE e.written_at IS NULL AND t.state NOT IN ('resolved', 'closed', 'merged') ORDER BY e.created_at, e.id LIMIT $1`, limit)
	return collect(rows, err, func(r rowScanner) (ticket.OwedBrief, error) {
		var o ticket.OwedBrief
		var err error
		o.Escalation, err = scanEscalation(tail{r, []any{&o.Number, &o.Subject, &o.Lang, &o.Assignee}})
		return o, err
	})
}
