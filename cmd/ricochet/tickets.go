package main

import (
	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/web"
)

// tickets is the service that changes tickets.
func (a *app) tickets(clocks ticket.Clocks) *ticket.Service {
	return &ticket.Service{
		Store:      store.As[ticket.Tx]{DB: a.db, Cast: func(tx *store.Tx) ticket.Tx { return tx }},
		Clocks:     clocks,
		AccessHash: func(id string) string { return web.AccessHash(a.secret, id) },
		Opened:     openedByMessage,
	}
}

// openedByMessage tells the ledger that a message on a closed ticket made a
// new one: what its author had claimed before is revoked (D-31).
func openedByMessage(tx ticket.Tx, t ticket.Ticket) error {
	return deflect.Ticket(tx.(*store.Tx), deflect.Visit{Lang: t.Lang, Category: t.Category}, t.ID, t.PersonID, deflect.Traces{Person: true})
}
