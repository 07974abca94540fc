package store_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/demo"
	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/deflect/sla"
	"github.com/vmcloud/ricochet/deflect/ticket"
)

// The second path to what compares and explains: the trends of 30, 60 and 90
// days, the causes of broken promises, and what an edit of an article changed.

// figures are all support figures of a period, worked out from the rows.
func (r *rawRows) figures(p report.Period) map[report.KPIID]report.Number {
	c := r.tally(p)
	count := func(n int) report.Number { return report.Number{Value: float64(n), OK: true, N: n} }
	over := func(above float64, below int) report.Number {
		if below == 0 {
			return report.Number{}
		}
		return report.Number{Value: above / float64(below), OK: true, N: below}
	}
	average := func(sample []float64) report.Number {
		if len(sample) == 0 {
			return report.Number{}
		}
		return report.Number{Value: mean(sample), OK: true, N: len(sample)}
	}
	all := map[report.KPIID]report.Number{
		report.KPICreated: count(c.created), report.KPIResolved: count(c.resolved), report.KPIBacklog: count(c.backlog), report.KPIBreaches: count(c.breaches),
		report.KPICompliance: over(float64(c.met), c.met+c.breaches), report.KPIFirstContact: over(float64(c.firstTime), c.answered),
		report.KPIReopened: over(float64(c.returned), c.firstSolved), report.KPIEscalated: over(float64(c.escalated), c.created),
		report.KPIAutomation: over(float64(c.solved-c.answered), c.solved), report.KPIPerAgentDay: over(float64(c.byStaff), len(c.agentDays)),
		report.KPIFirstBusiness: average(c.firstBusiness), report.KPIFirstCalendar: average(c.firstCalendar),
		report.KPISolvedBusiness: average(c.solvedBusiness), report.KPISolvedCalendar: average(c.solvedCalendar),
		report.KPIHandleTime: average(c.handled), report.KPIPerAuthor: over(float64(c.created), len(c.authors)), report.KPICost: r.cost(p, c.resolved),
	}
	if !slices.ContainsFunc(r.tickets, func(t map[string]any) bool { return time.UnixMilli(t["received_at"].(int64)).Before(p.End()) }) {
		all[report.KPIBacklog] = report.Number{} // before the first ticket nothing was owed to anybody
	}
	answers, satisfied, asked, net := r.opinions(p)
	all[report.KPICSAT], all[report.KPINPS] = over(float64(satisfied), answers), over(100*float64(net), asked)
	attempts := attemptCounts(slices.DeleteFunc(slices.Clone(r.attempts), func(a map[string]any) bool { return !in(p, a["started_at"]) }))
	all[report.KPIDeflectionClaim] = over(float64(attempts.Confirmed), attempts.Attempts-attempts.Held)
	return all
}

// cost is what the days of a period that have begun cost per ticket resolved.
func (r *rawRows) cost(p report.Period, resolved int) report.Number {
	if resolved == 0 || string(p.From) < r.costs[0]["from_day"].(string) {
		return report.Number{}
	}
	lived := 0
	for _, day := range p.Days() {
		if !day.Start(paris).After(r.now) {
			lived++
		}
	}
	return report.Number{Value: float64(r.costs[0]["cents"].(int64)) * 12 / 365 * float64(lived) / float64(resolved), OK: true, N: resolved}
}

// opinions count the answers to both surveys.
func (r *rawRows) opinions(p report.Period) (answers, satisfied, asked, net int) {
	for _, row := range r.surveys {
		if in(p, row["answered_at"]) {
			answers++
			if row["score"].(int64) >= 4 {
				satisfied++
			}
		}
	}
	for _, row := range r.nps {
		if in(p, row["answered_at"]) {
			asked++
			switch score := row["score"].(int64); {
			case score >= 9:
				net++
			case score <= 6:
				net--
			}
		}
	}
	return answers, satisfied, asked, net
}

