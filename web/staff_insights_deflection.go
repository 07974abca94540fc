package web

import (
	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/web/chart"
)

// fillDeflection is what came of the attempts to contact the team: every rate
// beside its target, none merged with another (D-32, D-33).
func (s *Server) fillDeflection(c *gin.Context, v *insightsView, p report.Period) (any, error) {
	r, err := s.opt.Support.Reports.Deflection(c.Request.Context(), p)
	if err != nil {
		return nil, err
	}
	rows := "/staff/attempts?counted=1&" + v.Query
	t, b := r.Total, r.Before
	v.Tiles = []tile{
		v.rateTile("insights.confirmed", t.ConfirmedRate, b.ConfirmedRate, t.Target, rows+"&outcome=confirmed"),
		v.rateTile("insights.assumed", t.AssumedRate, b.AssumedRate, 0, rows+"&outcome=assumed"),
		v.rateTile("insights.abandoned", t.AbandonedRate, b.AbandonedRate, 0, rows+"&outcome=abandoned"),
		v.rateTile("insights.revoked", t.RevokedRate, b.RevokedRate, 0, rows+"&revoked=1"),
		v.selfService(r.Visits),
		v.rateTile("insights.upper", r.Visits.UpperBound, report.Rate{}, 0, ""),
	}
	v.Blocks = append(v.Blocks, v.deflectionOverTime(r), v.deflectionByCategory(r), v.funnelBlock(r))
	for _, cut := range []struct {
		id   string
		name func(string) string
		rows []report.Deflected
	}{
		{"lang", func(x string) string { return v.loc.T("language." + x) }, r.Langs},
		{"tier", func(x string) string { return v.named("tier.", x) }, r.Tiers},
		{"route", func(x string) string { return v.orUnknown(x) }, r.Routes},
	} {
		v.Blocks = append(v.Blocks, v.deflectedTable(cut.id, cut.name, cut.rows))
	}
	v.Blocks = append(v.Blocks, s.suggestedTable(v, r.Articles))
	return r, nil
}

func (v *insightsView) orUnknown(x string) string {
	if x == "" {
		return v.loc.T("category.unknown")
	}
	return x
}

// named is the text of a value in a table of the locale.
func (v *insightsView) named(table, x string) string {
	if x == "" {
		return v.loc.T("category.unknown")
	}
	if !v.loc.Has(table + x) {
		return x
	}
	return v.loc.T(table + x)
}

func (v *insightsView) selfService(r report.VisitSummary) tile {
	t := tile{Label: v.loc.T("insights.self"), Value: nothing, About: v.loc.T("insights.self_about"), Notes: []string{v.loc.T("insights.no_data")}}
	if r.SelfRatio.OK {
		t.Value = v.loc.Decimal(r.SelfRatio.Value, 1)
		t.Notes = []string{v.loc.T("insights.self_note", "Visits", r.Visits, "Authors", r.Authors)}
	}
	return t
}

// curve is one share over the steps of a period.
func curve[T any](steps []T, of func(T) report.Rate) []chart.Value {
	all := make([]chart.Value, len(steps))
	for i, st := range steps {
		r := of(st)
		all[i] = chart.If(r.Value, r.OK)
	}
	return all
}

func (v *insightsView) deflectionOverTime(r report.DeflectionReport) block {
	l := chart.Line{
		ID: "over-time", Title: v.loc.T("insights.over_time"), StepHead: v.loc.T("insights.step"), Most: 1, Format: v.percent, Missing: nothing,
		Target: chart.If(r.Total.Target, r.Total.Target > 0), TargetName: v.loc.T("insights.target_name"),
		Series: []chart.Series{
			{Name: v.loc.T("insights.confirmed"), Values: curve(r.Steps, func(x report.DeflectionStep) report.Rate { return x.ConfirmedRate })},
			{Name: v.loc.T("insights.assumed"), Values: curve(r.Steps, func(x report.DeflectionStep) report.Rate { return x.AssumedRate })},
		},
	}
	for _, st := range r.Steps {
		l.Steps = append(l.Steps, v.stepName(st.Period))
	}
	l.Summary = v.loc.T("insights.over_time_summary", "Confirmed", v.share(r.Total.ConfirmedRate), "Assumed", v.share(r.Total.AssumedRate))
	return v.drawn(l.Draw())
}

// drawn is a drawing as a block of the page.
func (v *insightsView) drawn(f chart.Figure) block {
	return block{ID: f.ID, Title: f.Title, Chart: &f, None: v.loc.T("insights.no_figure")}
}

