package web

import (
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/web/chart"
)

// fillSupport is the team's figures of the reference's section 7.1.
func (s *Server) fillSupport(c *gin.Context, v *insightsView, p report.Period) (any, error) {
	r, err := s.opt.Support.Reports.Support(c.Request.Context(), p)
	if err != nil {
		return nil, err
	}
	for _, k := range r.KPIs {
		v.Tiles = append(v.Tiles, v.kpiTile(k))
	}
	for _, id := range []report.KPIID{report.KPICreated, report.KPICompliance, report.KPIFirstBusiness, report.KPISolvedBusiness, report.KPICSAT, report.KPIBacklog} {
		v.Blocks = append(v.Blocks, v.kpiCurve(r.KPI(id), r.KPI(report.KPICreated)))
	}
	v.Blocks = append(v.Blocks, v.kpiTrends(r.KPIs), v.complianceTable("tiers", "tier.", r.Tiers), v.complianceTable("priorities", "", r.Priorities), v.causesTable(r.Causes))
	v.Blocks = append(v.Blocks, v.volumeTable("categories", "category.", r.Categories), v.volumeTable("channels", "insights.channel_", r.Channels))
	names, err := s.opt.Support.Store.StaffNames(c.Request.Context())
	if err != nil {
		return nil, err
	}
	v.Blocks = append(v.Blocks, v.agentsTable(r.Agents, names))
	return r, nil
}

// volumeDims are the dimensions of the tables of volumes.
var volumeDims = map[string]string{"categories": report.ByCategory, "channels": report.ByChannel}

func (v *insightsView) volumeTable(id, table string, rows []report.Volume) block {
	b := block{ID: id, Title: v.loc.T("insights." + id), None: v.loc.T("insights.no_figure"),
		Head: []column{{Name: v.loc.T("insights." + id + "_head")}, num(v.loc.T("kpi.created.name")), num(v.loc.T("kpi.resolved.name"))}}
	for _, x := range rows {
		rows := v.behind(report.RowsTickets, report.Cell{Dim: volumeDims[id], Value: x.Value})
		b.Rows = append(b.Rows, []cell{{Text: v.named(table, x.Value)}, v.counted(rows, "created", x.Created), v.counted(rows, "resolved", x.Resolved)})
	}
	return b
}

func (v *insightsView) agentsTable(rows []report.AgentWork, names map[string]string) block {
	b := block{ID: "agents", Title: v.loc.T("insights.agents"), None: v.loc.T("insights.no_figure"),
		Head: []column{{Name: v.loc.T("insights.agent")}, num(v.loc.T("insights.replies")), num(v.loc.T("kpi.resolved.name")), num(v.loc.T("insights.days_worked"))}}
	for _, a := range rows {
		own := report.Cell{Dim: report.ByAgent, Value: a.Staff}
		did := v.behind(report.RowsTickets, own)
		b.Rows = append(b.Rows, []cell{
			{Text: v.orUnknown(names[a.Staff])}, v.counted(did, "replies", a.Replies), v.counted(did, "resolved", a.Resolved), v.counted(v.behind(report.RowsAgentDays, own), "days", a.Days),
		})
	}
	return b
}

// figure writes a KPI's value in its unit.
func (v *insightsView) figure(u report.Unit, n report.Number) string {
	if !n.OK {
		return nothing
	}
	return v.inUnit(u, n.Value)
}

func (v *insightsView) inUnit(u report.Unit, x float64) string {
	switch u {
	case report.UnitShare:
		return v.loc.Percent(x, 1)
	case report.UnitDuration:
		return v.loc.Hours(time.Duration(x) * time.Second)
	case report.UnitMoney:
		return v.loc.T("number.euro", "N", v.loc.Decimal(x/100, 2))
	case report.UnitPoints:
		return v.loc.Decimal(x, 0)
	}
	if x == float64(int(x)) {
		return v.loc.Number(int(x))
	}
	return v.loc.Decimal(x, 1)
}

func (v *insightsView) kpiTile(k report.KPI) tile {
	key := "kpi." + string(k.ID)
	t := tile{Label: v.loc.T(key + ".name"), Figure: v.kpiCell(k, k.Value, v.Period), About: v.loc.T(key + ".definition")}
	note := func(text string) { t.Notes = append(t.Notes, cell{Text: text}) }
	if k.ID == report.KPICost {
		t.Notes = append(t.Notes, cell{Text: v.loc.T("costs.see"), Path: "/staff/costs"})
	}
	switch {
	case !k.Value.OK && k.ID == report.KPICost:
		note(v.loc.T("costs.unknown"))
	case !k.Value.OK && k.ID == report.KPIHandleTime:
		note(v.loc.T("insights.no_work"))
	case !k.Value.OK:
		note(v.loc.T("insights.no_data"))
	case k.Unit == report.UnitShare:
		rows := kpiRows[k.ID]
		t.Notes = append(t.Notes, behind{rows.kind, rows.cell, v.Period}.link(cell{Text: v.interval(k.Share)}, rows.of, "", k.Share.N))
	case k.Unit == report.UnitDuration:
		rows := kpiRows[k.ID]
		text := v.loc.T("insights.spread", "Median", v.inUnit(k.Unit, k.Spread.Median), "P90", v.inUnit(k.Unit, k.Spread.P90), "N", k.Spread.N)
		t.Notes = append(t.Notes, behind{rows.kind, rows.cell, v.Period}.link(cell{Text: text}, rows.field, "", k.Spread.N))
	}
	for _, w := range k.Windows {
		if w.Days == 30 && w.Before.OK {
			c := v.kpiCell(k, w.Before, v.Period.Last(30).Before())
			c.Text = v.loc.T("insights.before_30", "Value", v.inUnit(k.Unit, w.Before.Value))
			if v.Period.Len() != w.Days && w.Value.OK { // a week is not held against a month
				c.Text = v.loc.T("insights.trend_30", "Value", v.inUnit(k.Unit, w.Value.Value), "Before", v.inUnit(k.Unit, w.Before.Value))
			}
			t.Notes = append(t.Notes, c)
		}
	}
	if k.Goal.OK {
		key := "insights.goal_least"
		if k.Goal.AtMost {
			key = "insights.goal_most"
		}
		note(v.loc.T(key, "Value", v.inUnit(k.Unit, k.Goal.Value)))
		if met, known := k.Goal.Met(k.Value); known {
			t.Good, t.Status = met, "insights.missed"
			if met {
				t.Status = "insights.met"
			} else if k.Unit == report.UnitShare && t.Figure.Text == v.inUnit(k.Unit, k.Goal.Value) {
				t.Figure.Text = v.loc.Percent(k.Value.Value, 2) // 94.98 % must not read as the 95.0 % it missed
			}
		}
	}
	return t
}

