//go:build acceptance

package search

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"sort"
	"strings"
	"sync"
	"testing"
)

func tuneIndex(t testing.TB) (*Index, []Labelled) {
	t.Helper()
	lib, qs := acceptance(t)
	x := must(Open(Options{}))
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := x.Sync(context.Background(), lib); err != nil {
		t.Fatal(err)
	}
	return x, qs
}

// remeasure makes the norms follow changed weights.
func (x *Index) remeasure() {
	for _, v := range x.snap.views {
		for _, n := range v.nums {
			l := x.snap.docs[n].lengths
			for f := range numFields {
				rel := 1.0
				if v.avg[f] > 0 {
					rel = float64(l[f]) / v.avg[f]
				}
				x.snap.docs[n].norms[f] = float32(weights.field[f] / (1 - weights.b[f] + weights.b[f]*rel))
			}
		}
	}
}

// quick ranks all queries on both cores, without excerpts.
func (x *Index) quick(qs []Labelled) []Judged {
	x.remeasure()
	run := make([]RunLine, len(qs))
	var wg sync.WaitGroup
	for h := range 2 {
		wg.Go(func() {
			for i := h; i < len(qs); i += 2 {
				q := qs[i]
				f, err := x.find(context.Background(), x.snap, x.snap.views[q.Lang], clip(q.Query, maxQuery), false)
				if err != nil {
					panic(err)
				}
				run[i].ID = q.ID
				for _, c := range f.top[:min(10, len(f.top))] {
					run[i].Ranked = append(run[i].Ranked, Ranked{x.snap.docs[c.num].art.ID, c.score})
				}
			}
		})
	}
	wg.Wait()
	return Judge(qs, run)
}

// knob is a weight and the values worth trying.
type knob struct {
	name string
	p    *float64
	vals []float64
}

func knobs() []knob {
	w := &weights
	m := []float64{0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1, 1.4, 2}
	return []knob{
		{"k1", &w.k1, []float64{2, 3, 4, 6, 8, 12}},
		{"idf", &w.idf, []float64{0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.35}},
		{"fTitle", &w.field[fTitle], []float64{3, 4, 5, 6, 8, 10}},
		{"fHead", &w.field[fHeadings], []float64{1, 1.5, 2, 2.5, 3, 4}},
		{"fMeta", &w.field[fMeta], []float64{1, 2, 3, 4, 5}},
		{"fCode", &w.field[fCode], []float64{0.1, 0.25, 0.5, 0.75, 1}},
		{"bBody", &w.b[fBody], []float64{0.5, 0.65, 0.75, 0.85, 0.95}},
		{"bHead", &w.b[fHeadings], []float64{0.3, 0.5, 0.7, 0.85}},
		{"bTitle", &w.b[fTitle], []float64{0.2, 0.35, 0.5, 0.65, 0.8}},
		{"phraseRest", &w.phraseRest, []float64{0.1, 0.25, 0.4, 0.5, 0.7, 1}},
		{"prefixKnown", &w.prefixKnown, []float64{0.3, 0.45, 0.6, 0.75, 0.9}},
		{"foreign", &w.foreign, []float64{0.5, 0.7, 0.85, 1}},
		{"foreignLead", &w.foreignLead, []float64{1, 1.25, 1.5, 2, 2.5, 3}},
		{"foreignMean", &w.foreignMean, []float64{0.2, 0.3, 0.4, 0.5, 0.7}},
		{"foreignOwn", &w.foreignOwn, []float64{0.1, 0.3, 0.5, 0.7, 1}},
		{"synonym", &w.synonym, []float64{0.4, 0.6, 0.75, 0.9, 1}},
		{"synonymKnown", &w.synonymKnown, []float64{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9}},
		{"typo", &w.typo, []float64{0.6, 0.8, 0.95}},
		{"typoLong", &w.typoLong, []float64{0.1, 0.3, 0.6, 1}},
		{"edit", &w.edit, []float64{1, 2, 3, 5}},
		{"firstLetter", &w.firstLetter, []float64{0.5, 1, 2, 3}},
		{"swap", &w.swap, []float64{0, 1, 2, 3}},
		{"light", &w.light, []float64{0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1}},
		{"offTopic", &w.offTopic, []float64{0.2, 0.35, 0.5, 0.65, 0.8, 1}},
		{"topic", &w.topic, []float64{1, 2, 3, 4, 6, 10}},
		{"s.passage", &w.short.passage, m}, {"s.title", &w.short.title, m}, {"s.fit", &w.short.fit, m}, {"s.near", &w.short.near, m}, {"s.cover", &w.short.cover, m},
		{"l.passage", &w.long.passage, m}, {"l.title", &w.long.title, m}, {"l.fit", &w.long.fit, m}, {"l.near", &w.long.near, m}, {"l.cover", &w.long.cover, m},
	}
}

// objective is nDCG with a little success at one and at three.
func objective(j []Judged, keep func(Judged) bool) float64 {
	n, s := 0, 0.0
	for _, x := range j {
		if x.Family == "none" || !keep(x) {
			continue
		}
		n++
		s += x.NDCG
		if x.Rank == 1 {
			s += 0.15
		}
		if x.Rank >= 1 && x.Rank <= 3 {
			s += 0.15
		}
	}
	return s / 1.3 / float64(max(n, 1))
}

