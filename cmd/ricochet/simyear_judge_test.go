package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/deflect/policy"
	"github.com/vmcloud/ricochet/deflect/sla"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/store"
)

var discard = slog.New(slog.DiscardHandler)

// fixedClock stands still.
type fixedClock time.Time

// Now is always the same.
func (c fixedClock) Now() time.Time { return time.Time(c) }

// lateness is how late a timer may have acted: the leap after a kill that ends
// the dead process's leases.
const lateness = 3 * time.Minute

// judge compares what happened in the year with what should have.
func (y *year) judge(o store.Options) {
	t := y.t
	o.Clock, o.Log = fixedClock(y.now), discard
	db, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	set, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	j := &judgement{t: t, clocks: ticket.Clocks{Book: set.Book}, events: map[string]int{}, alerts: map[string]bool{}, credits: map[string]bool{}, notices: map[string]bool{}}
	for after := ""; ; {
		tickets, err := db.TicketsAfter(t.Context(), after, 500)
		if err != nil {
			t.Fatal(err)
		}
		for _, tk := range tickets {
			log, err := db.EventsOf(t.Context(), tk.ID)
			if err != nil {
				t.Fatal(err)
			}
			j.ticket(tk, log, y.now)
		}
		if len(tickets) == 0 {
			break
		}
		after = tickets[len(tickets)-1].ID
	}
	y.rows(j)
	y.told()
	if n := y.number("SELECT COUNT(*) FROM ticket_days WHERE day < '2026-01-01'"); n > 0 {
		t.Errorf("%d tickets count on a day before the first", n)
	}
	if len(j.events) < 5 || j.events[string(ticket.AlertFired)] == 0 {
		t.Errorf("a year in which too little happened proves nothing: %v", j.events)
	}
	t.Logf("people: %v; timers: %v; %d credits", y.deeds, j.events, len(j.credits))
}

// judgement goes through the tickets.
type judgement struct {
	t       *testing.T
	clocks  ticket.Clocks
	events  map[string]int  // by kind
	alerts  map[string]bool // dedupe keys that must be rows, each once
	credits map[string]bool // "ticket target cycle" of each broken promise that earns something (D-25)
	notices map[string]bool // dedupe keys of mails
}

// ticket checks one ticket against its log.
func (j *judgement) ticket(stored ticket.Ticket, log []ticket.Event, end time.Time) {
	a, err := json.Marshal(stored)
	if err != nil {
		j.t.Fatal(err)
	}
	b, err := json.Marshal(j.clocks.Rebuild(stored, log))
	if err != nil {
		j.t.Fatal(err)
	}
	if string(a) != string(b) {
		j.t.Errorf("%s: the log gives back another ticket:\nstored  %s\nrebuilt %s", stored.Number, a, b)
	}
	if due, _ := j.clocks.Timers(log, end); len(due) > 0 {
		j.t.Errorf("%s: still due at the end: %+v", stored.Number, due)
	}
	j.clocksOf(stored, log, end)
	j.waits(stored, log)
	for _, e := range log {
		key := ""
		switch e.Kind {
		case ticket.AlertFired:
			key = fmt.Sprintf("%s:%s:%d:%d", stored.ID, e.Data.Target, e.Data.Cycle, e.Data.Percent)
		case ticket.Paged:
			key = fmt.Sprintf("%s:page:%d", stored.ID, e.Seq)
		case ticket.EscalationDue:
			key = fmt.Sprintf("%s:%s:%d", stored.ID, e.Data.To, e.Seq)
		case ticket.CustomerTold:
			j.notices[fmt.Sprintf("notice:%s:%d", stored.ID, e.Seq)] = true
		}
		if key != "" {
			if j.alerts[key] {
				j.t.Errorf("%s: told twice: %s", stored.Number, key)
			}
			j.alerts[key] = true
		}
		j.events[string(e.Kind)]++
	}
}

// key is an alert or a breach of a ticket.
type key struct {
	kind    ticket.EventKind
	target  string
	cycle   int
	percent int
}

