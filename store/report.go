package store

import (
	"context"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/report"
)

// What the reports read: sums alone, so that a year answers at once.

// CellRows lists the stored cells of a subject along one dimension.
func (db *DB) CellRows(ctx context.Context, subject report.Subject, dim string, from, to report.Day) ([]report.CellRow, error) {
	rows, err := db.get(ctx, `SELECT day, value, data FROM rollup WHERE subject = $1 AND dim = $2 AND day >= $3 AND day <= $4
		ORDER BY day, value`, subject, dim, from, to)
	return collect(rows, err, func(r rowScanner) (report.CellRow, error) {
		var c report.CellRow
		err := r.Scan(&c.Day, &c.Value, &c.Data)
		return c, err
	})
}

// queryOrder is the column that ranks each kind of question.
var queryOrder = map[report.QueryKind]string{
	report.AnyQuery: "n", report.NoResult: "no_result", report.NoClick: "no_click", report.Reformulated: "reformulated", report.Succeeded: "success",
}

// TopQueries lists the most frequent searches of each kind.
func (db *DB) TopQueries(ctx context.Context, from, to report.Day, limit int) (map[report.QueryKind][]report.QueryRow, error) {
	top := map[report.QueryKind][]report.QueryRow{}
	for kind, column := range queryOrder {
		rows, err := db.get(ctx, `SELECT lang, query, CAST(SUM(n) AS BIGINT), CAST(SUM(no_result) AS BIGINT), CAST(SUM(no_click) AS BIGINT),
			CAST(SUM(reformulated) AS BIGINT), CAST(SUM(success) AS BIGINT) FROM rollup_queries
			WHERE day >= $1 AND day <= $2 GROUP BY lang, query HAVING SUM(`+column+`) > 0 ORDER BY SUM(`+column+`) DESC, query, lang LIMIT $3`, from, to, limit)
		all, err := collect(rows, err, func(r rowScanner) (report.QueryRow, error) {
			var q report.QueryRow
			err := r.Scan(&q.Lang, &q.Query, &q.N, &q.NoResult, &q.NoClick, &q.Reformulated, &q.Success)
			return q, err
		})
		if err != nil {
			return nil, err
		}
		top[kind] = all
	}
	return top, nil
}

// ArticleCounts adds up what happened around each article.
func (db *DB) ArticleCounts(ctx context.Context, from, to report.Day) ([]report.ArticleRow, error) {
	rows, err := db.get(ctx, `SELECT lang, article, CAST(SUM(suggested) AS BIGINT), CAST(SUM(opened) AS BIGINT), CAST(SUM(confirmed) AS BIGINT),
		CAST(SUM(assumed) AS BIGINT), CAST(SUM(revoked) AS BIGINT), CAST(SUM(ticketed) AS BIGINT), CAST(SUM(clicks) AS BIGINT),
		CAST(SUM(reads) AS BIGINT), CAST(SUM(tickets_after) AS BIGINT) FROM rollup_articles
		WHERE day >= $1 AND day <= $2 GROUP BY lang, article ORDER BY 3 DESC, article, lang`, from, to)
	return collect(rows, err, scanArticleCounts)
}

// ArticleVotes adds up the votes by revision and answer.
func (db *DB) ArticleVotes(ctx context.Context, from, to report.Day) ([]report.VoteRow, error) {
	rows, err := db.get(ctx, `SELECT lang, article, revision, helpful, reason, CAST(SUM(n) AS BIGINT) FROM rollup_votes
		WHERE day >= $1 AND day <= $2 GROUP BY lang, article, revision, helpful, reason ORDER BY lang, article, revision, helpful, reason`, from, to)
	return collect(rows, err, scanVoteRow)
}

// ArticleViews adds up the page views of each article.
func (db *DB) ArticleViews(ctx context.Context, from, to report.Day) ([]deflect.Views, error) {
	rows, err := db.get(ctx, `SELECT lang, article, CAST(SUM(views) AS BIGINT) FROM article_views WHERE day >= $1 AND day <= $2
		GROUP BY lang, article ORDER BY 3 DESC, article, lang`, from, to)
	return collect(rows, err, scanViews)
}
