package web

import (
	"time"

	"github.com/vmcloud/ricochet/deflect/sla"
	"github.com/vmcloud/ricochet/deflect/ticket"
)

// clockView is a promise with its whole story in words.
type clockView struct {
	deskDue
	Cycle     int
	Rule      string // "D-7"
	Figure    string // what the promise allows
	Elapsed   string // open time used
	Stretches []stretchView
	Alerts    []alertView
}

// stretchView is a part of a clock's life.
type stretchView struct {
	From, To time.Time
	Now      bool   // it goes on
	Paused   bool   // the clock stood still
	Why      string // of a pause
	Open     string // its open time
}

// alertView is a threshold that was or will be told (D-18).
type alertView struct {
	Percent int
	At      time.Time
	Fired   bool
}

// clockViews explains every clock of a ticket from its log, the latest cycle
// of each target (D-12).
func (s *Server) clockViews(loc *Locale, t ticket.Ticket, events []ticket.Event, now time.Time) []clockView {
	state := sla.Evaluate(ticket.SLALog(events), s.opt.Support.Tickets.Clocks.Book, now)
	dues := s.deskDues(loc, t, now)
	var all []clockView
	for i, g := range t.SLA {
		v := clockView{deskDue: dues[i]}
		if cy, ok := state.Current(sla.Target(g.Name)); ok {
			v.explain(loc, cy, now)
		}
		all = append(all, v)
	}
	return all
}

func (v *clockView) explain(loc *Locale, cy sla.Cycle, now time.Time) {
	v.Cycle, v.Rule = cy.Number, cy.Rule
	if cy.Figure > 0 {
		v.Figure = loc.Hours(cy.Figure)
	}
	v.Elapsed = loc.Hours(cy.Elapsed)
	for _, st := range cy.Stretches {
		w := stretchView{From: st.From, To: st.To, Paused: st.Paused, Open: loc.Hours(st.Open), Now: !st.To.Before(now) && cy.Ended.IsZero()}
		if st.Open == 0 {
			w.Open = ""
		}
		if st.Paused {
			w.Why = loc.T("due.why." + st.Reason)
		}
		v.Stretches = append(v.Stretches, w)
	}
	for _, a := range cy.Alerts {
		switch {
		case !a.FiredAt.IsZero():
			v.Alerts = append(v.Alerts, alertView{a.Percent, a.FiredAt, true})
		case !a.At.IsZero() && cy.Ticking:
			v.Alerts = append(v.Alerts, alertView{a.Percent, a.At, false})
		}
	}
}
