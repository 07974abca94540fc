package store

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// OtherTickets lists what the person of t asked besides, the latest first. A
// person is known once they acted on a link that was mailed to the address;
// before, nothing is listed. The limit stands in the text: SQLite prepares a
// statement whose limit is a parameter anew each time, which takes longer than
// to run it.
func (db *DB) OtherTickets(ctx context.Context, t ticket.Ticket, limit int) ([]ticket.Ticket, error) {
	rows, err := db.get(ctx, "SELECT "+ticketColumns+` FROM tickets WHERE person_id = $1 AND id <> $2
		AND EXISTS (SELECT 1 FROM persons WHERE id = $1 AND confirmed_at IS NOT NULL) ORDER BY received_at DESC LIMIT `+strconv.Itoa(limit), t.PersonID, t.ID)
	return collect(rows, err, scanTicket)
}

// SkilledStaff says whether assignment can choose anybody.
func (db *DB) SkilledStaff(ctx context.Context) (bool, error) {
	rows, err := db.get(ctx, `SELECT (SELECT COUNT(*) FROM staff WHERE skills <> '{}' AND disabled_at IS NULL)
		+ (SELECT COUNT(*) FROM customers WHERE contact_id IS NOT NULL)`)
	n, err := first(rows, err, scanInt)
	return n > 0, err
}

// Candidates lists whose account works and who are not away now, with how many
// tickets each owes work on.
func (tx *Tx) Candidates() ([]intake.Candidate, error) {
	rows, err := tx.query(`SELECT s.id, s.skills, (SELECT COUNT(*) FROM tickets t
			WHERE t.assignee = s.id AND t.state NOT IN ('resolved', 'closed', 'merged'))
		FROM staff s WHERE s.disabled_at IS NULL AND s.password_hash <> '' AND s.id NOT IN
			(SELECT staff_id FROM staff_absences WHERE from_at <= $1 AND until_at > $2) ORDER BY s.id`, millis(tx.now), millis(tx.now))
	return collect(rows, err, func(r rowScanner) (intake.Candidate, error) {
		var c intake.Candidate
		var skills string
		if err := r.Scan(&c.StaffID, &skills, &c.Load); err != nil {
			return c, err
		}
		return c, json.Unmarshal([]byte(skills), &c.Skills)
	})
}

// ContactOf is the named contact of the person's company, "" without one.
func (tx *Tx) ContactOf(personID string) (string, error) {
	rows, err := tx.query(`SELECT COALESCE(c.contact_id, '') FROM persons p JOIN customers c ON c.id = p.customer_id WHERE p.id = $1`, personID)
	id, err := first(rows, err, scanText)
	if errs.Is(err, errs.NotFound) {
		return "", nil
	}
	return id, err
}
