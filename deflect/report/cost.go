package report

// Cost is what the support team costs a month, from a day on until the next
// one's.
type Cost struct {
	From  Day
	Cents int64 // euro cents a month; 0: not known
}

// costOf is what the team cost over n days from a day, in euro cents: a
// twelfth of a year of 365 days a month. ok is false when the cost of one of
// the days is not known. costs are in the order of their days.
func costOf(costs []Cost, from Day, n int) (cents float64, ok bool) {
	i := -1
	for k := range n {
		day := from.Add(k)
		for i+1 < len(costs) && costs[i+1].From <= day {
			i++
		}
		if i < 0 || costs[i].Cents == 0 {
			return 0, false
		}
		cents += float64(costs[i].Cents) * 12 / 365
	}
	return cents, n > 0
}
