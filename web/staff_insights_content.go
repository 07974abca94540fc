package web

import (
	"net/url"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/web/chart"
)

// fillSearch is how the search did (D-35).
func (s *Server) fillSearch(c *gin.Context, v *insightsView, p report.Period) (any, error) {
	r, err := s.opt.Support.Reports.Search(c.Request.Context(), p)
	if err != nil {
		return nil, err
	}
	t, b := r.Total, r.Before
	rows := v.behind(report.RowsSearches, report.Cell{})
	position := tile{Label: v.loc.T("insights.position"), Figure: cell{Text: nothing}, Notes: []cell{{Text: v.loc.T("insights.no_data")}}, About: v.loc.T("insights.position_about")}
	if t.MeanPosition.OK {
		position.Figure = rows.link(cell{Text: v.loc.Decimal(t.MeanPosition.Value, 1)}, "clicked", "", t.Clicked)
		position.Notes = []cell{rows.link(cell{Text: v.loc.N("insights.clicks", t.Clicked)}, "clicked", "", t.Clicked)}
	}
	before := rows.in(p.Before()).link(cell{Text: v.loc.T("insights.before", "Value", v.count(b.Searches))}, "searches", "", b.Searches)
	v.Tiles = []tile{
		{Label: v.loc.T("insights.searches"), Figure: v.counted(rows, "searches", t.Searches), Notes: []cell{before}, About: v.loc.T("insights.searches_about")},
		v.rateTile("insights.success", rows, "success", "searches", t.SuccessRate, &b.SuccessRate, r.Target),
		v.rateTile("insights.no_result", rows, "no_result", "searches", t.NoResultRate, &b.NoResultRate, 0),
		v.rateTile("insights.no_click", rows, "no_click", "searches", t.NoClickRate, &b.NoClickRate, 0),
		v.rateTile("insights.reformulated", rows, "reformulated", "searches", t.ReformulatedRate, &b.ReformulatedRate, 0),
		position,
	}
	v.Blocks = append(v.Blocks, v.searchCurves(r), v.searchVolume(r), v.positions(t))
	langs := block{ID: "langs", Title: v.loc.T("insights.by.lang"), None: v.loc.T("insights.no_figure"), Head: []column{
		{Name: v.loc.T("insights.by.lang_head")}, num(v.loc.T("insights.searches")), num(v.loc.T("insights.success")), num(v.loc.T("insights.no_result")),
		num(v.loc.T("insights.no_click")), num(v.loc.T("insights.reformulated")),
	}}
	for _, l := range r.Langs {
		of := v.behind(report.RowsSearches, report.Cell{Dim: report.ByLang, Value: l.Value})
		langs.Rows = append(langs.Rows, []cell{
			{Text: v.loc.T("language." + l.Value)}, v.counted(of, "searches", l.Searches), v.rated(of, "success", "searches", l.SuccessRate),
			v.rated(of, "no_result", "searches", l.NoResultRate), v.rated(of, "no_click", "searches", l.NoClickRate), v.rated(of, "reformulated", "searches", l.ReformulatedRate),
		})
	}
	v.Blocks = append(v.Blocks, langs)
	for _, kind := range report.QueryKinds {
		top := block{ID: "top-" + string(kind), Title: v.loc.T("insights.top." + string(kind)), None: v.loc.T("staff.deflection.no_searches"), Head: []column{
			{Name: v.loc.T("insights.query")}, {Name: v.loc.T("staff.deflection.lang")}, num(v.loc.T("insights.times")), num(v.loc.T("insights.success")), num(v.loc.T("insights.no_result")), num(v.loc.T("insights.no_click")),
		}}
		for _, q := range r.Top[kind] {
			of := v.behind(report.RowsQueries, report.QueryKey{Lang: q.Lang, Query: q.Query}.Cell())
			top.Rows = append(top.Rows, []cell{
				{Text: q.Query, Lang: q.Lang, Path: "/" + q.Lang + "/search?q=" + url.QueryEscape(q.Query)}, {Text: q.Lang},
				v.counted(of, "searches", q.N), v.counted(of, "success", q.Success), v.counted(of, "no_result", q.NoResult), v.counted(of, "no_click", q.NoClick),
			})
		}
		v.Blocks = append(v.Blocks, top)
	}
	return r, nil
}

func (v *insightsView) searchCurves(r report.SearchReport) block {
	l := chart.Line{
		ID: "success", Title: v.loc.T("insights.success_over_time"), StepHead: v.loc.T("insights.step"), Most: 1, Format: v.percent, Missing: nothing,
		Target: chart.If(r.Target, r.Target > 0), TargetName: v.loc.T("insights.target_name"),
		Summary: v.loc.T("insights.curve_summary", "Value", v.share(r.Total.SuccessRate)),
		Series: []chart.Series{
			{Name: v.loc.T("insights.success"), Values: curve(r.Steps, func(x report.SearchStep) report.Rate { return x.SuccessRate })},
			{Name: v.loc.T("insights.no_result"), Values: curve(r.Steps, func(x report.SearchStep) report.Rate { return x.NoResultRate })},
			{Name: v.loc.T("insights.reformulated"), Values: curve(r.Steps, func(x report.SearchStep) report.Rate { return x.ReformulatedRate })},
		},
	}
	for _, st := range r.Steps {
		l.Steps = append(l.Steps, v.stepName(st.Period))
	}
	return v.drawn(l.Draw(), func(row, column int) cell {
		step := r.Steps[row]
		rows := v.behind(report.RowsSearches, report.Cell{}).in(step.Period)
		switch column {
		case 1:
			return v.rated(rows, "success", "searches", step.SuccessRate)
		case 2:
			return v.rated(rows, "no_result", "searches", step.NoResultRate)
		}
		return v.rated(rows, "reformulated", "searches", step.ReformulatedRate)
	})
}

