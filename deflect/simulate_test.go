package deflect

import (
	"context"
	"errors"
	"testing"

	"github.com/vmcloud/ricochet/internal/errs"
)

// TestCoverage is the short form of the simulator's promise: the fixed interval
// is right at its end in 95 % of the runs, the always-valid one at every look in
// at least 95 %, and looking often breaks the fixed one.
func TestCoverage(t *testing.T) {
	for name, s := range map[string]Scenario{
		"usual":            {Runs: 1000, Attempts: 1000, Looks: 60, Share: .2, Base: .3, Effect: .25, Seed: 1},
		"no effect":        {Runs: 700, Attempts: 600, Looks: 60, Share: .5, Base: .5, Effect: 0, Seed: 2},
		"harm":             {Runs: 700, Attempts: 1000, Looks: 40, Share: .1, Base: .4, Effect: -.5, Seed: 3},
		"rare":             {Runs: 400, Attempts: 4000, Looks: 40, Share: .2, Base: .03, Effect: .5, Seed: 4},
		"seen constantly":  {Runs: 300, Attempts: 500, Looks: 5000, Share: .5, Base: .2, Effect: .1, Seed: 5},
		"almost all solve": {Runs: 600, Attempts: 800, Looks: 40, Share: .5, Base: .9, Effect: .1, Seed: 6},
	} {
		c, err := Simulate(context.Background(), s)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Check(); err != nil {
			t.Errorf("%s: %v (%+v)", name, err, c)
		}
		if c.Runs+c.Undefined != s.Runs || c.AnytimeAlways > c.Anytime || c.AnytimeWidth < c.FixedWidth {
			t.Errorf("%s: inconsistent %+v", name, c)
		}
		if c.FixedAlways > c.Runs*9/10 {
			t.Errorf("%s: looking often should break the fixed interval: %+v", name, c)
		}
	}
}

func TestSimulateRepeats(t *testing.T) {
	s := Scenario{Runs: 30, Attempts: 100, Looks: 5, Share: .2, Base: .3, Effect: .25, Seed: 9}
	first, err := Simulate(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := Simulate(context.Background(), s); again != first {
		t.Errorf("the same seed gave %+v, then %+v", first, again)
	}
	s.Seed = 10
	if other, _ := Simulate(context.Background(), s); other == first {
		t.Error("another seed changed nothing")
	}
}

func TestSimulateRefuses(t *testing.T) {
	good := Scenario{Runs: 1, Attempts: 1, Looks: 1, Share: .2, Base: .3, Effect: .25}
	for name, spoil := range map[string]func(*Scenario){
		"runs":     func(s *Scenario) { s.Runs = 0 },
		"attempts": func(s *Scenario) { s.Attempts = 0 },
		"looks":    func(s *Scenario) { s.Looks = 0 },
		"share":    func(s *Scenario) { s.Share = 1 },
		"base":     func(s *Scenario) { s.Base = 0 },
		"effect":   func(s *Scenario) { s.Effect = 1 },
		"harm":     func(s *Scenario) { s.Effect = -9 },
	} {
		s := good
		spoil(&s)
		if _, err := Simulate(context.Background(), s); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	c, err := Simulate(context.Background(), good) // one attempt has one arm
	if err != nil || c.Undefined != 1 || c.Check() == nil {
		t.Errorf("one attempt: %+v, %v", c, err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := Simulate(ctx, good); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

func TestCoverageCheck(t *testing.T) {
	for name, c := range map[string]Coverage{
		"too narrow":     {Runs: 10000, Fixed: 9390, AnytimeAlways: 9990},
		"too wide":       {Runs: 10000, Fixed: 9610, AnytimeAlways: 9990},
		"not peek-proof": {Runs: 10000, Fixed: 9500, AnytimeAlways: 9400},
	} {
		if c.Check() == nil {
			t.Errorf("%s: passed", name)
		}
	}
	if err := (Coverage{Runs: 10000, Fixed: 9420, AnytimeAlways: 9500}).Check(); err != nil {
		t.Error(err)
	}
}
