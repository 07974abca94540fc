package store_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vmcloud/ricochet/content"
	"github.com/vmcloud/ricochet/deflect/demo"
	"github.com/vmcloud/ricochet/deflect/policy"
	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/deflect/sla"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/kb"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/store/storetest"
)

// demoYear is a small demo year that ends the day before storetest.Start.
func demoYear(t testing.TB, days int, scale float64) *demo.Year {
	t.Helper()
	lib, _, err := kb.Load(t.Context(), content.FS, kb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var articles []demo.Article
	for _, lang := range lib.Langs() {
		for _, a := range lib.Articles(lang) {
			articles = append(articles, demo.Article{Lang: lang, Pair: a.Pair, Category: string(a.Category), Questions: a.Questions, Contexts: a.Contexts, Revision: a.Revision})
		}
	}
	set := defaultPolicy(t)
	y, err := demo.Generate(demo.Options{
		Seed: 1, Until: report.DayOf(storetest.Start, paris).Start(paris), Days: days, Scale: scale, Zone: paris, Articles: articles,
		Clocks: ticket.Clocks{Book: set.Book}, Desk: set.Calendars["business"], AccessHash: func(id string) string { return "hash of " + id },
	})
	if err != nil {
		t.Fatal(err)
	}
	return y
}

var paris = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		panic(err)
	}
	return zone
}()

