package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/deflect/sla"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/internal/jobs"
	"github.com/vmcloud/ricochet/store"
)

// jobRollup is the job that brings the reports' sums up to date. Its dedupe
// key is itself: one process at a time works on it.
const jobRollup = "report.rollup"

const (
	rollupPeriod = time.Minute
	// rollupRest is how many times as long as a run took the next one waits: the
	// sums never take more than a few percent of a processor.
	rollupRest = 25
)

// rolling is the work behind the reports.
type rolling struct {
	roller  *report.Roller
	reports *report.Service
	took    atomic.Int64 // nanoseconds of the last run
}

// openReports wires the reports and what keeps their sums.
func (a *app) openReports(book *sla.Book, zone *time.Location, baseURL string) {
	a.baseURL = baseURL
	a.rolling.roller = &report.Roller{Store: a.db, Book: book, Clock: a.clock, Zone: zone, Log: a.log}
	a.rolling.reports = &report.Service{Store: a.db, Clock: a.clock, Zone: zone, Config: report.DefaultConfig()}
}

// rollup is the job's handler. A failure is logged and not retried: the next
// minute's job does the same work.
func (a *app) rollup(ctx context.Context, _ jobs.Job) error {
	working := clock.Start()
	if _, err := a.rolling.roller.Run(ctx); err != nil && ctx.Err() == nil {
		a.log.Error("bring the reports' sums up to date", "err", err)
	}
	a.rolling.took.Store(int64(working.Elapsed()))
	return nil
}

// keepRolling asks for a run every minute, or later when runs take long.
func (a *app) keepRolling(ctx context.Context) {
	t := time.NewTicker(rollupPeriod)
	defer t.Stop()
	last := a.clock.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		now := a.clock.Now()
		if now.Sub(last) < rollupRest*time.Duration(a.rolling.took.Load()) {
			continue
		}
		last = now
		err := a.db.InTx(jobs.Background(ctx), func(tx *store.Tx) error { return tx.Enqueue(jobRollup, jobRollup, "") })
		if err != nil && ctx.Err() == nil {
			a.log.Error("ask for the reports' sums", "err", err)
		}
		if err := a.issueDue(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("ask for the reports that are due", "err", err)
		}
	}
}

// reportCmd groups the tools for the reports.
type reportCmd struct {
	Print   reportPrintCmd   `cmd:"" help:"Print a report as JSON or CSV."`
	Rebuild reportRebuildCmd `cmd:"" help:"Make the reports' daily sums anew from the recorded events."`
}

type reportRebuildCmd struct {
	dataFlags
	Policy string `help:"SLA policy file; the built-in one when left out." type:"existingfile" placeholder:"FILE"`
	Zone   string `help:"Time zone of the days." default:"Europe/Paris" placeholder:"ZONE"`
}

// Run rebuilds every day. The site may run meanwhile.
func (cmd reportRebuildCmd) Run(ctx context.Context, con console) (err error) {
	set, err := cmd.loadPolicy(cmd.Policy)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(cmd.Zone)
	if err != nil {
		return fmt.Errorf("--zone: %w", err)
	}
	db, err := cmd.open(ctx, con)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	days := 0
	r := report.Roller{Store: db, Book: set.Book, Clock: clock.System{}, Zone: zone, Log: slog.New(slog.NewTextHandler(con.err, nil))}
	if err := r.Rebuild(ctx, func(report.Day) { days++ }); err != nil {
		return err
	}
	_, err = fmt.Fprintf(con.out, "%d days rebuilt\n", days)
	return err
}
