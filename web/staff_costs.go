package web

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// costRoutes are the page of what the team costs: everybody who sees figures
// sees what the cost of a ticket rests on, some may change it.
func (s *Server) costRoutes() {
	s.get("/staff/costs", s.staffMay(team.SeeFigures, s.costs))
	s.post("/staff/costs", 0, s.staffMay(team.ChangeCosts, s.costSet))
	s.get("/staff/costs.csv", s.staffMay(team.SeeFigures, s.costsCSV))
}

var costsPage = definePage[costsView]("staff_costs")

type costsView struct {
	Chrome
	Desk   desk
	May    bool // change it
	Saved  bool
	Cost   string // as typed, euros a month
	From   string
	Errors map[string]string
	Rows   []costRow
}

// costRow is a statement with who made it.
type costRow struct {
	team.Cost
	Day    time.Time
	Amount string // "" when the cost is no longer known
	By     string
	Past   bool // a later statement is about the same day
}

func (s *Server) costs(c *gin.Context, m *ticket.Staff) error {
	return s.showCosts(c, m, http.StatusOK, costsView{Saved: c.Query("saved") == "1"}, nil)
}

func (s *Server) showCosts(c *gin.Context, m *ticket.Staff, status int, v costsView, wrong *errs.Error) error {
	ctx, loc := c.Request.Context(), s.locale(c)
	v.Chrome, v.May = s.staffChrome(c, "costs.title"), may(m, team.ChangeCosts)
	v.Errors, _ = s.wrongWords(c, wrong)
	if v.From == "" && wrong == nil {
		v.From = string(report.DayOf(s.opt.Clock.Now(), s.opt.Zone))[:len("2006-01")] + "-01"
	}
	var err error
	if v.Desk, err = s.desk(c, m, "costs"); err != nil {
		return err
	}
	list, err := s.opt.Support.Store.CostHistory(ctx)
	if err != nil {
		return err
	}
	names, err := s.opt.Support.Store.StaffNames(ctx)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, x := range list {
		row := costRow{Cost: x, By: names[x.Staff], Past: known[x.From], Day: report.Day(x.From).Start(s.opt.Zone)}
		if x.Cents > 0 {
			row.Amount = loc.T("number.euro", "N", loc.Decimal(float64(x.Cents)/100, 2))
		}
		known[x.From] = true
		v.Rows = append(v.Rows, row)
	}
	return render(s, c, status, costsPage, v)
}

// costSet takes the form.
func (s *Server) costSet(c *gin.Context, m *ticket.Staff) error {
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	f := c.Request.PostForm
	v := costsView{Cost: clip(f.Get("cost"), 30), From: clip(f.Get("from"), 20)}
	err := s.opt.Support.Team.SetCost(c.Request.Context(), m.ID, v.From, parseEuros(v.Cost))
	if errs.Is(err, errs.Invalid) {
		return s.showCosts(c, m, http.StatusUnprocessableEntity, v, asError(err))
	}
	if err != nil {
		return err
	}
	s.redirect(c, http.StatusSeeOther, "/staff/costs?saved=1")
	return nil
}

// parseEuros reads an amount as people type it ("4 000,50", "4000.5 €") in
// cents; -1 for what is none.
func parseEuros(text string) int64 {
	text = strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\u00a0', '\u202f', '€', '\'', '’':
			return -1
		case ',':
			return '.'
		}
		return r
	}, text)
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(x) || x < 0 || x > 1e12 {
		return -1
	}
	return int64(math.Round(x * 100))
}

// costsCSV is the history as a file.
func (s *Server) costsCSV(c *gin.Context, _ *ticket.Staff) error {
	list, err := s.opt.Support.Store.CostHistory(c.Request.Context())
	if err != nil {
		return err
	}
	rows := [][]string{{"from", "cents_a_month", "staff", "set_at"}}
	for _, x := range list {
		rows = append(rows, []string{x.From, strconv.FormatInt(x.Cents, 10), x.Staff, stamp(x.At)})
	}
	return s.writeCSV(c, "costs.csv", rows)
}
