package report

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// SLABreach is a broken promise as the monthly report lists it.
type SLABreach struct {
	Ticket   string `json:"ticket"`
	Number   string `json:"number"`
	State    string `json:"state"`
	Customer string `json:"customer"` // company, ""
	MRRCents int64  `json:"mrrCents"`
	Verdict
	Note RootCause `json:"note"` // what a person found out, when somebody has
}

// RootCause is a person's note on why a promise was broken.
type RootCause struct {
	Cause   string   `json:"cause"`
	Impact  string   `json:"impact"`
	Actions []string `json:"actions"` // corrective actions
}

// Corrective is an action for a cause: those of the notes, else the house's
// standing advice, a text key sla.action.CAUSE.
type Corrective struct {
	Cause   Cause    `json:"cause"`
	N       int      `json:"n"` // breaches of this cause
	Share   Rate     `json:"share"`
	Advice  string   `json:"advice"`  // text key
	Actions []string `json:"actions"` // from the notes
}

// Impact is what the broken promises mean for the customers.
type Impact struct {
	Customers int   `json:"customers"` // companies with at least one
	Tickets   int   `json:"tickets"`   // tickets with at least one
	Open      int   `json:"open"`      // of them, still unsolved
	MRRCents  int64 `json:"mrrCents"`  // the monthly revenue of those companies
	Credits   int   `json:"credits"`   // for broken promises of the period (D-25)
	Applied   int   `json:"applied"`   // of them, already granted
	// AtMost is what the credits come to without the month's cap, and Granted
	// what was applied, in euro cents of today's monthly revenue.
	AtMostCents  int64 `json:"atMostCents"`
	GrantedCents int64 `json:"grantedCents"`
}

// CreditRow is a credit for a broken promise (D-25); shares are hundredths of a
// percent of the month.
type CreditRow struct {
	At             time.Time // of the breach
	Ticket, Number string
	Company        string // "" when the person belongs to none
	Target         string
	State          string
	Share          int
	Applied        int
	MRRCents       int64
}

func (c CreditRow) applied() bool       { return c.State == "applied" }
func (c CreditRow) atMostCents() int64  { return c.MRRCents * int64(c.Share) / 10_000 }
func (c CreditRow) grantedCents() int64 { return c.MRRCents * int64(c.Applied) / 10_000 }

// credits adds up what broken promises cost.
func (i *Impact) credits(rows []CreditRow) {
	for _, c := range rows {
		i.Credits++
		i.Applied += one(c.applied())
		i.AtMostCents += c.atMostCents()
		i.GrantedCents += c.grantedCents()
	}
}

// TopBreaches is how many of the worst the report names.
const TopBreaches = 5

// SLAReport is the month's report on promises: how they were kept, why some
// were not, the worst five, what is done about it and what it means for
// customers.
type SLAReport struct {
	Period     Period         `json:"period"`
	Total      Compliance     `json:"total"`
	Before     Compliance     `json:"before"` // the same number of days before
	Tiers      []Compliance   `json:"tiers"`
	Priorities []Compliance   `json:"priorities"`
	Cells      []Compliance   `json:"cells"`
	Goal       Goal           `json:"goal"`
	Breaches   []SLABreach    `json:"breaches"` // all of the period, by due date
	Top        []SLABreach    `json:"top"`      // the worst: by priority, then by lateness
	Causes     []Corrective   `json:"causes"`   // most frequent first
	Impact     Impact         `json:"impact"`
	ByTarget   map[string]int `json:"byTarget"`
}

// SLA makes the report on promises of a period, usually a month.
func (s *Service) SLA(ctx context.Context, p Period) (SLAReport, error) {
	r := SLAReport{Period: p, Goal: s.Config.Goals[KPICompliance], ByTarget: map[string]int{}}
	var (
		all     daily[TicketCounts]
		broken  []BrokenTicket
		credits []CreditRow
	)
	err := together(
		loading(ctx, s.Store, SubjectTickets, All, Period{From: p.Before().From, To: p.To, Zone: p.Zone}, &all),
		func() (err error) { r.Tiers, r.Priorities, r.Cells, err = s.promises(ctx, p); return err },
		func() (err error) { broken, err = s.Store.BrokenTickets(ctx, p.From, p.To); return err },
		func() (err error) { credits, err = s.Store.CreditsOf(ctx, p.Start(), p.End()); return err },
	)
	if err != nil {
		return r, err
	}
	r.Total = compliance(map[string]TicketCounts{"": sum(all, p, "")})[0]
	r.Before = compliance(map[string]TicketCounts{"": sum(all, p.Before(), "")})[0]
	r.list(broken)
	r.correct()
	r.Impact.credits(credits)
	return r, nil
}

// list takes in the tickets with broken promises.
func (r *SLAReport) list(broken []BrokenTicket) {
	companies := map[string]int64{}
	for _, t := range broken {
		found := t.brokenIn(r.Period)
		if len(found) == 0 {
			continue
		}
		r.Impact.Tickets++
		r.Impact.Open += one(t.open())
		if t.CustomerID != "" {
			companies[t.CustomerID] = t.MRRCents
		}
		for _, v := range found {
			r.ByTarget[v.Target]++
			r.Breaches = append(r.Breaches, SLABreach{
				Ticket: t.ID, Number: t.Number, State: t.State, Customer: t.Customer, MRRCents: t.MRRCents, Verdict: v, Note: t.Note,
			})
		}
	}
	r.Impact.Customers = len(companies)
	for _, mrr := range companies {
		r.Impact.MRRCents += mrr
	}
	slices.SortFunc(r.Breaches, func(a, b SLABreach) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Ticket, b.Ticket), cmp.Compare(a.Target, b.Target), cmp.Compare(a.Cycle, b.Cycle))
	})
	r.Top = slices.Clone(r.Breaches)
	slices.SortStableFunc(r.Top, func(a, b SLABreach) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(b.LateBy, a.LateBy), cmp.Compare(b.MRRCents, a.MRRCents))
	})
	r.Top = r.Top[:min(len(r.Top), TopBreaches)]
}

// correct counts the causes and gathers what is done about them.
func (r *SLAReport) correct() {
	byCause := map[Cause]*Corrective{}
	for _, b := range r.Breaches {
		c := byCause[b.Cause]
		if c == nil {
			c = &Corrective{Cause: b.Cause, Advice: "sla.action." + string(b.Cause)}
			byCause[b.Cause] = c
		}
		c.N++
		for _, a := range b.Note.Actions {
			if !slices.Contains(c.Actions, a) {
				c.Actions = append(c.Actions, a)
			}
		}
	}
	for _, cause := range Causes {
		if c := byCause[cause]; c != nil {
			c.Share = RateOf(c.N, len(r.Breaches))
			r.Causes = append(r.Causes, *c)
		}
	}
	slices.SortStableFunc(r.Causes, func(a, b Corrective) int { return cmp.Compare(b.N, a.N) })
}