func (v *insightsView) searchVolume(r report.SearchReport) block {
	l := chart.Line{
		ID: "volume", Title: v.loc.T("insights.volume_over_time"), StepHead: v.loc.T("insights.step"), Whole: true, Format: v.whole, Missing: nothing,
		Summary: v.loc.T("insights.curve_summary", "Value", v.count(r.Total.Searches)),
	}
	series := chart.Series{Name: v.loc.T("insights.searches")}
	for _, st := range r.Steps {
		l.Steps = append(l.Steps, v.stepName(st.Period))
		series.Values = append(series.Values, chart.If(float64(st.Searches), r.Total.Searches > 0))
	}
	l.Series = []chart.Series{series}
	return v.drawn(l.Draw(), func(row, _ int) cell {
		return v.counted(v.behind(report.RowsSearches, report.Cell{}).in(r.Steps[row].Period), "searches", r.Steps[row].Searches)
	})
}

func (v *insightsView) positions(t report.Searched) block {
	b := chart.Bars{
		ID: "positions", Title: v.loc.T("insights.positions"), Whole: true, Format: v.whole, Missing: nothing,
		Head:    []string{v.loc.T("insights.place"), v.loc.T("insights.clicks_head"), v.loc.T("insights.share")},
		Summary: v.loc.N("insights.clicks", t.Clicked),
	}
	for i, n := range t.Positions {
		name := strconv.Itoa(i + 1)
		if i == report.MaxPosition-1 {
			name = v.loc.T("insights.or_later", "N", i+1)
		}
		b.Bars = append(b.Bars, chart.Bar{Name: name, Value: chart.If(float64(n), t.Clicked > 0), Note: v.count(n), Cells: []string{v.share(report.RateOf(n, t.Clicked))}})
	}
	return v.drawn(b.Draw(), func(row, _ int) cell {
		return v.counted(v.behind(report.RowsSearches, report.Cell{}), report.PositionField(row+1), t.Positions[row])
	})
}

// fillArticles is how the articles did.
func (s *Server) fillArticles(c *gin.Context, v *insightsView, p report.Period) (any, error) {
	r, err := s.opt.Support.Reports.Articles(c.Request.Context(), p, s.articleMeta())
	if err != nil {
		return nil, err
	}
	worse, stale := 0, 0
	for _, a := range r.Articles {
		if a.MadeWorse() {
			worse++
		}
		if a.StaleDays > 0 {
			stale++
		}
	}
	v.Tiles = []tile{
		v.rateTile("insights.helpful", v.behind(report.RowsVotes, report.Cell{}), "yes", "votes", r.Helpful, nil, r.Target),
		{Label: v.loc.T("insights.views"), Figure: v.counted(v.behind(report.RowsViews, report.Cell{}), "views", r.Views), About: v.loc.T("insights.views_about")},
		{Label: v.loc.T("insights.worse"), Figure: cell{Text: v.count(worse), Path: "#articles"}, About: v.loc.T("insights.worse_about")},
		{Label: v.loc.T("insights.stale"), Figure: cell{Text: v.count(stale), Path: "#articles"}, About: v.loc.T("insights.stale_about")},
	}
	v.Blocks = append(v.Blocks, s.standingsTable(v, r.Articles), s.revisionsTable(v, r.Articles))
	comments, err := s.commentsTable(c, v, p)
	if err != nil {
		return nil, err
	}
	v.Blocks = append(v.Blocks, comments)
	return r, nil
}

// articleMeta lists the site's articles for the report.
func (s *Server) articleMeta() []report.ArticleMeta {
	library := s.current().library
	var all []report.ArticleMeta
	for _, lang := range library.Langs() {
		for _, a := range library.Articles(lang) {
			all = append(all, report.ArticleMeta{Lang: lang, Article: a.Pair, Title: a.Title, Section: a.Section, Updated: a.Updated, Revision: a.Revision})
		}
	}
	return all
}

