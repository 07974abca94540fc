package deflect

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/vmcloud/ricochet/internal/errs"
)

// Scenario is a made-up help centre whose true causal rate is known.
type Scenario struct {
	Runs     int     // experiments to run
	Attempts int     // visitors with an attempt, in each run
	Looks    int     // how often a run is looked at on the way, evenly on a log scale
	Share    float64 // hold-out share
	Base     float64 // tickets per attempt without suggestions
	Effect   float64 // true causal rate, below 1
	Seed     uint64
}

// Coverage is what came of a scenario: in how many of the runs with an estimate
// the intervals contained the true causal rate.
type Coverage struct {
	Runs          int     // runs with an estimate at their end
	Undefined     int     // runs without: an empty arm or a hold-out without tickets
	Fixed         int     // the fixed interval was right at the end
	FixedAlways   int     // ... at every look (it does not promise this)
	Anytime       int     // the always-valid interval was right at the end
	AnytimeAlways int     // ... at every look
	Conclusive    int     // the fixed interval excluded "no effect" at the end
	FixedWidth    float64 // mean width at the end
	AnytimeWidth  float64
}

// Simulate runs the scenario. Visitors are assigned by Arm, as in the product,
// and write tickets at random at the rate of their arm. The same scenario gives
// the same coverage.
func Simulate(ctx context.Context, s Scenario) (Coverage, error) {
	if err := s.check(); err != nil {
		return Coverage{}, err
	}
	var c Coverage
	looks := s.looks()
	for run := range s.Runs {
		if err := ctx.Err(); err != nil {
			return Coverage{}, err
		}
		s.run(run, looks, &c)
	}
	if c.Runs > 0 {
		c.FixedWidth /= float64(c.Runs)
		c.AnytimeWidth /= float64(c.Runs)
	}
	return c, nil
}

// check names what is wrong with a scenario.
func (s Scenario) check() error {
	wrong := func(name string, value any, want string) error {
		return errs.Newf(errs.Invalid, "", "%s is %v; want %s", name, value, want)
	}
	switch treated := s.Base * (1 - s.Effect); {
	case s.Runs < 1:
		return wrong("runs", s.Runs, "at least 1")
	case s.Attempts < 1:
		return wrong("n", s.Attempts, "at least 1")
	case s.Looks < 1:
		return wrong("looks", s.Looks, "at least 1")
	case !(s.Share > 0 && s.Share < 1):
		return wrong("holdout", s.Share, "a share between 0 and 1")
	case !(s.Base > 0 && s.Base <= 1):
		return wrong("base", s.Base, "a ticket rate above 0, at most 1")
	case !(s.Effect < 1 && treated <= 1):
		return wrong("effect", s.Effect, "a causal rate below 1 that keeps base*(1-effect) at most 1")
	}
	return nil
}

// looks are the attempts after which a run is looked at, the last one included.
func (s Scenario) looks() map[int]bool {
	at := map[int]bool{s.Attempts: true}
	for i := 1; i < s.Looks; i++ {
		at[int(math.Ceil(math.Pow(float64(s.Attempts), float64(i)/float64(s.Looks))))] = true
	}
	return at
}

// run plays one experiment and adds what came of it.
func (s Scenario) run(number int, looks map[int]bool, c *Coverage) {
	chance := rand.New(rand.NewPCG(s.Seed, uint64(number)))
	seed := fmt.Sprintf("%d/%d", s.Seed, number)
	rate := map[Group]float64{Holdout: s.Base, Treatment: s.Base * (1 - s.Effect)}
	fixedAlways, anytimeAlways := true, true
	var a Arms
	for i := range s.Attempts {
		group := Arm(seed, strconv.Itoa(i), s.Share)
		a.Add(group, chance.Float64() < rate[group])
		if looks[i+1] && a.weight() > 0 && a.HeldTickets > 0 {
			fixed, anytime := a.covers(1 - s.Effect)
			fixedAlways, anytimeAlways = fixedAlways && fixed, anytimeAlways && anytime
		}
	}
	e, ok := EstimateCausal(a)
	if !ok {
		c.Undefined++
		return
	}
	c.Runs++
	count(&c.Fixed, e.Low <= s.Effect && s.Effect <= e.High)
	count(&c.Anytime, e.AnytimeLow <= s.Effect && s.Effect <= e.AnytimeHigh)
	count(&c.FixedAlways, fixedAlways)
	count(&c.AnytimeAlways, anytimeAlways)
	count(&c.Conclusive, e.Conclusive())
	c.FixedWidth += e.High - e.Low
	c.AnytimeWidth += e.AnytimeHigh - e.AnytimeLow
}

func count(n *int, yes bool) {
	if yes {
		*n++
	}
}

// covers says whether the intervals of the counts contain a ratio of ticket
// rates, which is cheaper than finding their ends.
func (a Arms) covers(ratio float64) (fixed, anytime bool) {
	fixed = score([]Arms{a}, ratio) <= chi95
	b := newBet(a)
	return fixed, fixed || b.least(math.Log(ratio)) < stakeLimit
}

// Check compares the coverage with what is promised: the fixed interval is
// right in 95 % of the runs, give or take 1 %, and the always-valid one is right
// at every look in at least 95 %. With few runs, three standard errors are
// allowed instead.
func (c Coverage) Check() error {
	if c.Runs == 0 {
		return errors.New("no run had an estimate; want more attempts, or a larger hold-out or base rate")
	}
	n := float64(c.Runs)
	noise := 3 * math.Sqrt(.95*.05/n)
	if fixed := float64(c.Fixed) / n; math.Abs(fixed-.95) > max(.01, noise) {
		return fmt.Errorf("the fixed interval was right in %.2f %% of the runs; want 95 %% +- %.2f", 100*fixed, 100*max(.01, noise))
	}
	if always := float64(c.AnytimeAlways) / n; always < .95-noise {
		return fmt.Errorf("the always-valid interval was right at every look in %.2f %% of the runs; want at least 95 %%", 100*always)
	}
	return nil
}
