package sla

import (
	"cmp"
	"slices"
	"sort"
)

// span is a half-open stretch [from, to) of some number line (D-3).
type span struct{ from, to int64 }

// merge sorts spans and joins those that overlap or touch; empty ones go.
func merge(in []span) []span {
	in = slices.DeleteFunc(slices.Clone(in), func(s span) bool { return s.to <= s.from })
	slices.SortFunc(in, func(a, b span) int {
		if a.from != b.from {
			return cmp.Compare(a.from, b.from)
		}
		return cmp.Compare(a.to, b.to)
	})
	var out []span
	for _, s := range in {
		if n := len(out); n > 0 && s.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, s.to)
			continue
		}
		out = append(out, s)
	}
	return out
}

// subtract removes cuts from spans; both are merged lists.
func subtract(in, cuts []span) []span {
	var out []span
	for _, s := range in {
		for _, c := range cuts {
			if c.to <= s.from || c.from >= s.to {
				continue
			}
			if c.from > s.from {
				out = append(out, span{s.from, c.from})
			}
			s.from = c.to
		}
		if s.from < s.to {
			out = append(out, s)
		}
	}
	return out
}

// clip keeps the parts of spans inside a window.
func clip(in []span, w span) []span {
	var out []span
	for _, s := range in {
		if s = (span{max(s.from, w.from), min(s.to, w.to)}); s.from < s.to {
			out = append(out, s)
		}
	}
	return out
}

// pattern is a set of spans whose length up to a point, and its inverse, cost
// one binary search: either repeated with a period for ever, or given once.
type pattern struct {
	period int64 // 0: the spans are given once
	spans  []span
	cum    []int64  // cum[i] is the length of the spans before the i-th; the last entry is the total
	rest   *pattern // the complement (of the period, or of the window)
}

// newPattern builds a pattern of spans within a window and its complement. A
// periodic window begins at 0 and its end is the period.
func newPattern(in []span, window span, periodic bool) *pattern {
	in = clip(merge(in), window)
	p, r := &pattern{spans: in}, &pattern{spans: subtract([]span{window}, in)}
	p.rest, r.rest = r, p
	if periodic {
		p.period, r.period = window.to, window.to
	}
	p.sum()
	r.sum()
	return p
}

func (p *pattern) sum() {
	p.cum = make([]int64, len(p.spans)+1)
	for i, s := range p.spans {
		p.cum[i+1] = p.cum[i] + s.to - s.from
	}
}

func (p *pattern) total() int64 { return p.cum[len(p.spans)] }

// measure is the length of the set before w, counted from the origin of a
// periodic pattern (negative before it) or from the first span.
func (p *pattern) measure(w int64) int64 {
	var base int64
	if p.period > 0 {
		q := floorDiv(w, p.period)
		base, w = q*p.total(), w-q*p.period
	}
	i := sort.Search(len(p.spans), func(i int) bool { return p.spans[i].from > w })
	if i == 0 {
		return base
	}
	s := p.spans[i-1]
	return base + p.cum[i-1] + min(w, s.to) - s.from
}

// low is the first point by which the set has reached length x. The caller
// knows that it does: total > 0, and 0 < x <= total when not periodic.
func (p *pattern) low(x int64) int64 {
	var base int64
	if p.period > 0 {
		q := -floorDiv(-x, p.total()) - 1 // so that 0 < x <= total remains
		base, x = q*p.period, x-q*p.total()
	}
	i := sort.Search(len(p.spans)-1, func(i int) bool { return p.cum[i+1] >= x })
	return base + p.spans[i].from + x - p.cum[i]
}

// high is the last point at which the set has not grown beyond length x. The
// caller knows that it does later: 0 <= x < total when not periodic.
func (p *pattern) high(x int64) int64 {
	var base int64
	if p.period > 0 {
		q := floorDiv(x, p.total())
		base, x = q*p.period, x-q*p.total()
	}
	i := sort.Search(len(p.spans)-1, func(i int) bool { return p.cum[i+1] > x })
	return base + p.spans[i].from + x - p.cum[i]
}

// floorDiv is a/b rounded down, for b > 0.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
