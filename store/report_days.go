package store

import (
	"context"
	"time"

	"github.com/vmcloud/ricochet/deflect/report"
)

// What stands behind the figures: counts by day that say where rows are, and
// the rows themselves.

// byDay collects pairs of a day and its counts.
func byDay[C any](all []pair[report.Day, C], err error) (map[report.Day]C, error) {
	return mapOf(all), err
}

// QueryDays counts a question by day.
func (db *DB) QueryDays(ctx context.Context, q report.QueryKey, from, to report.Day) (map[report.Day]report.QueryCounts, error) {
	rows, err := db.get(ctx, "SELECT day, "+queryCounts+" FROM rollup_queries WHERE day >= $1 AND day <= $2 AND lang = $3 AND query = $4", from, to, q.Lang, q.Query)
	return byDay(collect(rows, err, func(r rowScanner) (pair[report.Day, report.QueryCounts], error) {
		var p pair[report.Day, report.QueryCounts]
		err := r.Scan(&p.key, &p.value.N, &p.value.NoResult, &p.value.NoClick, &p.value.Reformulated, &p.value.Success)
		return p, err
	}))
}

// ArticleDays counts what happened around an article by day.
func (db *DB) ArticleDays(ctx context.Context, a report.ArticleKey, from, to report.Day) (map[report.Day]report.ArticleCounts, error) {
	rows, err := db.get(ctx, "SELECT lang, article, "+articleCounts+", day FROM rollup_articles WHERE day >= $1 AND day <= $2 AND lang = $3 AND article = $4",
		from, to, a.Lang, a.Article)
	return byDay(collect(rows, err, func(r rowScanner) (pair[report.Day, report.ArticleCounts], error) {
		var day report.Day
		row, err := scanArticleCounts(tail{r, []any{&day}})
		return pair[report.Day, report.ArticleCounts]{day, row.ArticleCounts}, err
	}))
}

// ofArticle is the condition on the article of a row; the empty one is any.
const ofArticle = "($3 = '' OR lang = $4 AND article = $5)"

// VoteDays counts votes by day; the zero article is all of them.
func (db *DB) VoteDays(ctx context.Context, a report.ArticleKey, from, to report.Day) ([]report.DayVotes, error) {
	rows, err := db.get(ctx, "SELECT lang, article, revision, helpful, reason, n, day FROM rollup_votes WHERE day >= $1 AND day <= $2 AND "+ofArticle,
		from, to, a.Article, a.Lang, a.Article)
	return collect(rows, err, func(r rowScanner) (report.DayVotes, error) {
		var v report.DayVotes
		var err error
		v.VoteRow, err = scanVoteRow(tail{r, []any{&v.Day}})
		return v, err
	})
}

// ViewDays lists page views by day, newest first; the zero article is all of
// them.
func (db *DB) ViewDays(ctx context.Context, a report.ArticleKey, from, to report.Day) ([]report.DayViews, error) {
	rows, err := db.get(ctx, "SELECT lang, article, views, day FROM article_views WHERE day >= $1 AND day <= $2 AND "+ofArticle+" ORDER BY day DESC, views DESC, article, lang",
		from, to, a.Article, a.Lang, a.Article)
	return collect(rows, err, func(r rowScanner) (report.DayViews, error) {
		var v report.DayViews
		var err error
		v.Views, err = scanViews(tail{r, []any{&v.Day}})
		return v, err
	})
}

// VoteList lists the votes cast in [from, to) in the order they were cast.
func (db *DB) VoteList(ctx context.Context, from, to time.Time) ([]report.VoteCast, error) {
	rows, err := db.get(ctx, `SELECT lang, article, revision, helpful, CASE WHEN helpful = 1 THEN '' ELSE reason END, 1, comment, at FROM votes
		WHERE at >= $1 AND at < $2 ORDER BY at, lang, article, voter`, millis(from), millis(to))
	return collect(rows, err, func(r rowScanner) (report.VoteCast, error) {
		var v report.VoteCast
		var at int64
		row, err := scanVoteRow(tail{r, []any{&v.Comment, &at}})
		v.VoteKey, v.At = row.VoteKey, instant(at)
		return v, err
	})
}
