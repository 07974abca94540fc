package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/internal/jobs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// table is a job store in memory; the real one is tested in package store.
type table struct {
	mu       sync.Mutex
	due      []jobs.Job
	finished []string
	retried  map[string]time.Time
	reasons  map[string]string
	dead     []string
}

func (t *table) ClaimJobs(_ context.Context, _ string, _, _ time.Time, n int) ([]jobs.Job, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n = min(n, len(t.due))
	js := t.due[:n]
	t.due = t.due[n:]
	return js, nil
}

func (t *table) FinishJobs(_ context.Context, ids []string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.finished = append(t.finished, ids...)
	return nil
}

func (t *table) RetryJob(_ context.Context, id string, at time.Time, dead bool, reason string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.retried == nil {
		t.retried, t.reasons = map[string]time.Time{}, map[string]string{}
	}
	t.retried[id], t.reasons[id] = at, reason
	if dead {
		t.dead = append(t.dead, id)
	}
	return nil
}

func (t *table) RescueJobs(context.Context, time.Time) (int, error) { return 0, nil }

var start = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func runner(t *table, handlers map[string]jobs.Handler) *jobs.Runner {
	return &jobs.Runner{Store: t, Clock: clock.NewManual(start), Log: slog.New(slog.DiscardHandler), Worker: "w", Handlers: handlers}
}

func TestOneFailureDoesNotHoldUpTheOthers(t *testing.T) {
	tab := &table{due: []jobs.Job{{ID: "ok", Kind: "ok"}, {ID: "bad", Kind: "bad", Attempts: 3}, {ID: "panics", Kind: "panics", Attempts: 1}, {ID: "unknown", Kind: "x", Attempts: jobs.MaxAttempts}}}
	r := runner(tab, map[string]jobs.Handler{
		"ok":     func(context.Context, jobs.Job) error { return nil },
		"bad":    func(context.Context, jobs.Job) error { return errors.New("no server") },
		"panics": func(context.Context, jobs.Job) error { panic("boom") },
	})
	if n := r.Once(t.Context()); n != 4 {
		t.Errorf("ran %d, want 4", n)
	}
	if d := cmp.Diff([]string{"ok"}, tab.finished); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"unknown"}, tab.dead); d != "" {
		t.Error(d)
	}
	if wait := tab.retried["bad"].Sub(start); wait < 8*time.Second || wait > 10*time.Second {
		t.Errorf("after the third failure: tried again in %v", wait)
	}
	if !strings.Contains(tab.reasons["panics"], "boom") || tab.reasons["bad"] != "no server" || !strings.Contains(tab.reasons["unknown"], `"x"`) {
		t.Errorf("reasons: %q", tab.reasons)
	}
}

// A receiver that hangs holds up neither the others of its batch nor what
// becomes due meanwhile, and stopping waits for it.
func TestOneThatHangsDoesNotHoldUpTheOthers(t *testing.T) {
	tab := &table{due: []jobs.Job{{ID: "hangs", Kind: "hangs"}, {ID: "quick", Kind: "quick"}}}
	release, ran := make(chan struct{}), make(chan string)
	r := runner(tab, map[string]jobs.Handler{
		"hangs": func(context.Context, jobs.Job) error { <-release; return nil },
		"quick": func(_ context.Context, j jobs.Job) error { ran <- j.ID; return nil },
	})
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() { r.Run(ctx); close(over) }()
	<-ran
	tab.mu.Lock()
	tab.due = append(tab.due, jobs.Job{ID: "page", Kind: "quick"})
	tab.mu.Unlock()
	r.Wake()
	select {
	case id := <-ran:
		if id != "page" {
			t.Errorf("ran %s", id)
		}
	case <-time.After(time.Minute):
		t.Fatal("what came later waits for the receiver that hangs")
	}
	stop()
	select {
	case <-over:
		t.Error("stopped while a job was in hand")
	default:
	}
	close(release)
	<-over
	tab.mu.Lock()
	defer tab.mu.Unlock()
	slices.Sort(tab.finished)
	if d := cmp.Diff([]string{"hangs", "page", "quick"}, tab.finished); d != "" {
		t.Error(d)
	}
}

// rush is traffic that never ends.
type rush struct{ asked chan time.Duration }

func (rush) Busy() bool { return true }

func (r rush) GiveWay(_ context.Context, most time.Duration) {
	select {
	case r.asked <- most:
	default:
	}
}

func TestPeopleGoFirst(t *testing.T) {
	tab := &table{}
	for i := range 9 {
		tab.due = append(tab.due, jobs.Job{ID: strconv.Itoa(i), Kind: "k"})
	}
	ran := make(chan string)
	r := runner(tab, map[string]jobs.Handler{"k": func(_ context.Context, j jobs.Job) error { ran <- j.ID; return nil }})
	traffic := rush{make(chan time.Duration, 1)}
	r.Traffic = traffic
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() { r.Run(ctx); close(over) }()
	if most := <-traffic.asked; most <= 0 || most > time.Minute {
		t.Errorf("puts work off for %v", most)
	}
	seen := map[string]bool{}
	for len(seen) < 9 { // all the same, without a call to wake
		seen[<-ran] = true
		tab.mu.Lock()
		if taken := 9 - len(tab.due); taken > len(seen)+2 {
			t.Errorf("%d jobs in hand", taken-len(seen))
		}
		tab.mu.Unlock()
	}
	stop()
	<-over
}

// A clock that is set while a job runs must not be taken for work that took as
// long: what rests many times as long would rest for days.
func TestASetClockDoesNotStopTheRunner(t *testing.T) {
	tab := &table{}
	for i := range 4 {
		tab.due = append(tab.due, jobs.Job{ID: strconv.Itoa(i), Kind: "k"})
	}
	set := clock.NewManual(start)
	ran := make(chan string, 4)
	r := runner(tab, map[string]jobs.Handler{"k": func(_ context.Context, j jobs.Job) error {
		set.Advance(24 * time.Hour)
		ran <- j.ID
		return nil
	}})
	r.Clock, r.Traffic = set, rush{make(chan time.Duration, 1)}
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() { r.Run(ctx); close(over) }()
	for n := range 4 {
		select {
		case <-ran:
		case <-time.After(time.Minute):
			t.Fatalf("%d jobs ran, then none for a minute", n)
		}
	}
	stop()
	<-over
}

func TestBackoffGrowsToAnHour(t *testing.T) {
	for n, want := range map[int]time.Duration{1: 2 * time.Second, 5: 32 * time.Second, 11: 2048 * time.Second, 12: time.Hour, 1000: time.Hour} {
		for range 50 {
			if got := jobs.Backoff(n); got < want || got > want+want/4 {
				t.Errorf("after %d failures: %v, want %v and up to a quarter more", n, got, want)
			}
		}
	}
}

func TestRunWakesAndStops(t *testing.T) {
	tab := &table{}
	ran := make(chan string, 1)
	r := runner(tab, map[string]jobs.Handler{"k": func(_ context.Context, j jobs.Job) error { ran <- j.ID; return nil }})
	r.Poll = time.Hour
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() { r.Run(ctx); close(over) }()
	tab.mu.Lock()
	tab.due = append(tab.due, jobs.Job{ID: "one", Kind: "k"})
	tab.mu.Unlock()
	r.Wake()
	if id := <-ran; id != "one" {
		t.Errorf("ran %q", id)
	}
	stop()
	<-over
}