func (v *insightsView) deflectionByCategory(r report.DeflectionReport) block {
	b := chart.Bars{
		ID: "by-category", Title: v.loc.T("insights.by_category"), Most: 1, Format: v.percent, Missing: nothing,
		Head: []string{
			v.loc.T("contact.category"), v.loc.T("insights.confirmed"), v.loc.T("insights.interval_head"), v.loc.T("insights.target_name"), v.loc.T("insights.assumed"),
			v.loc.T("insights.could_see"), v.loc.T("insights.tickets"), v.loc.T("insights.revoked"),
		},
		Legend: []chart.Mark{{Class: "series-1", Name: v.loc.T("insights.confirmed")}, {Class: "whisker", Name: v.loc.T("insights.interval_head")}, {Class: "target", Name: v.loc.T("insights.target_name")}},
	}
	met := 0
	for _, d := range r.Categories {
		name := v.named("category.", d.Value)
		target := nothing
		if d.Target > 0 {
			target = v.percent(d.Target)
		}
		b.Bars = append(b.Bars, chart.Bar{
			Name: name, Value: chart.If(d.ConfirmedRate.Value, d.ConfirmedRate.OK), Low: chart.If(d.ConfirmedRate.Low, d.ConfirmedRate.OK),
			High: chart.If(d.ConfirmedRate.High, d.ConfirmedRate.OK), Target: chart.If(d.Target, d.Target > 0), Note: v.share(d.ConfirmedRate),
			Cells: []string{v.bounds(d.ConfirmedRate), target, v.share(d.AssumedRate), v.count(d.CouldSee), v.count(d.Tickets), v.count(d.Revoked)},
		})
		if d.Met() {
			met++
		}
	}
	b.Summary = v.loc.N("insights.by_category_summary", met)
	return v.drawn(b.Draw())
}

// bounds is an interval alone, for a column.
func (v *insightsView) bounds(r report.Rate) string {
	if !r.OK {
		return nothing
	}
	return v.loc.Percent(r.Low, 1) + " – " + v.loc.Percent(r.High, 1)
}

func (v *insightsView) funnelBlock(r report.DeflectionReport) block {
	b := chart.Bars{
		ID: "funnel", Title: v.loc.T("insights.funnel"), Whole: true, Format: v.whole, Missing: nothing,
		Head: []string{v.loc.T("insights.stage_head"), v.loc.T("insights.attempts"), v.loc.T("insights.of_attempts")},
	}
	for _, st := range r.Funnel {
		b.Bars = append(b.Bars, chart.Bar{
			Name: v.loc.T("insights.stage." + st.Name), Value: chart.If(float64(st.N), r.Total.Attempts > 0), Note: v.count(st.N), Cells: []string{v.share(st.Of)},
		})
	}
	b.Summary = v.loc.N("insights.funnel_summary", r.Total.Attempts, "Tickets", r.Total.Tickets)
	return v.drawn(b.Draw())
}

func (v *insightsView) deflectedTable(id string, name func(string) string, rows []report.Deflected) block {
	b := block{
		ID: "by-" + id, Title: v.loc.T("insights.by." + id), None: v.loc.T("insights.no_figure"),
		Head: []column{
			{Name: v.loc.T("insights.by." + id + "_head")}, num(v.loc.T("insights.attempts")), num(v.loc.T("insights.could_see")), num(v.loc.T("insights.confirmed")),
			num(v.loc.T("insights.assumed")), num(v.loc.T("insights.abandoned")), num(v.loc.T("insights.tickets")), num(v.loc.T("insights.revoked")),
		},
	}
	for _, d := range rows {
		b.Rows = append(b.Rows, []cell{
			{Text: name(d.Value)}, {Text: v.count(d.Attempts)}, {Text: v.count(d.CouldSee)}, {Text: v.share(d.ConfirmedRate)}, {Text: v.share(d.AssumedRate)},
			{Text: v.share(d.AbandonedRate)}, {Text: v.share(d.TicketRate)}, {Text: v.share(d.RevokedRate)},
		})
	}
	return b
}

// maxListed is how many rows a table of articles has on the page; its CSV file
// has the same.
const maxListed = 200

func (s *Server) suggestedTable(v *insightsView, rows []report.ArticleDeflect) block {
	b := block{
		ID: "by-article", Title: v.loc.T("insights.by_article"), None: v.loc.T("insights.no_figure"),
		Head: []column{
			{Name: v.loc.T("staff.deflection.article")}, {Name: v.loc.T("staff.deflection.lang")}, num(v.loc.T("insights.suggested")), num(v.loc.T("insights.opened")),
			num(v.loc.T("insights.confirmed")), num(v.loc.T("insights.tickets")), num(v.loc.T("insights.revoked")),
		},
	}
	for _, a := range rows[:min(len(rows), maxListed)] {
		b.Rows = append(b.Rows, []cell{
			s.articleCell(a.Lang, a.Article), {Text: a.Lang}, {Text: v.count(a.Suggested)}, {Text: v.count(a.Opened)}, {Text: v.count(a.Confirmed)},
			{Text: v.count(a.Ticketed)}, {Text: v.count(a.Revoked)},
		})
	}
	return b
}

// articleCell names an article, with its address while the site has it.
func (s *Server) articleCell(lang, pair string) cell {
	if a := s.current().library.ByPair(lang, pair); a != nil {
		return cell{Text: a.Title, Path: a.URL(), Lang: lang}
	}
	return cell{Text: pair}
}
