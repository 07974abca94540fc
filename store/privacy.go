package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/internal/errs"
)

// Where personal data is (D-36). Every text column of the schema stands in one
// of two lists, and a test fails for one that stands in none:
//
//   - personalTables: the columns that may hold what a person wrote, or what
//     identifies one, how the rows of a person are found, and what takes its
//     place when the person is erased. It is what an export contains, too.
//   - impersonal, in the test: ids, hashes, words of the program, and what the
//     team wrote that belongs to no customer.

// The rows of a person, whose id is $1.
const (
	ofPerson  = "person_id = $1"
	ofTicket  = "ticket_id IN (SELECT id FROM tickets WHERE person_id = $1)"
	ofMessage = "(" + ofTicket + " OR message_id IN (SELECT id FROM messages WHERE person_id = $1))"
	ofMail    = ofTicket + " OR " + ofPerson + " OR recipient = " + addressOf + `
		OR EXISTS (SELECT 1 FROM messages w WHERE w.person_id = $1 AND w.ticket_id = mails.ticket_id AND mails.dedupe LIKE '%' || w.id || '%')`
	visitorOf = `IN (SELECT visitor FROM attempts WHERE person_id = $1 AND visitor IS NOT NULL
		UNION SELECT visitor FROM tickets WHERE person_id = $1 AND visitor IS NOT NULL)`
	ofVisitor = "visitor " + visitorOf
	addressOf = "(SELECT email FROM persons WHERE id = $1)"
)

// personalTable is a table with rows that belong to persons.
type personalTable struct {
	name   string
	rows   string            // condition that selects a person's
	erased map[string]string // column -> what takes its place, in SQL
	secret []string          // columns that an export leaves out: they open doors
}

// personalTables lists them; persons itself comes last, because the others'
// conditions may need it.
var personalTables = []personalTable{
	{name: "tickets", rows: ofPerson, secret: []string{"access_hash", "form_token"},
		erased: map[string]string{"subject": "'–'", "fingerprint": "NULL", "access_hash": "'erased:' || id"}},
	{name: "ticket_events", rows: "(" + ofTicket + " OR actor_id = $1)", erased: map[string]string{"reason": "''"}},
	{name: "messages", rows: "(" + ofTicket + " OR " + ofPerson + ")", erased: map[string]string{"body": "''"}},
	{name: "attachments", rows: ofMessage, erased: map[string]string{"name": "'–'", "sha256": "''"}},
	{name: "escalations", rows: ofTicket, erased: map[string]string{
		"reason": "''", "problem": "'–'", "timeline": "'–'", "impact": "'–'", "attempts": "'–'", "help": "'–'"}},
	{name: "rca_notes", rows: "subject IN (SELECT id FROM tickets WHERE person_id = $1)",
		erased: map[string]string{"cause": "'–'", "impact": "'–'", "timeline": "'–'", "actions": "'[]'"}},
	{name: "surveys", rows: ofPerson, erased: map[string]string{"comment": "''", "review": "''"}},
	{name: "nps_answers", rows: ofPerson, erased: map[string]string{"comment": "''", "contact_note": "''"}},
	{name: "qa_reviews", rows: ofTicket, erased: map[string]string{"comment": "''"}},
	{name: "credits", rows: ofTicket, erased: map[string]string{"reason": "''"}},
	{name: "shared_reading", rows: ofTicket},
	{name: "mails", rows: "(" + ofMail + ")", secret: []string{"reply_to"},
		erased: map[string]string{"recipient": "''", "subject": "''", "body": "''", "reply_to": "''",
			"state": "CASE WHEN state = 'queued' THEN 'suppressed' ELSE state END"}},
	{name: "attempts", rows: "(" + ofPerson + " OR " + ofVisitor + ")", secret: []string{"form_token"}},
	{name: "ledger", rows: "attempt_id IN (SELECT id FROM attempts WHERE " + ofPerson + " OR " + ofVisitor + ")"},
	{name: "votes", rows: "voter " + visitorOf, erased: map[string]string{"comment": "''"}},
	{name: "searches", rows: ofVisitor, erased: map[string]string{"query": "''"}},
	{name: "visits", rows: ofVisitor},
	{name: "reads", rows: "visit_id IN (SELECT id FROM visits WHERE " + ofVisitor + ")"},
	{name: "deliveries", rows: ofTicket, erased: map[string]string{"last_error": "''"}},
	{name: "jobs", rows: `(last_error <> '' AND last_error LIKE '%' || ` + addressOf + ` || '%')`, erased: map[string]string{"last_error": "''"}},
	{name: "customer_keys", rows: "lookup = 'email:' || " + addressOf, erased: map[string]string{"lookup": "'erased:' || CAST($1 AS TEXT)"}},
	{name: "persons", rows: "id = $1", erased: map[string]string{"email": "'erased:' || id", "name": "''"}},
}

