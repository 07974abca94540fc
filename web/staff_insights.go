package web

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/web/chart"
)

// insight is one of the pages of figures: its name in addresses and texts, and
// how it is filled from a period.
type insight struct {
	name string
	fill func(s *Server, c *gin.Context, v *insightsView, p report.Period) (figures any, err error)
}

// insights are the pages in the order of their tabs. The gaps and the reports
// have pages of their own kind between and after them.
var insights = []insight{
	{"deflection", (*Server).fillDeflection},
	{"search", (*Server).fillSearch},
	{"articles", (*Server).fillArticles},
	{"support", (*Server).fillSupport},
}

// insightRoutes are the pages of figures, each also as JSON, and every table on
// them as CSV.
func (s *Server) insightRoutes() {
	for _, in := range insights {
		path := "/staff/insights/" + in.name
		s.get(path, s.staffMay(team.SeeFigures, func(c *gin.Context, m *ticket.Staff) error { return s.insight(c, m, in) }))
		s.get(path+".json", s.staffMay(team.SeeFigures, func(c *gin.Context, m *ticket.Staff) error { return s.insightJSON(c, m, in) }))
		s.get(path+".csv", s.staffMay(team.SeeFigures, func(c *gin.Context, m *ticket.Staff) error { return s.insightCSV(c, m, in) }))
	}
	s.get("/staff/insights", s.staffMay(team.SeeFigures, func(c *gin.Context, _ *ticket.Staff) error {
		s.redirect(c, http.StatusSeeOther, "/staff/insights/deflection")
		return nil
	}))
}

var insightsPage = definePage[insightsView]("staff_insights")

// insightsView is a page of figures: tiles, drawings and tables.
type insightsView struct {
	Chrome
	Desk   desk
	Tabs   []insightTab
	Name   string
	Lead   string
	Period report.Period
	Query  string // of the period, for links
	JSON   string // path of the figures for programs
	Days   string // the period in words, for print
	Spans  []spanLink
	Errors map[string]string
	From   string // as typed
	To     string
	Rolled time.Time // the figures are complete up to here; zero before the first count
	Tiles  []tile
	Blocks []block
	Report *reportHead // of a periodic report; nil on the other pages
	loc    *Locale
}

type insightTab struct {
	Key, Path string
	Here      bool
}

// spanLink is a period to choose.
type spanLink struct {
	Days int
	Path string
	Here bool
}

// tile is a figure in large, with what it rests on.
type tile struct {
	Label  string
	Figure cell // "–" when there is nothing to say
	Notes  []cell
	Status string // text key of how it stands to its target, ""
	Good   bool
	About  string // its definition
}

// block is a part of the page: a drawing with its table, or a table alone.
type block struct {
	ID    string // names its CSV file too
	Title string
	Help  string
	Chart *chart.Figure
	Head  []column // of Chart, too
	Rows  [][]cell
	None  string // what is said without rows
	CSV   string
}

type column struct {
	Name string
	Num  bool
	Long bool // texts that people wrote
}

// cell is a value of a table.
type cell struct {
	Text string
	Path string
	N    int // how many rows Path leads to, where it leads to rows
	Lang string
	Flag string // a remark in a pill: "worse"
}

func (s *Server) insightsView(c *gin.Context, m *ticket.Staff, in insight) (*insightsView, any, error) {
	loc := s.locale(c)
	v := &insightsView{
		Chrome: s.staffChrome(c, "insights."+in.name+".title"), Name: in.name, Lead: loc.T("insights." + in.name + ".lead"), loc: loc,
		Tabs: s.insightTabs(in.name), Errors: map[string]string{},
	}
	v.Styles = append(v.Styles, "insights.css")
	p, wrong := s.reportPeriod(c)
	if wrong != nil {
		for _, f := range wrong.Fields {
			v.Errors[f.Name] = loc.Text(f.Key, f.Args)
		}
	}
	v.Period, v.From, v.To, v.Days = p, string(p.From), string(p.To), v.periodName("", p)
	if wrong != nil {
		v.From, v.To = c.Query("from"), c.Query("to")
	}
	v.Query = url.Values{"from": {string(p.From)}, "to": {string(p.To)}}.Encode()
	for _, days := range []int{30, 90, 365} {
		v.Spans = append(v.Spans, spanLink{Days: days, Path: "/staff/insights/" + in.name + "?days=" + strconv.Itoa(days), Here: p == report.LastDays(days, s.opt.Clock.Now(), s.opt.Zone)})
	}
	var err error
	if v.Desk, err = s.desk(c, m, "insights"); err != nil {
		return nil, nil, err
	}
	if v.Rolled, err = s.opt.Support.Reports.Store.RolledUp(c.Request.Context()); err != nil {
		return nil, nil, err
	}
	figures, err := in.fill(s, c, v, p)
	if err != nil {
		return nil, nil, err
	}
	v.JSON = "/staff/insights/" + in.name + ".json?" + v.Query
	for i := range v.Blocks {
		v.Blocks[i].CSV = "/staff/insights/" + in.name + ".csv?table=" + v.Blocks[i].ID + "&" + v.Query
	}
	return v, figures, nil
}

// insightTabs are the pages of figures; here is the one that is open.
func (s *Server) insightTabs(here string) []insightTab {
	var tabs []insightTab
	for _, name := range []string{"deflection", "search", "articles", "gaps", "support"} {
		tabs = append(tabs, insightTab{Key: "insights.tab." + name, Path: "/staff/insights/" + name, Here: name == here})
	}
	tabs = append(tabs, insightTab{Key: "insights.tab.reports", Path: "/staff/reports", Here: here == "reports"})
	return append(tabs, insightTab{Key: "insights.tab.experiment", Path: "/staff/experiment"})
}

