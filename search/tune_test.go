package search

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/kb"
)

func tuneIndex(t testing.TB) (*Index, []Labelled) {
	dir := os.Getenv("RICOCHET_ACCEPTANCE")
	if dir == "" {
		t.Skip("RICOCHET_ACCEPTANCE is not set")
	}
	lib, _, err := kb.Load(context.Background(), os.DirFS(filepath.Join(dir, "search", "corpus")), kb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	x, err := Open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Sync(context.Background(), lib); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "search", "queries.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	qs, err := ReadLines[Labelled](f, "q")
	if err != nil {
		t.Fatal(err)
	}
	return x, qs
}

func runAll(x *Index, qs []Labelled) []Judged {
	var run []RunLine
	for _, q := range qs {
		s := time.Now()
		l, err := x.RunQuery(context.Background(), q, false)
		if err != nil {
			panic(err)
		}
		l.MS = time.Since(s).Seconds() * 1e3
		run = append(run, l)
	}
	return Judge(qs, run)
}

func TestTuneTime(t *testing.T) {
	x, qs := tuneIndex(t)
	for range 5 {
		s := time.Now()
		j := runAll(x, qs)
		fmt.Println(time.Since(s), Summarise(j))
	}
	_ = WriteTable(os.Stdout, runAll(x, qs))
}

func TestTuneMisses(t *testing.T) {
	x, qs := tuneIndex(t)
	fam := os.Getenv("FAM")
	for _, j := range runAll(x, qs) {
		if j.Family == "none" || j.NDCG > 0.85 || fam != "" && fam != j.Lang+j.Family {
			continue
		}
		fmt.Printf("%s %.2f %q\n   want %v\n   got %v\n", j.ID, j.NDCG, j.Query, j.Relevant, j.Top[:min(5, len(j.Top))])
		s, rel, _ := x.acquire()
		p, _ := s.plan(context.Background(), s.views[j.Lang], j.Query, false)
		for _, g := range p.groups {
			for _, m := range g.members {
				fmt.Printf("   [%s idf %.1f", m.text, m.idf)
				for _, a := range m.alts {
					if a.why != "word" {
						fmt.Printf(" %s:%s", a.why, a.text)
					}
				}
				fmt.Print("]")
			}
			for _, a := range g.phrases {
				fmt.Printf(" {%s:%s %.1f}", a.why, a.text, a.idf)
			}
		}
		fmt.Println()
		rel()
	}
}

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

func objective(j []Judged, keep func(Judged) bool) (float64, int) {
	n, s := 0, 0.0
	for _, x := range j {
		if x.Family == "none" || keep != nil && !keep(x) {
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
	return s / 1.3 / float64(max(n, 1)), n
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

func TestTune(t *testing.T) {
	if os.Getenv("TUNE") == "" {
		t.Skip()
	}
	x, qs := tuneIndex(t)
	start := weights
	sweep := func(keep func(Judged) bool, rounds int) {
		best, n := objective(x.quick(qs), keep)
		fmt.Printf("start %.4f over %d\n", best, n)
		for r := range rounds {
			was := best
			for _, k := range knobs() {
				if only := os.Getenv("KNOBS"); only != "" && !strings.Contains(" "+only+" ", " "+k.name+" ") {
					continue
				}
				old := *k.p
				pick := old
				for _, v := range k.vals {
					if v == old {
						continue
					}
					*k.p = v
					if s, _ := objective(x.quick(qs), keep); s > best+0.0008 {
						best, pick = s, v
					}
				}
				*k.p = pick
				if pick != old {
					fmt.Printf("round %d %s %v -> %v: %.4f\n", r, k.name, old, pick, best)
				}
			}
			if best-was < 0.001 {
				break
			}
		}
	}
	switch os.Getenv("TUNE") {
	case "cv":
		for f := range 2 {
			weights = start
			b0, n0 := objective(x.quick(qs), func(j Judged) bool { return foldOf(j.Labelled) != f })
			sweep(func(j Judged) bool { return foldOf(j.Labelled) == f }, 2)
			j := x.quick(qs)
			in, _ := objective(j, func(j Judged) bool { return foldOf(j.Labelled) == f })
			out, n := objective(j, func(j Judged) bool { return foldOf(j.Labelled) != f })
			fmt.Printf("FOLD %d: tuned half %.4f, held-out half %.4f (was %.4f, n %d %d)\n", f, in, out, b0, n, n0)
		}
	default:
		sweep(nil, 2)
		_ = WriteTable(os.Stdout, x.quick(qs))
		for _, k := range knobs() {
			fmt.Printf("%s %v\n", k.name, *k.p)
		}
	}
}

type sample struct {
	x    features
	y    float64
	fam  string
	fold int
	text string
}

func samples(t testing.TB, x *Index, qs []Labelled) []sample {
	f, err := os.Open("testdata/offtopic.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	off, err := ReadLines[Labelled](f, "offtopic.jsonl")
	if err != nil {
		t.Fatal(err)
	}
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
		s := sample{fam: q.Family, text: q.Query, fold: foldOf(q)}
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

// silenced reports, at the threshold that keeps 96 % of question, ticket and
// keyword queries of calib, what test shows.
func report(name string, w features, calib, test []sample) {
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
	fmt.Printf("%s threshold %.3f shown:", name, th)
	for _, f := range []string{"keyword", "question", "ticket", "typo", "synonym", "crosslang", "none", "offtopic"} {
		fmt.Printf(" %s %.2f", f, float64(shown[f][0])/float64(shown[f][1]))
	}
	fmt.Println()
}

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
		w := fit(in)
		report("held out", w, in, out)
		report("  in", w, in, in)
	}
	w := fit(all)
	report("all", w, all, all)
	for k := range w {
		fmt.Printf("%s %.2f\n", featureNames[k], w[k])
	}
	for _, s := range all {
		if p := prob(w, s); s.y == 0 && p > 0.35 || s.y == 1 && p < 0.55 {
			fmt.Printf("%.2f %s %q", p, s.fam, s.text)
			for k := 1; k < int(numFeatures); k++ {
				fmt.Printf(" %s %.2f", featureNames[k], s.x[k])
			}
			fmt.Println()
		}
	}
}
