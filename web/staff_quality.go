package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// QualityStore reads what customers and reviewers said of the team's work.
type QualityStore interface {
	Surveys(ctx context.Context, open bool, limit, offset int) ([]ticket.SurveyRow, error)
	QAReviews(ctx context.Context, month string) ([]ticket.QARow, error)
	NPSAnswers(ctx context.Context, quarter string, limit, offset int) ([]ticket.NPSRow, error)
	Credits(context.Context, ticket.CreditFilter) ([]ticket.CreditRow, error)
	CreditByID(ctx context.Context, id string) (ticket.Credit, error)
	// CreditCap is the month's cap in an account's contract, 0 for none (D-25).
	CreditCap(ctx context.Context, account string) (int, error)
}

// qualityRoutes are surveys and their reviews (D-27), quality samples (D-28),
// recommendations and credits (D-25, D-26).
func (s *Server) qualityRoutes() {
	s.get("/staff/quality", s.staffMay(team.ReviewQuality, s.surveys))
	s.post("/staff/quality", 0, s.staffMay(team.ReviewQuality, s.reviewSurvey))
	s.get("/staff/quality/nps", s.staffMay(team.ReviewQuality, s.staffNPS))
	s.post("/staff/quality/nps", 0, s.staffMay(team.ReviewQuality, s.contactDetractor))
	s.get("/staff/quality/samples", s.staffMay(team.ReviewQuality, s.samples))
	s.post("/staff/quality/samples", 0, s.staffMay(team.ReviewQuality, s.drawSample))
	s.get("/staff/quality/samples/:month/:ticket", s.staffMay(team.ReviewQuality, s.sample))
	s.post("/staff/quality/samples/:month/:ticket", 0, s.staffMay(team.ReviewQuality, s.scoreSample))
	s.get("/staff/credits", s.staffMay(team.DecideCredits, s.credits))
	s.get("/staff/credits.csv", s.staffMay(team.DecideCredits, s.creditsCSV))
	s.get("/staff/credits/:id", s.staffMay(team.DecideCredits, s.credit))
	s.post("/staff/credits/:id", 0, s.staffMay(team.DecideCredits, s.decideCredit))
}

var (
	surveysPage  = definePage[surveysView]("staff_quality")
	staffNPSPage = definePage[staffNPSView]("staff_quality_nps")
	samplesPage  = definePage[samplesView]("staff_quality_samples")
	samplePage   = definePage[sampleView]("staff_quality_sample")
)

const qualityRows = 200 // of a list; what is owed comes first

// qaTarget is the score the team wants to pass (D-28).
const qaTarget = 85

// qualityHead is what every page about quality begins with.
type qualityHead struct {
	Chrome
	Desk    desk
	Tab     string
	Errors  map[string]string // of a form that was refused
	Summary string
}

// qualityHead makes it, and says what the members of the staff are called.
func (s *Server) qualityHead(c *gin.Context, m *ticket.Staff, tab, title string, wrong *errs.Error) (qualityHead, map[string]string, error) {
	h := qualityHead{Chrome: s.staffChrome(c, title), Tab: tab}
	h.Errors, h.Summary = s.wrongWords(c, wrong)
	var err error
	if h.Desk, err = s.desk(c, m, "quality"); err != nil {
		return h, nil, err
	}
	names, err := s.opt.Support.Store.StaffNames(c.Request.Context())
	return h, names, err
}

type surveysView struct {
	qualityHead
	Open   []surveyView
	Recent []surveyView
	Wrong  string // ticket whose review was refused
	Review string
}

type surveyView struct {
	ticket.SurveyRow
	Owner, By string
}

// surveys lists the answers whose review is owed, and the latest ones (D-27).
func (s *Server) surveys(c *gin.Context, m *ticket.Staff) error {
	return s.showSurveys(c, m, http.StatusOK, nil)
}

func (s *Server) showSurveys(c *gin.Context, m *ticket.Staff, status int, wrong *errs.Error) error {
	head, names, err := s.qualityHead(c, m, "surveys", "staff.quality.title", wrong)
	if err != nil {
		return err
	}
	v := surveysView{qualityHead: head}
	if wrong != nil {
		v.Wrong, v.Review = c.Request.PostForm.Get("ticket"), c.Request.PostForm.Get("review")
	}
	for open, list := range map[bool]*[]surveyView{true: &v.Open, false: &v.Recent} {
		rows, err := s.opt.Support.Store.Surveys(c.Request.Context(), open, qualityRows, 0)
		if err != nil {
			return err
		}
		for _, r := range rows {
			*list = append(*list, surveyView{r, names[r.Assignee], names[r.Reviewer]})
		}
	}
	return render(s, c, status, surveysPage, v)
}

