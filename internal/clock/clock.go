// Package clock is the only place that reads the time. Everything else is
// handed a Clock, so that a test or a replay decides what "now" is.
package clock

import (
	"sync"
	"time"
)

// Clock tells the time. Instants are UTC with millisecond precision, which is
// what the database stores, so that a value survives a round trip unchanged.
type Clock interface {
	Now() time.Time
}

// Stopwatch says how long something took. It is for that what the difference
// of two instants of a Clock is not: right even when the clock is set meanwhile.
type Stopwatch struct{ started time.Time }

// Start is a Stopwatch that runs from now on.
func Start() Stopwatch { return Stopwatch{time.Now()} }

// Elapsed is the time since Start, by the machine's monotonic clock.
func (s Stopwatch) Elapsed() time.Duration { return time.Since(s.started) }

// System is the machine's clock.
type System struct{}

// Now is the current instant, UTC, cut to the millisecond.
func (System) Now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// Manual is a clock that only moves when told to. The zero value stands at
// the zero time; it is safe for concurrent use.
type Manual struct {
	mu  sync.Mutex
	now time.Time
}

// NewManual is a Manual clock standing at t.
func NewManual(t time.Time) *Manual {
	m := &Manual{}
	m.Set(t)
	return m
}

// Now is the instant last set.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// Set moves the clock to t, forwards or backwards.
func (m *Manual) Set(t time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = t.UTC().Truncate(time.Millisecond)
}

// Advance moves the clock by d.
func (m *Manual) Advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d).Truncate(time.Millisecond)
}
