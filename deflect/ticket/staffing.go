package ticket

import "time"

// Staffed is the first instant from t on at which the desk is staffed: what
// does not call on-call waits for it (D-22). Without such a calendar the desk
// is always staffed.
func (c Clocks) Staffed(t time.Time) time.Time {
	cal := c.Book.At(t).Staffing
	if cal == nil {
		return t
	}
	if open, ok := cal.NextOpen(t); ok {
		return open
	}
	return t
}

// Unstaffed is the stretch without anybody at the desk that t lies in, else
// the next one; false when there is none. A promise that falls into it is
// broken unless somebody comes in for it.
func (c Clocks) Unstaffed(t time.Time) (from, to time.Time, ok bool) {
	cal := c.Book.At(t).Staffing
	if cal == nil {
		return from, to, false
	}
	from = t
	if cal.IsOpen(t) {
		if from, ok = cal.NextClose(t); !ok {
			return from, to, false
		}
	}
	to, ok = cal.NextOpen(from)
	return from, to, ok
}

// AtRisk lists the contractual promises of a ticket that fall due while nobody
// is at the desk, the current or next time: whoever reads it decides who comes
// in. P0 and P1 are left out, since on-call is told of them at once (D-22).
func (c Clocks) AtRisk(t Ticket, now time.Time) []Target {
	from, to, ok := c.Unstaffed(now)
	if !ok || urgent(t.Priority) {
		return nil
	}
	var all []Target
	for _, g := range t.SLA {
		if g.Running && g.BreachedAt.IsZero() && !g.Internal() && !g.BestEffort() && g.Due.After(from) && g.Due.Before(to) {
			all = append(all, g)
		}
	}
	return all
}
