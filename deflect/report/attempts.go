package report

import (
	"context"
	"slices"

	"github.com/vmcloud/ricochet/deflect"
)

// AttemptRow is an attempt with what its ledger and its ticket add.
type AttemptRow struct {
	deflect.Attempt
	Tier string // of the person, when an earlier ticket of theirs tells it; "" when the browser was new to us

	Suggested []string // distinct articles that were shown
	Read      []string // distinct articles that were opened in place
}

// AttemptCounts count attempts (D-29, D-30). All but Repeats are of counted
// attempts; Confirmed, Assumed, Abandoned, Tickets and Pending add up to
// Attempts.
type AttemptCounts struct {
	Attempts  int `json:"attempts,omitempty"`
	Held      int `json:"held,omitempty"`      // of them, in the hold-out (D-32)
	Shown     int `json:"shown,omitempty"`     // saw at least one suggestion
	Opened    int `json:"opened,omitempty"`    // opened one
	Dwelt     int `json:"dwelt,omitempty"`     // for at least deflect.MinDwell
	Confirmed int `json:"confirmed,omitempty"` // said that an article answered
	Assumed   int `json:"assumed,omitempty"`   // read and left (D-30)
	Abandoned int `json:"abandoned,omitempty"`
	Tickets   int `json:"tickets,omitempty"`
	Pending   int `json:"pending,omitempty"` // not decided yet
	Revoked   int `json:"revoked,omitempty"` // of Confirmed and Assumed, taken back (D-31)
	Repeats   int `json:"repeats,omitempty"` // later attempts of the same unit, kept and marked (D-29)
}

func (c *AttemptCounts) delta() int { return 0 }