// clocksOf compares the alerts and breaches that the engine finds in the whole
// log with those that were noted as they came: the same ones, each once, after
// its instant and not late. The instant of a breach is the one at which the log
// first tells it, which is due but for what a change or a resumption brought
// about (D-16, D-17); there is no other excuse for a later note.
func (j *judgement) clocksOf(stored ticket.Ticket, log []ticket.Event, end time.Time) {
	noted := map[key]time.Time{}
	for _, e := range log {
		if e.Kind == ticket.AlertFired || e.Kind == ticket.BreachNoted {
			k := key{e.Kind, e.Data.Target, e.Data.Cycle, e.Data.Percent}
			if !noted[k].IsZero() {
				j.t.Errorf("%s: noted twice: %+v", stored.Number, k)
			}
			noted[k] = e.At
		}
	}
	want := j.due(log, end)
	for _, c := range sla.Evaluate(ticket.SLALog(log), j.clocks.Book, end).Cycles {
		if c.Breach != nil && len(j.clocks.Book.CreditsOf([]sla.Claimed{{Breach: *c.Breach, Ticket: stored.ID}}, 0)) > 0 {
			j.credits[fmt.Sprint(stored.ID, " ", c.Target, " ", c.Number)] = true
		}
	}
	for k, at := range want {
		switch got, ok := noted[k]; {
		case !ok:
			j.t.Errorf("%s: never noted: %+v, due %s", stored.Number, k, at)
		case !got.After(at) || got.Sub(at) > lateness:
			j.t.Errorf("%s: %+v was due %s and noted %s", stored.Number, k, at, got)
		}
	}
	for k, at := range noted {
		if _, ok := want[k]; !ok {
			j.t.Errorf("%s: %+v was noted at %s and never due", stored.Number, k, at)
		}
	}
}

// due is what the engine finds in a log: each alert and breach with its instant.
func (j *judgement) due(log []ticket.Event, at time.Time) map[key]time.Time {
	all := map[key]time.Time{}
	for _, c := range sla.Evaluate(ticket.SLALog(log), j.clocks.Book, at).Cycles {
		if c.Breach != nil {
			all[key{ticket.BreachNoted, string(c.Target), c.Number, 0}] = c.Breach.NoticedAt
		}
		for _, a := range c.Alerts {
			if !a.FiredAt.IsZero() {
				all[key{ticket.AlertFired, string(c.Target), c.Number, a.Percent}] = a.FiredAt
			}
		}
	}
	return all
}

// waits checks D-21 with nothing but the log: each stay in a state that ends by
// itself is reminded of once and in time, and none lasts longer than it may.
func (j *judgement) waits(stored ticket.Ticket, log []ticket.Event) {
	priority := log[0].Data.Priority
	var state ticket.State
	var since time.Time
	told := map[string]int{}
	leave := func(at time.Time) {
		stay := at.Sub(since)
		asked := priority <= ticket.P2
		limit, notices := time.Duration(0), map[string]time.Duration{}
		switch {
		case state == ticket.WaitingCustomer:
			limit, notices["waiting_reminder"] = 168*time.Hour, 72*time.Hour
		case state == ticket.Resolved && asked:
			limit, notices["resolution_question"], notices["resolution_reminder"] = 168*time.Hour, 0, 72*time.Hour
		case state == ticket.Resolved:
			limit, notices["resolved"] = 72*time.Hour, 0
		default:
			return
		}
		if stay > limit+lateness {
			j.t.Errorf("%s: %s for %s, at most %s", stored.Number, state, stay, limit)
		}
		for name, after := range notices {
			if want := stay > after+lateness; want && told[name] != 1 || told[name] > 1 {
				j.t.Errorf("%s: %s for %s from %s: %d of %s", stored.Number, state, stay, since, told[name], name)
			}
		}
	}
	for _, e := range log {
		switch e.Kind {
		case ticket.StateChanged:
			leave(e.At)
			state, since, told = ticket.State(e.Data.To), e.At, map[string]int{}
		case ticket.PriorityChanged:
			priority = ticket.Priority(e.Data.To)
		case ticket.CustomerTold:
			told[e.Data.MailKind]++
		}
	}
	if state == ticket.Closed && told["closing"]+told["survey"] != 1 {
		j.t.Errorf("%s: closed with %v", stored.Number, told)
	}
}

