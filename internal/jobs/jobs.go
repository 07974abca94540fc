// Package jobs runs durable work: mails, timers, sweeps. The table itself
// lives in package store, so that a job commits together with the change that
// caused it; this package claims, runs, retries and rescues.
package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vmcloud/ricochet/internal/clock"
)

// Job is one piece of work. Handlers must be idempotent: a job whose worker
// dies is run again.
type Job struct {
	ID       string
	Kind     string
	Dedupe   string // at most one job with this key exists at a time; "" for none
	Payload  string // JSON, ids only
	RunAt    time.Time
	Attempts int // runs begun, this one included
}

// Dead is a job that was given up after MaxAttempts.
type Dead struct {
	ID, Kind, LastError string
	Attempts            int
	RunAt               time.Time // when it was tried last
}

// Store is the durable table. Claim must hand a job to one worker only.
type Store interface {
	// ClaimJobs leases up to n due jobs of any kind until lease.
	ClaimJobs(ctx context.Context, worker string, now, lease time.Time, n int) ([]Job, error)
	// FinishJobs removes jobs that succeeded.
	FinishJobs(ctx context.Context, ids []string) error
	// RetryJob makes a failed job available again at runAt, or dead.
	RetryJob(ctx context.Context, id string, runAt time.Time, dead bool, reason string) error
	// RescueJobs makes jobs whose lease ran out available again.
	RescueJobs(ctx context.Context, now time.Time) (int, error)
}

// backgroundKey marks a context whose writes may wait.
type backgroundKey struct{}

// Background marks what happens under ctx as work nobody is waiting for: its
// writes let a person's go first. A Runner's jobs are.
func Background(ctx context.Context) context.Context {
	return context.WithValue(ctx, backgroundKey{}, true)
}

// IsBackground says whether ctx was marked by Background.
func IsBackground(ctx context.Context) bool { return ctx.Value(backgroundKey{}) != nil }

// Traffic tells background work of people who wait.
type Traffic interface {
	// Busy says whether people wait for writes just now.
	Busy() bool
	// GiveWay returns when they do not, or once they have for as long as most
	// without a pause: what is put off must not be put off for ever.
	GiveWay(ctx context.Context, most time.Duration)
}

// Handler does the work of one kind. A job whose handler returns an error is
// retried with back-off.
type Handler func(ctx context.Context, j Job) error

// MaxAttempts is how often a job is tried before it is left dead for a person
// to see: with the back-off used that is about nine hours.
const MaxAttempts = 12

// lease is how long a worker may hold a job before it is thought dead.
const lease = 2 * time.Minute

// Runner claims due jobs and runs them until its context ends.
type Runner struct {
	Store    Store
	Clock    clock.Clock
	Log      *slog.Logger
	Handlers map[string]Handler
	Worker   string        // unique per process
	Batch    int           // jobs in hand at once; 0 means 16
	Poll     time.Duration // longest wait between looks at the table; 0 means 1 s
	Traffic  Traffic       // nil for none

	wake   chan struct{}
	once   sync.Once
	inHand sync.WaitGroup
	held   atomic.Int64 // jobs in hand, those of earlier batches too
}

func (r *Runner) init() {
	r.once.Do(func() {
		r.wake = make(chan struct{}, 1)
		if r.Batch == 0 {
			r.Batch = 16
		}
		if r.Poll == 0 {
			r.Poll = time.Second
		}
	})
}

