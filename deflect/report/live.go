package report

import "github.com/vmcloud/ricochet/deflect"

// Live are the figures of this moment, for a monitoring system; those of
// reports come from the roll-ups.
type Live struct {
	Active     map[string]int // tickets on which work is owed, by state
	Overdue    int            // of those, the ones whose next promise is over
	Queued     int            // mails that wait to be sent
	JobsDue    int            // jobs that should have begun
	JobsDead   int            // jobs that were given up
	Quarantine int            // submissions nobody has decided on
	Attempts   []LiveAttempts // of the last 24 hours
	Searches   int            // of the last 24 hours
	NoResult   int            // of those
}

// LiveAttempts counts attempts of one outcome and arm.
type LiveAttempts struct {
	Outcome deflect.Outcome
	Arm     deflect.Group
	N       int
}
