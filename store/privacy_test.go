package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/store/storetest"
)

// impersonal are the text columns that hold no personal data: ids, hashes,
// words of the program, and what the team wrote that belongs to no customer.
// A new column stands here, or in personalTables of privacy.go together with
// what takes its place when a person is erased.
var impersonal = map[string]string{
	"alerts":                "id dedupe ticket_id event target audience",
	"api_tokens":            "token_hash name scope",
	"article_views":         "day lang article",
	"attachments":           "id ticket_id message_id media_type",
	"attempts":              "id form_token unit visitor person_id lang category opened outcome article ticket_id revoked_by arm period followed_by route",
	"audit":                 "id actor action object data",
	"credits":               "id ticket_id target account month tier priority evidence state decided_by",
	"customer_keys":         "customer_id",
	"customers":             "id company contract contact_id",
	"deliveries":            "id dedupe alert_id ticket_id event channel body state stands_for",
	"desk_presence":         "page ticket_id staff_id",
	"desk_views":            "id staff_id name filter",
	"escalations":           "id ticket_id from_level to_level tier staff_id",
	"experiment_periods":    "id seed actor reason",
	"gap_drafts":            "id staff_id lang article title questions",
	"incident_answers":      "id incident_id body next_state staff_id",
	"incidents":             "id number title summary staff_id",
	"issued_reports":        "cadence from_day to_day",
	"jobs":                  "id kind dedupe payload state worker",
	"ledger":                "id attempt_id kind article data",
	"macros":                "id texts state tags updated_by",
	"mails":                 "id dedupe ticket_id person_id lang kind message_id in_reply_to alert_id",
	"messages":              "id ticket_id author staff_id person_id",
	"nps_answers":           "person_id quarter contacted_by",
	"persons":               "id lang customer_id",
	"qa_draws":              "month",
	"qa_reviews":            "month ticket_id staff_id reviewer scores",
	"quarantine":            "id form_token reason ticket_id",
	"rca_notes":             "subject staff_id",
	"reads":                 "visit_id article lang",
	"rollup":                "subject dim day value data",
	"rollup_articles":       "day lang article",
	"rollup_queries":        "day lang",
	"rollup_query_months":   "month lang",
	"rollup_article_months": "month lang article",
	"rollup_state":          "name value",
	"rollup_votes":          "day lang article reason",
	"searches":              "id lang visitor previous clicked visit_id",
	"settings":              "name value",
	"shared_reading":        "ticket_id article lang",
	"staff":                 "id email name lang role password_hash skills totp_secret",
	"support_costs":         "id from_day staff_id",
	"staff_absences":        "id staff_id created_by",
	"staff_invites":         "token_hash staff_id",
	"staff_recovery":        "staff_id code_hash",
	"staff_sessions":        "token_hash staff_id agent",
	"surveys":               "ticket_id person_id reviewer",
	"ticket_days":           "day ticket_id",
	"ticket_events":         "ticket_id kind actor_kind actor_id data",
	"ticket_facts":          "ticket_id received_day person_id data",
	"ticket_links":          "ticket_id other_id kind staff_id",
	"tickets":               "id number form_token person_id visitor channel lang category urgency impact tier priority state assignee next_target sla subcategory component tags watchers level incident_id ending queue",
	"time_entries":          "id ticket_id staff_id message_id",
	"visits":                "id visitor lang",
	"votes":                 "lang article voter reason",
}

// column is a column of the schema.
type column struct {
	name, typ string
	needed    bool
	refers    string // table that a foreign key points to, "" for none
}

