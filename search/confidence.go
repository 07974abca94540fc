package search

// minConfidence is what a suggestion needs to be shown.
const minConfidence = 0.3

// confidence is the likelihood that candidate i answers.
func (f *found) confidence(i int) float64 {
	c := &f.top[i]
	return 0.5*c.cover + 0.5*c.passage
}
