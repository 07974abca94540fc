package deflect

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// sane demands finite bounds in order, the fixed ones within the others.
func sane(t rapid.TB, c Causal) {
	t.Helper()
	for _, v := range []float64{c.Rate, c.Low, c.High, c.AnytimeLow, c.AnytimeHigh} {
		if math.IsNaN(v) || math.IsInf(v, 0) || v > 1 {
			t.Fatalf("impossible figure in %+v", c)
		}
	}
	if !(c.AnytimeLow <= c.Low && c.Low <= c.Rate && c.Rate <= c.High && c.High <= c.AnytimeHigh) {
		t.Fatalf("bounds out of order: %+v", c)
	}
}

func TestEstimateNothing(t *testing.T) {
	for name, strata := range map[string][]Arms{
		"no strata":                  nil,
		"nobody":                     {{}},
		"no hold-out":                {{Treated: 9, TreatedTickets: 3}},
		"no treatment":               {{Held: 9, HeldTickets: 3}},
		"no held tickets":            {{9, 3, 9, 0}},
		"arms in different strata":   {{Treated: 9, TreatedTickets: 3}, {Held: 9, HeldTickets: 3}},
		"more tickets than attempts": {{9, 10, 9, 1}},
		"negative":                   {{9, -1, 9, 1}},
		"impossible second":          {{9, 1, 9, 1}, {9, 1, 9, 10}},
	} {
		if c, ok := EstimateCausal(strata...); ok {
			t.Errorf("%s: estimated %+v", name, c)
		}
	}
}

func TestEstimateFigures(t *testing.T) {
	c, ok := EstimateCausal(Arms{8000, 1800, 2000, 600})
	if !ok {
		t.Fatal("no estimate")
	}
	sane(t, c)
	near(t, "rate", c.Rate, .25, 1e-12)
	near(t, "low", c.Low, .18843, 1e-4)
	near(t, "high", c.High, .30607, 1e-4)
	if !c.Conclusive() || c.AnytimeLow < .12 || c.AnytimeHigh > .36 {
		t.Errorf("always-valid interval wider than twice the fixed one: %+v", c)
	}
	// No ticket with suggestions: certainly nothing above 1, low still bounded.
	c, _ = EstimateCausal(Arms{50, 0, 50, 20})
	sane(t, c)
	if c.Rate != 1 || c.High != 1 || c.AnytimeHigh != 1 || c.Low < .7 {
		t.Errorf("all prevented: %+v", c)
	}
}

// TestEstimateEdges goes through every corner from one attempt to ten million.
func TestEstimateEdges(t *testing.T) {
	sizes := []int{1, 2, 3, 10, 1000, 10_000_000}
	for _, n1 := range sizes {
		for _, n2 := range sizes {
			for _, x1 := range []int{0, 1, n1 / 2, n1 - 1, n1} {
				for _, x2 := range []int{1, n2 / 2, n2 - 1, n2} {
					if x2 == 0 {
						continue
					}
					c, ok := EstimateCausal(Arms{n1, x1, n2, x2})
					if !ok {
						t.Fatalf("no estimate for %d/%d, %d/%d", x1, n1, x2, n2)
					}
					sane(t, c)
				}
			}
		}
	}
}

func TestEstimateProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawArms(t, rapid.SampledFrom([]int{5, 50, 5000, 10_000_000}).Draw(t, "most"))
		c, ok := EstimateCausal(a)
		if !ok {
			t.Fatal("no estimate")
		}
		sane(t, c)
		p1, p2 := a.rates()
		near(t, "rate", c.Rate, 1-p1/p2, 1e-12)

		if a.TreatedTickets > 0 { // swapping the arms turns the ratio over
			s, _ := EstimateCausal(Arms{a.Held, a.HeldTickets, a.Treated, a.TreatedTickets})
			near(t, "swapped low", 1/(1-s.Low), 1-c.High, 1e-6)
			near(t, "swapped high", 1/(1-s.High), 1-c.Low, 1e-6)
			near(t, "swapped anytime low", 1/(1-s.AnytimeLow), 1-c.AnytimeHigh, 1e-5)
			near(t, "swapped anytime high", 1/(1-s.AnytimeHigh), 1-c.AnytimeLow, 1e-5)
		}
		if a.TreatedTickets < a.Treated { // one more ticket speaks against the suggestions
			b := a
			b.TreatedTickets++
			d, _ := EstimateCausal(b)
			const slip = 1e-9 // the always-valid bounds need not follow: near a rate of 1 it also says more
			if !(d.Rate < c.Rate && d.Low <= c.Low+slip*math.Abs(c.Low) && d.High <= c.High+slip) {
				t.Fatalf("one more treated ticket raised a figure: %+v, then %+v", c, d)
			}
		}
		d, _ := EstimateCausal(Arms{4 * a.Treated, 4 * a.TreatedTickets, 4 * a.Held, 4 * a.HeldTickets})
		if d.High-d.Low > (c.High-c.Low)*(1+1e-9) {
			t.Fatalf("four times the attempts widened the interval: %+v, then %+v", c, d)
		}
	})
}