// schema reads every table of a SQLite database, those that goose and SQLite
// keep for themselves left out.
func schema(t *testing.T, db *sql.DB) map[string][]column {
	t.Helper()
	all := map[string][]column{}
	for _, table := range texts(t, db, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'goose%'`) {
		refers := map[string]string{}
		for _, pair := range texts(t, db, `SELECT "from" || ' ' || "table" FROM pragma_foreign_key_list('`+table+`')`) {
			from, to, _ := strings.Cut(pair, " ")
			refers[from] = to
		}
		for _, line := range texts(t, db, `SELECT name || ' ' || type || ' ' || ("notnull" + pk) FROM pragma_table_info('`+table+`')`) {
			f := strings.Fields(line)
			all[table] = append(all[table], column{name: f[0], typ: f[1], needed: f[2] != "0", refers: refers[f[0]]})
		}
	}
	return all
}

func texts(t *testing.T, db *sql.DB, query string, args ...any) []string {
	t.Helper()
	rows, err := db.Query(query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }() // its error is in rows.Err
	var all []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestEveryTextColumnIsPersonalOrNot keeps new tables from escaping exports
// and erasure.
func TestEveryTextColumnIsPersonalOrNot(t *testing.T) {
	_, raw := openRaw(t, "")
	personal := store.PersonalColumns()
	known := map[string]bool{}
	for table, columns := range schema(t, raw) {
		for _, c := range columns {
			if c.typ != "TEXT" {
				continue
			}
			name := table + "." + c.name
			known[name] = true
			erased, plain := slices.Contains(personal[table], c.name), slices.Contains(strings.Fields(impersonal[table]), c.name)
			if !erased && !plain {
				t.Errorf("%s: can it hold personal data? Add it to personalTables in store/privacy.go with what takes its place, or to impersonal in this test", name)
			}
			if erased && plain && name != "tickets.access_hash" && name != "mails.state" {
				t.Errorf("%s is both personal and not", name)
			}
		}
	}
	for table, columns := range impersonal {
		for _, c := range strings.Fields(columns) {
			if !known[table+"."+c] {
				t.Errorf("%s.%s is in the list and not in the schema", table, c)
			}
		}
	}
}

// openRaw opens a fresh database twice: as the program does, and bare. dsn is
// PostgreSQL's, "" for SQLite.
func openRaw(t *testing.T, dsn string) (*store.DB, *sql.DB) {
	t.Helper()
	dir, driver := t.TempDir(), "pgx"
	db := storetest.Open(t, store.Options{Dir: dir, Database: dsn, Clock: clock.NewManual(storetest.Start)})
	if dsn == "" {
		driver, dsn = "sqlite", "file:"+filepath.Join(dir, store.FileName)+"?_pragma=busy_timeout(5000)"
	}
	raw, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := raw.Close(); err != nil {
			t.Error(err)
		}
	})
	return db, raw
}

// marker stands in every column that may hold something personal.
const marker = "Zq7Marker"

const (
	markedEmail   = "zq7marker@example.org"
	markedVisitor = "a-visitor"
)

// planter puts one row of one person into every table.
type planter struct {
	t      *testing.T
	raw    *sql.DB
	schema map[string][]column
	done   map[string]bool
}

// value is what a column gets: what ties the row to the person, else a marker
// where the column is personal, else a plain word.
func (p *planter) value(table string, c column) any {
	switch {
	case c.name == "email" && table == "persons", c.name == "recipient":
		return markedEmail
	case table == "customer_keys" && c.name == "lookup":
		return "email:" + markedEmail
	case table == "quarantine" && c.name == "submission":
		data, err := json.Marshal(intake.Submission{Email: strings.ToUpper(markedEmail), Name: marker, Subject: marker, Body: marker})
		if err != nil {
			p.t.Fatal(err)
		}
		return string(data)
	case table == "jobs" && c.name == "last_error":
		return "550 <" + markedEmail + "> " + marker
	case c.name == "visitor", c.name == "voter", c.name == "unit":
		return markedVisitor
	case c.name == "lang":
		return "fr"
	case table == "tickets" && c.name == "state":
		return "closed"
	case table == "mails" && c.name == "state":
		return "queued"
	case table == "rca_notes" && c.name == "subject", c.name == "ticket_id", c.name == "followed_by":
		return "tickets-id"
	case table == "rollup_queries" && c.name == "day":
		return "1970-01-01" // of the search, which is at millisecond 1
	case table == "rollup_query_months" && c.name == "month":
		return "1970-01"
	case table == "rollup_state" && c.name == "name":
		return "cursor"
	case table == "rollup_state":
		return `{"zone":"Europe/Paris"}`
	case c.name == "person_id":
		return "persons-id"
	case c.name == "attempt_id":
		return "attempts-id"
	case c.name == "visit_id":
		return "visits-id"
	case c.refers != "":
		return c.refers + "-id"
	case slices.Contains(store.PersonalColumns()[table], c.name):
		if table == "searches" || strings.HasPrefix(table, "rollup_quer") {
			return marker
		}
		return marker + " of " + table + "." + c.name
	case c.name == "id":
		return table + "-id"
	case c.typ == "TEXT" && !c.needed:
		return nil
	case c.typ == "TEXT":
		return table + "-" + c.name
	default:
		return 1
	}
}

// plant inserts the row of a table after those it refers to.
func (p *planter) plant(table string) {
	if p.done[table] {
		return
	}
	p.done[table] = true
	var names, marks []string
	var args []any
	for _, c := range p.schema[table] {
		if c.refers != "" && c.refers != table {
			p.plant(c.refers)
		}
		names = append(names, c.name)
		args = append(args, p.value(table, c))
		marks = append(marks, fmt.Sprintf("$%d", len(args)))
	}
	if _, err := p.raw.Exec("INSERT INTO "+table+" ("+strings.Join(names, ", ")+") VALUES ("+strings.Join(marks, ", ")+")", args...); err != nil {
		p.t.Fatalf("plant %s: %v", table, err)
	}
}

// dumpAll reads every table through the backup, which knows them all.
func dumpAll(t *testing.T, db *store.DB) map[string][]string {
	t.Helper()
	d, err := db.Dump(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	all := map[string][]string{}
	for _, table := range d.Tables() {
		var text bytes.Buffer
		if _, err := d.Write(t.Context(), table, &text); err != nil {
			t.Fatal(err)
		}
		all[table] = strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")
	}
	return all
}

// D-36: a marker in every column of every table that may hold personal data,
// then erasure: nothing of it is left, and every count is what it was.
func TestErasePersonLeavesNothingAndEveryCount(t *testing.T) {
	_, lite := openRaw(t, "")
	tables := schema(t, lite)
	run := func(t *testing.T, dsn string) {
		db, raw := openRaw(t, dsn)
		p := &planter{t: t, raw: raw, schema: tables, done: map[string]bool{"settings": true}}
		for _, table := range slices.Sorted(maps.Keys(tables)) {
			p.plant(table)
		}
		counts := func() map[string]string {
			n := map[string]string{}
			for table := range tables {
				n[table] = texts(t, raw, "SELECT CAST(COUNT(*) AS TEXT) FROM "+table)[0]
			}
			return n
		}
		before := dumpAll(t, db)
		for table := range tables {
			if _, there := before[table]; !there {
				t.Errorf("table %s is not in the backup", table)
			}
		}
		planted := strings.Count(strings.ToLower(fmt.Sprint(before)), strings.ToLower(marker))
		if planted < 30 {
			t.Fatalf("only %d markers planted", planted)
		}
		rows, figures := counts(), deflections(t, db)

		h, err := db.Holding(t.Context(), markedEmail)
		if err != nil {
			t.Fatal(err)
		}
		held := strings.ToLower(fmt.Sprint(h.Tables))
		for table := range store.PersonalColumns() {
			if !strings.HasPrefix(table, "rollup_quer") && !strings.Contains(fmt.Sprint(h.Tables), "{"+table+" ") {
				t.Errorf("the export has no rows of %s", table)
			}
		}
		if !strings.Contains(held, strings.ToLower(marker)) || strings.Contains(held, "of tickets.access_hash") {
			t.Errorf("exported: %s", held)
		}
		err = db.InTx(t.Context(), func(tx *store.Tx) error { return tx.ErasePerson(h.PersonID, markedEmail) })
		if err != nil {
			t.Fatal(err)
		}
		for table, lines := range dumpAll(t, db) {
			for _, line := range lines {
				if strings.Contains(strings.ToLower(line), strings.ToLower(marker)) {
					t.Errorf("left in %s: %s", table, line)
				}
			}
		}
		after := counts()
		for _, derived := range []string{"rollup_queries", "rollup_query_months"} { // what nobody else asked is forgotten
			delete(rows, derived)
			delete(after, derived)
		}
		if d := cmp.Diff(rows, after); d != "" {
			t.Errorf("rows before and after: %s", d)
		}
		if d := cmp.Diff(figures, deflections(t, db)); d != "" {
			t.Errorf("figures before and after: %s", d)
		}
		if _, err := db.Holding(t.Context(), markedEmail); !errs.Is(err, errs.NotFound) {
			t.Errorf("found after the erasure: %v", err)
		}
		if state := texts(t, raw, "SELECT state FROM mails"); state[0] != "suppressed" {
			t.Errorf("a queued mail to nobody is %q", state[0])
		}
	}
	t.Run("sqlite", func(t *testing.T) { run(t, "") })
	t.Run("postgres", func(t *testing.T) { run(t, storetest.Postgres(t)) })
}

// deflections are figures that erasing must not change.
func deflections(t *testing.T, db *store.DB) any {
	t.Helper()
	from, to := time.UnixMilli(0), storetest.Start.AddDate(1, 0, 0)
	counts, err := db.DeflectionCounts(t.Context(), from, to)
	if err != nil {
		t.Fatal(err)
	}
	strata, err := db.Strata(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	votes, err := db.Helpful(t.Context(), from, to)
	if err != nil {
		t.Fatal(err)
	}
	return []any{counts, strata, votes}
}

// What is older than the retention loses its text and its visitor, and its
// row stays.
func TestPurge(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, c *clock.Manual) {
		r := deflect.NewRecorder(db, c, time.UTC, slog.New(slog.DiscardHandler))
		search := func(query string) {
			r.Search(deflect.Found{Lang: "fr", Query: query, Results: 1, Visitor: "v " + query, Articles: []string{"a"}})
			r.Flush(t.Context())
		}
		keeps := &deflect.Retention{Store: db, Months: 13, Zone: time.UTC}
		sweep := func(want bool) {
			t.Helper()
			if did, err := keeps.Sweep(t.Context(), c.Now()); err != nil || did != want {
				t.Errorf("sweep at %v: %v, %v; want %v", c.Now(), did, err, want)
			}
		}
		search("old")
		c.Advance(24 * time.Hour)
		search("young")
		sweep(true) // nothing is old enough, and that much is noted
		sweep(false)
		c.Set(storetest.Start.AddDate(0, 13, 1).Truncate(24 * time.Hour))
		sweep(true)
		sweep(false)
		all := dumpAll(t, db)
		text := strings.Join(append(all["searches"], all["visits"]...), "\n")
		if strings.Contains(text, "old") || strings.Count(text, "young") != 3 || len(all["searches"]) != 2 || len(all["visits"]) != 2 {
			t.Errorf("after the purge:\n%s", text)
		}
		if did, err := (&deflect.Retention{Store: db, Zone: time.UTC}).Sweep(context.Background(), c.Now().AddDate(9, 0, 0)); err != nil || did {
			t.Errorf("a retention of 0 months keeps everything: %v, %v", did, err)
		}
	})
}
