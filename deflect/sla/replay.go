package sla

import (
	"slices"
	"time"
)

// run is a log being replayed.
type run struct {
	book     *Book
	tier     string
	priority Priority
	cycles   []*cycle
	waiting  bool
	resolved bool
	closed   bool
	replied  time.Time // the latest public reply
	unread   time.Time // the oldest customer message since, or the first message
}

// Replay is the state of a ticket's clocks at now when events apply literally
// in list order, also at equal instants: a pause ends only with Resumed (or
// Reopened). It serves imports and comparisons; tickets of the house are
// evaluated by Evaluate. Several reclassifications at one instant count as the
// last of them (D-16).
func Replay(l Log, b *Book, now time.Time) State {
	r, last := replay(l, b)
	if now.Before(last) {
		now = last
	}
	s := State{At: now.UTC(), Tier: r.tier, Priority: r.priority}
	for _, target := range Targets {
		for _, c := range r.cycles {
			if c.target == target {
				s.Cycles = append(s.Cycles, c.result(now))
			}
		}
	}
	return s
}

// replay applies a whole log and gives the instant of its last event.
func replay(l Log, b *Book) (*run, time.Time) {
	last := l.Created.UTC()
	r := &run{book: b.frozen(), tier: l.Tier, priority: l.Priority, unread: last}
	r.start(FirstResponse, last)
	r.start(Resolution, last)
	for i, e := range l.Events {
		if e.At.After(last) {
			last = e.At.UTC()
		}
		if e.Kind == Reclassified && slices.ContainsFunc(l.Events[i+1:], func(n Event) bool {
			return n.Kind == Reclassified && n.At.Equal(e.At)
		}) {
			continue
		}
		r.apply(e, last)
	}
	return r, last
}

// apply is one event at t.
func (r *run) apply(e Event, t time.Time) {
	switch e.Kind {
	case CustomerMessage:
		r.message(t)
	case AgentReply:
		r.reply(t)
	case Waiting, Resumed:
		r.waiting = e.Kind == Waiting
		r.modes(t)
	case Resolved:
		r.resolve(t)
	case Reopened:
		r.reopen(t)
	case Closed:
		r.resolve(t)
		r.closed = true
		r.endAll(t, Inactive)
	case Reclassified:
		r.reclassify(e.Tier, e.Priority, t)
	case MergedInto:
		r.closed = true
		r.endAll(t, CancelledMerged)
	case Absorbed:
		if e.Source != nil {
			r.absorb(*e.Source, t)
		}
	}
}

// message notes the oldest unanswered customer message; after the first reply
// the next-response clock runs from it (D-10).
func (r *run) message(t time.Time) {
	if !r.unread.IsZero() {
		return
	}
	r.unread = t
	r.start(NextResponse, t)
}

// reply answers the customer: the first reply meets first response, any reply
// meets next response and begins the next periodic update.
func (r *run) reply(t time.Time) {
	r.replied, r.unread = t, time.Time{}
	for _, target := range []Target{FirstResponse, NextResponse, PeriodicUpdate} {
		if c := r.current(target); c != nil {
			c.end(t, Met)
		}
	}
	r.start(PeriodicUpdate, t)
}

func (r *run) resolve(t time.Time) {
	if r.resolved {
		return
	}
	r.resolved = true
	r.current(Resolution).end(t, Met)
	r.modes(t)
}

func (r *run) reopen(t time.Time) {
	if !r.resolved {
		return
	}
	r.resolved, r.closed, r.waiting = false, false, false
	r.modes(t)
	r.current(Resolution).revive(t)
}

// reclassify puts every live clock under its cell in the policy of t, and
// remembers it for a resolved one.
func (r *run) reclassify(tier string, priority Priority, t time.Time) {
	r.tier, r.priority = tier, priority
	if c := r.current(Resolution); r.resolved && !c.live {
		c.moves = append(c.moves, move{t, r.cell(Resolution, t)})
	}
	for _, c := range r.cycles {
		if c.live {
			cell := r.cell(c.target, t)
			paused, reason := r.stands(cell)
			c.reclassify(cell, paused, reason, t)
		}
	}
}

// modes lets every live clock run or stand as the ticket's status now says.
func (r *run) modes(t time.Time) {
	for _, c := range r.cycles {
		if c.live {
			paused, reason := r.stands(c.cell)
			c.mode(paused, reason, t)
		}
	}
}

// stands says whether a target stands now, and why (D-14, D-15).
func (r *run) stands(cell Cell) (bool, string) {
	switch {
	case cell.Pauses && r.resolved:
		return true, ReasonResolved
	case cell.Pauses && r.waiting:
		return true, ReasonWaiting
	}
	return false, ""
}

func (r *run) cell(target Target, t time.Time) Cell {
	return r.book.At(t).Cell(r.tier, r.priority, target)
}

// current is the latest cycle of a target, or nil.
func (r *run) current(target Target) *cycle {
	for i := len(r.cycles) - 1; i >= 0; i-- {
		if r.cycles[i].target == target {
			return r.cycles[i]
		}
	}
	return nil
}

// start begins a new cycle of a target, unless the ticket is closed.
func (r *run) start(target Target, t time.Time) {
	if r.closed {
		return
	}
	number := 1
	if c := r.current(target); c != nil {
		number = c.number + 1
	}
	cell := r.cell(target, t)
	paused, reason := r.stands(cell)
	r.cycles = append(r.cycles, newCycle(number, cell, r.book.At(t).Alerts, t, paused, reason))
}

func (r *run) endAll(t time.Time, status Status) {
	for _, c := range r.cycles {
		c.end(t, status)
	}
}
