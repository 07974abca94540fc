package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/notify"
	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/internal/jobs"
	"github.com/vmcloud/ricochet/kb"
)

// staffRoutes are the desk's pages. They carry no language in their address:
// the account has one.
func (s *Server) staffRoutes() {
	s.get("/staff/login", s.loginForm)
	s.post("/staff/login", 0, s.login)
	s.get("/staff/setup", s.setupForm)
	s.post("/staff/setup", 0, s.setup)
	s.post("/staff/logout", 0, s.staffOnly(s.logout))
	s.get("/staff", s.staffOnly(s.queue))
	s.get("/staff/tickets/:id", s.staffOnly(s.staffTicket))
	s.post("/staff/tickets/:id", 0, s.staffOnly(s.staffAct))
	s.get("/staff/tickets/:id/files/:file", s.staffOnly(s.staffFile))
	s.get("/staff/deflection", s.staffOnly(s.deflection))
	s.get("/staff/deflection.csv", s.staffOnly(s.deflectionCSV))
	s.get("/staff/quarantine", s.staffOnly(s.quarantine))
	s.post("/staff/quarantine/:id", 0, s.staffOnly(s.quarantineAct))
	s.get("/staff/status", s.staffOnly(s.status))
}

var (
	queuePage      = definePage[queueView]("staff_queue")
	quarantinePage = definePage[quarantineView]("staff_quarantine")
	statusPage     = definePage[statusView]("staff_status")
	deflectionPage = definePage[deflectionView]("staff_deflection")
)

// desk is what the staff pages' menu shows.
type desk struct {
	Here       string
	Active     int
	Quarantine int
	Problems   int
	Me         string
}

func (s *Server) desk(c *gin.Context, m *ticket.Staff, here string) (desk, error) {
	d := desk{Here: here, Me: m.Name, Problems: len(s.opt.Support.Problems())}
	var err error
	if d.Active, _, err = s.opt.Support.Store.CountTickets(c.Request.Context()); err != nil {
		return d, err
	}
	d.Quarantine, err = s.opt.Support.Store.CountQuarantine(c.Request.Context())
	return d, err
}

const queuePerPage = 50

type queueView struct {
	Chrome
	Desk desk
	Rows []queueRow
	All  bool
	Page int
	Prev string
	Next string
}

type queueRow struct {
	ticket.QueueRow
	Due    dueView
	HasDue bool
}

// queue lists the tickets by what is due next.
func (s *Server) queue(c *gin.Context, m *ticket.Staff) error {
	v := queueView{Chrome: s.staffChrome(c, "staff.queue.title"), All: c.Query("all") == "1", Page: pageNumber(c.Query("page"))}
	var err error
	if v.Desk, err = s.desk(c, m, "queue"); err != nil {
		return err
	}
	rows, err := s.opt.Support.Store.Queue(c.Request.Context(), ticket.QueueFilter{
		Active: !v.All, Limit: queuePerPage + 1, Offset: (v.Page - 1) * queuePerPage,
	})
	if err != nil {
		return err
	}
	if len(rows) > queuePerPage {
		rows = rows[:queuePerPage]
		v.Next = queuePath(v.All, v.Page+1)
	}
	if v.Page > 1 {
		v.Prev = queuePath(v.All, v.Page-1)
	}
	now := s.opt.Clock.Now()
	for _, r := range rows {
		q := queueRow{QueueRow: r}
		q.Due, q.HasDue = nextDue(r.Ticket, now)
		v.Rows = append(v.Rows, q)
	}
	return render(s, c, http.StatusOK, queuePage, v)
}

func queuePath(all bool, page int) string {
	path := "/staff?page=" + strconv.Itoa(page)
	if all {
		path += "&all=1"
	}
	return path
}

// nextDue is the promise that breaks next.
func nextDue(t ticket.Ticket, now time.Time) (dueView, bool) {
	at, name := t.NextDue()
	for _, d := range dueViews(t, now) {
		if d.Name == name && d.Due.Equal(at) {
			return d, true
		}
	}
	return dueView{}, false
}

type quarantineView struct {
	Chrome
	Desk desk
	Rows []intake.Quarantined
}

// quarantine lists what the robot check held back.
func (s *Server) quarantine(c *gin.Context, m *ticket.Staff) error {
	v := quarantineView{Chrome: s.staffChrome(c, "staff.quarantine.title")}
	var err error
	if v.Desk, err = s.desk(c, m, "quarantine"); err != nil {
		return err
	}
	if v.Rows, err = s.opt.Support.Store.OpenQuarantine(c.Request.Context(), 200); err != nil {
		return err
	}
	return render(s, c, http.StatusOK, quarantinePage, v)
}

