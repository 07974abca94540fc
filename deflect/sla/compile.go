package sla

import (
	"math"
	"slices"
	"sort"
)

// wallPiece is a stretch of the local clock that follows one pattern, up to
// the next piece.
type wallPiece struct {
	from int64
	set  *pattern
}

var (
	alwaysSet = newPattern([]span{{0, week}}, span{0, week}, true)
	neverSet  = alwaysSet.rest
)

// hoursOn are the openings that start on a day, holidays and overrides
// applied.
func (v *version) hoursOn(d int64) []Hours {
	date := dateOf(d)
	if v.holidays[date] {
		return nil
	}
	if h, ok := v.spec.Overrides[date]; ok {
		return h
	}
	return v.spec.Weekly[date.Weekday()]
}

// walls turns hours of day d into spans of the local clock. An hour that does
// not close later than it opens ends on the next day; a break of that kind
// does so too, unless it is empty.
func wallSpans(d int64, hours []Hours, breaks bool) []span {
	var out []span
	for _, h := range hours {
		s := span{d*day + int64(h.Open), d*day + int64(h.Close)}
		if h.Close < h.Open || h.Close == h.Open && !breaks {
			s.to += day
		}
		out = append(out, s)
	}
	return out
}

// wallPieces cuts the local clock into the ordinary week and the days near an
// exception, which are spelled out.
func (v *version) wallPieces() []wallPiece {
	var weekly []span
	for d := int64(0); d < 7; d++ {
		for _, s := range wallSpans(d, v.spec.Weekly[dateOf(d).Weekday()], false) {
			weekly = append(weekly, clip([]span{s}, span{0, week})...)
			weekly = append(weekly, clip([]span{{s.from - week, s.to - week}}, span{0, week})...)
		}
	}
	ordinary := newPattern(weekly, span{0, week}, true)
	pieces := []wallPiece{{math.MinInt64 / 2, ordinary}}
	exceptions := v.exceptionDays()
	for i := 0; i < len(exceptions); {
		// What starts on a day is over two days later, so that an exception
		// reaches no further.
		first, end := exceptions[i], exceptions[i]+2
		for i++; i < len(exceptions) && exceptions[i] <= end; i++ {
			end = exceptions[i] + 2
		}
		pieces = append(pieces, wallPiece{first * day, v.spelledOut(first, end)}, wallPiece{end * day, ordinary})
	}
	return pieces
}

// exceptionDays are the days with a holiday, an override or a break, sorted.
func (v *version) exceptionDays() []int64 {
	set := map[int64]bool{}
	for d := range v.holidays {
		set[d.day()] = true
	}
	for d := range v.spec.Overrides {
		set[d.day()] = true
	}
	for d := range v.spec.Breaks {
		set[d.day()] = true
	}
	out := make([]int64, 0, len(set))
	for d := range set {
		out = append(out, d)
	}
	slices.Sort(out)
	return out
}

// spelledOut is the set of open walls from one day to another.
func (v *version) spelledOut(first, end int64) *pattern {
	var open, breaks []span
	for d := first - 1; d < end; d++ {
		open = append(open, wallSpans(d, v.hoursOn(d), false)...)
		breaks = append(breaks, wallSpans(d, v.spec.Breaks[dateOf(d)], true)...)
	}
	return newPattern(subtract(merge(open), merge(breaks)), span{first * day, end * day}, false)
}

// wallPieceAt is the index of the piece that contains wall time w.
func (v *version) wallPieceAt(w int64) int {
	return sort.Search(len(v.walls)-1, func(i int) bool { return v.walls[i+1].from > w })
}

// pieces lays the walls on the line of instants from lo to hi. Where the local
// clock is set forward, the skipped walls never come. Where it is set back,
// time goes on being open or closed as it was just before until the clock has
// caught up, so that hours which span the change get an hour longer and hours
// within the repeated hour happen once, the first time (D-4).
func (v *version) pieces(lo, hi int64) []piece {
	var out []piece
	put := func(at, off int64, set *pattern) {
		if n := len(out); n > 0 && at <= lo {
			out = out[:0] // the earlier piece ended before lo
		}
		if at < hi {
			out = append(out, piece{at: max(at, lo), off: off, set: set})
		}
	}
	z := v.zone
	mark := z.at[0] + z.off[0]
	for i, from := range z.at {
		off, to := z.off[i], z.until(i)
		again := min(max(from, mark-off), to)
		if again > from {
			put(from, 0, v.heldSet(mark))
		}
		if again < to {
			j := v.wallPieceAt(again + off)
			put(again, off, v.walls[j].set)
			for j++; j < len(v.walls) && v.walls[j].from < to+off; j++ {
				put(v.walls[j].from-off, off, v.walls[j].set)
			}
		}
		mark = max(mark, to+off)
	}
	return out
}

// heldSet is always or never, as the local clock was just before mark.
func (v *version) heldSet(mark int64) *pattern {
	set := v.walls[v.wallPieceAt(mark-1)].set
	if set.measure(mark) > set.measure(mark-1) {
		return alwaysSet
	}
	return neverSet
}
