package sla

import "time"

// Timers are the waits in a ticket's life after which something happens by
// itself (D-21, D-24). Those of D-21 are elapsed time, those of D-24 open time
// of the resolution clock's calendar. A zero wait never ends.
type Timers struct {
	WaitingReminder time.Duration // waiting for the customer -> reminder
	WaitingClose    time.Duration // waiting for the customer -> closed with an explanation
	ResolvedClose   time.Duration // resolved -> closed in silence

	Asked         []Priority    // priorities whose customers are asked whether it is solved
	AskedReminder time.Duration // resolved and asked -> asked again
	AskedClose    time.Duration // resolved and asked -> closed

	NoProgress time.Duration              // in progress without any -> second level
	Formal     time.Duration              // the same -> formal escalation
	Pressing   []Priority                 // priorities to which NoProgress and Formal apply
	ThirdLevel map[Priority]time.Duration // unresolved so long -> third level
	ThirdShare int                        // percent of the resolution target that also leads there
}

// DefaultTimers are the figures of D-21 and D-24.
func DefaultTimers() Timers {
	return Timers{
		WaitingReminder: 72 * time.Hour, WaitingClose: 168 * time.Hour, ResolvedClose: 72 * time.Hour,
		Asked: []Priority{P0, P1, P2}, AskedReminder: 72 * time.Hour, AskedClose: 168 * time.Hour,
		NoProgress: 30 * time.Minute, Formal: time.Hour, Pressing: []Priority{P0, P1, P2},
		ThirdLevel: map[Priority]time.Duration{P0: 2 * time.Hour, P1: 2 * time.Hour, P2: 4 * time.Hour, P3: 24 * time.Hour},
		ThirdShare: 75,
	}
}
