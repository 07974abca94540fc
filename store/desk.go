package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// activeTickets is the condition of the index that orders the desk's list; it
// must be written as it is there.
const activeTickets = "t.state NOT IN ('resolved', 'closed', 'merged')"

// where collects the conditions of a statement and their arguments in the
// order of the placeholders.
type where struct {
	conds []string
	args  []any
}

// mark adds an argument and gives its placeholder.
func (w *where) mark(v any) string {
	w.args = append(w.args, v)
	return "$" + strconv.Itoa(len(w.args))
}

func (w *where) and(cond string) { w.conds = append(w.conds, cond) }

func (w *where) text() string {
	if len(w.conds) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conds, " AND ")
}

// anyOf wants a column to be one of the values; none says nothing.
func anyOf[T ~string](w *where, column string, values []T) {
	if len(values) == 0 {
		return
	}
	marks := make([]string, len(values))
	for i, v := range values {
		marks[i] = w.mark(string(v))
	}
	w.and(column + " IN (" + strings.Join(marks, ", ") + ")")
}

// filterTickets is the condition of a filter over tickets t.
func filterTickets(f ticket.Filter) *where {
	w := &where{}
	if f.ActiveOnly() {
		w.and(activeTickets)
	}
	anyOf(w, "t.state", f.States)
	switch f.Assignee {
	case "":
	case ticket.AssigneeNone:
		w.and("t.assignee IS NULL")
	default:
		w.and("t.assignee = " + w.mark(f.Assignee))
	}
	anyOf(w, "t.tier", f.Tiers)
	anyOf(w, "t.priority", f.Priorities)
	if f.Category != "" {
		w.and("t.category = " + w.mark(f.Category))
	}
	if f.Queue != "" {
		w.and("t.queue = " + w.mark(f.Queue))
	}
	if f.Tag != "" {
		w.and("t.tags LIKE " + w.mark(likeTag(f.Tag)) + " ESCAPE '!'")
	}
	if f.Lang != "" {
		w.and("t.lang = " + w.mark(f.Lang))
	}
	return w
}

// likeTag is the pattern of a list of tags, as it is stored, that has tag in it.
func likeTag(tag string) string {
	quoted, err := json.Marshal(tag)
	if err != nil {
		panic(err) // strings marshal
	}
	return "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(string(quoted)) + "%"
}

// deskColumns are those of a ticket in a statement that names it t.
var deskColumns = qualified("t", ticketColumns)

// qualified puts a table's name before each column of a list.
func qualified(table, columns string) string {
	parts := strings.Split(columns, ",")
	for i, c := range parts {
		parts[i] = table + "." + strings.TrimSpace(c)
	}
	return strings.Join(parts, ", ")
}

func scanQueueRow(r rowScanner) (ticket.QueueRow, error) {
	var q ticket.QueueRow
	var err error
	q.Ticket, err = scanTicket(tail{r, []any{&q.Name, &q.Email}})
	return q, err
}

// tail lets a scan function read the first columns of a longer row.
type tail struct {
	r    rowScanner
	rest []any
}

// Scan reads dest and then the rest.
func (t tail) Scan(dest ...any) error { return t.r.Scan(append(dest, t.rest...)...) }

// Queue lists at most limit tickets after a place, those that are due next
// first, then the ones that nothing times, longest unchanged first. A filter
// that lets finished tickets in is listed by the last change instead, newest
// first.
func (db *DB) Queue(ctx context.Context, f ticket.Filter, after ticket.Cursor, limit int) ([]ticket.QueueRow, error) {
	if !f.ActiveOnly() {
		return db.queuePart(ctx, f, "t.updated_at DESC, t.id DESC", limit, func(w *where) {
			if after.ID != "" {
				w.and("(t.updated_at, t.id) < (" + w.mark(millis(after.Due)) + ", " + w.mark(after.ID) + ")")
			}
		})
	}
	var all []ticket.QueueRow
	if after.ID == "" || !after.Due.IsZero() {
		timed, err := db.queuePart(ctx, f, "t.next_due, t.id", limit, func(w *where) {
			if after.ID == "" {
				w.and("t.next_due IS NOT NULL")
			} else {
				w.and("(t.next_due, t.id) > (" + w.mark(millis(after.Due)) + ", " + w.mark(after.ID) + ")")
			}
		})
		if err != nil || len(timed) == limit {
			return timed, err
		}
		all, after = timed, ticket.Cursor{}
	}
	rest, err := db.queuePart(ctx, f, "t.id", limit-len(all), func(w *where) {
		w.and("t.next_due IS NULL")
		if after.ID != "" {
			w.and("t.id > " + w.mark(after.ID))
		}
	})
	return append(all, rest...), err
}

func (db *DB) queuePart(ctx context.Context, f ticket.Filter, order string, limit int, place func(*where)) ([]ticket.QueueRow, error) {
	w := filterTickets(f)
	place(w)
	text := "SELECT " + deskColumns + ", p.name, p.email FROM tickets t JOIN persons p ON p.id = t.person_id" + w.text() +
		" ORDER BY " + order + " LIMIT " + w.mark(limit)
	rows, err := db.get(ctx, text, w.args...)
	return collect(rows, err, scanQueueRow)
}

