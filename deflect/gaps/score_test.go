package gaps

// purity is the share of texts whose cluster's most frequent label is their
// own, and pairF1 the harmonic mean of precision and recall over pairs of
// texts: together in a cluster, and together in a label (Manning, Raghavan and
// Schütze, Introduction to Information Retrieval, 16.3). clusters and labels
// give each text's cluster and label.
func purity(clusters []int, labels []string) float64 {
	count := map[int]map[string]int{}
	for i, c := range clusters {
		if count[c] == nil {
			count[c] = map[string]int{}
		}
		count[c][labels[i]]++
	}
	sum := 0
	for _, m := range count {
		most := 0
		for _, n := range m {
			most = max(most, n)
		}
		sum += most
	}
	if len(clusters) == 0 {
		return 0
	}
	return float64(sum) / float64(len(clusters))
}

// pairF1 is described at purity. Without a pair that is together in either it
// is 0.
func pairF1(clusters []int, labels []string) float64 {
	var tp, fp, fn float64
	for i := range clusters {
		for j := range i {
			same, meant := clusters[i] == clusters[j], labels[i] == labels[j]
			switch {
			case same && meant:
				tp++
			case same:
				fp++
			case meant:
				fn++
			}
		}
	}
	if tp == 0 {
		return 0
	}
	return 2 * tp / (2*tp + fp + fn)
}
