package search

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/vmcloud/ricochet/kb"
)

// Completions are what the search box offers while somebody types.
type Completions struct {
	Articles []Completion
	Sections []*kb.Section
	Queries  []string // what others searched with success
}

// Completion is an article, or one of its headings, that fits what was typed.
type Completion struct {
	Article *kb.Article
	Anchor  string // "" is the article itself
	Heading string
	Label   []Span // the title or the heading, matches marked
}

// knownQueries are the successful queries of a language, most frequent first,
// with the folded form they are matched by.
type knownQueries struct {
	texts []string
	folds []string
}

// maxKnownQueries bounds what SetQueries keeps per language.
const maxKnownQueries = 5_000

// SetQueries sets the frequent successful queries of a language, most frequent
// first. They must already be normalised (see Normalise).
func (x *Index) SetQueries(lang string, queries []string) {
	k := &knownQueries{}
	for _, q := range queries[:min(len(queries), maxKnownQueries)] {
		k.texts = append(k.texts, q)
		k.folds = append(k.folds, fold(lower(q)))
	}
	for {
		old := x.queries.Load()
		m := map[string]*knownQueries{lang: k}
		if old != nil {
			for l, q := range *old {
				if l != lang {
					m[l] = q
				}
			}
		}
		if x.queries.CompareAndSwap(old, &m) {
			return
		}
	}
}

// titleTable finds titles and headings by the beginnings of their words.
type titleTable struct {
	slots    []titleSlot
	words    []titleWord // sorted by word
	recent   []titleWord // the same of later edits, until they are many
	sections []*kb.Section
}

// titleSlot is an article in the table; art is nil once it is gone.
type titleSlot struct {
	entry *entry // the same as long as the file is
	art   *kb.Article
}

type titleWord struct {
	fold    string
	slot    int32
	passage int16 // -1 is the title
	first   bool  // the label's first word
}

// titleTable lists the words of a view's titles and headings: those of the table
// before, and those of the documents that it has not. Once a quarter of the
// table is of articles that are gone it is made anew, in reading order.
func (x *Index) titleTable(v *view, lib *kb.Library, before *snapshot, unlisted []*entry) *titleTable {
	t := &titleTable{sections: lib.Sections(v.lang)}
	var old *titleTable
	if before != nil && before.views[v.lang] != nil {
		old = before.views[v.lang].titles
		t.slots, t.words, t.recent = slices.Clone(old.slots), old.words, old.recent
	}
	if t.refresh() > 100+len(v.nums)/4 {
		old = nil
	}
	if old == nil {
		t.slots, t.recent, unlisted = nil, nil, nil
		for _, art := range lib.Articles(v.lang) {
			if e := x.byArt[art]; e != nil {
				unlisted = append(unlisted, e)
			}
		}
		t.words = t.list(v, unlisted)
		return t
	}
	t.recent = merge(t.recent, t.list(v, unlisted), compareTitleWords)
	if len(t.recent) > 1000+len(t.words)/16 {
		t.words, t.recent = merge(t.words, t.recent, compareTitleWords), nil
	}
	return t
}

// refresh brings the slots' articles up to date and counts those that have
// none any more.
func (t *titleTable) refresh() (dead int) {
	for i := range t.slots {
		t.slots[i].art = t.slots[i].entry.art
		if t.slots[i].art == nil {
			dead++
		}
	}
	return dead
}

// list gives documents slots and makes the sorted words of their titles and
// headings.
func (t *titleTable) list(v *view, entries []*entry) []titleWord {
	var words []titleWord
	for _, e := range entries {
		e.listed = true
		slot := int32(len(t.slots))
		t.slots = append(t.slots, titleSlot{e, e.art})
		words = v.titleWords(words, slot, -1, e.art.Title)
		for i := range e.art.Passages[:min(len(e.art.Passages), 1000)] {
			if p := &e.art.Passages[i]; p.Heading != "" && p.Level <= 3 {
				words = v.titleWords(words, slot, int16(i), p.Heading)
			}
		}
	}
	slices.SortFunc(words, compareTitleWords)
	return slices.Clip(words)
}

func compareTitleWords(a, b titleWord) int {
	return cmp.Or(strings.Compare(a.fold, b.fold), cmp.Compare(a.slot, b.slot), cmp.Compare(a.passage, b.passage))
}

// titleWords appends the words of a title or heading.
func (v *view) titleWords(list []titleWord, slot int32, passage int16, label string) []titleWord {
	first := true
	v.analyzer.tokenize(label, func(tok token) {
		list = append(list, titleWord{fold: fold(tok.text), slot: slot, passage: passage, first: first})
		first = false
	})
	return list
}

// titleEntry is a title or a heading.
type titleEntry struct {
	slot    int32
	passage int16
}

// maxScan bounds the entries one typed word may match.
const maxScan = 8_000

