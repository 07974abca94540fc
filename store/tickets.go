package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/ticket"
)

const ticketColumns = `id, number, access_hash, person_id, visitor, channel, lang, category, urgency, impact, tier,
	priority, state, subject, assignee, received_at, updated_at, version, sla, subcategory, component, tags, watchers, level,
	incident_id, resolved_at, closed_at, ending, wake_at, queue, fingerprint`

func scanTicket(r rowScanner) (ticket.Ticket, error) {
	var t ticket.Ticket
	var visitor, assignee, incident, fingerprint sql.NullString
	var received, updated int64
	var resolved, closed, wake sql.NullInt64
	var sla, tags, watchers string
	err := r.Scan(&t.ID, &t.Number, &t.AccessHash, &t.PersonID, &visitor, &t.Channel, &t.Lang, &t.Category, &t.Urgency,
		&t.Impact, &t.Tier, &t.Priority, &t.State, &t.Subject, &assignee, &received, &updated, &t.Version, &sla,
		&t.Subcategory, &t.Component, &tags, &watchers, &t.Level, &incident, &resolved, &closed, &t.Ending, &wake, &t.Queue, &fingerprint)
	if err != nil {
		return t, err
	}
	t.Visitor, t.Assignee, t.Incident = visitor.String, assignee.String, incident.String
	t.ReceivedAt, t.UpdatedAt, t.ResolvedAt, t.ClosedAt = instant(received), instant(updated), optInstant(resolved), optInstant(closed)
	t.WakeAt, t.Fingerprint = optInstant(wake), fingerprint.String
	return t, errors.Join(json.Unmarshal([]byte(sla), &t.SLA), readList(tags, &t.Tags), readList(watchers, &t.Watchers))
}

// listText is the stored form of a list of names.
func listText(list []string) (string, error) {
	if len(list) == 0 {
		return "[]", nil
	}
	b, err := json.Marshal(list)
	return string(b), err
}

// readList reads a stored list of names; an empty one is nil.
func readList(text string, list *[]string) error {
	if text == "[]" {
		return nil
	}
	return json.Unmarshal([]byte(text), list)
}

// TicketByID finds a ticket; kind not_found when there is none.
func (tx *Tx) TicketByID(id string) (ticket.Ticket, error) {
	rows, err := tx.query("SELECT "+ticketColumns+" FROM tickets WHERE id = $1", id)
	return first(rows, err, scanTicket)
}

// TicketForUpdate is TicketByID, and nobody else can change the ticket until
// the transaction ends. SQLite has one writer anyway.
func (tx *Tx) TicketForUpdate(id string) (ticket.Ticket, error) {
	lock := ""
	if tx.db.engine == Postgres {
		lock = " FOR UPDATE"
	}
	rows, err := tx.query("SELECT "+ticketColumns+" FROM tickets WHERE id = $1"+lock, id)
	return first(rows, err, scanTicket)
}

// TicketByFormToken finds the ticket made with a form token.
func (tx *Tx) TicketByFormToken(token string) (ticket.Ticket, error) {
	rows, err := tx.query("SELECT "+ticketColumns+" FROM tickets WHERE form_token = $1", token)
	return first(rows, err, scanTicket)
}

// InsertTicket stores a ticket; ok is false when its number is taken. A form
// token that is taken meanwhile is an error: the caller has looked before.
func (tx *Tx) InsertTicket(t ticket.Ticket, formToken string) (bool, error) {
	sla, err := json.Marshal(t.SLA)
	if err != nil {
		return false, err
	}
	tags, err := listText(t.Tags)
	if err != nil {
		return false, err
	}
	due, target := t.NextDue()
	n, err := tx.exec(`INSERT INTO tickets (id, number, form_token, access_hash, person_id, visitor, channel, lang, category,
		urgency, impact, tier, priority, state, subject, assignee, received_at, updated_at, version, next_due, next_target, sla, tags, wake_at,
		queue, fingerprint, subcategory, component)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)
		ON CONFLICT (number) DO NOTHING`,
		t.ID, t.Number, optText(formToken), t.AccessHash, t.PersonID, optText(t.Visitor), t.Channel, t.Lang, t.Category,
		t.Urgency, t.Impact, t.Tier, t.Priority, t.State, t.Subject, optText(t.Assignee), millis(t.ReceivedAt),
		millis(t.UpdatedAt), t.Version, optMillis(due), target, string(sla), tags, optMillis(t.WakeAt), t.Queue,
		optText(t.Fingerprint), t.Subcategory, t.Component)
	return n == 1, err
}

