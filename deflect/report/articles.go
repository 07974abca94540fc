package report

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/vmcloud/ricochet/deflect"
)

// ArticleKey is an article in a language.
type ArticleKey struct {
	Lang    string `json:"lang"`
	Article string `json:"article"`
}

// ArticleCounts count what happened around an article.
type ArticleCounts struct {
	Suggested    int `json:"suggested"`    // attempts it was shown to
	Opened       int `json:"opened"`       // attempts that opened it in place
	Confirmed    int `json:"confirmed"`    // attempts it answered, said the person
	Assumed      int `json:"assumed"`      // attempts it is assumed to have answered
	Revoked      int `json:"revoked"`      // of both, taken back (D-31)
	Ticketed     int `json:"ticketed"`     // attempts that opened it and became a ticket
	Clicks       int `json:"clicks"`       // from the search results
	Reads        int `json:"reads"`        // visits that read it
	TicketsAfter int `json:"ticketsAfter"` // of them, followed by a ticket of the same browser within 72 h
}

func (c *ArticleCounts) add(o ArticleCounts) {
	c.Suggested += o.Suggested
	c.Opened += o.Opened
	c.Confirmed += o.Confirmed
	c.Assumed += o.Assumed
	c.Revoked += o.Revoked
	c.Ticketed += o.Ticketed
	c.Clicks += o.Clicks
	c.Reads += o.Reads
	c.TicketsAfter += o.TicketsAfter
}

// CountArticles counts a day by article, from the day's attempts, searches and
// visits.
func CountArticles(attempts []AttemptRow, searches []SearchRow, visits []VisitRow) map[ArticleKey]ArticleCounts {
	all := map[ArticleKey]ArticleCounts{}
	add := func(parts []articlePart) {
		for _, p := range parts {
			sum := all[p.key]
			sum.add(p.counts)
			all[p.key] = sum
		}
	}
	for _, a := range attempts {
		add(articlesOfAttempt(a))
	}
	for _, s := range searches {
		add(articlesOfSearch(s))
	}
	for _, v := range visits {
		add(articlesOfVisit(v))
	}
	return all
}

// articlePart is what a row adds to an article's counts.
type articlePart struct {
	key    ArticleKey
	counts ArticleCounts
}

func articlesOfAttempt(a AttemptRow) []articlePart {
	if !a.Counted {
		return nil
	}
	var all []articlePart
	for _, article := range a.Suggested {
		all = append(all, articlePart{ArticleKey{a.Lang, article}, ArticleCounts{Suggested: 1}})
	}
	for _, article := range a.Read {
		all = append(all, articlePart{ArticleKey{a.Lang, article}, ArticleCounts{Opened: 1, Ticketed: one(a.Outcome == deflect.Ticketed)}})
	}
	if a.Article != "" {
		claim := countAttempt(a)
		all = append(all, articlePart{ArticleKey{a.Lang, a.Article}, ArticleCounts{Confirmed: claim.Confirmed, Assumed: claim.Assumed, Revoked: claim.Revoked}})
	}
	return all
}

func articlesOfSearch(s SearchRow) []articlePart {
	if s.Clicked == "" {
		return nil
	}
	return []articlePart{{ArticleKey{s.Lang, s.Clicked}, ArticleCounts{Clicks: 1}}}
}

func articlesOfVisit(v VisitRow) []articlePart {
	var all []articlePart
	for _, r := range v.Reads {
		all = append(all, articlePart{ArticleKey{r.Lang, r.Article}, ArticleCounts{Reads: 1, TicketsAfter: one(v.followedBy(r))}})
	}
	return all
}

// ArticleRow is an article with its counts of a period.
type ArticleRow struct {
	ArticleKey
	ArticleCounts
}

// VoteKey is one kind of answer to "was this helpful?" on a revision.
type VoteKey struct {
	Lang, Article string
	Revision      int
	Helpful       bool
	Reason        string // of a "no", "" when none was given
}

