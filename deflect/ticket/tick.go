package ticket

import (
	"slices"

	"github.com/vmcloud/ricochet/internal/errs"
)

// timerTx is what timers need from a transaction.
type timerTx interface {
	// StoreClocks stores t's promises, WakeAt and UpdatedAt without raising its
	// version, so that an alert disturbs nobody who has the ticket open. ok is
	// false when somebody was faster.
	StoreClocks(t Ticket) (ok bool, err error)
}

// TimerTx is what Tick needs from a transaction.
type TimerTx = Tx

// maxActions bounds what one look at a ticket does. A ticket that was not
// looked at for years has a few dozen alerts at most; more is a defect.
const maxActions = 500

// Tick does what is due on a ticket, one action after the other, each recorded
// by an event, and returns the ticket and what was done so that the caller can
// tell people in the same transaction. Nothing due is no error: then only the
// next look is set anew.
func (s *Service) Tick(tx TimerTx, id string) (Ticket, []Action, error) {
	var done []Action
	for range maxActions {
		w, err := open(tx, id, 0)
		if err != nil {
			return w.t, done, err
		}
		due, wake := s.Clocks.Timers(w.log, w.now)
		if len(due) == 0 {
			if wake.Equal(w.t.WakeAt) {
				return w.t, done, nil
			}
			return w.t, done, s.store(w, change{quiet: true})
		}
		a := due[0]
		c, err := s.enact(w, &a)
		if err != nil {
			return w.t, done, err
		}
		a.Seq = int64(len(w.log)) + 1
		if err := s.store(w, c); err != nil {
			return w.t, done, err
		}
		done = append(done, a)
	}
	return Ticket{}, done, errs.Newf(errs.Internal, "", "ticket %s: more than %d things are due", id, maxActions)
}

// enact is the change an action brings. It never leaves an action without its
// event: that is what keeps it from being done again.
func (s *Service) enact(w work, a *Action) (change, error) {
	by := Actor{Kind: BySystem}
	switch a.Kind {
	case ActAlert:
		fired := Event{Kind: AlertFired, Actor: by, Data: EventData{Target: a.Target, Cycle: a.Cycle, Percent: a.Percent}}
		return s.alert(w, a, fired)
	case ActBreach:
		return change{
			quiet: true, events: []Event{{Kind: BreachNoted, Actor: by, Data: EventData{Target: a.Target, Cycle: a.Cycle}}},
			also: func(tx Tx) error {
				_, err := s.OfferCredits(tx, w.t.ID)
				return err
			},
		}, nil
	case ActPage:
		return change{quiet: true, events: []Event{{Kind: Paged, Actor: by}}}, nil
	case ActTell:
		return change{quiet: true, events: []Event{{Kind: CustomerTold, Actor: by, Data: EventData{MailKind: string(a.Notice)}}}}, nil
	case ActEscalate:
		e := Event{Kind: EscalationDue, Actor: by, Data: EventData{To: a.Level}}
		switch a.Level {
		case DueFormal:
			return w.goUp(L2, ReasonStuck, e)
		case DueThird:
			return w.goUp(L3, ReasonStuck, e)
		}
		return change{quiet: true, events: []Event{e}}, nil
	case ActClose:
		return w.close(by, a.Ending)
	}
	return change{}, errs.Newf(errs.Internal, "", "timer action %q", a.Kind)
}

// alert is what a threshold changes (D-18): at 75 % the ticket goes to somebody
// else when its owner is away, at 90 % it goes up a level.
func (s *Service) alert(w work, a *Action, fired Event) (change, error) {
	switch {
	case a.Percent >= 75 && a.Percent < 90 && w.t.Assignee != "" && s.Substitute != nil && w.t.State.Active():
		to, err := s.Substitute(w.tx, w.t)
		if err != nil {
			return change{}, err
		}
		if to == "" || to == w.t.Assignee {
			break
		}
		a.Reassigned = to
		moved := Event{Kind: Assigned, Actor: fired.Actor, Reason: ReasonAbsent, Data: EventData{From: w.t.Assignee, To: to}}
		return change{events: []Event{fired, moved}, tell: []tell{w.tellStaff("assigned", to, "")}}, nil
	case a.Percent >= 90 && a.Percent < 100 && a.Firm:
		if i := slices.Index(SupportLevels, w.t.Level); i+1 < len(SupportLevels) {
			return w.goUp(SupportLevels[i+1], ReasonSLA, fired)
		}
	}
	return change{quiet: true, events: []Event{fired}}, nil
}

// goUp escalates by a rule, unless the ticket is that high already or is not
// the team's to move; the event that says why is written in any case.
func (w work) goUp(to SupportLevel, reason string, e Event) (change, error) {
	if !w.t.State.Active() || w.t.State == WaitingCustomer || rankOf(to) <= rankOf(w.t.Level) {
		return change{quiet: true, events: []Event{e}}, nil
	}
	c, err := w.raise(to, reason)
	c.events = append([]Event{e}, c.events...)
	return c, err
}