// UpdateTicket stores t if the database still has t.Version, and raises it.
func (tx *Tx) UpdateTicket(t ticket.Ticket) (bool, error) {
	sla, err := json.Marshal(t.SLA)
	if err != nil {
		return false, err
	}
	tags, err := listText(t.Tags)
	if err != nil {
		return false, err
	}
	watchers, err := listText(t.Watchers)
	if err != nil {
		return false, err
	}
	due, target := t.NextDue()
	n, err := tx.exec(`UPDATE tickets SET category = $1, tier = $2, priority = $3, state = $4, assignee = $5, updated_at = $6,
		next_due = $7, next_target = $8, sla = $9, subcategory = $10, component = $11, tags = $12, watchers = $13, level = $14,
		incident_id = $15, resolved_at = $16, closed_at = $17, ending = $18, wake_at = $19, queue = $20, version = version + 1 WHERE id = $21 AND version = $22`,
		t.Category, t.Tier, t.Priority, t.State, optText(t.Assignee), millis(t.UpdatedAt), optMillis(due), target, string(sla),
		t.Subcategory, t.Component, tags, watchers, t.Level, optText(t.Incident), optMillis(t.ResolvedAt), optMillis(t.ClosedAt), t.Ending,
		optMillis(t.WakeAt), t.Queue, t.ID, t.Version)
	return n == 1, err
}