func (c *AttemptCounts) add(o AttemptCounts) {
	c.Attempts += o.Attempts
	c.Held += o.Held
	c.Shown += o.Shown
	c.Opened += o.Opened
	c.Dwelt += o.Dwelt
	c.Confirmed += o.Confirmed
	c.Assumed += o.Assumed
	c.Abandoned += o.Abandoned
	c.Tickets += o.Tickets
	c.Pending += o.Pending
	c.Revoked += o.Revoked
	c.Repeats += o.Repeats
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

func countAttempt(a AttemptRow) AttemptCounts {
	if !a.Counted {
		return AttemptCounts{Repeats: 1}
	}
	return AttemptCounts{
		Attempts: 1, Held: one(a.HeldOut()), Shown: one(a.Shown), Opened: one(a.Opened != ""),
		Dwelt:     one(a.Opened != "" && a.Dwell >= deflect.MinDwell),
		Confirmed: one(a.Outcome == deflect.Confirmed), Assumed: one(a.Outcome == deflect.Assumed),
		Abandoned: one(a.Outcome == deflect.Abandoned), Tickets: one(a.Outcome == deflect.Ticketed),
		Pending: one(a.Outcome == deflect.Pending),
		Revoked: one(!a.RevokedAt.IsZero() && (a.Outcome == deflect.Confirmed || a.Outcome == deflect.Assumed)),
	}
}

// AttemptCells counts a day's attempts; an attempt belongs to the day it
// began.
func AttemptCells(rows []AttemptRow) (Cells, error) { return cellsOf(rows, attemptParts) }

func attemptParts(a AttemptRow) []part[AttemptCounts] {
	return cut(countAttempt(a), Cell{All, ""}, Cell{ByCategory, a.Category}, Cell{ByLang, a.Lang}, Cell{ByTier, a.Tier}, Cell{ByRoute, a.Route})
}

// Deflected is a row of the deflection report: counts, rates and the target
// they are measured against.
type Deflected struct {
	Value string `json:"value"` // of the dimension; "" is "unknown" (D-30), or all together
	AttemptCounts
	Target        float64 `json:"target"`   // D-33; 0 when there is none
	CouldSee      int     `json:"couldSee"` // attempts that could see suggestions: not held out (D-32)
	ConfirmedRate Rate    `json:"confirmedRate"`
	AssumedRate   Rate    `json:"assumedRate"`
	AbandonedRate Rate    `json:"abandonedRate"` // of all counted attempts
	TicketRate    Rate    `json:"ticketRate"`    // of all counted attempts
	RevokedRate   Rate    `json:"revokedRate"`   // of the claims, confirmed and assumed
}

// Met says whether the confirmed rate alone reaches the target: what is only
// assumed is no success (D-30, D-32).
func (d Deflected) Met() bool {
	return d.Target > 0 && d.ConfirmedRate.OK && d.ConfirmedRate.Value >= d.Target
}

func deflected(value string, c AttemptCounts, target float64) Deflected {
	could := c.Attempts - c.Held
	return Deflected{
		Value: value, AttemptCounts: c, Target: target, CouldSee: could,
		ConfirmedRate: RateOf(c.Confirmed, could), AssumedRate: RateOf(c.Assumed, could), AbandonedRate: RateOf(c.Abandoned, c.Attempts),
		TicketRate: RateOf(c.Tickets, c.Attempts), RevokedRate: RateOf(c.Revoked, c.Confirmed+c.Assumed),
	}
}

// FunnelStep is a stage of the contact form: how many attempts came this far.
type FunnelStep struct {
	Name string `json:"name"` // wrote, could_see, shown, opened, dwelt, claimed, ticket
	N    int    `json:"n"`
	Of   Rate   `json:"of"` // of the attempts that wrote something
}

func funnel(c AttemptCounts) []FunnelStep {
	steps := []FunnelStep{
		{Name: "wrote", N: c.Attempts}, {Name: "could_see", N: c.Attempts - c.Held}, {Name: "shown", N: c.Shown},
		{Name: "opened", N: c.Opened}, {Name: "dwelt", N: c.Dwelt}, {Name: "claimed", N: c.Confirmed + c.Assumed},
		{Name: "ticket", N: c.Tickets},
	}
	for i := range steps {
		steps[i].Of = RateOf(steps[i].N, c.Attempts)
	}
	return steps
}

// DeflectionStep is a point of the curve over time.
type DeflectionStep struct {
	Period
	Deflected
}

// DeflectionReport is the deflection of a period (D-32): every rate with its
// counts, none merged with another.
type DeflectionReport struct {
	Period     Period           `json:"period"`
	Total      Deflected        `json:"total"`
	Before     Deflected        `json:"before"` // the same number of days before
	Categories []Deflected      `json:"categories"`
	Langs      []Deflected      `json:"langs"`
	Tiers      []Deflected      `json:"tiers"`
	Routes     []Deflected      `json:"routes"`
	Articles   []ArticleDeflect `json:"articles"`
	Funnel     []FunnelStep     `json:"funnel"`
	Steps      []DeflectionStep `json:"steps"` // the period cut into days, weeks or months
	Visits     VisitSummary     `json:"visits"`
}

// ArticleDeflect is what suggesting one article came to.
type ArticleDeflect struct {
	ArticleKey
	ArticleCounts
	OpenRate    Rate `json:"openRate"`    // opened, of suggested
	ConfirmRate Rate `json:"confirmRate"` // confirmed, of opened
	TicketRate  Rate `json:"ticketRate"`  // became a ticket although opened
}

// categoryOrder is the order of D-33's targets, unknown last.
var categoryOrder = []string{"billing", "how-to", "account", "technical", ""}

// Deflection makes the deflection report of a period.
func (s *Service) Deflection(ctx context.Context, p Period) (DeflectionReport, error) {
	r := DeflectionReport{Period: p}
	both := Period{From: p.Before().From, To: p.To, Zone: p.Zone}
	all, err := load[AttemptCounts](ctx, s.Store, SubjectAttempts, All, both)
	if err != nil {
		return r, err
	}
	total := sum(all, p, "")
	r.Total, r.Before = deflected("", total, deflect.Targets[""]), deflected("", sum(all, p.Before(), ""), deflect.Targets[""])
	r.Funnel = funnel(total)
	for _, step := range p.steps() {
		r.Steps = append(r.Steps, DeflectionStep{step, deflected("", sum(all, step, ""), deflect.Targets[""])})
	}
	for _, cut := range []struct {
		dim  string
		rows *[]Deflected
	}{{ByCategory, &r.Categories}, {ByLang, &r.Langs}, {ByTier, &r.Tiers}, {ByRoute, &r.Routes}} {
		cells, err := load[AttemptCounts](ctx, s.Store, SubjectAttempts, cut.dim, p)
		if err != nil {
			return r, err
		}
		*cut.rows = cutRows(cut.dim, byValue(cells, p))
	}
	counts, err := s.Store.ArticleCounts(ctx, p.From, p.To)
	if err != nil {
		return r, err
	}
	for _, c := range counts {
		if c.Suggested > 0 || c.Opened > 0 {
			r.Articles = append(r.Articles, ArticleDeflect{
				ArticleKey: c.ArticleKey, ArticleCounts: c.ArticleCounts, OpenRate: RateOf(c.Opened, c.Suggested),
				ConfirmRate: RateOf(c.Confirmed, c.Opened), TicketRate: RateOf(c.Ticketed, c.Opened),
			})
		}
	}
	r.Visits, err = s.visits(ctx, p)
	return r, err
}

// cutRows are the rows of a dimension: the categories of D-33 always, in their
// order, the values of other dimensions as they occur.
func cutRows(dim string, totals map[string]AttemptCounts) []Deflected {
	values := sortedKeys(totals)
	if dim == ByCategory {
		values = slices.Clone(categoryOrder)
		for _, v := range sortedKeys(totals) {
			if !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
	}
	var rows []Deflected
	for _, v := range values {
		target := 0.0
		if dim == ByCategory && v != "" {
			target = deflect.Targets[v]
		}
		rows = append(rows, deflected(v, totals[v], target))
	}
	return rows
}
