package search

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxPrefix = 16 // completions of an unfinished word that are searched
	maxTypos  = 3  // corrections of a word that are searched
)

// prefix adds the completions of the query's last word. They share one worth,
// that of all of them together: a rare completion is not a better guess.
func (p *planner) prefix(c *concept, u unit) {
	w := u.parts[len(u.parts)-1]
	f := fold(w)
	if utf8.RuneCountInString(f) < 2 {
		return
	}
	terms := p.starting(f)
	for _, have := range c.alts {
		for _, t := range have.terms {
			terms = slices.DeleteFunc(terms, func(s start) bool { return s.term == t.term })
		}
	}
	slices.SortFunc(terms, func(a, b start) int {
		if a.df != b.df {
			return cmp.Compare(b.df, a.df)
		}
		return strings.Compare(a.term, b.term)
	})
	union := 0
	var found []qterm
	text := map[string]string{}
	for _, s := range terms[:min(len(terms), maxPrefix)] {
		if q := p.qterm(p.v.lang, s.term); len(q.list) > 0 {
			found = append(found, q)
			text[s.term] = s.text
			union += len(q.list)
		}
	}
	weight, idf := 1.0, p.v.idf(union)
	if c.known { // the word itself sets the worth
		weight = weights.prefixKnown
		idf = min(idf, c.alts[0].idf)
	}
	for _, q := range found {
		c.alts = append(c.alts, alt{why: "prefix", text: text[q.term], weight: weight, idf: idf, terms: []qterm{q}})
	}
}

// start is a term that completes an unfinished word, with one of its words.
type start struct {
	term, text string
	df         int
}

// starting are the terms of the longer words that start with a folded prefix.
func (p *planner) starting(prefix string) []start {
	words := p.v.vocab.prefixed(prefix)
	at := make(map[string]int, len(words))
	out := make([]start, 0, len(words))
	for _, x := range words {
		if x.fold == prefix {
			continue
		}
		t := p.v.analyzer.term(x.text)
		if t == "" {
			continue
		}
		i, ok := at[t]
		if !ok {
			i = len(out)
			at[t] = i
			out = append(out, start{term: t, text: x.text})
		}
		out[i].df += int(x.df)
	}
	return out
}

// unknown looks for a word that the corpus does not have: in two words, in
// the lexicon, in another language, with a typo.
func (p *planner) unknown(c *concept, u unit) {
	if _, ok := p.v.lexicon.rules[p.v.analyzer.term(u.text)]; ok {
		return
	}
	if p.split(c, u.text) || p.foreign(c, u.text) || p.exact {
		return
	}
	p.typos(c, u)
}

// split takes a word for two that were written together.
func (p *planner) split(c *concept, w string) bool {
	if len(w) < 7 || !stemmable(w) {
		return false
	}
	f := fold(w)
	best, at := 0, 0
	for i := 3; i <= len(f)-3; i++ {
		if !utf8.RuneStart(f[i]) {
			continue
		}
		if n := min(p.v.vocab.df(f[:i]), p.v.vocab.df(f[i:])); n > best {
			best, at = n, i
		}
	}
	if best < 2 {
		return false
	}
	a := p.v.vocab.forms(f[:at])[0].text
	b := p.v.vocab.forms(f[at:])[0].text
	terms := p.known(p.v, []string{p.v.analyzer.term(a), p.v.analyzer.term(b)})
	if len(terms) != 2 {
		return false
	}
	c.alts = append(c.alts, p.phraseAlt("split", a+" "+b, 0.9, terms))
	return true
}

// known are the terms with postings, nil when one has none.
func (p *planner) known(v *view, terms []string) []qterm {
	var out []qterm
	for _, t := range terms {
		if t == "" {
			continue
		}
		q := p.qterm(v.lang, t)
		if len(q.list) == 0 {
			return nil
		}
		out = append(out, q)
	}
	return out
}

