package store_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/deflect/sla"
	"github.com/vmcloud/ricochet/deflect/ticket"
)

// tallied are the support figures of a period worked out from the logs.
type tallied struct {
	created, resolved, backlog, breaches, met          int
	firstTime, answered, solved, returned, firstSolved int
	escalated                                          int
	firstBusiness, firstCalendar                       []float64 // seconds
	solvedBusiness, solvedCalendar                     []float64
	agentDays                                          map[string]bool
	byStaff                                            int
	handled                                            []float64         // seconds
	authors                                            map[any]bool      // who wrote
	tiers                                              map[string][2]int // met, broken
}

// tally walks every log once, in the plainest way.
func (r *rawRows) tally(p report.Period) tallied {
	c := tallied{agentDays: map[string]bool{}, authors: map[any]bool{}, tiers: map[string][2]int{}}
	for _, row := range r.tickets {
		r.tallyTicket(&c, p, row)
	}
	return c
}

func (r *rawRows) tallyTicket(c *tallied, p report.Period, row map[string]any) {
	id := row["id"].(string)
	log, state := r.logs[id], r.states[id]
	has := func(at time.Time) bool { return in(p, at.UnixMilli()) }
	day := func(at time.Time) string { return at.In(paris).Format(time.DateOnly) }
	var replies, reopenings int
	var first, solvedAt time.Time
	var firstSolved time.Time
	owed, returned, escalated := true, false, false
	replied := 0 // when it was solved
	for _, e := range log {
		if day(e.At) <= string(p.To) {
			if e.Kind == ticket.StateChanged {
				owed = ticket.State(e.Data.To).Active()
			}
		}
		switch e.Kind {
		case ticket.StaffReplied:
			replies++
			if first.IsZero() {
				first = e.At
			}
			if has(e.At) {
				c.agentDays[e.Actor.ID+day(e.At)] = true
			}
		case ticket.LevelChanged:
			escalated = escalated || levels[e.Data.To] > levels[e.Data.From]
		case ticket.StateChanged:
			was, is := ticket.State(e.Data.From).Active(), ticket.State(e.Data.To).Active()
			if was && !is {
				solvedAt, replied = e.At, replies
				if firstSolved.IsZero() {
					firstSolved = e.At
				}
				if has(e.At) {
					c.resolved++
					if e.Actor.Kind == ticket.ByStaff {
						c.byStaff++
						c.agentDays[e.Actor.ID+day(e.At)] = true
					}
				}
			}
			if !was && is {
				returned, solvedAt = true, time.Time{}
				reopenings++
			}
		}
	}
	received := time.UnixMilli(row["received_at"].(int64))
	if day(received) <= string(p.To) && owed {
		c.backlog++
	}
	if has(received) {
		c.created++
		c.authors[row["person_id"]] = true
		if escalated {
			c.escalated++
		}
	}
	if !first.IsZero() && has(first) {
		cy, _ := state.Current(sla.FirstResponse)
		c.firstBusiness = append(c.firstBusiness, math.Floor(cy.Elapsed.Seconds()))
		c.firstCalendar = append(c.firstCalendar, math.Floor(first.Sub(received).Seconds()))
	}
	if !solvedAt.IsZero() && has(solvedAt) {
		c.solved++
		if minutes := r.minutes[id]; minutes > 0 {
			c.handled = append(c.handled, float64(minutes*60))
		}
		cy, _ := state.Current(sla.Resolution)
		c.solvedBusiness = append(c.solvedBusiness, math.Floor(cy.Elapsed.Seconds()))
		c.solvedCalendar = append(c.solvedCalendar, math.Floor(solvedAt.Sub(received).Seconds()))
		if replied > 0 {
			c.answered++
		}
		if replied == 1 && reopenings == 0 {
			c.firstTime++
		}
	}
	if !firstSolved.IsZero() && has(firstSolved) {
		c.firstSolved++
		if returned {
			c.returned++
		}
	}
	for _, cy := range state.Cycles {
		if cy.Kind != sla.Contractual {
			continue
		}
		tier := c.tiers[row["tier"].(string)]
		if cy.Breach != nil && has(cy.Breach.At) {
			c.breaches++
			tier[1]++
		}
		if cy.Breach == nil && cy.Status == sla.Met && has(cy.Ended) {
			c.met++
			tier[0]++
		}
		c.tiers[row["tier"].(string)] = tier
	}
}

func mean(all []float64) float64 {
	sum := 0.0
	for _, v := range all {
		sum += v
	}
	return sum / float64(len(all))
}

// quantile is the nearest rank.
func quantile(all []float64, q float64) float64 {
	slices.Sort(all)
	return all[int(math.Ceil(q*float64(len(all))))-1]
}

func (r *rawRows) checkSupport(t *testing.T, s *report.Service, p report.Period) {
	got, err := s.Support(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	c := r.tally(p)
	share := func(id report.KPIID, k, n int) {
		t.Helper()
		if v := got.KPI(id).Share; v.K != k || v.N != n || v.OK != (n > 0) {
			t.Errorf("%s: %+v, raw %d of %d", id, v, k, n)
		}
	}
	share(report.KPICompliance, c.met, c.met+c.breaches)
	share(report.KPIFirstContact, c.firstTime, c.answered)
	share(report.KPIReopened, c.returned, c.firstSolved)
	share(report.KPIEscalated, c.escalated, c.created)
	share(report.KPIAutomation, c.solved-c.answered, c.solved)
	for id, sample := range map[report.KPIID][]float64{
		report.KPIFirstBusiness: c.firstBusiness, report.KPIFirstCalendar: c.firstCalendar,
		report.KPISolvedBusiness: c.solvedBusiness, report.KPISolvedCalendar: c.solvedCalendar, report.KPIHandleTime: c.handled,
	} {
		if len(sample) == 0 {
			continue
		}
		if sp := got.KPI(id).Spread; sp.Median != quantile(sample, 0.5) || sp.P90 != quantile(sample, 0.9) || sp.N != len(sample) {
			t.Errorf("%s: %+v, raw median %v, p90 %v of %d", id, sp, quantile(sample, 0.5), quantile(sample, 0.9), len(sample))
		}
	}
	answers, satisfied, _, _ := r.opinions(p)
	share(report.KPICSAT, satisfied, answers)
	for _, tier := range got.Tiers {
		if want := c.tiers[tier.Value]; tier.All.K != want[0] || tier.Breached != want[1] {
			t.Errorf("tier %s: %+v, raw %v", tier.Value, tier, want)
		}
	}
	month, err := s.SLA(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if len(month.Breaches) != c.breaches || month.Total.Breached != c.breaches {
		t.Errorf("%d breaches listed, %d counted; raw %d", len(month.Breaches), month.Total.Breached, c.breaches)
	}
}
