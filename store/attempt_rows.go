package store

import (
	"context"
	"math"
	"strconv"
	"strings"

	"github.com/vmcloud/ricochet/deflect"
)

// Attempts lists attempts, the newest first.
func (db *DB) Attempts(ctx context.Context, f deflect.AttemptFilter) ([]deflect.Attempt, error) {
	to := int64(math.MaxInt64)
	if !f.To.IsZero() {
		to = millis(f.To)
	}
	where := []string{"started_at >= $1 AND started_at < $2 AND ($3 = '' OR id < $4)"}
	args := []any{max(0, millis(f.From)), to, f.Before, f.Before}
	equal := func(column, value string) {
		if value == "" {
			return
		}
		if value == deflect.None {
			value = ""
		}
		args = append(args, value)
		where = append(where, column+" = $"+strconv.Itoa(len(args)))
	}
	equal("category", f.Category)
	equal("outcome", f.Outcome)
	equal("arm", f.Arm)
	equal("period", f.Period)
	equal("lang", f.Lang)
	for _, c := range []struct {
		wanted    bool
		condition string
	}{
		{f.Counted, "counted = 1"},
		{f.Eligible, "arm <> 'holdout'"},
		{f.Shown, "shown = 1"},
		{f.Trial, "arm <> ''"},
		{f.Followed, "followed_by IS NOT NULL"},
		{f.Revoked, "outcome IN ('confirmed', 'assumed') AND revoked_at IS NOT NULL"},
		{f.State == deflect.Waiting, "judged = 0"},
		{f.State == deflect.Judged, "judged = 1 AND NOT " + outOfBoth},
		{f.State == deflect.Excluded, "judged = 1 AND " + outOfBoth},
	} {
		if c.wanted {
			where = append(where, c.condition)
		}
	}
	args = append(args, f.Limit)
	rows, err := db.get(ctx, "SELECT "+attemptColumns+" FROM attempts WHERE "+strings.Join(where, " AND ")+
		" ORDER BY id DESC LIMIT $"+strconv.Itoa(len(args)), args...)
	return collect(rows, err, scanAttempt)
}

// AttemptByID finds an attempt; kind not_found when there is none.
func (db *DB) AttemptByID(ctx context.Context, id string) (deflect.Attempt, error) {
	rows, err := db.get(ctx, "SELECT "+attemptColumns+" FROM attempts WHERE id = $1", id)
	return first(rows, err, scanAttempt)
}
