package web

import (
	"context"
	"time"

	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
)

// DeskStore is what the desk's list and its live pages read and keep.
type DeskStore interface {
	TicketPageStore
	CauseStore

	Queue(ctx context.Context, f ticket.Filter, after ticket.Cursor, limit int) ([]ticket.QueueRow, error)
	CountQueue(ctx context.Context, f ticket.Filter, limit int) (int, error)
	TicketTexts(ctx context.Context, ids []string) ([]ticket.Text, error)
	QueueRowsByID(ctx context.Context, ids []string) ([]ticket.QueueRow, error)
	TicketChanges(ctx context.Context, since time.Time, id string, limit int) ([]ticket.Change, error)

	ViewsOf(ctx context.Context, staffID string) ([]ticket.View, error)
	SaveView(context.Context, ticket.View) error
	DeleteView(ctx context.Context, id, staffID string) error

	RenewPresence(ctx context.Context, page string, p ticket.Presence, until time.Time) error
	EndPresence(ctx context.Context, page string) error
	Presences(ctx context.Context, now time.Time) ([]ticket.Presence, error)
}

// deskRoutes are the list of tickets and what one does from it.
func (s *Server) deskRoutes() {
	s.get("/staff", s.staffMay(team.WorkTickets, s.queue))
	s.get("/staff/incidents", s.staffMay(team.WorkTickets, s.incidents))
	s.post("/staff/incidents", 0, s.staffMay(team.WorkTickets, s.incidentOpen))
	s.get("/staff/incidents/:id", s.staffMay(team.WorkTickets, s.incident))
	s.post("/staff/incidents/:id", 0, s.staffMay(team.WorkTickets, s.incidentAct))
	s.get("/staff/incidents/:id/cause", s.staffMay(team.WorkTickets, s.cause))
	s.post("/staff/incidents/:id/cause", 0, s.staffMay(team.WorkTickets, s.causeAct))
	s.get("/staff/tickets/:id/cause", s.staffMay(team.WorkTickets, s.cause))
	s.post("/staff/tickets/:id/cause", 0, s.staffMay(team.WorkTickets, s.causeAct))
	s.get("/staff/owed", s.staffMay(team.WorkTickets, s.owed))
	s.get("/staff/search", s.staffMay(team.WorkTickets, s.searchTickets))
	s.get("/staff/live", s.staffMay(team.WorkTickets, s.staffLive))
	s.post("/staff/bulk", 0, s.staffMay(team.WorkTickets, s.bulk))
	s.post("/staff/views", 0, s.staffMay(team.WorkTickets, s.saveView))
	s.post("/staff/views/:id/delete", 0, s.staffMay(team.WorkTickets, s.deleteView))
	s.get("/staff/tickets/:id", s.staffMay(team.WorkTickets, s.staffTicket))
	s.post("/staff/tickets/:id", 0, s.staffMay(team.WorkTickets, s.staffAct))
	s.get("/staff/tickets/:id/files/:file", s.staffMay(team.WorkTickets, s.staffFile))
}
