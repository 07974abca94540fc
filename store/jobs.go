package store

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/vmcloud/ricochet/internal/jobs"
)

// Enqueue adds a job that is due now, once per dedupe key, and wakes the
// runner when the transaction has committed.
func (tx *Tx) Enqueue(kind, dedupe, payload string) error {
	return tx.EnqueueAt(kind, dedupe, payload, tx.now)
}

// EnqueueAt adds a job that is due at t.
func (tx *Tx) EnqueueAt(kind, dedupe, payload string, t time.Time) error {
	_, err := tx.exec(`INSERT INTO jobs (id, kind, dedupe, payload, state, run_at, attempts, lease_until, worker, last_error, created_at)
		VALUES ($1, $2, $3, $4, 'available', $5, 0, 0, '', '', $6) ON CONFLICT (dedupe) DO NOTHING`,
		uuid.Must(uuid.NewV7()).String(), kind, optText(dedupe), payload, millis(t), millis(tx.now))
	if err == nil && !t.After(tx.now) && tx.db.wake != nil {
		tx.AfterCommit(tx.db.wake)
	}
	return err
}

// OnEnqueue makes f run after every commit that added a job that is due.
func (db *DB) OnEnqueue(f func()) { db.wake = f }

func scanJob(r rowScanner) (jobs.Job, error) {
	var j jobs.Job
	var runAt int64
	err := r.Scan(&j.ID, &j.Kind, &j.Payload, &runAt, &j.Attempts)
	j.RunAt = instant(runAt)
	return j, err
}

// claimJobs leases due jobs in one statement. The outer state check makes a
// second process that picked the same rows get nothing; its CAST keeps SQLite
// from walking the index of all available jobs instead of the few chosen ids.
func (db *DB) claimJobs() string {
	skip := ""
	if db.engine == Postgres {
		skip = " FOR UPDATE SKIP LOCKED"
	}
	return `UPDATE jobs SET state = 'running', worker = $1, lease_until = $2, attempts = attempts + 1
		WHERE id IN (SELECT id FROM jobs WHERE state = 'available' AND run_at <= $3 ORDER BY run_at LIMIT $4` + skip + `)
		AND CAST(state AS TEXT) = 'available' RETURNING id, kind, payload, run_at, attempts`
}

// ClaimJobs leases up to n due jobs to worker until lease.
func (db *DB) ClaimJobs(ctx context.Context, worker string, now, lease time.Time, n int) ([]jobs.Job, error) {
	// A look without a write lock first: most polls find nothing.
	rows, err := db.get(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM jobs WHERE state = 'available' AND run_at <= $1 LIMIT 1) due", millis(now))
	if due, err := first(rows, err, scanInt); err != nil || due == 0 {
		return nil, err
	}
	var js []jobs.Job
	err = db.InTx(ctx, func(tx *Tx) error {
		rows, err := tx.query(db.claimJobs(), worker, millis(lease), millis(now), n)
		js, err = collect(rows, err, scanJob)
		return err
	})
	return js, err
}

// FinishJobs removes jobs that succeeded, in one transaction.
func (db *DB) FinishJobs(ctx context.Context, ids []string) error {
	return db.InTx(ctx, func(tx *Tx) error {
		for _, id := range ids {
			if _, err := tx.exec("DELETE FROM jobs WHERE id = $1", id); err != nil {
				return err
			}
		}
		return nil
	})
}

// maxJobError bounds what is kept of a failure.
const maxJobError = 2000

// RetryJob makes a failed job available again at runAt, or dead.
func (db *DB) RetryJob(ctx context.Context, id string, runAt time.Time, dead bool, reason string) error {
	state := "available"
	if dead {
		state = "dead"
	}
	return db.InTx(ctx, func(tx *Tx) error {
		_, err := tx.exec("UPDATE jobs SET state = $1, run_at = $2, worker = '', last_error = $3 WHERE id = $4",
			state, millis(runAt), reason[:min(len(reason), maxJobError)], id)
		return err
	})
}

// RescueJobs makes jobs whose worker vanished available again.
func (db *DB) RescueJobs(ctx context.Context, now time.Time) (int, error) {
	rows, err := db.get(ctx, "SELECT COUNT(*) FROM jobs WHERE state = 'running' AND lease_until < $1", millis(now))
	if stale, err := first(rows, err, scanInt); err != nil || stale == 0 {
		return 0, err
	}
	var n int64
	err = db.InTx(ctx, func(tx *Tx) error {
		n, err = tx.exec("UPDATE jobs SET state = 'available', worker = '' WHERE state = 'running' AND lease_until < $1", millis(now))
		return err
	})
	return int(n), err
}

// DeadJobs lists jobs that were given up, for the staff to see.
func (db *DB) DeadJobs(ctx context.Context, limit int) ([]jobs.Dead, error) {
	rows, err := db.get(ctx, "SELECT id, kind, last_error, attempts, run_at FROM jobs WHERE state = 'dead' ORDER BY run_at DESC LIMIT $1", limit)
	return collect(rows, err, func(r rowScanner) (jobs.Dead, error) {
		var j jobs.Dead
		var at int64
		err := r.Scan(&j.ID, &j.Kind, &j.LastError, &j.Attempts, &at)
		j.RunAt = instant(at)
		return j, err
	})
}
