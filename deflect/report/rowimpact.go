package report

import (
	"cmp"
	"context"
	"slices"
)

// The rows behind what broken promises mean for the customers: the tickets, the
// companies and the credits of a period (D-25).

// brokenRow is a ticket with the promises on it that were broken in a period.
type brokenRow struct {
	BrokenTicket
	broken int
}

// open says whether the ticket is not solved yet.
func (t BrokenTicket) open() bool { return t.Facts.Solved == nil }

func readBroken(ctx context.Context, r RowReader, q RowQuery) ([]brokenRow, error) {
	all, err := r.BrokenTickets(ctx, q.Period.From, q.Period.To)
	var rows []brokenRow
	for _, t := range all {
		if n := len(t.brokenIn(q.Period)); n > 0 {
			rows = append(rows, brokenRow{t, n})
		}
	}
	slices.SortStableFunc(rows, func(a, b brokenRow) int { return b.Received.Compare(a.Received) })
	return rows, err
}

var brokenTickets = whole[brokenRow]{
	cols: []string{"received", "ticket", "company", "monthly_eur", "state", "broken"}, read: readBroken,
	field: map[string]func(brokenRow) int{
		"broken_tickets": func(brokenRow) int { return 1 }, "broken_open": func(t brokenRow) int { return one(t.open()) },
	},
	show: func(t brokenRow) []any {
		return []any{t.Received, Ref{"ticket", t.ID, t.Number}, t.Customer, euros(t.MRRCents), t.State, t.broken}
	},
}

// brokenCustomer is a company with broken promises.
type brokenCustomer struct {
	name            string
	mrr             int64 // euro cents a month, today
	tickets, broken int
}

// brokenCustomers lists the companies, those that pay most first.
var brokenCustomers = whole[brokenCustomer]{
	cols: []string{"company", "monthly_eur", "tickets", "broken"}, field: each[brokenCustomer]("customers"),
	read: func(ctx context.Context, r RowReader, q RowQuery) ([]brokenCustomer, error) {
		tickets, err := readBroken(ctx, r, q)
		at := map[string]int{}
		var all []brokenCustomer
		for _, t := range tickets {
			if t.CustomerID == "" {
				continue
			}
			i, known := at[t.CustomerID]
			if !known {
				i = len(all)
				at[t.CustomerID] = i
				all = append(all, brokenCustomer{name: t.Customer, mrr: t.MRRCents})
			}
			all[i].tickets++
			all[i].broken += t.broken
		}
		slices.SortStableFunc(all, func(a, b brokenCustomer) int { return cmp.Or(cmp.Compare(b.mrr, a.mrr), cmp.Compare(a.name, b.name)) })
		return all, err
	},
	show: func(c brokenCustomer) []any { return []any{c.name, euros(c.mrr), c.tickets, c.broken} },
}

var creditRows = whole[CreditRow]{
	cols: []string{"at", "ticket", "company", "target", "credit", "share_percent", "applied_percent", "monthly_eur", "at_most_eur", "granted_eur"},
	field: map[string]func(CreditRow) int{
		"credits": func(CreditRow) int { return 1 }, "applied": func(c CreditRow) int { return one(c.applied()) },
	},
	read: func(ctx context.Context, r RowReader, q RowQuery) ([]CreditRow, error) {
		all, err := r.CreditsOf(ctx, q.Period.Start(), q.Period.End())
		slices.Reverse(all)
		return all, err
	},
	show: func(c CreditRow) []any {
		return []any{
			c.At, Ref{"ticket", c.Ticket, c.Number}, c.Company, c.Target, c.State, float64(c.Share) / 100, float64(c.Applied) / 100, euros(c.MRRCents),
			euros(c.atMostCents()), euros(c.grantedCents()),
		}
	},
}

// euros is an amount of cents in euros.
func euros(cents int64) float64 { return float64(cents) / 100 }
