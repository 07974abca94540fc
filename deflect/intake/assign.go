package intake

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/vmcloud/ricochet/deflect/ticket"
)

// Candidate is somebody who could own a ticket.
type Candidate struct {
	StaffID string
	Skills  ticket.Skills
	Load    int // tickets on which they owe work
}

// AssignTx is what assignment needs from a transaction. Implemented by store.
type AssignTx interface {
	ticket.Tx
	// Candidates lists whose account works and who are not away now.
	Candidates() ([]Candidate, error)
	// ContactOf is the named contact of the person's company, "" without one.
	ContactOf(personID string) (staffID string, err error)
}

// Assigner gives new tickets an owner (D-22).
type Assigner struct {
	Store interface {
		InTx(ctx context.Context, fn func(AssignTx) error) error
		// SkilledStaff says whether anybody has skills or is a named contact: if
		// not, every ticket stays in its queue and nothing needs to be looked at.
		SkilledStaff(ctx context.Context) (bool, error)
	}
	Tickets *ticket.Service
}

// Assign gives a new ticket its owner, or leaves it in its queue when nobody
// fits. It may run again: a ticket that has an owner keeps them.
func (a *Assigner) Assign(ctx context.Context, ticketID string) error {
	if any, err := a.Store.SkilledStaff(ctx); err != nil || !any {
		return err
	}
	return a.Store.InTx(ctx, func(tx AssignTx) error {
		t, err := tx.TicketByID(ticketID)
		if err != nil || t.Assignee != "" || t.State != ticket.New {
			return err
		}
		log, err := tx.EventsOf(ticketID)
		if err != nil {
			return err
		}
		there, err := tx.Candidates()
		if err != nil {
			return err
		}
		contact := ""
		if t.Tier == ticket.Enterprise {
			if contact, err = tx.ContactOf(t.PersonID); err != nil {
				return err
			}
		}
		to, why := Choose(there, contact, t.Lang, needs(t, log))
		if to == "" {
			return nil
		}
		return a.Tickets.In(tx).Assign(ctx, t.ID, t.Version, ticket.Actor{Kind: ticket.BySystem}, to, why)
	})
}

// needs are the areas that the owner should know: the category, and what the
// rules found in the text.
func needs(t ticket.Ticket, log []ticket.Event) []string {
	var areas []string
	if t.Category != "" {
		areas = append(areas, t.Category)
	}
	if len(log) > 0 && log[0].Data.Routing != nil {
		areas = append(areas, log[0].Data.Routing.Skills...)
	}
	return areas
}

// Choose is who owns a ticket, and why in the words of their skills: its
// customer's named contact if they are there; else whoever answers in the
// language and knows one of the areas, of those who know most of them the one
// with the least to do; "" when nobody does (D-22). Without areas the language
// decides. Nobody is chosen by turns.
func Choose(there []Candidate, contact, lang string, areas []string) (staffID, why string) {
	if contact != "" && slices.ContainsFunc(there, func(c Candidate) bool { return c.StaffID == contact }) {
		return contact, NamedContact
	}
	type fit struct {
		Candidate
		known []string
	}
	var fits []fit
	for _, c := range there {
		var known []string
		for _, area := range areas {
			if slices.Contains(c.Skills.Areas, area) && !slices.Contains(known, area) {
				known = append(known, area)
			}
		}
		if slices.Contains(c.Skills.Langs, lang) && (len(known) > 0 || len(areas) == 0) {
			fits = append(fits, fit{c, known})
		}
	}
	if len(fits) == 0 {
		return "", ""
	}
	best := slices.MinFunc(fits, func(a, b fit) int {
		return cmp.Or(cmp.Compare(len(b.known), len(a.known)), cmp.Compare(a.Load, b.Load), cmp.Compare(a.StaffID, b.StaffID))
	})
	return best.StaffID, strings.Join(append([]string{lang}, best.known...), ", ")
}

// NamedContact is the reason of an assignment to a company's named contact.
const NamedContact = "named contact"
