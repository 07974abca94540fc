package deflect

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// drawRate draws a ticket rate, rare ones included.
func drawRate(t *rapid.T, name string) float64 {
	return math.Exp(-rapid.Float64Range(.01, 8).Draw(t, name))
}

// worthAt is M at rates p1, p2 (not its logarithm).
func worthAt(a Arms, p1, p2 float64) float64 {
	b := newBet(a)
	v, _ := b.at(math.Log(p1/p2), math.Log(p2))
	return math.Exp(v)
}

// TestStakeIsAMartingale: whatever has been seen and whichever arm comes next,
// the expected worth after the next attempt is the worth now. With a start of 1
// that is all that Ville's inequality asks.
func TestStakeIsAMartingale(t *testing.T) {
	near(t, "start", worthAt(Arms{}, .3, .4), 1, 1e-12)
	rapid.Check(t, func(t *rapid.T) {
		n1, n2 := rapid.IntRange(0, 2000).Draw(t, "n1"), rapid.IntRange(0, 2000).Draw(t, "n2")
		a := Arms{n1, rapid.IntRange(0, n1).Draw(t, "x1"), n2, rapid.IntRange(0, n2).Draw(t, "x2")}
		p1, p2 := drawRate(t, "p1"), drawRate(t, "p2")
		b := newBet(a)
		now, _ := b.at(math.Log(p1/p2), math.Log(p2))
		for group, p := range map[Group]float64{Treatment: p1, Holdout: p2} {
			mean := 0.0
			for ticket, chance := range map[bool]float64{true: p, false: 1 - p} {
				next := a
				next.Add(group, ticket)
				nb := newBet(next)
				v, _ := nb.at(math.Log(p1/p2), math.Log(p2))
				mean += chance * math.Exp(v-now)
			}
			near(t, "expected growth", mean, 1, 1e-8)
		}
	})
}

// TestStakeIsConvex in the logarithms of both rates, so that the searches find
// the only minimum, and its slope is the slope.
func TestStakeIsConvex(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawArms(t, 3000)
		b := newBet(a)
		x1, y1 := math.Log(drawRate(t, "p1")), math.Log(drawRate(t, "p2"))
		x2, y2 := math.Log(drawRate(t, "r1")), math.Log(drawRate(t, "r2"))
		f := func(x, y float64) float64 { v, _ := b.at(x-y, y); return v }
		left, right, middle := f(x1, y1), f(x2, y2), f((x1+x2)/2, (y1+y2)/2)
		if middle > (left+right)/2+1e-7*(1+math.Abs(left)+math.Abs(right)) {
			t.Fatalf("middle %g above the mean of %g and %g", middle, left, right)
		}
		const h = 1e-6
		_, slope := b.at(x1-y1, y1-h)
		up, _ := b.at(x1-y1, y1)
		down, _ := b.at(x1-y1, y1-2*h)
		near(t, "slope", slope, (up-down)/(2*h), 1e-3)
	})
}

// TestLeastIsTheMinimum compares the inner search with a fine grid.
func TestLeastIsTheMinimum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawArms(t, 2000)
		b := newBet(a)
		logRatio := rapid.Float64Range(-6, 6).Draw(t, "ratio")
		got := b.least(logRatio)
		best := math.Inf(1)
		edge := min(0, -logRatio)
		for i := range 4000 {
			v, _ := b.at(logRatio, edge-float64(i)*.005)
			best = min(best, v)
		}
		if got > best+1e-6*(1+math.Abs(best)) {
			t.Fatalf("least %g, grid %g", got, best)
		}
	})
}

// TestAnytimeBounds: at the bounds the stake is worth exactly 20, just outside
// more, and the observed ratio is never rejected.
func TestAnytimeBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawArms(t, 5000)
		ratio, _ := commonRatio([]Arms{a})
		low, high := anytimeInterval([]Arms{a}, ratio)
		b := newBet(a)
		near(t, "log worth at high", b.least(math.Log(high)), stakeLimit, 1e-6)
		if ratio > 0 {
			near(t, "log worth at low", b.least(math.Log(low)), stakeLimit, 1e-6)
			if v := b.least(math.Log(ratio)); v > 0 {
				t.Fatalf("the observed ratio is worth %g", v)
			}
		}
	})
}

func TestLogGamma(t *testing.T) {
	for _, x := range []float64{1e-9, .01, .5, 1, 1.5, 2, 3.7, 7.99, 8, 12.5, 100, 1e4, 1e7 + .5} {
		want, _ := math.Lgamma(x)
		value, slope := logGamma(x)
		near(t, "value", value, want, 1e-12)
		next, nextSlope := logGamma(x + 1)
		near(t, "recurrence", next-value, math.Log(x), 1e-8)
		near(t, "recurrence of the slope", nextSlope-slope, 1/x, 1e-11)
	}
	_, slope := logGamma(1)
	near(t, "minus Euler's constant", slope, -0.57721566490153286, 1e-12)
	_, slope = logGamma(.5)
	near(t, "minus Euler's constant minus 2 log 2", slope, -0.57721566490153286-2*math.Ln2, 1e-12)
}
