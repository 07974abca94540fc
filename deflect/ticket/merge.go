package ticket

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/vmcloud/ricochet/deflect/sla"
	"github.com/vmcloud/ricochet/internal/errs"
)

// Merge puts a ticket into another one of the same author or company (D-19):
// the source ends as merged and its clocks as cancelled, the survivor takes the
// earliest creation and the stricter classification, and a public reply on
// either meets first response. Messages stay where they were written; what the
// customer writes on the source from now on goes to the survivor. version is
// the source's.
func (s *Service) Merge(ctx context.Context, sourceID, survivorID string, version int64, staffID, reason string) error {
	if sourceID == survivorID {
		return errs.InvalidFields(errs.Field{Name: "other", Key: "error.field.same_ticket"})
	}
	reason = strings.TrimSpace(reason)
	if reason != "" {
		var err error
		if reason, err = checkReason(reason); err != nil {
			return err
		}
	}
	by := Actor{ByStaff, staffID}
	return s.Store.InTx(ctx, func(tx Tx) error {
		source, survivor, err := s.openPair(tx, sourceID, version, survivorID)
		if err != nil {
			return err
		}
		if err := mergeable(tx, source.t, survivor.t); err != nil {
			return err
		}
		if err := s.store(source, change{
			events: []Event{{Kind: MergedInto, Actor: by, Reason: reason, Data: EventData{From: string(source.t.State), To: string(Merged), Other: survivorID}}},
			also:   func(tx Tx) error { return tx.InsertLink(Link{sourceID, survivorID, MergedTo, source.now, staffID}) },
		}); err != nil {
			return err
		}
		frozen := SLALog(source.log)
		tier, priority := s.Clocks.Book.At(source.now).Stricter(string(survivor.t.Tier), sla.Priority(survivor.t.Priority),
			string(source.t.Tier), sla.Priority(source.t.Priority))
		absorbed := Event{Kind: Absorbed, Actor: by, Reason: reason, Data: EventData{
			Other: sourceID, Tier: Tier(tier), Priority: Priority(priority), Source: &frozen,
		}}
		return s.store(survivor, change{events: append([]Event{absorbed}, afterMerge(survivor.t, source.t, by)...)})
	})
}

// afterMerge opens a survivor that was put aside when the merged ticket still
// waited for the team: somebody owes an answer now.
func afterMerge(survivor, source Ticket, by Actor) []Event {
	if survivor.State == WaitingCustomer && source.State.Active() && source.State != WaitingCustomer {
		return stateEvents(by, WaitingCustomer, Open, "")
	}
	return nil
}

// openPair opens two tickets, always in the same order, so that two merges at
// once do not wait for each other.
func (s *Service) openPair(tx Tx, a string, version int64, b string) (source, survivor work, err error) {
	if b < a {
		survivor, err = s.open(tx, b, 0)
		if err != nil {
			return source, survivor, unknownTicket(err)
		}
	}
	if source, err = s.open(tx, a, version); err != nil {
		return source, survivor, err
	}
	if a < b {
		if survivor, err = s.open(tx, b, 0); err != nil {
			return source, survivor, unknownTicket(err)
		}
	}
	return source, survivor, nil
}

// mergeable refuses what cannot become one: a ticket that is over, or authors
// of different companies, who must not read each other's messages.
func mergeable(tx Tx, source, survivor Ticket) error {
	for _, t := range []Ticket{source, survivor} {
		if t.State == Closed || t.State == Merged {
			return errs.Newf(errs.Conflict, "error.ticket.merge_over", "ticket %s is %s", t.Number, t.State)
		}
	}
	if !survivor.State.Active() && source.State.Active() {
		return errs.Newf(errs.Conflict, "error.ticket.merge_over", "ticket %s is %s", survivor.Number, survivor.State)
	}
	if source.PersonID == survivor.PersonID {
		return nil
	}
	var company [2]string
	for i, t := range []Ticket{source, survivor} {
		c, err := tx.CustomerOfPerson(t.PersonID)
		if err != nil {
			return err
		}
		company[i] = c.CustomerID
	}
	if company[0] == "" || company[0] != company[1] {
		return errs.Newf(errs.Conflict, "error.ticket.merge_people", "tickets %s and %s belong to different people", source.Number, survivor.Number)
	}
	return nil
}

