package report

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// SearchRow is one logged search.
type SearchRow struct {
	ID           string
	At           time.Time
	Lang         string
	Query        string // normalised and masked; "" once purged (D-36)
	Results      int
	Clicked      string // the article that was opened, ""
	Position     int    // of the click, from 1; 0 without one
	Reformulated bool   // a later search of the visit put it in other words
}

// succeeded is D-35: a click on a result and no reformulation in the visit.
func (s SearchRow) succeeded() bool { return s.Clicked != "" && !s.Reformulated }

// MaxPosition is the last place a click is counted at: later ones are counted
// there too.
const MaxPosition = 10

// SearchCounts count searches (D-35). NoResult, NoClick and Clicked add up to
// Searches.
type SearchCounts struct {
	Searches     int              `json:"searches,omitempty"`
	Success      int              `json:"success,omitempty"`
	NoResult     int              `json:"noResult,omitempty"`
	NoClick      int              `json:"noClick,omitempty"` // results, and none of them opened
	Clicked      int              `json:"clicked,omitempty"`
	Reformulated int              `json:"reformulated,omitempty"`
	PositionSum  int              `json:"positionSum,omitempty"` // of the clicks' places
	Positions    [MaxPosition]int `json:"positions"`             // clicks on the first, second ... result
}

func (c *SearchCounts) delta() int { return 0 }

func (c *SearchCounts) add(o SearchCounts) {
	c.Searches += o.Searches
	c.Success += o.Success
	c.NoResult += o.NoResult
	c.NoClick += o.NoClick
	c.Clicked += o.Clicked
	c.Reformulated += o.Reformulated
	c.PositionSum += o.PositionSum
	for i, n := range o.Positions {
		c.Positions[i] += n
	}
}

func countSearch(s SearchRow) SearchCounts {
	c := SearchCounts{Searches: 1, Success: one(s.succeeded()), Reformulated: one(s.Reformulated)}
	switch {
	case s.Clicked != "":
		c.Clicked = 1
		place := max(s.Position, 1)
		c.PositionSum = place
		c.Positions[min(place, MaxPosition)-1] = 1
	case s.Results == 0:
		c.NoResult = 1
	default:
		c.NoClick = 1
	}
	return c
}

// SearchCells counts a day's searches.
func SearchCells(rows []SearchRow) (Cells, error) { return cellsOf(rows, searchParts) }

func searchParts(s SearchRow) []part[SearchCounts] {
	return cut(countSearch(s), Cell{All, ""}, Cell{ByLang, s.Lang})
}

// QueryKey is a question in a language.
type QueryKey struct{ Lang, Query string }

// QueryCounts count how often a question was asked and how it went.
type QueryCounts struct {
	N            int `json:"n"`
	NoResult     int `json:"noResult"`
	NoClick      int `json:"noClick"`
	Reformulated int `json:"reformulated"`
	Success      int `json:"success"`
}

func (c *QueryCounts) add(o QueryCounts) {
	c.N += o.N
	c.NoResult += o.NoResult
	c.NoClick += o.NoClick
	c.Reformulated += o.Reformulated
	c.Success += o.Success
}

// CountQueries counts a day's searches by what was asked; purged texts (D-36)
// are left out.
func CountQueries(rows []SearchRow) map[QueryKey]QueryCounts {
	all := map[QueryKey]QueryCounts{}
	for _, r := range rows {
		if r.Query != "" {
			c := all[QueryKey{r.Lang, r.Query}]
			c.add(countQuery(r))
			all[QueryKey{r.Lang, r.Query}] = c
		}
	}
	return all
}

func countQuery(r SearchRow) QueryCounts {
	c := countSearch(r)
	return QueryCounts{N: 1, NoResult: c.NoResult, NoClick: c.NoClick, Reformulated: c.Reformulated, Success: c.Success}
}

// QueryKind picks which questions a list is of.
type QueryKind string

// The kinds of top lists.
const (
	AnyQuery     QueryKind = "all"
	NoResult     QueryKind = "no_result"
	NoClick      QueryKind = "no_click"
	Reformulated QueryKind = "reformulated"
	Succeeded    QueryKind = "success"
)

// QueryKinds lists them in the order they are shown.
var QueryKinds = []QueryKind{AnyQuery, NoResult, NoClick, Reformulated, Succeeded}

