package web

import (
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// experimentRoutes are the hold-out's page and the rows behind the figures.
func (s *Server) experimentRoutes() {
	s.get("/staff/experiment", s.staffMay(team.SeeFigures, s.experiment))
	s.post("/staff/experiment", 0, s.staffMay(team.ChangeExperiment, s.experimentSet))
	s.get("/staff/experiment.csv", s.staffMay(team.SeeFigures, s.experimentCSV))
	s.get("/staff/experiment.json", s.staffMay(team.SeeFigures, s.experimentJSON))
	s.get("/staff/attempts", s.staffMay(team.SeeFigures, s.attempts))
	s.get("/staff/attempts.csv", s.staffMay(team.SeeFigures, func(c *gin.Context, m *ticket.Staff) error { return s.attemptsFile(c, m, csvRows) }))
	s.get("/staff/attempts.json", s.staffMay(team.SeeFigures, func(c *gin.Context, m *ticket.Staff) error { return s.attemptsFile(c, m, jsonRows) }))
	s.get("/staff/attempts/:id", s.staffMay(team.SeeFigures, s.attempt))
}

var experimentPage = definePage[experimentView]("staff_experiment")

// experimentEffects are the effects an outlook may ask for.
var experimentEffects = []float64{.10, .25, .50}

// outlookDays is the time over which attempts a day are counted.
const outlookDays = 28

type experimentView struct {
	Chrome
	Desk     desk
	Now      deflect.Period
	Findings deflect.Findings
	Reading  string // text key of what the interval says
	Percent  int    // of the estimate, rounded; its size when it is negative
	NoFloor  bool   // the always-valid interval has no lower bound
	Arms     []armRow
	Rows     string // query of the rows behind Waiting and Excluded
	Periods  []periodRow
	Assumed  deflect.Assumptions
	Effects  []float64
	Outlooks []deflect.Outlook
	May      bool // change the share
	Saved    bool
	Share    string // as typed
	Reason   string
	Redraw   bool
	MaxShare int
	Errors   map[string]string
}

// armRow is one arm over all periods.
type armRow struct {
	Arm     deflect.Group
	Rate    deflect.Interval
	Tickets int
	Path    string // of its rows
}

// periodRow is a period with who began it.
type periodRow struct {
	deflect.Stratum
	By   string
	Path string
}

// experiment shows the hold-out's settings and result (D-32).
func (s *Server) experiment(c *gin.Context, m *ticket.Staff) error {
	return s.showExperiment(c, m, http.StatusOK, experimentView{Saved: c.Query("saved") == "1"}, nil)
}

func (s *Server) showExperiment(c *gin.Context, m *ticket.Staff, status int, v experimentView, wrong *errs.Error) error {
	ctx, db, loc := c.Request.Context(), s.opt.Support.Store, s.locale(c)
	v.Chrome = s.staffChrome(c, "staff.experiment.title")
	v.May, v.MaxShare, v.Effects = may(m, team.ChangeExperiment), int(math.Round(deflect.MaxShare*100)), experimentEffects
	v.Errors = map[string]string{}
	if wrong != nil {
		for _, f := range wrong.Fields {
			v.Errors[f.Name] = loc.Text(f.Key, f.Args)
		}
	}
	var err error
	if v.Desk, err = s.desk(c, m, "experiment"); err != nil {
		return err
	}
	if v.Now, err = db.CurrentPeriod(ctx); err != nil {
		return err
	}
	if wrong == nil {
		v.Share = strings.Replace(strconv.FormatFloat(math.Round(v.Now.Share*10_000)/100, 'f', -1, 64), ".", loc.decimal, 1)
	}
	strata, err := db.Strata(ctx)
	if err != nil {
		return err
	}
	v.Findings = deflect.Find(strata)
	v.read()
	names, err := db.StaffNames(ctx)
	if err != nil {
		return err
	}
	for _, st := range slices.Backward(strata) {
		v.Periods = append(v.Periods, periodRow{st, names[st.Actor], "/staff/attempts?period=" + url.QueryEscape(st.ID)})
	}
	return s.outlook(c, status, v)
}

// read puts the findings into the words of the page.
func (v *experimentView) read() {
	f := v.Findings
	v.Arms = []armRow{
		{deflect.Treatment, deflect.Wilson(f.All.TreatedTickets, f.All.Treated), f.All.TreatedTickets, armPath(deflect.Treatment)},
		{deflect.Holdout, deflect.Wilson(f.All.HeldTickets, f.All.Held), f.All.HeldTickets, armPath(deflect.Holdout)},
	}
	switch e := f.Estimate; {
	case !f.Known && v.Now.Share == 0 && f.All.Held == 0:
		v.Reading = "staff.experiment.off"
	case !f.Known && f.All.Held == 0:
		v.Reading = "staff.experiment.none_held"
	case !f.Known && f.All.HeldTickets == 0:
		v.Reading = "staff.experiment.no_tickets"
	case !f.Known:
		v.Reading = "staff.experiment.no_overlap"
	case e.Low > 0:
		v.Reading = "staff.experiment.prevents"
	case e.High < 0:
		v.Reading = "staff.experiment.harms"
	default:
		v.Reading = "staff.experiment.open"
	}
	v.Percent = int(math.Round(math.Abs(f.Estimate.Rate) * 100))
	v.NoFloor = math.IsInf(f.Estimate.AnytimeLow, -1)
}

func armPath(arm deflect.Group) string {
	return "/staff/attempts?counted=1&state=judged&arm=" + string(arm)
}

// outlook says when each share would have answered, and shows the page.
func (s *Server) outlook(c *gin.Context, status int, v experimentView) error {
	now := s.opt.Clock.Now()
	n, first, err := s.opt.Support.Store.CountedSince(c.Request.Context(), now.AddDate(0, 0, -outlookDays))
	if err != nil {
		return err
	}
	perDay := 0.0
	if n > 0 {
		perDay = float64(n) / max(1, math.Ceil(now.Sub(first).Hours()/24))
	}
	effect := deflect.AssumedEffect
	if asked, err := strconv.ParseFloat(c.Query("effect"), 64); err == nil && slices.Contains(experimentEffects, asked) {
		effect = asked
	}
	v.Assumed = v.Findings.Assume(effect, perDay)
	shares := slices.Clone(deflect.PlanShares)
	if v.Now.Share > 0 && !slices.Contains(shares, v.Now.Share) {
		shares = append(shares, v.Now.Share)
		slices.Sort(shares)
	}
	v.Outlooks = v.Findings.Outlooks(v.Assumed, now, shares...)
	return render(s, c, status, experimentPage, v)
}

// experimentSet begins a period with another share.
func (s *Server) experimentSet(c *gin.Context, m *ticket.Staff) error {
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	f := c.Request.PostForm
	v := experimentView{Share: clip(f.Get("share"), 20), Reason: f.Get("reason"), Redraw: f.Get("redraw") == "1"}
	_, err := s.opt.Support.Trial.Change(c.Request.Context(), parseShare(v.Share), v.Redraw, m.ID, v.Reason)
	if errs.Is(err, errs.Invalid) {
		return s.showExperiment(c, m, http.StatusUnprocessableEntity, v, asError(err))
	}
	if err != nil {
		return err
	}
	s.redirect(c, http.StatusSeeOther, "/staff/experiment?saved=1")
	return nil
}

// parseShare reads a percentage as people type it; not a number when it is
// none.
func parseShare(text string) float64 {
	text = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "%"))
	percent, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
	if err != nil {
		return math.NaN()
	}
	return math.Round(percent*100) / 10_000
}