// CountQueue counts the tickets of a filter, and stops at limit.
func (db *DB) CountQueue(ctx context.Context, f ticket.Filter, limit int) (int, error) {
	w := filterTickets(f)
	text := "SELECT COUNT(*) FROM (SELECT 1 FROM tickets t" + w.text() + " LIMIT " + w.mark(limit) + ") AS counted"
	rows, err := db.get(ctx, text, w.args...)
	n, err := first(rows, err, scanInt)
	return int(n), err
}

// QueueRowsByID are the tickets with these ids, in any order; unknown ids are
// left out.
func (db *DB) QueueRowsByID(ctx context.Context, ids []string) ([]ticket.QueueRow, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	w := &where{}
	anyOf(w, "t.id", ids)
	rows, err := db.get(ctx, "SELECT "+deskColumns+", p.name, p.email FROM tickets t JOIN persons p ON p.id = t.person_id"+w.text(), w.args...)
	return collect(rows, err, scanQueueRow)
}

// TicketChanges lists what changed after an instant and id, oldest change
// first: the next limit tickets.
func (db *DB) TicketChanges(ctx context.Context, since time.Time, id string, limit int) ([]ticket.Change, error) {
	rows, err := db.get(ctx, `SELECT id, version, updated_at FROM tickets WHERE (updated_at, id) > ($1, $2)
		ORDER BY updated_at, id LIMIT $3`, millis(since), id, limit)
	return collect(rows, err, func(r rowScanner) (ticket.Change, error) {
		var c ticket.Change
		var at int64
		err := r.Scan(&c.ID, &c.Version, &at)
		c.UpdatedAt = instant(at)
		return c, err
	})
}

// ViewsOf lists the views that a member of the staff sees: their own and the
// shared ones, by name.
func (db *DB) ViewsOf(ctx context.Context, staffID string) ([]ticket.View, error) {
	rows, err := db.get(ctx, `SELECT id, staff_id, name, shared, filter FROM desk_views
		WHERE staff_id = $1 OR shared = 1 ORDER BY name, id`, staffID)
	return collect(rows, err, scanView)
}

func scanView(r rowScanner) (ticket.View, error) {
	var v ticket.View
	var shared int64
	var filter string
	if err := r.Scan(&v.ID, &v.StaffID, &v.Name, &shared, &filter); err != nil {
		return v, err
	}
	values, err := url.ParseQuery(filter)
	v.Shared, v.Filter = shared == 1, ticket.ParseFilter(values)
	return v, err
}

// SaveView stores a new view; kind conflict when its owner has too many.
func (db *DB) SaveView(ctx context.Context, v ticket.View) error {
	return db.InTx(ctx, func(tx *Tx) error {
		rows, err := tx.query("SELECT COUNT(*) FROM desk_views WHERE staff_id = $1", v.StaffID)
		n, err := first(rows, err, scanInt)
		if err != nil {
			return err
		}
		if n >= ticket.MaxViews {
			return errs.Newf(errs.Conflict, "error.staff.views", "%s has %d views", v.StaffID, n)
		}
		_, err = tx.exec("INSERT INTO desk_views (id, staff_id, name, shared, filter, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
			v.ID, v.StaffID, v.Name, flag(v.Shared), v.Filter.Encode(), millis(tx.now))
		return err
	})
}

// DeleteView removes a view of its owner; kind not_found when they have none
// of that id.
func (db *DB) DeleteView(ctx context.Context, id, staffID string) error {
	return db.InTx(ctx, func(tx *Tx) error {
		n, err := tx.exec("DELETE FROM desk_views WHERE id = $1 AND staff_id = $2", id, staffID)
		if err == nil && n == 0 {
			err = sql.ErrNoRows
		}
		return err
	})
}

// RenewPresence says until when an open page of somebody shows a ticket.
func (db *DB) RenewPresence(ctx context.Context, page string, p ticket.Presence, until time.Time) error {
	return db.InTx(ctx, func(tx *Tx) error {
		if _, err := tx.exec("DELETE FROM desk_presence WHERE lease_until < $1", millis(tx.now)); err != nil {
			return err
		}
		_, err := tx.exec(`INSERT INTO desk_presence (page, ticket_id, staff_id, writing, lease_until) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (page) DO UPDATE SET writing = excluded.writing, lease_until = excluded.lease_until`,
			page, p.TicketID, p.StaffID, flag(p.Writing), millis(until))
		return err
	})
}

// EndPresence says that a page was closed.
func (db *DB) EndPresence(ctx context.Context, page string) error {
	return db.InTx(ctx, func(tx *Tx) error {
		_, err := tx.exec("DELETE FROM desk_presence WHERE page = $1", page)
		return err
	})
}

// Presences lists who has which ticket open at now, each person once: they
// write when one of their pages says so.
func (db *DB) Presences(ctx context.Context, now time.Time) ([]ticket.Presence, error) {
	rows, err := db.get(ctx, `SELECT ticket_id, staff_id, MAX(writing) FROM desk_presence WHERE lease_until >= $1
		GROUP BY ticket_id, staff_id ORDER BY ticket_id, staff_id`, millis(now))
	return collect(rows, err, func(r rowScanner) (ticket.Presence, error) {
		var p ticket.Presence
		var writing int64
		err := r.Scan(&p.TicketID, &p.StaffID, &writing)
		p.Writing = writing == 1
		return p, err
	})
}
