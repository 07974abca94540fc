package store

import (
	"context"
	"database/sql"
	"math"
	"time"

	"github.com/vmcloud/ricochet/deflect"
)

// periodAge is how long the latest period of the experiment is believed: each
// attempt asks for it, and another process may have changed it.
const periodAge = 10 * time.Second

// knownPeriod is the latest period as it was read.
type knownPeriod struct {
	deflect.Period
	read time.Time
}

// Shares are stored in millionths.
const shareUnit = 1_000_000

const periodColumns = "id, at, share_ppm, seed, actor, reason"

func scanPeriod(r rowScanner) (deflect.Period, error) {
	var p deflect.Period
	var at, share int64
	err := r.Scan(&p.ID, &at, &share, &p.Seed, &p.Actor, &p.Reason)
	p.From, p.Share = instant(at), float64(share)/shareUnit
	return p, err
}

const latestPeriod = "SELECT " + periodColumns + " FROM experiment_periods ORDER BY at DESC, id DESC LIMIT 1"

// Period is the experiment's latest period, the zero one when there is none.
// It comes from memory unless that is old.
func (tx *Tx) Period() (deflect.Period, error) {
	if p, ok := tx.db.recentPeriod(tx.now); ok {
		return p, nil
	}
	rows, err := tx.query(latestPeriod)
	return tx.db.keepPeriod(rows, err, tx.now)
}

// CurrentPeriod is Period outside a transaction.
func (db *DB) CurrentPeriod(ctx context.Context) (deflect.Period, error) {
	now := db.clock.Now()
	if p, ok := db.recentPeriod(now); ok {
		return p, nil
	}
	rows, err := db.get(ctx, latestPeriod)
	return db.keepPeriod(rows, err, now)
}

func (db *DB) recentPeriod(now time.Time) (deflect.Period, bool) {
	p := db.period.Load()
	if p == nil {
		return deflect.Period{}, false
	}
	age := now.Sub(p.read)
	return p.Period, age >= 0 && age < periodAge
}

func (db *DB) keepPeriod(rows *sql.Rows, err error, now time.Time) (deflect.Period, error) {
	all, err := collect(rows, err, scanPeriod)
	if err != nil {
		return deflect.Period{}, err
	}
	var p deflect.Period
	if len(all) > 0 {
		p = all[0]
	}
	db.period.Store(&knownPeriod{p, now})
	return p, nil
}

// InsertPeriod appends a period.
func (tx *Tx) InsertPeriod(p deflect.Period) error {
	_, err := tx.exec("INSERT INTO experiment_periods ("+periodColumns+") VALUES ($1, $2, $3, $4, $5, $6)",
		p.ID, millis(p.From), int64(math.Round(p.Share*shareUnit)), p.Seed, p.Actor, p.Reason)
	tx.AfterCommit(func() { tx.db.period.Store(nil) })
	return err
}

// Strata counts the attempts of every period of the experiment, oldest first
// (D-32). Attempts are Enterprise or P0/P1 by what is known of their ticket and
// of their person's tickets now.
func (db *DB) Strata(ctx context.Context) ([]deflect.Stratum, error) {
	rows, err := db.get(ctx, "SELECT "+periodColumns+" FROM experiment_periods ORDER BY at, id")
	periods, err := collect(rows, err, scanPeriod)
	if err != nil {
		return nil, err
	}
	strata := make([]deflect.Stratum, len(periods))
	byID := map[string]*deflect.Stratum{}
	for i, p := range periods {
		strata[i].Period = p
		byID[p.ID] = &strata[i]
	}
	rows, err = db.get(ctx, `SELECT period, arm, judged, CASE WHEN judged = 1 AND `+outOfBoth+` THEN 1 ELSE 0 END,
		CASE WHEN followed_by IS NULL THEN 0 ELSE 1 END, COUNT(*)
		FROM attempts WHERE arm <> '' AND counted = 1 GROUP BY 1, 2, 3, 4, 5`)
	_, err = collect(rows, err, func(r rowScanner) (struct{}, error) {
		var period string
		var arm deflect.Group
		var judged, out, followed, n int
		if err := r.Scan(&period, &arm, &judged, &out, &followed, &n); err != nil {
			return struct{}{}, err
		}
		if s := byID[period]; s != nil {
			countInto(s, arm, judged == 1, out == 1, followed == 1, n)
		}
		return struct{}{}, nil
	})
	return strata, err
}

// outOfBoth is the condition under which an attempt leaves both arms (D-32).
const outOfBoth = `(EXISTS (SELECT 1 FROM tickets t WHERE t.id = attempts.followed_by AND (t.tier = 'enterprise' OR t.priority IN ('P0', 'P1')))
	OR EXISTS (SELECT 1 FROM tickets t WHERE t.person_id = attempts.person_id AND t.tier = 'enterprise'))`

func countInto(s *deflect.Stratum, arm deflect.Group, judged, out, followed bool, n int) {
	switch {
	case !judged:
		s.Waiting += n
	case out:
		s.Excluded += n
	case arm == deflect.Holdout:
		s.Held += n
		if followed {
			s.HeldTickets += n
		}
	default:
		s.Treated += n
		if followed {
			s.TreatedTickets += n
		}
	}
}

// CountedSince counts the attempts that count for the rates since t, and says
// when the first of them began; zero for none.
func (db *DB) CountedSince(ctx context.Context, t time.Time) (n int, first time.Time, err error) {
	rows, err := db.get(ctx, "SELECT COUNT(*), MIN(started_at) FROM attempts WHERE started_at >= $1 AND counted = 1", millis(t))
	_, err = collect(rows, err, func(r rowScanner) (struct{}, error) {
		var at sql.NullInt64
		err := r.Scan(&n, &at)
		first = optInstant(at)
		return struct{}{}, err
	})
	return n, first, err
}
