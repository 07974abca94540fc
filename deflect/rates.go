package deflect

import "math"

// Interval is an estimate with its 95 % bounds; all three are shares in 0..1.
type Interval struct {
	Rate, Low, High float64
	N               int
}

// z95 is the 97.5 % quantile of the normal distribution.
const z95 = 1.959963984540054

// Wilson is the share k/n with Wilson's 95 % score interval (E. B. Wilson,
// JASA 22, 1927), which stays honest for small n (D-34). For n = 0 nothing is
// known: 0 in [0, 1].
func Wilson(k, n int) Interval {
	if n <= 0 {
		return Interval{Low: 0, High: 1}
	}
	p, m := float64(k)/float64(n), float64(n)
	z2 := z95 * z95
	mid := (p + z2/(2*m)) / (1 + z2/m)
	half := z95 * math.Sqrt(p*(1-p)/m+z2/(4*m*m)) / (1 + z2/m)
	return Interval{Rate: p, Low: max(0, mid-half), High: min(1, mid+half), N: n}
}

// Shrink moves a small sample's share towards the mean of its group, as if
// weight votes of that mean had been cast before (D-34).
func Shrink(k, n int, mean float64, weight float64) float64 {
	return (float64(k) + weight*mean) / (float64(n) + weight)
}

// Targets are the deflection rates aimed at by category (D-33), and "" for
// all together.
var Targets = map[string]float64{"billing": .80, "how-to": .70, "account": .60, "technical": .40, "": .50}
