package deflect

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vmcloud/ricochet/internal/clock"
)

// RecorderStore keeps what a Recorder gathered. Implemented by store.
type RecorderStore interface {
	AddViews(ctx context.Context, day string, views []Views) error
	AddSearches(ctx context.Context, batch []Search) error
}

// Recorder takes page views and searches in memory and writes them once a
// second, so that no reader waits for the database. A crash loses at most what
// came in since the last write.
type Recorder struct {
	store RecorderStore
	clock clock.Clock
	log   *slog.Logger

	mu    sync.RWMutex
	views map[viewKey]*atomic.Int64

	searchMu sync.Mutex
	searches []Search
	dropped  int
}

type viewKey struct{ lang, article string }

const (
	recorderPeriod = time.Second
	// maxWaiting bounds the memory of searches while the database is away.
	maxWaiting = 100_000
)

// NewRecorder makes a Recorder; Run must be started for anything to be kept.
func NewRecorder(s RecorderStore, c clock.Clock, l *slog.Logger) *Recorder {
	return &Recorder{store: s, clock: c, log: l, views: map[viewKey]*atomic.Int64{}}
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

// Search takes a search for the log; its id and instant are filled in.
func (r *Recorder) Search(s Search) {
	s.ID, s.At = NewID(), r.clock.Now()
	r.searchMu.Lock()
	defer r.searchMu.Unlock()
	if len(r.searches) >= maxWaiting {
		r.dropped++
		return
	}
	r.searches = append(r.searches, s)
}

// Run writes once a second until ctx ends, and then what is left.
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
	if err := r.flushViews(ctx); err != nil {
		r.log.Error("write page views", "err", err)
	}
	r.searchMu.Lock()
	batch, dropped := r.searches, r.dropped
	r.searches, r.dropped = nil, 0
	r.searchMu.Unlock()
	if dropped > 0 {
		r.log.Error("searches not logged: the database was away too long", "count", dropped)
	}
	if len(batch) == 0 {
		return
	}
	if err := r.store.AddSearches(ctx, batch); err != nil {
		r.log.Error("write search log", "err", err)
		r.searchMu.Lock()
		r.searches = append(batch, r.searches...)
		r.searchMu.Unlock()
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
	err := r.store.AddViews(ctx, r.clock.Now().Format(time.DateOnly), batch)
	if err != nil {
		r.mu.RLock()
		defer r.mu.RUnlock()
		for _, v := range batch {
			r.views[viewKey{v.Lang, v.Article}].Add(v.N)
		}
	}
	return err
}
