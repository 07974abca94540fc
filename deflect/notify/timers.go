package notify

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/internal/jobs"
)

// TimerTx is what the timers need from a transaction. Implemented by store.
type TimerTx interface {
	Tx
	ticket.TimerTx
	// DueTickets takes the tickets whose timer has run out, at most n; no other
	// process takes them before the transaction ends.
	DueTickets(n int) ([]string, error)
	// PostponeTimer lets a ticket wait until an instant.
	PostponeTimer(ticketID string, t time.Time) error
}

// TimerStore opens transactions and looks for work without one.
type TimerStore interface {
	InTx(ctx context.Context, fn func(TimerTx) error) error
	TimerDue(ctx context.Context, now time.Time) (bool, error)
}

// Timers does what is due on tickets: it moves them, and tells people, in the
// transaction that records it in the ticket's log. So each thing happens once,
// whenever a process dies and however many there are.
type Timers struct {
	Store   TimerStore
	Tickets *ticket.Service // its Told tells people
	Clock   clock.Clock
	Log     *slog.Logger
	Poll    time.Duration // longest wait between looks; 0 means 1 s

	wake chan struct{}
	once sync.Once
}

const (
	// timerBatch is how many tickets one transaction takes. It works on each of
	// them for the better part of a millisecond, and others wait for it.
	timerBatch = 4
	// timerRetry is how long a ticket waits whose timer failed.
	timerRetry = 10 * time.Minute
)

func (w *Timers) init() { w.once.Do(func() { w.wake = make(chan struct{}, 1) }) }

// Wake makes the timers look now instead of at the next poll. It never blocks.
func (w *Timers) Wake() {
	w.init()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Run works until ctx ends.
func (w *Timers) Run(ctx context.Context) {
	w.init()
	poll := w.Poll
	if poll == 0 {
		poll = time.Second
	}
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		for w.Once(ctx) == timerBatch && ctx.Err() == nil {
		}
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		case <-tick.C:
		}
	}
}

// Once takes one batch of due tickets and returns how many there were.
func (w *Timers) Once(ctx context.Context) int {
	ctx = jobs.Background(ctx)
	due, err := w.Store.TimerDue(ctx, w.Clock.Now())
	if err != nil || !due {
		if err != nil && ctx.Err() == nil {
			w.Log.Error("look for timers", "err", err)
		}
		return 0
	}
	n, err := w.batch(ctx, timerBatch, nil)
	if err == nil || ctx.Err() != nil {
		return n
	}
	// One ticket that fails must not hold up the rest: now each by itself.
	w.Log.Warn("timers failed together, each by itself now", "err", err)
	bad := []string{}
	for range timerBatch {
		var id string
		n, err := w.batch(ctx, 1, &id)
		if err == nil && n == 0 || ctx.Err() != nil {
			break
		}
		if err != nil {
			bad = append(bad, id)
			w.Log.Error("timer of a ticket", "ticket", id, "err", err)
			w.postpone(ctx, id)
		}
	}
	return len(bad)
}

// batch does what is due on at most n tickets in one transaction. into gives
// the id of the last one that was begun.
func (w *Timers) batch(ctx context.Context, n int, into *string) (done int, err error) {
	err = w.Store.InTx(ctx, func(tx TimerTx) error {
		ids, err := tx.DueTickets(n)
		if err != nil {
			return err
		}
		done = len(ids)
		for _, id := range ids {
			if into != nil {
				*into = id
			}
			if err := w.Tickets.Tick(tx, id); err != nil {
				return fmt.Errorf("ticket %s: %w", id, err)
			}
		}
		return nil
	})
	return done, err
}

func (w *Timers) postpone(ctx context.Context, id string) {
	if id == "" {
		return
	}
	err := w.Store.InTx(ctx, func(tx TimerTx) error { return tx.PostponeTimer(id, tx.Now().Add(timerRetry)) })
	if err != nil && ctx.Err() == nil {
		w.Log.Error("postpone a timer", "ticket", id, "err", err)
	}
}

// Told tells whom an action of a timer concerns.
func (n *Notifier) Told(tx Tx, t ticket.Ticket, a ticket.Action) error {
	switch a.Kind {
	case ticket.ActAlert:
		return n.alertOf(tx, t, a)
	case ticket.ActBreach:
		// The 100 % alert tells the people; this is for programs.
		return n.announce(tx, announcement{
			Event: EventBreach, Ticket: &t, Key: fmt.Sprintf("breach:%s:%s:%d", t.ID, a.Target, a.Cycle), At: a.At, SendAt: tx.Now(),
			Alert: nil, Data: map[string]any{"target": a.Target, "cycle": a.Cycle, "due": a.Due, "by_reclassification": a.Breach.ByReclassification},
		})
	case ticket.ActPage:
		return n.page(tx, t, a)
	case ticket.ActEscalate:
		return n.escalation(tx, t, a)
	case ticket.ActTell:
		return n.tellCustomer(tx, t, a)
	}
	return nil
}

