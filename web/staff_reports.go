package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// reportRoutes are the periodic reports (the reference's section 7.2): a list,
// and a page for each, which prints well and comes as JSON and CSV too.
func (s *Server) reportRoutes() {
	s.get("/staff/reports", s.staffMay(team.SeeFigures, s.reportList))
	s.get("/staff/reports/:cadence/:from", s.staffMay(team.SeeFigures, s.report))
	s.get("/staff/reports/:cadence/:from/json", s.staffMay(team.SeeFigures, s.reportJSON))
	s.get("/staff/reports/:cadence/:from/csv", s.staffMay(team.SeeFigures, s.reportCSV))
}

// reportHead is what a report's page has instead of the choice of a period.
type reportHead struct {
	Before, After string // paths of the reports beside it, "" for none
	JSON          string
}

// reportsListed is how many reports of each cadence the list has.
const reportsListed = 8

func (s *Server) reportList(c *gin.Context, m *ticket.Staff) error {
	v, err := s.reportsView(c, m)
	if err != nil {
		return err
	}
	v.Title, v.Lead = v.loc.T("reports.title"), v.loc.T("reports.lead")
	v.Report = &reportHead{}
	now := s.opt.Clock.Now()
	for _, cadence := range report.Cadences {
		b := block{ID: string(cadence), Title: v.loc.T("report.cadence." + string(cadence)), Head: []column{{Name: v.loc.T("reports.period")}, {Name: v.loc.T("reports.made")}}}
		for p, n := cadence.Latest(now, s.opt.Zone), 0; n < reportsListed; p, n = cadence.Holding(p.From.Add(-1), s.opt.Zone), n+1 {
			b.Rows = append(b.Rows, []cell{{Text: v.periodName(cadence, p), Path: reportPath(cadence, p)}, {Text: v.loc.DateTime(cadence.Due(p))}})
		}
		v.Blocks = append(v.Blocks, b)
	}
	return render(s, c, http.StatusOK, insightsPage, *v)
}

func reportPath(c report.Cadence, p report.Period) string {
	return "/staff/reports/" + string(c) + "/" + string(p.From)
}

// periodName is a report's period in words.
func (v *insightsView) periodName(c report.Cadence, p report.Period) string {
	from, to := p.Start(), p.To.Start(p.Zone)
	switch c {
	case report.Daily:
		return v.loc.Date(from)
	case report.Monthly:
		return v.loc.T("reports.month", "Month", v.loc.months[from.Month()-1], "Year", from.Format("2006"))
	}
	return v.loc.T("reports.from_to", "From", v.loc.Date(from), "To", v.loc.Date(to))
}

func (s *Server) reportsView(c *gin.Context, m *ticket.Staff) (*insightsView, error) {
	loc := s.locale(c)
	v := &insightsView{Chrome: s.staffChrome(c, "reports.title"), Name: "reports", loc: loc, Tabs: s.insightTabs("reports"), Errors: map[string]string{}}
	v.Styles = append(v.Styles, "insights.css")
	var err error
	if v.Desk, err = s.desk(c, m, "insights"); err != nil {
		return nil, err
	}
	v.Rolled, err = s.opt.Support.Reports.Store.RolledUp(c.Request.Context())
	return v, err
}

// digest makes the report of an address; kind not_found for a cadence, or a
// day no period of it begins with, or one that is not over.
func (s *Server) digest(c *gin.Context) (report.Digest, error) {
	cadence := report.Cadence(c.Param("cadence"))
	from, err := report.ParseDay(c.Param("from"))
	if err != nil || !slices.Contains(report.Cadences, cadence) {
		return report.Digest{}, errs.Newf(errs.NotFound, "", "no report %q of %q", cadence, c.Param("from"))
	}
	p := cadence.Holding(from, s.opt.Zone)
	if p.From != from || p.Start().After(s.opt.Clock.Now()) {
		return report.Digest{}, errs.Newf(errs.NotFound, "", "no %s report begins on %s", cadence, from)
	}
	return s.opt.Support.Reports.Digest(c.Request.Context(), cadence, p, s.articleMeta())
}

func (s *Server) report(c *gin.Context, m *ticket.Staff) error {
	v, _, err := s.reportView(c, m)
	if err != nil {
		return err
	}
	return render(s, c, http.StatusOK, insightsPage, *v)
}

func (s *Server) reportJSON(c *gin.Context, _ *ticket.Staff) error {
	d, err := s.digest(c)
	if err != nil {
		return err
	}
	s.writeOK(c, d)
	return nil
}

// reportCSV is one table of the report.
func (s *Server) reportCSV(c *gin.Context, m *ticket.Staff) error {
	v, d, err := s.reportView(c, m)
	if err != nil {
		return err
	}
	for _, b := range v.Blocks {
		if b.ID == c.Query("table") {
			return s.writeCSV(c, d.Title()+"-"+b.ID+".csv", b.csv())
		}
	}
	return errs.Newf(errs.NotFound, "", "no table %q in the report", c.Query("table"))
}

