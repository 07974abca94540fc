package tickets

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/search/query"

	"github.com/vmcloud/ricochet/search"
)

// Query is what to look for. Words, Phrases and every field of Where must all
// be there; the values of a field are alternatives.
type Query struct {
	Words   []string
	Phrases []string
	Not     []string // words that must not be there
	Where   map[string][]string
	Limit   int // at most maxLimit
	Offset  int // at most maxOffset
}

const (
	maxLimit  = 100
	maxOffset = 1000
	maxTerms  = 32 // words of a query that are looked at
)

// Hits are the ids of the tickets found, the best first.
type Hits struct {
	IDs   []string
	Total int // also those before and after
}

// Search finds tickets.
func (x *Index) Search(ctx context.Context, q Query) (Hits, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.idx == nil {
		return Hits{}, errClosed
	}
	req := bleve.NewSearchRequestOptions(q.build(), min(max(q.Limit, 1), maxLimit), min(max(q.Offset, 0), maxOffset), false)
	// By score alone: a second key would have to be read for each of what may
	// be tens of thousands of tickets. Equal ones stay in the index's order.
	req.SortBy([]string{"-_score"})
	res, err := x.idx.SearchInContext(ctx, req)
	if err != nil {
		return Hits{}, err
	}
	h := Hits{Total: int(res.Total)}
	for _, d := range res.Hits {
		h.IDs = append(h.IDs, d.ID)
	}
	return h, nil
}

// build makes bleve's query.
func (q Query) build() query.Query {
	all := bleve.NewBooleanQuery()
	must := 0
	for _, w := range q.Words[:min(len(q.Words), maxTerms)] {
		part, optional := word(w)
		switch {
		case part == nil:
		case optional:
			all.AddShould(part)
		default:
			all.AddMust(part)
			must++
		}
	}
	for _, p := range q.Phrases[:min(len(q.Phrases), maxTerms)] {
		if part := phrase(p); part != nil {
			all.AddMust(part)
			must++
		}
	}
	for _, w := range q.Not[:min(len(q.Not), maxTerms)] {
		if part, _ := word(w); part != nil {
			all.AddMustNot(part)
		}
	}
	for field, values := range q.Where {
		if slices.Contains(keywords, field) && len(values) > 0 {
			all.AddFilter(oneOf(field, values))
		}
	}
	if must == 0 && len(q.Words) == 0 {
		all.AddMust(bleve.NewMatchAllQuery())
	}
	return all
}

// oneOf is a condition; as a filter it says nothing about how well a ticket
// fits.
func oneOf(field string, values []string) query.Query {
	parts := make([]query.Query, len(values))
	for i, v := range values {
		parts[i] = term(field, v, 1)
	}
	return bleve.NewDisjunctionQuery(parts...)
}

func term(field, text string, boost float64) query.Query {
	t := bleve.NewTermQuery(text)
	t.SetField(field)
	t.SetBoost(boost)
	return t
}

// word finds a word in any language, in the customer or in the number. A word
// that says nothing in one of the languages ("pas", "the") is optional: texts
// of that language do not have it in the index.
func word(w string) (part query.Query, optional bool) {
	var either []query.Query
	for _, lang := range append([]string{"who"}, Langs...) {
		all, stopped := parts(lang, w)
		optional = optional || stopped && lang != "who"
		if len(all) > 0 {
			either = append(either, bleve.NewConjunctionQuery(all...))
		}
	}
	if number := strings.ToLower(w); strings.HasPrefix(number, "vm-") && len(number) > 3 {
		p := bleve.NewPrefixQuery(number)
		p.SetField("number")
		p.SetBoost(8)
		either = append(either, p)
	}
	if len(either) == 0 {
		return nil, optional
	}
	return bleve.NewDisjunctionQuery(either...), optional
}

