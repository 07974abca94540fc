package store_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/store/storetest"
)

// Every figure has exactly as many rows behind it as it says, along every cut,
// and they come in pages as they come in one piece.
func TestRowsBehindFigures(t *testing.T) {
	y := demoYear(t, 75, 0.5)
	trouble(t, y)
	y.Credits[0].State, y.Credits[0].Applied = ticket.CreditApplied, y.Credits[0].Share
	storetest.Run(t, func(t *testing.T, db *store.DB, c *clock.Manual) {
		if err := db.FillDemo(t.Context(), y); err != nil {
			t.Fatal(err)
		}
		if err := newRoller(t, db, c).Rebuild(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		s := &report.Service{Store: db, Clock: c, Zone: paris, Config: report.DefaultConfig()}
		p := report.LastDays(76, c.Now(), paris)
		articles, err := s.Articles(t.Context(), p, nil)
		if err != nil {
			t.Fatal(err)
		}
		article := articles.Articles[0].ArticleKey
		search, err := s.Search(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		top := search.Top[report.AnyQuery][0]
		cuts := map[report.RowKind][]report.Cell{
			report.RowsAttempts:        {{}, {Dim: report.ByCategory, Value: "billing"}, {Dim: report.ByCategory}, {Dim: report.ByLang, Value: "en"}, {Dim: report.ByTier, Value: "business"}, {Dim: report.ByRoute}},
			report.RowsSearches:        {{}, {Dim: report.ByLang, Value: "fr"}},
			report.RowsQueries:         {report.QueryKey{Lang: top.Lang, Query: top.Query}.Cell()},
			report.RowsVisits:          {{}, {Dim: report.ByLang, Value: "en"}},
			report.RowsTickets:         {{}, {Dim: report.ByTier, Value: "standard"}, {Dim: report.ByPriority, Value: "P3"}, {Dim: report.ByTierPriority, Value: "standard/P3"}, {Dim: report.ByChannel, Value: "form"}},
			report.RowsSurveys:         {{}, {Dim: report.ByTier, Value: "free"}},
			report.RowsVotes:           {{}, article.Cell(), article.RevisionCell(1)},
			report.RowsViews:           {{}, article.Cell()},
			report.RowsArticleAttempts: {article.Cell()},
			report.RowsArticleClicks:   {article.Cell()},
			report.RowsArticleReads:    {article.Cell()},
			report.RowsAgentDays:       {{Dim: report.ByAgent, Value: report.AnyValue}, {Dim: report.ByAgent, Value: y.Staff[0].ID}},
			report.RowsBacklog:         {{}},
			report.RowsAuthors:         {{}},
			report.RowsBrokenTickets:   {{}},
			report.RowsBrokenCustomers: {{}},
			report.RowsCredits:         {{}},
		}
		filled := map[report.RowKind]int{}
		for _, kind := range report.RowKinds() {
			for _, field := range report.RowFields(kind) {
				for _, cell := range cuts[kind] {
					q := report.RowQuery{Kind: kind, Field: field, Cell: cell, Period: p}
					filled[kind] += countRows(t, s, q)
					// A small team may owe nobody an answer on the last day.
					for back := 1; kind == report.RowsBacklog && filled[kind] == 0 && back < p.Len(); back++ {
						q.Period.To = p.To.Add(-back)
						filled[kind] += countRows(t, s, q)
					}
				}
			}
			if filled[kind] == 0 {
				t.Errorf("no rows of kind %s at all", kind)
			}
		}
		agents := report.RowQuery{Kind: report.RowsTickets, Field: "resolved", Cell: report.Cell{Dim: report.ByAgent, Value: report.AnyValue}, Period: p}
		if countRows(t, s, agents) == 0 {
			t.Error("the staff resolved nothing")
		}
		month, err := s.SLA(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		i := month.Impact
		for _, x := range []struct {
			kind  report.RowKind
			field string
			want  int
		}{
			{report.RowsBrokenTickets, "broken_tickets", i.Tickets}, {report.RowsBrokenTickets, "broken_open", i.Open}, {report.RowsBrokenCustomers, "customers", i.Customers},
			{report.RowsCredits, "credits", i.Credits}, {report.RowsCredits, "applied", i.Applied},
		} {
			if n := countRows(t, s, report.RowQuery{Kind: x.kind, Field: x.field, Period: p}); n != x.want {
				t.Errorf("the report says %d, %s has %d rows of %s", x.want, x.kind, n, x.field)
			}
		}
		if i.Credits == 0 || i.Open == 0 || i.Applied == 0 {
			t.Errorf("an impact without open tickets or credits shows little: %+v", i)
		}
		if _, err := s.RowsBehind(t.Context(), report.RowQuery{Kind: "secrets", Field: "all", Period: p}, 0, 1); err == nil {
			t.Error("rows of a kind that does not exist")
		}
	})
}

// countRows holds the rows of a question against its figure.
func countRows(t *testing.T, s *report.Service, q report.RowQuery) int {
	t.Helper()
	name := fmt.Sprintf("%s %s %v", q.Kind, q.Field, q.Cell)
	var all [][]any
	columns := 0
	err := s.EachRow(t.Context(), q, func(names []string) error { columns = len(names); return nil }, func(rows [][]any) error {
		all = append(all, rows...)
		return nil
	})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	const page = 7
	first, err := s.RowsBehind(t.Context(), q, 0, page)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	sum := len(all)
	if q.Kind == report.RowsViews {
		sum = 0
		for _, row := range all {
			sum += row[2].(int)
		}
	}
	if first.Total != sum {
		t.Errorf("%s: the figure is %d, its rows come to %d", name, first.Total, sum)
	}
	paged := first.Rows
	for from := page; from < min(len(all), 4*page); from += page {
		next, err := s.RowsBehind(t.Context(), q, from, page)
		if err != nil {
			t.Fatal(err)
		}
		paged = append(paged, next.Rows...)
	}
	if diff := cmp.Diff(all[:min(len(all), len(paged))], paged); diff != "" {
		t.Errorf("%s (-all +pages):\n%s", name, diff)
	}
	for _, row := range all {
		if len(row) != columns {
			t.Fatalf("%s: %d cells under %d columns", name, len(row), columns)
		}
	}
	return len(all)
}
