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
	b, err := readRows(s.reader, docName(art, s.docs[num].lengths))
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
	sums  []bool     // of each group: its words add up, where otherwise the best counts
	sum   float64
}

type want struct {
	group int
	share float64 // of the group's worth
}

func (p *plan) wanted(lang string) *wanted {
	w := &wanted{terms: map[uint32][]want{}, worth: make([]float64, len(p.groups)), sums: make([]bool, len(p.groups))}
	for gi := range p.groups {
		g := &p.groups[gi]
		worth := g.weight()
		w.worth[gi] = worth
		w.sums[gi] = len(g.members) > 1 || len(g.phrases) > 0
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

// match is a word of the query in a row.
type match struct {
	at    int // number of the word in the row
	term  uint32
	group int
	share float64 // of the group's worth
}

// matches are the words of the query in a row, appended to list.
func (w *wanted) matches(r row, list []match) []match {
	for i := range r.len() {
		h := r.at(i)
		if w.sieve[h>>6&63]>>(h&63)&1 == 0 {
			continue
		}
		for _, x := range w.terms[h] {
			list = append(list, match{i, h, x.group, x.share})
		}
	}
	return list
}

// fill notes the share of each group that a row has, each term counted once.
func (w *wanted) fill(list []match, got []float64) {
	for i, m := range list {
		if !w.sums[m.group] {
			got[m.group] = math.Max(got[m.group], m.share)
			continue
		}
		fresh := true
		for k := i - 1; k >= max(0, i-maxRepeat) && fresh; k-- {
			fresh = list[k].term != m.term || list[k].group != m.group
		}
		if fresh {
			got[m.group] += m.share
		}
	}
}

const (
	nearWords = 8   // words further apart have nothing to do with each other
	nearBack  = 8   // matches before the one at hand that are its neighbours
	maxRepeat = 120 // matches in which a repeated term is looked for
)

// looker looks at candidates' titles and passages; its memory serves them all.
type looker struct {
	w          *wanted
	got, all   []float64
	title      []float64
	pairs      []float64 // groups a before b: how close they stand somewhere, at n*a+b
	pairsWorth float64
	list       []match
}

func newLooker(w *wanted) *looker {
	n := len(w.worth)
	l := &looker{w: w, got: make([]float64, n), all: make([]float64, n), title: make([]float64, n), pairs: make([]float64, n*n)}
	for a := range n {
		for b := a + 1; b < n; b++ {
			l.pairsWorth += math.Sqrt(w.worth[a] * w.worth[b])
		}
	}
	return l
}

// rescore looks at the candidates' titles and passages.
func (x *Index) rescore(s *snapshot, w *wanted, top []candidate) error {
	if w.sum == 0 {
		return nil
	}
	l := newLooker(w)
	for i := range top {
		t, err := x.tokensOf(s, top[i].num)
		if err != nil {
			return err
		}
		l.look(&top[i], t)
	}
	return nil
}

// look measures how well an article's title and passages fit.
func (l *looker) look(c *candidate, t *articleTokens) {
	w := l.w
	clear(l.all)
	clear(l.pairs)
	c.title = l.row(t.title)
	c.fit = w.fit(t.title)
	copy(l.title, l.got)
	for k := range t.texts {
		head := l.row(t.heads[k])
		if head > 0 {
			c.head = math.Max(c.head, head)
			c.headFit = math.Max(c.headFit, head*w.fit(t.heads[k]))
		}
		l.add(t.texts[k])
		share := w.share(l.got) * (1 - 0.15*math.Min(1, float64(t.texts[k].len())/400))
		share += 0.25 * head
		// A passage speaks in its title's name.
		for g := range l.got {
			l.got[g] = math.Max(l.got[g], 0.6*l.title[g])
		}
		share = 0.5*share + 0.5*w.share(l.got)
		if share > c.passage {
			c.passage, c.best = share, k
		}
	}
	c.cover = w.share(l.all)
	c.near = l.near()
}

// row measures a row of its own and says what share of the query it has.
func (l *looker) row(r row) float64 {
	clear(l.got)
	if r.len() == 0 {
		return 0
	}
	l.add(r)
	return l.w.share(l.got)
}

// add measures a row on top of what was got before it.
func (l *looker) add(r row) {
	l.list = l.w.matches(r, l.list[:0])
	if len(l.list) == 0 {
		return
	}
	l.w.fill(l.list, l.got)
	for g, x := range l.got {
		l.all[g] = math.Max(l.all[g], x)
	}
	l.neighbours()
}

// neighbours notes which groups stand close to each other in the row at hand.
func (l *looker) neighbours() {
	n := len(l.got)
	for i, m := range l.list {
		for k := i - 1; k >= max(0, i-nearBack); k-- {
			o := l.list[k]
			d := m.at - o.at
			if d > nearWords {
				break
			}
			if o.group == m.group {
				continue
			}
			at := min(o.group, m.group)*n + max(o.group, m.group)
			x := math.Min(1, o.share) * math.Min(1, m.share) * (1 - float64(d-1)/10)
			l.pairs[at] = math.Max(l.pairs[at], x)
		}
	}
}

// near is the share of the query's pairs of groups that stand close together
// somewhere in the article, weighted by their worth.
func (l *looker) near() float64 {
	if l.pairsWorth == 0 {
		return 0
	}
	n, sum := len(l.got), 0.0
	for a := range n {
		for b := a + 1; b < n; b++ {
			if x := l.pairs[a*n+b]; x > 0 {
				sum += x * math.Sqrt(l.w.worth[a]*l.w.worth[b])
			}
		}
	}
	return sum / l.pairsWorth
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