func (s *Server) reportView(c *gin.Context, m *ticket.Staff) (*insightsView, report.Digest, error) {
	d, err := s.digest(c)
	if err != nil {
		return nil, d, err
	}
	v, err := s.reportsView(c, m)
	if err != nil {
		return nil, d, err
	}
	v.Period = d.Period
	v.Title, v.Lead = v.loc.T("report.cadence."+string(d.Cadence)), v.periodName(d.Cadence, d.Period)
	path := reportPath(d.Cadence, d.Period)
	v.Report = &reportHead{Before: reportPath(d.Cadence, d.Cadence.Holding(d.Period.From.Add(-1), s.opt.Zone)), JSON: path + "/json"}
	if next := d.Cadence.Holding(d.Period.To.Add(1), s.opt.Zone); !next.Start().After(s.opt.Clock.Now()) {
		v.Report.After = reportPath(d.Cadence, next)
	}
	for _, k := range d.KPIs {
		v.Tiles = append(v.Tiles, v.kpiTile(k))
	}
	names, err := s.opt.Support.Store.StaffNames(c.Request.Context())
	if err != nil {
		return nil, d, err
	}
	s.reportBlocks(v, d, names)
	for i := range v.Blocks {
		v.Blocks[i].CSV = path + "/csv?table=" + v.Blocks[i].ID
	}
	return v, d, nil
}

// reportBlocks are the parts of a report; what its cadence does not look at is
// left out, what it looked at and did not find is said.
func (s *Server) reportBlocks(v *insightsView, d report.Digest, names map[string]string) {
	if d.Cadence == report.Daily {
		v.Blocks = append(v.Blocks, v.urgentTable(d.Urgent))
	}
	if d.SLA != nil {
		v.Tiles = append(v.Tiles, v.impactTiles(d.SLA.Impact)...)
	}
	v.Blocks = append(v.Blocks, v.breachTable(d))
	if d.Cadence == report.Daily {
		return
	}
	v.Blocks = append(v.Blocks, v.correctiveTable(d.Causes))
	if d.SLA != nil {
		v.Blocks = append(v.Blocks, v.complianceTable("tiers", "tier.", d.SLA.Tiers), v.complianceTable("priorities", "", d.SLA.Priorities))
	}
	if len(d.Months) > 0 {
		v.Blocks = append(v.Blocks, v.monthsTable(d.Months))
	}
	v.Blocks = append(v.Blocks, v.volumeTable("categories", "category.", d.Categories))
	if d.Deflection != nil {
		v.Blocks = append(v.Blocks, v.deflectionByCategory(*d.Deflection))
	}
	unanswered := block{ID: "unanswered", Title: v.loc.T("insights.top.no_result"), None: v.loc.T("staff.deflection.no_searches"),
		Head: []column{{Name: v.loc.T("insights.query")}, {Name: v.loc.T("staff.deflection.lang")}, num(v.loc.T("insights.times"))}}
	for _, q := range d.Unanswered {
		unanswered.Rows = append(unanswered.Rows, []cell{{Text: q.Query, Lang: q.Lang}, {Text: q.Lang}, v.counted(v.behind(report.RowsQueries, report.QueryKey{Lang: q.Lang, Query: q.Query}.Cell()), "no_result", q.NoResult)})
	}
	v.Blocks = append(v.Blocks, unanswered)
	if d.Cadence == report.Weekly {
		return
	}
	articles := s.standingsTable(v, d.Articles)
	articles.Title, articles.None = v.loc.T("reports.articles"), v.loc.T("reports.articles_none")
	v.Blocks = append(v.Blocks, articles, v.agentsTable(d.Agents, names))
}

func (v *insightsView) urgentTable(rows []report.Urgent) block {
	b := block{ID: "urgent", Title: v.loc.T("reports.urgent"), None: v.loc.T("reports.urgent_none"), Head: []column{
		{Name: v.loc.T("reports.ticket")}, {Name: v.loc.T("insights.priorities_head")}, {Name: v.loc.T("insights.tiers_head")}, {Name: v.loc.T("reports.state")}, {Name: v.loc.T("reports.due")},
	}}
	for _, u := range rows {
		due := nothing
		if !u.Due.IsZero() {
			due = v.loc.DateTime(u.Due)
		}
		b.Rows = append(b.Rows, []cell{{Text: u.Number, Path: "/staff/tickets/" + u.ID}, {Text: u.Priority}, {Text: v.named("tier.", u.Tier)}, {Text: v.named("state.", u.State)}, {Text: due}})
	}
	return b
}

