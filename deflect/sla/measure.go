package sla

import "time"

// Pause is a stretch during which a clock stands; a zero To means still.
type Pause struct {
	From, To time.Time
}

// Reading is what a single clock shows. Durations are open time.
type Reading struct {
	Due       time.Time // zero when there is none: paused, or never open that long
	Elapsed   time.Duration
	Remaining time.Duration // negative when late
	Paused    time.Duration
}

// Measure reads one pausable clock that starts at start under a figure. Only
// the part of a pause inside open hours counts; order and overlap of pauses do
// not matter, and neither do pauses after due. Due is reckoned from the pauses
// alone; the other values are as at stop.
func Measure(cal *Calendar, f Figure, start time.Time, pauses []Pause, stop time.Time) Reading {
	cell := Cell{Figure: f, Calendar: cal}
	var r Reading
	whole := pausedClock(cell, start, pauses, horizonEnd)
	r.Due, _ = whole.dueAt()
	if stop.Before(start) {
		stop = start
	}
	r.Elapsed, r.Paused = pausedClock(cell, start, pauses, stop).track.sum(stop)
	r.Remaining = whole.figure - r.Elapsed
	return r
}

// pausedClock is a clock that has lived through the union of pauses, as far as
// they lie between start and stop.
func pausedClock(cell Cell, start time.Time, pauses []Pause, stop time.Time) *cycle {
	spans := make([]span, 0, len(pauses))
	for _, p := range pauses {
		if p.To.IsZero() {
			p.To = horizonEnd
		}
		spans = append(spans, span{nano(p.From), nano(p.To)})
	}
	c := newCycle(1, cell, nil, start, false, "")
	for _, s := range clip(merge(spans), span{nano(start), nano(stop)}) {
		c.mode(true, ReasonWaiting, fromNano(s.from))
		if s.to < maxNano {
			c.mode(false, "", fromNano(s.to))
		}
	}
	return c
}
