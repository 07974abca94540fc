package web

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/ticket"
)

// thread is what it takes to tell a ticket's story.
type thread struct {
	loc      *Locale
	names    map[string]string // of the staff
	customer string            // a customer who gave no name is known by the address
	seen     int64             // events after this one are new to whoever looks
	links    []ticket.LinkView
}

// staffThread is every message with its files and, after each, the changes
// until the next.
func (s *Server) staffThread(ctx context.Context, t ticket.Ticket, events []ticket.Event, th thread) ([]messageView, error) {
	db := s.opt.Support.Store
	messages, err := db.MessagesOf(ctx, t.ID, true)
	if err != nil {
		return nil, err
	}
	files, err := db.AttachmentsOf(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	byID := map[string]messageView{}
	for _, m := range messages {
		byID[m.ID] = th.message(m, files, t.ID)
	}
	var all []messageView
	for _, e := range events {
		if e.Data.MessageID != "" && isMessage(e.Kind) {
			if v, ok := byID[e.Data.MessageID]; ok { // else it moved to another ticket
				v.Fresh = e.Seq > th.seen
				all = append(all, v)
			}
			continue
		}
		if len(all) == 0 {
			continue // a ticket's first event always has a message
		}
		last := &all[len(all)-1]
		last.Changes = append(last.Changes, th.change(e))
	}
	return all, nil
}

// isMessage says whether an event is the message it names, rather than
// something said about it.
func isMessage(k ticket.EventKind) bool {
	switch k {
	case ticket.Created, ticket.CustomerReplied, ticket.StaffReplied, ticket.Noted:
		return true
	}
	return false
}

func (th thread) message(m ticket.Message, files []intake.StoredAttachment, ticketID string) messageView {
	v := messageView{ID: m.ID, Author: th.customer, Staff: m.Author == ticket.ByStaff, Note: !m.Public, Body: m.Body, At: m.At}
	if v.Staff {
		v.Author = th.names[m.StaffID]
	}
	v.Files = fileViews(files, m.ID, "/staff/tickets/"+ticketID+"/files/")
	return v
}

// change says an event in words.
func (th thread) change(e ticket.Event) changeView {
	v := changeView{At: e.At, Text: th.loc.T("event." + string(e.Kind)), Reason: th.reason(e), Fresh: e.Seq > th.seen}
	switch e.Actor.Kind {
	case ticket.ByStaff:
		v.Author = th.names[e.Actor.ID]
	case ticket.ByCustomer:
		v.Author = th.customer
	}
	v.Detail = th.detail(e)
	return v
}

// reason is why something happened: a person's words, or a rule's in the
// reader's language.
func (th thread) reason(e ticket.Event) string {
	if key := "reason." + e.Reason; e.Actor.Kind == ticket.BySystem && th.loc.Has(key) {
		return th.loc.T(key)
	}
	return e.Reason
}

// detail is what an event changed, in words: "Ouverte → En cours".
func (th thread) detail(e ticket.Event) string {
	d, loc := e.Data, th.loc
	fromTo := func(name func(string) string) string { return name(d.From) + " → " + name(d.To) }
	named := func(prefix string) func(string) string {
		return func(s string) string {
			if key := prefix + s; s != "" && loc.Has(key) {
				return loc.T(key)
			}
			return cmp.Or(s, "–")
		}
	}
	switch e.Kind {
	case ticket.StateChanged, ticket.MergedInto:
		if e.Kind == ticket.MergedInto {
			return th.other(d.Other)
		}
		return fromTo(named("state."))
	case ticket.PriorityChanged, ticket.LevelChanged:
		return fromTo(named("level."))
	case ticket.TierChanged:
		return fromTo(named("tier."))
	case ticket.Assigned:
		return fromTo(func(id string) string { return cmp.Or(th.names[id], "–") })
	case ticket.Categorised:
		return strings.Join(slices.DeleteFunc([]string{categoryName(loc, d.Category), d.Subcategory, d.Component}, func(s string) bool { return s == "" }), " › ")
	case ticket.Tagged:
		return strings.Join(d.Tags, ", ")
	case ticket.Watched, ticket.Unwatched:
		return th.names[d.Staff]
	case ticket.TimeLogged:
		return loc.Span(minutes(d.Minutes))
	case ticket.Linked, ticket.Unlinked, ticket.Absorbed, ticket.SplitOff, ticket.FollowedUp:
		return th.other(d.Other)
	case ticket.AlertFired:
		return named("target.")(d.Target) + " " + loc.Percent(float64(d.Percent)/100, 0)
	case ticket.BreachNoted:
		return named("target.")(d.Target)
	case ticket.CustomerTold:
		return named("staff.mails.kind_")(d.MailKind)
	case ticket.EscalationDue:
		return named("level.")(d.To)
	}
	return ""
}

// other is the number of another ticket that an event names.
func (th thread) other(id string) string {
	for _, l := range th.links {
		if l.ID == id {
			return l.Number
		}
	}
	return ""
}

func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }
