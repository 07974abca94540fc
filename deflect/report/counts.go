// Package report is the numbers that support sees: counts of attempts and
// votes, rates with their intervals beside their targets.
package report

import (
	"time"

	"github.com/vmcloud/ricochet/deflect"
)

// CategoryCounts counts the attempts of one category in a period. Attempts
// that do not count for the rates are in Repeats alone (D-29).
type CategoryCounts struct {
	Category  string // "" is "unknown" (D-30)
	Attempts  int    // counted ones: the sum of the outcomes and Pending
	Eligible  int    // of them, those that could see suggestions: not held out (D-32)
	Shown     int    // of those, the ones for which there were any
	Confirmed int
	Assumed   int
	Abandoned int
	Tickets   int
	Pending   int // not decided yet
	Revoked   int // of Confirmed and Assumed, those taken back (D-31)
	Repeats   int // later attempts of the same unit, kept and marked
}

// Add sums two rows.
func (c CategoryCounts) Add(o CategoryCounts) CategoryCounts {
	c.Attempts += o.Attempts
	c.Eligible += o.Eligible
	c.Shown += o.Shown
	c.Confirmed += o.Confirmed
	c.Assumed += o.Assumed
	c.Abandoned += o.Abandoned
	c.Tickets += o.Tickets
	c.Pending += o.Pending
	c.Revoked += o.Revoked
	c.Repeats += o.Repeats
	return c
}

// Deflection is the row of a category with its rates: of the attempts that
// could see suggestions (D-32), revoked claims not taken off but shown beside.
type Deflection struct {
	CategoryCounts
	Target        float64 // D-33
	ConfirmedRate deflect.Interval
	AssumedRate   deflect.Interval
}

// Deflections makes the report's rows, one a category and their sum last.
func Deflections(counts []CategoryCounts) (rows []Deflection, total Deflection) {
	var sum CategoryCounts
	for _, c := range counts {
		rows = append(rows, rates(c))
		sum = sum.Add(c)
	}
	total = rates(sum)
	total.Target = deflect.Targets[""]
	return rows, total
}

func rates(c CategoryCounts) Deflection {
	d := Deflection{CategoryCounts: c}
	if c.Category != "" {
		d.Target = deflect.Targets[c.Category]
	}
	d.ConfirmedRate = deflect.Wilson(c.Confirmed, c.Eligible)
	d.AssumedRate = deflect.Wilson(c.Assumed, c.Eligible)
	return d
}

// HelpfulCounts are the votes on one revision of an article (D-34).
type HelpfulCounts struct {
	Lang, Article string
	Revision      int
	Yes, No       int
	LastAt        time.Time
}

// Rate is the helpful rate with Wilson's interval.
func (h HelpfulCounts) Rate() deflect.Interval { return deflect.Wilson(h.Yes, h.Yes+h.No) }

// SearchCount is a query with how often it was asked.
type SearchCount struct {
	Lang  string
	Query string
	N     int
}
