package deflect

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func near(t rapid.TB, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol*max(1, math.Abs(want))) {
		t.Fatalf("%s: got %.12g, want %.12g", what, got, want)
	}
}

// drawArms draws counts with a treated and a held arm and a held ticket.
func drawArms(t *rapid.T, most int) Arms {
	n1, n2 := rapid.IntRange(1, most).Draw(t, "n1"), rapid.IntRange(1, most).Draw(t, "n2")
	return Arms{n1, rapid.IntRange(0, n1).Draw(t, "x1"), n2, rapid.IntRange(1, n2).Draw(t, "x2")}
}

// TestPublished compares with intervals printed elsewhere.
func TestPublished(t *testing.T) {
	// The example of Koopman 1984: 36 of 40 against 16 of 80.
	low, high := ratioInterval([]Arms{{40, 36, 80, 16}}, 4.5)
	near(t, "low", low, 2.94, .002)
	near(t, "high", high, 7.15, .002)
	// Fagerland, Lydersen and Laake 2015 on Perondi's trial, 7 of 34 against 1
	// of 34: 1.21 to 43, of log width 3.57, by the statistic times (N-1)/N.
	trial := []Arms{{34, 7, 34, 1}}
	low, high = levelSet(7, func(x float64) float64 { return score(trial, math.Exp(x))*67/68 - chi95 })
	near(t, "low", low, 1.21, .005)
	near(t, "high", high, 43, .005)
	near(t, "log width", math.Log(high/low), 3.57, .003)
}

// twoSquares is Koopman's statistic as he wrote it, a sum of two squares, at
// likeliest rates found by a search that knows no formula.
func twoSquares(a Arms, r float64) float64 {
	n1, x1 := float64(a.Treated), float64(a.TreatedTickets)
	n2, x2 := float64(a.Held), float64(a.HeldTickets)
	part := func(x, p float64) float64 {
		if x == 0 {
			return 0
		}
		return x * math.Log(p)
	}
	likelihood := func(p2 float64) float64 {
		p1 := r * p2
		return part(x1, p1) + part(n1-x1, 1-p1) + part(x2, p2) + part(n2-x2, 1-p2)
	}
	low, high := 0.0, min(1, 1/r)
	for range 200 { // golden section on a concave function
		a, b := high-(high-low)*.6180339887498949, low+(high-low)*.6180339887498949
		if likelihood(a) < likelihood(b) {
			low = a
		} else {
			high = b
		}
	}
	p2 := (low + high) / 2
	p1 := r * p2
	square := func(x, n, p float64) float64 { return (x - n*p) * (x - n*p) / (n * p * (1 - p)) }
	return square(x1, n1, p1) + square(x2, n2, p2)
}

// TestBoundsSolveKoopmansEquation puts the bounds back into the definition.
func TestBoundsSolveKoopmansEquation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawArms(t, 300)
		ratio, _ := commonRatio([]Arms{a})
		low, high := ratioInterval([]Arms{a}, ratio)
		near(t, "statistic at high", twoSquares(a, high), chi95, 1e-5)
		if a.TreatedTickets > 0 {
			near(t, "statistic at low", twoSquares(a, low), chi95, 1e-5)
		} else if low != 0 {
			t.Fatalf("low is %g without treated tickets", low)
		}
		inside := low + (high-low)*rapid.Float64Range(.001, .999).Draw(t, "inside")
		if u := twoSquares(a, inside); u > chi95*(1+1e-5) {
			t.Fatalf("statistic %g inside the interval", u)
		}
	})
}

// TestCrossing finds known zeros, with kinks, plateaus and infinities.
func TestCrossing(t *testing.T) {
	for name, f := range map[string]func(float64) float64{
		"line":     func(x float64) float64 { return x - .3 },
		"steep":    func(x float64) float64 { return math.Pow(x/.3, 41) - 1 },
		"flat":     func(x float64) float64 { return math.Pow(x-.3, 9) },
		"jump":     func(x float64) float64 { return math.Copysign(1, x-.3) },
		"infinite": func(x float64) float64 { return map[bool]float64{true: math.Inf(1), false: -1}[x >= .3] },
		"both":     func(x float64) float64 { return math.Inf(int(math.Copysign(1, x-.3))) },
	} {
		calls := 0
		got := crossing(func(x float64) float64 { calls++; return f(x) }, end{-1, f(-1)}, end{2, f(2)}, 1e-12)
		near(t, name, got, .3, 1e-11)
		if calls > 45 {
			t.Errorf("%s: %d evaluations, bisection needs 41", name, calls)
		}
	}
}

// TestRestrictedKeepsDigits where nearly every attempt is a ticket: at a ratio
// of 1 the likeliest rate is the pooled one.
func TestRestrictedKeepsDigits(t *testing.T) {
	for _, a := range []Arms{{1e7, 1e7 - 1, 1e7, 1e7}, {1e7, 1e7 - 3, 2, 2}, {3, 2, 1e7, 1e7}, {1e7, 1, 1e7, 1}} {
		p1, p2 := restricted(a, 1)
		n := float64(a.Treated + a.Held)
		near(t, "odds against", (1-p1)*n, n-float64(a.TreatedTickets+a.HeldTickets), 1e-8)
		near(t, "both rates", p1, p2, 0)
	}
}