// Wake makes the runner look at the table now instead of at its next poll.
// It never blocks.
func (r *Runner) Wake() {
	r.init()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Run works until ctx ends, then waits for the jobs in hand.
func (r *Runner) Run(ctx context.Context) {
	r.init()
	defer r.inHand.Wait()
	t := time.NewTicker(r.Poll)
	defer t.Stop()
	for {
		if r.Traffic != nil {
			r.Traffic.GiveWay(ctx, busyWait)
		}
		worked := clock.Start()
		n := r.batch(ctx, patience)
		if ctx.Err() != nil {
			return
		}
		if n > 0 && r.busy() {
			r.rest(ctx, worked.Elapsed())
			continue
		}
		if n == r.Batch {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		case <-t.C:
		}
	}
}

const (
	// busyBatch is how many jobs are in hand at once while people wait: a batch
	// of many would take every processor from them.
	busyBatch = 2
	// busyWait is for how long jobs are put off altogether: the mails of a burst
	// of tickets go when it is over.
	busyWait = 2 * time.Second
	// busyRest is how many times as long as it worked a Runner then rests.
	busyRest = 4
	// patience is how long a Runner waits for the slowest job of a batch before
	// it goes on with others: a receiver that hangs must not keep a call to
	// whoever is on duty.
	patience = time.Second
	// maxHeld is how many batches' worth of jobs are in hand at most.
	maxHeld = 4
)

func (r *Runner) busy() bool { return r.Traffic != nil && r.Traffic.Busy() }

// rest lets people who wait have the machine after some work.
func (r *Runner) rest(ctx context.Context, worked time.Duration) {
	t := time.NewTimer(busyRest * worked)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// Once rescues stale leases, claims one batch, runs it to its end and returns
// how many jobs it ran. Tests drive the table with it.
func (r *Runner) Once(ctx context.Context) int {
	defer r.inHand.Wait()
	return r.batch(ctx, lease)
}

// batch is Once, except that jobs which take longer than wait are left to end
// by themselves.
func (r *Runner) batch(ctx context.Context, wait time.Duration) int {
	r.init()
	ctx = Background(ctx)
	now := r.Clock.Now()
	// A job in hand is at work however old its lease.
	if r.held.Load() == 0 {
		if n, err := r.Store.RescueJobs(ctx, now); err != nil {
			r.logUnlessDone(ctx, "rescue jobs", err)
		} else if n > 0 {
			r.Log.Warn("jobs rescued from a dead worker", "count", n)
		}
	}
	size := min(r.Batch, maxHeld*r.Batch-int(r.held.Load()))
	if r.busy() {
		size = min(size, busyBatch)
	}
	if size <= 0 {
		return 0
	}
	js, err := r.Store.ClaimJobs(ctx, r.Worker, now, now.Add(lease), size)
	if err != nil {
		r.logUnlessDone(ctx, "claim jobs", err)
		return 0
	}
	r.together(ctx, js, wait)
	return len(js)
}

// together runs jobs side by side. It returns when all have ended, or after
// wait; each of the rest is then finished when it ends.
func (r *Runner) together(ctx context.Context, js []Job, wait time.Duration) {
	r.held.Add(int64(len(js)))
	ended := make(chan string, len(js)) // ids of what succeeded, "" for what did not
	for _, j := range js {
		r.inHand.Go(func() {
			if r.runOne(ctx, j) {
				ended <- j.ID
			} else {
				ended <- ""
			}
		})
	}
	late := time.NewTimer(wait)
	defer late.Stop()
	var ids []string
	for left := len(js); left > 0; left-- {
		select {
		case id := <-ended:
			ids = append(ids, id)
		case <-late.C:
			r.finish(ctx, ids)
			r.inHand.Go(func() {
				for range left {
					r.finish(ctx, []string{<-ended})
				}
			})
			return
		}
	}
	r.finish(ctx, ids)
}

// runOne runs a job and says whether it succeeded; a failure is recorded.
func (r *Runner) runOne(ctx context.Context, j Job) bool {
	err := r.call(ctx, j)
	if err == nil {
		return true
	}
	dead := j.Attempts >= MaxAttempts
	next := r.Clock.Now().Add(Backoff(j.Attempts))
	if dead {
		r.Log.Error("job dead", "job", j.ID, "kind", j.Kind, "attempts", j.Attempts, "err", err)
	} else {
		r.Log.Warn("job failed, will be retried", "job", j.ID, "kind", j.Kind, "attempts", j.Attempts, "at", next, "err", err)
	}
	// The result is recorded even when the process is being stopped.
	if err := r.Store.RetryJob(context.WithoutCancel(ctx), j.ID, next, dead, err.Error()); err != nil {
		r.Log.Error("record job failure", "job", j.ID, "err", err)
	}
	return false
}

// finish removes jobs that succeeded, together: one commit instead of one each.
// A crash before it runs them again, as a crash in the middle of a job would.
// An empty id stands for a job that failed.
func (r *Runner) finish(ctx context.Context, ended []string) {
	defer r.held.Add(-int64(len(ended)))
	ids := slices.DeleteFunc(slices.Clone(ended), func(id string) bool { return id == "" })
	if len(ids) == 0 {
		return
	}
	if err := r.Store.FinishJobs(context.WithoutCancel(ctx), ids); err != nil {
		r.Log.Error("finish jobs", "jobs", ids, "err", err)
	}
}

func (r *Runner) call(ctx context.Context, j Job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	h := r.Handlers[j.Kind]
	if h == nil {
		return fmt.Errorf("no handler for job kind %q", j.Kind)
	}
	return h(ctx, j)
}

func (r *Runner) logUnlessDone(ctx context.Context, what string, err error) {
	if ctx.Err() == nil {
		r.Log.Error(what, "err", err)
	}
}

// Backoff is the wait after the n-th failure: 2^n seconds and up to a quarter
// more, at most an hour.
func Backoff(n int) time.Duration {
	d := min(time.Second<<min(n, 20), time.Hour)
	return d + rand.N(d/4+1)
}