// foreign looks a word up in the other languages' articles; what is found
// counts for the translation in the site's language.
func (p *planner) foreign(c *concept, w string) bool {
	found := false
	for lang, o := range p.s.views {
		if lang == p.v.lang {
			continue
		}
		for _, f := range o.vocab.forms(fold(w)) {
			if f.df < 1 {
				continue
			}
			if q := p.qterm(lang, o.analyzer.term(f.text)); len(q.list) > 0 {
				c.alts = append(c.alts, alt{why: "language " + lang, text: f.text, weight: weights.foreign, idf: q.idf, terms: []qterm{q}})
				found = true
			}
		}
	}
	return found
}

// typos adds the words of the corpus that the typed one is most likely meant
// to be.
func (p *planner) typos(c *concept, u unit) {
	f := fold(u.text)
	n := utf8.RuneCountInString(f)
	if n < 4 || strings.ContainsAny(f, "0123456789/@:_") && n < 6 {
		return
	}
	if p.long && n < 6 { // in a message a short unknown word is more likely just a word
		return
	}
	found := p.v.vocab.near(f, 1)
	if len(found) == 0 && n >= 6 && !p.long {
		found = p.v.vocab.near(f, 2)
	}
	best := p.guesses(f, found)
	seen := map[string]bool{}
	for _, g := range best {
		t := p.v.analyzer.term(g.word.text)
		if seen[t] || len(seen) == maxTypos {
			continue
		}
		seen[t] = true
		q := p.qterm(p.v.lang, t)
		if len(q.list) == 0 {
			continue
		}
		weight := weights.typo * math.Exp(g.score-best[0].score)
		if p.long {
			weight *= weights.typoLong
		}
		if len(c.alts) == 0 {
			c.typo = g.word.text
		} else if weight < 0.15 {
			break
		}
		c.alts = append(c.alts, alt{why: "typo", text: g.word.text, weight: weight, idf: q.idf, terms: []qterm{q}})
	}
	if len(c.alts) > 0 { // the corrections share the worth of the best
		for i := range c.alts {
			c.alts[i].idf = c.alts[0].idf
		}
	}
}

// guess is a word of the corpus that a typed one may be meant to be.
type guess struct {
	word  vword
	score float64
}

// guesses weighs the corpus's words that are near a folded one, the likeliest
// first.
func (p *planner) guesses(f string, found []near) []guess {
	var best []guess
	for _, x := range found {
		t := p.v.analyzer.term(x.word.text)
		if t == "" || utf8.RuneCountInString(x.word.fold) < 3 {
			continue
		}
		s := math.Log(1+float64(x.word.df)) - weights.edit*float64(x.distance)
		if x.word.fold[0] != f[0] {
			s -= weights.firstLetter
		}
		if swapped(f, x.word.fold) {
			s += weights.swap
		}
		best = append(best, guess{x.word, s})
	}
	slices.SortFunc(best, func(a, b guess) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.word.text, b.word.text))
	})
	return best
}

// swapped says that a and b differ by two neighbours in the other order.
func swapped(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i+1 < len(a); i++ {
		if a[i] != b[i] {
			return a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
		}
	}
	return false
}

// group joins concepts that the lexicon knows as one phrase, and adds what
// else the phrase is called.
func (p *planner) group(units []unit, concepts []concept) []group {
	keys := make([]string, len(units))
	for i, u := range units {
		keys[i] = p.v.analyzer.term(u.text)
		if concepts[i].typo != "" {
			keys[i] = p.v.analyzer.term(concepts[i].typo)
		}
	}
	var groups []group
	for i := 0; i < len(units); {
		n, to := p.match(keys, units, i)
		n = max(n, 1)
		g := group{members: concepts[i : i+n]}
		p.joined(&g, units[i:i+n])
		if n == 1 && i+1 < len(units) {
			p.pair(&g, units[i], units[i+1])
		}
		for _, t := range to {
			if terms := p.known(p.v, t.terms); len(terms) > 0 {
				g.phrases = append(g.phrases, p.lexiconAlt(&g, t, terms))
			}
		}
		groups = append(groups, g)
		i += n
	}
	p.scattered(groups, keys, units)
	return groups
}

