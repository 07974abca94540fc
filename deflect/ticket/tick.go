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
// by an event and told in the same transaction. Nothing due is no error: then
// only the next look is set anew.
func (s *Service) Tick(tx TimerTx, id string) error {
	w, err := load(tx, id, 0)
	if err != nil {
		return err
	}
	w, n, err := s.catchUp(w, func(Action) bool { return true })
	if err != nil || n > 0 {
		return err
	}
	if _, wake := s.Clocks.Timers(w.log, w.now); wake.Equal(w.t.WakeAt) {
		return nil
	}
	return s.store(w, change{quiet: true})
}

// open loads a ticket that somebody is about to change. What its clocks came
// to before is noted first, so that an alert or a breach does not depend on
// whether a timer or a person was a moment faster (D-17, D-18). The version
// that the person saw is the one before.
func (s *Service) open(tx Tx, id string, version int64) (work, error) {
	w, err := load(tx, id, version)
	if err != nil || w.t.WakeAt.IsZero() || w.t.WakeAt.After(w.now) {
		return w, err
	}
	w, _, err = s.catchUp(w, func(a Action) bool { return a.noted() > 0 })
	return w, err
}

// catchUp does the actions that are due and wanted, and counts them.
func (s *Service) catchUp(w work, wanted func(Action) bool) (work, int, error) {
	for n := range maxActions {
		due, _ := s.Clocks.Timers(w.log, w.now)
		i := slices.IndexFunc(due, wanted)
		if i < 0 {
			return w, n, nil
		}
		a := due[i]
		c, err := s.enact(w, &a)
		if err != nil {
			return w, n, err
		}
		a.Seq = int64(len(w.log)) + 1
		if err := s.store(w, c); err != nil {
			return w, n, err
		}
		if w, err = load(w.tx, w.t.ID, 0); err == nil && s.Told != nil {
			err = s.Told(w.tx, w.t, a)
		}
		if err != nil {
			return w, n, err
		}
	}
	return w, maxActions, errs.Newf(errs.Internal, "", "ticket %s: more than %d things are due", w.t.ID, maxActions)
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