// quarantineAct makes a held message a ticket, or puts it aside.
func (s *Server) quarantineAct(c *gin.Context, m *ticket.Staff) error {
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	ctx, id := c.Request.Context(), c.Param("id")
	switch c.Request.PostForm.Get("action") {
	case "release":
		r, err := s.opt.Support.Intake.Release(ctx, id, m.ID)
		if err != nil {
			return err
		}
		s.redirect(c, http.StatusSeeOther, "/staff/tickets/"+r.TicketID)
		return nil
	case "dismiss":
		if err := s.opt.Support.Store.DismissQuarantine(ctx, id); err != nil {
			return err
		}
		s.redirect(c, http.StatusSeeOther, "/staff/quarantine")
		return nil
	}
	return errs.InvalidFields(errs.Field{Name: "action", Key: "error.field.choice"})
}

type statusView struct {
	Chrome
	Desk     desk
	MailTo   string
	NoServer bool // mails become files
	Queued   int
	Sent     int
	Suppress int
	Dead     []jobs.Dead
	Problems []kb.Problem
	Articles int
	Used     int64
	Quota    int64
}

// status shows what needs the attention of whoever runs the site: content
// that could not be read, mail that did not leave.
func (s *Server) status(c *gin.Context, m *ticket.Staff) error {
	sup := s.opt.Support
	v := statusView{
		Chrome: s.staffChrome(c, "staff.status.title"), MailTo: sup.MailTo, NoServer: sup.MailFiles, Problems: sup.Problems(),
		Used: sup.Files.Used() >> 20, Quota: sup.Files.Quota() >> 20,
	}
	library := s.current().library
	for _, lang := range library.Langs() {
		v.Articles += len(library.Articles(lang))
	}
	var err error
	if v.Desk, err = s.desk(c, m, "status"); err != nil {
		return err
	}
	mails, err := sup.Store.MailCounts(c.Request.Context())
	if err != nil {
		return err
	}
	v.Queued, v.Sent, v.Suppress = mails[notify.Queued], mails[notify.Sent], mails[notify.Suppressed]
	if v.Dead, err = sup.Store.DeadJobs(c.Request.Context(), 50); err != nil {
		return err
	}
	return render(s, c, http.StatusOK, statusPage, v)
}

type deflectionView struct {
	Chrome
	Desk     desk
	From, To time.Time // To is the last day shown
	Rows     []report.Deflection
	Total    report.Deflection
	Helpful  []helpfulRow
	Top      []report.SearchCount
	Empty    []report.SearchCount
}

type helpfulRow struct {
	report.HelpfulCounts
	Title string
	Path  string
}

// deflection shows what came of the attempts to contact the team (D-32,
// D-33), from the rows themselves.
func (s *Server) deflection(c *gin.Context, m *ticket.Staff) error {
	ctx, db := c.Request.Context(), s.opt.Support.Store
	from, to := s.period(c)
	v := deflectionView{Chrome: s.staffChrome(c, "staff.deflection.title"), From: from, To: to.AddDate(0, 0, -1)}
	var err error
	if v.Desk, err = s.desk(c, m, "deflection"); err != nil {
		return err
	}
	counts, err := db.DeflectionCounts(ctx, from, to)
	if err != nil {
		return err
	}
	v.Rows, v.Total = report.Deflections(counts)
	helpful, err := db.Helpful(ctx, from, to)
	if err != nil {
		return err
	}
	for _, h := range helpful {
		row := helpfulRow{HelpfulCounts: h, Title: h.Article}
		if a := s.current().library.ByPair(h.Lang, h.Article); a != nil {
			row.Title, row.Path = a.Title, a.URL()
		}
		v.Helpful = append(v.Helpful, row)
	}
	if v.Top, err = db.TopSearches(ctx, from, to, false, 20); err != nil {
		return err
	}
	if v.Empty, err = db.TopSearches(ctx, from, to, true, 20); err != nil {
		return err
	}
	return render(s, c, http.StatusOK, deflectionPage, v)
}

// period is ?from= to ?to= (days, both included) in the site's time zone; by
// default the last 30 days. Days that cannot be read count as not given.
func (s *Server) period(c *gin.Context) (from, to time.Time) {
	zone := s.opt.Zone
	now := s.opt.Clock.Now().In(zone)
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, zone)
	from, to = today.AddDate(0, 0, -29), today.AddDate(0, 0, 1)
	if d, err := time.ParseInLocation(time.DateOnly, c.Query("to"), zone); err == nil {
		to = d.AddDate(0, 0, 1)
		from = to.AddDate(0, 0, -30)
	}
	if d, err := time.ParseInLocation(time.DateOnly, c.Query("from"), zone); err == nil && d.Before(to) {
		from = d
	}
	return from, to
}
