package deflect

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vmcloud/ricochet/internal/clock"
)

// RecorderStore keeps what a Recorder gathered. Implemented by store.
type RecorderStore interface {
	AddViews(ctx context.Context, day string, views []Views) error
	AddActivity(ctx context.Context, a Activity) error
}

// Recorder takes page views, visits and searches in memory and writes them
// twice a second, so that no reader waits for the database and a crash loses
// less than a second of them.
type Recorder struct {
	store RecorderStore
	clock clock.Clock
	zone  *time.Location
	log   *slog.Logger

	mu    sync.RWMutex
	views map[viewKey]*atomic.Int64

	visits visits
}

type viewKey struct{ lang, article string }

// recorderPeriod leaves half of a second for the write itself.
const recorderPeriod = 500 * time.Millisecond

// NewRecorder makes a Recorder; Run must be started for anything to be kept.
// zone is where its days begin, that of the reports.
func NewRecorder(s RecorderStore, c clock.Clock, zone *time.Location, l *slog.Logger) *Recorder {
	return &Recorder{store: s, clock: c, zone: zone, log: l, views: map[viewKey]*atomic.Int64{}, visits: visits{open: map[string]*visit{}}}
}

// View counts a page view. It costs a map look-up and an atomic add.
func (r *Recorder) View(lang, article string) {
	k := viewKey{lang, article}
	r.mu.RLock()
	n := r.views[k]
	r.mu.RUnlock()
	if n == nil {
		r.mu.Lock()
		if n = r.views[k]; n == nil {
			n = new(atomic.Int64)
			r.views[k] = n
		}
		r.mu.Unlock()
	}
	n.Add(1)
}

// Search takes a page of results for the log.
func (r *Recorder) Search(f Found) { r.visits.search(f, r.clock.Now()) }

// Read takes an article that a visitor with the cookie opened; query is the
// normalised search of the page that led there, "" when it was no search.
func (r *Recorder) Read(visitor, lang, article, query string) {
	if visitor != "" {
		r.visits.read(visitor, lang, article, query, r.clock.Now())
	}
}

// Run writes until ctx ends, and then what is left.
func (r *Recorder) Run(ctx context.Context) {
	t := time.NewTicker(recorderPeriod)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			r.Flush(last)
			return
		case <-t.C:
			r.Flush(ctx)
		}
	}
}

// Flush writes what was gathered. What cannot be written is kept for the next
// time.
func (r *Recorder) Flush(ctx context.Context) {
	// When the program ends in the middle, the last flush writes what was kept.
	if err := r.flushViews(ctx); err != nil && ctx.Err() == nil {
		r.log.Error("write page views", "err", err)
	}
	a, lost := r.visits.take()
	if lost > 0 {
		r.log.Error("visits and searches not logged: too many at once, or the database was away", "count", lost)
	}
	parts := a.parts(flushRows)
	for i, part := range parts {
		if err := r.store.AddActivity(ctx, part); err != nil {
			if ctx.Err() == nil {
				r.log.Error("write visits and searches", "err", err)
			}
			r.visits.giveBack(parts[i:]) // in their order: what follows belongs to what failed
			return
		}
	}
}

// flushRows bounds one transaction: a ticket may wait behind it.
const flushRows = 250

// parts cuts the activity into pieces of about n rows. Visits come before what
// belongs to them, searches before their clicks.
func (a Activity) parts(n int) []Activity {
	var list []Activity
	cut(a.Visits, n, func(part []VisitRow) { list = append(list, Activity{Visits: part}) })
	cut(a.Reads, n, func(part []Read) { list = append(list, Activity{Reads: part}) })
	cut(a.Searches, n, func(part []Search) { list = append(list, Activity{Searches: part}) })
	cut(a.Reformulated, n, func(part []string) { list = append(list, Activity{Reformulated: part}) })
	cut(a.Clicks, n, func(part []Click) { list = append(list, Activity{Clicks: part}) })
	return list
}

func cut[T any](all []T, n int, f func([]T)) {
	for part := range slices.Chunk(all, n) {
		f(part)
	}
}

func (r *Recorder) flushViews(ctx context.Context) error {
	var batch []Views
	r.mu.RLock()
	for k, n := range r.views {
		if v := n.Swap(0); v > 0 {
			batch = append(batch, Views{Lang: k.lang, Article: k.article, N: v})
		}
	}
	r.mu.RUnlock()
	if len(batch) == 0 {
		return nil
	}
	err := r.store.AddViews(ctx, r.clock.Now().In(r.zone).Format(time.DateOnly), batch)
	if err != nil {
		r.mu.RLock()
		defer r.mu.RUnlock()
		for _, v := range batch {
			r.views[viewKey{v.Lang, v.Article}].Add(v.N)
		}
	}
	return err
}
