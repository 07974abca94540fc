package deflect

import "math"

// The always-valid interval of the causal rate.
//
// Suppose the true ticket rates are p = (p1, p2). Before the first attempt, bet
// against p: put the stake on other rates p' drawn from a prior that may depend
// on p. The stake's worth after any number of attempts,
//
//	M(p) = E[ L(p') / L(p) ],  L(p) = p1^x1 q1^(n1-x1) p2^x2 q2^(n2-x2),
//
// is a non-negative martingale that starts at 1 when p is true, whatever rule
// assigns the arms and in whatever order attempts arrive, so by Ville's
// inequality it ever reaches 20 with probability at most 1/20 (H. Robbins,
// "Statistical methods related to the law of the iterated logarithm", Ann.
// Math. Stat. 41, 1970; S. R. Howard, A. Ramdas, J. McAuliffe, J. Sekhon,
// "Time-uniform, nonparametric, nonasymptotic confidence sequences", Ann. Stat.
// 49, 2021). The rates with M(p) < 20 are therefore right at all times at once
// with 95 % confidence, and so is the set of their ratios r = p1/p2,
//
//	{ r : min over p2 of M(r p2, p2) < 20 }.
//
// The prior mixes products of Beta(c p + 1/2, c q + 1/2), one for each arm, over
// a few c: c = 0 is Jeffreys' prior, which learns the rates from nothing; a
// larger c stays near the tested rates, which spends little on the nuisance
// (the base rate) when about c to 100 c attempts are in. Both arms share alpha;
// nothing is split. Apart from constants, the logarithm of each part is a sum
// of log(c + (j + 1/2)/p) and log(c + (j + 1/2)/q) over whole j, so it is convex
// in (p1, p2) and in their logarithms, and so is log M: the inner minimum is
// unique, the set of ratios is an interval, and it contains the observed ratio,
// where M <= 1. It depends on the counts alone.
//
// What it needs is that attempts of one arm and stratum become tickets
// independently at one rate; a new period with another base rate should be a
// new stratum, as for the fixed interval.

// betParts are the mixture: c and its share of the stake. Most of it is on the
// sizes at which a help centre looks.
var betParts = [...]struct{ size, share float64 }{{0, 0.1}, {32, 0.2}, {256, 0.4}, {2048, 0.2}, {32768, 0.1}}

// stakeLimit is the logarithm of the worth at which rates are rejected:
// 1/alpha for alpha = 5 %.
var stakeLimit = math.Log(20)

// anytimeInterval bounds the ratio of ticket rates, treated to held, so that
// the bounds of all moments are right together with 95 % confidence. Strata are
// independent bets on one common ratio, so their worths multiply. If the
// strata's ratios differ so much that no common one is left, it falls back on
// every stratum's own interval at its share of alpha, taken together: that
// holds for any weighted mean of different ratios. high is +Inf when one of
// those strata has no ticket in its hold-out.
func anytimeInterval(strata []Arms, ratio float64) (low, high float64) {
	bets := make([]bet, 0, len(strata))
	for _, a := range strata {
		if a.Treated+a.Held > 0 {
			bets = append(bets, newBet(a))
		}
	}
	worth := func(logRatio float64) float64 {
		sum := -stakeLimit
		for i := range bets {
			sum += bets[i].least(logRatio)
		}
		return sum
	}
	start := 0.0
	if ratio > 0 {
		start = math.Log(ratio)
	}
	if inside, ok := descend(worth, start); ok {
		return math.Exp(leave(worth, inside, -1)), math.Exp(leave(worth, inside, 1))
	}
	limit := stakeLimit + math.Log(float64(len(bets)))
	low, high = ratio, ratio
	for i := range bets {
		if bets[i].arms.weight() == 0 {
			continue
		}
		own, ok := commonRatio([]Arms{bets[i].arms})
		if !ok { // no ticket in the hold-out: any ratio may be
			return 0, math.Inf(1)
		}
		l, h := levelSet(own, func(logRatio float64) float64 { return bets[i].least(logRatio) - limit })
		low, high = min(low, l), max(high, h)
	}
	return low, high
}

// descend looks for a place where the convex f is negative, from start.
func descend(f func(float64) float64, start float64) (at float64, ok bool) {
	at, value := start, f(start)
	for step := 0.25; value >= 0; {
		left, right := f(at-step), f(at+step)
		switch {
		case left < value:
			at, value = at-step, left
		case right < value:
			at, value = at+step, right
		case step < 1e-6:
			return at, false
		default:
			step /= 2
		}
	}
	return at, true
}

// bet is the stake against one stratum.
type bet struct {
	arms Arms
	arm  [2]betArm // treated, held
}

// betArm is one arm's counts with the part of its worth that no rate changes.
type betArm struct {
	yes, no float64 // tickets, attempts without one
	fixed   [len(betParts)]float64
}