// rows checks that each thing told is one row, and that nothing else is.
func (y *year) rows(j *judgement) {
	t := y.t
	stored := map[string]int{}
	for _, key := range column[string](t, y.db, "SELECT dedupe FROM alerts") {
		if stored[key]++; !j.alerts[key] {
			t.Errorf("alert %s is in no log", key)
		}
	}
	for key := range j.alerts {
		if stored[key] != 1 {
			t.Errorf("alert %s has %d rows", key, stored[key])
		}
	}
	mails := map[string]int{}
	for _, key := range column[string](t, y.db, "SELECT dedupe FROM mails") {
		mails[key]++
	}
	for key := range j.notices {
		if mails[key] != 1 {
			t.Errorf("mail %s has %d rows", key, mails[key])
		}
	}
	offered := map[string]int{}
	for _, key := range column[string](t, y.db, "SELECT ticket_id || ' ' || target || ' ' || cycle FROM credits") {
		if offered[key]++; !j.credits[key] {
			t.Errorf("a credit for %s, which earns nothing", key)
		}
	}
	for key := range j.credits {
		if offered[key] != 1 {
			t.Errorf("%s has %d credits", key, offered[key])
		}
	}
	for what, query := range map[string]string{
		"a mail that did not leave":        "SELECT dedupe FROM mails WHERE state = 'queued'",
		"a message that did not arrive":    "SELECT dedupe FROM deliveries WHERE state <> 'delivered'",
		"a job left over":                  "SELECT kind || ' ' || state || ' ' || last_error FROM jobs",
		"an alert nobody was told of":      "SELECT dedupe FROM alerts WHERE held = 0 AND id NOT IN (SELECT alert_id FROM mails WHERE alert_id IS NOT NULL)",
		"an alert the webhook missed":      "SELECT dedupe FROM alerts WHERE held = 0 AND id NOT IN (SELECT alert_id FROM deliveries WHERE alert_id IS NOT NULL)",
		"a held page with a message":       "SELECT dedupe FROM alerts WHERE held = 1 AND id IN (SELECT alert_id FROM mails WHERE alert_id IS NOT NULL)",
		"two pages for strangers an hour":  "SELECT a.dedupe FROM alerts a JOIN alerts b ON b.id <> a.id AND b.unverified = 1 AND b.held = 0 AND b.created_at >= a.created_at AND b.created_at < a.created_at + 3600000 WHERE a.unverified = 1 AND a.held = 0",
		"a ticket made without its notice": "SELECT id FROM tickets WHERE 'ack:' || id NOT IN (SELECT dedupe FROM mails)",
	} {
		if got := column[string](t, y.db, query); len(got) > 0 {
			t.Errorf("%s: %d, such as %v", what, len(got), got[0])
		}
	}
}

// told compares what the receivers saw with the rows: a receiver that dedupes
// by id sees each message once, and always the same bytes.
func (y *year) told() {
	t := y.t
	ids := column[string](t, y.db, "SELECT id FROM deliveries")
	bodies := map[string]string{}
	for _, row := range column[string](t, y.db, "SELECT id || ' ' || body FROM deliveries") {
		bodies[row[:len(ids[0])]] = row[len(ids[0])+1:]
	}
	repeated := 0
	for id, seen := range y.sink.got {
		if len(seen) != 1 || seen[bodies[id]] == 0 {
			t.Errorf("webhook %s was sent as %v, its row says %s", id, seen, bodies[id])
		}
		if seen[bodies[id]] > 1 {
			repeated++
		}
	}
	if len(ids) != len(y.sink.got) {
		t.Errorf("%d deliveries, %d ids seen", len(ids), len(y.sink.got))
	}
	files := map[string]bool{}
	for _, folder := range y.folders {
		found, err := filepath.Glob(filepath.Join(folder, "outbox", "*.eml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			files[filepath.Base(f)] = true
		}
	}
	sent := column[string](t, y.db, "SELECT id FROM mails WHERE state = 'sent'")
	for _, id := range sent {
		if !files[id+".eml"] {
			t.Errorf("mail %s is marked as sent and did not leave", id)
		}
	}
	if len(files) != len(sent) {
		t.Errorf("%d mails left, %d are marked as sent", len(files), len(sent))
	}
	t.Logf("%d webhooks, %d of them repeated; %d mails", len(ids), repeated, len(sent))
}
