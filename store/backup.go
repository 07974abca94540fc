package store

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/vmcloud/ricochet/internal/errs"
)

// backupTables are all tables with data, parents before children. Sessions
// and leases are not worth keeping but harmless, so nothing is left out.
var backupTables = []string{
	"settings",
	"staff", "staff_sessions", "staff_invites", "staff_recovery", "staff_absences", "audit", "macros",
	"customers", "customer_keys", "persons", "api_tokens", "tickets", "ticket_events", "messages",
	"attachments", "quarantine", "experiment_periods", "attempts", "ledger", "visits", "reads", "votes",
	"article_views", "searches", "alerts", "deliveries", "mails", "jobs",
	"shared_reading",
	"desk_views", "desk_presence",
	"gap_drafts",
	"support_costs",
	"rollup", "rollup_queries", "rollup_votes", "rollup_articles", "rollup_query_months", "rollup_article_months", "ticket_facts", "ticket_days", "rollup_state", "issued_reports",
	"ticket_links", "time_entries", "escalations", "incidents", "incident_answers", "rca_notes", "surveys", "nps_answers", "qa_reviews", "qa_draws", "credits",
}

// Dump is a consistent view of the whole database, the same for both engines,
// so that a copy of one can be restored into the other.
type Dump struct {
	tx   *sql.Tx
	done func() error
}

// Dump opens a consistent view. The site goes on writing meanwhile. Close it.
func (db *DB) Dump(ctx context.Context) (*Dump, error) {
	c, err := db.read.Conn(ctx)
	if err != nil {
		return nil, wrap(err)
	}
	opts := &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	if db.engine == SQLite {
		// A read transaction of SQLite sees one snapshot from its first read on
		// and holds up nobody in WAL mode.
		opts = &sql.TxOptions{ReadOnly: true}
	}
	tx, err := c.BeginTx(ctx, opts)
	if err != nil {
		return nil, wrap(errors.Join(err, c.Close()))
	}
	return &Dump{tx: tx, done: c.Close}, nil
}

// Close ends the view.
func (d *Dump) Close() error {
	err := d.tx.Rollback()
	if errors.Is(err, sql.ErrTxDone) {
		err = nil
	}
	return errors.Join(err, d.done())
}

// Tables lists what Write knows, parents before children.
func (d *Dump) Tables() []string { return backupTables }

// SchemaVersion is the version of the schema in the view.
func (d *Dump) SchemaVersion(ctx context.Context) (int64, error) { return schemaVersion(ctx, d.tx) }

type rowQuerier interface {
	QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row
}

func schemaVersion(ctx context.Context, q rowQuerier) (int64, error) {
	var v int64
	err := q.QueryRowContext(ctx, "SELECT MAX(version_id) FROM goose_db_version").Scan(&v)
	return v, wrap(err)
}

// Write writes a table as JSON lines, one object a row, and says how many.
func (d *Dump) Write(ctx context.Context, table string, w io.Writer) (int, error) {
	rows, err := d.tx.QueryContext(ctx, "SELECT * FROM "+table)
	if err != nil {
		return 0, wrap(err)
	}
	defer func() { _ = rows.Close() }() // its error is in rows.Err
	cols, err := rows.Columns()
	if err != nil {
		return 0, wrap(err)
	}
	values := make([]any, len(cols))
	into := make([]any, len(cols))
	for i := range values {
		into[i] = &values[i]
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	n := 0
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return n, wrap(err)
		}
		row := make(map[string]any, len(cols))
		for i, c := range cols {
			if b, ok := values[i].([]byte); ok {
				row[c] = string(b)
			} else {
				row[c] = values[i]
			}
		}
		if err := enc.Encode(row); err != nil {
			return n, err
		}
		n++
	}
	return n, wrap(rows.Err())
}

// Empty says whether the database holds nothing worth keeping: no settings,
// staff or tickets.
func (db *DB) Empty(ctx context.Context) (bool, error) {
	rows, err := db.get(ctx, "SELECT (SELECT COUNT(*) FROM settings) + (SELECT COUNT(*) FROM staff) + (SELECT COUNT(*) FROM tickets)")
	n, err := first(rows, err, scanInt)
	return n == 0, err
}

// SchemaVersion is the version of the open database's schema.
func (db *DB) SchemaVersion(ctx context.Context) (int64, error) { return schemaVersion(ctx, db.read) }

// Restore fills an empty database from a dump in one transaction: tables is
// called for each table in order with a function that takes its JSON lines.
func (db *DB) Restore(ctx context.Context, tables func(load func(table string, r io.Reader) (int, error)) error) error {
	return db.InTx(ctx, func(tx *Tx) error {
		return tables(func(table string, r io.Reader) (int, error) { return tx.load(table, r) })
	})
}

// maxRow bounds one line of a dump: a message of 20,000 characters and then some.
const maxRow = 16 << 20

func (tx *Tx) load(table string, r io.Reader) (int, error) {
	if !knownTable(table) {
		return 0, errs.Newf(errs.Invalid, "", "backup: unknown table %q", table)
	}
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 64<<10), maxRow)
	n := 0
	for sc.Scan() {
		d := json.NewDecoder(bytes.NewReader(sc.Bytes()))
		d.UseNumber()
		row := map[string]any{}
		if err := d.Decode(&row); err != nil {
			return n, errs.Newf(errs.Invalid, "", "backup: table %s, row %d: %w", table, n+1, err)
		}
		if err := tx.insertRow(table, row); err != nil {
			return n, fmt.Errorf("backup: table %s, row %d: %w", table, n+1, err)
		}
		n++
	}
	return n, sc.Err()
}

func knownTable(name string) bool {
	for _, t := range backupTables {
		if t == name {
			return true
		}
	}
	return false
}

// insertRow inserts a row as it was dumped. Column names are checked: they
// come from a file.
func (tx *Tx) insertRow(table string, row map[string]any) error {
	cols := slices.Sorted(maps.Keys(row))
	args := make([]any, len(cols))
	marks := make([]string, len(cols))
	for i, c := range cols {
		if strings.Trim(c, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			return errs.Newf(errs.Invalid, "", "column name %q", c)
		}
		marks[i] = "$" + strconv.Itoa(i+1)
		switch v := row[c].(type) {
		case json.Number:
			n, err := v.Int64()
			if err != nil {
				return errs.Newf(errs.Invalid, "", "column %s: %w", c, err)
			}
			args[i] = n
		case nil, string:
			args[i] = v
		default:
			return errs.Newf(errs.Invalid, "", "column %s holds a %T", c, v)
		}
	}
	_, err := tx.exec("INSERT INTO "+table+" ("+strings.Join(cols, ", ")+") VALUES ("+strings.Join(marks, ", ")+")", args...)
	return err
}
