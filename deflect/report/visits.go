package report

import (
	"context"
	"time"
)

// SelfServeWindow is how long after a visit began a ticket of the same browser
// still counts as written after it (D-31's window).
const SelfServeWindow = 72 * time.Hour

// VisitRow is a visit to the help centre by a browser that accepts the
// measurement cookie.
type VisitRow struct {
	Lang      string
	StartedAt time.Time
	Searches  int
	Articles  int    // pages read
	Visitor   string // "" once it was forgotten (D-36)
	Reads     []Read
	Tickets   []time.Time // of the same browser, received from the start to SelfServeWindow later
	Followed  bool        // what Tickets said when the visitor was forgotten
}

// sought says whether the person looked for something: searched or read.
func (v VisitRow) sought() bool { return v.Searches > 0 || v.Articles > 0 }

// Read is an article read in a visit.
type Read struct {
	Lang, Article string
	At            time.Time // the first time
	Followed      bool      // see VisitRow.Followed
}

// followedBy says whether a ticket of the visit's browser came within the
// window after an article was read.
func (v VisitRow) followedBy(r Read) bool { return r.Followed || v.ticketAfter(r.At) }

// ticketAfter says whether one of the visit's tickets came at or after t,
// within the window.
func (v VisitRow) ticketAfter(t time.Time) bool {
	for _, at := range v.Tickets {
		if !at.Before(t) && at.Sub(t) <= SelfServeWindow {
			return true
		}
	}
	return false
}

// VisitCounts count visits.
type VisitCounts struct {
	Visits   int `json:"visits,omitempty"`
	Sought   int `json:"sought,omitempty"`   // searched or read something
	NoTicket int `json:"noTicket,omitempty"` // of Sought, no ticket of that browser within SelfServeWindow
}

func (c *VisitCounts) delta() int { return 0 }

func (c *VisitCounts) add(o VisitCounts) {
	c.Visits += o.Visits
	c.Sought += o.Sought
	c.NoTicket += o.NoTicket
}

func countVisit(v VisitRow) VisitCounts {
	return VisitCounts{Visits: 1, Sought: one(v.sought()), NoTicket: one(v.sought() && !v.Followed && !v.ticketAfter(v.StartedAt))}
}

// VisitCells counts a day's visits; a visit belongs to the day it began.
func VisitCells(rows []VisitRow) (Cells, error) { return cellsOf(rows, visitParts) }

func visitParts(v VisitRow) []part[VisitCounts] {
	return cut(countVisit(v), Cell{All, ""}, Cell{ByLang, v.Lang})
}

// VisitSummary is what visits say about self-service.
type VisitSummary struct {
	VisitCounts
	Authors    int    `json:"authors"`    // people who wrote a ticket in the period
	SelfRatio  Number `json:"selfRatio"`  // visits per ticket author (D-32)
	UpperBound Rate   `json:"upperBound"` // of the visits that searched or read, those without a ticket: an upper bound of what reading solved, for silence is no success
}

func (s *Service) visits(ctx context.Context, p Period) (VisitSummary, error) {
	all, err := load[VisitCounts](ctx, s.Store, SubjectVisits, All, p)
	if err != nil {
		return VisitSummary{}, err
	}
	v := VisitSummary{VisitCounts: sum(all, p, "")}
	if v.Authors, err = s.Store.TicketAuthors(ctx, p.From, p.To); err != nil {
		return v, err
	}
	v.SelfRatio = ratio(float64(v.Visits), float64(v.Authors), v.Authors)
	v.UpperBound = RateOf(v.NoTicket, v.Sought)
	return v, nil
}