// QueryRow is a line of a top list.
type QueryRow struct {
	Lang  string `json:"lang"`
	Query string `json:"query"`
	QueryCounts
}

// TopOf picks the most frequent of each kind, at most limit each, from all
// questions of a period; equal ones in the order of their texts. A question
// that never was of a kind is not in its list.
func TopOf(all []QueryRow, limit int) map[QueryKind][]QueryRow {
	count := map[QueryKind]func(QueryRow) int{
		AnyQuery: func(q QueryRow) int { return q.N }, NoResult: func(q QueryRow) int { return q.NoResult }, NoClick: func(q QueryRow) int { return q.NoClick },
		Reformulated: func(q QueryRow) int { return q.Reformulated }, Succeeded: func(q QueryRow) int { return q.Success },
	}
	top := map[QueryKind][]QueryRow{}
	for kind, n := range count {
		var list []QueryRow
		order := func(a, b QueryRow) int {
			return cmp.Or(cmp.Compare(n(b), n(a)), cmp.Compare(a.Query, b.Query), cmp.Compare(a.Lang, b.Lang))
		}
		for _, q := range all {
			if n(q) == 0 || len(list) == limit && order(q, list[limit-1]) > 0 {
				continue
			}
			at, _ := slices.BinarySearchFunc(list, q, order)
			list = slices.Insert(list, at, q)
			list = list[:min(len(list), limit)]
		}
		top[kind] = list
	}
	return top
}

// Searched is a row of the search report.
type Searched struct {
	Value string `json:"value"`
	SearchCounts
	SuccessRate      Rate   `json:"successRate"` // D-35
	NoResultRate     Rate   `json:"noResultRate"`
	NoClickRate      Rate   `json:"noClickRate"`
	ReformulatedRate Rate   `json:"reformulatedRate"`
	MeanPosition     Number `json:"meanPosition"` // of the clicks, from 1
}

func searched(value string, c SearchCounts) Searched {
	return Searched{
		Value: value, SearchCounts: c, SuccessRate: RateOf(c.Success, c.Searches), NoResultRate: RateOf(c.NoResult, c.Searches),
		NoClickRate: RateOf(c.NoClick, c.Searches), ReformulatedRate: RateOf(c.Reformulated, c.Searches),
		MeanPosition: ratio(float64(c.PositionSum), float64(c.Clicked), c.Clicked),
	}
}

// SearchStep is a point of the curves over time.
type SearchStep struct {
	Period
	Searched
}

// SearchTarget is the search success aimed at today (D-33).
const SearchTarget = 0.60

// SearchReport is how the search did in a period (D-35).
type SearchReport struct {
	Period Period                   `json:"period"`
	Total  Searched                 `json:"total"`
	Before Searched                 `json:"before"` // the same number of days before
	Target float64                  `json:"target"`
	Langs  []Searched               `json:"langs"`
	Steps  []SearchStep             `json:"steps"`
	Top    map[QueryKind][]QueryRow `json:"top"` // at most TopQueries each
}

// TopQueries is how long a top list is.
const TopQueries = 20

// Search makes the search report of a period.
func (s *Service) Search(ctx context.Context, p Period) (SearchReport, error) {
	r := SearchReport{Period: p, Target: SearchTarget, Top: map[QueryKind][]QueryRow{}}
	all, err := load[SearchCounts](ctx, s.Store, SubjectSearches, All, Period{From: p.Before().From, To: p.To, Zone: p.Zone})
	if err != nil {
		return r, err
	}
	r.Total, r.Before = searched("", sum(all, p, "")), searched("", sum(all, p.Before(), ""))
	for _, step := range p.steps() {
		r.Steps = append(r.Steps, SearchStep{step, searched("", sum(all, step, ""))})
	}
	langs, err := load[SearchCounts](ctx, s.Store, SubjectSearches, ByLang, p)
	if err != nil {
		return r, err
	}
	totals := byValue(langs, p)
	for _, lang := range sortedKeys(totals) {
		r.Langs = append(r.Langs, searched(lang, totals[lang]))
	}
	r.Top, err = s.Store.TopQueries(ctx, p.From, p.To, TopQueries)
	return r, err
}