// match counts, for every entry, how many of the typed words start one of its
// words; an exact word counts more.
func (t *titleTable) match(words []string) map[titleEntry]float64 {
	var have map[titleEntry]float64
	// The longest word leaves the fewest entries for the others to be among.
	words = slices.Clone(words)
	slices.SortFunc(words, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	for _, w := range words {
		now := map[titleEntry]float64{}
		for _, run := range [][]titleWord{t.words, t.recent} {
			t.matchWord(w, run, have, now)
		}
		have = now
	}
	return have
}

// matchWord adds to now the entries of a run that a word matches and that are
// in have, unless that is nil.
func (t *titleTable) matchWord(w string, run []titleWord, have, now map[titleEntry]float64) {
	i, _ := slices.BinarySearchFunc(run, w, func(x titleWord, s string) int { return strings.Compare(x.fold, s) })
	for n := 0; i < len(run) && n < maxScan && strings.HasPrefix(run[i].fold, w); i++ {
		x := run[i]
		if t.slots[x.slot].art == nil {
			continue
		}
		entry := titleEntry{x.slot, x.passage}
		s := 1.0
		if x.fold == w {
			s += 0.3
		}
		if x.first {
			s += 0.2
		}
		if have == nil {
			now[entry] = max(now[entry], s)
		} else if h, ok := have[entry]; ok {
			now[entry] = max(now[entry], h+s)
		}
		n++
	}
}

// Complete offers articles, sections and known queries for a text that is
// still being typed, at most limit of each (0 means 5). It looks at titles and
// headings, not at bodies.
func (x *Index) Complete(ctx context.Context, lang, text string, limit int) (*Completions, error) {
	s, release, err := x.acquire()
	if err != nil {
		return nil, err
	}
	defer release()
	out := &Completions{}
	v := s.views[lang]
	if v == nil {
		return out, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if limit <= 0 {
		limit = 5
	}
	limit = min(limit, 20)
	text = clip(text, 200)
	words := v.typed(text)
	if len(words) == 0 {
		return out, nil
	}
	out.Articles = v.completeTitles(words, limit)
	for _, sec := range v.titles.sections {
		if len(out.Sections) < limit && startsAll(v.analyzer.words(sec.Title), words) {
			out.Sections = append(out.Sections, sec)
		}
	}
	if all := x.queries.Load(); all != nil && (*all)[lang] != nil {
		out.Queries = (*all)[lang].complete(fold(lower(strings.Join(strings.Fields(text), " "))), limit)
	}
	return out, nil
}

// typed are the folded words of a text, less the stop words unless there is
// nothing else.
func (v *view) typed(text string) []string {
	var all, content []string
	v.analyzer.tokenize(text, func(t token) {
		if t.whole || len(all) == 12 {
			return
		}
		f := fold(t.text)
		all = append(all, f)
		if v.analyzer.term(t.text) != "" || t.end == len(text) {
			content = append(content, f)
		}
	})
	if len(content) == 0 {
		return all
	}
	return content
}

func (v *view) completeTitles(words []string, limit int) []Completion {
	have := v.titles.match(words)
	type ranked struct {
		entry titleEntry
		score float64
	}
	list := make([]ranked, 0, len(have))
	for e, s := range have {
		if e.passage < 0 {
			s += 0.5
		}
		list = append(list, ranked{e, s / float64(len(words))})
	}
	slices.SortFunc(list, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.entry.slot, b.entry.slot), cmp.Compare(a.entry.passage, b.entry.passage))
	})
	var out []Completion
	seen := map[*kb.Article]bool{}
	for _, r := range list {
		art := v.titles.slots[r.entry.slot].art
		if seen[art] {
			continue
		}
		seen[art] = true
		c := Completion{Article: art}
		label := art.Title
		if r.entry.passage >= 0 {
			p := &art.Passages[r.entry.passage]
			c.Anchor, c.Heading, label = p.Anchor, p.Heading, p.Heading
		}
		c.Label = markPrefixes(v.analyzer, label, words)
		if out = append(out, c); len(out) == limit {
			break
		}
	}
	return out
}

// markPrefixes marks the words of a label that start with a typed one.
func markPrefixes(a *analyzer, label string, words []string) []Span {
	var out []Span
	at := 0
	a.tokenize(label, func(t token) {
		if t.start < at || t.whole {
			return
		}
		f := fold(t.text)
		if !slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(f, w) }) {
			return
		}
		if t.start > at {
			out = append(out, Span{Text: label[at:t.start]})
		}
		out = append(out, Span{Text: label[t.start:t.end], Match: true})
		at = t.end
	})
	if at < len(label) {
		out = append(out, Span{Text: label[at:]})
	}
	return out
}

// startsAll says that every typed word starts one of the words.
func startsAll(words, typed []string) bool {
	for _, t := range typed {
		if !slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, t) }) {
			return false
		}
	}
	return true
}

// complete are the known queries that start with the text or have a word that
// does, the former first.
func (k *knownQueries) complete(typed string, limit int) []string {
	var starts, contains []string
	for i, f := range k.folds {
		switch {
		case f == typed:
		case strings.HasPrefix(f, typed):
			starts = append(starts, k.texts[i])
		case len(contains) < limit && strings.Contains(f, " "+typed):
			contains = append(contains, k.texts[i])
		}
		if len(starts) == limit {
			break
		}
	}
	return append(starts, contains[:min(len(contains), limit-len(starts))]...)
}
