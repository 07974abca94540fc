package store_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/deflect/sla"
	"github.com/vmcloud/ricochet/deflect/ticket"
)

// promises are the promises of the tickets that are kept, decided in a period.
func (r *rawRows) promises(p report.Period, keep func(map[string]any) bool) (c report.Compliance) {
	var first, solved []float64
	count := func(rate *report.Rate, met bool) {
		rate.N++
		if met {
			rate.K++
		}
	}
	for _, tk := range r.tickets {
		if !keep(tk) {
			continue
		}
		id := tk["id"].(string)
		own := &rawRows{tickets: []map[string]any{tk}, logs: r.logs, states: r.states}
		tallied := own.tally(p)
		c.Created += tallied.created
		first, solved = append(first, tallied.firstBusiness...), append(solved, tallied.solvedBusiness...)
		for _, cy := range r.states[id].Cycles {
			if cy.Breach == nil && cy.Status == sla.Late && in(p, cy.Due.UnixMilli()) {
				c.Late++
			}
			met := cy.Breach == nil && cy.Status == sla.Met && in(p, cy.Ended.UnixMilli())
			broken := cy.Breach != nil && in(p, cy.Breach.At.UnixMilli())
			if cy.Kind != sla.Contractual || !met && !broken {
				continue
			}
			count(&c.All, met)
			switch cy.Target {
			case sla.FirstResponse:
				count(&c.First, met)
			case sla.Resolution:
				count(&c.Solved, met)
			}
			if broken {
				c.Breached++
			}
		}
	}
	spread := func(sample []float64) (s report.Spread) {
		if len(sample) > 0 {
			s = report.Spread{N: len(sample), Mean: mean(sample), Median: quantile(sample, .5), P90: quantile(sample, .9)}
		}
		return s
	}
	c.FirstTime, c.SolveTime = spread(first), spread(solved)
	return c
}

