package web

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

var (
	incidentsPage = definePage[incidentsView]("staff_incidents")
	incidentPage  = definePage[incidentView]("staff_incident")
)

// IncidentStore is what the pages of known issues read.
type IncidentStore interface {
	Incidents(ctx context.Context, all bool, limit int) ([]ticket.IncidentRow, error)
	IncidentByID(ctx context.Context, id string) (ticket.Incident, error)
	TicketsOfIncident(ctx context.Context, id string) ([]ticket.Ticket, error)
	IncidentAnswers(ctx context.Context, incidentID string) ([]ticket.IncidentAnswer, error)
}

// maxIncidents is how many known issues are listed.
const maxIncidents = 100

type incidentsView struct {
	Chrome
	Desk  desk
	All   bool
	Rows  []ticket.IncidentRow
	Typed typed
}

// incidentView is a known issue with the tickets it gathers.
type incidentView struct {
	Chrome
	Desk     desk
	Incident ticket.Incident
	By       string
	Tickets  []ticket.Ticket
	Langs    []choice // the customers' languages, when there are several
	Answers  []messageView
	Cause    causePanel
	Typed    typed
	Summary  string
}

// incidents lists the known issues.
func (s *Server) incidents(c *gin.Context, m *ticket.Staff) error {
	return s.showIncidents(c, m, http.StatusOK, nil)
}

func (s *Server) showIncidents(c *gin.Context, m *ticket.Staff, status int, wrong *errs.Error) error {
	v := incidentsView{Chrome: s.staffChrome(c, "staff.incidents.title"), All: c.Query("all") == "1", Typed: typedIn(s.locale(c), c.Request.PostForm, wrong)}
	var err error
	if v.Desk, err = s.desk(c, m, "incidents"); err != nil {
		return err
	}
	if v.Rows, err = s.opt.Support.Store.Incidents(c.Request.Context(), v.All, maxIncidents); err != nil {
		return err
	}
	return render(s, c, status, incidentsPage, v)
}

// typedIn is what was typed into a form that was refused, empty when none was.
func typedIn(loc *Locale, f url.Values, wrong *errs.Error) typed {
	if wrong == nil {
		return typed{}
	}
	t := typed{action: f.Get("action"), form: f, errors: map[string]string{}}
	for _, field := range wrong.Fields {
		t.errors[field.Name] = loc.Text(field.Key, field.Args)
	}
	return t
}

// incidentOpen makes a known issue.
func (s *Server) incidentOpen(c *gin.Context, m *ticket.Staff) error {
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	f := c.Request.PostForm
	id, err := s.opt.Support.Tickets.OpenIncident(c.Request.Context(), m.ID, f.Get("title"), f.Get("summary"))
	if errs.Is(err, errs.Invalid) {
		return s.showIncidents(c, m, http.StatusUnprocessableEntity, asError(err))
	}
	if err != nil {
		return err
	}
	s.redirect(c, http.StatusSeeOther, "/staff/incidents/"+id)
	return nil
}

// incident shows a known issue, its tickets and what was answered to all of them.
func (s *Server) incident(c *gin.Context, m *ticket.Staff) error {
	return s.showIncident(c, m, http.StatusOK, nil)
}

func (s *Server) showIncident(c *gin.Context, m *ticket.Staff, status int, wrong *errs.Error) error {
	ctx, db, loc := c.Request.Context(), s.opt.Support.Store, s.locale(c)
	i, err := db.IncidentByID(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	names, err := db.StaffNames(ctx)
	if err != nil {
		return err
	}
	v := incidentView{Chrome: s.staffChrome(c, "staff.incidents.one", "Number", i.Number), Incident: i, By: names[i.Staff], Typed: typedIn(loc, c.Request.PostForm, wrong)}
	if wrong != nil {
		v.Summary = failureText(loc, failures[wrong.Kind], wrong)
	}
	if v.Desk, err = s.desk(c, m, "incidents"); err != nil {
		return err
	}
	if v.Tickets, err = db.TicketsOfIncident(ctx, i.ID); err != nil {
		return err
	}
	v.Langs = s.languagesOf(v.Tickets, c.PostForm("lang"))
	if v.Cause, err = s.causeOf(ctx, i.ID, "/staff/incidents/"+i.ID, time.Time{}, names); err != nil {
		return err
	}
	answers, err := db.IncidentAnswers(ctx, i.ID)
	for _, a := range answers {
		v.Answers = append(v.Answers, messageView{Author: names[a.Staff], Staff: true, Body: a.Body, At: a.At})
	}
	if err != nil {
		return err
	}
	return render(s, c, status, incidentPage, v)
}

// languagesOf are the languages in which the customers of tickets wrote, none
// when there is only one.
func (s *Server) languagesOf(tickets []ticket.Ticket, chosen string) []choice {
	count := map[string]int{}
	for _, t := range tickets {
		if t.State.Active() {
			count[t.Lang]++
		}
	}
	var all []choice
	for _, lang := range slices.Sorted(maps.Keys(count)) {
		if loc := s.locales.Get(lang); loc != nil {
			all = append(all, choice{Value: lang, Text: fmt.Sprintf("%s (%d)", loc.Name, count[lang]), Selected: lang == chosen})
		}
	}
	if len(all) < 2 {
		return nil
	}
	return all
}

// incidentAct answers every ticket of a known issue, or changes what is known.
func (s *Server) incidentAct(c *gin.Context, m *ticket.Staff) error {
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	f, ctx, id, svc := c.Request.PostForm, c.Request.Context(), c.Param("id"), s.opt.Support.Tickets
	var err error
	switch f.Get("action") {
	case "answer":
		err = svc.AnswerIncident(ctx, id, number(f.Get("version")), m.ID, f.Get("lang"), f.Get("reply"), ticket.State(f.Get("then")))
	case "edit":
		err = svc.EditIncident(ctx, id, number(f.Get("version")), f.Get("title"), f.Get("summary"), f.Get("resolved") == "1")
	default:
		err = errs.InvalidFields(errs.Field{Name: "action", Key: "error.field.choice"})
	}
	switch errs.KindOf(err) {
	case "":
		s.redirect(c, http.StatusSeeOther, "/staff/incidents/"+id)
		return nil
	case errs.Invalid:
		return s.showIncident(c, m, http.StatusUnprocessableEntity, asError(err))
	case errs.Conflict:
		return s.showIncident(c, m, http.StatusConflict, asError(err))
	}
	return err
}
