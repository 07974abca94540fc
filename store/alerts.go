package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"
	"time"

	"github.com/vmcloud/ricochet/deflect/notify"
	"github.com/vmcloud/ricochet/deflect/ticket"
)

// DueTickets takes the tickets whose timer has run out, at most n. Until the
// transaction ends no other process takes them too.
func (tx *Tx) DueTickets(n int) ([]string, error) {
	skip := ""
	if tx.db.engine == Postgres {
		skip = " FOR UPDATE SKIP LOCKED"
	}
	rows, err := tx.query("SELECT id FROM tickets WHERE wake_at <= $1 ORDER BY wake_at LIMIT $2"+skip, millis(tx.now), n)
	return collect(rows, err, scanText)
}

// TimerDue says whether a ticket's timer has run out, without a write lock:
// most looks find nothing.
func (db *DB) TimerDue(ctx context.Context, now time.Time) (bool, error) {
	rows, err := db.get(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM tickets WHERE wake_at <= $1 LIMIT 1) due", millis(now))
	n, err := first(rows, err, scanInt)
	return n > 0, err
}

// PostponeTimer lets a ticket whose timer failed wait until t, so that it does
// not hold up the others.
func (tx *Tx) PostponeTimer(id string, t time.Time) error {
	_, err := tx.exec("UPDATE tickets SET wake_at = $1 WHERE id = $2", millis(t), id)
	return err
}

// StoreClocks stores the promises of t and when a timer looks at it next,
// without raising its version: nobody who has the ticket open is disturbed by
// an alert. ok is false when somebody has changed the ticket since.
func (tx *Tx) StoreClocks(t ticket.Ticket) (bool, error) {
	sla, err := json.Marshal(t.SLA)
	if err != nil {
		return false, err
	}
	due, target := t.NextDue()
	n, err := tx.exec("UPDATE tickets SET updated_at = $1, next_due = $2, next_target = $3, sla = $4, wake_at = $5 WHERE id = $6 AND version = $7",
		millis(t.UpdatedAt), optMillis(due), target, string(sla), optMillis(t.WakeAt), t.ID, t.Version)
	return n == 1, err
}

const alertColumns = "id, dedupe, ticket_id, event, target, cycle, due, audience, unverified, held, fired_at, created_at"

func scanAlert(r rowScanner) (notify.Alert, error) {
	var a notify.Alert
	var ticketID sql.NullString
	var due sql.NullInt64
	var audience string
	var unverified, held, fired, created int64
	err := r.Scan(&a.ID, &a.Dedupe, &ticketID, &a.Event, &a.Target, &a.Cycle, &due, &audience, &unverified, &held, &fired, &created)
	a.TicketID, a.Due, a.Unverified, a.Held, a.FiredAt, a.CreatedAt = ticketID.String, optInstant(due), unverified == 1, held == 1, instant(fired), instant(created)
	for _, role := range strings.Fields(audience) {
		a.Audience = append(a.Audience, ticket.Role(role))
	}
	return a, err
}

