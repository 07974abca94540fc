package web

import (
	"context"
	"time"

	"github.com/vmcloud/ricochet/deflect/gaps"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/search/tickets"
)

const (
	maxSimilar      = 3  // solved tickets like this one that are shown
	similarLooked   = 12 // and how many that share its words are looked at
	similarDeadline = 300 * time.Millisecond
)

// similarView is a solved ticket of another customer that asked the same, with
// the reply that solved it.
type similarView struct {
	ID, Number, Subject, Lang string
	ResolvedAt                time.Time
	Reply                     string
}

// similar finds tickets of other customers that were solved and mean what a
// ticket's first message means: the index gives those that share its telling
// words, their meaning decides. What fails costs the page these, nothing else.
func (s *Server) similar(ctx context.Context, t ticket.Ticket, body string) []similarView {
	if s.opt.Support.TicketSearch == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, similarDeadline)
	defer cancel()
	list, err := s.solvedLike(ctx, t, body)
	if err != nil {
		s.log.Warn("tickets like this one", "ticket", t.ID, "err", err)
	}
	return list
}

func (s *Server) solvedLike(ctx context.Context, t ticket.Ticket, body string) ([]similarView, error) {
	db := s.opt.Support.Store
	ids, err := s.opt.Support.TicketSearch.Similar(ctx, tickets.Likeness{
		ID: t.ID, Text: t.Subject + "\n" + body, Where: map[string][]string{"state": plain([]ticket.State{ticket.Resolved, ticket.Closed})}, Limit: similarLooked,
	})
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	who, err := db.CustomerOfPerson(ctx, t.PersonID)
	if err != nil {
		return nil, err
	}
	found := map[string]similarView{}
	var texts []gaps.Text
	for _, id := range ids {
		v, first, err := s.solvedTicket(ctx, id, t.PersonID, who.CustomerID)
		if err != nil {
			return nil, err
		}
		if v.Reply != "" {
			found[id] = v
			texts = append(texts, gaps.Text{ID: id, Lang: v.Lang, Text: v.Subject + "\n" + first})
		}
	}
	same, err := gaps.Written(ctx, s.opt.Support.Suggester, []gaps.Text{{Lang: t.Lang, Text: t.Subject + "\n" + body}}, texts)
	var list []similarView
	for _, x := range same[:min(len(same), maxSimilar)] {
		list = append(list, found[x.ID])
	}
	return list, err
}

// solvedTicket is a ticket with its first message and the team's last answer;
// Reply is "" when it has none, was asked by the person or company themselves,
// or its author was erased.
func (s *Server) solvedTicket(ctx context.Context, id, personID, customerID string) (v similarView, first string, err error) {
	db := s.opt.Support.Store
	t, err := db.TicketByID(ctx, id)
	if err != nil || t.PersonID == personID || t.State != ticket.Resolved && t.State != ticket.Closed {
		return v, "", err
	}
	other, err := db.CustomerOfPerson(ctx, t.PersonID)
	if err != nil || customerID != "" && other.CustomerID == customerID {
		return v, "", err
	}
	messages, err := db.MessagesOf(ctx, id, false)
	if err != nil || len(messages) == 0 {
		return v, "", err
	}
	v = similarView{ID: t.ID, Number: t.Number, Subject: t.Subject, Lang: t.Lang, ResolvedAt: t.ResolvedAt}
	for _, m := range messages {
		if m.Author == ticket.ByStaff && m.Public {
			v.Reply = m.Body
		}
	}
	return v, messages[0].Body, nil
}
