package store

import (
	"context"
	"time"

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

// reach says which part of a range is whole months that are summed up: their
// first and last, and the days next to them. Without such months they are a
// range of nothing, and the days are all of them.
type reach struct {
	months [2]string     // first and last
	before [2]report.Day // days before the months, or the whole range
	after  [2]report.Day
}

// nothing is a range that holds no day.
var nothing = [2]report.Day{"2", "1"}

func (db *DB) reach(ctx context.Context, from, to report.Day) (reach, error) {
	r := reach{months: [2]string{"2", "1"}, before: [2]report.Day{from, to}, after: nothing}
	state, err := db.RollState(ctx)
	if err != nil || state.Months == "" || from == "" {
		return r, err
	}
	first := report.Monthly.Holding(from, time.UTC)
	if first.From < from {
		first = report.Monthly.Holding(first.To.Add(1), time.UTC)
	}
	last := report.Monthly.Holding(to, time.UTC)
	if last.To > to {
		last = report.Monthly.Holding(last.From.Add(-1), time.UTC)
	}
	for last.From.Month() > state.Months && last.From >= first.From {
		last = report.Monthly.Holding(last.From.Add(-1), time.UTC)
	}
	if first.From > last.From {
		return r, nil
	}
	return reach{
		months: [2]string{first.From.Month(), last.From.Month()}, before: [2]report.Day{from, first.From.Add(-1)}, after: [2]report.Day{last.To.Add(1), to},
	}, nil
}

// TopQueries lists the most frequent searches of each kind.
func (db *DB) TopQueries(ctx context.Context, from, to report.Day, limit int) (map[report.QueryKind][]report.QueryRow, error) {
	r, err := db.reach(ctx, from, to)
	if err != nil {
		return nil, err
	}
	const part = "SELECT lang, query, " + queryCounts + " FROM "
	rows, err := db.get(ctx, "SELECT lang, query, "+sumsOf(queryCounts)+" FROM ("+
		part+"rollup_query_months WHERE month >= $1 AND month <= $2 UNION ALL "+
		part+"rollup_queries WHERE day >= $3 AND day <= $4 UNION ALL "+
		part+"rollup_queries WHERE day >= $5 AND day <= $6) AS parts GROUP BY lang, query",
		r.months[0], r.months[1], r.before[0], r.before[1], r.after[0], r.after[1])
	all, err := collect(rows, err, func(r rowScanner) (report.QueryRow, error) {
		var q report.QueryRow
		err := r.Scan(&q.Lang, &q.Query, &q.N, &q.NoResult, &q.NoClick, &q.Reformulated, &q.Success)
		return q, err
	})
	if err != nil {
		return nil, err
	}
	return report.TopOf(all, limit), nil
}

const articleParts = "SELECT lang, article, " + articleCounts + " FROM "

// ArticleCounts adds up what happened around each article.
func (db *DB) ArticleCounts(ctx context.Context, from, to report.Day) ([]report.ArticleRow, error) {
	r, err := db.reach(ctx, from, to)
	if err != nil {
		return nil, err
	}
	rows, err := db.get(ctx, "SELECT lang, article, "+sumsOf(articleCounts)+" FROM ("+
		articleParts+"rollup_article_months WHERE month >= $1 AND month <= $2 UNION ALL "+
		articleParts+"rollup_articles WHERE day >= $3 AND day <= $4 UNION ALL "+
		articleParts+"rollup_articles WHERE day >= $5 AND day <= $6) AS parts GROUP BY lang, article ORDER BY 3 DESC, article, lang",
		r.months[0], r.months[1], r.before[0], r.before[1], r.after[0], r.after[1])
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
	r, err := db.reach(ctx, from, to)
	if err != nil {
		return nil, err
	}
	rows, err := db.get(ctx, `SELECT lang, article, CAST(SUM(views) AS BIGINT) FROM (
		SELECT lang, article, views FROM rollup_article_months WHERE month >= $1 AND month <= $2 AND views > 0 UNION ALL
		SELECT lang, article, views FROM article_views WHERE day >= $3 AND day <= $4 UNION ALL
		SELECT lang, article, views FROM article_views WHERE day >= $5 AND day <= $6) AS parts GROUP BY lang, article ORDER BY 3 DESC, article, lang`,
		r.months[0], r.months[1], r.before[0], r.before[1], r.after[0], r.after[1])
	return collect(rows, err, scanViews)
}
