// Package sla measures promises: calendars of opening hours, the policy that
// gives each target its figure, and the clocks of a ticket computed from its
// event log. It is pure and knows the standard library alone: the state of a
// ticket is a function of (events, policies, calendars, now) (D-12).
package sla

import (
	"fmt"
	"slices"
	"time"
)

// Hours is one opening of a day: offsets from midnight on the local clock,
// half-open, from 0 to 24 h. Close <= Open means that it ends on the next day;
// it belongs to the day it starts on (D-3).
type Hours struct {
	Open, Close time.Duration
}

// Spec is the plain description of a calendar, or of one version of it.
// Precedence: holiday, then override, then the weekday's hours; breaks are
// subtracted last. The configuration loader refuses what makes no sense (D-3);
// the engine computes whatever it is given.
type Spec struct {
	Zone       string           // IANA name; every time of day and date is of this zone
	AlwaysOpen bool             // 24/7; nothing else applies
	Weekly     [7][]Hours       // by time.Weekday; an empty day is closed
	Holidays   []Date           // dates on which no opening starts
	Overrides  map[Date][]Hours // dates whose hours replace the weekday's
	Breaks     map[Date][]Hours // stretches taken out of a date; zero-length ones do nothing
	Effective  time.Time        // from when this version holds; zero: from the beginning
	Names      map[Date]string  // what the holidays are called, for explanations; optional
}

// Calendar says when support is open. It is immutable and safe for concurrent
// use; every question costs O(log n) of the number of exceptions.
type Calendar struct {
	name     string
	versions []version
	open     *timeline // by instant
	days     *timeline // by day number; a working day is an open day
}

type version struct {
	spec     Spec
	zone     *Zone
	from     int64 // effective instant
	firstDay int64 // first day that starts under this version
	holidays map[Date]bool
	walls    []wallPiece
}

// NewCalendar compiles a calendar from its versions, the first of which holds
// from the beginning of time; an edit changes only time after its effective
// instant (D-2). It fails on an unknown zone, on hours outside the day, and on
// versions that are not in order.
func NewCalendar(name string, specs ...Spec) (*Calendar, error) {
	if len(specs) == 0 {
		return nil, fmt.Errorf("calendar %s has no version", name)
	}
	c := &Calendar{name: name}
	for i, s := range specs {
		v, err := newVersion(s)
		if err == nil && i == 0 {
			v.from = minNano
		} else if err == nil && v.from <= c.versions[i-1].from {
			err = fmt.Errorf("version %d takes effect at %s, not after the one before it", i+1, s.Effective.Format(time.RFC3339))
		}
		if err != nil {
			return nil, fmt.Errorf("calendar %s: %w", name, err)
		}
		c.versions = append(c.versions, v)
	}
	c.compile()
	return c, nil
}

func newVersion(s Spec) (version, error) {
	zone, err := LoadZone(s.Zone)
	if err != nil {
		return version{}, err
	}
	v := version{spec: s, zone: zone, from: nano(s.Effective), holidays: map[Date]bool{}}
	for _, d := range s.Holidays {
		v.holidays[d] = true
	}
	if s.AlwaysOpen {
		v.holidays = nil
		v.spec.Overrides, v.spec.Breaks = nil, nil
		for i := range v.spec.Weekly {
			v.spec.Weekly[i] = []Hours{{0, 24 * time.Hour}}
		}
	}
	for _, hours := range v.allHours() {
		for _, h := range hours {
			if h.Open < 0 || h.Close < 0 || h.Open > 24*time.Hour || h.Close > 24*time.Hour {
				return version{}, fmt.Errorf("hours %s-%s are not within 00:00-24:00", h.Open, h.Close)
			}
		}
	}
	v.walls = v.wallPieces()
	return v, nil
}