// VoteRow is how often an answer was given.
type VoteRow struct {
	VoteKey
	N int
}

// ArticleMeta is what the library knows about an article.
type ArticleMeta struct {
	Lang, Article, Title string
	Section              string
	Updated              time.Time // zero when unknown
	Revision             int
}

// HelpfulTarget is the helpful rate aimed at (D-33).
const HelpfulTarget = 0.85

// RevisionVotes are the votes on one revision of an article (D-34).
type RevisionVotes struct {
	Revision int            `json:"revision"`
	Helpful  Rate           `json:"helpful"`
	Reasons  map[string]int `json:"reasons"` // of the "no" votes, "" for none given
}

// ArticleStanding is an article's row in the report.
type ArticleStanding struct {
	ArticleKey
	Title   string `json:"title"` // "" when the library no longer has it
	Section string `json:"section"`
	Views   int    `json:"views"`
	ArticleCounts
	Revisions  []RevisionVotes `json:"revisions"`  // with all their votes up to the period's end, oldest first
	Revision   int             `json:"revision"`   // in force, or the last that was voted on
	Helpful    Rate            `json:"helpful"`    // of it
	Shrunk     Number          `json:"shrunk"`     // that rate drawn to its section's mean, for ranking (D-34)
	Edit       Difference      `json:"edit"`       // helpful rate of the last revision minus the one before
	TicketRate Rate            `json:"ticketRate"` // visits that read it and then wrote a ticket
	StaleDays  int             `json:"staleDays"`  // days by which the newest translation is ahead; 0 when none is
}

// MadeWorse flags an edit after which readers were less often helped, beyond
// what chance explains.
func (a ArticleStanding) MadeWorse() bool { return a.Edit.Worse() }

// ArticleReport is how the articles did in a period.
type ArticleReport struct {
	Period   Period            `json:"period"`
	Target   float64           `json:"target"`
	Helpful  Rate              `json:"helpful"` // all votes of the period
	Views    int               `json:"views"`
	Articles []ArticleStanding `json:"articles"` // most read first
}

// shrinkWeight is how many votes of the section's mean a ranking adds to each
// article (D-34).
const shrinkWeight = 10

// Articles makes the article report of a period. library lists the articles
// the site has; others appear when they still have counts.
func (s *Service) Articles(ctx context.Context, p Period, library []ArticleMeta) (ArticleReport, error) {
	r := ArticleReport{Period: p, Target: HelpfulTarget}
	views, err := s.Store.ArticleViews(ctx, p.From, p.To)
	if err != nil {
		return r, err
	}
	counts, err := s.Store.ArticleCounts(ctx, p.From, p.To)
	if err != nil {
		return r, err
	}
	votes, err := s.Store.ArticleVotes(ctx, p.From, p.To)
	if err != nil {
		return r, err
	}
	// A rate belongs to the revision, whenever its votes were cast (D-34).
	ever, err := s.Store.ArticleVotes(ctx, "", p.To)
	if err != nil {
		return r, err
	}
	b := standings{rows: map[ArticleKey]*ArticleStanding{}, revision: map[ArticleKey]int{}}
	b.library(library)
	for _, v := range views {
		r.Views += int(v.N)
		b.row(v.Lang, v.Article).Views += int(v.N)
	}
	for _, c := range counts {
		b.row(c.Lang, c.Article).ArticleCounts = c.ArticleCounts
	}
	b.votes(ever)
	r.Helpful = helpfulOf(votes)
	r.Articles = b.finish()
	return r, nil
}

// standings gathers the rows of the article report.
type standings struct {
	rows     map[ArticleKey]*ArticleStanding
	revision map[ArticleKey]int // in force
}

func (b *standings) row(lang, article string) *ArticleStanding {
	k := ArticleKey{lang, article}
	if b.rows[k] == nil {
		b.rows[k] = &ArticleStanding{ArticleKey: k}
	}
	return b.rows[k]
}

