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
// before it or when the calendar never opens that long. promise names the
// instant that people were told for it, which is the same to the clock. A pause
// that begins before that instant, or in the very instant and in open hours,
// is in time: the clock comes to x when it resumes, so that due moves by
// exactly the open part of the pause. A pause at closing time or later is too
// late, since one in closed hours changes nothing. known is reached, or the
// resumption without which it would not be: nobody can have seen it before.
func (tr track) reach(x time.Duration, promise func(time.Time) time.Time) (reached, known time.Time, ok bool) {
	var acc time.Duration
	var touched time.Time // where a stretch before a pause ended exactly at x
	for i, s := range tr {
		if s.paused {
			continue
		}
		if acc == x && i > 0 && !touched.IsZero() {
			closing, _ := s.cal.PrevClose(s.from)
			t := promise(latest(closing, touched))
			return t, latest(t, s.from), true
		}
		t, ok := s.cal.Add(s.from, x-acc)
		told := t
		if ok {
			told = promise(t)
		}
		if s.to.IsZero() {
			return told, told, ok
		}
		open := s.cal.Between(s.from, s.to)
		inTime := i+1 < len(tr) && tr[i+1].paused && (s.to.Before(told) || s.to.Equal(told) && s.cal.IsOpen(told))
		if x-acc < open || x-acc == open && !inTime {
			return told, told, ok
		}
		if acc += open; acc == x {
			touched = t
		}
	}
	return time.Time{}, time.Time{}, false
}
