package search

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// Labelled is a line of a queries file: a query, what answers it and how well.
type Labelled struct {
	ID       string         `json:"id"`
	Lang     string         `json:"lang"`
	Query    string         `json:"query"`
	Relevant map[string]int `json:"relevant"` // article ID -> grade: 3 answers, 2 helps, 1 related
	Family   string         `json:"family"`   // "none" means that no article answers
}

// RunLine is a line of a run: what a query found. Ranked is never null.
type RunLine struct {
	ID     string   `json:"id"`
	Ranked []Ranked `json:"ranked"`
	MS     float64  `json:"ms"`
}

// Ranked is an article's ID and score, written as a pair.
type Ranked struct {
	ID    string
	Score float64
}

// MarshalJSON writes ["id", score].
func (r Ranked) MarshalJSON() ([]byte, error) { return json.Marshal([]any{r.ID, r.Score}) }

// UnmarshalJSON reads ["id", score] or "id".
func (r *Ranked) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &r.ID) == nil {
		return nil
	}
	var pair []json.RawMessage
	if err := json.Unmarshal(b, &pair); err != nil || len(pair) == 0 {
		return fmt.Errorf("ranked: want [\"id\", score] or \"id\", got %.60s", b)
	}
	if err := json.Unmarshal(pair[0], &r.ID); err != nil {
		return fmt.Errorf("ranked: the id is not a string: %.60s", pair[0])
	}
	if len(pair) > 1 {
		return json.Unmarshal(pair[1], &r.Score)
	}
	return nil
}

// maxLine bounds a line of a queries or run file.
const maxLine = 4 << 20

// ReadLines decodes a JSONL file, skipping empty lines; name is for messages. A
// line that cannot be read goes to skip, or ends the reading when skip is nil.
func ReadLines[T any](r io.Reader, name string, skip func(error)) ([]T, error) {
	var out []T
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 64<<10), maxLine)
	n := 1
	for ; sc.Scan(); n++ {
		line := strings.TrimSpace(strings.TrimPrefix(sc.Text(), "\ufeff"))
		if line == "" {
			continue
		}
		var v T
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			err = fmt.Errorf("%s, line %d: %w", name, n, err)
			if skip == nil {
				return nil, err
			}
			skip(err)
			continue
		}
		out = append(out, v)
	}
	if errors.Is(sc.Err(), bufio.ErrTooLong) {
		return nil, fmt.Errorf("%s, line %d: longer than %d MiB", name, n, maxLine>>20)
	}
	if err := sc.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return out, nil
}

// RunQuery answers one labelled query as the search box would, or as the
// contact form would when suggest is set; MS is left to the caller's clock. A
// failure is an empty answer and an error.
func (x *Index) RunQuery(ctx context.Context, q Labelled, suggest bool) (RunLine, error) {
	out := RunLine{ID: q.ID, Ranked: []Ranked{}}
	add := func(id string, score float64) { // two files may claim one slug
		if !slices.ContainsFunc(out.Ranked, func(r Ranked) bool { return r.ID == id }) {
			out.Ranked = append(out.Ranked, Ranked{id, score})
		}
	}
	if suggest {
		list, err := x.Suggest(ctx, Message{Lang: q.Lang, Body: q.Query}, 5)
		for _, s := range list {
			add(s.Article.ID, s.Confidence)
		}
		return out, err
	}
	res, err := x.Search(ctx, Query{Lang: q.Lang, Text: q.Query})
	if err != nil {
		return out, err
	}
	for _, h := range res.Hits {
		add(h.Article.ID, h.Score)
	}
	return out, nil
}

// Metrics are the means over a set of queries that have an answer, and for
// family "none" how often nothing was shown.
type Metrics struct {
	N        int
	NDCG     float64 // at 10, gain 2^grade-1
	MRR      float64 // at 10, right from grade 2 on
	Success1 float64
	Success3 float64
	Empty    float64 // share of queries that got nothing
	P50, P95 float64 // milliseconds
}

// Judged is one query's result.
type Judged struct {
	Labelled
	NDCG float64
	Rank int // of the first right article, 0 when it is not in the first ten
	MS   float64
	None bool // nothing was returned
	Top  []string
}

// Judge compares a run with the labels. A query that the run lacks counts as
// an empty answer.
func Judge(queries []Labelled, run []RunLine) []Judged {
	byID := map[string]RunLine{}
	for _, r := range run {
		byID[r.ID] = r
	}
	out := make([]Judged, 0, len(queries))
	for _, q := range queries {
		r := byID[q.ID]
		j := Judged{Labelled: q, MS: r.MS, None: len(r.Ranked) == 0}
		for _, x := range r.Ranked {
			if !slices.Contains(j.Top, x.ID) && len(j.Top) < 10 {
				j.Top = append(j.Top, x.ID)
			}
		}
		j.NDCG, j.Rank = ndcg(q.Relevant, j.Top)
		out = append(out, j)
	}
	return out
}

