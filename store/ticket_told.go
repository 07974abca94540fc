package store

import (
	"time"

	"github.com/vmcloud/ricochet/deflect/notify"
	"github.com/vmcloud/ricochet/deflect/ticket"
)

// MergedInto lists the tickets that were merged into one, at any remove.
func (tx *Tx) MergedInto(ticketID string) ([]ticket.Ticket, error) {
	var all []ticket.Ticket
	seen := map[string]bool{ticketID: true}
	for next := []string{ticketID}; len(next) > 0; next = next[1:] {
		rows, err := tx.query("SELECT "+qualified("t", ticketColumns)+` FROM ticket_links l JOIN tickets t ON t.id = l.ticket_id
			WHERE l.other_id = $1 AND l.kind = $2 ORDER BY t.id`, next[0], ticket.MergedTo)
		found, err := collect(rows, err, scanTicket)
		if err != nil {
			return nil, err
		}
		for _, t := range found {
			if !seen[t.ID] {
				seen[t.ID] = true
				all, next = append(all, t), append(next, t.ID)
			}
		}
	}
	return all, nil
}

// PeopleForNPS lists people to whom the question of a quarter has not been
// mailed: of companies, with a confirmed address, and with a ticket closed
// since.
func (tx *Tx) PeopleForNPS(quarter string, since time.Time, limit int) ([]notify.Recipient, error) {
	rows, err := tx.query(`SELECT p.id, p.email, p.name, p.lang FROM persons p
		WHERE p.customer_id IS NOT NULL AND p.confirmed_at IS NOT NULL AND p.email LIKE '%@%' -- not erased
		AND p.id IN (SELECT t.person_id FROM tickets t WHERE t.closed_at >= $1 AND t.state = 'closed')
		AND NOT EXISTS (SELECT 1 FROM mails m WHERE m.dedupe = CAST($2 AS TEXT) || p.id)
		AND NOT EXISTS (SELECT 1 FROM nps_answers n WHERE n.person_id = p.id AND n.quarter = $3)
		ORDER BY p.id LIMIT $4`, millis(since), notify.NPSKey(quarter, ""), quarter, limit)
	return collect(rows, err, scanRecipient)
}
