package store

import (
	"context"
	"encoding/json"
	"math"

	"github.com/google/uuid"

	"github.com/vmcloud/ricochet/deflect/team"
)

// Audit appends to the audit log who did what to what. actor is a staff id or
// "" for the system; data holds ids and short values only (D-36). It commits
// with the change it speaks of.
func (tx *Tx) Audit(actor, action, object string, data map[string]string) error {
	if data == nil {
		data = map[string]string{}
	}
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	_, err = tx.exec("INSERT INTO audit (id, at, actor, action, object, data) VALUES ($1, $2, $3, $4, $5, $6)",
		uuid.Must(uuid.NewV7()).String(), millis(tx.now), actor, action, object, string(text))
	return err
}

// Audit is Tx.Audit in a transaction of its own, for what changes no row.
func (db *DB) Audit(ctx context.Context, actor, action, object string, data map[string]string) error {
	return db.InTx(ctx, func(tx *Tx) error { return tx.Audit(actor, action, object, data) })
}

// AuditEntries lists the audit log, the newest first.
func (db *DB) AuditEntries(ctx context.Context, f team.AuditFilter) ([]team.AuditEntry, error) {
	to := int64(math.MaxInt64)
	if !f.To.IsZero() {
		to = millis(f.To)
	}
	rows, err := db.get(ctx, `SELECT id, at, actor, action, object, data FROM audit
		WHERE at >= $1 AND at < $2 AND ($3 = '' OR actor = $4) AND ($5 = '' OR action = $6) AND ($7 = '' OR object = $8) AND ($9 = '' OR id < $10)
		ORDER BY id DESC LIMIT $11`,
		max(0, millis(f.From)), to, f.Actor, f.Actor, f.Action, f.Action, f.Object, f.Object, f.Before, f.Before, f.Limit)
	return collect(rows, err, func(r rowScanner) (team.AuditEntry, error) {
		var e team.AuditEntry
		var at int64
		var data string
		if err := r.Scan(&e.ID, &at, &e.Actor, &e.Action, &e.Object, &data); err != nil {
			return e, err
		}
		e.At = instant(at)
		return e, json.Unmarshal([]byte(data), &e.Data)
	})
}