func (v *insightsView) breachTable(d report.Digest) block {
	title := "reports.breaches"
	if d.SLA != nil {
		title = "reports.worst"
	}
	b := block{ID: "breaches", Title: v.loc.T(title), None: v.loc.T("insights.no_breach"), Head: []column{
		{Name: v.loc.T("reports.ticket")}, {Name: v.loc.T("reports.customer")}, {Name: v.loc.T("reports.promise")}, {Name: v.loc.T("insights.priorities_head")},
		{Name: v.loc.T("insights.tiers_head")}, {Name: v.loc.T("reports.due")}, num(v.loc.T("reports.late")), {Name: v.loc.T("insights.cause")},
	}}
	for _, x := range d.Breaches {
		late := v.loc.T("reports.open")
		if x.LateBy > 0 {
			late = v.inUnit(report.UnitDuration, float64(x.LateBy))
		}
		customer := x.Customer
		if customer == "" {
			customer = nothing
		}
		cause := v.named("sla.cause.", string(x.Cause))
		if x.Note.Cause != "" {
			cause = x.Note.Cause
		}
		b.Rows = append(b.Rows, []cell{
			{Text: x.Number, Path: "/staff/tickets/" + x.Ticket}, {Text: customer}, {Text: v.named("target.", x.Target)}, {Text: x.Priority}, {Text: v.named("tier.", x.Tier)},
			{Text: v.loc.DateTime(x.At)}, {Text: late}, {Text: cause},
		})
	}
	return b
}

// correctiveTable is why promises were broken and what is done about it: the
// actions of the tickets' root-cause notes, else the standing advice.
func (v *insightsView) correctiveTable(rows []report.Corrective) block {
	b := block{ID: "causes", Title: v.loc.T("reports.causes"), None: v.loc.T("insights.no_breach"), Head: []column{
		{Name: v.loc.T("insights.cause")}, num(v.loc.T("kpi.breaches.name")), num(v.loc.T("insights.share")), {Name: v.loc.T("reports.actions")},
	}}
	for _, x := range rows {
		actions := v.loc.T(x.Advice)
		if len(x.Actions) > 0 {
			actions = strings.Join(x.Actions, " · ")
		}
		rows := v.behind(report.RowsTickets, report.Cell{})
		b.Rows = append(b.Rows, []cell{
			{Text: v.named("sla.cause.", string(x.Cause))}, v.counted(rows, report.CauseField(x.Cause), x.N), v.rated(rows, report.CauseField(x.Cause), "breached", x.Share), {Text: actions},
		})
	}
	return b
}

// impactTiles say what the broken promises mean for the customers.
func (v *insightsView) impactTiles(i report.Impact) []tile {
	tickets, customers, credits := v.behind(report.RowsBrokenTickets, report.Cell{}), v.behind(report.RowsBrokenCustomers, report.Cell{}), v.behind(report.RowsCredits, report.Cell{})
	granted := tile{
		Label: v.loc.T("reports.credits"), About: v.loc.T("reports.credits_about"),
		Figure: credits.link(cell{Text: v.inUnit(report.UnitMoney, float64(i.GrantedCents))}, "applied", "", i.Applied),
		Notes: []cell{
			credits.link(cell{Text: v.loc.N("reports.credits_n", i.Credits, "AtMost", v.inUnit(report.UnitMoney, float64(i.AtMostCents)))}, "credits", "", i.Credits),
			credits.link(cell{Text: v.loc.N("reports.credits_applied", i.Applied)}, "applied", "credits", i.Applied),
		},
	}
	if slices.ContainsFunc(v.Desk.More, func(e menuEntry) bool { return e.Here == "credits" }) {
		granted.Notes = append(granted.Notes, cell{Text: v.loc.T("reports.credits_see"), Path: "/staff/credits?state="})
	}
	return []tile{
		{
			Label: v.loc.T("reports.impact"), About: v.loc.T("reports.impact_about"),
			Figure: customers.link(cell{Text: v.loc.N("reports.customers", i.Customers)}, "customers", "", i.Customers),
			Notes: []cell{
				tickets.link(cell{Text: v.loc.N("reports.tickets", i.Tickets)}, "broken_tickets", "", i.Tickets),
				tickets.link(cell{Text: v.loc.N("reports.tickets_open", i.Open)}, "broken_open", "broken_tickets", i.Open),
				customers.link(cell{Text: v.loc.T("reports.mrr", "Value", v.inUnit(report.UnitMoney, float64(i.MRRCents)))}, "customers", "", i.Customers),
			},
		},
		granted,
	}
}

func (v *insightsView) monthsTable(months []report.CadenceComparison) block {
	b := block{ID: "months", Title: v.loc.T("reports.months"), Head: []column{{Name: v.loc.T("insights.kpi")}}}
	for _, m := range months {
		b.Head = append(b.Head, num(v.periodName(report.Monthly, m.Period)))
	}
	for i, k := range months[0].KPIs {
		row := []cell{{Text: v.loc.T("kpi." + string(k.ID) + ".name")}}
		for _, m := range months {
			row = append(row, v.kpiCell(m.KPIs[i], m.KPIs[i].Value, m.Period))
		}
		b.Rows = append(b.Rows, row)
	}
	return b
}
