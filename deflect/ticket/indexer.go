package ticket

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/vmcloud/ricochet/internal/clock"
)

// Text is what one may find a ticket by: its fields and every word written on
// it, notes included.
type Text struct {
	Ticket
	Name, Email, Company string
	Bodies               []string // oldest first
}

// TextStore gives the Indexer what it puts into the index.
type TextStore interface {
	ChangeStore
	TicketTexts(ctx context.Context, ids []string) ([]Text, error)
	CountQueue(ctx context.Context, f Filter, limit int) (int, error)
}

// TextIndex finds tickets by their words. It is derived: Since says from which
// instant on it may be behind, zero for an empty one.
type TextIndex interface {
	Put(texts []Text, since time.Time) error
	Since() (time.Time, error)
	Count() (int, error)
}

// Indexer keeps a TextIndex up to date by following the changes of tickets.
type Indexer struct {
	Store TextStore
	Index TextIndex
	Log   *slog.Logger
	Now   func() time.Time
	// GiveWay waits while people wait for writes, at most so long; nil for never.
	GiveWay func(ctx context.Context, most time.Duration)

	follower *Follower
	checked  bool // the index has as many tickets as the database
}

const (
	indexBatch = 200
	indexPoll  = 2 * time.Second
	// indexRest is how many times as long as a batch took the Indexer rests
	// while it is behind: people write meanwhile.
	indexRest = 2
	// indexRestBusy is the same while tickets come in faster than batches go
	// out: finding them can wait, accepting them cannot.
	indexRestBusy = 20
	indexRecent   = time.Minute
	// indexLate is for how long it is put off altogether while people write.
	indexLate = 5 * time.Second
)

// Run follows until ctx ends. What fails is tried again.
func (x *Indexer) Run(ctx context.Context) {
	for {
		if x.GiveWay != nil {
			x.GiveWay(ctx, indexLate)
		}
		working := clock.Start()
		more, recent, err := x.Step(ctx)
		wait := indexPoll
		switch took := working.Elapsed(); {
		case ctx.Err() != nil:
			return
		case err != nil:
			x.Log.Error("index of tickets", "err", err)
			x.follower = nil // start again from what the index is sure of
		case more && recent:
			wait = min(indexRestBusy*took, 5*time.Second)
		case more:
			wait = indexRest * took
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
	}
}

// Step indexes one batch. more says that there is another, recent that it is
// of tickets that changed just now.
func (x *Indexer) Step(ctx context.Context) (more, recent bool, err error) {
	if x.follower == nil {
		since, err := x.Index.Since()
		if err != nil {
			return false, false, err
		}
		x.follower = NewFollower(x.Store, since)
	}
	changes, more, err := x.follower.Next(ctx, indexBatch)
	if err != nil {
		return false, false, err
	}
	if len(changes) == 0 {
		if more {
			return true, false, nil
		}
		return false, false, x.check(ctx)
	}
	ids := make([]string, len(changes))
	for i, c := range changes {
		ids[i] = c.ID
		recent = recent || x.Now().Sub(c.UpdatedAt) < indexRecent
	}
	texts, err := x.Store.TicketTexts(ctx, ids)
	if err != nil {
		return false, false, err
	}
	return more, recent, x.Index.Put(texts, x.follower.Since())
}

// check makes the index anew when tickets are missing from it: some were put
// into the database with instants long past, as a restore or an import does.
func (x *Indexer) check(ctx context.Context) error {
	if x.checked {
		return nil
	}
	x.checked = true
	const all = 1 << 40
	want, err := x.Store.CountQueue(ctx, Filter{All: true}, all)
	have, err2 := x.Index.Count()
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	if have < want {
		x.Log.Info("the index of tickets lacks some and is filled again", "has", have, "of", want)
		x.follower = NewFollower(x.Store, time.Time{})
	}
	return nil
}