// allHours lists every list of hours a version is described with.
func (v *version) allHours() [][]Hours {
	out := slices.Clone(v.spec.Weekly[:])
	for _, m := range []map[Date][]Hours{v.spec.Overrides, v.spec.Breaks} {
		for _, h := range m {
			out = append(out, h)
		}
	}
	return out
}

// compile joins the versions' pieces into the two timelines.
func (c *Calendar) compile() {
	var pieces, days []piece
	lastDay := floorDiv(maxNano+wallEpoch, day)
	for i := range c.versions {
		v := &c.versions[i]
		v.firstDay = v.dayAfter(v.from)
		to, toDay := maxNano, lastDay
		if i+1 < len(c.versions) {
			next := &c.versions[i+1]
			to, toDay = next.from, next.dayAfter(next.from)
		}
		pieces = append(pieces, v.pieces(v.from, to)...)
		days = append(days, v.dayPieces(v.firstDay, toDay)...)
	}
	c.open = newTimeline(pieces, maxNano)
	c.days = newTimeline(days, lastDay)
}

// Name is the calendar's name in the policy file.
func (c *Calendar) Name() string { return c.name }

// Zone is the zone of the calendar's latest version.
func (c *Calendar) Zone() *Zone { return c.versions[len(c.versions)-1].zone }

// IsOpen says whether support is open at t; the closing instant is not open
// (D-4).
func (c *Calendar) IsOpen(t time.Time) bool {
	n := nano(t)
	return c.open.before(n+1) > c.open.before(n)
}

// Between is the open time from a to b in real elapsed time, negative when b
// comes first (D-4).
func (c *Calendar) Between(a, b time.Time) time.Duration {
	return time.Duration(c.open.before(nano(b)) - c.open.before(nano(a)))
}

// Add is the instant at which d of open time has passed since t. Forwards, a
// sum that runs out at closing is the closing instant; zero on a closed
// instant rolls forward to the next opening (D-4). Backwards is the mirror:
// it lands on an opening rather than on the closing before it. False means
// that the calendar is never open that long within the horizon.
func (c *Calendar) Add(t time.Time, d time.Duration) (time.Time, bool) {
	x := c.open.before(nano(t)) + int64(d)
	if d > 0 {
		return at(c.open.low(x))
	}
	return at(c.open.high(x))
}

// NextOpen is t itself when open, else the next opening; false when there is
// none.
func (c *Calendar) NextOpen(t time.Time) (time.Time, bool) {
	return at(c.open.high(c.open.before(nano(t))))
}

// NextClose is the end of the current opening, or of the next one when closed
// at t; false when there is none.
func (c *Calendar) NextClose(t time.Time) (time.Time, bool) {
	o, ok := c.open.high(c.open.before(nano(t)))
	if !ok {
		return time.Time{}, false
	}
	return at(c.open.highClosed(c.open.closedBefore(o)))
}

// PrevClose is t itself when inside (open, close], else the closing before it;
// false when there is none.
func (c *Calendar) PrevClose(t time.Time) (time.Time, bool) {
	return at(c.open.low(c.open.before(nano(t))))
}

// Interval is a half-open stretch of time [From, To).
type Interval struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// OpenIntervals are the next n openings from t on, the first one cut at t;
// fewer when the calendar ends. An opening without end ends at the horizon.
func (c *Calendar) OpenIntervals(t time.Time, n int) []Interval {
	var out []Interval
	for len(out) < n {
		from, ok := c.NextOpen(t)
		if !ok {
			break
		}
		to, ok := c.NextClose(from)
		if !ok {
			to = horizonEnd
		}
		out = append(out, Interval{from, to})
		t = to
	}
	return out
}

// Equivalent says whether no open time lies between two instants: 18:00 today
// and 09:00 tomorrow are then the same to a clock.
func (c *Calendar) Equivalent(a, b time.Time) bool { return c.Between(a, b) == 0 }

func at(n int64, ok bool) (time.Time, bool) {
	if !ok {
		return time.Time{}, false
	}
	return fromNano(n), true
}