// scattered adds what the lexicon says to words that stand close together, in
// any order: "un disque de mon serveur va lâcher" for "disque lâche". The
// phrase competes with the dearest of the words.
func (p *planner) scattered(groups []group, keys []string, units []unit) {
	at := make([]int, 0, len(units)) // the group of each unit
	for gi := range groups {
		for range groups[gi].members {
			at = append(at, gi)
		}
	}
	for i := range units {
		for _, r := range p.v.lexicon.rules[keys[i]] {
			if len(r.from) < 2 || r.words != nil {
				continue
			}
			best, ok := p.gather(r.from, keys, units, i, at, groups)
			if !ok {
				continue
			}
			g := &groups[best]
			worth := 0.0
			for mi := range g.members {
				worth += g.members[mi].idf * g.members[mi].weight
			}
			for _, t := range r.to {
				terms := p.known(p.v, t.terms)
				if len(terms) == 0 || slices.ContainsFunc(g.phrases, func(a alt) bool { return a.text == t.text }) {
					continue
				}
				a := p.phraseAlt("lexicon", t.text, weights.scattered, terms)
				a.idf = min(a.idf, worth)
				g.phrases = append(g.phrases, a)
			}
		}
	}
}

// gather finds the words of a rule around unit i, not all side by side as
// match would have them, and the group of the dearest.
func (p *planner) gather(from, keys []string, units []unit, i int, at []int, groups []group) (best int, ok bool) {
	best = at[i]
	apart := false
	for _, w := range from[1:] {
		found := -1
		for k := max(0, i-scatter); k < min(len(keys), i+scatter+1); k++ {
			if k != i && keys[k] == w && (found < 0 || abs(k-i) < abs(found-i)) {
				found = k
			}
		}
		if found < 0 {
			return 0, false
		}
		apart = apart || at[found] != at[i]
		if groups[at[found]].weight() > groups[best].weight() {
			best = at[found]
		}
	}
	return best, apart
}

// scatter is how many units apart the words of a phrase may stand.
const scatter = 4

func abs(n int) int { return max(n, -n) }

// lexiconAlt weighs a phrase of the lexicon: never worth more than the words
// it stands for, unless the corpus does not know those.
func (p *planner) lexiconAlt(g *group, t target, terms []qterm) alt {
	known, worth := true, 0.0
	for i := range g.members {
		known = known && g.members[i].known
		worth += g.members[i].idf * g.members[i].weight
	}
	weight := weights.synonym
	if known {
		weight = weights.synonymKnown
	}
	a := p.phraseAlt("lexicon", t.text, weight, terms)
	if known {
		a.idf = min(a.idf, worth)
	}
	return a
}

// joined adds the group's words written as one: "load balancer" is
// "loadbalancer" too.
func (p *planner) joined(g *group, units []unit) {
	if len(units) != 2 {
		return
	}
	p.addJoined(g, units[0], units[1])
}

// pair adds a word and its neighbour written as one, when the corpus has that.
func (p *planner) pair(g *group, a, b unit) { p.addJoined(g, a, b) }

func (p *planner) addJoined(g *group, a, b unit) {
	if b.pos != a.pos+1 || len(a.text)+len(b.text) < 6 || !stemmable(a.text+b.text) {
		return
	}
	w := a.text + b.text
	if p.v.vocab.df(fold(w)) == 0 {
		return
	}
	if terms := p.known(p.v, []string{p.v.analyzer.term(w)}); len(terms) == 1 {
		g.phrases = append(g.phrases, p.phraseAlt("joined", w, 0.9, terms))
	}
}

// match finds the longest rule that starts at unit i, and how many units it
// takes. Rules for the same words add up.
func (p *planner) match(keys []string, units []unit, i int) (int, []target) {
	n := 0
	var to []target
	for _, r := range p.v.lexicon.rules[keys[i]] {
		k := len(r.from)
		if k < n || i+k > len(keys) || !slices.Equal(keys[i:i+k], r.from) || units[i+k-1].pos-units[i].pos > 2*k {
			continue
		}
		if r.words != nil {
			from := units[i].pos - r.at
			if from < 0 || from+len(r.words) > len(p.words) || !slices.Equal(p.words[from:from+len(r.words)], r.words) {
				continue
			}
		}
		if k > n {
			n, to = k, nil
		}
		to = append(to, r.to...)
	}
	return n, to
}
