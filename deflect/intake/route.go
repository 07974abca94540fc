package intake

import "github.com/vmcloud/ricochet/deflect/ticket"

// route decides by the rules where a ticket goes, and says what was decided
// (D-11, D-23).
func (s *Service) route(t *ticket.Ticket, _ Submission, unverified bool) *ticket.Routing {
	return &ticket.Routing{Category: t.Category, Queue: t.Queue, Unverified: unverified}
}