// alertOf tells of a share of a target that has run (D-18): half the owner,
// three quarters the lead, 90 % the manager, all of it the director. An
// operator's other shares go to the one below.
func (n *Notifier) alertOf(tx Tx, t ticket.Ticket, a ticket.Action) error {
	event := Alert{
		Dedupe: fmt.Sprintf("%s:%s:%d:%d", t.ID, a.Target, a.Cycle, a.Percent), Event: fmt.Sprintf("alert.%d", a.Percent),
		Target: a.Target, Cycle: a.Cycle, Due: a.Due, FiredAt: a.At,
	}
	var to []Recipient
	var err error
	switch {
	case a.Percent >= 100:
		event.Audience = []ticket.Role{ticket.Director}
	case a.Percent >= 90:
		event.Audience = []ticket.Role{ticket.Manager}
	case a.Percent >= 75:
		event.Audience = []ticket.Role{ticket.Lead}
	default:
		event.Audience = []ticket.Role{ticket.Agent}
		to, err = owner(tx, t)
	}
	if to == nil && err == nil {
		to, err = audience(tx, event.Audience...)
	}
	if err == nil && a.Percent >= 75 && a.Percent < 90 && a.Reassigned != "" {
		to, err = with(tx, to, a.Reassigned)
	}
	if err != nil {
		return err
	}
	return n.raise(tx, &t, event, to, t.Urgent())
}

// owner is whoever the ticket belongs to, nil when that is nobody who is
// there.
func owner(tx Tx, t ticket.Ticket) ([]Recipient, error) {
	if t.Assignee == "" {
		return nil, nil
	}
	return with(tx, nil, t.Assignee)
}

// with adds a member of the team to those who are told.
func with(tx Tx, to []Recipient, staffID string) ([]Recipient, error) {
	if slices.ContainsFunc(to, func(r Recipient) bool { return r.PersonID == staffID }) {
		return to, nil
	}
	team, err := tx.TeamByRole()
	for _, members := range team {
		for _, r := range members {
			if r.PersonID == staffID {
				to = append(to, r)
			}
		}
	}
	return to, err
}

// page calls whoever is on call: the leads and the owner at once, and for P0
// the management too (D-5, D-22). Unverified senders together call once an
// hour; the rest waits in the priority queue.
func (n *Notifier) page(tx Tx, t ticket.Ticket, a ticket.Action) error {
	event := Alert{
		Dedupe: fmt.Sprintf("%s:page:%d", t.ID, a.Seq), Event: EventPage, FiredAt: a.At, Due: firstDue(t), Audience: []ticket.Role{ticket.Lead},
		Unverified: a.Unverified,
	}
	if t.Priority == ticket.P0 {
		event.Audience = append(event.Audience, ticket.Manager, ticket.Director)
	}
	if a.Unverified {
		calls, err := tx.CountPages(tx.Now().Add(-pageEvery))
		if err != nil {
			return err
		}
		event.Held = calls > 0
	}
	to, err := audience(tx, event.Audience...)
	if err == nil && t.Assignee != "" {
		to, err = with(tx, to, t.Assignee)
	}
	if err != nil {
		return err
	}
	return n.raise(tx, &t, event, to, true)
}

func firstDue(t ticket.Ticket) time.Time {
	at, _ := t.NextDue()
	return at
}

// escalation tells who takes part in the next level (D-24).
func (n *Notifier) escalation(tx Tx, t ticket.Ticket, a ticket.Action) error {
	event := Alert{Dedupe: fmt.Sprintf("%s:%s:%d", t.ID, a.Level, a.Seq), Event: "escalation." + a.Level, FiredAt: a.At, Due: firstDue(t)}
	event.Audience = []ticket.Role{ticket.Lead}
	if a.Level == ticket.DueThird {
		event.Audience = []ticket.Role{ticket.Manager}
	}
	to, err := audience(tx, event.Audience...)
	if err == nil && t.Assignee != "" {
		to, err = with(tx, to, t.Assignee)
	}
	if err != nil {
		return err
	}
	return n.raise(tx, &t, event, to, t.Urgent())
}