func (r *rawRows) checkSupportCuts(t *testing.T, s *report.Service, p report.Period) {
	got, err := s.Support(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	month, err := s.SLA(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	all := func(map[string]any) bool { return true }
	as := func(what string, got report.Compliance, want report.Compliance) {
		t.Helper()
		want.Value = got.Value
		rateAs(t, what, got.All, want.All.K, want.All.N)
		rateAs(t, what+", first", got.First, want.First.K, want.First.N)
		rateAs(t, what+", solved", got.Solved, want.Solved.K, want.Solved.N)
		if diff := cmp.Diff(want, got, cmpopts.IgnoreTypes(report.Rate{}), cmpopts.EquateApprox(0, 1e-6)); diff != "" {
			t.Errorf("%s (-raw +report):\n%s", what, diff)
		}
	}
	as("in all", month.Total, r.promises(p, all))
	as("before", month.Before, r.promises(p.Before(), all))
	for _, c := range slices.Concat(got.Tiers, month.Tiers) {
		as(c.Value, c, r.promises(p, func(tk map[string]any) bool { return tk["tier"] == c.Value }))
	}
	for _, c := range slices.Concat(got.Priorities, month.Priorities) {
		as(c.Value, c, r.promises(p, func(tk map[string]any) bool { return tk["priority"] == c.Value }))
	}
	for _, c := range slices.Concat(got.Cells, month.Cells) {
		as(c.Value, c, r.promises(p, func(tk map[string]any) bool { return tk["tier"].(string)+"/"+tk["priority"].(string) == c.Value }))
	}
	for column, rows := range map[string][]report.Volume{"category": got.Categories, "channel": got.Channels, "lang": got.Langs} {
		created := 0
		for _, v := range rows {
			own := &rawRows{logs: r.logs, states: r.states, tickets: slices.DeleteFunc(slices.Clone(r.tickets), func(tk map[string]any) bool { return tk[column] != v.Value })}
			c := own.tally(p)
			created += v.Created
			if v.Created != c.created || v.Resolved != c.resolved {
				t.Errorf("%s %q: %+v, raw %d created, %d resolved", column, v.Value, v, c.created, c.resolved)
			}
		}
		if created != int(got.KPI(report.KPICreated).Value.Value) {
			t.Errorf("by %s %d tickets were created", column, created)
		}
	}
	r.checkAgents(t, got, p)
	r.checkBreaches(t, month, p)
}

func (r *rawRows) checkAgents(t *testing.T, got report.SupportReport, p report.Period) {
	want := map[string]report.AgentWork{}
	days := map[string]bool{}
	did := func(id string, at time.Time, replies, resolved int) {
		w := want[id]
		w.Staff, w.Replies, w.Resolved = id, w.Replies+replies, w.Resolved+resolved
		if day := id + at.In(paris).Format(time.DateOnly); !days[day] {
			days[day] = true
			w.Days++
		}
		want[id] = w
	}
	for _, log := range r.logs {
		for _, e := range log {
			if !in(p, e.At.UnixMilli()) || e.Actor.Kind != ticket.ByStaff {
				continue
			}
			switch {
			case e.Kind == ticket.StaffReplied:
				did(e.Actor.ID, e.At, 1, 0)
			case e.Kind == ticket.StateChanged && ticket.State(e.Data.From).Active() && !ticket.State(e.Data.To).Active():
				did(e.Actor.ID, e.At, 0, 1)
			}
		}
	}
	list := slices.SortedFunc(maps.Values(want), func(a, b report.AgentWork) int { return cmpText(a.Staff, b.Staff) })
	if diff := cmp.Diff(list, got.Agents, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("agents (-raw +report):\n%s", diff)
	}
}

func cmpText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (r *rawRows) checkBreaches(t *testing.T, got report.SLAReport, p report.Period) {
	type broken struct {
		ticket, target string
		cycle          int
		at             int64
	}
	want := map[broken]bool{}
	byTarget, tickets := map[string]int{}, map[string]bool{}
	for id, state := range r.states {
		for _, cy := range state.Cycles {
			if cy.Breach != nil && cy.Kind == sla.Contractual && in(p, cy.Breach.At.UnixMilli()) {
				want[broken{id, string(cy.Target), cy.Number, cy.Breach.At.UnixMilli()}] = true
				byTarget[string(cy.Target)]++
				tickets[id] = true
			}
		}
	}
	have := map[broken]bool{}
	for _, b := range got.Breaches {
		have[broken{b.Ticket, b.Target, b.Cycle, b.At.UnixMilli()}] = true
	}
	if diff := cmp.Diff(want, have, cmp.AllowUnexported(broken{})); diff != "" {
		t.Errorf("breaches (-raw +report):\n%s", diff)
	}
	if diff := cmp.Diff(byTarget, got.ByTarget, cmpopts.EquateEmpty()); diff != "" || got.Impact.Tickets != len(tickets) {
		t.Errorf("breaches by promise, of %d tickets, raw %d:\n%s", got.Impact.Tickets, len(tickets), diff)
	}
	if want := min(len(got.Breaches), report.TopBreaches); len(got.Top) != want {
		t.Errorf("the worst %d are named, want %d", len(got.Top), want)
	}
	companies, revenue, open := map[any]int64{}, int64(0), 0
	for _, tk := range r.tickets {
		if !tickets[tk["id"].(string)] {
			continue
		}
		if ticket.State(tk["state"].(string)).Active() {
			open++
		}
		if c := r.customer(tk["person_id"]); c != nil {
			companies[c["id"]] = c["mrr_cents"].(int64)
		}
	}
	for _, mrr := range companies {
		revenue += mrr
	}
	if i := got.Impact; i.Customers != len(companies) || i.MRRCents != revenue || i.Open != open {
		t.Errorf("impact %+v, raw %d customers, %d cents, %d open", i, len(companies), revenue, open)
	}
	credits, most := 0, int64(0)
	for _, c := range r.credits {
		if in(p, c["breach_at"]) {
			credits++
			for _, company := range r.customers {
				if company["id"] == c["account"] {
					most += company["mrr_cents"].(int64) * c["share"].(int64) / 10_000
				}
			}
		}
	}
	if i := got.Impact; i.Credits != credits || i.AtMostCents != most {
		t.Errorf("credits %+v, raw %d, at most %d", i, credits, most)
	}
}

// customer is the company of a person; nil for none.
func (r *rawRows) customer(person any) map[string]any {
	for _, p := range r.persons {
		if p["id"] != person {
			continue
		}
		for _, c := range r.customers {
			if p["customer_id"] != nil && c["id"] == p["customer_id"] {
				return c
			}
		}
	}
	return nil
}