// parts are what must be in a field for a word to be there: each part of a
// compound, stemmed or as it was typed. stopped says that a part is a stop word.
func parts(field, w string) (all []query.Query, stopped bool) {
	terms := search.Terms(field, w)
	several := slices.ContainsFunc(terms, func(t search.Term) bool { return !t.Whole })
	for _, t := range terms {
		switch {
		case t.Text == "":
			stopped = true
		case t.Whole && several:
		case t.Plain != t.Text:
			all = append(all, bleve.NewDisjunctionQuery(term(field, t.Text, 1), term(field, t.Plain, 1)))
		default:
			all = append(all, term(field, t.Text, 1))
		}
	}
	return all, stopped
}

// groups are the terms of a text by position, none at a stop word.
func groups(lang, text string) [][]string {
	var out [][]string
	for _, t := range search.Terms(lang, text) {
		for len(out) <= t.Pos {
			out = append(out, nil)
		}
		if t.Text != "" {
			out[t.Pos] = append(out[t.Pos], t.Text)
		}
		if t.Plain != t.Text {
			out[t.Pos] = append(out[t.Pos], t.Plain)
		}
	}
	return out
}

// phrase finds words next to each other, in either language. Stop words stand
// for any one word.
func phrase(p string) query.Query {
	var either []query.Query
	for _, lang := range Langs {
		terms := groups(lang, p)
		empty := func(g []string) bool { return len(g) == 0 }
		for len(terms) > 0 && empty(terms[0]) {
			terms = terms[1:]
		}
		for len(terms) > 0 && empty(terms[len(terms)-1]) {
			terms = terms[:len(terms)-1]
		}
		if len(terms) == 0 {
			continue
		}
		either = append(either, query.NewMultiPhraseQuery(terms, lang))
	}
	if len(either) == 0 {
		return nil
	}
	return bleve.NewDisjunctionQuery(either...)
}

// excerptBefore and excerptLen are how much of a text is shown around what was
// found, in bytes.
const (
	excerptBefore = 60
	excerptLen    = 220
	excerptScan   = 8000
)

// Excerpt is the passage of the first text that has something of the query in
// it, with what was found marked; nil when none has. Only the first kilobytes
// of each text are looked at.
func (q Query) Excerpt(lang string, texts []string) []search.Span {
	wanted := map[string]bool{}
	for _, part := range slices.Concat(q.Words, q.Phrases) {
		for _, t := range search.Terms(lang, part) {
			if t.Text != "" {
				wanted[t.Text], wanted[t.Plain] = true, true
			}
		}
	}
	for _, text := range texts {
		if len(text) > excerptScan {
			text = strings.ToValidUTF8(text[:excerptScan], "")
		}
		var found []search.Term
		for _, t := range search.Terms(lang, text) {
			if (wanted[t.Text] || wanted[t.Plain]) && (len(found) == 0 || t.Start >= found[len(found)-1].End) {
				found = append(found, t)
			}
		}
		if len(found) > 0 {
			return cut(text, found)
		}
	}
	return nil
}

// cut shows a text around the first thing found.
func cut(text string, found []search.Term) []search.Span {
	from := max(0, found[0].Start-excerptBefore)
	to := min(len(text), from+excerptLen)
	for from > 0 && !utf8.RuneStart(text[from]) {
		from--
	}
	for to < len(text) && !utf8.RuneStart(text[to]) {
		to++
	}
	if space := strings.IndexByte(text[from:found[0].Start], ' '); from > 0 && space >= 0 {
		from += space + 1
	}
	var out []search.Span
	add := func(s string, match bool) {
		if s != "" {
			out = append(out, search.Span{Text: s, Match: match})
		}
	}
	if from > 0 {
		add("…", false)
	}
	at := from
	for _, t := range found {
		if t.End > to {
			break
		}
		add(text[at:t.Start], false)
		add(text[t.Start:t.End], true)
		at = t.End
	}
	add(text[at:to], false)
	if to < len(text) {
		add("…", false)
	}
	return out
}
