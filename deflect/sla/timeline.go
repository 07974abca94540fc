package sla

import "sort"

// timeline is a set of open time over a stretch of the number line, cut into
// pieces that each follow one pattern. Sums up to each piece make the length
// of open time before a point, and its inverse, O(log n) however far away.
type timeline struct {
	pieces []piece
	end    int64
	open   int64 // open length of the whole line
}

// piece is a part of a timeline: from at to the next piece, a point t belongs
// to the set when the pattern has t+off.
type piece struct {
	at, off int64
	set     *pattern
	base    int64 // set.measure at the piece's start
	open    int64 // open length before the piece
}

// newTimeline computes the sums of pieces given in order.
func newTimeline(pieces []piece, end int64) *timeline {
	tl := &timeline{pieces: pieces, end: end}
	for i := range pieces {
		p := &pieces[i]
		p.base = p.set.measure(p.at + p.off)
		p.open = tl.open
		to := end
		if i+1 < len(pieces) {
			to = pieces[i+1].at
		}
		tl.open += p.set.measure(to+p.off) - p.base
	}
	return tl
}

// before is the open length before t.
func (tl *timeline) before(t int64) int64 {
	i := sort.Search(len(tl.pieces)-1, func(i int) bool { return tl.pieces[i+1].at > t })
	p := tl.pieces[i]
	return p.open + p.set.measure(t+p.off) - p.base
}

// closedBefore is the closed length before t.
func (tl *timeline) closedBefore(t int64) int64 { return t - tl.pieces[0].at - tl.before(t) }

// openTo is the open length before the end of piece i, which is not the last.
func (tl *timeline) openTo(i int) int64 { return tl.pieces[i+1].open }

// low is the first point before which lies an open length of x; false when
// there is none because x is not positive or never reached.
func (tl *timeline) low(x int64) (int64, bool) {
	if x <= 0 || x > tl.open {
		return 0, false
	}
	i := sort.Search(len(tl.pieces)-1, func(i int) bool { return tl.openTo(i) >= x })
	p := tl.pieces[i]
	return p.set.low(p.base+x-p.open) - p.off, true
}

// high is the last point before which the open length is still x, that is,
// the instant from which it grows; false when it never grows beyond x.
func (tl *timeline) high(x int64) (int64, bool) {
	if x < 0 || x >= tl.open {
		return 0, false
	}
	i := sort.Search(len(tl.pieces)-1, func(i int) bool { return tl.openTo(i) > x })
	p := tl.pieces[i]
	return p.set.high(p.base+x-p.open) - p.off, true
}

// highClosed is high for the closed time: the point from which the closed
// length grows beyond x; false when it stays open to the end of the line.
func (tl *timeline) highClosed(x int64) (int64, bool) {
	start := tl.pieces[0].at
	closedTo := func(i int) int64 {
		if i+1 < len(tl.pieces) {
			return tl.pieces[i+1].at - start - tl.openTo(i)
		}
		return tl.end - start - tl.open
	}
	i := sort.Search(len(tl.pieces), func(i int) bool { return closedTo(i) > x })
	if i == len(tl.pieces) {
		return 0, false
	}
	p := tl.pieces[i]
	rest := p.set.rest
	return rest.high(rest.measure(p.at+p.off)+x-(p.at-start-p.open)) - p.off, true
}