func ndcg(relevant map[string]int, top []string) (float64, int) {
	gain := func(g int) float64 { return math.Pow(2, float64(g)) - 1 }
	var grades []int
	for _, g := range relevant {
		grades = append(grades, g)
	}
	slices.SortFunc(grades, func(a, b int) int { return b - a })
	ideal, got, rank := 0.0, 0.0, 0
	for i, g := range grades[:min(10, len(grades))] {
		ideal += gain(g) / math.Log2(float64(i)+2)
	}
	for i, id := range top {
		g := relevant[id]
		got += gain(g) / math.Log2(float64(i)+2)
		if rank == 0 && g >= 2 {
			rank = i + 1
		}
	}
	if ideal == 0 {
		return 0, rank
	}
	return got / ideal, rank
}

// Summarise is the mean over some judged queries.
func Summarise(list []Judged) Metrics {
	m := Metrics{N: len(list)}
	if len(list) == 0 {
		return m
	}
	var ms []float64
	for _, j := range list {
		m.NDCG += j.NDCG
		if j.Rank > 0 {
			m.MRR += 1 / float64(j.Rank)
		}
		if j.Rank == 1 {
			m.Success1++
		}
		if j.Rank >= 1 && j.Rank <= 3 {
			m.Success3++
		}
		if j.None {
			m.Empty++
		}
		ms = append(ms, j.MS)
	}
	n := float64(len(list))
	m.NDCG, m.MRR, m.Success1, m.Success3, m.Empty = m.NDCG/n, m.MRR/n, m.Success1/n, m.Success3/n, m.Empty/n
	slices.Sort(ms)
	m.P50, m.P95 = ms[len(ms)/2], ms[min(len(ms)-1, len(ms)*95/100)]
	return m
}

// families is the order of the table; others follow by name.
var families = []string{"ALL", "keyword", "typo", "question", "ticket", "prefix", "synonym", "crosslang", "none"}

// WriteTable prints the metrics by language and family. "ALL" is every family
// but "none".
func WriteTable(w io.Writer, list []Judged) error {
	groups := map[[2]string][]Judged{}
	for _, j := range list {
		keys := [][2]string{{j.Lang, j.Family}}
		if j.Family != "none" {
			keys = append(keys, [2]string{j.Lang, "ALL"}, [2]string{"all", "ALL"})
		}
		for _, k := range keys {
			groups[k] = append(groups[k], j)
		}
	}
	keys := make([][2]string, 0, len(groups))
	for k := range groups {
		keys = append(keys, k)
	}
	order := func(f string) int {
		if i := slices.Index(families, f); i >= 0 {
			return i
		}
		return len(families)
	}
	slices.SortFunc(keys, func(a, b [2]string) int {
		if c := strings.Compare(a[0], b[0]); c != 0 {
			return c
		}
		if c := order(a[1]) - order(b[1]); c != 0 {
			return c
		}
		return strings.Compare(a[1], b[1])
	})
	if _, err := fmt.Fprintf(w, "%-5s%-11s%5s%9s%8s%7s%7s%8s%8s%8s\n", "lang", "family", "n", "nDCG@10", "MRR@10", "S@1", "S@3", "empty", "p50ms", "p95ms"); err != nil {
		return err
	}
	for _, k := range keys {
		m := Summarise(groups[k])
		if k[1] == "none" {
			m.NDCG, m.MRR = math.NaN(), math.NaN()
			m.Success1, m.Success3 = math.NaN(), math.NaN()
		}
		if _, err := fmt.Fprintf(w, "%-5s%-11s%5d%9s%8s%7s%7s%8s%8.2f%8.2f\n", k[0], k[1], m.N, f3(m.NDCG), f3(m.MRR), f3(m.Success1), f3(m.Success3), f3(m.Empty), m.P50, m.P95); err != nil {
			return err
		}
	}
	return nil
}

func f3(x float64) string {
	if math.IsNaN(x) {
		return "-"
	}
	return fmt.Sprintf("%.3f", x)
}

// WriteChanges lists the queries whose nDCG changed between two runs, worst
// loss first, with where the first right article stood and stands.
func WriteChanges(w io.Writer, before, after []Judged) error {
	was := map[string]Judged{}
	for _, j := range before {
		was[j.ID] = j
	}
	type change struct {
		a, b Judged
		by   float64
	}
	var list []change
	better := 0
	for _, j := range after {
		if b := was[j.ID]; j.Family != "none" && math.Abs(j.NDCG-b.NDCG) > 1e-9 {
			list = append(list, change{b, j, j.NDCG - b.NDCG})
			if j.NDCG > b.NDCG {
				better++
			}
		}
	}
	slices.SortStableFunc(list, func(x, y change) int { return cmp.Compare(x.by, y.by) })
	if _, err := fmt.Fprintf(w, "%d queries got better, %d worse\n", better, len(list)-better); err != nil {
		return err
	}
	for _, c := range list {
		if _, err := fmt.Fprintf(w, "%+.3f  rank %s -> %s  %s  %.80q\n", c.by, place(c.a.Rank), place(c.b.Rank), c.b.ID, c.b.Query); err != nil {
			return err
		}
	}
	return nil
}

func place(rank int) string {
	if rank == 0 {
		return ">10"
	}
	return fmt.Sprint(rank)
}
