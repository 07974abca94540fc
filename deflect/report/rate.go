package report

import (
	"math"
	"slices"

	"github.com/vmcloud/ricochet/deflect"
)

// Rate is a share K of N with Wilson's 95 % interval. Without anything to
// divide by, OK is false and Value, Low and High mean nothing: there is never
// a NaN to print.
type Rate struct {
	K     int     `json:"k"`
	N     int     `json:"n"`
	OK    bool    `json:"ok"`
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// RateOf is the rate k of n. Counts that cannot be a share (fewer than none,
// more than all) give a rate that is not OK.
func RateOf(k, n int) Rate {
	if n <= 0 || k < 0 || k > n {
		return Rate{K: k, N: n}
	}
	w := deflect.Wilson(k, n)
	return Rate{K: k, N: n, OK: true, Value: w.Rate, Low: w.Low, High: w.High}
}

// Number is a figure that may be missing.
type Number struct {
	Value float64 `json:"value"`
	OK    bool    `json:"ok"`
	N     int     `json:"n"` // what it rests on: tickets, answers, days
}

// ratio is above/below, not OK when there is nothing to divide by.
func ratio(above, below float64, n int) Number {
	if below == 0 || math.IsNaN(above/below) || math.IsInf(above/below, 0) {
		return Number{N: n}
	}
	return Number{Value: above / below, OK: true, N: n}
}

// Spread describes a sample of durations in seconds.
type Spread struct {
	N      int     `json:"n"`
	Mean   float64 `json:"mean"`   // seconds; 0 for an empty sample
	Median float64 `json:"median"` // seconds
	P90    float64 `json:"p90"`    // seconds
}

// OK says that there was something to describe.
func (s Spread) OK() bool { return s.N > 0 }

// SpreadOf describes a sample, which it sorts. A quantile is the smallest
// value that at least that share of the sample does not exceed (nearest rank).
func SpreadOf(seconds []int64) Spread {
	if len(seconds) == 0 {
		return Spread{}
	}
	slices.Sort(seconds)
	var sum int64
	for _, v := range seconds {
		sum += v
	}
	rank := func(percent int) float64 {
		return float64(seconds[max(0, (len(seconds)*percent+99)/100-1)])
	}
	return Spread{N: len(seconds), Mean: float64(sum) / float64(len(seconds)), Median: rank(50), P90: rank(90)}
}

// Difference is the change of a rate from before to after with its 95 %
// interval (R. G. Newcombe, Statistics in Medicine 17, 1998, method 10: from
// the two Wilson intervals). It is not OK while either rate is not.
type Difference struct {
	OK    bool    `json:"ok"`
	Value float64 `json:"value"` // after - before
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Change compares two rates.
func Change(before, after Rate) Difference {
	if !before.OK || !after.OK {
		return Difference{}
	}
	d := after.Value - before.Value
	return Difference{
		OK: true, Value: d,
		Low:  d - math.Hypot(after.Value-after.Low, before.High-before.Value),
		High: d + math.Hypot(after.High-after.Value, before.Value-before.Low),
	}
}

// Worse says that the rate fell beyond what chance explains.
func (d Difference) Worse() bool { return d.OK && d.High < 0 }

// Better says that the rate rose beyond what chance explains.
func (d Difference) Better() bool { return d.OK && d.Low > 0 }
