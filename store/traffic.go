package store

import (
	"context"
	"sync"
	"time"

	"github.com/vmcloud/ricochet/internal/clock"
)

// traffic is a stretch of time in which people wait for writes without a
// pause. Background work lets them go first, for a while.
type traffic struct {
	mu    sync.Mutex
	since clock.Stopwatch // from the stretch's beginning
	over  chan struct{}   // closed at its end; nil between stretches
}

// come begins a stretch unless there is one.
func (t *traffic) come() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over == nil {
		t.since, t.over = clock.Start(), make(chan struct{})
	}
}

// calm ends it.
func (t *traffic) calm() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over != nil {
		close(t.over)
		t.over = nil
	}
}

func (t *traffic) stretch() (since clock.Stopwatch, over <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.since, t.over
}

// Busy says whether people wait for writes, or did a moment ago. It is what a
// SQLite database knows of this process; PostgreSQL shares its own processors
// out, and is never busy.
func (db *DB) Busy() bool {
	_, over := db.traffic.stretch()
	return over != nil
}

// GiveWay returns when the database is not busy, when it has been for as long
// as most without a pause, or when ctx ends.
func (db *DB) GiveWay(ctx context.Context, most time.Duration) {
	since, over := db.traffic.stretch()
	if over == nil {
		return
	}
	t := time.NewTimer(most - since.Elapsed())
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-over:
	case <-t.C:
	}
}