// quarantine holds submissions as JSON, found by the address in it; see
// Tx.heldSubmissions.
const quarantine = "quarantine"

// OpenTickets lists the numbers of a person's tickets that are not closed.
func (tx *Tx) OpenTickets(personID string) ([]string, error) {
	rows, err := tx.query("SELECT number FROM tickets WHERE person_id = $1 AND state NOT IN ('closed', 'merged') ORDER BY received_at", personID)
	return collect(rows, err, scanText)
}

const (
	heldFiles = "SELECT id, name FROM attachments WHERE " + ofMessage + " ORDER BY id"
	heldMails = "SELECT id FROM mails WHERE " + ofMail
)

func scanHeldFile(r rowScanner) (deflect.HeldFile, error) {
	var f deflect.HeldFile
	err := r.Scan(&f.ID, &f.Name)
	return f, err
}

// HeldFiles lists a person's attachments, those of held submissions too.
func (tx *Tx) HeldFiles(personID, email string) ([]deflect.HeldFile, error) {
	rows, err := tx.query(heldFiles, personID)
	files, err := collect(rows, err, scanHeldFile)
	if err != nil {
		return nil, err
	}
	held, err := tx.heldSubmissions(email)
	for _, s := range held {
		for _, a := range s.Submission.Attachments {
			if !slices.ContainsFunc(files, func(f deflect.HeldFile) bool { return f.ID == a.ID }) {
				files = append(files, deflect.HeldFile{ID: a.ID, Name: a.Name})
			}
		}
	}
	return files, err
}

// HeldMails lists the ids of mails to or about a person.
func (tx *Tx) HeldMails(personID string) ([]string, error) {
	rows, err := tx.query(heldMails, personID)
	return collect(rows, err, scanText)
}

// heldSubmissions lists the submissions that the robot check held back and
// that carry the address. Who wrote nothing else is no person yet.
func (tx *Tx) heldSubmissions(email string) ([]intake.Quarantined, error) {
	rows, err := tx.query("SELECT id, reason, submission, ticket_id FROM quarantine")
	all, err := collect(rows, err, scanQuarantined)
	return slices.DeleteFunc(all, func(q intake.Quarantined) bool {
		return !strings.EqualFold(strings.TrimSpace(q.Submission.Email), email)
	}), err
}

// ErasePerson takes what identifies a person out of every table. Rows, ids and
// instants stay. The tickets' version rises, so that whatever was derived from
// them is derived again.
func (tx *Tx) ErasePerson(personID, email string) error {
	return tx.overwriting(func() error { return tx.erasePerson(personID, email) })
}

// overwriting runs f so that SQLite fills with zeros what f frees in the file;
// PostgreSQL's vacuum sees to that by itself. At other times it would cost every
// finished job a write.
func (tx *Tx) overwriting(f func() error) error {
	if tx.db.engine != SQLite {
		return f()
	}
	if _, err := tx.exec("PRAGMA secure_delete = ON"); err != nil {
		return err
	}
	err := f()
	_, off := tx.exec("PRAGMA secure_delete = OFF")
	return errors.Join(err, off)
}

// Scrub folds SQLite's log into the file and empties it, so that what was
// overwritten does not stand in the log until that is written over. Readers
// that are in the way for longer than a few seconds put it off until then.
func (db *DB) Scrub(ctx context.Context) error {
	if db.engine != SQLite {
		return nil
	}
	_, err := db.read.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return wrap(err)
}

func (tx *Tx) erasePerson(personID, email string) error {
	held, err := tx.heldSubmissions(email)
	if err != nil {
		return err
	}
	for _, q := range held {
		if _, err := tx.exec(`UPDATE quarantine SET submission = '{}', resolved_at = COALESCE(resolved_at, $1) WHERE id = $2`, millis(tx.now), q.ID); err != nil {
			return err
		}
	}
	if err := tx.forgetQueries(personID); err != nil {
		return err
	}
	if _, err := tx.exec(`UPDATE tickets SET version = version + 1, updated_at = $1
		WHERE person_id = $2 OR id IN (SELECT ticket_id FROM messages WHERE person_id = $2)`, millis(tx.now), personID); err != nil {
		return err
	}
	for _, t := range personalTables {
		if len(t.erased) == 0 {
			continue
		}
		// The person's id is named in the assignments too, and a placeholder's
		// number must not depend on which of them comes first.
		var set []string
		for _, column := range slices.Sorted(maps.Keys(t.erased)) {
			set = append(set, column+" = "+t.erased[column])
		}
		if _, err := tx.exec("UPDATE "+t.name+" SET "+strings.Join(set, ", ")+" WHERE "+t.rows, personID); err != nil {
			return err
		}
	}
	return nil
}