// Split asks for messages of a ticket to become a ticket of their own.
type Split struct {
	Messages []string // ids of the customer's messages; not the one that opened the ticket
	Subject  string   // of the new ticket; "" keeps the old one
	Reason   string
}

// maxSubject is the longest subject, in characters.
const maxSubject = 200

// Split makes a linked new ticket of messages in which the customer asked for
// something else. They move to it with their files; its clocks start with the
// first of them. It keeps the owner.
func (s *Service) Split(ctx context.Context, id string, version int64, staffID string, sp Split) (newID string, err error) {
	subject := oneLine(sp.Subject)
	if len([]rune(subject)) > maxSubject {
		return "", errs.InvalidFields(errs.Field{Name: "subject", Key: "error.field.too_long", Args: map[string]any{"Limit": maxSubject}})
	}
	if strings.TrimSpace(sp.Reason) != "" {
		if sp.Reason, err = checkReason(sp.Reason); err != nil {
			return "", err
		}
	}
	err = s.act(ctx, id, version, func(w work) (change, error) {
		if err := w.editable(); err != nil {
			return change{}, err
		}
		chosen, err := w.chosen(sp.Messages)
		if err != nil {
			return change{}, err
		}
		by := Actor{ByStaff, staffID}
		t := heir(w.t, chosen[0].At)
		if subject != "" {
			t.Subject = subject
		}
		newID = t.ID
		if err := s.insert(w.tx, &t, splitLog(w.t, chosen, by, sp.Reason, w.now)); err != nil {
			return change{}, err
		}
		ids := make([]string, len(chosen))
		for i, m := range chosen {
			ids[i] = m.ID
			if err := w.tx.MoveMessage(m.ID, t.ID); err != nil {
				return change{}, err
			}
		}
		return change{
			events: []Event{{Kind: SplitOff, Actor: by, Reason: sp.Reason, Data: EventData{Other: t.ID, Messages: ids}}},
			also:   func(tx Tx) error { return tx.InsertLink(Link{t.ID, id, SplitFrom, w.now, staffID}) },
		}, nil
	})
	return newID, err
}

// chosen loads the messages to split off, oldest first.
func (w work) chosen(ids []string) ([]Message, error) {
	wrong := errs.InvalidFields(errs.Field{Name: "messages", Key: "error.field.split"})
	var all []Message
	for _, id := range ids {
		m, err := w.tx.MessageByID(id)
		switch {
		case errs.Is(err, errs.NotFound):
			return nil, wrong
		case err != nil:
			return nil, err
		case m.TicketID != w.t.ID || m.Author != ByCustomer || id == w.log[0].Data.MessageID:
			return nil, wrong
		}
		if !slices.ContainsFunc(all, func(o Message) bool { return o.ID == id }) {
			all = append(all, m)
		}
	}
	if len(all) == 0 {
		return nil, wrong
	}
	slices.SortStableFunc(all, func(a, b Message) int { return a.At.Compare(b.At) })
	return all, nil
}

// splitLog is what the new ticket has lived through: its first message opened
// it, the others were replies.
func splitLog(from Ticket, chosen []Message, by Actor, reason string, now time.Time) []Event {
	var log []Event
	for i, m := range chosen {
		e := Event{At: m.At, Kind: CustomerReplied, Actor: Actor{ByCustomer, from.PersonID}, Data: EventData{MessageID: m.ID}}
		if i == 0 {
			e.Kind, e.Actor, e.Reason, e.Data.Other = Created, by, reason, from.ID
		}
		log = append(log, e)
	}
	if from.Assignee != "" {
		log = append(log, Event{At: now, Kind: Assigned, Actor: by, Data: EventData{To: from.Assignee}})
		log = append(log, Event{At: now, Kind: StateChanged, Actor: by, Data: EventData{From: string(New), To: string(Open)}})
	}
	return log
}
