package store

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"

	"github.com/vmcloud/ricochet/deflect/notify"
	"github.com/vmcloud/ricochet/deflect/ticket"
)

// Alerts lists what the team was told, the latest first, each with whom and by
// which way.
func (db *DB) Alerts(ctx context.Context, f notify.AlertFilter) ([]notify.AlertRow, error) {
	rows, err := db.get(ctx, `SELECT a.id, a.dedupe, a.ticket_id, a.event, a.target, a.cycle, a.due, a.audience, a.unverified, a.held, a.fired_at,
			a.created_at, COALESCE(t.number, ''), COALESCE(t.tier, ''), COALESCE(t.priority, '')
		FROM alerts a LEFT JOIN tickets t ON t.id = a.ticket_id
		WHERE (CAST($1 AS TEXT) = '' OR a.ticket_id = $2)
		AND (CAST($3 AS BIGINT) = 0
			OR a.id IN (SELECT alert_id FROM deliveries WHERE state = 'undelivered')
			OR a.id IN (SELECT m.alert_id FROM mails m JOIN jobs j ON j.dedupe = 'mail.send:' || m.id WHERE m.alert_id IS NOT NULL AND j.attempts >= $4))
		ORDER BY a.created_at DESC, a.id DESC LIMIT $5 OFFSET $6`,
		f.TicketID, f.TicketID, flag(f.Undelivered), notify.UndeliveredAfter, f.Limit, f.Offset)
	all, err := collect(rows, err, func(r rowScanner) (notify.AlertRow, error) {
		var row notify.AlertRow
		var err error
		row.Alert, err = scanAlert(tail{r, []any{&row.Number, &row.Tier, &row.Priority}})
		return row, err
	})
	if err != nil || len(all) == 0 {
		return all, err
	}
	at := make(map[string]int, len(all))
	ids := make([]any, len(all))
	marks := make([]string, len(all))
	for i, a := range all {
		at[a.ID], ids[i], marks[i] = i, a.ID, "$"+strconv.Itoa(i+1)
	}
	list := strings.Join(marks, ", ")
	for _, query := range []string{
		`SELECT d.alert_id, d.id, d.channel, '', d.state, d.attempts, d.last_error, d.send_at, d.finished_at
			FROM deliveries d WHERE d.alert_id IN (` + list + `) ORDER BY d.id`,
		`SELECT m.alert_id, m.id, 'mail', COALESCE(m.person_id, ''), m.state, COALESCE(j.attempts, 0), COALESCE(j.last_error, ''),
			COALESCE(m.send_at, m.created_at), m.sent_at
			FROM mails m LEFT JOIN jobs j ON j.dedupe = 'mail.send:' || m.id WHERE m.alert_id IN (` + list + `) ORDER BY m.id`,
	} {
		rows, err := db.read.QueryContext(ctx, query, ids...) // the text varies: not worth preparing
		told, err := collect(rows, err, scanTelling)
		if err != nil {
			return nil, err
		}
		for _, t := range told {
			row := &all[at[t.alert]]
			row.Told = append(row.Told, t.Telling)
		}
	}
	return all, nil
}

// telling is a Telling on its way to its alert.
type telling struct {
	notify.Telling
	alert string
}

func scanTelling(r rowScanner) (telling, error) {
	var t telling
	var state string
	var sendAt int64
	var done sql.NullInt64
	err := r.Scan(&t.alert, &t.ID, &t.Channel, &t.StaffID, &state, &t.Attempts, &t.LastError, &sendAt, &done)
	t.SendAt, t.DoneAt = instant(sendAt), optInstant(done)
	t.Set(state)
	return t, err
}

// CountUndelivered counts the messages to channels that did not arrive since t
// and are not given up on: the number in the desk's menu.
func (db *DB) CountUndelivered(ctx context.Context, since time.Time) (int, error) {
	rows, err := db.get(ctx, "SELECT COUNT(*) FROM deliveries WHERE state = 'undelivered' AND created_at > $1", millis(since))
	n, err := first(rows, err, scanInt)
	return int(n), err
}

// DueBefore lists tickets on which work is owed with a promise due before t,
// the latest due first, at most limit.
func (db *DB) DueBefore(ctx context.Context, t time.Time, limit int) ([]ticket.Ticket, error) {
	rows, err := db.get(ctx, "SELECT "+ticketColumns+` FROM tickets
		WHERE state NOT IN ('resolved', 'closed', 'merged') AND next_due < $1 ORDER BY next_due DESC LIMIT $2`, millis(t), limit)
	return collect(rows, err, scanTicket)
}