// forgetQueries takes what a person searched for out of the roll-ups: what
// others asked too stays with their counts.
func (tx *Tx) forgetQueries(personID string) error {
	days, err := tx.queriesOf(personID)
	if err != nil {
		return err
	}
	for day, queries := range days {
		for k, c := range queries {
			for _, t := range []struct{ table, column, value string }{{"rollup_queries", "day", string(day)}, {"rollup_query_months", "month", day.Month()}} {
				_, err := tx.exec("UPDATE "+t.table+` SET n = n - $1, no_result = no_result - $2, no_click = no_click - $3, reformulated = reformulated - $4,
					success = success - $5 WHERE `+t.column+" = $6 AND lang = $7 AND query = $8",
					c.N, c.NoResult, c.NoClick, c.Reformulated, c.Success, t.value, k.Lang, k.Query)
				if err == nil {
					_, err = tx.exec("DELETE FROM "+t.table+" WHERE "+t.column+" = $1 AND lang = $2 AND query = $3 AND n <= 0", t.value, k.Lang, k.Query)
				}
				if err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// queriesOf counts a person's searches by day of the roll-ups; none before the
// first roll-up.
func (tx *Tx) queriesOf(personID string) (map[report.Day]map[report.QueryKey]report.QueryCounts, error) {
	rows, err := tx.query("SELECT value FROM rollup_state WHERE name = $1", rollState)
	state, err := scanRollState(first(rows, err, scanText))
	if err != nil || state.Zone == "" {
		return nil, err
	}
	zone, err := time.LoadLocation(state.Zone)
	if err != nil {
		return nil, fmt.Errorf("zone of the roll-ups: %w", err)
	}
	rows, err = tx.query("SELECT "+searchRow+" FROM searches WHERE "+ofVisitor, personID)
	all, err := collect(rows, err, scanSearchRow)
	byDay := map[report.Day][]report.SearchRow{}
	for _, s := range all {
		day := report.DayOf(s.At, zone)
		byDay[day] = append(byDay[day], s)
	}
	days := map[report.Day]map[report.QueryKey]report.QueryCounts{}
	for day, list := range byDay {
		days[day] = report.CountQueries(list)
	}
	return days, err
}

// Holding reads what is held about the person with an address, in one view.
func (db *DB) Holding(ctx context.Context, email string) (h deflect.Holding, err error) {
	if strings.HasPrefix(email, deflect.ErasedPrefix) || strings.ContainsRune(email, 0) {
		return h, errs.Newf(errs.NotFound, "error.privacy.nobody", "no person with address %q", email)
	}
	d, err := db.Dump(ctx)
	if err != nil {
		return h, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	tx := &Tx{ctx: ctx, db: db, q: d.tx, now: db.clock.Now()}
	rows, err := tx.query("SELECT id FROM persons WHERE email = $1", email)
	if h.PersonID, err = first(rows, err, scanText); err != nil && !errs.Is(err, errs.NotFound) {
		return h, err
	}
	held, err := tx.heldSubmissions(email)
	if err != nil {
		return h, err
	}
	if h.PersonID == "" && len(held) == 0 {
		return h, errs.Newf(errs.NotFound, "error.privacy.nobody", "nobody is known under the address %q", email)
	}
	for _, t := range personalTables {
		list, err := d.read(ctx, "SELECT * FROM "+t.name+" WHERE "+t.rows, t.secret, h.PersonID)
		if err != nil {
			return h, err
		}
		if len(list) > 0 {
			h.Tables = append(h.Tables, deflect.PersonRows{Table: t.name, Rows: list})
		}
	}
	if len(held) > 0 {
		t := deflect.PersonRows{Table: quarantine}
		for _, q := range held {
			q.Submission.FormToken, q.Submission.Fingerprint = "", ""
			data, err := json.Marshal(q.Submission)
			if err != nil {
				return h, err
			}
			t.Rows = append(t.Rows, map[string]any{"id": q.ID, "reason": q.Reason, "submission": json.RawMessage(data)})
		}
		h.Tables = append(h.Tables, t)
	}
	if h.Open, err = tx.OpenTickets(h.PersonID); err != nil {
		return h, err
	}
	if h.Files, err = tx.HeldFiles(h.PersonID, email); err != nil {
		return h, err
	}
	h.Mails, err = tx.HeldMails(h.PersonID)
	return h, err
}

// read reads rows as they are, without the columns left out.
func (d *Dump) read(ctx context.Context, text string, without []string, args ...any) (list []map[string]any, err error) {
	rows, err := d.tx.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, wrap(err)
	}
	defer func() { _ = rows.Close() }() // its error is in rows.Err
	columns, err := rows.Columns()
	if err != nil {
		return nil, wrap(err)
	}
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, wrap(err)
		}
		row := map[string]any{}
		for i, c := range columns {
			if slices.Contains(without, c) {
				continue
			}
			if b, ok := values[i].([]byte); ok {
				values[i] = string(b)
			}
			row[c] = values[i]
		}
		list = append(list, row)
	}
	return list, wrap(rows.Err())
}

// purges take visitors and free text out of the rows of a stretch of time
// (D-36). Mails that still wait to be sent are left alone. Figures outlive what
// they were made of: rows stay, and before a visitor is forgotten, what only
// the visitor tells is written beside the row, so that sums made anew from what
// is left are the same. What people searched for is forgotten in the sums too.
var purges = []string{
	"UPDATE reads SET followed = 1 WHERE visit_id IN (SELECT id FROM visits WHERE started_at >= $1 AND started_at < $2) AND EXISTS (SELECT 1 FROM visits v " +
		"JOIN tickets t ON t.visitor = v.visitor WHERE v.id = reads.visit_id AND t.received_at >= reads.at AND t.received_at <= reads.at + " + selfServeWindow + ")",
	"UPDATE visits SET followed = 1 WHERE started_at >= $1 AND started_at < $2 AND EXISTS (SELECT 1 FROM tickets t " +
		"WHERE t.visitor = visits.visitor AND t.received_at >= visits.started_at AND t.received_at <= visits.started_at + " + selfServeWindow + ")",
	"UPDATE searches SET query = '', visitor = NULL WHERE at >= $1 AND at < $2",
	"UPDATE visits SET visitor = NULL WHERE started_at >= $1 AND started_at < $2",
	"UPDATE attempts SET visitor = NULL, unit = id WHERE started_at >= $1 AND started_at < $2",
	"UPDATE votes SET comment = '' WHERE at >= $1 AND at < $2",
	"UPDATE surveys SET comment = '' WHERE answered_at >= $1 AND answered_at < $2",
	"UPDATE nps_answers SET comment = '', contact_note = '' WHERE answered_at >= $1 AND answered_at < $2",
	"UPDATE quarantine SET submission = '{}' WHERE received_at >= $1 AND received_at < $2 AND resolved_at IS NOT NULL",
	"UPDATE mails SET recipient = '', subject = '', body = '', reply_to = '' WHERE created_at >= $1 AND created_at < $2 AND state <> 'queued'",
}

// selfServeWindow is report.SelfServeWindow in milliseconds, in SQL.
var selfServeWindow = strconv.FormatInt(report.SelfServeWindow.Milliseconds(), 10)

// purgedSetting holds how far Purge has come, in milliseconds.
const purgedSetting = "purged_until"

// Purge takes visitors and free text out of the rows of [from, to). to begins a
// day of the roll-ups' zone and is given in it.
func (db *DB) Purge(ctx context.Context, from, to time.Time) error {
	since := int64(0)
	if !from.IsZero() {
		since = millis(from)
	}
	return db.InTx(ctx, func(tx *Tx) error {
		return tx.overwriting(func() error { return tx.purge(since, to) })
	})
}

func (tx *Tx) purge(since int64, to time.Time) error {
	for _, text := range purges {
		if _, err := tx.exec(text, since, millis(to)); err != nil {
			return err
		}
	}
	if err := tx.purgeQueries(report.Day(to.Format(time.DateOnly))); err != nil {
		return err
	}
	return tx.SetSetting(purgedSetting, strconv.FormatInt(millis(to), 10))
}

// PurgedUntil is how far Purge has come; zero for never.
func (db *DB) PurgedUntil(ctx context.Context) (time.Time, error) {
	text, err := db.Setting(ctx, purgedSetting)
	if errs.Is(err, errs.NotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	ms, err := strconv.ParseInt(text, 10, 64)
	return instant(ms), err
}

// PersonalColumns lists the columns that are erased, by table: what the test
// compares with the schema.
func PersonalColumns() map[string][]string {
	all := map[string][]string{quarantine: {"submission"}, "rollup_queries": {"query"}, "rollup_query_months": {"query"}}
	for _, t := range personalTables {
		all[t.name] = slices.Sorted(maps.Keys(t.erased))
	}
	return all
}
