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
// does it a little later, without holding up the writer.

const (
	// checkpointAfter is how long changes gather before they are copied: pages
	// that change again and again are copied once.
	checkpointAfter = 250 * time.Millisecond
	// maxLogPages is where SQLite copies the rest itself, in a commit, and
	// begins the log anew: 64 MiB. Under writes without a pause nobody else can.
	maxLogPages = 16_000
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
			select {
			case <-db.stop:
				return // closing the last connection copies everything
			case <-time.After(checkpointAfter):
			}
			// What cannot be copied now, for a reader or a full disk, stays in the log.
			if _, err := pool.Exec("PRAGMA wal_checkpoint(PASSIVE)"); err != nil {
				db.log.Warn("copy the log into the database", "err", err)
			}
		}
	})
	return nil
}

// noteWrite tells the checkpoints that there is something to copy.
func (db *DB) noteWrite() {
	select {
	case db.wrote <- struct{}{}:
	default:
	}
}
