package web

import (
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// requestAct takes the forms of "my request": a message with files, and what
// the person says about the outcome (D-21).
func (s *Server) requestAct(c *gin.Context) error {
	t, err := s.byToken(c)
	if err != nil {
		return err
	}
	form, wrong, err := s.readContact(c)
	if err != nil {
		return err
	}
	if wrong != nil {
		return s.showRequest(c, http.StatusUnprocessableEntity, t, form, wrong)
	}
	ctx, tickets, token, done := c.Request.Context(), s.opt.Support.Tickets, c.Param("token"), ""
	switch action := form.text.Get("action"); action {
	case "", "reply":
		done = "sent"
		var landed ticket.Landed
		landed, err = tickets.CustomerReply(ctx, t.ID, ticket.CustomerMessage{Body: form.values.Message, Attach: attach(form.values.Files)})
		if landed.Opened { // the new ticket's own page; its author is the reader
			token, done = AccessToken(s.opt.Support.Secret, landed.TicketID), "opened"
		}
	case "solved":
		done, err = action, tickets.ConfirmResolved(ctx, t.ID)
	case "unsolved":
		done, err = action, tickets.NotResolved(ctx, t.ID)
	case "survey":
		done, err = action, s.answerSurvey(c, t, form.text)
	case "claim":
		done, err = action, tickets.ClaimCredit(ctx, form.text.Get("credit"), t.ID, ticket.Actor{Kind: ticket.ByCustomer, ID: t.PersonID})
	default:
		err = errs.InvalidFields(errs.Field{Name: "action", Key: "error.field.choice"})
	}
	switch errs.KindOf(err) {
	case "":
		s.redirect(c, http.StatusSeeOther, "/"+s.locale(c).Lang+"/request/"+token+"?done="+done)
		return nil
	case errs.Invalid, errs.Conflict:
		status := http.StatusUnprocessableEntity
		if errs.Is(err, errs.Conflict) {
			status = http.StatusConflict
		}
		return s.showRequest(c, status, t, form, asError(err))
	}
	return err
}

// attach stores the records of files with the message they came with.
func attach(files []keptFile) func(ticket.Tx, string, string) error {
	if len(files) == 0 {
		return nil
	}
	files = slices.Clone(files)
	return func(tx ticket.Tx, ticketID, messageID string) error {
		to, ok := tx.(interface {
			InsertAttachment(ticketID, messageID string, a intake.Attachment) error
		})
		if !ok {
			return errs.Newf(errs.Internal, "", "the store of tickets keeps no files")
		}
		for _, f := range files {
			if err := to.InsertAttachment(ticketID, messageID, f.Attachment); err != nil {
				return err
			}
		}
		return nil
	}
}
