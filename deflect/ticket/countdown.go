package ticket

import (
	"time"

	"github.com/vmcloud/ricochet/deflect/sla"
)

// Countdown is how a promise stands in the time of its own calendar: a clock
// that is closed does not tick.
type Countdown struct {
	Left   time.Duration  // open time until due, negative once late
	Always bool           // the calendar never closes
	Open   []sla.Interval // when the calendar is open within the next day
	Opens  time.Time      // closed now: when it opens next; zero while open
}

// countdownAhead is how far Countdown.Open looks: whoever shows a countdown
// asks again within that time.
const countdownAhead = 24 * time.Hour

// Countdown is the open time between now and the due date of one of the
// ticket's targets. The zero value is for a target without a due date.
func (c Clocks) Countdown(t Ticket, g Target, now time.Time) Countdown {
	cal := c.calendar(t, g, now)
	if cal == nil || g.Due.IsZero() {
		return Countdown{}
	}
	d := Countdown{Left: cal.Between(now, g.Due)}
	for _, open := range cal.OpenIntervals(now, 4) {
		if open.From.Sub(now) >= countdownAhead {
			break
		}
		if open.To.Sub(now) > 365*24*time.Hour {
			d.Always = true
		}
		d.Open = append(d.Open, open)
	}
	if !cal.IsOpen(now) {
		d.Opens, _ = cal.NextOpen(now)
	}
	return d
}

// calendar is the one that measures a target: its cell's, or the one of that
// name when the ticket was reclassified since (D-16).
func (c Clocks) calendar(t Ticket, g Target, now time.Time) *sla.Calendar {
	p := c.Book.At(now)
	cell := p.Cell(string(t.Tier), sla.Priority(t.Priority), sla.Target(g.Name))
	if cell.Calendar != nil && cell.Calendar.Name() == g.Calendar {
		return cell.Calendar
	}
	for _, other := range p.Cells {
		if other.Calendar.Name() == g.Calendar {
			return other.Calendar
		}
	}
	return cell.Calendar
}
