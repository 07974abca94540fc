package search

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// foreignView is the language a text is written in when that is clearly not
// the site's: its words are more at home in the other language's articles.
func (s *snapshot) foreignView(v *view, text string) *view {
	var words []string
	unfinished := -1 // the text ends with this word: it may be the start of another
	v.analyzer.tokenize(text, func(t token) {
		if !t.whole && stemmable(t.text) && len(words) < maxUnits {
			if t.end == len(text) {
				unfinished = len(words)
			}
			words = append(words, t.text)
		}
	})
	var best *view
	lead := weights.foreignLead
	for _, o := range s.views {
		if o == v || len(o.nums) == 0 {
			continue
		}
		sum := 0.0
		for i, w := range words {
			there, here := o.rate(w), v.rate(w)
			if i == unfinished {
				here = max(here, v.startRate(w))
			}
			x := math.Log(there / here)
			sum += math.Max(-3, math.Min(3, x))
		}
		if sum > lead && sum/float64(len(words)) > weights.foreignMean {
			best, lead = o, sum
		}
	}
	return best
}

// rate is the share of the view's articles that have a word; stop words are in
// all of them.
func (v *view) rate(w string) float64 {
	if v.analyzer.stop[w] || v.analyzer.function[w] {
		return 1
	}
	n := float64(len(v.nums)) + 1
	return (float64(v.vocab.df(fold(w))) + 0.3) / n
}

// startRate is the share of the view's articles that have a word with this
// beginning.
func (v *view) startRate(w string) float64 {
	df := int32(0)
	for _, x := range v.vocab.prefixed(fold(w)) {
		df = max(df, x.df)
	}
	return (float64(df) + 0.3) / (float64(len(v.nums)) + 1)
}

// findForeign ranks a text in the language it is written in and leads to the
// translations in the reader's language; what the reader's language has of the
// words counts too.
func (x *Index) findForeign(ctx context.Context, s *snapshot, v, o *view, text string, exact bool, own *found) (*found, error) {
	other, err := x.rank(ctx, s, o, text, exact)
	if err != nil {
		return nil, err
	}
	at := map[uint32]int{}
	out := *own
	out.top = slices.Clone(own.top)
	for i := range out.top {
		out.top[i].score *= weights.foreignOwn
		at[out.top[i].num] = i
	}
	for _, c := range other.top {
		own := v.byPair[s.docs[c.num].pair]
		if own < 0 {
			continue
		}
		num := uint32(own)
		art, from := s.docs[num].art, s.docs[c.num].art
		if len(art.Passages) != len(from.Passages) {
			c.best = -1
		}
		if i, ok := at[num]; ok {
			t := &out.top[i]
			c.score += t.score
			c.base, c.cover, c.title, c.passage = max(c.base, t.base), max(c.cover, t.cover), max(c.title, t.title), max(c.passage, t.passage)
			if c.best < 0 {
				c.best = t.best
			}
			c.num = num
			*t = c
			continue
		}
		c.num = num
		out.top = append(out.top, c)
	}
	out.from, out.total = o.lang, max(own.total, other.total)
	slices.SortStableFunc(out.top, func(a, b candidate) int { return cmp.Compare(b.score, a.score) })
	return &out, nil
}
