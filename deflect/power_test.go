package deflect

import (
	"context"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestPlanAttempts(t *testing.T) {
	// Fleiss, Levin and Paik, table A.4: rates .30 and .20 need 293 in each of
	// two equal groups at 5 % and 80 % before the correction for continuity.
	n, ok := Plan{Base: .3, Effect: 1. / 3, Share: .5}.Attempts(Arms{})
	if !ok || math.Abs(float64(n)-586) > 2 {
		t.Errorf("equal groups: %d, %v; want 586", n, ok)
	}
	previous := math.MaxInt
	for _, share := range PlanShares { // halves are the fastest
		n, ok := Plan{Base: .3, Effect: .25, Share: share}.Attempts(Arms{})
		if !ok || n >= previous {
			t.Errorf("share %g: %d, %v; want fewer than %d", share, n, ok, previous)
		}
		previous = n
	}
	for name, p := range map[string]Plan{
		"no hold-out":   {.3, .25, 0},
		"only hold-out": {.3, .25, 1},
		"no tickets":    {0, .25, .2},
		"no effect":     {.3, 0, .2},
		"rate above 1":  {.6, -1, .2},
		"rate below 0":  {.6, 1.1, .2},
		"nothing known": {math.NaN(), math.NaN(), math.NaN()},
		"next to none":  {.001, .0001, .2},
	} {
		if n, ok := p.Attempts(Arms{}); ok {
			t.Errorf("%s: %d attempts are enough", name, n)
		}
	}
}

func TestPlanAttemptsSofar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Plan{rapid.Float64Range(.02, .9).Draw(t, "base"), rapid.Float64Range(.05, 1).Draw(t, "effect"), rapid.Float64Range(.05, .95).Draw(t, "share")}
		all, ok := p.Attempts(Arms{})
		if !ok {
			t.Fatal("never")
		}
		half := all / 2
		held := int(math.Round(float64(half) * p.Share))
		more, _ := p.Attempts(Arms{Treated: half - held, Held: held})
		slack := 2 + 1/min(p.Share, 1-p.Share) // the smaller arm is rounded to a whole attempt
		if d := float64(more + half - all); math.Abs(d) > slack {
			t.Fatalf("%d in all, after %d still %d", all, half, more)
		}
	})
}

// TestPlanPower plays planned experiments: four in five succeed.
func TestPlanPower(t *testing.T) {
	for _, p := range []Plan{{.3, .25, .2}, {.3, .25, .5}, {.5, .15, .1}} {
		n, _ := p.Attempts(Arms{})
		const runs = 800
		c, err := Simulate(context.Background(), Scenario{Runs: runs, Attempts: n, Looks: 1, Share: p.Share, Base: p.Base, Effect: p.Effect, Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		if power := float64(c.Conclusive) / runs; math.Abs(power-.8) > .045 {
			t.Errorf("%+v: %d attempts detect the effect in %.3f of the runs, want 0.8", p, n, power)
		}
	}
}

func TestPlanKnownBy(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	p := Plan{.3, .25, .2}
	n, _ := p.Attempts(Arms{})
	at, ok := p.KnownBy(Arms{}, now, float64(n)/10)
	if want := now.Add(10*24*time.Hour + TicketWindow); !ok || at.Sub(want).Abs() > time.Second {
		t.Errorf("known by %v, %v; want %v", at, ok, want)
	}
	if at, ok := p.KnownBy(Arms{Treated: 1e6, Held: 1e6}, now, 0); !ok || !at.Equal(now) {
		t.Errorf("enough already: %v, %v", at, ok)
	}
	for _, perDay := range []float64{0, -1, math.NaN(), 1e-9} {
		if at, ok := p.KnownBy(Arms{}, now, perDay); ok {
			t.Errorf("at %g a day known by %v", perDay, at)
		}
	}
	if _, ok := (Plan{}).KnownBy(Arms{}, now, 100); ok {
		t.Error("an impossible plan has a date")
	}
}
