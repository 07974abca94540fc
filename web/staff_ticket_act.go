package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// formAct is one of the ticket page's forms as it was sent.
type formAct struct {
	id      string // of the ticket
	version int64  // of the ticket when the page was made
	staff   *ticket.Staff
	form    url.Values
}

// by is who acts.
func (a formAct) by() ticket.Actor { return ticket.Actor{Kind: ticket.ByStaff, ID: a.staff.ID} }

// number reads a whole number, 0 when it is none.
func number(text string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// ticketActions does what the buttons of the ticket page ask for, by the
// button's value. The answer is the path to show next, "" for the same page.
var ticketActions = map[string]func(*Server, context.Context, formAct) (next string, err error){
	"note": func(s *Server, ctx context.Context, a formAct) (string, error) {
		return "", s.opt.Support.Tickets.Note(ctx, a.id, a.version, a.staff.ID, a.form.Get("note"))
	},
	"state": func(s *Server, ctx context.Context, a formAct) (string, error) {
		return "", s.opt.Support.Tickets.SetState(ctx, a.id, a.version, a.staff.ID, ticket.State(a.form.Get("state")), a.form.Get("reason"))
	},
	"priority": func(s *Server, ctx context.Context, a formAct) (string, error) {
		return "", s.opt.Support.Tickets.SetPriority(ctx, a.id, a.version, a.staff.ID, ticket.Priority(a.form.Get("priority")), a.form.Get("reason"))
	},
	"tier": func(s *Server, ctx context.Context, a formAct) (string, error) {
		return "", s.opt.Support.Tickets.SetTier(ctx, a.id, a.version, a.by(), ticket.Tier(a.form.Get("tier")), a.form.Get("reason"))
	},
	"assign": func(s *Server, ctx context.Context, a formAct) (string, error) {
		return "", s.opt.Support.Tickets.Assign(ctx, a.id, a.version, a.by(), owner(a.form.Get("assignee"), a.staff.ID), a.form.Get("reason"))
	},
	"take": func(s *Server, ctx context.Context, a formAct) (string, error) {
		return "", s.opt.Support.Tickets.Assign(ctx, a.id, a.version, a.by(), a.staff.ID, "")
	},
	"tags": func(s *Server, ctx context.Context, a formAct) (string, error) {
		return "", s.opt.Support.Tickets.SetTags(ctx, a.id, a.version, a.by(), splitTags(a.form.Get("tags")))
	},
	"category": func(s *Server, ctx context.Context, a formAct) (string, error) {
		category, kind, _ := strings.Cut(a.form.Get("category"), "/")
		c := ticket.Classification{Category: category, Subcategory: kind, Component: a.form.Get("component")}
		return "", s.opt.Support.Tickets.SetCategory(ctx, a.id, a.version, a.by(), c)
	},
	"join": func(s *Server, ctx context.Context, a formAct) (string, error) {
		return "", s.opt.Support.Tickets.JoinIncident(ctx, a.id, a.version, a.staff.ID, a.form.Get("incident"))
	},
	"leave": func(s *Server, ctx context.Context, a formAct) (string, error) {
		return "", s.opt.Support.Tickets.LeaveIncident(ctx, a.id, a.version, a.staff.ID)
	},
	"watch": func(s *Server, ctx context.Context, a formAct) (string, error) {
		return "", s.opt.Support.Tickets.Watch(ctx, a.id, a.staff.ID)
	},
	"unwatch": func(s *Server, ctx context.Context, a formAct) (string, error) {
		return "", s.opt.Support.Tickets.Unwatch(ctx, a.id, a.staff.ID)
	},
	"time": func(s *Server, ctx context.Context, a formAct) (string, error) {
		return "", s.opt.Support.Tickets.LogTime(ctx, a.id, a.version, a.staff.ID, int(number(a.form.Get("minutes"))), a.form.Get("what"))
	},
	"link": func(s *Server, ctx context.Context, a formAct) (string, error) {
		other, err := s.otherTicket(ctx, a.form.Get("other"))
		if err != nil {
			return "", err
		}
		return "", s.opt.Support.Tickets.Link(ctx, a.id, a.version, a.staff.ID, other.ID, ticket.LinkKind(a.form.Get("kind")))
	},
	"unlink": func(s *Server, ctx context.Context, a formAct) (string, error) {
		return "", s.opt.Support.Tickets.Unlink(ctx, a.id, a.version, a.staff.ID, a.form.Get("other"), ticket.LinkKind(a.form.Get("kind")))
	},
	"merge": func(s *Server, ctx context.Context, a formAct) (string, error) {
		other, err := s.otherTicket(ctx, a.form.Get("other"))
		if err != nil {
			return "", err
		}
		return "/staff/tickets/" + other.ID, s.opt.Support.Tickets.Merge(ctx, a.id, other.ID, a.version, a.staff.ID, a.form.Get("reason"))
	},
	"split": func(s *Server, ctx context.Context, a formAct) (string, error) {
		id, err := s.opt.Support.Tickets.Split(ctx, a.id, a.version, a.staff.ID, ticket.Split{
			Messages: a.form["message"], Subject: a.form.Get("subject"), Reason: a.form.Get("reason"),
		})
		return "/staff/tickets/" + id, err
	},
}

// owner is the staff id behind a choice of the assignee's select.
func owner(choice, me string) string {
	switch choice {
	case ticket.AssigneeNone:
		return ""
	case ticket.AssigneeMe:
		return me
	}
	return choice
}

// splitTags reads tags separated by commas or spaces.
func splitTags(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '#' })
}

// otherTicket finds the ticket that somebody named by its number.
func (s *Server) otherTicket(ctx context.Context, text string) (ticket.Ticket, error) {
	t, err := s.opt.Support.Store.TicketByNumber(ctx, strings.ToUpper(strings.TrimSpace(text)))
	if errs.Is(err, errs.NotFound) {
		return t, errs.InvalidFields(errs.Field{Name: "other", Key: "error.field.ticket"})
	}
	return t, err
}

// staffAct takes the ticket page's forms.
func (s *Server) staffAct(c *gin.Context, m *ticket.Staff) error {
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	f := c.Request.PostForm
	a := formAct{id: c.Param("id"), version: number(f.Get("version")), staff: m, form: f}
	act := ticketActions[f.Get("action")]
	if a.version < 1 || act == nil {
		return errs.InvalidFields(errs.Field{Name: "action", Key: "error.field.choice"})
	}
	next, err := act(s, c.Request.Context(), a)
	switch errs.KindOf(err) {
	case "":
		if next == "" {
			next = "/staff/tickets/" + a.id
		}
		s.redirect(c, http.StatusSeeOther, next)
		return nil
	case errs.Invalid:
		return s.showTicket(c, m, http.StatusUnprocessableEntity, asError(err))
	case errs.Conflict:
		return s.showTicket(c, m, http.StatusConflict, asError(err))
	}
	return err
}