// foldOf keeps the queries about one article together, in all its wordings.
func foldOf(q Labelled) int {
	best, grade := "", 0
	for id, g := range q.Relevant {
		if g > grade || g == grade && id < best {
			best, grade = id, g
		}
	}
	h := fnv.New32a()
	h.Write([]byte(best))
	return int(h.Sum32()>>3) & 1
}

// TestTune searches better weights one at a time, on one half of the articles,
// and prints what the other half thinks of them. RICOCHET_TUNE names the
// weights to try, or "all". What only one half likes is chance.
func TestTune(t *testing.T) {
	names := os.Getenv("RICOCHET_TUNE")
	if names == "" {
		t.Skip("RICOCHET_TUNE names no weights")
	}
	x, qs := tuneIndex(t)
	start := weights
	defer func() { weights = start }()
	for fold := range 2 {
		weights = start
		in := func(j Judged) bool { return foldOf(j.Labelled) == fold }
		out := func(j Judged) bool { return foldOf(j.Labelled) != fold }
		judged := x.quick(qs)
		best, held := objective(judged, in), objective(judged, out)
		t.Logf("half %d: %.4f, the other %.4f", fold, best, held)
		for _, k := range knobs() {
			if names != "all" && !strings.Contains(" "+names+" ", " "+k.name+" ") {
				continue
			}
			old := *k.p
			pick := old
			for _, v := range k.vals {
				*k.p = v
				if s := objective(x.quick(qs), in); s > best+0.0008 {
					best, pick = s, v
				}
			}
			if *k.p = pick; pick != old {
				t.Logf("  %s %v -> %v: %.4f, the other %.4f", k.name, old, pick, best, objective(x.quick(qs), out))
			}
		}
	}
}

// sample is a query's first candidate, for the calibration.
type sample struct {
	x    features
	y    float64
	fam  string
	fold int
}

func samples(t testing.TB, x *Index, qs []Labelled) []sample {
	off := readLabelled(t, "testdata/offtopic.jsonl")
	for i := range off {
		off[i].Family = "offtopic"
	}
	var out []sample
	for i, q := range append(append([]Labelled{}, qs...), off...) {
		if q.Family == "prefix" {
			continue
		}
		fd, err := x.find(context.Background(), x.snap, x.snap.views[q.Lang], Message{Body: q.Query}.query(), false)
		if err != nil {
			t.Fatal(err)
		}
		s := sample{fam: q.Family, fold: foldOf(q)}
		if q.Family == "none" || q.Family == "offtopic" {
			s.fold = i & 1
		} else {
			s.y = 1
		}
		if len(fd.top) > 0 {
			s.x = fd.features(0)
		}
		out = append(out, s)
	}
	return out
}

// fit is a logistic regression with a little ridge, both classes weighing the
// same.
func fit(list []sample) features {
	var w features
	pos, neg := 0.0, 0.0
	for _, s := range list {
		if s.y == 1 {
			pos++
		} else {
			neg++
		}
	}
	for range 6000 {
		var g features
		for _, s := range list {
			z := 0.0
			for k := range w {
				z += w[k] * s.x[k]
			}
			p := 1 / (1 + math.Exp(-z))
			c := 1 / pos
			if s.y == 0 {
				c = 1 / neg
			}
			for k := range w {
				g[k] += c * (s.y - p) * s.x[k]
			}
		}
		for k := range w {
			g[k] -= 0.004 * w[k]
			w[k] += 0.5 * g[k]
		}
	}
	return w
}

func prob(w features, s sample) float64 {
	z := 0.0
	for k := range w {
		z += w[k] * s.x[k]
	}
	return 1 / (1 + math.Exp(-z))
}

// report logs, at the threshold that keeps 97 % of calib's questions, messages
// and keywords, for how much of test something is shown.
func report(t *testing.T, name string, w features, calib, test []sample) {
	var pos []float64
	for _, s := range calib {
		if s.fam == "question" || s.fam == "ticket" || s.fam == "keyword" {
			pos = append(pos, prob(w, s))
		}
	}
	sort.Float64s(pos)
	th := pos[len(pos)*3/100]
	shown := map[string][2]int{}
	for _, s := range test {
		v := shown[s.fam]
		v[1]++
		if prob(w, s) >= th {
			v[0]++
		}
		shown[s.fam] = v
	}
	line := fmt.Sprintf("%s threshold %.3f shown:", name, th)
	for _, f := range []string{"keyword", "question", "ticket", "typo", "synonym", "crosslang", "none", "offtopic"} {
		line += fmt.Sprintf(" %s %.2f", f, float64(shown[f][0])/float64(shown[f][1]))
	}
	t.Log(line)
}

// TestCalibrate prints the regression behind confidenceWeights.
func TestCalibrate(t *testing.T) {
	x, qs := tuneIndex(t)
	all := samples(t, x, qs)
	for f := range 2 {
		var in, out []sample
		for _, s := range all {
			if s.fold == f {
				in = append(in, s)
			} else {
				out = append(out, s)
			}
		}
		report(t, "the other half:", fit(in), in, out)
	}
	w := fit(all)
	report(t, "all:", w, all, all)
	for k := range w {
		t.Logf("%s %.2f", featureNames[k], w[k])
	}
}
