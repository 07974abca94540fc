package gaps

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// Meanings says what a text is about: weights of features whose names mean the
// same in every language. Implemented by search.Index.
type Meanings interface {
	Meaning(ctx context.Context, lang, text string) (map[string]float64, error)
}

// MaxTexts bounds a clustering: its time grows with the square. Equal texts
// count once, so that a year of searches fits.
const MaxTexts = 3000

// joinAt is the mean similarity from which two clusters are one question. It
// was chosen on half of the topics of the labelled fixture and is measured on
// the others (TestClustersOfTheLabelledFixture).
const joinAt = 0.18

// familyWeights say how much each kind of feature counts, by the first letter
// of its name: words, the lexicon's concepts, articles and passages resembled.
var familyWeights = map[byte]float64{'w': 1, 'c': 0.8, 'a': 0.5, 'p': 0.6}

// idfPrior is described where it is used.
const idfPrior = 50

// vector is a text's meaning as a sparse unit vector.
type vector struct {
	keys []int32
	vals []float64
}

// vectors turns meanings into unit vectors: what many texts share says little
// (inverse document frequency over the texts themselves).
func vectors(meanings []map[string]float64) []vector {
	df := map[string]int{}
	for _, m := range meanings {
		for k := range m {
			df[k]++
		}
	}
	names := make([]string, 0, len(df))
	for k := range df {
		names = append(names, k)
	}
	slices.Sort(names)
	number := make(map[string]int32, len(names))
	for i, k := range names {
		number[k] = int32(i)
	}
	// In a handful of texts every shared word looks common: idfPrior texts
	// without any of the words keep its worth.
	n := float64(len(meanings)) + idfPrior
	out := make([]vector, len(meanings))
	for i, m := range meanings {
		var v vector
		for k := range m {
			v.keys = append(v.keys, number[k])
		}
		slices.Sort(v.keys)
		sum := 0.0
		for _, k := range v.keys {
			name := names[k]
			x := m[name] * familyWeights[name[0]] * math.Log(1+n/float64(df[name]))
			v.vals = append(v.vals, x)
			sum += x * x
		}
		if sum > 0 {
			for j := range v.vals {
				v.vals[j] /= math.Sqrt(sum)
			}
		}
		out[i] = v
	}
	return out
}

func dot(a, b vector) float64 {
	sum := 0.0
	for i, j := 0, 0; i < len(a.keys) && j < len(b.keys); {
		switch cmp.Compare(a.keys[i], b.keys[j]) {
		case -1:
			i++
		case 1:
			j++
		default:
			sum += a.vals[i] * b.vals[j]
			i++
			j++
		}
	}
	return sum
}

// agglomerate joins the two clusters with the highest mean similarity between
// their members until none reaches joinAt (average linkage; Lance and Williams
// 1967 give the mean of a joined cluster from those of its parts). It returns
// the members of each cluster, largest first.
func agglomerate(vs []vector, joinAt float64) [][]int {
	n := len(vs)
	sim := make([]float32, n*n)
	best := make([]int, n) // the most similar other cluster, -1 for none
	members := make([][]int, n)
	for i := range vs {
		members[i] = []int{i}
		for j := range i {
			s := float32(dot(vs[i], vs[j]))
			sim[i*n+j], sim[j*n+i] = s, s
		}
	}
	nearest := func(i int) int {
		b := -1
		for j := range n {
			if j != i && members[j] != nil && (b < 0 || sim[i*n+j] > sim[i*n+b]) {
				b = j
			}
		}
		return b
	}
	for i := range n {
		best[i] = nearest(i)
	}
	for {
		a := -1
		for i := range n {
			if members[i] != nil && best[i] >= 0 && (a < 0 || sim[i*n+best[i]] > sim[a*n+best[a]]) {
				a = i
			}
		}
		if a < 0 || float64(sim[a*n+best[a]]) < joinAt {
			break
		}
		b := best[a]
		na, nb := float32(len(members[a])), float32(len(members[b]))
		for j := range n {
			if j != a && j != b && members[j] != nil {
				s := (na*sim[a*n+j] + nb*sim[b*n+j]) / (na + nb)
				sim[a*n+j], sim[j*n+a] = s, s
			}
		}
		members[a] = append(members[a], members[b]...)
		members[b] = nil
		for j := range n {
			if members[j] != nil && (j == a || best[j] == a || best[j] == b) {
				best[j] = nearest(j)
			}
		}
	}
	var out [][]int
	for _, m := range members {
		if m != nil {
			slices.Sort(m)
			out = append(out, m)
		}
	}
	slices.SortStableFunc(out, func(a, b []int) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a[0], b[0])) })
	return out
}
