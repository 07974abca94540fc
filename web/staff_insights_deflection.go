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
	rows := v.behind(report.RowsAttempts, report.Cell{})
	t, b := r.Total, r.Before
	v.Tiles = []tile{
		v.rateTile("insights.confirmed", rows, "confirmed", "could_see", t.ConfirmedRate, &b.ConfirmedRate, t.Target),
		v.rateTile("insights.assumed", rows, "assumed", "could_see", t.AssumedRate, &b.AssumedRate, 0),
		v.rateTile("insights.abandoned", rows, "abandoned", "attempts", t.AbandonedRate, &b.AbandonedRate, 0),
		v.rateTile("insights.revoked", rows, "revoked", "claimed", t.RevokedRate, &b.RevokedRate, 0),
		v.selfService(r.Visits),
		v.rateTile("insights.upper", v.behind(report.RowsVisits, report.Cell{}), "no_ticket", "sought", r.Visits.UpperBound, nil, 0),
	}
	v.Blocks = append(v.Blocks, v.deflectionOverTime(r), v.deflectionByCategory(r), v.funnelBlock(r))
	for _, cut := range []struct {
		id   string // the dimension
		name func(string) string
		rows []report.Deflected
	}{
		{report.ByLang, func(x string) string { return v.loc.T("language." + x) }, r.Langs},
		{report.ByTier, func(x string) string { return v.named("tier.", x) }, r.Tiers},
		{report.ByRoute, func(x string) string { return v.orUnknown(x) }, r.Routes},
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
	t := tile{Label: v.loc.T("insights.self"), Figure: cell{Text: nothing}, About: v.loc.T("insights.self_about"), Notes: []cell{{Text: v.loc.T("insights.no_data")}}}
	if r.SelfRatio.OK {
		visits, authors := v.behind(report.RowsVisits, report.Cell{}), v.behind(report.RowsAuthors, report.Cell{})
		t.Figure = visits.link(cell{Text: v.loc.Decimal(r.SelfRatio.Value, 1)}, "visits", "", r.Visits)
		t.Notes = []cell{
			visits.link(cell{Text: v.loc.N("insights.self_visits", r.Visits)}, "visits", "", r.Visits),
			authors.link(cell{Text: v.loc.N("insights.self_authors", r.Authors)}, "authors", "", r.Authors),
		}
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
	return v.drawn(l.Draw(), func(row, column int) cell {
		step := r.Steps[row]
		rows := v.behind(report.RowsAttempts, report.Cell{}).in(step.Period)
		if column == 1 {
			return v.rated(rows, "confirmed", "could_see", step.ConfirmedRate)
		}
		return v.rated(rows, "assumed", "could_see", step.AssumedRate)
	})
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
	return v.drawn(b.Draw(), func(row, column int) cell {
		d := r.Categories[row]
		rows := v.behind(report.RowsAttempts, report.Cell{Dim: report.ByCategory, Value: d.Value})
		switch column {
		case 1:
			return v.rated(rows, "confirmed", "could_see", d.ConfirmedRate)
		case 4:
			return v.rated(rows, "assumed", "could_see", d.AssumedRate)
		case 5:
			return v.counted(rows, "could_see", d.CouldSee)
		case 6:
			return v.counted(rows, "tickets", d.Tickets)
		case 7:
			return v.counted(rows, "revoked", d.Revoked)
		}
		return cell{} // the interval and the target are not counted
	})
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
	return v.drawn(b.Draw(), func(row, _ int) cell {
		st := r.Funnel[row]
		return v.counted(v.behind(report.RowsAttempts, report.Cell{}), funnelFields[st.Name], st.N)
	})
}

// funnelFields are the fields of the rows behind each stage.
var funnelFields = map[string]string{
	"wrote": "attempts", "could_see": "could_see", "shown": "shown", "opened": "opened", "dwelt": "dwelt", "claimed": "claimed", "ticket": "tickets",
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
		rows := v.behind(report.RowsAttempts, report.Cell{Dim: id, Value: d.Value})
		b.Rows = append(b.Rows, []cell{
			{Text: name(d.Value)}, v.counted(rows, "attempts", d.Attempts), v.counted(rows, "could_see", d.CouldSee),
			v.rated(rows, "confirmed", "could_see", d.ConfirmedRate), v.rated(rows, "assumed", "could_see", d.AssumedRate),
			v.rated(rows, "abandoned", "attempts", d.AbandonedRate), v.rated(rows, "tickets", "attempts", d.TicketRate), v.rated(rows, "revoked", "claimed", d.RevokedRate),
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
		of := v.behind(report.RowsArticleAttempts, a.ArticleKey.Cell())
		b.Rows = append(b.Rows, []cell{
			s.articleCell(a.Lang, a.Article), {Text: a.Lang}, v.counted(of, "suggested", a.Suggested), v.counted(of, "opened", a.Opened),
			v.counted(of, "confirmed", a.Confirmed), v.counted(of, "ticketed", a.Ticketed), v.counted(of, "revoked", a.Revoked),
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
