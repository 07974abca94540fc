package sla

import "time"

// stretch is a part of a clock's life in one mode: running or paused, measured
// by one calendar. The last stretch of a live clock has no end.
type stretch struct {
	from, to time.Time
	cal      *Calendar
	paused   bool
	reason   string
}

// end is where the stretch ends, or now.
func (s stretch) end(now time.Time) time.Time {
	if s.to.IsZero() {
		return now
	}
	return s.to
}

// track is the life of a clock so far. Neighbours differ in mode, calendar or
// reason, and none but the last is empty.
type track []stretch

// enter begins a new mode at t. A stretch that would be empty leaves no trace,
// so that a pause of no length changes nothing.
func (tr track) enter(next stretch) track {
	if n := len(tr); n > 0 {
		last := &tr[n-1]
		if last.from.Equal(next.from) {
			tr = tr[:n-1]
		} else {
			last.to = next.from
		}
	}
	if n := len(tr); n > 0 {
		last := &tr[n-1]
		if last.cal == next.cal && last.paused == next.paused && last.reason == next.reason {
			last.to = time.Time{}
			return tr
		}
	}
	return append(tr, next)
}

// paused says whether the clock stands.
func (tr track) paused() bool { return tr[len(tr)-1].paused }

// sum is the open time spent running, and paused, up to now.
func (tr track) sum(now time.Time) (running, paused time.Duration) {
	for _, s := range tr {
		d := s.cal.Between(s.from, s.end(now))
		if s.paused {
			paused += d
		} else {
			running += d
		}
	}
	return running, paused
}

// reach is the instant at which the running time comes to x: in the past when
// it has, else foreseen from the stretch that still runs; false while paused
// before it or when the calendar never opens that long. A clock that comes to
// x in the very instant it is paused, in open hours, comes to it when it
// resumes: due moves by exactly the open part of the pause. At closing time the
// pause is too late, since one in closed hours changes nothing.
func (tr track) reach(x time.Duration) (time.Time, bool) {
	var acc time.Duration
	var touched time.Time // where a stretch before a pause ended exactly at x
	for i, s := range tr {
		if s.paused {
			continue
		}
		if acc == x && i > 0 && !touched.IsZero() {
			t, _ := s.cal.PrevClose(s.from)
			if t.Before(touched) {
				t = touched
			}
			return t, true
		}
		due, ok := s.cal.Add(s.from, x-acc)
		if s.to.IsZero() {
			return due, ok
		}
		open := s.cal.Between(s.from, s.to)
		inTime := i+1 < len(tr) && tr[i+1].paused && due.Equal(s.to) && s.cal.IsOpen(due)
		if x-acc < open || x-acc == open && !inTime {
			return due, ok
		}
		if acc += open; acc == x {
			touched = due
		}
	}
	return time.Time{}, false
}
