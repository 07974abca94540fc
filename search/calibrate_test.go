//go:build acceptance

package search

import (
	"context"
	"fmt"
	"math"
	"sort"
	"testing"
)

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
		fd, err := x.find(context.Background(), x.snap, x.snap.views[q.Lang], x.snap.views[q.Lang].question(Message{Body: q.Query}), false)
		if err != nil {
			t.Fatal(err)
		}
		s := sample{fam: q.Family, fold: foldOf(q) % 2}
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
	names := [numFeatures]string{"bias", "cover", "passage", "title", "near", "words", "unknown", "typo", "size", "topic", "topicHit", "rare", "head"}
	for k := range w {
		t.Logf("%s %.2f", names[k], w[k])
	}
}
