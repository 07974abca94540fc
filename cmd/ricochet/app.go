package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"sync"
	"time"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/gaps"
	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/notify"
	"github.com/vmcloud/ricochet/deflect/policy"
	"github.com/vmcloud/ricochet/deflect/sla"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/internal/jobs"
	"github.com/vmcloud/ricochet/kb"
	"github.com/vmcloud/ricochet/search"
	"github.com/vmcloud/ricochet/search/tickets"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/web"
)

// app is the running program: everything wired together.
type app struct {
	log       *slog.Logger
	clock     clock.Clock
	db        *store.DB
	live      *kb.Live
	keep      *kb.Keep // articles as they were rendered, for the next start
	index     *search.Index
	texts     *tickets.Index // words of tickets; of this process alone
	web       *web.Server
	files     *intake.Files
	ticketing *ticket.Service
	ledger    *deflect.Ledger
	retention *deflect.Retention
	trial     *deflect.Experimenter
	drawn     string    // the last month whose quality sample is known to be drawn
	asked     time.Time // when it was last looked who is asked the question of the quarter
	judged    time.Time // attempts that began before were judged, as of judgedAll
	judgedAll time.Time // when all of them were last looked at
	recorder  *deflect.Recorder
	gaps      *gaps.Finder
	rules     *policy.LiveRules
	runner    *jobs.Runner
	notifier  *notify.Notifier
	timers    *notify.Timers
	rolling   rolling // the reports and what keeps their sums
	policy    string  // its file; "" for the built-in one
	book      *sla.Book
	feeds     *feeds
	problems  func() []kb.Problem // what the staff see about the content
	mailTo    string
	baseURL   string
	secret    []byte
	running   sync.WaitGroup
	stop      context.CancelFunc
}

// open builds the program from its configuration. What was opened is closed
// again when a later step fails.
func (s *serveCmd) open(ctx context.Context, c clock.Clock, log *slog.Logger) (*app, error) {
	a := &app{log: log, clock: c, stop: func() {}}
	if err := a.build(ctx, s); err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

// popularDays is the time over which page views make an article popular.
const popularDays = 30

func (a *app) popular(lang string, n int) []string {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	since := a.clock.Now().AddDate(0, 0, -popularDays).Format(time.DateOnly)
	views, err := a.db.PopularArticles(ctx, lang, since, n)
	if err != nil {
		a.log.Warn("popular articles", "err", err) // the page shows others
		return nil
	}
	pairs := make([]string, len(views))
	for i, v := range views {
		pairs[i] = v.Article
	}
	return pairs
}

// jobs says who does which kind of durable work.
func (a *app) jobs(tickets *ticket.Service, n *notify.Notifier) {
	payload := func(f func(context.Context, string) error) jobs.Handler {
		return func(ctx context.Context, j jobs.Job) error { return f(ctx, j.Payload) }
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	a.runner = &jobs.Runner{
		Store: a.db, Traffic: a.db, Clock: a.clock, Log: a.log, Poll: pollEvery, Worker: fmt.Sprintf("%s:%d:%s", host, os.Getpid(), deflect.NewID()),
		Handlers: map[string]jobs.Handler{
			intake.JobTicketCreated:   a.ticketCreated(n, tickets),
			ticket.JobStaffReplied:    payload(n.StaffReplied),
			ticket.JobCustomerReplied: payload(n.CustomerReplied),
			ticket.JobTellStaff:       payload(n.StaffNews),
			notify.JobSend:            n.Send,
			notify.JobDeliver:         n.Deliver,
			jobRollup:                 a.rollup,
			jobIssue:                  a.issue,
			jobDraw:                   a.draw,
		},
	}
	maps.Copy(a.runner.Handlers, ticketJobs(tickets, n))
	a.db.OnEnqueue(a.runner.Wake)
}

// start runs what happens beside requests, until ctx ends.
func (a *app) start(ctx context.Context) {
	ctx, a.stop = context.WithCancel(ctx)
	a.running.Go(func() { a.runner.Run(ctx) })
	a.running.Go(func() { a.timers.Run(ctx) })
	a.running.Go(func() {
		followClock(ctx, a.log, func() {
			a.runner.Wake()
			a.timers.Wake()
		})
	})
	a.running.Go(func() { a.watchPolicy(ctx, a.policy) })
	a.running.Go(func() { a.recorder.Run(ctx) })
	a.running.Go(func() { a.gaps.Run(ctx) })
	a.running.Go(func() { a.watchRules(ctx) })
	a.running.Go(func() { a.sweep(ctx) })
	a.running.Go(func() { a.learn(ctx) })
	a.running.Go(a.saveArticles)
	a.running.Go(func() { a.web.RunLive(ctx) })
	a.running.Go(func() { a.indexTickets(ctx) })
	a.running.Go(func() { a.keepRolling(ctx) })
	a.running.Go(func() {
		if err := a.live.Run(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("watch the content folder", "err", err)
		}
	})
}

const (
	sweepPeriod = time.Minute
	settleBatch = 500
	// keepUnsent is how long an uploaded file waits for its form.
	keepUnsent = 48 * time.Hour
)

// sweep settles attempts that were left and removes files that no ticket
// refers to.
func (a *app) sweep(ctx context.Context) {
	t := time.NewTicker(sweepPeriod)
	defer t.Stop()
	for {
		for {
			n, err := a.ledger.Settle(ctx, settleBatch)
			if err != nil && ctx.Err() == nil {
				a.log.Error("settle attempts", "err", err)
			}
			if err != nil || n < settleBatch {
				break
			}
		}
		a.judge(ctx)
		a.purge(ctx)
		a.askNPS(ctx)
		if err := a.drawDue(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("draw the quality sample", "err", err)
		}
		if n, err := a.files.RemoveUnused(ctx, a.clock.Now().Add(-keepUnsent), a.db.AttachmentKnown); err != nil && ctx.Err() == nil {
			a.log.Error("remove unsent attachments", "err", err)
		} else if n > 0 {
			a.log.Info("removed unsent attachments", "count", n)
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// close stops the work beside requests and closes what was opened.
func (a *app) close() error {
	a.stop()
	a.running.Wait()
	var all []error
	if a.index != nil {
		all = append(all, a.index.Close())
	}
	if a.texts != nil {
		all = append(all, a.texts.Close())
	}
	if a.live != nil {
		all = append(all, a.live.Close())
	}
	if a.db != nil {
		all = append(all, a.db.Close())
	}
	return errors.Join(all...)
}

func (a *app) langs() []string { return a.live.Current().Langs() }

// setupLink is the one-time link for the first team account; "" once there is
// an account. Each start makes a new one.
func (a *app) setupLink(ctx context.Context, base string) (string, error) {
	n, err := a.db.CountStaff(ctx)
	if err != nil || n > 0 {
		return "", err
	}
	token := web.NewSetupToken()
	if err := a.db.SetSetting(ctx, web.SetupSetting, web.SetupHash(a.secret, token)); err != nil {
		return "", err
	}
	return base + "/staff/setup?token=" + token, nil
}
