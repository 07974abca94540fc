package search

import (
	"hash/maphash"
	"math"

	"github.com/vmcloud/ricochet/kb"
)

// articleTokens is an article as a row of term hashes, for looking at its
// passages: 0 stands for a stop word.
type articleTokens struct {
	title  []uint32
	heads  [][]uint32
	texts  [][]uint32
	starts [][]uint32 // where in the passage's text a term starts; code is not in it
}

var hashSeed = maphash.MakeSeed()

func termHash(term string) uint32 {
	if term == "" {
		return 0
	}
	return uint32(maphash.String(hashSeed, term)) | 1
}

func (a *analyzer) hashes(text string) []uint32 {
	terms, _ := a.located(text)
	return terms
}

// located are a text's terms and where they start.
func (a *analyzer) located(text string) (terms, starts []uint32) {
	if text == "" {
		return nil, nil
	}
	terms, starts = make([]uint32, 0, len(text)/6+1), make([]uint32, 0, len(text)/6+1)
	a.tokenize(text, func(t token) {
		terms, starts = append(terms, termHash(a.term(t.text))), append(starts, uint32(t.start))
	})
	return terms, starts
}

// tokensOf is an article's row of terms, made when it is first looked at.
func (x *Index) tokensOf(art *kb.Article, a *analyzer) *articleTokens {
	if t, ok := x.tokens.get(art); ok {
		return t
	}
	t := &articleTokens{title: a.hashes(art.Title)}
	size := 200 + 4*len(t.title)
	for i := range art.Passages {
		p := &art.Passages[i]
		head := a.hashes(p.Heading)
		text, starts := a.located(p.Text)
		if p.Code != "" {
			text = append(text, a.hashes(p.Code)...)
		}
		t.heads, t.texts, t.starts = append(t.heads, head), append(t.texts, text), append(t.starts, starts)
		size += 96 + 4*(len(head)+cap(text)+cap(starts))
	}
	x.tokens.put(art, t, size)
	return t
}

// wanted is what the passages are searched for: for each term hash, which
// groups of the plan it serves and how much of them.
type wanted struct {
	terms map[uint32][]want
	sieve [64]uint64 // a bit for each term's low bits: most words of a text fall through
	worth []float64  // of each group
	sum   float64
}

type want struct {
	group int
	share float64 // of the group's worth
}

func (p *plan) wanted(lang string) *wanted {
	w := &wanted{terms: map[uint32][]want{}, worth: make([]float64, len(p.groups))}
	for gi := range p.groups {
		g := &p.groups[gi]
		worth := g.weight()
		w.worth[gi] = worth
		w.sum += worth
		if worth == 0 {
			continue
		}
		for mi := range g.members {
			c := &g.members[mi]
			for ai := range c.alts {
				w.alt(&c.alts[ai], gi, c.alts[ai].idf*c.alts[ai].weight*c.weight/worth, lang)
			}
		}
		for ai := range g.phrases {
			w.alt(&g.phrases[ai], gi, g.phrases[ai].idf*g.phrases[ai].weight/worth, lang)
		}
	}
	return w
}

func (w *wanted) alt(a *alt, group int, share float64, lang string) {
	for _, t := range a.terms {
		if t.lang != lang {
			continue
		}
		h := termHash(t.term)
		s := share / float64(len(a.terms))
		known := false
		for i := range w.terms[h] {
			if w.terms[h][i].group == group {
				w.terms[h][i].share = max(w.terms[h][i].share, s)
				known = true
			}
		}
		if !known {
			w.terms[h] = append(w.terms[h], want{group, s})
			w.sieve[h>>6&63] |= 1 << (h & 63)
		}
	}
}

// rescore looks at the candidates' titles and passages.
func (x *Index) rescore(s *snapshot, p *plan, top []candidate) {
	w := p.wanted(p.view.lang)
	if w.sum == 0 {
		return
	}
	got := make([]float64, len(p.groups))
	all := make([]float64, len(p.groups))
	for i := range top {
		c := &top[i]
		art := s.docs[c.num].art
		t := x.tokensOf(art, p.view.analyzer)
		clear(all)
		clear(got)
		pairs := w.collect(t.title, got, p.groups)
		c.title, c.fit = w.share(got), w.fit(t.title)
		titleGot := append([]float64(nil), got...)
		for gi := range all {
			all[gi] = max(all[gi], got[gi])
		}
		for k := range t.texts {
			clear(got)
			n := w.collect(t.heads[k], got, p.groups)
			headShare := w.share(got)
			c.head = max(c.head, headShare)
			n = max(n, w.collect(t.texts[k], got, p.groups))
			share := w.share(got) * (1 - 0.15*math.Min(1, float64(len(t.texts[k]))/600))
			share += 0.25 * headShare
			for gi := range all {
				all[gi] = max(all[gi], got[gi])
			}
			// A passage speaks in its title's name.
			for gi := range got {
				got[gi] = max(got[gi], 0.6*titleGot[gi])
			}
			share = 0.5*share + 0.5*w.share(got)
			if share > c.passage {
				c.passage, c.best = share, k
			}
			pairs = max(pairs, n)
		}
		c.cover = w.share(all)
		if len(p.groups) > 1 {
			c.near = math.Min(1, pairs/float64(len(p.groups)-1))
		}
	}
}

// fit is the share of a title's words that the query has.
func (w *wanted) fit(title []uint32) float64 {
	n, hits := 0, 0
	for _, h := range title {
		if h == 0 {
			continue
		}
		n++
		if len(w.terms[h]) > 0 {
			hits++
		}
	}
	return float64(hits) / float64(max(n, 1))
}

// share is how much of the query's worth the groups' shares make.
func (w *wanted) share(got []float64) float64 {
	sum := 0.0
	for gi, s := range got {
		sum += math.Min(1, s) * w.worth[gi]
	}
	return sum / w.sum
}

// collect notes the best share of each group in a row of terms and counts the
// neighbours of the query that are neighbours there.
func (w *wanted) collect(row []uint32, got []float64, groups []group) float64 {
	last, lastAt, lastTerm := -1, -10, uint32(0)
	pairs := 0.0
	type seenTerm struct{ h uint32 }
	var counted [64]seenTerm
	n := 0
	for i, h := range row {
		if h == 0 || w.sieve[h>>6&63]>>(h&63)&1 == 0 {
			continue
		}
		ws, ok := w.terms[h]
		if !ok {
			continue
		}
		fresh := true
		for _, c := range counted[:n] {
			if c.h == h {
				fresh = false
				break
			}
		}
		if fresh && n < len(counted) {
			counted[n] = seenTerm{h}
			n++
		}
		for _, x := range ws {
			if fresh {
				if len(groups[x.group].members) > 1 || len(groups[x.group].phrases) > 0 {
					got[x.group] += x.share
				} else {
					got[x.group] = math.Max(got[x.group], x.share)
				}
			}
			if h != lastTerm && i-lastAt <= 3 && (x.group == last+1 || x.group == last-1) {
				pairs++
				lastAt = -10
			}
			last, lastAt, lastTerm = x.group, i, h
		}
	}
	return math.Min(pairs, float64(len(groups)))
}