// InsertAlert records an alert; ok is false when its dedupe key exists.
func (tx *Tx) InsertAlert(a notify.Alert) (bool, error) {
	roles := make([]string, len(a.Audience))
	for i, role := range a.Audience {
		roles[i] = string(role)
	}
	n, err := tx.exec("INSERT INTO alerts ("+alertColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (dedupe) DO NOTHING`,
		a.ID, a.Dedupe, optText(a.TicketID), a.Event, a.Target, a.Cycle, optMillis(a.Due), strings.Join(roles, " "), flag(a.Unverified),
		flag(a.Held), millis(a.FiredAt), millis(a.CreatedAt))
	return n == 1, err
}

// AlertByID finds an alert; kind not_found when there is none.
func (tx *Tx) AlertByID(id string) (notify.Alert, error) {
	rows, err := tx.query("SELECT "+alertColumns+" FROM alerts WHERE id = $1", id)
	return first(rows, err, scanAlert)
}

// CountPages counts the calls to on-call since t that were made for unverified
// senders. Until the transaction ends nobody else can count, so that two at
// once do not both call (D-22).
func (tx *Tx) CountPages(t time.Time) (int, error) {
	if tx.db.engine == Postgres { // SQLite has one writer anyway
		if _, err := tx.exec("SELECT pg_advisory_xact_lock(hashtext('page'))"); err != nil {
			return 0, err
		}
	}
	rows, err := tx.query("SELECT COUNT(*) FROM alerts WHERE event = 'page' AND held = 0 AND unverified = 1 AND created_at > $1", millis(t))
	n, err := first(rows, err, scanInt)
	return int(n), err
}

// TeamByRole lists everybody whose account works, by role.
func (tx *Tx) TeamByRole() (map[ticket.Role][]notify.Recipient, error) {
	rows, err := tx.query("SELECT id, email, name, lang, role FROM staff WHERE disabled_at IS NULL AND password_hash <> '' ORDER BY id")
	team := map[ticket.Role][]notify.Recipient{}
	_, err = collect(rows, err, func(r rowScanner) (struct{}, error) {
		var role ticket.Role
		to, err := scanRecipient(tail{r, []any{&role}})
		team[role] = append(team[role], to)
		return struct{}{}, err
	})
	return team, err
}

const deliveryColumns = `id, dedupe, alert_id, ticket_id, event, channel, body, state, stands_for, attempts, last_error, send_at,
	created_at, finished_at`

func scanDelivery(r rowScanner) (notify.Delivery, error) {
	var d notify.Delivery
	var alert, ticketID sql.NullString
	var body string
	var sendAt, created int64
	var finished sql.NullInt64
	err := r.Scan(&d.ID, &d.Dedupe, &alert, &ticketID, &d.Event, &d.Channel, &body, &d.State, &d.StandsFor, &d.Attempts, &d.LastError,
		&sendAt, &created, &finished)
	d.AlertID, d.TicketID, d.Body = alert.String, ticketID.String, []byte(body)
	d.SendAt, d.CreatedAt, d.Finished = instant(sendAt), instant(created), optInstant(finished)
	return d, err
}

// InsertDelivery stores a channel's outbox row; ok is false when its dedupe
// key exists.
func (tx *Tx) InsertDelivery(d notify.Delivery) (bool, error) {
	n, err := tx.exec("INSERT INTO deliveries ("+deliveryColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (dedupe) DO NOTHING`,
		d.ID, d.Dedupe, optText(d.AlertID), optText(d.TicketID), d.Event, d.Channel, string(d.Body), d.State, d.StandsFor, d.Attempts,
		d.LastError, millis(d.SendAt), millis(d.CreatedAt), optMillis(d.Finished))
	return n == 1, err
}

// DeliveryByID finds a channel's outbox row; kind not_found when there is none.
func (tx *Tx) DeliveryByID(id string) (notify.Delivery, error) {
	rows, err := tx.query("SELECT "+deliveryColumns+" FROM deliveries WHERE id = $1", id)
	return first(rows, err, scanDelivery)
}

// maxDeliveryError bounds what is kept of a failure.
const maxDeliveryError = 500

// MarkDelivery stores state, attempts, error and end of a delivery.
func (tx *Tx) MarkDelivery(d notify.Delivery) error {
	_, err := tx.exec("UPDATE deliveries SET state = $1, attempts = $2, last_error = $3, finished_at = $4 WHERE id = $5",
		d.State, d.Attempts, d.LastError[:min(len(d.LastError), maxDeliveryError)], optMillis(d.Finished), d.ID)
	return err
}

// LoadByAssignee counts the tickets each member of the staff owes work on.
func (tx *Tx) LoadByAssignee() (map[string]int, error) {
	rows, err := tx.query(`SELECT assignee, COUNT(*) FROM tickets
		WHERE assignee IS NOT NULL AND state NOT IN ('resolved', 'closed', 'merged') GROUP BY assignee`)
	load := map[string]int{}
	_, err = collect(rows, err, func(r rowScanner) (struct{}, error) {
		var id string
		var n int
		err := r.Scan(&id, &n)
		load[id] = n
		return struct{}{}, err
	})
	return load, err
}