// kpiCurve is a figure over the period. Counts of a time without tickets, of
// which created tells, are a line along 0 that says nothing: it is not drawn.
func (v *insightsView) kpiCurve(k, created report.KPI) block {
	lived := created.Value.Value > 0 || slices.ContainsFunc(k.Points, func(p report.Point) bool { return p.Value != 0 })
	name := v.loc.T("kpi." + string(k.ID) + ".name")
	l := chart.Line{
		ID: "kpi-" + string(k.ID), Title: name, StepHead: v.loc.T("insights.step"), Missing: nothing, Whole: k.Unit == report.UnitCount,
		Format: func(x float64) string { return v.inUnit(k.Unit, x) }, Target: chart.If(k.Goal.Value, k.Goal.OK), TargetName: v.loc.T("insights.target_name"),
		Summary: v.loc.T("insights.curve_summary", "Value", v.figure(k.Unit, k.Value)),
	}
	switch k.Unit {
	case report.UnitShare:
		l.Most, l.Format = 1, v.percent
	case report.UnitDuration: // an axis in seconds has no round numbers
		l.Format = func(x float64) string { return v.loc.T("span.hour", "N", v.loc.Decimal(x, 1)) }
		l.Target.V /= 3600
	}
	series := chart.Series{Name: name}
	for _, pt := range k.Points {
		l.Steps = append(l.Steps, v.stepName(pt.Period))
		x := pt.Value
		if k.Unit == report.UnitDuration {
			x /= 3600
		}
		series.Values = append(series.Values, chart.If(x, pt.OK && lived))
	}
	l.Series = []chart.Series{series}
	return v.drawn(l.Draw(), func(row, _ int) cell { return v.kpiCell(k, k.Points[row].Number, k.Points[row].Period) })
}

// kpiTrends is every figure over the last 30, 60 and 90 days beside as many
// days before.
func (v *insightsView) kpiTrends(all []report.KPI) block {
	b := block{ID: "trends", Title: v.loc.T("insights.trends"), Help: v.loc.T("insights.trends_help"), Head: []column{{Name: v.loc.T("insights.kpi")}}}
	for _, days := range []int{30, 60, 90} {
		b.Head = append(b.Head, num(v.loc.T("insights.last_days", "N", days)), num(v.loc.T("insights.days_before", "N", days)))
	}
	for _, k := range all {
		row := []cell{{Text: v.loc.T("kpi." + string(k.ID) + ".name")}}
		for _, w := range k.Windows {
			last := v.Period.Last(w.Days)
			row = append(row, v.kpiCell(k, w.Value, last), v.kpiCell(k, w.Before, last.Before()))
		}
		b.Rows = append(b.Rows, row)
	}
	return b
}

// complianceDims are the dimensions of the tables of promises.
var complianceDims = map[string]string{"tiers": report.ByTier, "priorities": report.ByPriority}

func (v *insightsView) complianceTable(id, table string, rows []report.Compliance) block {
	b := block{ID: id, Title: v.loc.T("insights." + id), None: v.loc.T("insights.no_figure"), Head: []column{
		{Name: v.loc.T("insights." + id + "_head")}, num(v.loc.T("kpi.compliance.name")), num(v.loc.T("insights.first_response")), num(v.loc.T("insights.resolution")),
		num(v.loc.T("kpi.breaches.name")), num(v.loc.T("insights.late_best_effort")), num(v.loc.T("kpi.created.name")),
	}}
	for _, r := range rows {
		name := r.Value
		if table != "" {
			name = v.named(table, r.Value)
		}
		of := v.behind(report.RowsTickets, report.Cell{Dim: complianceDims[id], Value: r.Value})
		b.Rows = append(b.Rows, []cell{
			{Text: name}, v.rated(of, "met", "decided", r.All), v.rated(of, "first_met", "first_decided", r.First), v.rated(of, "solved_met", "solved_decided", r.Solved),
			v.counted(of, "breached", r.Breached), v.counted(of, "late", r.Late), v.counted(of, "created", r.Created),
		})
	}
	return b
}

func (v *insightsView) causesTable(causes map[report.Cause]int) block {
	b := block{ID: "causes", Title: v.loc.T("insights.causes"), None: v.loc.T("insights.no_breach"), Head: []column{{Name: v.loc.T("insights.cause")}, num(v.loc.T("kpi.breaches.name"))}}
	for _, cause := range report.Causes {
		if n := causes[cause]; n > 0 {
			b.Rows = append(b.Rows, []cell{{Text: v.loc.T("sla.cause." + string(cause))}, v.counted(v.behind(report.RowsTickets, report.Cell{}), report.CauseField(cause), n)})
		}
	}
	return b
}
