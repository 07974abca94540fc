package web

import (
	"strconv"
	"strings"
	"time"

	"github.com/vmcloud/ricochet/deflect/ticket"
)

// deskDue is a promise as the desk shows it: what is left in the clock's own
// time, and when that is.
type deskDue struct {
	dueView
	Words string // "reste 2 h 10 ouvrées"
	When  string // "lun. 10 h 30"
	Ticks string // for the script: milliseconds left, and the open stretches of the next day
	Tone  string // class of the colour that goes with the words
}

// deskDues describes every promise of a ticket.
func (s *Server) deskDues(loc *Locale, t ticket.Ticket, now time.Time) []deskDue {
	views := dueViews(t, now)
	all := make([]deskDue, len(views))
	for i, v := range views {
		all[i] = s.deskDue(loc, t, t.SLA[i], v, now)
	}
	return all
}

// nextDue is the promise that breaks next.
func (s *Server) nextDue(loc *Locale, t ticket.Ticket, now time.Time) (deskDue, bool) {
	at, name := t.NextDue()
	for i, v := range dueViews(t, now) {
		if v.Name == name && v.Due.Equal(at) {
			return s.deskDue(loc, t, t.SLA[i], v, now), true
		}
	}
	return deskDue{}, false
}

func (s *Server) deskDue(loc *Locale, t ticket.Ticket, g ticket.Target, v dueView, now time.Time) deskDue {
	d := deskDue{dueView: v}
	if !v.Due.IsZero() {
		d.When = loc.DayTime(v.Due, now)
	}
	switch v.State {
	case "paused":
		d.Words, d.Tone = loc.T("due.paused"), "tone-quiet"
		return d
	case "met":
		d.Words, d.Tone = loc.T("due.met"), "tone-success"
		return d
	case "missed":
		d.Words, d.Tone = loc.T("due.missed"), "tone-danger"
		return d
	case "cancelled_merged":
		d.Words, d.Tone = loc.T("due.merged"), "tone-quiet"
		return d
	}
	if !g.Running || v.Due.IsZero() {
		d.Words = "–"
		return d
	}
	s.countdown(loc, &d, s.opt.Support.Tickets.Clocks.Countdown(t, g, now))
	return d
}

// countdownSoon is how much open time is left when a promise is about to break.
const countdownSoon = time.Hour

// countdown says what is left, or by how much it is late.
func (s *Server) countdown(loc *Locale, d *deskDue, c ticket.Countdown) {
	key, left := "due.open_left", c.Left
	if c.Always {
		key = "due.left_bare"
	}
	switch {
	case d.Late > 0 && d.BestEffort:
		d.Words, d.Tone = loc.T("due.effort_late"), "tone-quiet"
		return
	case d.Late > 0:
		key, left, d.Tone = "due.open_late", -c.Left, "tone-danger"
		if c.Always {
			key = "due.late_bare"
		}
		if left < time.Minute && d.Late > time.Minute {
			// Nothing open has passed since: the whole lateness is a closed night.
			key, left = "due.late_bare", d.Late
		}
	case c.Left <= countdownSoon && !d.BestEffort:
		d.Tone = "tone-warning"
	}
	if d.Words = loc.T(key, "Span", loc.Hours(left)); c.Always {
		d.Words = loc.T(key, "Span", loc.Span(left))
	}
	if !c.Opens.IsZero() {
		d.When = loc.T("due.closed_now", "When", d.When)
	}
	var b strings.Builder
	if c.Always {
		b.WriteString("a ")
	}
	b.WriteString(strconv.FormatInt(c.Left.Milliseconds(), 10))
	for _, open := range c.Open {
		b.WriteByte(' ')
		b.WriteString(strconv.FormatInt(open.From.UnixMilli(), 10))
		b.WriteByte('-')
		b.WriteString(strconv.FormatInt(open.To.UnixMilli(), 10))
	}
	d.Ticks = b.String()
}
