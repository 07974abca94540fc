package store_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vmcloud/ricochet/deflect/report"
)

// The second path to the figures along every cut: what report_test.go and
// report_support_test.go leave out.

// attemptCounts counts attempts in the plainest way.
func attemptCounts(rows []map[string]any) (c report.AttemptCounts) {
	yes := func(is bool) int {
		if is {
			return 1
		}
		return 0
	}
	for _, a := range rows {
		if a["counted"] != int64(1) {
			c.Repeats++
			continue
		}
		c.Attempts++
		c.Held += yes(a["arm"] == "holdout")
		c.Shown += yes(a["shown"] == int64(1))
		c.Opened += yes(a["opened"] != "")
		c.Dwelt += yes(a["opened"] != "" && a["dwell_ms"].(int64) >= 10_000)
		c.Confirmed += yes(a["outcome"] == "confirmed")
		c.Assumed += yes(a["outcome"] == "assumed")
		c.Abandoned += yes(a["outcome"] == "abandoned")
		c.Tickets += yes(a["outcome"] == "ticket")
		c.Pending += yes(a["outcome"] == "")
		c.Revoked += yes(a["revoked_at"] != nil)
	}
	return c
}

// tierBefore is the tier with which a person's latest ticket before an instant
// was created, "" without one.
func (r *rawRows) tierBefore(person any, at int64) string {
	best, tier := int64(-1), ""
	for _, tk := range r.tickets {
		if received := tk["received_at"].(int64); person != nil && tk["person_id"] == person && received < at && received >= best {
			best, tier = received, string(r.logs[tk["id"].(string)][0].Data.Tier)
		}
	}
	return tier
}

// deflectedAs holds a row of the report against counts.
func deflectedAs(t *testing.T, what string, got report.Deflected, want report.AttemptCounts) {
	t.Helper()
	if diff := cmp.Diff(want, got.AttemptCounts); diff != "" {
		t.Errorf("%s (-raw +report):\n%s", what, diff)
	}
	could := want.Attempts - want.Held
	for name, c := range map[string]struct {
		rate report.Rate
		k, n int
	}{
		"confirmed": {got.ConfirmedRate, want.Confirmed, could}, "assumed": {got.AssumedRate, want.Assumed, could},
		"abandoned": {got.AbandonedRate, want.Abandoned, want.Attempts}, "ticket": {got.TicketRate, want.Tickets, want.Attempts},
		"revoked": {got.RevokedRate, want.Revoked, want.Confirmed + want.Assumed},
	} {
		rateAs(t, what+", "+name, c.rate, c.k, c.n)
	}
}

// rateAs holds a rate against k of n, its interval by Wilson's formula.
func rateAs(t *testing.T, what string, got report.Rate, k, n int) {
	t.Helper()
	if got.K != k || got.N != n || got.OK != (n > 0) {
		t.Errorf("%s: %+v, raw %d of %d", what, got, k, n)
		return
	}
	if n == 0 {
		return
	}
	const z = 1.959963984540054
	p, m := float64(k)/float64(n), float64(n)
	mid, half := (p+z*z/(2*m))/(1+z*z/m), z/(1+z*z/m)*math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	if math.Abs(got.Value-p) > 1e-12 || math.Abs(got.Low-max(0, mid-half)) > 1e-9 || math.Abs(got.High-min(1, mid+half)) > 1e-9 {
		t.Errorf("%s: %+v, raw %v, %v to %v", what, got, p, mid-half, mid+half)
	}
}

