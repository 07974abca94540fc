package ticket

import (
	"context"
	"time"
)

// ChangeStore lists changes in the order in which they were made.
type ChangeStore interface {
	TicketChanges(ctx context.Context, since time.Time, id string, limit int) ([]Change, error)
}

// Follower reads what changed since it last looked, by polling: it works over
// several processes and keeps nothing in the way of those who write. Two
// processes may commit in another order than that of their instants, so it
// looks back a little and passes over what it has already told.
type Follower struct {
	store  ChangeStore
	at     time.Time // where the next look begins
	id     string
	latest time.Time
	told   map[string]Change // within the overlap
}

// followBack is how far a Follower looks back for late commits.
const followBack = 2 * time.Second

// NewFollower starts after an instant.
func NewFollower(store ChangeStore, since time.Time) *Follower {
	return &Follower{store: store, at: since, latest: since, told: map[string]Change{}}
}

// Next lists changes that were not told before, oldest first. more says that
// there may be others: call again.
func (f *Follower) Next(ctx context.Context, limit int) (fresh []Change, more bool, err error) {
	rows, err := f.store.TicketChanges(ctx, f.at, f.id, limit)
	if err != nil {
		return nil, false, err
	}
	for _, c := range rows {
		if old, ok := f.told[c.ID]; !ok || old.Version != c.Version || !old.UpdatedAt.Equal(c.UpdatedAt) {
			fresh = append(fresh, c)
			f.told[c.ID] = c
		}
		if c.UpdatedAt.After(f.latest) {
			f.latest = c.UpdatedAt
		}
	}
	if len(rows) == limit {
		last := rows[len(rows)-1]
		f.at, f.id = last.UpdatedAt, last.ID
		return fresh, true, nil
	}
	f.at, f.id = f.latest.Add(-followBack), ""
	for id, c := range f.told {
		if c.UpdatedAt.Before(f.at) {
			delete(f.told, id)
		}
	}
	return fresh, false, nil
}

// Since is an instant from which another Follower misses nothing that this
// one has not told.
func (f *Follower) Since() time.Time { return f.latest.Add(-followBack) }
