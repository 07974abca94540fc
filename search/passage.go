package search

import (
	"encoding/binary"
	"math"
)

// row is a text as hashes of its terms, three bytes each, without stop words.
type row []byte

func (r row) len() int { return len(r) / 3 }

func (r row) at(i int) uint32 {
	b := r[3*i : 3*i+3]
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
}

// articleTokens is an article as rows of term hashes, for looking at its
// passages. Bleve stores it, so that no query analyses an article.
type articleTokens struct {
	title row
	heads []row
	texts []row // text and code of a passage
}

// rows collects an article's rows while its words are counted.
type rows struct {
	title, head, text []byte
	passages          []byte // encoded
	n                 int
}

func appendHash(b []byte, h uint32) []byte { return append(b, byte(h), byte(h>>8), byte(h>>16)) }

// closePassage ends a passage: its heading and text follow their lengths.
func (r *rows) closePassage() {
	r.passages = binary.AppendUvarint(r.passages, uint64(len(r.head)))
	r.passages = binary.AppendUvarint(r.passages, uint64(len(r.text)))
	r.passages = append(append(r.passages, r.head...), r.text...)
	r.head, r.text = r.head[:0], r.text[:0]
	r.n++
}

// encode is what is stored of an article.
func (r *rows) encode() []byte {
	out := make([]byte, 0, len(r.title)+len(r.passages)+8)
	out = binary.AppendUvarint(out, uint64(len(r.title)))
	out = append(out, r.title...)
	out = binary.AppendUvarint(out, uint64(r.n))
	return append(out, r.passages...)
}

// decodeTokens takes apart what encode made; a damaged record loses its tail.
func decodeTokens(b []byte) *articleTokens {
	t := &articleTokens{}
	length := func() int {
		v, n := binary.Uvarint(b)
		if n <= 0 || v > uint64(len(b)-n) {
			b = nil
			return 0
		}
		b = b[n:]
		return int(v)
	}
	take := func(n int) row {
		n = min(n, len(b))
		out := row(b[:n])
		b = b[n:]
		return out
	}
	t.title = take(length())
	count, n := binary.Uvarint(b)
	b = b[max(n, 0):]
	for range count {
		if len(b) == 0 {
			break
		}
		head, text := length(), length()
		t.heads, t.texts = append(t.heads, take(head)), append(t.texts, take(text))
	}
	return t
}

// tokensOf are an article's rows, read when it is first looked at.
func (x *Index) tokensOf(s *snapshot, num uint32) (*articleTokens, error) {
	art := s.docs[num].art
	if t, ok := x.tokens.get(art); ok {
		return t, nil
	}
	b, err := readRows(s.reader, s.docs[num].name)
	if err != nil {
		return nil, err
	}
	t := decodeTokens(b)
	// The article may have been loaded again without change: passages always
	// fit, the file's hash is part of the name.
	for len(t.texts) < len(art.Passages) {
		t.heads, t.texts = append(t.heads, nil), append(t.texts, nil)
	}
	x.tokens.put(art, t, len(b)+50*len(t.texts))
	return t, nil
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
func (x *Index) rescore(s *snapshot, p *plan, w *wanted, top []candidate) error {
	if w.sum == 0 {
		return nil
	}
	got := make([]float64, len(p.groups))
	all := make([]float64, len(p.groups))
	for i := range top {
		c := &top[i]
		t, err := x.tokensOf(s, c.num)
		if err != nil {
			return err
		}
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
			share := w.share(got) * (1 - 0.15*math.Min(1, float64(t.texts[k].len())/400))
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
	return nil
}

// fit is the share of a title's words that the query has.
func (w *wanted) fit(title row) float64 {
	hits := 0
	for i := range title.len() {
		if len(w.terms[title.at(i)]) > 0 {
			hits++
		}
	}
	return float64(hits) / float64(max(title.len(), 1))
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
func (w *wanted) collect(r row, got []float64, groups []group) float64 {
	last, lastAt, lastTerm := -1, -10, uint32(0)
	pairs := 0.0
	var counted [64]uint32
	n := 0
	for i := range r.len() {
		h := r.at(i)
		if w.sieve[h>>6&63]>>(h&63)&1 == 0 {
			continue
		}
		ws, ok := w.terms[h]
		if !ok {
			continue
		}
		fresh := true
		for _, c := range counted[:n] {
			if c == h {
				fresh = false
				break
			}
		}
		if fresh && n < len(counted) {
			counted[n] = h
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
			if h != lastTerm && i-lastAt <= 2 && (x.group == last+1 || x.group == last-1) {
				pairs++
				lastAt = -10
			}
			last, lastAt, lastTerm = x.group, i, h
		}
	}
	return math.Min(pairs, float64(len(groups)))
}
