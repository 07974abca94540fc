package sla

import (
	"slices"
	"time"
)

// cycle is one run of a target while a log is replayed.
type cycle struct {
	target Target
	number int
	start  time.Time
	cell   Cell
	figure time.Duration // open time allowed; 0 without target
	base   time.Time     // due without pauses
	track  track
	live   bool
	final  Status    // once ended
	ended  time.Time // once ended
	due    time.Time // as it was when ended

	breach    Breach    // At is zero while there is none
	moves     []move    // what happened to a resolved clock
	changed   time.Time // the reclassification that left nothing to run (D-16)
	inherited bool      // a merged ticket has recorded this breach (D-19)

	percents []int             // alerts of this cycle, ascending
	level    int               // the highest alert that fired or was jumped
	fired    map[int]time.Time // when each fired
	jump     time.Time         // a resumption or recalculation whose alerts are not settled yet
}

// newCycle starts a clock at t.
func newCycle(number int, cell Cell, percents []int, t time.Time, paused bool, reason string) *cycle {
	c := &cycle{target: cell.Target, number: number, start: t, live: true, percents: percents, fired: map[int]time.Time{}}
	c.setCell(cell)
	c.mode(paused, reason, t)
	return c
}

// setCell puts the clock under a cell of the policy.
func (c *cycle) setCell(cell Cell) {
	c.cell = cell
	c.base, c.figure, _ = cell.Due(c.start)
}

// mode makes the clock run or stand from t on.
func (c *cycle) mode(paused bool, reason string, t time.Time) {
	if !paused {
		reason = ""
	}
	if n := len(c.track); n > 0 {
		c.alert(t, false)
		if c.track.paused() && !paused {
			c.jump = t
		}
	}
	c.track = c.track.enter(stretch{from: t, cal: c.cell.Calendar, paused: paused, reason: reason})
}

// dueAt is the instant by which the target must be reached; false without
// target, and while the clock stands.
func (c *cycle) dueAt() (time.Time, bool) {
	due, _, ok := c.dueKnown()
	return due, ok
}

// dueKnown is dueAt, and the first instant at which somebody could know that
// it is over: due, or the resumption of a clock that had nothing left to run.
func (c *cycle) dueKnown() (due, known time.Time, ok bool) {
	if c.figure == 0 {
		return time.Time{}, time.Time{}, false
	}
	return c.track.reach(c.figure, c.promised)
}

// promised is the instant that people were told for one that is the same to
// the clock: a target in working days is due at the time of day it was
// promised for.
func (c *cycle) promised(t time.Time) time.Time {
	if c.cell.Figure.WorkingDays > 0 && c.cell.Calendar.Equivalent(t, c.base) {
		return c.base
	}
	return t
}

// settle records the breach if t is later than due (D-17). Best effort never
// breaches (D-9), and there is one breach a cycle.
func (c *cycle) settle(t time.Time) {
	due, known, ok := c.dueKnown()
	if !ok || !due.Before(t) || !c.breach.At.IsZero() || c.inherited || c.cell.Kind == BestEffort {
		return
	}
	c.breach = Breach{Target: c.target, Cycle: c.number, Tier: c.cell.Tier, Priority: c.cell.Priority, Kind: c.cell.Kind, At: due, NoticedAt: known}
	if !c.changed.IsZero() && !due.After(c.changed) {
		c.breach.NoticedAt, c.breach.ByReclassification = c.changed, true
	}
}

// late says whether t is later than due.
func (c *cycle) late(t time.Time) bool {
	due, ok := c.dueAt()
	return ok && due.Before(t)
}

// end stops the clock at t; status is what it becomes when it is not late.
func (c *cycle) end(t time.Time, status Status) {
	if !c.live {
		return
	}
	c.alert(t, false)
	c.settle(t)
	c.due, _ = c.dueAt()
	switch {
	case !c.breach.At.IsZero() || c.inherited && c.late(t):
		status = Breached
	case c.cell.Kind == BestEffort && c.late(t):
		status = Late
	case c.figure == 0 && status == Met:
		status = Inactive
	}
	c.final, c.live, c.ended = status, false, t
	c.track[len(c.track)-1].to = t
}

// move is a reclassification of a resolved ticket.
type move struct {
	at   time.Time
	cell Cell
}

// revive lets a resolved clock go on at t; the time spent resolved counts as a
// pause for a target that pauses, measured with the calendars then in force
// (D-15, D-16). A recorded breach stays.
func (c *cycle) revive(t time.Time) {
	c.live, c.final = true, ""
	c.track[len(c.track)-1].to = time.Time{}
	cell := c.cell
	for _, m := range append([]move{{c.ended, c.cell}}, c.moves...) {
		cell = m.cell
		next := stretch{from: m.at, cal: cell.Calendar}
		if cell.Pauses {
			next.paused, next.reason = true, ReasonResolved
		}
		c.track = c.track.enter(next)
	}
	c.track = c.track.enter(stretch{from: t, cal: cell.Calendar})
	c.ended, c.due, c.jump = time.Time{}, time.Time{}, t
	if len(c.moves) > 0 {
		c.moves = nil
		c.reclassify(cell, false, "", t)
	}
}

