package web

import (
	"cmp"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

var ticketPage = definePage[ticketView]("staff_ticket")

// ticketView is a ticket as the desk sees it.
type ticketView struct {
	Chrome
	Desk       desk
	Ticket     ticket.Ticket
	Customer   ticket.CustomerView
	Assignee   string
	Targets    []dueView
	Thread     []messageView // messages and, between them, what changed
	Moves      []ticket.State
	Priorities []ticket.Priority
	Reply      string
	Note       string
	Reason     string
	Errors     map[string]string
	Summary    string
}

func (s *Server) staffTicket(c *gin.Context, m *ticket.Staff) error {
	return s.showTicket(c, m, http.StatusOK, nil)
}

func (s *Server) showTicket(c *gin.Context, m *ticket.Staff, status int, wrong *errs.Error) error {
	ctx, db, loc := c.Request.Context(), s.opt.Support.Store, s.locale(c)
	t, err := db.TicketByID(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	v := ticketView{
		Chrome: s.staffChrome(c, "staff.ticket.title", "Number", t.Number), Ticket: t, Targets: dueViews(t, s.opt.Clock.Now()),
		Moves: ticket.NextStates(t.State), Priorities: ticket.Priorities, Errors: map[string]string{},
	}
	if v.Desk, err = s.desk(c, m, "queue"); err != nil {
		return err
	}
	if v.Customer, err = db.CustomerOfPerson(ctx, t.PersonID); err != nil {
		return err
	}
	names, err := db.StaffNames(ctx)
	if err != nil {
		return err
	}
	v.Assignee = names[t.Assignee]
	// A customer who gave no name is known by the address.
	if v.Thread, err = s.staffThread(c, t, cmp.Or(v.Customer.Name, v.Customer.Email), names); err != nil {
		return err
	}
	if wrong != nil {
		f := c.Request.PostForm
		v.Reply, v.Note, v.Reason = f.Get("reply"), f.Get("note"), f.Get("reason")
		v.Summary = failureText(loc, failures[wrong.Kind], wrong)
		for _, field := range wrong.Fields {
			v.Errors[field.Name] = loc.Text(field.Key, field.Args)
		}
	}
	return render(s, c, status, ticketPage, v)
}

// staffThread is every message with its files and, after each, the changes
// until the next.
func (s *Server) staffThread(c *gin.Context, t ticket.Ticket, customer string, names map[string]string) ([]messageView, error) {
	ctx, db := c.Request.Context(), s.opt.Support.Store
	messages, err := db.MessagesOf(ctx, t.ID, true)
	if err != nil {
		return nil, err
	}
	files, err := db.AttachmentsOf(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	events, err := db.EventsOf(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	byID := map[string]messageView{}
	for _, m := range messages {
		v := messageView{Author: customer, Staff: m.Author == ticket.ByStaff, Note: !m.Public, Body: m.Body, At: m.At}
		if v.Staff {
			v.Author = names[m.StaffID]
		}
		v.Files = fileViews(files, m.ID, "/staff/tickets/"+t.ID+"/files/")
		byID[m.ID] = v
	}
	var thread []messageView
	for _, e := range events {
		if e.Data.MessageID != "" {
			if v, ok := byID[e.Data.MessageID]; ok { // else it moved to another ticket
				thread = append(thread, v)
			}
			continue
		}
		if len(thread) == 0 {
			continue // a ticket's first event always has a message
		}
		ch := changeView{At: e.At, Kind: string(e.Kind), From: e.Data.From, To: e.Data.To, Reason: e.Reason}
		if e.Kind == ticket.Assigned {
			ch.From, ch.To = cmp.Or(names[ch.From], "–"), cmp.Or(names[ch.To], "–")
		}
		switch e.Actor.Kind {
		case ticket.ByStaff:
			ch.Author = names[e.Actor.ID]
		case ticket.ByCustomer:
			ch.Author = customer
		}
		last := &thread[len(thread)-1]
		last.Changes = append(last.Changes, ch)
	}
	return thread, nil
}

// staffAct takes the ticket page's forms: reply, note, state, priority.
func (s *Server) staffAct(c *gin.Context, m *ticket.Staff) error {
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	f, ctx, id, svc := c.Request.PostForm, c.Request.Context(), c.Param("id"), s.opt.Support.Tickets
	version, err := strconv.ParseInt(f.Get("version"), 10, 64)
	if err != nil || version < 1 {
		return errs.InvalidFields(errs.Field{Name: "version", Key: "error.field.choice"})
	}
	switch f.Get("action") {
	case "reply":
		err = svc.Reply(ctx, id, version, m.ID, f.Get("reply"), ticket.State(f.Get("then")))
	case "note":
		err = svc.Note(ctx, id, version, m.ID, f.Get("note"))
	case "state":
		err = svc.SetState(ctx, id, version, m.ID, ticket.State(f.Get("state")), f.Get("reason"))
	case "priority":
		err = svc.SetPriority(ctx, id, version, m.ID, ticket.Priority(f.Get("priority")), f.Get("reason"))
	default:
		err = errs.InvalidFields(errs.Field{Name: "action", Key: "error.field.choice"})
	}
	switch errs.KindOf(err) {
	case "":
		s.redirect(c, http.StatusSeeOther, "/staff/tickets/"+id)
		return nil
	case errs.Invalid:
		return s.showTicket(c, m, http.StatusUnprocessableEntity, asError(err))
	case errs.Conflict:
		return s.showTicket(c, m, http.StatusConflict, asError(err))
	}
	return err
}

// staffFile downloads an attachment.
func (s *Server) staffFile(c *gin.Context, _ *ticket.Staff) error {
	return s.sendFile(c, c.Param("id"), c.Param("file"))
}
