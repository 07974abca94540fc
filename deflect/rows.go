package deflect

import "time"

// None selects rows whose field is empty: the category "unknown", the outcome
// "pending".
const None = "none"

// AttemptFilter selects attempts, the rows behind the figures. Zero fields
// select all.
type AttemptFilter struct {
	From, To time.Time // of the start; To is exclusive
	Category string
	Outcome  string
	Arm      string
	Period   string
	Lang     string
	Counted  bool // only those that count for the rates
	Eligible bool // only those that could see suggestions
	Shown    bool // only those for which there were any
	Revoked  bool // only claims that a ticket took back
	Followed bool // only those a ticket followed within TicketWindow (D-32)
	Trial    bool // only those of the experiment's arms
	State    AttemptState
	Before   string // only attempts older than the one with this id, for paging
	Limit    int
}

// AttemptState is where an attempt stands in the experiment.
type AttemptState string

// The states of D-32: too young, in the estimate, or found to be Enterprise or
// P0/P1.
const (
	Waiting  AttemptState = "waiting"
	Judged   AttemptState = "judged"
	Excluded AttemptState = "excluded"
)