// reclassify puts a live clock under another cell from t on: elapsed time is
// kept, each stretch measured with the calendar then in force (D-16). The same
// promise again changes nothing.
func (c *cycle) reclassify(cell Cell, paused bool, reason string, t time.Time) {
	same := cell.Figure == c.cell.Figure && cell.Calendar == c.cell.Calendar && cell.Kind == c.cell.Kind
	c.alert(t, false)
	c.settle(t)
	c.setCell(cell)
	if !same {
		c.jump = t
	}
	c.mode(paused, reason, t)
	if !same {
		c.recalculated(t)
	}
}

// recalculated notes that due has moved at t, which may leave nothing to run
// and may jump alerts (D-16, D-18).
func (c *cycle) recalculated(t time.Time) {
	if due, ok := c.dueAt(); ok && !due.After(t) {
		c.changed = t
	}
	c.jump = t
	c.settle(t)
}

// share is the instant at which p percent of the target have run.
func (c *cycle) share(p int) (time.Time, bool) {
	if p == 100 {
		return c.dueAt()
	}
	f, n := int64(c.figure), int64(p)
	t, _, ok := c.track.reach(time.Duration(f/100*n+f%100*n/100), func(t time.Time) time.Time { return t })
	return t, ok
}

// alert fires what the running stretch that ends at t has reached; last says
// that t is now, rather than an event which comes first. After a jump only the
// highest alert fires, in the instant of the jump; otherwise each fires at its
// own. The one at 100 % fires when now is later than due (D-18).
func (c *cycle) alert(t time.Time, last bool) {
	if c.figure == 0 || c.track.paused() {
		return
	}
	passed := func(p int, by time.Time, or bool) (time.Time, bool) {
		at, ok := c.share(p)
		return at, ok && (at.Before(by) || or && p < 100 && at.Equal(by))
	}
	if !c.jump.IsZero() {
		if !last && !c.jump.Before(t) {
			return // another event of the same instant has yet to be heard
		}
		top := 0
		for _, p := range c.percents {
			if _, ok := passed(p, c.jump, true); ok && p > c.level {
				top = p
			}
		}
		if top > 0 {
			c.level, c.fired[top] = top, c.jump
		}
		c.jump = time.Time{}
	}
	for _, p := range c.percents {
		if p <= c.level || p >= 100 && c.cell.Kind == BestEffort {
			continue
		}
		at, ok := passed(p, t, last)
		if !ok {
			break
		}
		c.level, c.fired[p] = p, at
	}
}

// result is the cycle as seen at now.
func (c *cycle) result(now time.Time) Cycle {
	out := Cycle{
		Target: c.target, Number: c.number, Kind: c.cell.Kind, Tier: c.cell.Tier, Priority: c.cell.Priority,
		Calendar: c.cell.Calendar.Name(), Zone: c.cell.Calendar.Zone().Name(), Rule: c.cell.Rule,
		Start: c.start.UTC(), Figure: c.figure, Status: c.final, Due: c.due, Ended: c.ended.UTC(),
	}
	if c.live {
		c.alert(now, true)
		c.settle(now)
		if !c.track.paused() {
			out.Due, _ = c.dueAt()
			out.Ticking = c.figure > 0
		}
		if out.Status = c.liveStatus(now); out.Status == Paused && c.cell.Kind != BestEffort {
			out.RunsOut, _ = c.dueAt()
		}
	} else {
		now = c.ended
	}
	if out.Status == Late {
		out.LateSince, _ = c.dueAt()
	}
	out.Elapsed, out.Paused = c.track.sum(now)
	if c.figure > 0 {
		out.Remaining = c.figure - out.Elapsed
	}
	if !c.breach.At.IsZero() {
		b := c.breach
		out.Breach = &b
	}
	out.Alerts = c.alerts()
	for _, s := range c.track {
		out.Stretches = append(out.Stretches, Stretch{
			Interval: Interval{s.from.UTC(), s.end(now).UTC()}, Paused: s.paused, Reason: s.reason,
			Calendar: s.cal.Name(), Open: s.cal.Between(s.from, s.end(now)),
		})
	}
	return out
}

func (c *cycle) liveStatus(now time.Time) Status {
	switch {
	case !c.breach.At.IsZero() || c.inherited && c.late(now):
		return Breached
	case c.figure == 0:
		return Inactive
	case c.cell.Kind == BestEffort && c.late(now):
		return Late
	case c.track.paused():
		return Paused
	}
	return Running
}

// alerts are what fired, was jumped, and is still to come.
func (c *cycle) alerts() []Alert {
	if c.figure == 0 && len(c.fired) == 0 {
		return nil
	}
	var out []Alert
	for _, p := range c.percents {
		if p >= 100 && c.cell.Kind == BestEffort && p > c.level {
			continue
		}
		a := Alert{Percent: p, FiredAt: c.fired[p]}
		switch {
		case p <= c.level:
			a.Skipped = a.FiredAt.IsZero()
		case c.live && c.figure > 0 && !c.track.paused():
			a.At, _ = c.share(p)
		}
		out = append(out, a)
	}
	return slices.Clip(out)
}
