package deflect

import "math"

// chi95 is the 95 % quantile of chi-square with one degree of freedom.
const chi95 = z95 * z95

// ratioInterval is the 95 % score interval of the ratio of two ticket rates:
// all ratios r whose score statistic stays within chi95,
//
//	U(r) = (sum w (x1/n1 - r x2/n2))^2 / sum w^2 (p1 q1/n1 + r^2 p2 q2/n2)
//
// where p1 = r p2 are each stratum's likeliest rates if the ratio were r, and
// w = n1 n2/(n1+n2). With one stratum this is the interval of P. A. R. Koopman
// ("Confidence limits for the ratio of two binomial proportions", Biometrics
// 40, 1984, 513-517), whose statistic is the same number written as a sum of
// two squares. With several it is its stratified form with Mantel-Haenszel
// weights (after J. J. Gart and J. Nam, Biometrics 44, 1988), which always
// contains the Mantel-Haenszel ratio because U is zero there.
//
// ratio is the point estimate. low is 0 when no treated attempt became a
// ticket; high is finite because the hold-out has tickets.
func ratioInterval(strata []Arms, ratio float64) (low, high float64) {
	return levelSet(ratio, func(logRatio float64) float64 { return score(strata, math.Exp(logRatio)) - chi95 })
}

// score is the statistic U(r) above.
func score(strata []Arms, r float64) float64 {
	var diff, variance float64
	for _, a := range strata {
		w := a.weight()
		if w == 0 {
			continue
		}
		o1, o2 := a.rates()
		p1, p2 := restricted(a, r)
		diff += w * (o1 - r*o2)
		variance += w * w * (p1*(1-p1)/float64(a.Treated) + r*r*p2*(1-p2)/float64(a.Held))
	}
	if diff == 0 {
		return 0
	}
	return diff * diff / variance // without variance any difference is impossible: +Inf
}

// restricted are the likeliest rates of both arms given that the first is r
// times the second: the smaller root of
//
//	(n1+n2) p1^2 - (r (n1+x2) + x1 + n2) p1 + r (x1+x2) = 0
//
// written without differences of nearly equal numbers: as the product of the
// roots over the larger one, and with the discriminant
//
//	(r (n1+x2) - (x1+n2))^2 + 4 r (n1-x1) (n2-x2)
//
// which keeps its digits when nearly every attempt is a ticket.
func restricted(a Arms, r float64) (p1, p2 float64) {
	n1, x1 := float64(a.Treated), float64(a.TreatedTickets)
	n2, x2 := float64(a.Held), float64(a.HeldTickets)
	gap := r*(n1+x2) - (x1 + n2)
	root := math.Sqrt(gap*gap + 4*r*(n1-x1)*(n2-x2))
	p1 = 2 * r * (x1 + x2) / (r*(n1+x2) + x1 + n2 + root)
	p1 = min(p1, 1, r)
	return p1, min(p1/r, 1)
}

// levelSet finds both ends of the ratios at which f, a function of the ratio's
// logarithm that falls and then rises, is negative; f is negative at ratio, or
// next to 0 when ratio is 0, where the set then begins.
func levelSet(ratio float64, f func(logRatio float64) float64) (low, high float64) {
	in := 0.0
	if ratio > 0 {
		in = math.Log(ratio)
		low = math.Exp(leave(f, in, -1))
	} else {
		for f(in) >= 0 {
			in--
		}
	}
	return low, math.Exp(leave(f, in, 1))
}

// leave finds where f turns positive, going from in (where it is negative) in
// the direction of sign. Steps double, so that a huge sample's narrow interval
// and a tiny sample's wide one both take a dozen evaluations.
func leave(f func(float64) float64, in, sign float64) float64 {
	from := end{in, f(in)}
	for step := 1.0 / 64; ; step *= 2 {
		at := from.at + sign*step
		if math.Abs(at) > 700 { // as good as a ratio of zero or without bound
			return math.Inf(int(sign))
		}
		to := end{at, f(at)}
		if to.value >= 0 {
			return crossing(f, from, to, 1e-12)
		}
		from = to
	}
}

// end is a place and the value of a function there.
type end struct{ at, value float64 }

// crossing finds where f changes sign between in (negative) and out (not
// negative), to within tol of the place, by the ITP method (I. F. D. Oliveira
// and R. H. C. Takahashi, ACM TOMS 47, 2020): as fast as a secant on smooth
// functions and never slower than one step more than bisection.
func crossing(f func(float64) float64, in, out end, tol float64) float64 {
	tol = max(tol, 4e-16*max(math.Abs(in.at), math.Abs(out.at)))
	width := math.Abs(out.at - in.at)
	slack := tol * math.Exp2(math.Ceil(math.Log2(width/(2*tol)))+1)
	for math.Abs(out.at-in.at) > 2*tol {
		half, gap := (in.at+out.at)/2, math.Abs(out.at-in.at)
		at := half
		if !math.IsInf(out.value-in.value, 1) {
			at = (out.value*in.at - in.value*out.at) / (out.value - in.value)
			toward := math.Copysign(1, half-at)
			at += toward * min(0.2*gap*gap/width, math.Abs(half-at))
			at = half - toward*min(math.Abs(half-at), max(0, slack-gap/2))
		}
		slack /= 2
		if v := f(at); v < 0 {
			in = end{at, v}
		} else {
			out = end{at, v}
		}
	}
	return (in.at + out.at) / 2
}