func newBet(a Arms) bet {
	return bet{arms: a, arm: [2]betArm{newBetArm(a.TreatedTickets, a.Treated), newBetArm(a.HeldTickets, a.Held)}}
}

func newBetArm(tickets, attempts int) betArm {
	b := betArm{yes: float64(tickets), no: float64(attempts - tickets)}
	for i, part := range betParts {
		before, _ := logGamma(part.size + 1)
		after, _ := logGamma(part.size + 1 + b.yes + b.no)
		b.fixed[i] = math.Log(part.share)/2 + (before - after) // the other arm has the other half of the share
	}
	return b
}

// worth adds the arm's log worth against rate p, and its slope in log p, part
// by part. p is in (0, 1), or at an end of it that the counts allow.
func (b *betArm) worth(p float64, value, slope *[len(betParts)]float64) {
	q := 1 - p
	var likelihood, tilt float64 // log L(p) and its slope in p
	if b.yes > 0 {
		likelihood, tilt = b.yes*math.Log(p), b.yes/p
	}
	if b.no > 0 {
		likelihood, tilt = likelihood+b.no*math.Log1p(-p), tilt-b.no/q
	}
	for i, part := range betParts {
		c := part.size
		yes, yesSlope := rise(c*p+.5, b.yes)
		no, noSlope := rise(c*q+.5, b.no)
		value[i] += b.fixed[i] - likelihood + yes + no
		slope[i] += p * (c*(yesSlope-noSlope) - tilt)
	}
}

// at is log M at rates (exp(logRatio+logHeld), exp(logHeld)) and its slope
// along logHeld.
func (b *bet) at(logRatio, logHeld float64) (value, slope float64) {
	p1, p2 := min(1, math.Exp(logRatio+logHeld)), min(1, math.Exp(logHeld))
	if p1 == 1 && b.arm[0].no > 0 || p2 == 1 && b.arm[1].no > 0 {
		return math.Inf(1), math.Inf(1)
	}
	var values, slopes [len(betParts)]float64
	b.arm[0].worth(p1, &values, &slopes)
	b.arm[1].worth(p2, &values, &slopes)
	top := math.Inf(-1)
	for _, v := range values {
		top = max(top, v)
	}
	var sum float64
	for i := range values {
		w := math.Exp(values[i] - top)
		sum += w
		slope += w * slopes[i]
	}
	return top + math.Log(sum), slope / sum
}

// least is the minimum of log M over the held rate at a given ratio. It is
// sought from the likeliest rate outwards in steps of its standard error.
func (b *bet) least(logRatio float64) float64 {
	_, p2 := restricted(b.arms, math.Exp(logRatio))
	edge := min(0, -logRatio)                   // one of the rates is 1 there
	start := min(max(math.Log(p2), -700), edge) // p2 may be 0
	slope := func(x float64) float64 { _, s := b.at(logRatio, x); return s }
	step := 0.5 / math.Sqrt(1+b.arm[0].yes+b.arm[1].yes)
	tol := step * 1e-4 // the minimum is flat: its value is good to the square of this
	from, s := start, slope(start)
	sign := 1.0
	if s > 0 {
		sign = -1
	}
	uphill := func(x float64) float64 { return sign * slope(x) }
	for s *= sign; ; step *= 2 {
		to := min(from+sign*step, edge)
		next := uphill(to)
		if next >= 0 {
			from = crossing(uphill, end{from, s}, end{to, next}, tol)
			break
		}
		from, s = to, next
		if to == edge || to < -700 {
			break
		}
	}
	value, _ := b.at(logRatio, from)
	return value
}

// rise is log(gamma(x+n)/gamma(x)) and its slope in x, for positive x.
func rise(x, n float64) (value, slope float64) {
	if n == 0 {
		return 0, 0
	}
	from, fromSlope := logGamma(x)
	to, toSlope := logGamma(x + n)
	return to - from, toSlope - fromSlope
}

// logGamma is the logarithm of the gamma function of a positive number and its
// slope, by Stirling's series from 8 on and the recurrence below: both from one
// logarithm, to 12 digits. The standard library has no slope.
func logGamma(x float64) (value, slope float64) {
	product := 1.0
	for ; x < 8; x++ {
		product *= x
		slope -= 1 / x
	}
	l, i := math.Log(x), 1/x
	i2 := i * i
	value = (x-.5)*l - x + .91893853320467274178 + i*(1./12-i2*(1./360-i2*(1./1260-i2*(1./1680-i2*(1./1188)))))
	slope += l - i/2 - i2*(1./12-i2*(1./120-i2*(1./252-i2*(1./240-i2*(1./132)))))
	if product != 1 {
		value -= math.Log(product)
	}
	return value, slope
}
