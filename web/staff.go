package web

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/notify"
	"github.com/vmcloud/ricochet/deflect/policy"
	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/internal/jobs"
	"github.com/vmcloud/ricochet/kb"
)

// staffRoutes are the desk's pages. They carry no language in their address:
// the account has one.
func (s *Server) staffRoutes() {
	s.alertRoutes()
	s.accountRoutes()
	s.composeRoutes()
	s.insightRoutes()
	s.rowRoutes()
	s.costRoutes()
	s.reportRoutes()
	s.gapRoutes()
	s.deskRoutes()
	s.experimentRoutes()
	s.personRoutes()
	s.get("/staff/deflection", s.staffMay(team.SeeFigures, s.deflection))
	s.get("/staff/deflection.csv", s.staffMay(team.SeeFigures, s.deflectionCSV))
	s.get("/staff/deflection.json", s.staffMay(team.SeeFigures, s.deflectionJSON))
	s.get("/staff/quarantine", s.staffMay(team.WorkTickets, s.quarantine))
	s.post("/staff/quarantine/:id", 0, s.staffMay(team.WorkTickets, s.quarantineAct))
	s.get("/staff/status", s.staffMay(team.SeeFigures, s.status))
}

var (
	quarantinePage = definePage[quarantineView]("staff_quarantine")
	statusPage     = definePage[statusView]("staff_status")
)

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
	Rules    policy.RulesStatus
	Policy   policy.SetStatus
	Articles int
	Used     int64
	Quota    int64
}

// status shows what needs the attention of whoever runs the site: content
// that could not be read, files that were refused, mail that did not leave.
func (s *Server) status(c *gin.Context, m *ticket.Staff) error {
	sup := s.opt.Support
	v := statusView{
		Chrome: s.staffChrome(c, "staff.status.title"), MailTo: sup.MailTo, NoServer: sup.MailFiles, Problems: sup.Problems(),
		Rules: sup.Rules.Status(), Policy: sup.Policy(), Used: sup.Files.Used() >> 20, Quota: sup.Files.Quota() >> 20,
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

// wrong counts what status shows of mistakes in files.
func (s *Server) wrong() int {
	sup := s.opt.Support
	now := sup.Policy()
	return len(sup.Problems()) + len(sup.Rules.Status().Problems) + len(now.Problems) + len(now.Feeds)
}