// experimentCSV is the periods with their counts: what the estimate rests on.
func (s *Server) experimentCSV(c *gin.Context, _ *ticket.Staff) error {
	strata, err := s.opt.Support.Store.Strata(c.Request.Context())
	if err != nil {
		return err
	}
	rows := [][]string{{"period", "from", "share", "seed", "n_treatment", "tickets_treatment", "n_holdout", "tickets_holdout", "waiting", "excluded"}}
	for _, st := range strata {
		row := []string{st.ID, st.From.UTC().Format(time.RFC3339), strconv.FormatFloat(st.Share, 'g', -1, 64), st.Seed}
		for _, n := range []int{st.Treated, st.TreatedTickets, st.Held, st.HeldTickets, st.Waiting, st.Excluded} {
			row = append(row, strconv.Itoa(n))
		}
		rows = append(rows, row)
	}
	return s.writeCSV(c, "experiment.csv", rows)
}

// experimentJSON is the estimate with the periods it rests on, for programs.
func (s *Server) experimentJSON(c *gin.Context, _ *ticket.Staff) error {
	strata, err := s.opt.Support.Store.Strata(c.Request.Context())
	if err != nil {
		return err
	}
	type period struct {
		deflect.EstimateLine
		From     time.Time `json:"from"`
		Share    float64   `json:"share"`
		Seed     string    `json:"seed"`
		Waiting  int       `json:"waiting"`
		Excluded int       `json:"excluded"`
	}
	found := deflect.Find(strata)
	periods, arms := []period{}, []deflect.Arms{}
	for _, st := range strata {
		periods = append(periods, period{st.Line(st.ID), st.From.UTC(), st.Share, st.Seed, st.Waiting, st.Excluded})
		arms = append(arms, st.Arms)
	}
	s.writeOK(c, map[string]any{"all": found.All.Line("all", arms...), "waiting": found.Waiting, "excluded": found.Excluded, "periods": periods})
	return nil
}
