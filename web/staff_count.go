package web

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/vmcloud/ricochet/deflect/ticket"
)

const (
	// countLimit is where counting stops: nobody reads a larger badge.
	countLimit = 1000
	// countBudget is how long one page may spend on counting; what is left
	// over keeps its last figure and comes first on the next page.
	countBudget = 10 * time.Millisecond
	// countRest is how many times as long as it took a count is kept.
	countRest = 200
	// maxCounts bounds the filters remembered.
	maxCounts = 1000
)

// count is how many tickets a filter finds.
type count struct {
	n     int
	at    time.Time
	until time.Time
	known bool
}

// text is the count for a badge: "" for none and while unknown, "999+" beyond.
func (c count) text() string {
	switch {
	case !c.known || c.n == 0:
		return ""
	case c.n >= countLimit:
		return strconv.Itoa(countLimit-1) + "+"
	}
	return strconv.Itoa(c.n)
}

// counts remembers what filters found.
type counts struct {
	mu    sync.Mutex
	known map[string]count
}

// countViews counts what filters find. A count that was expensive is kept for
// a while, and no page waits for more than countBudget.
func (s *Server) countViews(ctx context.Context, filters []ticket.Filter) ([]count, error) {
	now := s.opt.Clock.Now()
	out := make([]count, len(filters))
	order := make([]int, len(filters))
	s.counts.mu.Lock()
	for i, f := range filters {
		order[i], out[i] = i, s.counts.known[f.Encode()]
	}
	s.counts.mu.Unlock()
	slices.SortStableFunc(order, func(a, b int) int { return out[a].at.Compare(out[b].at) })
	began := now
	for _, i := range order {
		if out[i].known && now.Before(out[i].until) {
			continue
		}
		if now.Sub(began) > countBudget {
			break
		}
		n, err := s.opt.Support.Store.CountQueue(ctx, filters[i], countLimit)
		if err != nil {
			return nil, err
		}
		then := s.opt.Clock.Now()
		out[i] = count{n: n, at: then, until: then.Add(countRest * then.Sub(now)), known: true}
		now = then
		s.remember(filters[i].Encode(), out[i])
	}
	return out, nil
}

func (s *Server) remember(key string, c count) {
	s.counts.mu.Lock()
	defer s.counts.mu.Unlock()
	if s.counts.known == nil || len(s.counts.known) >= maxCounts {
		s.counts.known = map[string]count{}
	}
	s.counts.known[key] = c
}
