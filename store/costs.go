package store

import (
	"context"

	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/deflect/team"
)

// InsertCost appends what the support team costs from a day on.
func (tx *Tx) InsertCost(c team.Cost) error {
	_, err := tx.exec("INSERT INTO support_costs (id, from_day, cents, staff_id, set_at) VALUES ($1, $2, $3, $4, $5)", c.ID, c.From, c.Cents, c.Staff, millis(c.At))
	return err
}

// CostHistory lists all that was ever said about the cost, the newest first.
func (db *DB) CostHistory(ctx context.Context) ([]team.Cost, error) {
	rows, err := db.get(ctx, "SELECT id, from_day, cents, staff_id, set_at FROM support_costs ORDER BY set_at DESC, id DESC")
	return collect(rows, err, func(r rowScanner) (team.Cost, error) {
		var c team.Cost
		var at int64
		err := r.Scan(&c.ID, &c.From, &c.Cents, &c.Staff, &at)
		c.At = instant(at)
		return c, err
	})
}

// Costs lists what the support team costs, by the day it is so from: of several
// statements about a day the last.
func (db *DB) Costs(ctx context.Context) ([]report.Cost, error) {
	rows, err := db.get(ctx, `SELECT from_day, cents FROM support_costs c WHERE NOT EXISTS (SELECT 1 FROM support_costs later
		WHERE later.from_day = c.from_day AND (later.set_at > c.set_at OR later.set_at = c.set_at AND later.id > c.id)) ORDER BY from_day`)
	return collect(rows, err, func(r rowScanner) (report.Cost, error) {
		var c report.Cost
		err := r.Scan(&c.From, &c.Cents)
		return c, err
	})
}
