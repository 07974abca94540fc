package ticket

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/vmcloud/ricochet/internal/errs"
)

// Why a ticket went up by itself: the reason of the event, shown in words.
const (
	ReasonOutage = "outage"       // P0 goes straight to management (D-5)
	ReasonBounce = "third_bounce" // the third bounce goes up the hierarchy (D-24)
	ReasonSLA    = "sla"          // 90 % of a promise has run (D-18)
	ReasonStuck  = "no_progress"  // nobody moved it in time (D-24)
)

// maxBounces is how often a ticket may change its level before it goes up the
// hierarchy by itself (D-24).
const maxBounces = 3

// Brief is what whoever takes over must be able to read (D-24). Its text may
// name people, so it lives outside the events (D-36).
type Brief struct {
	Problem  string
	Timeline string
	Impact   string // what the customer suffers; revenue and segment are added
	Attempts string
	Help     string // what is asked for
}

// maxBrief is the longest part of a brief, in characters.
const maxBrief = 5000

// check trims every part and names those that are missing or too long.
func (b *Brief) check() error {
	var wrong []errs.Field
	for _, p := range []struct {
		name string
		text *string
	}{{"problem", &b.Problem}, {"timeline", &b.Timeline}, {"impact", &b.Impact}, {"attempts", &b.Attempts}, {"help", &b.Help}} {
		var err error
		if *p.text, err = checkPart(p.name, *p.text, true); err != nil {
			wrong = append(wrong, fieldsOf(err)...)
		}
	}
	if len(wrong) > 0 {
		return errs.InvalidFields(wrong...)
	}
	return nil
}

// Escalation is one change of level with its brief.
type Escalation struct {
	ID        string
	Ticket    string
	From, To  SupportLevel
	Automatic bool // by a rule: a person owes the brief until WrittenAt
	Reason    string
	Brief     Brief
	MRRCents  int64 // the customer's monthly revenue when it was written, euro cents
	Tier      Tier  // the segment then
	Staff     string
	At        time.Time
	WrittenAt time.Time // zero while the brief is owed
}

// escalationTx is what escalations need from a transaction.
type escalationTx interface {
	InsertEscalation(Escalation) error
	EscalationByID(id string) (Escalation, error)
	// WriteBrief fills in the brief of an escalation.
	WriteBrief(Escalation) error
}

// Escalate hands the ticket up with a written brief (D-24). The owner stays.
// At the third change of level since management last had it, it goes up the
// hierarchy, whatever level was asked for; the level it went to is returned.
func (s *Service) Escalate(ctx context.Context, id string, version int64, staffID string, to SupportLevel, b Brief) (SupportLevel, error) {
	if !slices.Contains(SupportLevels, to) || to == L1 {
		return "", errs.InvalidFields(errs.Field{Name: "level", Key: "error.field.choice"})
	}
	if err := b.check(); err != nil {
		return "", err
	}
	by := Actor{ByStaff, staffID}
	err := s.act(ctx, id, version, func(w work) (change, error) {
		if rankOf(to) <= rankOf(w.t.Level) {
			return change{}, errs.InvalidFields(errs.Field{Name: "level", Key: "error.field.level_up"})
		}
		reason := ""
		if w.bounces()+1 >= maxBounces && to != Management {
			to, reason = Management, ReasonBounce
		}
		e := Escalation{To: to, Reason: reason, Brief: b, Staff: staffID, WrittenAt: w.now}
		return w.escalate(by, e)
	})
	return to, err
}

// raise is an escalation by a rule.
func (w work) raise(to SupportLevel, reason string) (change, error) {
	return w.escalate(Actor{Kind: BySystem}, Escalation{To: to, Reason: reason, Automatic: true})
}

// escalate moves the ticket to e.To and keeps the brief.
func (w work) escalate(by Actor, e Escalation) (change, error) {
	if !w.t.State.Active() {
		return change{}, transitionError(w.t, Escalated)
	}
	c, err := w.tx.CustomerOfPerson(w.t.PersonID)
	if err != nil {
		return change{}, err
	}
	e.ID, e.Ticket, e.From, e.At = uuid.Must(uuid.NewV7()).String(), w.t.ID, w.t.Level, w.now
	e.MRRCents, e.Tier = c.MRRCents, w.t.Tier
	events := []Event{{Kind: LevelChanged, Actor: by, Reason: e.Reason, Data: EventData{
		From: string(e.From), To: string(e.To), Record: e.ID, Automatic: e.Automatic || e.Reason == ReasonBounce,
	}}}
	events = append(events, stateEvents(by, w.t.State, Escalated, "")...)
	return change{events: events, also: func(tx Tx) error { return tx.InsertEscalation(e) }}, nil
}

// HandBack gives an escalated ticket back to a lower level, with a reason. It
// counts as a bounce: the third one goes up instead, and then the brief is owed
// (D-24). Management's own decision is final.
func (s *Service) HandBack(ctx context.Context, id string, version int64, staffID string, to SupportLevel, reason string) error {
	reason, err := checkReason(reason)
	if err != nil {
		return err
	}
	if !slices.Contains(SupportLevels, to) || to == Management {
		return errs.InvalidFields(errs.Field{Name: "level", Key: "error.field.choice"})
	}
	by := Actor{ByStaff, staffID}
	return s.act(ctx, id, version, func(w work) (change, error) {
		if rankOf(to) >= rankOf(w.t.Level) {
			return change{}, errs.InvalidFields(errs.Field{Name: "level", Key: "error.field.level_down"})
		}
		if err := w.editable(); err != nil {
			return change{}, err
		}
		if w.t.Level != Management && w.bounces()+1 >= maxBounces && w.t.State.Active() {
			return w.raise(Management, ReasonBounce)
		}
		events := []Event{{Kind: LevelChanged, Actor: by, Reason: reason, Data: EventData{From: string(w.t.Level), To: string(to)}}}
		if w.t.State == Escalated {
			events = append(events, stateEvents(by, Escalated, InProgress, "")...)
		}
		return change{events: events}, nil
	})
}

// WriteBrief gives an escalation that came by itself the brief it owes (D-24).
func (s *Service) WriteBrief(ctx context.Context, id string, version int64, staffID, escalationID string, b Brief) error {
	if err := b.check(); err != nil {
		return err
	}
	return s.act(ctx, id, version, func(w work) (change, error) {
		e, err := w.tx.EscalationByID(escalationID)
		if err != nil {
			return change{}, err
		}
		switch {
		case e.Ticket != id:
			return change{}, errs.Newf(errs.NotFound, "", "escalation %s belongs to another ticket", escalationID)
		case !e.WrittenAt.IsZero():
			return change{}, errs.Newf(errs.Conflict, "error.ticket.brief_written", "escalation %s has its brief", escalationID)
		}
		e.Brief, e.Staff, e.WrittenAt = b, staffID, w.now
		return change{
			events: []Event{{Kind: BriefWritten, Actor: Actor{ByStaff, staffID}, Data: EventData{Record: e.ID}}},
			also:   func(tx Tx) error { return tx.WriteBrief(e) },
		}, nil
	})
}

// bounces counts the changes of level by people since management last had the
// ticket.
func (w work) bounces() int {
	n := 0
	for _, e := range w.log {
		switch {
		case e.Kind != LevelChanged:
		case SupportLevel(e.Data.To) == Management:
			n = 0
		case SupportLevel(e.Data.From) != Management && !e.Data.Automatic:
			n++
		}
	}
	return n
}

func rankOf(l SupportLevel) int { return slices.Index(SupportLevels, l) }