// reportPeriod is ?from= and ?to=, or ?days=; the last 30 days by default and
// where what was asked for cannot be read.
func (s *Server) reportPeriod(c *gin.Context) (report.Period, *errs.Error) {
	now, zone := s.opt.Clock.Now(), s.opt.Zone
	if c.Query("from") != "" || c.Query("to") != "" {
		p, err := report.NewPeriod(c.Query("from"), c.Query("to"), zone)
		if err != nil {
			return report.LastDays(30, now, zone), asError(err)
		}
		return p, nil
	}
	days, err := strconv.Atoi(c.Query("days"))
	if err != nil || days < 1 || days > 3660 {
		days = 30
	}
	return report.LastDays(days, now, zone), nil
}

func (s *Server) insight(c *gin.Context, m *ticket.Staff, in insight) error {
	v, _, err := s.insightsView(c, m, in)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if len(v.Errors) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return render(s, c, status, insightsPage, *v)
}

// insightJSON is the page's figures for programs.
func (s *Server) insightJSON(c *gin.Context, m *ticket.Staff, in insight) error {
	v, figures, err := s.insightsView(c, m, in)
	if err != nil {
		return err
	}
	if len(v.Errors) > 0 {
		return errs.InvalidFields(errs.Field{Name: "from", Key: "error.report.day"})
	}
	s.writeOK(c, figures)
	return nil
}

// insightCSV is one table of the page.
func (s *Server) insightCSV(c *gin.Context, m *ticket.Staff, in insight) error {
	v, _, err := s.insightsView(c, m, in)
	if err != nil {
		return err
	}
	if len(v.Errors) > 0 {
		return errs.InvalidFields(errs.Field{Name: "from", Key: "error.report.day"})
	}
	for _, b := range v.Blocks {
		if b.ID == c.Query("table") {
			return s.writeCSV(c, in.name+"-"+b.ID+".csv", b.csv())
		}
	}
	return errs.Newf(errs.NotFound, "", "no table %q on the page %s", c.Query("table"), in.name)
}

// csv is the block's table; a drawing's is the one behind it.
func (b block) csv() [][]string {
	var head []string
	for _, h := range b.Head {
		head = append(head, h.Name)
	}
	rows := [][]string{head}
	for _, r := range b.Rows {
		var row []string
		for _, c := range r {
			if c.Flag != "" {
				c.Text += " (" + c.Flag + ")"
			}
			row = append(row, c.Text)
		}
		rows = append(rows, row)
	}
	return rows
}

// The ways figures are written. "–" is what is said of nothing.
const nothing = "–"

func (v *insightsView) count(n int) string { return v.loc.Number(n) }

func (v *insightsView) share(r report.Rate) string {
	if !r.OK {
		return nothing
	}
	return v.loc.Percent(r.Value, 1)
}

// interval is the 95 % interval of a rate and what it rests on.
func (v *insightsView) interval(r report.Rate) string {
	if !r.OK {
		return v.loc.T("insights.no_data")
	}
	return v.loc.N("insights.interval", r.N, "Low", v.loc.Percent(r.Low, 1), "High", v.loc.Percent(r.High, 1), "K", r.K)
}

func (v *insightsView) percent(x float64) string { return v.loc.Percent(x, 0) }

func (v *insightsView) whole(x float64) string { return v.loc.Decimal(x, 0) }

// before says what a share was in the period before.
func (v *insightsView) before(b behind, field, of string, now, before report.Rate) cell {
	if !now.OK || !before.OK {
		return cell{Text: v.loc.T("insights.before_none")}
	}
	c := v.rated(b.in(b.period.Before()), field, of, before)
	c.Text = v.loc.T("insights.before", "Value", v.loc.Percent(before.Value, 1))
	return c
}

// rateTile is a share with its interval, its target and the period before.
func (v *insightsView) rateTile(key string, b behind, field, of string, r report.Rate, before *report.Rate, target float64) tile {
	t := tile{Label: v.loc.T(key), Figure: v.rated(b, field, of, r), About: v.loc.T(key + "_about")}
	t.Notes = append(t.Notes, b.link(cell{Text: v.interval(r)}, of, "", r.N))
	if before != nil {
		t.Notes = append(t.Notes, v.before(b, field, of, r, *before))
	}
	if target > 0 {
		t.Notes = append(t.Notes, cell{Text: v.loc.T("insights.target", "Value", v.percent(target))})
		if r.OK {
			t.Good = r.Value >= target
			t.Status = "insights.missed"
			if t.Good {
				t.Status = "insights.met"
			}
		}
	}
	return t
}

func num(name string) column { return column{Name: name, Num: true} }

// stepName is a step of a curve: a day, the first day of a week, a month.
func (v *insightsView) stepName(p report.Period) string {
	t := p.Start()
	if p.Len() > 7 {
		return v.loc.T(monthKey(t)) + " " + t.Format("06")
	}
	return v.loc.T("month_short.day", "Day", strconv.Itoa(t.Day()), "Month", v.loc.T(monthKey(t)))
}

// monthKey is the text key of a month's short name.
func monthKey(t time.Time) string { return "month_short." + "m" + strconv.Itoa(int(t.Month())) }
