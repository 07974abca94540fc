package store

import (
	"context"
	"time"

	"github.com/vmcloud/ricochet/deflect/report"
)

// SuccessfulQueries lists what several visitors searched since an instant and
// found (a result opened, no reformulation: D-35), most frequent first. A query
// of fewer visitors than that is nobody else's business (D-36), nor is one of
// which something was masked.
func (db *DB) SuccessfulQueries(ctx context.Context, since time.Time, visitors, limit int) ([]report.SearchCount, error) {
	rows, err := db.get(ctx, `SELECT lang, query, COUNT(DISTINCT visitor) FROM searches
		WHERE at >= $1 AND position > 0 AND reformulated = 0 AND query NOT LIKE '%[%'
		GROUP BY lang, query HAVING COUNT(DISTINCT visitor) >= $2 ORDER BY 3 DESC, lang, query LIMIT $3`,
		millis(since), visitors, limit)
	return collect(rows, err, func(r rowScanner) (report.SearchCount, error) {
		var c report.SearchCount
		err := r.Scan(&c.Lang, &c.Query, &c.N)
		return c, err
	})
}
