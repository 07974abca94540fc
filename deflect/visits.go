package deflect

import (
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Found is a page of results as somebody saw it.
type Found struct {
	Lang     string
	Query    string // normalised and masked (D-36)
	Results  int    // in all
	Visitor  string // "" when the cookie is refused
	Offset   int    // results before this page's first
	Articles []string
	Chosen   int // place in Articles of the one opened at once, from 1; 0 for none
}

// visits follows visitors through their visits, in memory: which search came
// before, and what it had found, are needed only until the visit is over. A
// process that ends forgets them; a visit that goes on is a new one then.
type visits struct {
	mu    sync.Mutex
	open  map[string]*visit // by visitor
	swept time.Time
	out   Activity // to be written
	lost  int      // searches and reads that found no room
}

// visit is a visit that goes on.
type visit struct {
	VisitRow
	last    lastSearch
	read    []articleKey
	changed bool
}

type articleKey struct{ lang, article string }

// lastSearch is the latest search of a visit.
type lastSearch struct {
	id, lang, query string
	articles        []string // as far as they were seen; "" for a page that was skipped
	clicked         bool
}

// The bounds on memory, whoever comes and however the database fares.
const (
	maxVisits  = 20_000
	maxReads   = 200     // articles remembered of one visit
	maxResults = 200     // results remembered of one search
	maxWaiting = 100_000 // of each kind in out
)

// at is the visit of a visitor at now, begun when there is none or the last
// one is over; nil when there is no room. The caller holds the lock.
func (v *visits) at(visitor, lang string, now time.Time) *visit {
	if visitor == "" {
		return nil
	}
	v.sweep(now)
	one := v.open[visitor]
	if one == nil || now.Sub(one.ActiveAt) >= LeaveAfter {
		if one == nil && len(v.open) >= maxVisits {
			v.lost++
			return nil
		}
		if one != nil {
			v.emit(one)
		}
		one = &visit{VisitRow: VisitRow{ID: NewID(), Visitor: visitor, Lang: lang, StartedAt: now}}
		v.open[visitor] = one
	}
	one.ActiveAt, one.changed = now, true
	return one
}

// sweep forgets visits that are over, once a minute.
func (v *visits) sweep(now time.Time) {
	if now.Sub(v.swept) < time.Minute {
		return
	}
	v.swept = now
	for visitor, one := range v.open {
		if now.Sub(one.ActiveAt) >= LeaveAfter {
			v.emit(one)
			delete(v.open, visitor)
		}
	}
}

// emit puts a visit that changed among what is to be written.
func (v *visits) emit(one *visit) {
	if one.changed {
		one.changed = false
		v.out.Visits = append(v.out.Visits, one.VisitRow)
	}
}

// search takes a page of results. Another page, or the same search again in
// the same visit, is not another search.
func (v *visits) search(f Found, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	one := v.at(f.Visitor, f.Lang, now)
	last := &lastSearch{} // of somebody who refuses the cookie, and is not followed
	if one != nil {
		last = &one.last
	}
	if last.id == "" || last.lang != f.Lang || last.query != f.Query {
		if f.Offset > 0 || !v.room(len(v.out.Searches)) {
			return
		}
		s := Search{ID: NewID(), At: now, Lang: f.Lang, Query: f.Query, Results: f.Results, Visitor: f.Visitor}
		if one != nil {
			s.Visit = one.ID
			one.Searches++
		}
		if last.reformulatedBy(f.Query) {
			s.Previous = last.id
			v.out.Reformulated = append(v.out.Reformulated, s.Previous)
		}
		v.out.Searches = append(v.out.Searches, s)
		*last = lastSearch{id: s.ID, lang: f.Lang, query: f.Query}
	}
	last.see(f)
	if f.Chosen > 0 {
		v.click(last, f.Articles[f.Chosen-1])
	}
}

// click takes the first result of a search that was opened.
func (v *visits) click(last *lastSearch, article string) {
	i := slices.Index(last.articles, article)
	if i < 0 || last.clicked || !v.room(len(v.out.Clicks)) {
		return
	}
	last.clicked = true
	v.out.Clicks = append(v.out.Clicks, Click{Search: last.id, Article: article, Position: i + 1})
}

func (v *visits) room(waiting int) bool {
	if waiting >= maxWaiting {
		v.lost++
	}
	return waiting < maxWaiting
}

// see remembers a page of results in its place.
func (l *lastSearch) see(f Found) {
	for i, article := range f.Articles {
		at := f.Offset + i
		if at >= maxResults {
			return
		}
		for len(l.articles) <= at {
			l.articles = append(l.articles, "")
		}
		l.articles[at] = article
	}
}

// reformulatedBy says whether a later search of the visit asks the same in
// other words (D-35): no result of the earlier one was opened, or one was and
// the two have a word in common. After an answer, other words are another
// question.
func (l *lastSearch) reformulatedBy(query string) bool {
	return l.id != "" && (!l.clicked || shareWord(l.query, query))
}

// minShared is the shortest word, in characters, whose repetition says that
// two searches are about the same.
const minShared = 4

func shareWord(a, b string) bool {
	words := strings.Fields(b)
	for w := range strings.FieldsSeq(a) {
		if utf8.RuneCountInString(w) >= minShared && slices.Contains(words, w) {
			return true
		}
	}
	return false
}

// read takes an article that a visitor opened; query is what the page before
// searched for, "" when that was no search. It is a click when that search was
// the visit's latest and had found the article.
func (v *visits) read(visitor, lang, article, query string, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	one := v.at(visitor, lang, now)
	if one == nil {
		return
	}
	one.Articles++
	if key := (articleKey{lang, article}); len(one.read) < maxReads && !slices.Contains(one.read, key) && v.room(len(v.out.Reads)) {
		one.read = append(one.read, key)
		v.out.Reads = append(v.out.Reads, Read{Visit: one.ID, Lang: lang, Article: article, At: now})
	}
	if query != "" && query == one.last.query {
		v.click(&one.last, article)
	}
}

// take hands over what is to be written.
func (v *visits) take() (out Activity, lost int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, one := range v.open {
		v.emit(one)
	}
	out, lost = v.out, v.lost
	v.out, v.lost = Activity{}, 0
	return out, lost
}

// giveBack keeps what could not be written for the next time, before what came
// in since. A visit that goes on is taken again as it then stands.
func (v *visits) giveBack(parts []Activity) {
	v.mu.Lock()
	defer v.mu.Unlock()
	var a Activity
	for _, p := range parts {
		for _, row := range p.Visits {
			if one := v.open[row.Visitor]; one != nil && one.ID == row.ID {
				one.changed = true
			} else {
				a.Visits = append(a.Visits, row)
			}
		}
		a.Reads = append(a.Reads, p.Reads...)
		a.Searches = append(a.Searches, p.Searches...)
		a.Reformulated = append(a.Reformulated, p.Reformulated...)
		a.Clicks = append(a.Clicks, p.Clicks...)
	}
	v.out.Visits = keep(a.Visits, v.out.Visits)
	v.out.Reads = keep(a.Reads, v.out.Reads)
	v.out.Searches = keep(a.Searches, v.out.Searches)
	v.out.Reformulated = keep(a.Reformulated, v.out.Reformulated)
	v.out.Clicks = keep(a.Clicks, v.out.Clicks)
}

// keep joins two lists as far as there is room.
func keep[T any](older, newer []T) []T {
	all := append(older, newer...)
	return all[:min(len(all), maxWaiting)]
}
