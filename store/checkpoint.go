package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// What was committed to SQLite's log is durable; copying it into the database
// file is housekeeping. SQLite does that inside the commit that fills the log,
// where somebody waits for it. Here a goroutine with a connection of its own
// does it, when nobody does: both end in an fsync, and a commit that meets the
// one of a copy waits for ten times as long as it takes by itself.

const (
	// checkpointAfter is how long nobody may have waited for a write before the
	// log is copied. Changes gather meanwhile: pages that change again and again
	// are copied once.
	checkpointAfter = 250 * time.Millisecond
	// checkpointWithin is when it is copied even if somebody always waits.
	checkpointWithin = 5 * time.Second
	// maxLogPages is where SQLite copies the rest itself, in a commit, and
	// begins the log anew: 256 MiB, which is more than is written in
	// checkpointWithin. Under writes without a pause nobody else can. The file
	// keeps the size it once had: a commit into blocks that are there already is
	// faster by a third than one that makes it grow.
	maxLogPages = 64_000
)

// startCheckpoints copies the log after commits until the database is closed.
func (db *DB) startCheckpoints(ctx context.Context, path string) error {
	pool, err := sql.Open("sqlite", sqliteURI(path, ""))
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	pool.SetMaxOpenConns(1)
	if err := pool.PingContext(ctx); err != nil {
		return fmt.Errorf("checkpoint connection: %w", err)
	}
	db.done.Go(func() {
		defer func() {
			if err := pool.Close(); err != nil {
				db.log.Warn("close checkpoint connection", "err", err)
			}
		}()
		for {
			select {
			case <-db.stop:
				return
			case <-db.wrote:
			}
			if !db.calmed() {
				return // closing the last connection copies everything
			}
			// What cannot be copied now, for a reader or a full disk, stays in the log.
			if _, err := pool.Exec("PRAGMA wal_checkpoint(PASSIVE)"); err != nil {
				db.log.Warn("copy the log into the database", "err", err)
			}
		}
	})
	return nil
}

// calmed waits until nobody has waited for a write for checkpointAfter, or
// checkpointWithin at most. False means that the database is being closed.
func (db *DB) calmed() bool {
	quiet, late := time.NewTimer(checkpointAfter), time.NewTimer(checkpointWithin)
	defer quiet.Stop()
	defer late.Stop()
	for {
		select {
		case <-db.stop:
			return false
		case <-db.waited:
			quiet.Reset(checkpointAfter)
		case <-quiet.C:
			return true
		case <-late.C:
			return true
		}
	}
}

// noteWrite tells the checkpoints that there is something to copy.
// somebody says whether a person waited for it.
func (db *DB) noteWrite(somebody bool) {
	note(db.wrote)
	if somebody {
		note(db.waited)
	}
}

// note leaves a signal that one is enough of.
func note(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