func (b *standings) library(all []ArticleMeta) {
	newest := map[string]time.Time{}
	for _, m := range all {
		if m.Updated.After(newest[m.Article]) {
			newest[m.Article] = m.Updated
		}
	}
	for _, m := range all {
		row := b.row(m.Lang, m.Article)
		row.Title, row.Section = m.Title, m.Section
		b.revision[row.ArticleKey] = m.Revision
		if !m.Updated.IsZero() {
			row.StaleDays = int(newest[m.Article].Sub(m.Updated).Hours() / 24)
		}
	}
}

// helpfulOf is the helpful rate of all votes together.
func helpfulOf(all []VoteRow) Rate {
	yes, n := 0, 0
	for _, v := range all {
		n += v.N
		if v.Helpful {
			yes += v.N
		}
	}
	return RateOf(yes, n)
}

// votes puts the votes to their revisions.
func (b *standings) votes(all []VoteRow) {
	type count struct {
		yes, n  int
		reasons map[string]int
	}
	byRevision := map[ArticleKey]map[int]*count{}
	for _, v := range all {
		k := ArticleKey{v.Lang, v.Article}
		if byRevision[k] == nil {
			byRevision[k] = map[int]*count{}
		}
		c := byRevision[k][v.Revision]
		if c == nil {
			c = &count{reasons: map[string]int{}}
			byRevision[k][v.Revision] = c
		}
		c.n += v.N
		if v.Helpful {
			c.yes += v.N
		} else {
			c.reasons[v.Reason] += v.N
		}
	}
	for k, revisions := range byRevision {
		row := b.row(k.Lang, k.Article)
		for revision, c := range revisions {
			row.Revisions = append(row.Revisions, RevisionVotes{revision, RateOf(c.yes, c.n), c.reasons})
		}
		slices.SortFunc(row.Revisions, func(x, y RevisionVotes) int { return cmp.Compare(x.Revision, y.Revision) })
	}
}

// finish works out what compares rows with each other.
func (b *standings) finish() []ArticleStanding {
	type mean struct{ yes, n int }
	sections := map[string]mean{}
	for k, row := range b.rows {
		if n := len(row.Revisions); n > 0 {
			row.Revision, row.Helpful = row.Revisions[n-1].Revision, row.Revisions[n-1].Helpful
			if n > 1 {
				row.Edit = Change(row.Revisions[n-2].Helpful, row.Helpful)
			}
			for _, v := range row.Revisions {
				if v.Revision == b.revision[k] {
					row.Revision, row.Helpful = v.Revision, v.Helpful
				}
			}
			m := sections[row.Section]
			sections[row.Section] = mean{m.yes + row.Helpful.K, m.n + row.Helpful.N}
		}
		row.TicketRate = RateOf(row.TicketsAfter, row.Reads)
	}
	all := make([]ArticleStanding, 0, len(b.rows))
	for _, row := range b.rows {
		if m := sections[row.Section]; row.Helpful.OK && m.n > 0 {
			shrunk := deflect.Shrink(row.Helpful.K, row.Helpful.N, float64(m.yes)/float64(m.n), shrinkWeight)
			row.Shrunk = Number{Value: shrunk, OK: true, N: row.Helpful.N}
		}
		all = append(all, *row)
	}
	slices.SortFunc(all, func(x, y ArticleStanding) int {
		return cmp.Or(cmp.Compare(y.Views, x.Views), cmp.Compare(x.Article, y.Article), cmp.Compare(x.Lang, y.Lang))
	})
	return all
}

// needsWork lists the articles that an edit made worse or whose readers are
// surely helped less often than aimed at, the most read first.
func needsWork(all []ArticleStanding) []ArticleStanding {
	var out []ArticleStanding
	for _, a := range all {
		if a.MadeWorse() || a.Helpful.OK && a.Helpful.High < HelpfulTarget {
			out = append(out, a)
		}
	}
	return out
}