// AppendEvent adds an event to a ticket's log.
func (tx *Tx) AppendEvent(ticketID string, e ticket.Event) error {
	data, err := json.Marshal(e.Data)
	if err != nil {
		return err
	}
	_, err = tx.exec(`INSERT INTO ticket_events (ticket_id, seq, at, kind, actor_kind, actor_id, reason, data)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		ticketID, e.Seq, millis(e.At), e.Kind, e.Actor.Kind, e.Actor.ID, e.Reason, string(data))
	return err
}

func scanEvent(r rowScanner) (ticket.Event, error) {
	var e ticket.Event
	var at int64
	var data string
	if err := r.Scan(&e.Seq, &at, &e.Kind, &e.Actor.Kind, &e.Actor.ID, &e.Reason, &data); err != nil {
		return e, err
	}
	e.At = instant(at)
	return e, json.Unmarshal([]byte(data), &e.Data)
}

const eventsOf = "SELECT seq, at, kind, actor_kind, actor_id, reason, data FROM ticket_events WHERE ticket_id = $1 ORDER BY seq"

// EventsOf is a ticket's log, oldest first.
func (tx *Tx) EventsOf(ticketID string) ([]ticket.Event, error) {
	rows, err := tx.query(eventsOf, ticketID)
	return collect(rows, err, scanEvent)
}

// InsertMessage stores something written on a ticket.
func (tx *Tx) InsertMessage(m ticket.Message) error {
	_, err := tx.exec(`INSERT INTO messages (id, ticket_id, author, staff_id, public, body, created_at, person_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		m.ID, m.TicketID, m.Author, optText(m.StaffID), flag(m.Public), m.Body, millis(m.At), optText(m.PersonID))
	return err
}

const messageColumns = "id, ticket_id, author, staff_id, public, body, created_at, person_id"

func scanMessage(r rowScanner) (ticket.Message, error) {
	var m ticket.Message
	var staff, person sql.NullString
	var public, at int64
	err := r.Scan(&m.ID, &m.TicketID, &m.Author, &staff, &public, &m.Body, &at, &person)
	m.StaffID, m.PersonID, m.Public, m.At = staff.String, person.String, public == 1, instant(at)
	return m, err
}

// MessageByID finds a message; kind not_found when there is none.
func (tx *Tx) MessageByID(id string) (ticket.Message, error) {
	rows, err := tx.query("SELECT "+messageColumns+" FROM messages WHERE id = $1", id)
	return first(rows, err, scanMessage)
}

// InsertAttachment stores the record of a file that is already on disk.
func (tx *Tx) InsertAttachment(ticketID, messageID string, a intake.Attachment) error {
	_, err := tx.exec(`INSERT INTO attachments (id, ticket_id, message_id, name, media_type, size, sha256, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		a.ID, ticketID, messageID, a.Name, a.MediaType, a.Size, a.SHA256, millis(tx.now))
	return err
}

// TicketByID finds a ticket; kind not_found when there is none.
func (db *DB) TicketByID(ctx context.Context, id string) (ticket.Ticket, error) {
	rows, err := db.get(ctx, "SELECT "+ticketColumns+" FROM tickets WHERE id = $1", id)
	return first(rows, err, scanTicket)
}

// TicketByNumber finds a ticket by what people quote; kind not_found when
// there is none.
func (db *DB) TicketByNumber(ctx context.Context, number string) (ticket.Ticket, error) {
	rows, err := db.get(ctx, "SELECT "+ticketColumns+" FROM tickets WHERE number = $1", number)
	return first(rows, err, scanTicket)
}

// TicketsAfter lists tickets by id, for going through all of them in steps:
// the next limit ones after the id, "" for the first.
func (db *DB) TicketsAfter(ctx context.Context, id string, limit int) ([]ticket.Ticket, error) {
	rows, err := db.get(ctx, "SELECT "+ticketColumns+" FROM tickets WHERE id > $1 ORDER BY id LIMIT $2", id, limit)
	return collect(rows, err, scanTicket)
}

// EventsOf is a ticket's log, oldest first.
func (db *DB) EventsOf(ctx context.Context, ticketID string) ([]ticket.Event, error) {
	rows, err := db.get(ctx, eventsOf, ticketID)
	return collect(rows, err, scanEvent)
}

// StepsOf is what a ticket's log says of its way, oldest first: changes of its
// state, and into which other ticket it was merged.
func (db *DB) StepsOf(ctx context.Context, ticketID string) ([]ticket.Event, error) {
	rows, err := db.get(ctx, `SELECT seq, at, kind, actor_kind, actor_id, reason, data FROM ticket_events
		WHERE ticket_id = $1 AND (kind = $2 OR kind = $3) ORDER BY seq`, ticketID, ticket.StateChanged, ticket.MergedInto)
	return collect(rows, err, scanEvent)
}

// MessagesOf is what was written on a ticket, oldest first; internal notes
// only when asked for.
func (db *DB) MessagesOf(ctx context.Context, ticketID string, notes bool) ([]ticket.Message, error) {
	rows, err := db.get(ctx, "SELECT "+messageColumns+` FROM messages
		WHERE ticket_id = $1 AND (public = 1 OR CAST($2 AS BIGINT) = 1) ORDER BY created_at, id`, ticketID, flag(notes))
	return collect(rows, err, scanMessage)
}

const attachmentColumns = "id, name, media_type, size, sha256, ticket_id, message_id, created_at"

func scanAttachment(r rowScanner) (intake.StoredAttachment, error) {
	var a intake.StoredAttachment
	var at int64
	err := r.Scan(&a.ID, &a.Name, &a.MediaType, &a.Size, &a.SHA256, &a.TicketID, &a.MessageID, &at)
	a.CreatedAt = instant(at)
	return a, err
}

// AttachmentsOf lists a ticket's files.
func (db *DB) AttachmentsOf(ctx context.Context, ticketID string) ([]intake.StoredAttachment, error) {
	rows, err := db.get(ctx, "SELECT "+attachmentColumns+" FROM attachments WHERE ticket_id = $1 ORDER BY created_at, id", ticketID)
	return collect(rows, err, scanAttachment)
}

// AttachmentByID finds a file's record; kind not_found when there is none.
func (db *DB) AttachmentByID(ctx context.Context, id string) (intake.StoredAttachment, error) {
	rows, err := db.get(ctx, "SELECT "+attachmentColumns+" FROM attachments WHERE id = $1", id)
	return first(rows, err, scanAttachment)
}

// AttachmentKnown says whether a ticket or a held submission refers to a file.
func (db *DB) AttachmentKnown(ctx context.Context, id string) (bool, error) {
	rows, err := db.get(ctx, "SELECT COUNT(*) FROM attachments WHERE id = $1", id)
	n, err := first(rows, err, scanInt)
	if err != nil || n > 0 {
		return n > 0, err
	}
	rows, err = db.get(ctx, "SELECT COUNT(*) FROM quarantine WHERE submission LIKE $1", "%"+id+"%")
	n, err = first(rows, err, scanInt)
	return n > 0, err
}

func scanInt(r rowScanner) (int64, error) {
	var n int64
	err := r.Scan(&n)
	return n, err
}