func TestEstimateStrata(t *testing.T) {
	// Tickets became half as frequent when the share changed; suggestions
	// prevent a quarter throughout. Lumping the periods together says 0.42.
	first, second := Arms{5000, 2250, 5000, 3000}, Arms{9000, 2025, 1000, 300}
	lumped := Arms{14000, 4275, 6000, 3300}
	c, _ := EstimateCausal(first, second)
	sane(t, c)
	near(t, "stratified", c.Rate, .25, 1e-9)
	l, _ := EstimateCausal(lumped)
	if l.Low < .4 {
		t.Errorf("the example is no example: lumped %+v", l)
	}
	same := func(what string, strata ...Arms) {
		t.Helper()
		d, _ := EstimateCausal(strata...)
		if diff := cmp.Diff(c, d, cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9 })); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	same("other order", second, first)
	same("an empty stratum", first, Arms{}, second)
	d, _ := EstimateCausal(first, second, Arms{Treated: 500, TreatedTickets: 100})
	if d.Rate != c.Rate || d.Low != c.Low || d.High != c.High {
		t.Errorf("a period without hold-out changed the estimate: %+v", d)
	}
	sane(t, d)
}

// TestEstimateContradiction: strata without a common ratio are still bounded,
// by what each says alone.
func TestEstimateContradiction(t *testing.T) {
	good, bad := Arms{10000, 100, 10000, 5000}, Arms{10000, 5000, 10000, 100}
	c, ok := EstimateCausal(good, bad)
	if !ok {
		t.Fatal("no estimate")
	}
	sane(t, c)
	for _, a := range []Arms{good, bad} {
		own, _ := EstimateCausal(a)
		if own.AnytimeLow < c.AnytimeLow || own.AnytimeHigh > c.AnytimeHigh {
			t.Errorf("together %+v, one alone %+v", c, own)
		}
	}
	// A period without hold-out demands a ratio of 0.45 or more, the other one
	// observed 0 and allows up to 0.8.
	c, _ = EstimateCausal(Arms{Treated: 1000, TreatedTickets: 500}, Arms{30, 0, 30, 10})
	sane(t, c)
	c, _ = EstimateCausal(good, Arms{10000, 9000, 10000, 0})
	if !math.IsInf(c.AnytimeLow, -1) || c.AnytimeHigh != 1 || math.IsInf(c.Low, 0) {
		t.Errorf("a stratum without held tickets leaves any ratio open: %+v", c)
	}
}

func TestEstimateStrataProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		strata := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Arms {
			n1, n2 := rapid.IntRange(0, 400).Draw(t, "n1"), rapid.IntRange(0, 400).Draw(t, "n2")
			return Arms{n1, rapid.IntRange(0, n1).Draw(t, "x1"), n2, rapid.IntRange(0, n2).Draw(t, "x2")}
		}), 1, 4).Draw(t, "strata")
		c, ok := EstimateCausal(strata...)
		if !ok {
			for _, a := range strata {
				if a.Treated > 0 && a.Held > 0 && a.HeldTickets > 0 {
					t.Fatalf("no estimate although %+v has both arms and tickets in the hold-out", a)
				}
			}
			return
		}
		c.AnytimeLow = max(c.AnytimeLow, -math.MaxFloat64) // may be unbounded, see AnytimeLow
		sane(t, c)
	})
}

// TestStratifiedCoverage plays experiments whose share and base rate change
// half way.
func TestStratifiedCoverage(t *testing.T) {
	const runs, effect = 2000, .3
	chance := rand.New(rand.NewPCG(7, 7))
	draw := func(n int, p float64) (x int) {
		for range n {
			if chance.Float64() < p {
				x++
			}
		}
		return x
	}
	covered, anytime := 0, 0
	for range runs {
		c, _ := EstimateCausal(
			Arms{300, draw(300, .4*(1-effect)), 300, draw(300, .4)},
			Arms{500, draw(500, .15*(1-effect)), 120, draw(120, .15)},
		)
		count(&covered, c.Low <= effect && effect <= c.High)
		count(&anytime, c.AnytimeLow <= effect && effect <= c.AnytimeHigh)
	}
	if share := float64(covered) / runs; math.Abs(share-.95) > .0147 { // three standard errors
		t.Errorf("stratified interval right in %.4f of the runs", share)
	}
	if share := float64(anytime) / runs; share < .95 {
		t.Errorf("always-valid interval right in %.4f of the runs", share)
	}
}

func BenchmarkEstimateCausal(b *testing.B) {
	for name, a := range map[string]Arms{
		"hundreds":  {400, 90, 100, 30},
		"thousands": {8000, 1800, 2000, 600},
		"millions":  {8_000_000, 1_800_000, 2_000_000, 600_000},
		"corner":    {10_000_000, 10_000_000, 10_000_000, 1},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				EstimateCausal(a)
			}
		})
	}
}