// sameNumber holds a figure against the one from the rows.
func sameNumber(t *testing.T, what string, got, want report.Number) {
	t.Helper()
	if got.OK != want.OK || got.OK && (got.N != want.N || math.Abs(got.Value-want.Value) > 1e-9*max(1, math.Abs(want.Value))) {
		t.Errorf("%s: %+v, raw %+v", what, got, want)
	}
}

// checkTrends holds every figure, its 30, 60 and 90 days, as many days before
// each, and its curve against the rows.
func (r *rawRows) checkTrends(t *testing.T, s *report.Service, p report.Period) {
	got, err := s.Support(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	known := map[report.Period]map[report.KPIID]report.Number{}
	raw := func(p report.Period) map[report.KPIID]report.Number {
		if known[p] == nil {
			known[p] = r.figures(p)
		}
		return known[p]
	}
	if len(got.KPIs) != len(raw(p)) {
		t.Errorf("%d figures, raw %d", len(got.KPIs), len(raw(p)))
	}
	for _, k := range got.KPIs {
		name := string(k.ID)
		sameNumber(t, name, k.Value, raw(p)[k.ID])
		var spans []int
		for _, w := range k.Windows {
			spans = append(spans, w.Days)
			last := report.Period{From: p.To.Add(1 - w.Days), To: p.To, Zone: paris}
			before := report.Period{From: p.To.Add(1 - 2*w.Days), To: p.To.Add(-w.Days), Zone: paris}
			sameNumber(t, name+" of the last days", w.Value, raw(last)[k.ID])
			sameNumber(t, name+" of the days before", w.Before, raw(before)[k.ID])
			now, then := raw(last)[k.ID], raw(before)[k.ID]
			sameNumber(t, name+", change", w.Change(), report.Number{Value: now.Value - then.Value, OK: now.OK && then.OK, N: now.N})
		}
		if !slices.Equal(spans, []int{30, 60, 90}) {
			t.Errorf("%s has trends of %v days", name, spans)
		}
		for _, pt := range k.Points {
			if k.ID == report.KPIPerAuthor && pt.Period != p { // authors of many days cannot be added up
				continue
			}
			sameNumber(t, name+" on "+string(pt.From), pt.Number, raw(pt.Period)[k.ID])
		}
	}
}

// causeOf finds out from the raw events why a promise was broken: the first
// reason that fits, in the order of report.Causes.
func (r *rawRows) causeOf(t *testing.T, id string, cy sla.Cycle) report.Cause {
	due, noticed := cy.Breach.At.UnixMilli(), cy.Breach.NoticedAt.UnixMilli()
	owner := ""
	var reclassified, answered, handedUp, cameBack bool
	for _, e := range r.events[id] {
		var data ticket.EventData
		if err := json.Unmarshal([]byte(e["data"].(string)), &data); err != nil {
			t.Fatal(err)
		}
		at := e["at"].(int64)
		switch kind := e["kind"]; {
		case kind == "priority_changed" || kind == "tier_changed":
			reclassified = reclassified || at == noticed && at >= due
		case at > due:
		case kind == "assigned":
			owner = data.To
		case kind == "staff_replied":
			answered = true
		case kind == "state_changed":
			cameBack = cameBack || data.To == "reopened"
		case kind == "level_changed":
			handedUp = handedUp || !data.Automatic && levels[data.To] > levels[data.From]
		}
	}
	switch {
	case reclassified:
		return report.CauseReclassified
	case owner == "":
		return report.CauseUnassigned
	case handedUp:
		return report.CauseEscalated
	case cameBack:
		return report.CauseReopened
	case answered && cy.Target == sla.Resolution:
		return report.CauseWork
	}
	return report.CauseNoReply
}

var levels = map[string]int{"L1": 1, "L2": 2, "L3": 3, "management": 4}

// checkCauses holds the cause of every broken promise against the events, and
// the report's list of causes against their number.
func (r *rawRows) checkCauses(t *testing.T, s *report.Service, p report.Period) {
	support, err := s.Support(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	month, err := s.SLA(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	type broken struct {
		Ticket, Target, Tier, Priority string
		Cycle                          int
		Cause                          report.Cause
		LateBy                         int64 // seconds
	}
	var want, got []broken
	causes := map[report.Cause]int{}
	for id, state := range r.states {
		for _, cy := range state.Cycles {
			if cy.Breach == nil || cy.Kind != sla.Contractual || !in(p, cy.Breach.At.UnixMilli()) {
				continue
			}
			b := broken{id, string(cy.Target), cy.Breach.Tier, string(cy.Breach.Priority), cy.Number, r.causeOf(t, id, cy), 0}
			if !cy.Ended.IsZero() {
				b.LateBy = max(0, int64((cy.Elapsed - cy.Figure).Seconds()))
			}
			causes[b.Cause]++
			want = append(want, b)
		}
	}
	for _, b := range month.Breaches {
		got = append(got, broken{b.Ticket, b.Target, b.Tier, b.Priority, b.Cycle, b.Cause, b.LateBy})
	}
	order := cmpopts.SortSlices(func(a, b broken) bool {
		return a.Ticket < b.Ticket || a.Ticket == b.Ticket && (a.Target < b.Target || a.Target == b.Target && a.Cycle < b.Cycle)
	})
	if diff := cmp.Diff(want, got, order, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("broken promises (-raw +report):\n%s", diff)
	}
	if diff := cmp.Diff(causes, support.Causes, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("causes (-raw +report):\n%s", diff)
	}
	listed := map[report.Cause]int{}
	before := len(want)
	for _, c := range month.Causes {
		listed[c.Cause] = c.N
		rateAs(t, string(c.Cause), c.Share, causes[c.Cause], len(want))
		if c.N > before {
			t.Errorf("%s with %d comes after %d", c.Cause, c.N, before)
		}
		before = c.N
	}
	if diff := cmp.Diff(causes, listed, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("causes of the month's report (-raw +report):\n%s", diff)
	}
	for cause, n := range causes {
		r.causes[cause] += n
	}
}

// checkEdits holds what the last edit of each article changed against the
// votes: Newcombe's tenth method, from the bounds of Wilson's equation.
func (r *rawRows) checkEdits(t *testing.T, s *report.Service, p report.Period) {
	got, err := s.Articles(t.Context(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range got.Articles {
		yes, all, last := map[int64]float64{}, map[int64]float64{}, []int64{}
		for _, v := range r.votes {
			if v["lang"] != a.Lang || v["article"] != a.Article || v["at"].(int64) >= p.End().UnixMilli() {
				continue
			}
			revision := v["revision"].(int64)
			if all[revision] == 0 {
				last = append(last, revision)
			}
			all[revision]++
			yes[revision] += float64(v["helpful"].(int64))
		}
		slices.Sort(last)
		if len(last) < 2 {
			if a.Edit.OK || a.MadeWorse() {
				t.Errorf("%v has votes on %v and an edit of %+v", a.ArticleKey, last, a.Edit)
			}
			continue
		}
		was, is := last[len(last)-2], last[len(last)-1]
		p1, l1, u1 := bounds(yes[is], all[is])
		p2, l2, u2 := bounds(yes[was], all[was])
		want := report.Difference{
			OK: true, Value: p1 - p2, Low: p1 - p2 - math.Sqrt((p1-l1)*(p1-l1)+(u2-p2)*(u2-p2)), High: p1 - p2 + math.Sqrt((u1-p1)*(u1-p1)+(p2-l2)*(p2-l2)),
		}
		if diff := cmp.Diff(want, a.Edit, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
			t.Errorf("%v, revision %d after %d (-raw +report):\n%s", a.ArticleKey, is, was, diff)
		}
		if worse := want.High < 0; a.MadeWorse() != worse {
			t.Errorf("%v: made worse is %v, raw %v of %+v", a.ArticleKey, a.MadeWorse(), worse, want)
		}
		r.edits++
		if want.High < 0 {
			r.worse++
		}
	}
}

// bounds are a share and where it stands at 1.96 standard errors from what was
// seen: the two roots of (seen - x)² n = z² x (1 - x), found by halving.
func bounds(k, n float64) (p, low, high float64) {
	const z = 1.959963984540054
	p = k / n
	near := func(x float64) bool { return (p-x)*(p-x)*n <= z*z*x*(1-x) }
	root := func(inside, outside float64) float64 {
		for range 100 {
			if mid := (inside + outside) / 2; near(mid) {
				inside = mid
			} else {
				outside = mid
			}
		}
		return inside
	}
	low, high = p, p
	if p > 0 {
		low = root(p, 0)
	}
	if p < 1 {
		high = root(p, 1)
	}
	return p, low, high
}

// trouble adds to a small year what it may lack: promises broken for each
// cause, and an edit that surely made an article worse.
func trouble(t *testing.T, y *demo.Year) {
	taken := map[string]bool{}
	for _, c := range y.Credits {
		taken[c.Ticket] = true
	}
	staff, agent := y.Staff[0].ID, ticket.Actor{Kind: ticket.ByStaff, ID: y.Staff[0].ID}
	owned := func(after time.Duration) ticket.Event { return event(ticket.Assigned, agent, after, "", staff) }
	lives := [][]ticket.Event{
		{owned(time.Minute), event(ticket.LevelChanged, agent, 5*time.Minute, "L1", "L3")},                               // escalated
		{owned(time.Minute), event(ticket.LevelChanged, ticket.Actor{Kind: ticket.BySystem}, 5*time.Minute, "L1", "L3")}, // by a timer: that explains nothing
		{owned(time.Minute), event(ticket.LevelChanged, agent, 5*time.Minute, "L3", "L1")},                               // handed back
		{owned(time.Minute), event(ticket.StaffReplied, agent, 10*time.Minute, "", "")},                                  // long work
		{owned(time.Minute), owned(2 * time.Minute), event(ticket.Assigned, agent, 3*time.Minute, staff, "")},            // given away
		{event(ticket.PriorityChanged, agent, 3*time.Hour, "P3", "P1"), owned(4 * time.Hour)},                            // raised too late
		{event(ticket.PriorityChanged, agent, 0, "P3", "P2"), owned(21 * 24 * time.Hour)},                                // raised in time
	}
	for _, tk := range y.Tickets {
		created := tk.Log[0]
		if len(lives) == 0 {
			break
		}
		if taken[tk.ID] || created.Data.Tier != ticket.Standard || created.Data.Priority != ticket.P3 {
			continue
		}
		tk.Log, tk.Survey, tk.Work, tk.Escalations = tk.Log[:1], nil, nil, nil
		tk.State, tk.Level, tk.Ending, tk.ResolvedAt, tk.ClosedAt = ticket.New, ticket.L1, "", time.Time{}, time.Time{}
		for _, e := range lives[0] {
			e.Seq, e.At = int64(len(tk.Log))+1, created.At.Add(time.Duration(e.Seq))
			tk.Log = append(tk.Log, e)
			if e.Kind == ticket.PriorityChanged {
				tk.Priority = ticket.Priority(e.Data.To)
			}
		}
		tk.Version = int64(len(tk.Log))
		lives = lives[1:]
	}
	if len(lives) > 0 {
		t.Fatalf("the year has %d tickets too few to break promises on", len(lives))
	}
	for i := range 120 {
		v := deflect.Vote{Lang: "fr", Article: y.Votes[0].Article, Revision: 7 + i%2, Voter: fmt.Sprintf("voter %d", i), Helpful: i%2 == 0 || i%6 == 1}
		y.Votes = append(y.Votes, demo.Vote{Vote: v, At: y.Until.AddDate(0, 0, -60).Add(time.Duration(i) * time.Hour)})
	}
}

// event is one that comes some time after its ticket; Seq holds how long.
func event(kind ticket.EventKind, by ticket.Actor, after time.Duration, from, to string) ticket.Event {
	return ticket.Event{Seq: int64(after), Kind: kind, Actor: by, Data: ticket.EventData{From: from, To: to}}
}
