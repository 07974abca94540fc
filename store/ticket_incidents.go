package store

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/vmcloud/ricochet/deflect/ticket"
)

const incidentColumns = "id, number, title, summary, staff_id, created_at, updated_at, resolved_at, version"

func scanIncident(r rowScanner) (ticket.Incident, error) {
	var i ticket.Incident
	var created, updated int64
	var resolved sql.NullInt64
	err := r.Scan(&i.ID, &i.Number, &i.Title, &i.Summary, &i.Staff, &created, &updated, &resolved, &i.Version)
	i.CreatedAt, i.UpdatedAt, i.ResolvedAt = instant(created), instant(updated), optInstant(resolved)
	return i, err
}

// InsertIncident stores a new incident.
func (tx *Tx) InsertIncident(i ticket.Incident) error {
	_, err := tx.exec("INSERT INTO incidents ("+incidentColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		i.ID, i.Number, i.Title, i.Summary, i.Staff, millis(i.CreatedAt), millis(i.UpdatedAt), optMillis(i.ResolvedAt), i.Version)
	return err
}

// IncidentForUpdate finds an incident, which nobody else can change until the
// transaction ends; kind not_found when there is none.
func (tx *Tx) IncidentForUpdate(id string) (ticket.Incident, error) {
	lock := ""
	if tx.db.engine == Postgres {
		lock = " FOR UPDATE"
	}
	rows, err := tx.query("SELECT "+incidentColumns+" FROM incidents WHERE id = $1"+lock, id)
	return first(rows, err, scanIncident)
}

// UpdateIncident stores i if its version is still i.Version, and raises it.
func (tx *Tx) UpdateIncident(i ticket.Incident) (bool, error) {
	n, err := tx.exec(`UPDATE incidents SET title = $1, summary = $2, updated_at = $3, resolved_at = $4, version = version + 1
		WHERE id = $5 AND version = $6`, i.Title, i.Summary, millis(i.UpdatedAt), optMillis(i.ResolvedAt), i.ID, i.Version)
	return n == 1, err
}

// TicketsOfIncident lists the ids of the tickets it gathers.
func (tx *Tx) TicketsOfIncident(id string) ([]string, error) {
	rows, err := tx.query("SELECT id FROM tickets WHERE incident_id = $1 ORDER BY id", id)
	return collect(rows, err, scanText)
}

// IncidentByID finds an incident; kind not_found when there is none.
func (db *DB) IncidentByID(ctx context.Context, id string) (ticket.Incident, error) {
	rows, err := db.get(ctx, "SELECT "+incidentColumns+" FROM incidents WHERE id = $1", id)
	return first(rows, err, scanIncident)
}

// Incidents lists incidents with how many tickets each gathers: the open ones,
// or all, newest first.
func (db *DB) Incidents(ctx context.Context, all bool, limit int) ([]ticket.IncidentRow, error) {
	rows, err := db.get(ctx, "SELECT "+qualified("i", incidentColumns)+`, (SELECT COUNT(*) FROM tickets t WHERE t.incident_id = i.id)
		FROM incidents i WHERE i.resolved_at IS NULL OR CAST($1 AS BIGINT) = 1 ORDER BY i.created_at DESC, i.id LIMIT $2`, flag(all), limit)
	return collect(rows, err, func(r rowScanner) (ticket.IncidentRow, error) {
		var row ticket.IncidentRow
		var err error
		row.Incident, err = scanIncident(tail{r, []any{&row.Tickets}})
		return row, err
	})
}

// TicketsOfIncident lists the tickets an incident gathers, oldest first.
func (db *DB) TicketsOfIncident(ctx context.Context, id string) ([]ticket.Ticket, error) {
	rows, err := db.get(ctx, "SELECT "+ticketColumns+" FROM tickets WHERE incident_id = $1 ORDER BY received_at, id", id)
	return collect(rows, err, scanTicket)
}

const incidentAnswerColumns = "id, incident_id, body, next_state, staff_id, created_at"

func scanIncidentAnswer(r rowScanner) (ticket.IncidentAnswer, error) {
	var a ticket.IncidentAnswer
	var at int64
	err := r.Scan(&a.ID, &a.Incident, &a.Body, &a.Then, &a.Staff, &at)
	a.At = instant(at)
	return a, err
}

// InsertIncidentAnswer stores an answer for every ticket of an incident.
func (tx *Tx) InsertIncidentAnswer(a ticket.IncidentAnswer) error {
	_, err := tx.exec("INSERT INTO incident_answers ("+incidentAnswerColumns+") VALUES ($1, $2, $3, $4, $5, $6)",
		a.ID, a.Incident, a.Body, a.Then, a.Staff, millis(a.At))
	return err
}

// IncidentAnswerByID finds an answer.
func (tx *Tx) IncidentAnswerByID(id string) (ticket.IncidentAnswer, error) {
	rows, err := tx.query("SELECT "+incidentAnswerColumns+" FROM incident_answers WHERE id = $1", id)
	return first(rows, err, scanIncidentAnswer)
}

// IncidentAnswers lists an incident's answers, oldest first.
func (db *DB) IncidentAnswers(ctx context.Context, incidentID string) ([]ticket.IncidentAnswer, error) {
	rows, err := db.get(ctx, "SELECT "+incidentAnswerColumns+" FROM incident_answers WHERE incident_id = $1 ORDER BY created_at, id", incidentID)
	return collect(rows, err, scanIncidentAnswer)
}

const rcaColumns = "subject, cause, impact, timeline, actions, staff_id, created_at, updated_at, version"

func scanRCA(r rowScanner) (ticket.RCA, error) {
	var n ticket.RCA
	var actions string
	var created, updated int64
	if err := r.Scan(&n.Subject, &n.Cause, &n.Impact, &n.Timeline, &actions, &n.Staff, &created, &updated, &n.Version); err != nil {
		return n, err
	}
	n.CreatedAt, n.UpdatedAt = instant(created), instant(updated)
	return n, json.Unmarshal([]byte(actions), &n.Actions)
}

// SaveRCA stores a note whose version in the database is still r.Version, 0
// for none, and raises it.
func (tx *Tx) SaveRCA(r ticket.RCA) (bool, error) {
	actions := []byte("[]")
	if len(r.Actions) > 0 {
		var err error
		if actions, err = json.Marshal(r.Actions); err != nil {
			return false, err
		}
	}
	if r.Version == 0 {
		n, err := tx.exec("INSERT INTO rca_notes ("+rcaColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1) ON CONFLICT (subject) DO NOTHING",
			r.Subject, r.Cause, r.Impact, r.Timeline, string(actions), r.Staff, millis(r.CreatedAt), millis(r.UpdatedAt))
		return n == 1, err
	}
	n, err := tx.exec(`UPDATE rca_notes SET cause = $1, impact = $2, timeline = $3, actions = $4, staff_id = $5, updated_at = $6, version = version + 1
		WHERE subject = $7 AND version = $8`,
		r.Cause, r.Impact, r.Timeline, string(actions), r.Staff, millis(r.UpdatedAt), r.Subject, r.Version)
	return n == 1, err
}

// RCAOf finds the note on an incident or ticket; kind not_found when there is
// none.
func (db *DB) RCAOf(ctx context.Context, subject string) (ticket.RCA, error) {
	rows, err := db.get(ctx, "SELECT "+rcaColumns+" FROM rca_notes WHERE subject = $1", subject)
	return first(rows, err, scanRCA)
}
