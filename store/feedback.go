package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/report"
)

// SaveVote stores a vote; a voter's last one on a revision counts (D-34).
func (db *DB) SaveVote(ctx context.Context, v deflect.Vote) error {
	return db.InTx(ctx, func(tx *Tx) error {
		_, err := tx.exec(`INSERT INTO votes (lang, article, revision, voter, helpful, reason, comment, at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (lang, article, revision, voter) DO UPDATE SET
			helpful = excluded.helpful, reason = excluded.reason, comment = excluded.comment, at = excluded.at`,
			v.Lang, v.Article, v.Revision, v.Voter, flag(v.Helpful), v.Reason, v.Comment, millis(tx.now))
		return err
	})
}

// VoteComments lists the comments of "no" votes in [from, to), newest first.
func (db *DB) VoteComments(ctx context.Context, from, to time.Time, limit int) ([]deflect.VoteComment, error) {
	rows, err := db.get(ctx, `SELECT lang, article, revision, reason, comment, at FROM votes
		WHERE at >= $1 AND at < $2 AND helpful = 0 AND comment <> '' ORDER BY at DESC, lang, article LIMIT $3`, millis(from), millis(to), limit)
	return collect(rows, err, func(r rowScanner) (deflect.VoteComment, error) {
		var v deflect.VoteComment
		var at int64
		err := r.Scan(&v.Lang, &v.Article, &v.Revision, &v.Reason, &v.Comment, &at)
		v.At = instant(at)
		return v, err
	})
}

// AddViews adds page views to the day's counters.
func (db *DB) AddViews(ctx context.Context, day string, views []deflect.Views) error {
	return db.InTx(ctx, func(tx *Tx) error {
		for _, v := range views {
			_, err := tx.exec(`INSERT INTO article_views (day, lang, article, views) VALUES ($1, $2, $3, $4)
				ON CONFLICT (day, lang, article) DO UPDATE SET views = article_views.views + excluded.views`, day, v.Lang, v.Article, v.N)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// FirstViewed is the day on which an article was first read, "" for never.
func (db *DB) FirstViewed(ctx context.Context, lang, article string) (string, error) {
	rows, err := db.get(ctx, "SELECT COALESCE(MIN(day), '') FROM article_views WHERE lang = $1 AND article = $2", lang, article)
	return first(rows, err, scanText)
}

// PopularArticles lists the most read articles of a language since a day.
func (db *DB) PopularArticles(ctx context.Context, lang, since string, limit int) ([]deflect.Views, error) {
	rows, err := db.get(ctx, `SELECT lang, article, CAST(SUM(views) AS BIGINT) FROM article_views WHERE lang = $1 AND day >= $2
		GROUP BY lang, article ORDER BY 3 DESC, 2 LIMIT $3`, lang, since, limit)
	return collect(rows, err, scanViews)
}

func scanViews(r rowScanner) (deflect.Views, error) {
	var v deflect.Views
	err := r.Scan(&v.Lang, &v.Article, &v.N)
	return v, err
}

// TopSearches lists the most frequent searches in [from, to); empty selects
// those that found nothing.
func (db *DB) TopSearches(ctx context.Context, from, to time.Time, empty bool, limit int) ([]report.SearchCount, error) {
	rows, err := db.get(ctx, `SELECT lang, query, COUNT(*) FROM searches WHERE at >= $1 AND at < $2 AND query <> ''
		AND (CAST($3 AS BIGINT) = 0 OR results = 0) GROUP BY lang, query ORDER BY 3 DESC, 2 LIMIT $4`,
		millis(from), millis(to), flag(empty), limit)
	return collect(rows, err, func(r rowScanner) (report.SearchCount, error) {
		var c report.SearchCount
		err := r.Scan(&c.Lang, &c.Query, &c.N)
		return c, err
	})
}

// DeflectionCounts counts attempts by category, from the rows themselves.
func (db *DB) DeflectionCounts(ctx context.Context, from, to time.Time) ([]report.CategoryCounts, error) {
	rows, err := db.get(ctx, `SELECT category,
		CAST(SUM(counted) AS BIGINT),
		CAST(SUM(CASE WHEN counted = 1 AND arm <> 'holdout' THEN 1 ELSE 0 END) AS BIGINT),
		CAST(SUM(CASE WHEN counted = 1 AND shown = 1 THEN 1 ELSE 0 END) AS BIGINT),
		CAST(SUM(CASE WHEN counted = 1 AND outcome = 'confirmed' THEN 1 ELSE 0 END) AS BIGINT),
		CAST(SUM(CASE WHEN counted = 1 AND outcome = 'assumed' THEN 1 ELSE 0 END) AS BIGINT),
		CAST(SUM(CASE WHEN counted = 1 AND outcome = 'abandoned' THEN 1 ELSE 0 END) AS BIGINT),
		CAST(SUM(CASE WHEN counted = 1 AND outcome = 'ticket' THEN 1 ELSE 0 END) AS BIGINT),
		CAST(SUM(CASE WHEN counted = 1 AND outcome = '' THEN 1 ELSE 0 END) AS BIGINT),
		CAST(SUM(CASE WHEN counted = 1 AND outcome IN ('confirmed', 'assumed') AND revoked_at IS NOT NULL THEN 1 ELSE 0 END) AS BIGINT),
		CAST(SUM(1 - counted) AS BIGINT)
		FROM attempts WHERE started_at >= $1 AND started_at < $2 GROUP BY category ORDER BY category`, millis(from), millis(to))
	return collect(rows, err, func(r rowScanner) (report.CategoryCounts, error) {
		var c report.CategoryCounts
		err := r.Scan(&c.Category, &c.Attempts, &c.Eligible, &c.Shown, &c.Confirmed, &c.Assumed, &c.Abandoned, &c.Tickets, &c.Pending, &c.Revoked, &c.Repeats)
		return c, err
	})
}

// Helpful counts the votes cast in [from, to) by article and revision, most
// votes first.
func (db *DB) Helpful(ctx context.Context, from, to time.Time) ([]report.HelpfulCounts, error) {
	rows, err := db.get(ctx, `SELECT lang, article, revision, CAST(SUM(helpful) AS BIGINT), CAST(SUM(1 - helpful) AS BIGINT), MAX(at)
		FROM votes WHERE at >= $1 AND at < $2 GROUP BY lang, article, revision ORDER BY COUNT(*) DESC, lang, article, revision`, millis(from), millis(to))
	return collect(rows, err, func(r rowScanner) (report.HelpfulCounts, error) {
		var h report.HelpfulCounts
		var at sql.NullInt64
		err := r.Scan(&h.Lang, &h.Article, &h.Revision, &h.Yes, &h.No, &at)
		h.LastAt = optInstant(at)
		return h, err
	})
}
