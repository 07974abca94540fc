package policy

import (
	"errors"
	"time"
)

// Status says which of the files that operators write is in force, and what is
// wrong with a newer one, for the team's status page.
type Status struct {
	File     string    // "" for the built-in one
	LoadedAt time.Time // when the one in force was read
	Problems Problems  // of a newer file that was refused whole (D-3); none: there is none
	TriedAt  time.Time // when it was refused
}

// Refused is the status after file was refused at an instant for err: what is
// in force stays.
func (s Status) Refused(file string, err error, at time.Time) Status {
	if !errors.As(err, &s.Problems) {
		s.Problems = Problems{{File: file, Reason: err.Error()}}
	}
	s.TriedAt = at
	return s
}

// RulesStatus is the status of the rules that sort new tickets.
type RulesStatus struct {
	Status
	Rules int
}

// SetStatus is the status of the policy and of its holiday feeds.
type SetStatus struct {
	Status
	Feeds Problems // feeds that could not be read: their last good copy counts
}
