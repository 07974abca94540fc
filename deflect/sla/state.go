package sla

import "time"

// Status is where a clock stands.
type Status string

// The statuses of a clock.
const (
	Running         Status = "running"
	Paused          Status = "paused"   // waiting for the customer, or resolved: no due date, no alert
	Met             Status = "met"      // reached at or before due (D-17)
	Breached        Status = "breached" // later than due, whether reached since or not
	Late            Status = "late"     // best effort beyond its figure: measured, no breach (D-9)
	CancelledMerged Status = "cancelled_merged"
	Inactive        Status = "inactive" // no target, not started, or ended without a verdict
)

// Why a clock stood still.
const (
	ReasonWaiting  = "waiting_customer"
	ReasonResolved = "resolved"
)

// Breach is a promise that was broken (D-17). At is the due date, however late
// it was noticed. NoticedAt is when the log first tells it, however late
// anybody looked: At itself, the reclassification that left nothing to run
// (D-16), or the resumption of a clock that was paused with nothing left.
type Breach struct {
	Target             Target    `json:"target"`
	Cycle              int       `json:"cycle"`
	Tier               string    `json:"tier"`
	Priority           Priority  `json:"priority"`
	Kind               Kind      `json:"kind"`
	At                 time.Time `json:"at"`
	NoticedAt          time.Time `json:"noticed_at"`
	ByReclassification bool      `json:"by_reclassification,omitempty"` // a change made it late: its credit waits for a person (D-16)
}

// Alert is one threshold of a target (D-18).
type Alert struct {
	Percent int       `json:"percent"`
	At      time.Time `json:"at,omitzero"`       // when it is to come, as foreseen; zero once past, paused or ended
	FiredAt time.Time `json:"fired_at,omitzero"` // when it was to be told
	Skipped bool      `json:"skipped,omitempty"` // a recalculation jumped over it
}

// Stretch is a part of a clock's life, for explanations.
type Stretch struct {
	Interval
	Paused   bool          `json:"paused"`
	Reason   string        `json:"reason,omitempty"` // of a pause
	Calendar string        `json:"calendar"`
	Open     time.Duration `json:"open"` // its open time, in nanoseconds
}

// Cycle is one run of a target. First response has one; the others may have
// several, except resolution, which goes on when the ticket is reopened
// (D-15). Instants are UTC, durations nanoseconds of open time.
type Cycle struct {
	Target    Target        `json:"target"`
	Number    int           `json:"number"` // from 1
	Kind      Kind          `json:"kind,omitempty"`
	Status    Status        `json:"status"`
	Tier      string        `json:"tier"`
	Priority  Priority      `json:"priority"`
	Calendar  string        `json:"calendar"`
	Zone      string        `json:"zone"`
	Rule      string        `json:"rule,omitempty"`
	Start     time.Time     `json:"start"`
	Due       time.Time     `json:"due,omitzero"` // zero without target and while paused; as it was once ended
	Ended     time.Time     `json:"ended,omitzero"`
	RunsOut   time.Time     `json:"runs_out,omitzero"`   // of a paused clock whose pause came after its open time: broken after this instant all the same (D-14)
	LateSince time.Time     `json:"late_since,omitzero"` // when a best-effort clock that is Late ran out, paused or not
	Ticking   bool          `json:"ticking,omitempty"`   // has a target and runs now, breached or not
	Figure    time.Duration `json:"figure"`              // 0 without target
	Elapsed   time.Duration `json:"elapsed"`
	Remaining time.Duration `json:"remaining"` // negative when late
	Paused    time.Duration `json:"paused"`
	Breach    *Breach       `json:"breach,omitempty"`
	Alerts    []Alert       `json:"alerts,omitempty"`
	Stretches []Stretch     `json:"stretches"`
}

// State is every clock of a ticket at an instant. Its JSON is the same bytes
// whenever log, policies, calendars and instant are the same (D-12).
type State struct {
	At       time.Time `json:"at"`
	Tier     string    `json:"tier"`
	Priority Priority  `json:"priority"`
	Cycles   []Cycle   `json:"cycles"` // by target, then number
}

// Current is the latest cycle of a target; false when it never started.
func (s State) Current(t Target) (Cycle, bool) {
	for i := len(s.Cycles) - 1; i >= 0; i-- {
		if s.Cycles[i].Target == t {
			return s.Cycles[i], true
		}
	}
	return Cycle{Target: t, Status: Inactive}, false
}

// Breaches are the recorded breaches, in the order of the cycles.
func (s State) Breaches() []Breach {
	var out []Breach
	for _, c := range s.Cycles {
		if c.Breach != nil {
			out = append(out, *c.Breach)
		}
	}
	return out
}

// DueAlert is an alert that people should have been told about by now.
// (Target, Cycle, Percent) is its key within the ticket: the teller remembers
// it, so that each is told once (D-18).
type DueAlert struct {
	Target  Target
	Cycle   int
	Percent int
	FiredAt time.Time
	Due     time.Time
}

// DueAlerts are the alerts fired by clocks that tick: nothing is told about a
// clock that is met, paused or cancelled (D-18).
func (s State) DueAlerts() []DueAlert {
	var out []DueAlert
	for _, c := range s.Cycles {
		for _, a := range c.Alerts {
			if c.Ticking && !a.FiredAt.IsZero() {
				out = append(out, DueAlert{c.Target, c.Number, a.Percent, a.FiredAt, c.Due})
			}
		}
	}
	return out
}

// Next is the earliest foreseen instant at which an alert fires if nothing
// happens before; false when none will. The alert at 100 % fires just after
// its instant (D-18).
func (s State) Next() (time.Time, bool) {
	var next time.Time
	for _, c := range s.Cycles {
		for _, a := range c.Alerts {
			if !a.At.IsZero() && c.Ticking && (next.IsZero() || a.At.Before(next)) {
				next = a.At
			}
		}
	}
	return next, !next.IsZero()
}

// NextDue is the earliest due date of a clock that ticks and has not breached;
// a queue ordered by it shows first what breaches next.
func (s State) NextDue() (Cycle, bool) {
	var best Cycle
	for _, c := range s.Cycles {
		if c.Ticking && c.Status == Running && (best.Due.IsZero() || c.Due.Before(best.Due)) {
			best = c
		}
	}
	return best, !best.Due.IsZero()
}
