package deflect

// Arms are the counted, old enough attempts of one stratum of the hold-out
// experiment by the arm they were assigned to, whatever they then saw, and
// how many of each became a ticket (D-32). A stratum is a period with one
// hold-out share.
type Arms struct {
	Treated        int // attempts that could see suggestions
	TreatedTickets int
	Held           int // attempts in the hold-out
	HeldTickets    int
}

// Add counts one attempt.
func (a *Arms) Add(g Group, ticket bool) {
	n, x := &a.Treated, &a.TreatedTickets
	if g == Holdout {
		n, x = &a.Held, &a.HeldTickets
	}
	*n++
	if ticket {
		*x++
	}
}

// possible says whether the counts can be counts at all.
func (a Arms) possible() bool {
	return a.TreatedTickets >= 0 && a.TreatedTickets <= a.Treated && a.HeldTickets >= 0 && a.HeldTickets <= a.Held
}

// weight is the Mantel-Haenszel weight of the stratum, 0 with an empty arm.
func (a Arms) weight() float64 {
	if a.Treated == 0 || a.Held == 0 {
		return 0
	}
	n1, n2 := float64(a.Treated), float64(a.Held)
	return n1 / (n1 + n2) * n2
}

// rates are the tickets per attempt of both arms.
func (a Arms) rates() (treated, held float64) {
	return float64(a.TreatedTickets) / float64(a.Treated), float64(a.HeldTickets) / float64(a.Held)
}

// Causal is the causal rate of D-32, the share of would-be tickets that the
// suggestions prevent: 1 - (tickets per attempt with suggestions / tickets per
// attempt in the hold-out). 1 means that every ticket is prevented, 0 that
// suggestions change nothing, below 0 that they cause tickets.
//
// Low and High bound it with 95 % confidence when they are looked at once, at
// a size fixed beforehand (Koopman's score interval, see ratioInterval).
// AnytimeLow and AnytimeHigh hold at every moment together: whoever looks
// daily and stops when it pleases them is still wrong at most one time in
// twenty (see anytimeInterval). They always enclose Low and High. AnytimeLow is
// -Inf in one case only: strata that contradict each other, one of them without
// a ticket in its hold-out.
type Causal struct {
	Rate, Low, High         float64
	AnytimeLow, AnytimeHigh float64
}

// Conclusive says whether the 95 % interval excludes that suggestions change
// nothing.
func (c Causal) Conclusive() bool { return c.Low > 0 || c.High < 0 }

// EstimateCausal estimates the causal rate from the strata together. One
// stratum gives the plain ratio and Koopman's interval; several give the
// Mantel-Haenszel ratio, so that a change of the base rate between periods of
// different share is not taken for an effect. ok is false when there is
// nothing to estimate from: an arm that is empty or a hold-out without tickets
// in all strata that have both arms, or counts that cannot be (more tickets
// than attempts, negative ones).
func EstimateCausal(strata ...Arms) (est Causal, ok bool) {
	ratio, ok := commonRatio(strata)
	if !ok {
		return Causal{}, false
	}
	low, high := ratioInterval(strata, ratio)
	anyLow, anyHigh := anytimeInterval(strata, ratio)
	return Causal{
		Rate: 1 - ratio, Low: 1 - high, High: 1 - low,
		// Widening an always-valid interval keeps it valid; in tiny samples
		// the score interval can reach a little further on one side.
		AnytimeLow: 1 - max(high, anyHigh), AnytimeHigh: 1 - min(low, anyLow),
	}, true
}

// commonRatio is the Mantel-Haenszel ratio of ticket rates, treated to held.
func commonRatio(strata []Arms) (ratio float64, ok bool) {
	var above, below float64
	for _, a := range strata {
		if !a.possible() {
			return 0, false
		}
		if w := a.weight(); w > 0 {
			p1, p2 := a.rates()
			above += w * p1
			below += w * p2
		}
	}
	return above / below, below > 0
}
