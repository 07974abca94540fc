package store

import (
	"context"

	"github.com/vmcloud/ricochet/deflect/ticket"
)

// TicketTexts are the words of tickets with these ids, in any order; unknown
// ids are left out.
func (db *DB) TicketTexts(ctx context.Context, ids []string) ([]ticket.Text, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	w := &where{}
	anyOf(w, "t.id", ids)
	rows, err := db.get(ctx, "SELECT "+deskColumns+`, p.name, p.email, COALESCE(c.company, '')
		FROM tickets t JOIN persons p ON p.id = t.person_id LEFT JOIN customers c ON c.id = p.customer_id`+w.text(), w.args...)
	all, err := collect(rows, err, func(r rowScanner) (ticket.Text, error) {
		var x ticket.Text
		var err error
		x.Ticket, err = scanTicket(tail{r, []any{&x.Name, &x.Email, &x.Company}})
		return x, err
	})
	if err != nil {
		return nil, err
	}
	at := make(map[string]int, len(all))
	for i, x := range all {
		at[x.ID] = i
	}
	w = &where{}
	anyOf(w, "ticket_id", ids)
	rows, err = db.get(ctx, "SELECT "+messageColumns+" FROM messages"+w.text()+" ORDER BY created_at, id", w.args...)
	messages, err := collect(rows, err, scanMessage)
	for _, m := range messages {
		if i, ok := at[m.TicketID]; ok {
			all[i].Bodies = append(all[i].Bodies, m.Body)
		}
	}
	return all, err
}