func (r *rawRows) checkDeflectionCuts(t *testing.T, s *report.Service, p report.Period) {
	got, err := s.Deflection(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	within := func(p report.Period, keep func(map[string]any) bool) (rows []map[string]any) {
		for _, a := range r.attempts {
			if in(p, a["started_at"]) && (keep == nil || keep(a)) {
				rows = append(rows, a)
			}
		}
		return rows
	}
	deflectedAs(t, "in all", got.Total, attemptCounts(within(p, nil)))
	deflectedAs(t, "before", got.Before, attemptCounts(within(p.Before(), nil)))
	for _, st := range got.Steps {
		deflectedAs(t, "from "+string(st.From), st.Deflected, attemptCounts(within(st.Period, nil)))
	}
	seen := map[string]int{}
	for dim, cut := range map[string]struct {
		rows []report.Deflected
		of   func(map[string]any) string
	}{
		"category": {got.Categories, func(a map[string]any) string { return a["category"].(string) }},
		"lang":     {got.Langs, func(a map[string]any) string { return a["lang"].(string) }},
		"route":    {got.Routes, func(a map[string]any) string { return a["route"].(string) }},
		"tier":     {got.Tiers, func(a map[string]any) string { return r.tierBefore(a["person_id"], a["started_at"].(int64)) }},
	} {
		for _, row := range cut.rows {
			want := attemptCounts(within(p, func(a map[string]any) bool { return cut.of(a) == row.Value }))
			deflectedAs(t, dim+" "+row.Value, row, want)
			seen[dim] += row.Attempts
		}
	}
	for dim, n := range seen {
		if n != got.Total.Attempts {
			t.Errorf("the rows by %s have %d attempts of %d", dim, n, got.Total.Attempts)
		}
	}
	c := got.Total.AttemptCounts
	for i, n := range []int{c.Attempts, c.Attempts - c.Held, c.Shown, c.Opened, c.Dwelt, c.Confirmed + c.Assumed, c.Tickets} {
		if st := got.Funnel[i]; st.N != n {
			t.Errorf("stage %s: %d, raw %d", st.Name, st.N, n)
		}
		rateAs(t, "stage "+got.Funnel[i].Name, got.Funnel[i].Of, n, c.Attempts)
	}
	if n := got.Visits.Authors; n > 0 && math.Abs(got.Visits.SelfRatio.Value-float64(got.Visits.Visits)/float64(n)) > 1e-12 {
		t.Errorf("self-service ratio %+v of %+v", got.Visits.SelfRatio, got.Visits)
	}
	rateAs(t, "upper bound", got.Visits.UpperBound, got.Visits.NoTicket, got.Visits.Sought)
	articles := r.articleCounts(t, p)
	for _, a := range got.Articles {
		if diff := cmp.Diff(articles[a.ArticleKey], a.ArticleCounts); diff != "" {
			t.Errorf("%v (-raw +report):\n%s", a.ArticleKey, diff)
		}
		rateAs(t, "opened", a.OpenRate, a.Opened, a.Suggested)
		rateAs(t, "confirmed after opening", a.ConfirmRate, a.Confirmed, a.Opened)
		rateAs(t, "ticket after opening", a.TicketRate, a.Ticketed, a.Opened)
	}
}

// articleCounts counts what happened around each article.
func (r *rawRows) articleCounts(t *testing.T, p report.Period) map[report.ArticleKey]report.ArticleCounts {
	all := map[report.ArticleKey]report.ArticleCounts{}
	add := func(lang, article any, f func(*report.ArticleCounts)) {
		if article == "" {
			return
		}
		k := report.ArticleKey{Lang: lang.(string), Article: article.(string)}
		c := all[k]
		f(&c)
		all[k] = c
	}
	counted := map[any]map[string]any{}
	for _, a := range r.attempts {
		if !in(p, a["started_at"]) || a["counted"] != int64(1) {
			continue
		}
		counted[a["id"]] = a
		add(a["lang"], a["article"], func(c *report.ArticleCounts) {
			switch a["outcome"] {
			case "confirmed":
				c.Confirmed++
			case "assumed":
				c.Assumed++
			default:
				return
			}
			if a["revoked_at"] != nil {
				c.Revoked++
			}
		})
	}
	once := map[string]bool{}
	first := func(parts ...any) bool {
		k := fmt.Sprint(parts...)
		was := once[k]
		once[k] = true
		return !was
	}
	for _, l := range r.ledger {
		a := counted[l["attempt_id"]]
		if a == nil {
			continue
		}
		switch l["kind"] {
		case "shown":
			var list []string
			if err := json.Unmarshal([]byte(l["data"].(string)), &list); err != nil {
				t.Fatal(err)
			}
			for _, article := range list {
				if first(a["id"], " shown ", article) {
					add(a["lang"], article, func(c *report.ArticleCounts) { c.Suggested++ })
				}
			}
		case "opened", "dwelt":
			if first(a["id"], " read ", l["article"]) {
				add(a["lang"], l["article"], func(c *report.ArticleCounts) {
					c.Opened++
					if a["outcome"] == "ticket" {
						c.Ticketed++
					}
				})
			}
		}
	}
	for _, q := range r.searches {
		if in(p, q["at"]) {
			add(q["lang"], q["clicked"], func(c *report.ArticleCounts) { c.Clicks++ })
		}
	}
	visits := map[any]map[string]any{}
	for _, v := range r.visits {
		visits[v["id"]] = v
	}
	for _, read := range r.reads {
		if v := visits[read["visit_id"]]; in(p, v["started_at"]) {
			add(read["lang"], read["article"], func(c *report.ArticleCounts) {
				c.Reads++
				if r.ticketWithin(v["visitor"], read["at"].(int64)) {
					c.TicketsAfter++
				}
			})
		}
	}
	return all
}

// searchCounts counts searches in the plainest way.
func (r *rawRows) searchCounts(again map[any]bool, keep func(map[string]any) bool) (c report.SearchCounts) {
	for _, q := range r.searches {
		if !keep(q) {
			continue
		}
		c.Searches++
		if again[q["id"]] {
			c.Reformulated++
		}
		position := int(q["position"].(int64))
		switch {
		case q["clicked"] != "":
			c.Clicked++
			c.PositionSum += position
			c.Positions[min(position, 10)-1]++
			if !again[q["id"]] {
				c.Success++
			}
		case q["results"] == int64(0):
			c.NoResult++
		default:
			c.NoClick++
		}
	}
	return c
}

func (r *rawRows) checkSearchCuts(t *testing.T, s *report.Service, p report.Period) {
	got, err := s.Search(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	again := map[any]bool{}
	for _, q := range r.searches {
		if q["previous"] != nil {
			again[q["previous"]] = true
		}
	}
	as := func(what string, got report.Searched, want report.SearchCounts) {
		t.Helper()
		if diff := cmp.Diff(want, got.SearchCounts); diff != "" {
			t.Errorf("%s (-raw +report):\n%s", what, diff)
		}
		rateAs(t, what+", success", got.SuccessRate, want.Success, want.Searches)
		rateAs(t, what+", no result", got.NoResultRate, want.NoResult, want.Searches)
		rateAs(t, what+", no click", got.NoClickRate, want.NoClick, want.Searches)
		rateAs(t, what+", reformulated", got.ReformulatedRate, want.Reformulated, want.Searches)
		if m := got.MeanPosition; m.OK != (want.Clicked > 0) || m.OK && math.Abs(m.Value-float64(want.PositionSum)/float64(want.Clicked)) > 1e-12 {
			t.Errorf("%s: mean position %+v of %+v", what, m, want)
		}
	}
	within := func(p report.Period) func(map[string]any) bool {
		return func(q map[string]any) bool { return in(p, q["at"]) }
	}
	as("in all", got.Total, r.searchCounts(again, within(p)))
	as("before", got.Before, r.searchCounts(again, within(p.Before())))
	for _, st := range got.Steps {
		as("from "+string(st.From), st.Searched, r.searchCounts(again, within(st.Period)))
	}
	for _, l := range got.Langs {
		as(l.Value, l, r.searchCounts(again, func(q map[string]any) bool { return in(p, q["at"]) && q["lang"] == l.Value }))
	}
	for kind, list := range got.Top {
		for _, q := range list {
			c := r.searchCounts(again, func(o map[string]any) bool { return in(p, o["at"]) && o["lang"] == q.Lang && o["query"] == q.Query })
			want := report.QueryCounts{N: c.Searches, NoResult: c.NoResult, NoClick: c.NoClick, Reformulated: c.Reformulated, Success: c.Success}
			if q.QueryCounts != want {
				t.Errorf("top %s, %q: %+v, raw %+v", kind, q.Query, q.QueryCounts, want)
			}
		}
	}
}

func (r *rawRows) checkArticleCuts(t *testing.T, s *report.Service, p report.Period) {
	got, err := s.Articles(t.Context(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	counts := r.articleCounts(t, p)
	yes, n := 0, 0 // of the section, which is one: nothing is known of the library
	for _, a := range got.Articles {
		yes, n = yes+a.Helpful.K, n+a.Helpful.N
	}
	for _, a := range got.Articles {
		if diff := cmp.Diff(counts[a.ArticleKey], a.ArticleCounts); diff != "" {
			t.Errorf("%v (-raw +report):\n%s", a.ArticleKey, diff)
		}
		views := 0
		for _, v := range r.views {
			if day := v["day"].(string); v["lang"] == a.Lang && v["article"] == a.Article && day >= string(p.From) && day <= string(p.To) {
				views += int(v["views"].(int64))
			}
		}
		if a.Views != views {
			t.Errorf("%v: %d views, raw %d", a.ArticleKey, a.Views, views)
		}
		rateAs(t, "ticket after reading", a.TicketRate, a.TicketsAfter, a.Reads)
		last := len(a.Revisions) - 1
		if last < 0 {
			continue
		}
		if diff := cmp.Diff(a.Revisions[last].Helpful, a.Helpful); diff != "" || a.Revision != a.Revisions[last].Revision {
			t.Errorf("%v: helpful is not of the last revision:\n%s", a.ArticleKey, diff)
		}
		want := (float64(a.Helpful.K) + 10*float64(yes)/float64(n)) / (float64(a.Helpful.N) + 10)
		if !a.Shrunk.OK || math.Abs(a.Shrunk.Value-want) > 1e-9 {
			t.Errorf("%v: shrunk to %+v, want %v", a.ArticleKey, a.Shrunk, want)
		}
	}
}
