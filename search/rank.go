package search

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// candidate is an article that has something of the query.
type candidate struct {
	num     uint32
	base    float64 // BM25F
	score   float64 // after the passages were looked at
	cover   float64 // share of the query's worth that the article has
	title   float64 // share that its title has
	fit     float64 // share of its title's words that the query has
	passage float64 // share that its best passage has
	head    float64 // share that one of its headings has
	headFit float64 // the same, less the heading's words that the query has not
	near    float64 // share of the query's pairs of words that stand close together here
	helpful float64 // share that votes add to the score
	fresh   float64 // share that the date adds
	best    int     // number of the best passage, -1 when none has anything
}

// saturate is the BM25F worth of a term in an article, between 0 and 1.
func saturate(d *doc, packed uint32) float32 {
	var tf float32
	for f := field(0); packed != 0; f++ {
		if n := packed & (1<<fieldBits[f] - 1); n != 0 {
			tf += float32(n) * d.norms[f]
		}
		packed >>= fieldBits[f]
	}
	return tf * float32(weights.k1+1) / (float32(weights.k1) + tf)
}

// score adds up BM25F over the whole plan and returns the candidates, best
// first; total counts the articles that have anything.
func (s *snapshot) score(p *plan, w *scratch) (total int, top []candidate) {
	both := float32(0)
	if p.long {
		both = float32(weights.both)
	}
	for gi := range p.groups {
		g := &p.groups[gi]
		for mi := range g.members {
			s.concept(p.view, &g.members[mi], w)
		}
		for ai := range g.phrases {
			s.addAlt(p.view, &g.phrases[ai], 1, w)
		}
		w.closeGroup(both)
	}
	return len(w.touched), w.best(s, weights.rerank)
}

// concept adds a member of a group: the best of its alternatives.
func (s *snapshot) concept(v *view, c *concept, w *scratch) {
	for i := range c.alts {
		s.addAlt(v, &c.alts[i], float32(c.weight), w)
	}
	w.closeMember()
}

// addAlt notes what an alternative is worth in each article, when that is more
// than what is noted already.
func (s *snapshot) addAlt(v *view, a *alt, factor float32, w *scratch) {
	worth := float32(a.weight*a.idf) * factor
	if len(a.terms) == 1 {
		t := &a.terms[0]
		for _, p := range t.list {
			d := p.doc
			if t.lang != v.lang {
				if own := v.byPair[s.docs[d].pair]; own >= 0 && s.docs[d].art != nil {
					w.note(uint32(own), worth*saturate(&s.docs[d], p.packed))
				}
				continue
			}
			if s.docs[d].art == nil {
				continue
			}
			w.note(d, worth*saturate(&s.docs[d], p.packed))
		}
		return
	}
	rare := 0
	var sum float32
	for i := range a.terms {
		sum += float32(a.terms[i].idf)
		if len(a.terms[i].list) < len(a.terms[rare].list) {
			rare = i
		}
	}
	if sum == 0 {
		return
	}
	at := make([]int, len(a.terms))
	for _, p := range a.terms[rare].list {
		d := &s.docs[p.doc]
		if d.art == nil {
			continue
		}
		var x float32
		all := true
		for i := range a.terms {
			packed := p.packed
			if i != rare {
				list := a.terms[i].list
				k, ok := slices.BinarySearchFunc(list[at[i]:], p.doc, func(q posting, n uint32) int { return cmp.Compare(q.doc, n) })
				at[i] += k
				if all = ok; !ok {
					break
				}
				packed = list[at[i]].packed
			}
			x += float32(a.terms[i].idf) / sum * saturate(d, packed)
		}
		if all {
			w.note(p.doc, worth*x)
		}
	}
}

// note keeps the best alternative of the member at hand.
func (w *scratch) note(d uint32, x float32) {
	if w.part[d] == 0 {
		w.partial = append(w.partial, d)
	}
	if x > w.part[d] {
		w.part[d] = x
	}
}

// closeMember adds the member to the group's sum.
func (w *scratch) closeMember() {
	for _, d := range w.partial {
		if w.sum[d] == 0 {
			w.summed = append(w.summed, d)
		}
		w.sum[d] += w.part[d]
		w.part[d] = 0
	}
	w.partial = w.partial[:0]
}

// closeGroup adds the better of the group's words and phrases to the total, and
// a share of the other.
func (w *scratch) closeGroup(both float32) {
	for _, d := range w.partial { // phrases
		if w.sum[d] == 0 {
			w.summed = append(w.summed, d)
		}
		w.sum[d] = max(w.sum[d], w.part[d]) + both*min(w.sum[d], w.part[d])
		w.part[d] = 0
	}
	w.partial = w.partial[:0]
	for _, d := range w.summed {
		if !w.seen[d] {
			w.seen[d] = true
			w.touched = append(w.touched, d)
		}
		w.total[d] += w.sum[d]
		w.sum[d] = 0
	}
	w.summed = w.summed[:0]
}

// best are the n articles with the highest totals.
func (w *scratch) best(s *snapshot, n int) []candidate {
	worse := func(a, b candidate) int {
		if a.base != b.base {
			return cmp.Compare(b.base, a.base)
		}
		return strings.Compare(s.docs[a.num].art.Path, s.docs[b.num].art.Path)
	}
	var top []candidate
	var floor float64
	for _, d := range w.touched {
		x := float64(w.total[d])
		if len(top) >= n && x < floor {
			continue
		}
		top = append(top, candidate{num: d, base: x, score: x, best: -1})
		if len(top) >= 4*n {
			slices.SortFunc(top, worse)
			top = top[:n]
			floor = top[n-1].base
		}
	}
	slices.SortFunc(top, worse)
	return top[:min(n, len(top))]
}

// boost is what the look at title and passages multiplies BM25F by.
func (c *candidate) boost(long bool) float64 {
	k := &weights.short
	if long {
		k = &weights.long
	}
	return math.Pow(0.05+0.95*math.Min(1, c.cover), k.cover) *
		math.Exp(k.title*c.title+k.fit*c.fit+k.passage*c.passage+k.head*c.headFit+k.near*c.near)
}
