// Package gaps finds the questions that no article answers: searches without a
// result or a click, comments of people whom an article did not help, and the
// tickets people wrote, gathered by what they mean in both languages together,
// and ranked by the tickets that an article would avoid.
package gaps

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Source says where a text comes from.
type Source string

// The sources.
const (
	Search  Source = "search"  // without a result or a click, normalised and masked (D-36)
	Comment Source = "comment" // of a "no" vote
	Ticket  Source = "ticket"  // subject and first message
)

// Text is something that somebody wrote and no article answered.
type Text struct {
	ID       string // of the ticket; "" for searches and comments
	Source   Source
	Lang     string
	Category string // of a ticket, "" when not chosen
	Article  string // the pair a comment is about
	Text     string
	Count    int // how often it was written; 0 counts as 1
	At       time.Time
}

// Rates say how writing a text becomes a ticket and an article avoids one.
type Rates struct {
	// PerSearch is the share of failed searches whose visitor wrote a ticket
	// within 72 h. A "no" comment, whose author nobody knows, counts alike.
	PerSearch float64
	// Avoided is the share of tickets that an article is expected to avoid, by
	// category: the targets of D-33 until there is better.
	Avoided map[string]float64
}

// avoided is the expected share for a category; an unknown one has that of "".
func (r Rates) avoided(category string) float64 {
	if v, ok := r.Avoided[category]; ok {
		return v
	}
	return r.Avoided[""]
}

// Gap is a question without an answer.
type Gap struct {
	Texts    []Text // most typical first
	Searches int
	Comments int
	Tickets  int
	Category string  // the most frequent one of its tickets, "" without
	Expected float64 // tickets that an article would have avoided in the same time
}

// Title is the text that stands for the gap, the shortest of the most typical,
// without what identifies whoever wrote it: titles go into lists and exports.
func (g Gap) Title() string { return Redact(g.Texts[0].Text) }

// Key names the gap in an address: it stays while its texts do.
func (g Gap) Key() string {
	var lines []string
	for _, t := range g.Texts {
		lines = append(lines, string(t.Source)+" "+t.Lang+" "+t.ID+" "+t.Text)
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:8])
}

// Langs are the languages the gap was written in, most frequent first.
func (g Gap) Langs() []string {
	count := map[string]int{}
	for _, t := range g.Texts {
		count[t.Lang] += t.Count
	}
	var all []string
	for l := range count {
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) })
	return all
}

// MinWritten is how often a question must have been written to be a gap: once
// is a curiosity.
const MinWritten = 2

// maxText is how much of a text is read, in bytes: what it is about stands at
// its beginning.
const maxText = 2000

// Find gathers texts into gaps, those that would avoid most tickets first.
// More than MaxTexts different texts are cut to the most frequent and newest.
func Find(ctx context.Context, m Meanings, texts []Text, r Rates) ([]Gap, error) {
	texts = merge(texts)
	var meanings []map[string]float64
	kept := texts[:0]
	for _, t := range texts {
		mean, err := m.Meaning(ctx, t.Lang, clip(t.Text))
		if err != nil {
			return nil, err
		}
		if len(mean) == 0 {
			continue
		}
		meanings = append(meanings, mean)
		kept = append(kept, t)
	}
	vs := vectors(meanings)
	var gaps []Gap
	for _, members := range agglomerate(vs, joinAt) {
		g := gather(kept, vs, members)
		if g.Searches+g.Comments+g.Tickets < MinWritten {
			continue
		}
		g.Expected = r.expected(g)
		gaps = append(gaps, g)
	}
	slices.SortStableFunc(gaps, func(a, b Gap) int { return cmp.Compare(b.Expected, a.Expected) })
	return gaps, nil
}

// expected is how many tickets an article would have avoided: of those that
// were written, and of those that failed searches and comments led to. A
// ticket of the gap may have begun as one of its searches; the smaller of the
// two is therefore not counted.
func (r Rates) expected(g Gap) float64 {
	written := 0.0
	for _, t := range g.Texts {
		if t.Source == Ticket {
			written += float64(t.Count) * r.avoided(t.Category)
		}
	}
	led := float64(g.Searches+g.Comments) * r.PerSearch * r.avoided(g.Category)
	return max(written, led)
}

// merge counts equal texts once and keeps at most MaxTexts.
func merge(texts []Text) []Text {
	type key struct {
		source     Source
		lang, text string
		id         string
	}
	at := map[key]int{}
	var out []Text
	for _, t := range texts {
		t.Count = max(t.Count, 1)
		k := key{t.Source, t.Lang, strings.ToLower(strings.Join(strings.Fields(t.Text), " ")), t.ID}
		if k.text == "" {
			continue
		}
		if i, ok := at[k]; ok {
			out[i].Count += t.Count
			if t.At.After(out[i].At) {
				out[i].At = t.At
			}
			continue
		}
		at[k] = len(out)
		out = append(out, t)
	}
	slices.SortStableFunc(out, func(a, b Text) int { return cmp.Or(cmp.Compare(b.Count, a.Count), b.At.Compare(a.At)) })
	return out[:min(len(out), MaxTexts)]
}

// gather makes a gap of the members of a cluster, the most typical first: the
// texts nearest to all others, short ones before long ones.
func gather(texts []Text, vs []vector, members []int) Gap {
	var g Gap
	typical := make(map[int]float64, len(members))
	categories := map[string]int{}
	for _, i := range members {
		for _, j := range members {
			typical[i] += dot(vs[i], vs[j]) * float64(texts[j].Count)
		}
		typical[i] /= 1 + float64(utf8.RuneCountInString(texts[i].Text))/80
		switch t := texts[i]; t.Source {
		case Search:
			g.Searches += t.Count
		case Comment:
			g.Comments += t.Count
		case Ticket:
			g.Tickets += t.Count
			categories[t.Category] += t.Count
		}
	}
	order := slices.Clone(members)
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(typical[b], typical[a]) })
	for _, i := range order {
		g.Texts = append(g.Texts, texts[i])
	}
	most := 0
	for _, c := range slices.Sorted(maps.Keys(categories)) {
		if c != "" && categories[c] > most {
			g.Category, most = c, categories[c]
		}
	}
	return g
}

func clip(s string) string {
	if len(s) <= maxText {
		return s
	}
	s = s[:maxText]
	for len(s) > 0 && !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s
}

// Written is how often a question was written by week, for a gap that an
// article was published for: texts of the weeks before and after that mean
// what its questions mean.
func Written(ctx context.Context, m Meanings, questions []Text, later []Text) ([]Text, error) {
	if len(questions) == 0 {
		return nil, nil
	}
	all := append(slices.Clone(questions), later...)
	meanings := make([]map[string]float64, len(all))
	for i, t := range all {
		var err error
		if meanings[i], err = m.Meaning(ctx, t.Lang, clip(t.Text)); err != nil {
			return nil, err
		}
	}
	vs := vectors(meanings)
	var same []Text
	for i := len(questions); i < len(all); i++ {
		sum := 0.0
		for j := range questions {
			sum += dot(vs[i], vs[j])
		}
		if sum/float64(len(questions)) >= joinAt {
			same = append(same, all[i])
		}
	}
	return same, nil
}
