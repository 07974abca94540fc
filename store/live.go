package store

import (
	"context"
	"time"

	"github.com/vmcloud/ricochet/deflect/report"
)

// Live reads the figures of now.
func (db *DB) Live(ctx context.Context, now time.Time) (report.Live, error) {
	l := report.Live{Active: map[string]int{}}
	rows, err := db.get(ctx, `SELECT state, COUNT(*), CAST(COALESCE(SUM(CASE WHEN next_due < $1 THEN 1 ELSE 0 END), 0) AS BIGINT)
		FROM tickets WHERE state NOT IN ('resolved', 'closed', 'merged') GROUP BY state`, millis(now))
	if _, err = collect(rows, err, func(r rowScanner) (struct{}, error) {
		var state string
		var n, late int
		err := r.Scan(&state, &n, &late)
		l.Active[state] = n
		l.Overdue += late
		return struct{}{}, err
	}); err != nil {
		return l, err
	}
	rows, err = db.get(ctx, `SELECT (SELECT COUNT(*) FROM mails WHERE state = 'queued'),
		(SELECT COUNT(*) FROM jobs WHERE state = 'available' AND run_at <= $1),
		(SELECT COUNT(*) FROM jobs WHERE state = 'dead'),
		(SELECT COUNT(*) FROM quarantine WHERE resolved_at IS NULL)`, millis(now))
	if _, err = first(rows, err, func(r rowScanner) (struct{}, error) {
		return struct{}{}, r.Scan(&l.Queued, &l.JobsDue, &l.JobsDead, &l.Quarantine)
	}); err != nil {
		return l, err
	}
	since := millis(now.Add(-24 * time.Hour))
	rows, err = db.get(ctx, "SELECT outcome, arm, COUNT(*) FROM attempts WHERE started_at >= $1 AND counted = 1 GROUP BY outcome, arm ORDER BY outcome, arm", since)
	if l.Attempts, err = collect(rows, err, func(r rowScanner) (report.LiveAttempts, error) {
		var a report.LiveAttempts
		err := r.Scan(&a.Outcome, &a.Arm, &a.N)
		return a, err
	}); err != nil {
		return l, err
	}
	rows, err = db.get(ctx, "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN results = 0 THEN 1 ELSE 0 END), 0) AS BIGINT) FROM searches WHERE at >= $1", since)
	_, err = first(rows, err, func(r rowScanner) (struct{}, error) { return struct{}{}, r.Scan(&l.Searches, &l.NoResult) })
	return l, err
}