// reviewSurvey closes the mandatory review of a low score.
func (s *Server) reviewSurvey(c *gin.Context, m *ticket.Staff) error {
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	f := c.Request.PostForm
	err := s.opt.Support.Tickets.ReviewSurvey(c.Request.Context(), f.Get("ticket"), m.ID, f.Get("review"))
	if errs.Is(err, errs.Invalid) || errs.Is(err, errs.Conflict) {
		return s.showSurveys(c, m, failures[errs.KindOf(err)].status, asError(err))
	}
	if err != nil {
		return err
	}
	s.redirect(c, http.StatusSeeOther, "/staff/quality")
	return nil
}

type staffNPSView struct {
	qualityHead
	Quarter    string
	Previous   string
	Next       string // "" for the current quarter
	Rows       []staffNPSRow
	Promoters  int
	Passives   int
	Detractors int
	Score      int // promoters less detractors, in percent; shown with its count
	Wrong      string
	Note       string
}

type staffNPSRow struct {
	ticket.NPSRow
	By string
}

var quarterForm = regexp.MustCompile(`^(20\d\d)-Q([1-4])$`)

// quarterStep is the quarter n after one that has the right form.
func quarterStep(quarter string, n int) string {
	var year, q int
	if _, err := fmt.Sscanf(quarter, "%d-Q%d", &year, &q); err != nil {
		return quarter
	}
	at := year*4 + q - 1 + n
	return fmt.Sprintf("%d-Q%d", at/4, at%4+1)
}

// staffNPS lists who would recommend the company, those to be contacted first.
func (s *Server) staffNPS(c *gin.Context, m *ticket.Staff) error {
	return s.showStaffNPS(c, m, http.StatusOK, c.Query("quarter"), nil)
}

func (s *Server) showStaffNPS(c *gin.Context, m *ticket.Staff, status int, quarter string, wrong *errs.Error) error {
	head, names, err := s.qualityHead(c, m, "nps", "staff.quality.nps", wrong)
	if err != nil {
		return err
	}
	current := s.opt.Support.Tickets.Quarter(s.opt.Clock.Now())
	if !quarterForm.MatchString(quarter) {
		quarter = current
	}
	v := staffNPSView{qualityHead: head, Quarter: quarter, Previous: quarterStep(quarter, -1)}
	if quarter < current {
		v.Next = quarterStep(quarter, 1)
	}
	if wrong != nil {
		v.Wrong, v.Note = c.Request.PostForm.Get("person"), c.Request.PostForm.Get("note")
	}
	rows, err := s.opt.Support.Store.NPSAnswers(c.Request.Context(), quarter, 10*qualityRows, 0)
	if err != nil {
		return err
	}
	for _, r := range rows {
		v.Rows = append(v.Rows, staffNPSRow{r, names[r.ContactedBy]})
		switch {
		case r.Promoter():
			v.Promoters++
		case r.Detractor():
			v.Detractors++
		default:
			v.Passives++
		}
	}
	if n := len(rows); n > 0 {
		v.Score = (v.Promoters - v.Detractors) * 100 / n
	}
	return render(s, c, status, staffNPSPage, v)
}

// contactDetractor notes that somebody has talked to a detractor (D-27).
func (s *Server) contactDetractor(c *gin.Context, m *ticket.Staff) error {
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	f := c.Request.PostForm
	err := s.opt.Support.Tickets.ContactDetractor(c.Request.Context(), f.Get("person"), f.Get("quarter"), m.ID, f.Get("note"))
	if errs.Is(err, errs.Invalid) || errs.Is(err, errs.Conflict) {
		return s.showStaffNPS(c, m, failures[errs.KindOf(err)].status, f.Get("quarter"), asError(err))
	}
	if err != nil {
		return err
	}
	s.redirect(c, http.StatusSeeOther, "/staff/quality/nps?quarter="+url.QueryEscape(f.Get("quarter")))
	return nil
}

type samplesView struct {
	qualityHead
	Month          string // YYYY-MM
	Previous, Next string
	Over           bool // the month is over: its sample can be drawn
	Rows           []sampleRow
	Scored         int
	Mean           int
	Target         int
}

type sampleRow struct {
	ticket.QARow
	Whose, By string
	Own       bool // the reader's own work: somebody else scores it
}

const monthForm = "2006-01"

// samples lists the tickets drawn from a month (D-28), last month's first.
func (s *Server) samples(c *gin.Context, m *ticket.Staff) error {
	return s.showSamples(c, m, http.StatusOK, c.Query("month"), nil)
}

