package sla

import "time"

// absorb merges another ticket into this one at t (D-19): the survivor takes
// the earliest creation and the stricter classification, and a public reply on
// either meets first response. What either ticket has recorded stays where it
// was recorded, so that a merge neither loses a breach nor counts one twice. A
// closed ticket absorbs nothing.
func (r *run) absorb(l Log, t time.Time) {
	if r.closed {
		return
	}
	src, _ := replay(l, r.book)
	for _, c := range src.cycles {
		if c.live {
			c.alert(t, true)
			c.settle(t)
		}
	}
	r.absorbFirst(src, t)
	r.adopt(src.current(Resolution), t)
	r.absorbUnread(src, t)
	tier, priority := r.book.At(t).Stricter(r.tier, r.priority, src.tier, src.priority)
	r.reclassify(tier, priority, t)
}

// absorbFirst settles the first response of the two tickets. When the other
// one was answered, that answer counts from when it was given, or from this
// ticket's start if it came before.
func (r *run) absorbFirst(src *run, t time.Time) {
	own, other := r.current(FirstResponse), src.current(FirstResponse)
	switch {
	case !own.live:
	case src.replied.IsZero():
		r.adopt(other, t)
	default:
		own.settle(t) // what was late by itself stays late
		at := latest(own.start, other.ended)
		own.cut(at)
		own.end(at, Met)
		unread := r.unread
		r.replied, r.unread = src.replied, time.Time{}
		if unread.After(r.replied) {
			r.waitFrom(unread, t)
		}
		if c := src.current(PeriodicUpdate); c != nil {
			r.start(PeriodicUpdate, t)
			r.adopt(c, t)
		}
	}
}

// cut forgets what a clock lived through from an earlier instant on.
func (c *cycle) cut(at time.Time) {
	for len(c.track) > 1 && !c.track[len(c.track)-1].from.Before(at) {
		c.track = c.track[:len(c.track)-1]
	}
	c.track[len(c.track)-1].to = time.Time{}
}

// waitFrom starts the next-response clock now for a message received earlier.
func (r *run) waitFrom(unread, t time.Time) {
	r.unread = unread
	r.start(NextResponse, t)
	r.current(NextResponse).backdate(unread, t)
}

// adopt gives the current cycle of a target the longer history of the same
// target on a merged ticket. A breach that the other has recorded is not
// recorded a second time here.
func (r *run) adopt(other *cycle, t time.Time) {
	own := r.current(other.target)
	if !own.live {
		return
	}
	own.alert(t, false)
	own.settle(t)
	own.inherited = own.inherited || other.inherited || !other.breach.At.IsZero()
	if !other.longer(own, t) {
		return
	}
	own.start = other.start
	own.level = max(own.level, other.level)
	own.track = nil
	for _, s := range other.track {
		if s.from.Before(t) {
			own.track = append(own.track, s)
		}
	}
	own.setCell(own.cell)
	paused, reason := r.stands(own.cell)
	if n := len(own.track); n > 0 && !own.track[n-1].to.IsZero() {
		// The merged ticket was resolved; the survivor is not: time between
		// does not count (D-15).
		own.track = append(own.track, stretch{from: own.track[n-1].to, cal: own.cell.Calendar, paused: true, reason: ReasonResolved})
	}
	own.track = own.track.enter(stretch{from: t, cal: own.cell.Calendar, paused: paused, reason: reason})
	own.recalculated(t)
}

// longer says whether a clock began before another one, or ran longer since.
func (c *cycle) longer(than *cycle, t time.Time) bool {
	if !c.start.Equal(than.start) {
		return c.start.Before(than.start)
	}
	a, _ := c.track.sum(t)
	b, _ := than.track.sum(t)
	return a > b
}

// absorbUnread keeps the oldest customer message that nobody has answered. A
// ticket without any reply needs nothing: its first response waits.
func (r *run) absorbUnread(src *run, t time.Time) {
	switch unread := src.unread; {
	case r.replied.IsZero() || !unread.After(r.replied):
	case r.unread.IsZero():
		r.waitFrom(unread, t)
	case unread.Before(r.unread):
		r.unread = unread
		r.current(NextResponse).backdate(unread, t)
	}
}

// backdate lets a clock that was started late count from an earlier instant.
func (c *cycle) backdate(from, t time.Time) {
	c.alert(t, false)
	c.settle(t)
	c.start = from
	c.track[0].from = from
	c.setCell(c.cell)
	c.recalculated(t)
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
