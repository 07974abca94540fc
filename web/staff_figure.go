package web

import (
	"math"
	"net/url"

	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/web/chart"
)

// behind are the rows behind the figures of a kind: the cut and the period they
// are of. Whatever the pages of figures show of them leads to them.
type behind struct {
	kind   report.RowKind
	cell   report.Cell
	period report.Period
}

func (v *insightsView) behind(kind report.RowKind, cell report.Cell) behind {
	return behind{kind, cell, v.Period}
}

// in is the same in another period.
func (b behind) in(p report.Period) behind {
	b.period = p
	return b
}

// path leads to the rows of a field; of is the field that it is a share of, ""
// for none.
func (b behind) path(field, of string) string {
	q := url.Values{"field": {field}, "from": {string(b.period.From)}, "to": {string(b.period.To)}}
	if b.cell.Dim != "" {
		q.Set("dim", b.cell.Dim)
		q.Set("value", b.cell.Value)
	}
	if of != "" {
		q.Set("of", of)
	}
	return "/staff/rows/" + string(b.kind) + "?" + q.Encode()
}

// link makes a cell lead to the n rows of a field; there is nothing to see
// behind a 0.
func (b behind) link(c cell, field, of string, n int) cell {
	if n > 0 {
		c.Path, c.N = b.path(field, of), n
	}
	return c
}

// counted is a number with its rows.
func (v *insightsView) counted(b behind, field string, n int) cell {
	return b.link(cell{Text: v.count(n)}, field, "", n)
}

// rated is a share with the rows that make it, which lead on to those that it
// is a share of. Where none make it, these are shown at once.
func (v *insightsView) rated(b behind, field, of string, r report.Rate) cell {
	c := cell{Text: v.share(r)}
	if r.K == 0 {
		return b.link(c, of, "", r.N)
	}
	return b.link(c, field, of, r.K)
}

// drawn is a drawing as a block of the page. at gives the cell of its table at
// a row and column, with the rows behind it; a nil at leaves the texts alone.
func (v *insightsView) drawn(f chart.Figure, at func(row, column int) cell) block {
	b := block{ID: f.ID, Title: f.Title, Chart: &f, None: v.loc.T("insights.no_figure")}
	for i, name := range f.Head {
		b.Head = append(b.Head, column{Name: name, Num: i > 0})
	}
	for i, texts := range f.Rows {
		row := make([]cell, len(texts))
		for j, text := range texts {
			row[j].Text = text
			if j > 0 && at != nil {
				found := at(i, j)
				row[j].Path, row[j].N = found.Path, found.N
			}
		}
		b.Rows = append(b.Rows, row)
	}
	return b
}

// kpiRows say which rows are behind each support figure: those of field, of all
// those of the field of.
var kpiRows = map[report.KPIID]struct {
	kind      report.RowKind
	cell      report.Cell
	field, of string
}{
	report.KPICreated:         {kind: report.RowsTickets, field: "created"},
	report.KPIResolved:        {kind: report.RowsTickets, field: "resolved"},
	report.KPIBacklog:         {kind: report.RowsBacklog, field: "owed"},
	report.KPIPerAuthor:       {kind: report.RowsAuthors, field: "authors"},
	report.KPIFirstBusiness:   {kind: report.RowsTickets, field: "first_response"},
	report.KPIFirstCalendar:   {kind: report.RowsTickets, field: "first_response"},
	report.KPISolvedBusiness:  {kind: report.RowsTickets, field: "resolution_time"},
	report.KPISolvedCalendar:  {kind: report.RowsTickets, field: "resolution_time"},
	report.KPICompliance:      {kind: report.RowsTickets, field: "met", of: "decided"},
	report.KPIBreaches:        {kind: report.RowsTickets, field: "breached"},
	report.KPICSAT:            {kind: report.RowsSurveys, field: "satisfied", of: "csat"},
	report.KPINPS:             {kind: report.RowsSurveys, field: "nps"},
	report.KPIFirstContact:    {kind: report.RowsTickets, field: "first_time", of: "answered"},
	report.KPIReopened:        {kind: report.RowsTickets, field: "returned", of: "first_solved"},
	report.KPIEscalated:       {kind: report.RowsTickets, field: "escalated", of: "created"},
	report.KPIPerAgentDay:     {kind: report.RowsAgentDays, cell: report.Cell{Dim: report.ByAgent, Value: report.AnyValue}, field: "days"},
	report.KPIHandleTime:      {kind: report.RowsTickets, field: "handled"},
	report.KPICost:            {kind: report.RowsTickets, field: "resolved"},
	report.KPIAutomation:      {kind: report.RowsTickets, field: "automatic", of: "solved"},
	report.KPIDeflectionClaim: {kind: report.RowsAttempts, field: "confirmed", of: "could_see"},
}

// kpiCell is a support figure of a period with the rows behind it.
func (v *insightsView) kpiCell(k report.KPI, n report.Number, p report.Period) cell {
	c := cell{Text: v.figure(k.Unit, n)}
	rows, ok := kpiRows[k.ID]
	if !ok || !n.OK {
		return c
	}
	b := behind{rows.kind, rows.cell, p}
	switch {
	case rows.of != "": // a share: Number has only what it rests on
		return v.kpiShare(b, c, rows.field, rows.of, int(math.Round(n.Value*float64(n.N))), n.N)
	case n.N > 0: // what a mean or a quotient rests on
		return b.link(c, rows.field, "", n.N)
	}
	return b.link(c, rows.field, "", int(n.Value))
}

func (v *insightsView) kpiShare(b behind, c cell, field, of string, k, n int) cell {
	if k == 0 {
		return b.link(c, of, "", n)
	}
	return b.link(c, field, of, k)
}
