package store

import (
	"context"
	"time"

	"github.com/vmcloud/ricochet/internal/jobs"
)

// wakeBatch is how many tickets one transaction of WakeTickets takes: people
// write meanwhile.
const wakeBatch = 500

// WakeTickets lets timers look now at every ticket for which something is
// foreseen, and says how many there are: a policy or calendar has changed, and
// with it the dates (D-12).
func (db *DB) WakeTickets(ctx context.Context, now time.Time) (int64, error) {
	for total := int64(0); ; {
		var n int64
		err := db.InTx(jobs.Background(ctx), func(tx *Tx) error {
			var err error
			n, err = tx.exec("UPDATE tickets SET wake_at = $1 WHERE id IN (SELECT id FROM tickets WHERE wake_at > $1 LIMIT $2)", millis(now), wakeBatch)
			return err
		})
		if total += n; err != nil || n < wakeBatch {
			return total, err
		}
	}
}