func defaultPolicy(t testing.TB) *policy.Set {
	t.Helper()
	set, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func newRoller(t testing.TB, db *store.DB, c clock.Clock) *report.Roller {
	return &report.Roller{Store: db, Book: defaultPolicy(t).Book, Clock: c, Zone: paris}
}

// table reads a whole table as a backup would write it: the raw rows.
func table(t testing.TB, db *store.DB, name string) []map[string]any {
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
	var buf bytes.Buffer
	if _, err := d.Write(t.Context(), name, &buf); err != nil {
		t.Fatal(err)
	}
	var rows []map[string]any
	dec := json.NewDecoder(&buf)
	dec.UseNumber()
	for dec.More() {
		var row map[string]any
		if err := dec.Decode(&row); err != nil {
			t.Fatal(err)
		}
		for k, v := range row {
			if n, ok := v.(json.Number); ok {
				i, err := n.Int64()
				if err != nil {
					t.Fatal(err)
				}
				row[k] = i
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// sums are all roll-up tables as sorted lines.
func sums(t testing.TB, db *store.DB) []string {
	t.Helper()
	var all []string
	for _, name := range []string{"rollup", "rollup_queries", "rollup_votes", "rollup_articles", "rollup_query_months", "rollup_article_months", "ticket_facts", "ticket_days"} {
		for _, row := range table(t, db, name) {
			text, err := json.Marshal(row)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, name+" "+string(text))
		}
	}
	slices.Sort(all)
	return all
}

// Every figure, worked out a second time from the raw rows in the plainest way.
func TestFiguresOfDemoYear(t *testing.T) {
	y := demoYear(t, 365, 0.1)
	trouble(t, y)
	storetest.Run(t, func(t *testing.T, db *store.DB, c *clock.Manual) {
		if err := db.FillDemo(t.Context(), y); err != nil {
			t.Fatal(err)
		}
		if err := newRoller(t, db, c).Rebuild(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		s := &report.Service{Store: db, Clock: c, Zone: paris, Config: report.DefaultConfig()}
		raw := readRaw(t, db)
		for _, p := range []report.Period{
			report.LastDays(366, c.Now(), paris), report.LastDays(30, c.Now(), paris), report.LastDays(1, c.Now(), paris),
			{From: "2026-03-01", To: "2026-03-31", Zone: paris}, // the clocks go forward in it
			{From: "2026-10-25", To: "2026-10-25", Zone: paris}, // and back here: a day of 25 hours
			{From: "2020-01-01", To: "2020-01-31", Zone: paris}, // before anything happened
		} {
			t.Run(string(p.From+".."+p.To), func(t *testing.T) {
				raw.checkDeflection(t, s, p)
				raw.checkSearch(t, s, p)
				raw.checkArticles(t, s, p)
				raw.checkSupport(t, s, p)
				raw.checkDeflectionCuts(t, s, p)
				raw.checkSearchCuts(t, s, p)
				raw.checkArticleCuts(t, s, p)
				raw.checkSupportCuts(t, s, p)
				raw.checkTrends(t, s, p)
				raw.checkCauses(t, s, p)
				raw.checkEdits(t, s, p)
			})
		}
		t.Logf("causes %v; %d edits, %d of which made an article worse", raw.causes, raw.edits, raw.worse)
		if len(raw.causes) < len(report.Causes) || raw.edits == 0 || raw.worse == 0 || raw.worse == raw.edits {
			t.Error("the demo year has too little to tell causes and edits apart")
		}
	})
}

// rawRows are the rows that the figures are made of.
type rawRows struct {
	attempts, ledger, searches, visits, reads, votes, views, surveys, nps, tickets []map[string]any
	work, costs, credits, persons, customers                                       []map[string]any
	logs                                                                           map[string][]ticket.Event
	states                                                                         map[string]sla.State
	events                                                                         map[string][]map[string]any // by ticket, in their order
	minutes                                                                        map[string]int64            // worked on a ticket
	now                                                                            time.Time

	// What was seen, so that nothing passes for want of rows.
	causes       map[report.Cause]int
	edits, worse int
}

func readRaw(t *testing.T, db *store.DB) *rawRows {
	r := &rawRows{
		logs: map[string][]ticket.Event{}, states: map[string]sla.State{}, events: map[string][]map[string]any{}, minutes: map[string]int64{},
		causes: map[report.Cause]int{}, now: storetest.Start,
	}
	var events []map[string]any
	for name, to := range map[string]*[]map[string]any{
		"attempts": &r.attempts, "ledger": &r.ledger, "searches": &r.searches, "visits": &r.visits, "reads": &r.reads, "votes": &r.votes,
		"article_views": &r.views, "surveys": &r.surveys, "nps_answers": &r.nps, "tickets": &r.tickets,
		"time_entries": &r.work, "support_costs": &r.costs, "credits": &r.credits, "persons": &r.persons, "customers": &r.customers, "ticket_events": &events,
	} {
		*to = table(t, db, name)
		if len(*to) == 0 {
			t.Fatalf("the demo year has no %s", name)
		}
	}
	slices.SortFunc(events, func(a, b map[string]any) int { return int(a["seq"].(int64) - b["seq"].(int64)) })
	for _, e := range events {
		id := e["ticket_id"].(string)
		r.events[id] = append(r.events[id], e)
	}
	for _, w := range r.work {
		r.minutes[w["ticket_id"].(string)] += w["minutes"].(int64)
	}
	book := defaultPolicy(t).Book
	for _, row := range r.tickets {
		id := row["id"].(string)
		log, err := db.EventsOf(context.Background(), id)
		if err != nil {
			t.Fatal(err)
		}
		r.logs[id] = log
		r.states[id] = sla.Evaluate(ticket.SLALog(log), book, storetest.Start)
	}
	return r
}

// in says whether stored milliseconds lie in a period.
func in(p report.Period, ms any) bool {
	v, ok := ms.(int64)
	day := time.UnixMilli(v).In(paris).Format(time.DateOnly)
	return ok && day >= string(p.From) && day <= string(p.To)
}

func (r *rawRows) checkDeflection(t *testing.T, s *report.Service, p report.Period) {
	got, err := s.Deflection(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	count := func(keep func(map[string]any) bool) (n int) {
		for _, a := range r.attempts {
			if in(p, a["started_at"]) && keep(a) {
				n++
			}
		}
		return n
	}
	outcome := func(name string) func(map[string]any) bool {
		return func(a map[string]any) bool { return a["counted"] == int64(1) && a["outcome"] == name }
	}
	want := report.AttemptCounts{
		Attempts: count(func(a map[string]any) bool { return a["counted"] == int64(1) }),
		Held:     count(func(a map[string]any) bool { return a["counted"] == int64(1) && a["arm"] == "holdout" }),
		Shown:    count(func(a map[string]any) bool { return a["counted"] == int64(1) && a["shown"] == int64(1) }),
		Opened:   count(func(a map[string]any) bool { return a["counted"] == int64(1) && a["opened"] != "" }),
		Dwelt: count(func(a map[string]any) bool {
			return a["counted"] == int64(1) && a["opened"] != "" && a["dwell_ms"].(int64) >= 10_000
		}),
		Confirmed: count(outcome("confirmed")), Assumed: count(outcome("assumed")), Abandoned: count(outcome("abandoned")),
		Tickets: count(outcome("ticket")), Pending: count(outcome("")),
		Revoked: count(func(a map[string]any) bool { return a["counted"] == int64(1) && a["revoked_at"] != nil }),
		Repeats: count(func(a map[string]any) bool { return a["counted"] == int64(0) }),
	}
	if diff := cmp.Diff(want, got.Total.AttemptCounts); diff != "" {
		t.Errorf("attempts (-raw +report):\n%s", diff)
	}
	if rate := got.Total.ConfirmedRate; rate.OK != (want.Attempts > want.Held) || rate.OK && rate.Value != float64(want.Confirmed)/float64(want.Attempts-want.Held) {
		t.Errorf("confirmed rate %+v of %+v", rate, want)
	}
	for _, row := range got.Categories {
		n := count(func(a map[string]any) bool { return a["counted"] == int64(1) && a["category"] == row.Value })
		confirmed := count(func(a map[string]any) bool { return outcome("confirmed")(a) && a["category"] == row.Value })
		if row.Attempts != n || row.AttemptCounts.Confirmed != confirmed {
			t.Errorf("category %q: %d attempts, %d confirmed; raw %d, %d", row.Value, row.Attempts, row.AttemptCounts.Confirmed, n, confirmed)
		}
	}
	for _, row := range got.Routes {
		if n := count(func(a map[string]any) bool { return a["counted"] == int64(1) && a["route"] == row.Value }); row.Attempts != n {
			t.Errorf("screen %q: %d attempts, raw %d", row.Value, row.Attempts, n)
		}
	}
	if want.Attempts > 50 && len(got.Routes) < 2 {
		t.Errorf("no attempt came from a screen: %v", got.Routes)
	}
	steps := 0
	for _, step := range got.Steps {
		steps += step.Attempts
	}
	if steps != want.Attempts {
		t.Errorf("the steps have %d attempts, the period %d", steps, want.Attempts)
	}
	r.checkVisits(t, got.Visits, p)
	r.checkSuggested(t, got.Articles, p)
}

func (r *rawRows) checkVisits(t *testing.T, got report.VisitSummary, p report.Period) {
	var want report.VisitCounts
	authors := map[any]bool{}
	for _, tk := range r.tickets {
		if in(p, tk["received_at"]) {
			authors[tk["person_id"]] = true
		}
	}
	for _, v := range r.visits {
		if !in(p, v["started_at"]) {
			continue
		}
		want.Visits++
		if v["searches"].(int64)+v["articles"].(int64) == 0 {
			continue
		}
		want.Sought++
		if !r.ticketWithin(v["visitor"], v["started_at"].(int64)) {
			want.NoTicket++
		}
	}
	if got.VisitCounts != want || got.Authors != len(authors) {
		t.Errorf("visits %+v, %d authors; raw %+v, %d", got.VisitCounts, got.Authors, want, len(authors))
	}
}

// ticketWithin says whether a browser's ticket came within 72 h of an instant.
func (r *rawRows) ticketWithin(visitor any, from int64) bool {
	return visitor != nil && slices.ContainsFunc(r.tickets, func(tk map[string]any) bool {
		at := tk["received_at"].(int64)
		return tk["visitor"] == visitor && at >= from && at-from <= 72*3600_000
	})
}

func (r *rawRows) checkSuggested(t *testing.T, got []report.ArticleDeflect, p report.Period) {
	type key = report.ArticleKey
	want := map[key]int{}
	confirmed := map[key]int{}
	byID := map[any]map[string]any{}
	for _, a := range r.attempts {
		byID[a["id"]] = a
		if in(p, a["started_at"]) && a["counted"] == int64(1) && a["outcome"] == "confirmed" {
			confirmed[key{Lang: a["lang"].(string), Article: a["article"].(string)}]++
		}
	}
	seen := map[string]bool{}
	for _, l := range r.ledger {
		a := byID[l["attempt_id"]]
		if l["kind"] != "shown" || !in(p, a["started_at"]) || a["counted"] != int64(1) {
			continue
		}
		var list []string
		if err := json.Unmarshal([]byte(l["data"].(string)), &list); err != nil {
			t.Fatal(err)
		}
		for _, article := range list {
			if once := a["id"].(string) + article; !seen[once] {
				seen[once] = true
				want[key{Lang: a["lang"].(string), Article: article}]++
			}
		}
	}
	total := 0
	for _, row := range got {
		total += row.Suggested
		if row.Suggested != want[row.ArticleKey] || row.Confirmed != confirmed[row.ArticleKey] {
			t.Errorf("%v: suggested %d, confirmed %d; raw %d, %d", row.ArticleKey, row.Suggested, row.Confirmed, want[row.ArticleKey], confirmed[row.ArticleKey])
		}
	}
	if total != len(seen) {
		t.Errorf("%d suggestions in the report, %d in the ledger", total, len(seen))
	}
}

func (r *rawRows) checkSearch(t *testing.T, s *report.Service, p report.Period) {
	got, err := s.Search(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	var want report.SearchCounts
	asked := map[string]int{}
	failed := map[string]int{}
	for _, q := range r.searches {
		if !in(p, q["at"]) {
			continue
		}
		want.Searches++
		again := slices.ContainsFunc(r.searches, func(o map[string]any) bool { return o["previous"] == q["id"] })
		clicked := q["clicked"] != ""
		if clicked && !again {
			want.Success++
		}
		if again {
			want.Reformulated++
		}
		key := q["lang"].(string) + "/" + q["query"].(string)
		asked[key]++
		switch position := int(q["position"].(int64)); {
		case clicked:
			want.Clicked++
			want.PositionSum += position
			want.Positions[min(position, 10)-1]++
		case q["results"] == int64(0):
			want.NoResult++
			failed[key]++
		default:
			want.NoClick++
		}
	}
	if diff := cmp.Diff(want, got.Total.SearchCounts); diff != "" {
		t.Errorf("searches (-raw +report):\n%s", diff)
	}
	for kind, counts := range map[report.QueryKind]map[string]int{report.AnyQuery: asked, report.NoResult: failed} {
		list := got.Top[kind]
		if want := min(len(counts), report.TopQueries); len(list) != want {
			t.Errorf("top %s has %d lines, want %d", kind, len(list), want)
		}
		least := 1 << 30
		for _, q := range list {
			n := q.N
			if kind == report.NoResult {
				n = q.QueryCounts.NoResult
			}
			if n != counts[q.Lang+"/"+q.Query] || n > least {
				t.Errorf("top %s: %+v, raw %d, after %d", kind, q, counts[q.Lang+"/"+q.Query], least)
			}
			least = n
			delete(counts, q.Lang+"/"+q.Query)
		}
		for q, n := range counts {
			if n > least {
				t.Errorf("%q with %d is not in the top %s, which ends at %d", q, n, kind, least)
			}
		}
	}
}

func (r *rawRows) checkArticles(t *testing.T, s *report.Service, p report.Period) {
	got, err := s.Articles(t.Context(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	views, yes, votes := 0, 0, 0
	for _, v := range r.views {
		if day := v["day"].(string); day >= string(p.From) && day <= string(p.To) {
			views += int(v["views"].(int64))
		}
	}
	for _, v := range r.votes {
		if in(p, v["at"]) {
			votes++
			yes += int(v["helpful"].(int64))
		}
	}
	if got.Views != views || got.Helpful.K != yes || got.Helpful.N != votes {
		t.Errorf("views %d, votes %d of %d; raw %d, %d of %d", got.Views, got.Helpful.K, got.Helpful.N, views, yes, votes)
	}
	for _, row := range got.Articles {
		for _, rev := range row.Revisions {
			k, n := 0, 0
			reasons := map[string]int{}
			for _, v := range r.votes {
				at := time.UnixMilli(v["at"].(int64)).In(paris).Format(time.DateOnly)
				if v["lang"] != row.Lang || v["article"] != row.Article || v["revision"] != int64(rev.Revision) || at > string(p.To) {
					continue
				}
				n++
				if v["helpful"] == int64(1) {
					k++
				} else {
					reasons[v["reason"].(string)]++
				}
			}
			if rev.Helpful.K != k || rev.Helpful.N != n || !cmp.Equal(rev.Reasons, reasons, cmpopts.EquateEmpty()) {
				t.Errorf("%v revision %d: %+v %v; raw %d of %d, %v", row.ArticleKey, rev.Revision, rev.Helpful, rev.Reasons, k, n, reasons)
			}
		}
		r.checkReads(t, row, p)
	}
}

func (r *rawRows) checkReads(t *testing.T, row report.ArticleStanding, p report.Period) {
	visits := map[any]map[string]any{}
	for _, v := range r.visits {
		visits[v["id"]] = v
	}
	reads, after := 0, 0
	for _, read := range r.reads {
		v := visits[read["visit_id"]]
		if read["lang"] != row.Lang || read["article"] != row.Article || !in(p, v["started_at"]) {
			continue
		}
		reads++
		if r.ticketWithin(v["visitor"], read["at"].(int64)) {
			after++
		}
	}
	if row.Reads != reads || row.TicketsAfter != after {
		t.Errorf("%v: %d reads, %d tickets after; raw %d, %d", row.ArticleKey, row.Reads, row.TicketsAfter, reads, after)
	}
}
