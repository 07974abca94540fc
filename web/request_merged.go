package web

import (
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/ticket"
)

// withSurvivor adds what was said on the ticket into which the reader's was
// merged, since it was merged: the team's answers and the reader's own messages
// (D-19). What a colleague wrote there is not shown.
func (s *Server) withSurvivor(c *gin.Context, t ticket.Ticket, events []ticket.Event, messages []ticket.Message) ([]ticket.Message, error) {
	ctx, db := c.Request.Context(), s.opt.Support.Store
	for seen := map[string]bool{t.ID: true}; ; {
		i := slices.IndexFunc(events, func(e ticket.Event) bool { return e.Kind == ticket.MergedInto })
		if i < 0 || seen[events[i].Data.Other] {
			return messages, nil
		}
		into, since := events[i].Data.Other, events[i].At
		seen[into] = true
		var err error
		if events, err = db.EventsOf(ctx, into); err != nil {
			return nil, err
		}
		shown := map[string]bool{}
		for _, e := range events {
			own := e.Kind == ticket.CustomerReplied && e.Actor.ID == t.PersonID
			if !e.At.Before(since) && (own || e.Kind == ticket.StaffReplied) {
				shown[e.Data.MessageID] = true
			}
		}
		more, err := db.MessagesOf(ctx, into, false)
		if err != nil {
			return nil, err
		}
		for _, m := range more {
			if shown[m.ID] {
				messages = append(messages, m)
			}
		}
	}
}