func (s *Server) showSamples(c *gin.Context, m *ticket.Staff, status int, month string, wrong *errs.Error) error {
	head, names, err := s.qualityHead(c, m, "samples", "staff.quality.samples", wrong)
	if err != nil {
		return err
	}
	now := s.opt.Clock.Now().In(s.opt.Zone)
	this := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	first, err := time.Parse(monthForm, month)
	if err != nil || first.After(this) {
		first = this.AddDate(0, -1, 0)
	}
	v := samplesView{
		qualityHead: head, Month: first.Format(monthForm),
		Previous: first.AddDate(0, -1, 0).Format(monthForm), Over: first.Before(this), Target: qaTarget,
	}
	if first.Before(this) {
		v.Next = first.AddDate(0, 1, 0).Format(monthForm)
	}
	rows, err := s.opt.Support.Store.QAReviews(c.Request.Context(), v.Month)
	if err != nil {
		return err
	}
	for _, r := range rows {
		v.Rows = append(v.Rows, sampleRow{r, names[r.Staff], names[r.Reviewer], r.Staff == m.ID})
		if !r.ScoredAt.IsZero() {
			v.Scored++
			v.Mean += r.Total
		}
	}
	if v.Scored > 0 {
		v.Mean = (v.Mean + v.Scored/2) / v.Scored
	}
	return render(s, c, status, samplesPage, v)
}

// DrawSeed is what decides a month's sample: made from the installation's
// secret, so that a draw can be repeated and not foreseen.
func DrawSeed(secret []byte, month string) string { return sign(secret, "qa", month) }

// drawSample draws a month's sample before it is drawn by itself, or completes
// it with what was closed again since.
func (s *Server) drawSample(c *gin.Context, m *ticket.Staff) error {
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	month := c.Request.PostForm.Get("month")
	err := s.opt.Support.Tickets.DrawQA(c.Request.Context(), month, DrawSeed(s.opt.Support.Secret, month))
	if errs.Is(err, errs.Invalid) || errs.Is(err, errs.Conflict) {
		return s.showSamples(c, m, failures[errs.KindOf(err)].status, month, asError(err))
	}
	if err != nil {
		return err
	}
	s.redirect(c, http.StatusSeeOther, "/staff/quality/samples?month="+url.QueryEscape(month))
	return nil
}

type sampleView struct {
	qualityHead
	Row      sampleRow
	Criteria []criterionView
	Comment  string
}

type criterionView struct {
	ticket.Criterion
	Score string
}

func (s *Server) sample(c *gin.Context, m *ticket.Staff) error {
	return s.showSample(c, m, http.StatusOK, nil)
}

func (s *Server) showSample(c *gin.Context, m *ticket.Staff, status int, wrong *errs.Error) error {
	head, names, err := s.qualityHead(c, m, "", "staff.quality.score", wrong)
	if err != nil {
		return err
	}
	rows, err := s.opt.Support.Store.QAReviews(c.Request.Context(), c.Param("month"))
	if err != nil {
		return err
	}
	v := sampleView{qualityHead: head}
	for _, r := range rows {
		if r.Ticket == c.Param("ticket") {
			v.Row = sampleRow{r, names[r.Staff], names[r.Reviewer], r.Staff == m.ID}
		}
	}
	if v.Row.Ticket == "" {
		return errs.Newf(errs.NotFound, "", "ticket %s is not in the sample of %s", c.Param("ticket"), c.Param("month"))
	}
	v.Comment = v.Row.Comment
	for _, k := range ticket.QACriteria {
		cv := criterionView{Criterion: k}
		if n, ok := v.Row.Scores[k.ID]; ok {
			cv.Score = fmt.Sprint(n)
		}
		if wrong != nil {
			cv.Score, v.Comment = c.Request.PostForm.Get(k.ID), c.Request.PostForm.Get("comment")
		}
		v.Criteria = append(v.Criteria, cv)
	}
	return render(s, c, status, samplePage, v)
}

// scoreSample stores what a reviewer found.
func (s *Server) scoreSample(c *gin.Context, m *ticket.Staff) error {
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	f, scores := c.Request.PostForm, map[string]int{}
	for _, k := range ticket.QACriteria {
		var n int
		if _, err := fmt.Sscanf(f.Get(k.ID)+" ", "%d ", &n); err == nil {
			scores[k.ID] = n
		}
	}
	month := c.Param("month")
	err := s.opt.Support.Tickets.ScoreQA(c.Request.Context(), month, c.Param("ticket"), m.ID, scores, f.Get("comment"))
	if errs.Is(err, errs.Invalid) {
		return s.showSample(c, m, http.StatusUnprocessableEntity, asError(err))
	}
	if err != nil {
		return err
	}
	s.redirect(c, http.StatusSeeOther, "/staff/quality/samples?month="+url.QueryEscape(month))
	return nil
}