func (s *Server) standingsTable(v *insightsView, rows []report.ArticleStanding) block {
	b := block{ID: "articles", Title: v.loc.T("insights.articles_table"), None: v.loc.T("insights.no_figure"), Head: []column{
		{Name: v.loc.T("staff.deflection.article")}, {Name: v.loc.T("staff.deflection.lang")}, num(v.loc.T("insights.views")), num(v.loc.T("insights.helpful")), num(v.loc.T("insights.interval_head")),
		num(v.loc.T("insights.votes")), num(v.loc.T("insights.edit")), num(v.loc.T("insights.tickets_after")), num(v.loc.T("insights.behind")),
	}}
	for _, a := range rows[:min(len(rows), maxListed)] {
		edit, late := cell{Text: nothing}, cell{Text: nothing}
		if a.Edit.OK {
			edit.Text, edit.Path = v.loc.T("insights.edit_between", "Change", v.points(a.Edit.Value), "Low", v.signed(a.Edit.Low), "High", v.signed(a.Edit.High)), "#revisions"
			switch {
			case a.Edit.Worse():
				edit.Flag = v.loc.T("insights.made_worse")
			case a.Edit.Better():
				edit.Flag = v.loc.T("insights.made_better")
			}
		}
		if a.StaleDays > 0 {
			late.Text = v.loc.T("span.day", "N", a.StaleDays)
		}
		votes := v.behind(report.RowsVotes, a.RevisionCell(a.Revision)).in(v.Period.Ever())
		b.Rows = append(b.Rows, []cell{
			s.articleCell(a.Lang, a.Article), {Text: a.Lang}, v.counted(v.behind(report.RowsViews, a.Cell()), "views", a.Views), v.rated(votes, "yes", "votes", a.Helpful),
			{Text: v.bounds(a.Helpful)}, v.counted(votes, "votes", a.Helpful.N), edit, v.rated(v.behind(report.RowsArticleReads, a.Cell()), "tickets_after", "reads", a.TicketRate), late,
		})
	}
	return b
}

// points is a difference of shares, in points with its sign.
func (v *insightsView) points(d float64) string { return v.loc.T("insights.points", "N", v.signed(d)) }

func (v *insightsView) signed(d float64) string {
	if d > 0 {
		return "+" + v.loc.Decimal(d*100, 1)
	}
	return v.loc.Decimal(d*100, 1)
}

// revisionsTable is the votes by revision with the reasons of the "no" votes.
func (s *Server) revisionsTable(v *insightsView, rows []report.ArticleStanding) block {
	b := block{ID: "revisions", Title: v.loc.T("insights.revisions"), None: v.loc.T("staff.deflection.no_votes"), Head: []column{
		{Name: v.loc.T("staff.deflection.article")}, {Name: v.loc.T("staff.deflection.lang")}, num(v.loc.T("staff.deflection.revision")), num(v.loc.T("insights.helpful")), num(v.loc.T("insights.interval_head")),
		num(v.loc.T("insights.votes")), {Name: v.loc.T("insights.reasons")},
	}}
	for _, a := range rows[:min(len(rows), maxListed)] {
		for _, r := range a.Revisions {
			votes := v.behind(report.RowsVotes, a.RevisionCell(r.Revision)).in(v.Period.Ever())
			b.Rows = append(b.Rows, []cell{
				s.articleCell(a.Lang, a.Article), {Text: a.Lang}, {Text: v.count(r.Revision)}, v.rated(votes, "yes", "votes", r.Helpful), {Text: v.bounds(r.Helpful)},
				v.counted(votes, "votes", r.Helpful.N), votes.link(cell{Text: v.reasons(r.Reasons)}, "no", "", r.Helpful.N-r.Helpful.K),
			})
		}
	}
	return b
}

func (v *insightsView) reasons(all map[string]int) string {
	text := ""
	for _, reason := range append(slices.Clone(deflect.VoteReasons), "") {
		if n := all[reason]; n > 0 {
			name := v.loc.T("insights.no_reason")
			if reason != "" {
				name = v.loc.T(voteReasonKey + reason)
			}
			if text != "" {
				text += ", "
			}
			text += name + " " + v.count(n)
		}
	}
	if text == "" {
		return nothing
	}
	return text
}

// commentsTable is what people wrote whom an article did not help.
func (s *Server) commentsTable(c *gin.Context, v *insightsView, p report.Period) (block, error) {
	b := block{ID: "comments", Title: v.loc.T("insights.comments"), None: v.loc.T("insights.no_comments"), Head: []column{
		{Name: v.loc.T("staff.deflection.article")}, {Name: v.loc.T("staff.deflection.lang")}, {Name: v.loc.T("insights.reason")}, {Name: v.loc.T("insights.comment")}, {Name: v.loc.T("insights.written")},
	}}
	rows, err := s.opt.Support.Store.VoteComments(c.Request.Context(), p.Start(), p.End(), maxListed)
	if err != nil {
		return b, err
	}
	for _, r := range rows {
		reason := nothing
		if r.Reason != "" {
			reason = v.loc.T(voteReasonKey + r.Reason)
		}
		b.Rows = append(b.Rows, []cell{s.articleCell(r.Lang, r.Article), {Text: r.Lang}, {Text: reason}, {Text: r.Comment, Lang: r.Lang}, {Text: v.loc.Date(r.At)}})
	}
	return b, nil
}

// voteReasonKey begins the text key of a vote's reason.
const voteReasonKey = "vote." + "reason_"
