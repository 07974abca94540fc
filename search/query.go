package search

import (
	"context"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// unit is a word or compound of a query.
type unit struct {
	text       string   // as typed, lower case
	parts      []string // its words: one, or several of a compound
	start, end int      // bytes in the query's text
	pos        int      // number of its first word in the text
	times      int      // how often it was written
	last       bool     // the text ends with it, perhaps unfinished
}

// term is one index term of a query with its postings.
type qterm struct {
	lang  string
	term  string
	list  []posting
	idf   float64
	heads int // articles that have it in their title, questions, headings or description
}

// alt is one way to say a concept: all its terms must be in an article for it
// to count.
type alt struct {
	why    string // how it came about: "word", "accent", "prefix", "typo", "lexicon" ...
	text   string
	weight float64
	idf    float64 // of the whole alternative, after capping
	terms  []qterm
}

// concept is one thing the query asks for, with the ways to say it.
type concept struct {
	text   string
	unit   int
	weight float64
	idf    float64 // what a match is worth at most
	known  bool    // the corpus of the site's language has the word itself
	typo   string  // the word it was corrected to, "" when it was not
	topic  float64 // share of its articles that have it in a title or heading
	alts   []alt
}

// group is a stretch of the query with phrases that mean the same: an article
// gets the better of its own words and the phrases.
type group struct {
	members []concept
	phrases []alt
}

// weight is what a full match of the group adds at most, before saturation.
func (g *group) weight() float64 {
	w := 0.0
	for i := range g.members {
		w += g.members[i].idf * g.members[i].weight
	}
	for i := range g.phrases {
		w = max(w, g.phrases[i].idf*g.phrases[i].weight)
	}
	return w
}

const (
	maxQuery = 4_000  // bytes of a typed query that are read
	maxUnits = 60     // words of a query that are looked up
	maxText  = 16_000 // bytes of a message that are read

	// A stop word that ends a few keywords may be the start of another word:
	// "mot de pas". At the end of a sentence it is what it is.
	maxUnfinished = 4

	longQuery = 7 // words from which a query is a message
	sentence  = 4 // or words without meaning: nobody types those as keywords
)

// clip cuts text to at most n bytes at a character's border and makes it valid.
func clip(text string, n int) string {
	if len(text) > n {
		for n > 0 && !utf8.RuneStart(text[n]) {
			n--
		}
		text = text[:n]
	}
	return strings.ToValidUTF8(text, " ")
}

// units cuts a text into what is worth looking up, in the order of the text:
// noise phrases, stop words and noise words are dropped; function and noise
// words come back when nothing else is left.
func (v *view) units(text string) []unit {
	toks := make([]token, 0, 32)
	v.analyzer.scan(text, func(t token) { toks = append(toks, t) })
	drop := v.lexicon.noisePhrases(toks)
	var all []unit
	for i := 0; i < len(toks); {
		j := i + 1
		for j < len(toks) && toks[j].chunk == toks[i].chunk {
			j++
		}
		all = v.chunkUnits(all, toks[i:j], drop[i:j], text)
		i = j
	}
	if n := len(all); n > 0 && strings.TrimRight(text[all[n-1].end:], ".…") == text[all[n-1].end:] && all[n-1].end == len(text) {
		all[n-1].last = true
	}
	return v.meaningful(all)
}

// chunkUnits appends the units of one chunk: the whole compound as one, or its
// words.
func (v *view) chunkUnits(all []unit, toks []token, drop []bool, text string) []unit {
	if last := toks[len(toks)-1]; last.whole && !drop[0] {
		u := unit{text: last.text, start: last.start, end: last.end, pos: toks[0].pos, times: 1}
		for _, t := range toks[:len(toks)-1] {
			if !t.elided {
				u.parts = append(u.parts, t.text)
			}
		}
		return append(all, u)
	}
	for i, t := range toks {
		if !drop[i] && !t.elided {
			all = append(all, unit{text: t.text, parts: []string{t.text}, start: t.start, end: t.end, pos: t.pos, times: 1})
		}
	}
	return all
}

// meaningful drops what says nothing and joins repetitions.
func (v *view) meaningful(all []unit) []unit {
	var rank [3][]unit // content, function words, noise
	for _, u := range all {
		f := fold(u.text)
		switch {
		case v.lexicon.noise[f]:
			rank[2] = append(rank[2], u)
		case len(u.parts) == 1 && v.analyzer.term(u.text) == "" && (!u.last || u.pos >= maxUnfinished):
		case v.analyzer.function[u.text] || v.analyzer.function[f]:
			rank[1] = append(rank[1], u)
		default:
			rank[0] = append(rank[0], u)
		}
	}
	for _, list := range rank {
		if len(list) == 0 {
			continue
		}
		var out []unit
		at := map[string]int{}
		for _, u := range list {
			if i, ok := at[u.text]; ok {
				out[i].times++
				out[i].last = out[i].last || u.last
				continue
			}
			if len(out) == maxUnits {
				break
			}
			at[u.text] = len(out)
			out = append(out, u)
		}
		return out
	}
	return nil
}

// noisePhrases marks the tokens that belong to a phrase without meaning.
func (l *lexicon) noisePhrases(toks []token) []bool {
	drop := make([]bool, len(toks))
	for i := range toks {
		if toks[i].whole || drop[i] {
			continue
		}
		for _, rest := range l.phrases[fold(toks[i].text)] {
			if n := matchWords(toks[i+1:], rest); n >= 0 {
				for k := i; k <= i+n; k++ {
					drop[k] = true
				}
			}
		}
	}
	return drop
}

// matchWords says how many tokens the words take, -1 when they do not stand
// there.
func matchWords(toks []token, words []string) int {
	k := 0
	for _, w := range words {
		for k < len(toks) && toks[k].whole {
			k++
		}
		if k >= len(toks) || fold(toks[k].text) != w {
			return -1
		}
		k++
	}
	return k
}

// plan is a query ready to be ranked.
type plan struct {
	view   *view
	units  []unit
	groups []group
	long   bool // a message rather than a few keywords
}

// planner builds a plan.
type planner struct {
	ctx   context.Context
	s     *snapshot
	v     *view
	exact bool
	long  bool     // a message rather than a few keywords
	words []string // every word of the text, folded, by number
	memo  map[string]qterm
	err   error
}

func (s *snapshot) plan(ctx context.Context, v *view, text string, exact bool) (*plan, error) {
	p := &planner{ctx: ctx, s: s, v: v, exact: exact, memo: map[string]qterm{}, words: v.analyzer.words(text)}
	pl := &plan{view: v, units: v.units(text)}
	p.long = len(pl.units) >= longQuery || len(p.words)-len(pl.units) >= sentence
	pl.long = p.long
	concepts := make([]concept, len(pl.units))
	for i, u := range pl.units {
		concepts[i] = p.concept(u)
		concepts[i].unit = i
	}
	pl.groups = p.group(pl.units, concepts)
	return pl, p.err
}

// qterm looks a term up in a language.
func (p *planner) qterm(lang, term string) qterm {
	key := lang + "\x00" + term
	if t, ok := p.memo[key]; ok {
		return t
	}
	list, err := p.s.list(p.ctx, lang, term)
	if err != nil && p.err == nil {
		p.err = err
	}
	t := qterm{lang: lang, term: term, list: list.postings, heads: list.heads, idf: p.s.views[lang].idf(len(list.postings))}
	p.memo[key] = t
	return t
}

// idf is what a word in df of the view's articles is worth.
func (v *view) idf(df int) float64 {
	n := float64(len(v.nums))
	d := min(float64(df), n)
	return math.Pow(math.Log(1+(n-d+0.5)/(d+0.5)), weights.idf)
}

// concept finds the ways in which the corpus says a unit.
func (p *planner) concept(u unit) concept {
	c := concept{text: u.text, weight: 1 + 0.2*math.Log(float64(u.times))}
	if len(u.parts) > 1 || len(u.parts) == 1 && u.parts[0] != u.text {
		p.compound(&c, u)
	} else {
		p.word(&c, u.text)
	}
	if len(u.parts) == 1 {
		p.kin(&c, u)
	}
	if u.last && !strings.ContainsAny(u.text, "/") {
		p.prefix(&c, u)
	}
	if len(c.alts) == 0 {
		p.unknown(&c, u)
	}
	if p.v.analyzer.light[p.v.analyzer.term(u.text)] {
		c.weight *= weights.light
	}
	topic := 0.0
	for i := range c.alts {
		c.idf = max(c.idf, c.alts[i].idf)
		for _, t := range c.alts[i].terms {
			topic = max(topic, float64(t.heads)/float64(len(t.list)))
		}
	}
	c.topic = topic
	if p.long {
		c.weight *= weights.offTopic + (1-weights.offTopic)*min(1, topic*weights.topic)
	}
	if len(c.alts) == 0 {
		c.idf = p.v.idf(0)
	}
	return c
}

// word adds the word as typed and the accented forms the corpus has of it.
func (p *planner) word(c *concept, w string) {
	a := p.v.analyzer
	folded := fold(w)
	terms := []string{a.term(w)}
	for _, f := range p.v.vocab.forms(folded) {
		if w == folded || f.text == w {
			terms = append(terms, a.term(f.text))
		}
	}
	terms = uniq(terms)
	df := 0
	var found []qterm
	for _, t := range terms {
		if q := p.qterm(p.v.lang, t); len(q.list) > 0 {
			found = append(found, q)
			df = max(df, len(q.list))
		}
	}
	c.known = len(found) > 0
	for _, q := range found {
		c.alts = append(c.alts, alt{why: "word", text: w, weight: 1, idf: p.v.idf(df), terms: []qterm{q}})
	}
}

// compound adds a compound as it is written, else its words together.
func (p *planner) compound(c *concept, u unit) {
	a := p.v.analyzer
	if q := p.qterm(p.v.lang, a.term(u.text)); len(q.list) > 0 {
		c.alts = append(c.alts, alt{why: "exact", text: u.text, weight: 1, idf: q.idf, terms: []qterm{q}})
		c.known = true
	}
	var terms []qterm
	for _, w := range u.parts {
		t := a.term(w)
		if t == "" {
			continue
		}
		q := p.qterm(p.v.lang, t)
		if len(q.list) == 0 {
			if len(u.parts) > 2 {
				continue // a path or a host with a part of the customer's own
			}
			return
		}
		terms = append(terms, q)
	}
	if len(terms) > 0 {
		w := 1.0
		if c.known {
			w = 0.7
		}
		c.alts = append(c.alts, p.phraseAlt("parts", u.text, w, terms))
		c.known = true
	}
}

// phraseAlt is an alternative of several terms; its worth is that of its
// rarest term and a share of the rest.
func (p *planner) phraseAlt(why, text string, weight float64, terms []qterm) alt {
	a := alt{why: why, text: text, weight: weight, terms: terms}
	best, sum := 0.0, 0.0
	for _, t := range terms {
		best, sum = max(best, t.idf), sum+t.idf
	}
	a.idf = best + weights.phraseRest*(sum-best)
	return a
}

func uniq(list []string) []string {
	var out []string
	for _, s := range list {
		if s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
