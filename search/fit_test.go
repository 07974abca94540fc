//go:build acceptance

package search

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// boostNames are the logarithms that candidate.boost adds up, for keywords and
// for messages; the first is that of BM25F, which scales the others.
var boostNames = strings.Fields("words cover title fit passage head near")

// shown is a candidate of a query: what it is ranked by and what it is worth.
type shown struct {
	id   string
	x    []float64
	gain float64
}

// asked is a labelled query and its candidates.
type asked struct {
	Labelled
	list []shown
}

func (a asked) judge(w []float64) Judged {
	list := slices.Clone(a.list)
	slices.SortStableFunc(list, func(a, b shown) int { return cmp.Compare(dot(w, b.x), dot(w, a.x)) })
	j := Judged{Labelled: a.Labelled}
	for _, s := range list[:min(10, len(list))] {
		j.Top = append(j.Top, s.id)
	}
	j.NDCG, j.Rank = ndcg(a.Relevant, j.Top)
	return j
}

func dot(w, x []float64) float64 {
	sum := 0.0
	for i := range w {
		sum += w[i] * x[i]
	}
	return sum
}

// ask collects the candidates of the queries that have a right one among them.
func ask(t testing.TB, x *Index, qs []Labelled) []asked {
	var out []asked
	for _, q := range qs {
		f, err := x.find(context.Background(), x.snap, x.snap.views[q.Lang], clip(q.Query, maxQuery), false)
		if err != nil {
			t.Fatal(err)
		}
		a := asked{Labelled: q}
		for _, c := range f.top {
			id := x.snap.docs[c.num].art.ID
			v := []float64{math.Log(c.base), math.Log(0.05 + 0.95*math.Min(1, c.cover)), c.title, c.fit, c.passage, c.headFit, c.near}
			row := make([]float64, 2*len(v))
			copy(row[len(v)*boolInt(f.plan.long):], v)
			a.list = append(a.list, shown{id, row, math.Pow(2, float64(q.Relevant[id])) - 1})
		}
		if f.from == "" && slices.ContainsFunc(a.list, func(s shown) bool { return s.gain > 0 }) {
			out = append(out, a)
		}
	}
	return out
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// learn is a listwise regression: the candidates' softmax is brought near their
// shares of the gain, with a little ridge, by gradient steps (Adam).
func learn(set []asked) []float64 {
	n := 2 * len(boostNames)
	w, g, m, v := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	w[0], w[n/2] = 5, 5
	for step := 1; step <= 600; step++ {
		clear(g)
		for _, a := range set {
			a.gradient(w, g, 1/float64(len(set)))
		}
		for k := range w {
			d := g[k] - 0.003*w[k]
			m[k], v[k] = 0.9*m[k]+0.1*d, 0.999*v[k]+0.001*d*d
			w[k] += 0.1 * m[k] / (1 - math.Pow(0.9, float64(step))) / (math.Sqrt(v[k]/(1-math.Pow(0.999, float64(step)))) + 1e-8)
		}
	}
	return w
}

// gradient adds a query's share of the gradient to g.
func (a asked) gradient(w, g []float64, share float64) {
	p := make([]float64, len(a.list))
	top, sum, gain := math.Inf(-1), 0.0, 0.0
	for i, s := range a.list {
		p[i] = dot(w, s.x)
		top, gain = max(top, p[i]), gain+s.gain
	}
	for i := range p {
		p[i] = math.Exp(p[i] - top)
		sum += p[i]
	}
	for i, s := range a.list {
		for k := range g {
			g[k] += share * (s.gain/gain - p[i]/sum) * s.x[k]
		}
	}
}

// TestFit prints the regression behind weights.short and weights.long, and
// what it reaches on articles that it has not seen: ten folds over articles,
// on the acceptance corpus and on the questions of content/.
func TestFit(t *testing.T) {
	x, qs := tuneIndex(t)
	own, questions := heldIndex(t)
	all := append(ask(t, x, qs), ask(t, own, questions)...)
	groups := map[string][]Judged{}
	for fold := range folds {
		var in []asked
		for _, a := range all {
			if foldOf(a.Labelled) != fold {
				in = append(in, a)
			}
		}
		w := learn(in)
		for _, a := range all {
			if foldOf(a.Labelled) == fold {
				groups[a.Family] = append(groups[a.Family], a.judge(w))
			}
		}
	}
	for _, f := range append(families[1:], "heldout") {
		if m := Summarise(groups[f]); m.N > 0 {
			t.Logf("unseen %-10s n %3d  nDCG@10 %.3f  success@1 %.3f  success@3 %.3f", f, m.N, m.NDCG, m.Success1, m.Success3)
		}
	}
	w := learn(all)
	n := len(boostNames)
	var b strings.Builder
	for i, name := range boostNames {
		fmt.Fprintf(&b, "\n%-8s keywords %.2f, messages %.2f", name, w[i]/w[0], w[n+i]/w[n])
	}
	t.Log(b.String())
}
