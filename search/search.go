package search

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"

	"github.com/vmcloud/ricochet/kb"
)

// Query is what somebody typed into the search box.
type Query struct {
	Lang   string // language of the site, and of the articles found
	Text   string // hostile: the first 4,000 bytes are read
	Limit  int    // results wanted, at most 50; 0 means 10
	Offset int    // results to skip, at most 200
	Exact  bool   // search the words as typed, without correcting them
}

// Span is a stretch of text, marked when it matches the query.
type Span struct {
	Text  string
	Match bool
}

// Hit is an article found.
type Hit struct {
	Article *kb.Article
	Score   float64 // comparable within one result list only
	Anchor  string  // of the passage that fits best; "" is the top of the article
	Heading string  // of that passage; "" when it has none
	Title   []Span
	Excerpt []Span // of that passage, about 200 characters
}

// Results answer a Query.
type Results struct {
	Hits      []Hit
	Total     int    // articles that have anything of the query
	Corrected string // the query as it was understood; "" when nothing was corrected
	FromLang  string // the language the words were found in, when it is not the site's
}

const (
	maxLimit  = 50
	maxOffset = 200
)

// Search finds articles of q.Lang. A query without words, or a language
// without articles, finds nothing; that is not an error.
func (x *Index) Search(ctx context.Context, q Query) (*Results, error) {
	s, release, err := x.acquire()
	if err != nil {
		return nil, err
	}
	defer release()
	v := s.views[q.Lang]
	if v == nil {
		return &Results{}, nil
	}
	text := clip(q.Text, maxQuery)
	f, err := x.find(ctx, s, v, text, q.Exact)
	if err != nil {
		return nil, err
	}
	limit, offset := q.Limit, min(max(q.Offset, 0), maxOffset)
	if limit <= 0 {
		limit = 10
	}
	limit = min(limit, maxLimit)
	res := &Results{Total: f.total, Corrected: f.plan.corrected(text), FromLang: f.from}
	for _, c := range f.top[min(offset, len(f.top)):min(offset+limit, len(f.top))] {
		res.Hits = append(res.Hits, s.hit(f, c))
	}
	return res, nil
}

// found is a query ranked.
type found struct {
	plan  *plan
	want  *wanted
	total int
	top   []candidate
	from  string
}

// find ranks the articles of v for a text, in whichever language it is
// written.
func (x *Index) find(ctx context.Context, s *snapshot, v *view, text string, exact bool) (*found, error) {
	f, err := x.rank(ctx, s, v, text, exact)
	if err != nil {
		return nil, err
	}
	if o := s.foreignView(v, text); o != nil {
		return x.findForeign(ctx, s, v, o, text, exact, f)
	}
	return f, nil
}

// rank ranks the articles of v for a text in v's language.
func (x *Index) rank(ctx context.Context, s *snapshot, v *view, text string, exact bool) (*found, error) {
	p, err := s.plan(ctx, v, text, exact)
	if err != nil {
		return nil, err
	}
	f := &found{plan: p, want: p.wanted(v.lang)}
	w := s.take()
	defer s.give(w)
	f.total, f.top = s.score(p, w)
	if err := x.rescore(s, f.want, f.top); err != nil {
		return nil, err
	}
	for i := range f.top {
		c := &f.top[i]
		c.helpful, c.fresh = x.tieBreakers(v, s.docs[c.num].art)
		c.score = c.base * c.boost(p.long) * (1 + c.helpful + c.fresh)
	}
	slices.SortStableFunc(f.top, func(a, b candidate) int { return cmp.Compare(b.score, a.score) })
	return f, nil
}

const (
	helpfulPull = 0.01  // what the votes move a score by at most
	freshPull   = 0.005 // what the date moves it by at most
	freshYears  = 1.0   // years behind the newest article that halve the latter
)

// tieBreakers are what the votes and the date of an article add to its score,
// as shares of it: enough to order articles that answer equally well, too
// little to put one before a better answer.
func (x *Index) tieBreakers(v *view, art *kb.Article) (helpful, fresh float64) {
	if help := x.helpfulness.Load(); help != nil {
		helpful = helpfulPull * math.Min(1, math.Max(0, (*help)(art)))
	}
	if !art.Updated.IsZero() {
		years := v.newest.Sub(art.Updated).Hours() / (365 * 24)
		fresh = freshPull * math.Exp2(-math.Max(0, years)/freshYears)
	}
	return helpful, fresh
}

// corrected is the text with its typos mended, "" when there were none.
func (p *plan) corrected(text string) string {
	var b strings.Builder
	at := 0
	for gi := range p.groups {
		for mi := range p.groups[gi].members {
			c := &p.groups[gi].members[mi]
			if c.typo == "" {
				continue
			}
			u := p.units[c.unit]
			if u.start < at {
				continue
			}
			b.WriteString(text[at:u.start])
			b.WriteString(c.typo)
			at = u.end
		}
	}
	if at == 0 {
		return ""
	}
	b.WriteString(text[at:])
	return b.String()
}

// hit shows a candidate.
func (s *snapshot) hit(f *found, c candidate) Hit {
	art, a := s.docs[c.num].art, f.plan.view.analyzer
	h := Hit{Article: art, Score: c.score, Title: f.want.mark(a, art.Title)}
	best := c.best
	if best >= 0 {
		h.Anchor, h.Heading = art.Passages[best].Anchor, art.Passages[best].Heading
	}
	text := ""
	if best >= 0 {
		text = art.Text(best).Text
	}
	if strings.TrimSpace(text) == "" {
		if art.Description != "" || len(art.Passages) == 0 {
			h.Excerpt = f.want.mark(a, cutAround(art.Description, 0))
			return h
		}
		text = art.Text(0).Text
	}
	h.Excerpt = f.want.excerpt(a, text)
	return h
}
