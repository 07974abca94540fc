package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/vmcloud/ricochet/deflect/notify"
)

const mailColumns = `id, dedupe, ticket_id, person_id, lang, kind, recipient, subject, body, message_id, in_reply_to, automatic,
	state, created_at, sent_at, reply_to, alert_id, send_at`

func scanMail(r rowScanner) (notify.Mail, error) {
	var m notify.Mail
	var ticket, person, alert sql.NullString
	var automatic, created int64
	var sent, sendAt sql.NullInt64
	err := r.Scan(&m.ID, &m.Dedupe, &ticket, &person, &m.Lang, &m.Kind, &m.Recipient, &m.Subject, &m.Body, &m.MessageID,
		&m.InReplyTo, &automatic, &m.State, &created, &sent, &m.ReplyTo, &alert, &sendAt)
	m.TicketID, m.PersonID, m.AlertID, m.Automatic = ticket.String, person.String, alert.String, automatic == 1
	m.CreatedAt, m.SentAt, m.SendAt = instant(created), optInstant(sent), optInstant(sendAt)
	return m, err
}

// InsertMail stores an outbox row; ok is false when its dedupe key exists.
func (tx *Tx) InsertMail(m notify.Mail) (bool, error) {
	n, err := tx.exec("INSERT INTO mails ("+mailColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) ON CONFLICT (dedupe) DO NOTHING`,
		m.ID, m.Dedupe, optText(m.TicketID), optText(m.PersonID), m.Lang, m.Kind, m.Recipient, m.Subject, m.Body, m.MessageID,
		m.InReplyTo, flag(m.Automatic), m.State, millis(m.CreatedAt), optMillis(m.SentAt), m.ReplyTo,
		optText(m.AlertID), optMillis(m.SendAt))
	return n == 1, err
}

// MailByID finds an outbox row.
func (tx *Tx) MailByID(id string) (notify.Mail, error) {
	rows, err := tx.query("SELECT "+mailColumns+" FROM mails WHERE id = $1", id)
	return first(rows, err, scanMail)
}

// MarkMail records what became of an outbox row. An invitation is a key to the
// desk: its text is forgotten with that.
func (tx *Tx) MarkMail(id string, state notify.MailState, at time.Time) error {
	_, err := tx.exec("UPDATE mails SET state = $1, sent_at = $2, body = CASE WHEN kind = $3 THEN '' ELSE body END WHERE id = $4", state, millis(at), notify.Invitation, id)
	return err
}

// CountMails counts the mails to an address since t that were not suppressed.
// Until the transaction ends nobody else can count for the same address, so
// that two at once do not both find room.
func (tx *Tx) CountMails(email string, t time.Time) (int, error) {
	if tx.db.engine == Postgres { // SQLite has one writer anyway
		if _, err := tx.exec("SELECT pg_advisory_xact_lock(hashtext($1))", email); err != nil {
			return 0, err
		}
	}
	rows, err := tx.query("SELECT COUNT(*) FROM mails WHERE recipient = $1 AND created_at > $2 AND state <> 'suppressed'", email, millis(t))
	n, err := first(rows, err, scanInt)
	return int(n), err
}

// MailCounts says how many outbox rows stand in each state.
func (db *DB) MailCounts(ctx context.Context) (map[notify.MailState]int, error) {
	rows, err := db.get(ctx, "SELECT state, COUNT(*) FROM mails GROUP BY state")
	counts := map[notify.MailState]int{}
	_, err = collect(rows, err, func(r rowScanner) (struct{}, error) {
		var s notify.MailState
		var n int
		err := r.Scan(&s, &n)
		counts[s] = n
		return struct{}{}, err
	})
	return counts, err
}
