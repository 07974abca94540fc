package search

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	minRoot = 5   // letters that related words must share; one more when the ending has two or fewer
	maxKin  = 6   // related words that are searched
	kinScan = 500 // words of the corpus that are looked at for them
)

// rootOf is what a stem shares with the other words of its family: the stem
// without what makes a noun of a verb or a doer of a deed. "redemarrag" and
// "redemarr" have one root, as have "hebergeur" and "heberg".
func (a *analyzer) rootOf(term string) string {
	if r, ok := a.kin[term]; ok {
		return r
	}
	if !stemmable(term) {
		return term
	}
	for _, end := range a.endings { // longest first
		least := minRoot
		if len(end) <= 2 {
			least++
		}
		if r, ok := strings.CutSuffix(term, end); ok && utf8.RuneCountInString(r) >= least {
			return r
		}
	}
	return term
}

// families reads a list of families, one a line: the stem of every word leads
// to the first's.
func (a *analyzer) families(list string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(list) {
		words := strings.Fields(line)
		for _, w := range words {
			out[a.term(w)] = a.term(words[0])
		}
	}
	return out
}

// relatives are the terms of the vocabulary that belong to the family of a
// term, the most frequent first.
func (v *view) relatives(term string) []string {
	if term == "" || v.analyzer.light[term] {
		return nil
	}
	root := v.analyzer.rootOf(term)
	df := map[string]int{}
	if len(root) >= minRoot {
		list := v.vocab.prefixed(root)
		for _, x := range list[:min(len(list), kinScan)] {
			if t := v.analyzer.term(x.text); t != "" && t != term && v.analyzer.rootOf(t) == root {
				df[t] += int(x.df)
			}
		}
	}
	for t, r := range v.analyzer.kin {
		if r == root && t != term {
			df[t]++
		}
	}
	out := make([]string, 0, len(df))
	for t := range df {
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(cmp.Compare(df[b], df[a]), cmp.Compare(a, b)) })
	return out[:min(len(out), maxKin)]
}

// kin adds the words of the same family: who asks about "redémarrer" is
// answered by "le redémarrage" too.
func (p *planner) kin(c *concept, u unit) {
	for _, t := range p.v.relatives(p.v.analyzer.term(u.text)) {
		q := p.qterm(p.v.lang, t)
		if len(q.list) == 0 {
			continue
		}
		idf := q.idf
		if c.known {
			idf = min(idf, c.alts[0].idf)
		}
		c.alts = append(c.alts, alt{why: "family", text: t, weight: weights.kin, idf: idf, terms: []qterm{q}})
	}
}
