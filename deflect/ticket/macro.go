package ticket

import (
	"context"
	"slices"
)

// Answer is a reply to the customer and what goes with it.
type Answer struct {
	Body string
	To   State    // state afterwards, "" for no change
	Tags []string // added to the ticket's own, as far as there is room (D-23)
}

// Answer sends a reply, moves the ticket and adds tags in one step: what a
// macro asks for happens together or not at all.
func (s *Service) Answer(ctx context.Context, id string, version int64, staffID string, a Answer) error {
	return s.Store.InTx(ctx, func(tx Tx) error {
		in := s.In(tx)
		if err := in.Reply(ctx, id, version, staffID, a.Body, a.To); err != nil {
			return err
		}
		t, err := tx.TicketByID(id)
		if err != nil {
			return err
		}
		tags := t.Tags
		for _, tag := range a.Tags {
			if !slices.Contains(tags, tag) && len(tags) < MaxTags {
				tags = append(slices.Clone(tags), tag)
			}
		}
		return in.SetTags(ctx, id, 0, Actor{ByStaff, staffID}, tags)
	})
}
