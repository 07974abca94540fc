package deflect

import (
	"math"
	"sort"
	"time"
)

// z80 is the 80 % quantile of the normal distribution: the chance with which
// a plan should succeed.
const z80 = 0.8416212335729143

// TicketWindow is how long after an attempt's start a ticket still counts
// against it in the experiment; younger attempts wait (D-32).
const TicketWindow = 72 * time.Hour

// PlanShares are the hold-out shares whose dates the settings page compares.
var PlanShares = []float64{.10, .20, .50}

// The reach of plans: what takes more than these is as good as never.
const (
	maxPlanAttempts = 1_000_000_000
	maxPlanDays     = 50 * 365
)

// Plan is an experiment to come.
type Plan struct {
	Base   float64 // tickets per attempt without suggestions, 0..1
	Effect float64 // causal rate assumed: 0.25 prevents a quarter of the tickets
	Share  float64 // hold-out share of the attempts to come, 0..1
}

// Attempts is how many attempts are still to come, after the ones in sofar,
// until the 95 % interval excludes "no effect" with 80 % probability if the
// plan's rates are true. ok is false when that cannot be: no hold-out or nobody
// outside it, no tickets to prevent, no effect, an effect that would make the
// ticket rate leave 0..1, or a billion attempts not being enough.
//
// The interval excludes a ratio of 1 exactly when the score test of equal rates
// rejects at 5 %, so the size is the textbook one of that test (J. L. Fleiss,
// Statistical Methods for Rates and Proportions, ch. 4, without continuity
// correction):
//
//	|p1 - p2| >= 1.96 sqrt(p q (1/n1 + 1/n2)) + 0.84 sqrt(p1 q1/n1 + p2 q2/n2)
//
// with p the pooled rate.
func (p Plan) Attempts(sofar Arms) (more int, ok bool) {
	treated := p.Base * (1 - p.Effect)
	possible := p.Base > 0 && p.Base <= 1 && treated >= 0 && treated <= 1 && p.Effect != 0 && p.Share > 0 && p.Share < 1
	if !possible {
		return 0, false
	}
	more = sort.Search(maxPlanAttempts+1, func(m int) bool {
		n1 := float64(sofar.Treated) + float64(m)*(1-p.Share)
		n2 := float64(sofar.Held) + float64(m)*p.Share
		return n1 > 0 && n2 > 0 && detectable(treated, p.Base, n1, n2)
	})
	return more, more <= maxPlanAttempts
}

// detectable says whether a score test of n1 and n2 attempts tells the rates
// apart with 80 % probability.
func detectable(p1, p2, n1, n2 float64) bool {
	p := (n1*p1 + n2*p2) / (n1 + n2)
	null := math.Sqrt(p * (1 - p) * (1/n1 + 1/n2))
	alternative := math.Sqrt(p1*(1-p1)/n1 + p2*(1-p2)/n2)
	return math.Abs(p1-p2) >= z95*null+z80*alternative
}

// KnownBy is when the plan's attempts will have come in at perDay attempts a
// day and each had its 72 h to become a ticket. ok is false when that is never,
// or more than 50 years away.
func (p Plan) KnownBy(sofar Arms, now time.Time, perDay float64) (at time.Time, ok bool) {
	more, ok := p.Attempts(sofar)
	if !ok {
		return time.Time{}, false
	}
	if more == 0 {
		return now, true // sofar holds only attempts that have waited
	}
	days := float64(more) / perDay
	if !(perDay > 0 && days <= maxPlanDays) {
		return time.Time{}, false
	}
	return now.Add(time.Duration(days*24*float64(time.Hour)) + TicketWindow), true
}
