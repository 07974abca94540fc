package store

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/internal/errs"
)

const rollState = "cursor"

// RollState is how far the roll-ups reach; the zero State before the first run.
func (db *DB) RollState(ctx context.Context) (report.State, error) {
	rows, err := db.get(ctx, "SELECT value FROM rollup_state WHERE name = $1", rollState)
	return scanRollState(first(rows, err, scanText))
}

func scanRollState(text string, err error) (report.State, error) {
	var s report.State
	if errs.Is(err, errs.NotFound) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal([]byte(text), &s)
}

// RolledUp is the instant up to which the roll-ups are complete.
func (db *DB) RolledUp(ctx context.Context) (time.Time, error) {
	s, err := db.RollState(ctx)
	return s.At, err
}

// SaveRollState stores how far the roll-ups reach.
func (db *DB) SaveRollState(ctx context.Context, s report.State) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return db.InTx(ctx, func(tx *Tx) error {
		_, err := tx.exec("INSERT INTO rollup_state (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", rollState, string(text))
		return err
	})
}

// change is a row of a roll-up that must be written, or removed.
type change[K comparable, V any] struct {
	key  K
	want V
	gone bool
}

// changes compares what is stored with what should be. Most often nothing
// differs, and then nothing is written.
func changes[K, V comparable](have, want map[K]V) []change[K, V] {
	var all []change[K, V]
	for k, v := range want {
		if old, ok := have[k]; !ok || old != v {
			all = append(all, change[K, V]{key: k, want: v})
		}
	}
	for k := range have {
		if _, ok := want[k]; !ok {
			all = append(all, change[K, V]{key: k, gone: true})
		}
	}
	return all
}

// saveChanges writes what has changed in one transaction, if anything has.
func saveChanges[K, V comparable](ctx context.Context, db *DB, todo []change[K, V], write func(*Tx, change[K, V]) error) error {
	if len(todo) == 0 {
		return nil
	}
	return db.InTx(ctx, func(tx *Tx) error {
		for _, c := range todo {
			if err := write(tx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// pair is a row as it is read: its key and its counts.
type pair[K comparable, V any] struct {
	key   K
	value V
}

func mapOf[K comparable, V any](pairs []pair[K, V]) map[K]V {
	m := make(map[K]V, len(pairs))
	for _, p := range pairs {
		m[p.key] = p.value
	}
	return m
}

// storedCells reads a day's cells of a subject. The dimensions are listed
// because the key has them before the day, for reading one over a year.
func (db *DB) storedCells(ctx context.Context, subject report.Subject, day report.Day) (report.Cells, error) {
	rows, err := db.get(ctx, `SELECT dim, value, data, delta FROM rollup
		WHERE subject = $1 AND dim IN ('', 'category', 'lang', 'tier', 'route', 'tier/priority', 'channel', 'agent') AND day = $2`, subject, day)
	all, err := collect(rows, err, func(r rowScanner) (pair[report.Cell, report.Packed], error) {
		var p pair[report.Cell, report.Packed]
		err := r.Scan(&p.key.Dim, &p.key.Value, &p.value.Data, &p.value.Delta)
		return p, err
	})
	return mapOf(all), err
}

func (tx *Tx) writeCells(subject report.Subject, day report.Day, all []change[report.Cell, report.Packed]) error {
	for _, c := range all {
		var err error
		if c.gone {
			_, err = tx.exec("DELETE FROM rollup WHERE subject = $1 AND dim = $2 AND day = $3 AND value = $4", subject, c.key.Dim, day, c.key.Value)
		} else {
			_, err = tx.exec(`INSERT INTO rollup (subject, dim, day, value, data, delta) VALUES ($1, $2, $3, $4, $5, $6)
				ON CONFLICT (subject, dim, day, value) DO UPDATE SET data = excluded.data, delta = excluded.delta`,
				subject, c.key.Dim, day, c.key.Value, c.want.Data, c.want.Delta)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// SaveCells stores a day's cells of a subject.
func (db *DB) SaveCells(ctx context.Context, subject report.Subject, day report.Day, cells report.Cells) error {
	have, err := db.storedCells(ctx, subject, day)
	if err != nil {
		return err
	}
	todo := changes(have, cells)
	if len(todo) == 0 {
		return nil
	}
	return db.InTx(ctx, func(tx *Tx) error { return tx.writeCells(subject, day, todo) })
}

// SaveDay stores a day's sums of raw rows.
func (db *DB) SaveDay(ctx context.Context, day report.Day, c report.DayCounts) error {
	for subject, cells := range c.Cells {
		if err := db.SaveCells(ctx, subject, day, cells); err != nil {
			return err
		}
	}
	if err := db.saveQueries(ctx, day, c.Queries); err != nil {
		return err
	}
	return db.saveArticles(ctx, day, c.Articles)
}

func (db *DB) saveQueries(ctx context.Context, day report.Day, want map[report.QueryKey]report.QueryCounts) error {
	rows, err := db.get(ctx, "SELECT lang, query, n, no_result, no_click, reformulated, success FROM rollup_queries WHERE day = $1", day)
	have, err := collect(rows, err, func(r rowScanner) (pair[report.QueryKey, report.QueryCounts], error) {
		var p pair[report.QueryKey, report.QueryCounts]
		err := r.Scan(&p.key.Lang, &p.key.Query, &p.value.N, &p.value.NoResult, &p.value.NoClick, &p.value.Reformulated, &p.value.Success)
		return p, err
	})
	if err != nil {
		return err
	}
	return saveChanges(ctx, db, changes(mapOf(have), want), func(tx *Tx, c change[report.QueryKey, report.QueryCounts]) error {
		k, v := c.key, c.want
		if c.gone {
			_, err := tx.exec("DELETE FROM rollup_queries WHERE day = $1 AND lang = $2 AND query = $3", day, k.Lang, k.Query)
			return err
		}
		_, err := tx.exec(`INSERT INTO rollup_queries (day, lang, query, n, no_result, no_click, reformulated, success)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (day, lang, query) DO UPDATE SET n = excluded.n,
				no_result = excluded.no_result, no_click = excluded.no_click, reformulated = excluded.reformulated, success = excluded.success`,
			day, k.Lang, k.Query, v.N, v.NoResult, v.NoClick, v.Reformulated, v.Success)
		return err
	})
}

const articleCounts = "suggested, opened, confirmed, assumed, revoked, ticketed, clicks, reads, tickets_after"

func (db *DB) saveArticles(ctx context.Context, day report.Day, want map[report.ArticleKey]report.ArticleCounts) error {
	rows, err := db.get(ctx, "SELECT lang, article, "+articleCounts+" FROM rollup_articles WHERE day = $1", day)
	have, err := collect(rows, err, func(r rowScanner) (pair[report.ArticleKey, report.ArticleCounts], error) {
		a, err := scanArticleCounts(r)
		return pair[report.ArticleKey, report.ArticleCounts]{a.ArticleKey, a.ArticleCounts}, err
	})
	if err != nil {
		return err
	}
	return saveChanges(ctx, db, changes(mapOf(have), want), func(tx *Tx, c change[report.ArticleKey, report.ArticleCounts]) error {
		k, v := c.key, c.want
		if c.gone {
			_, err := tx.exec("DELETE FROM rollup_articles WHERE day = $1 AND lang = $2 AND article = $3", day, k.Lang, k.Article)
			return err
		}
		_, err := tx.exec(`INSERT INTO rollup_articles (day, lang, article, `+articleCounts+`)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (day, lang, article) DO UPDATE SET
				suggested = excluded.suggested, opened = excluded.opened, confirmed = excluded.confirmed, assumed = excluded.assumed,
				revoked = excluded.revoked, ticketed = excluded.ticketed, clicks = excluded.clicks, reads = excluded.reads,
				tickets_after = excluded.tickets_after`,
			day, k.Lang, k.Article, v.Suggested, v.Opened, v.Confirmed, v.Assumed, v.Revoked, v.Ticketed, v.Clicks, v.Reads, v.TicketsAfter)
		return err
	})
}

func scanArticleCounts(r rowScanner) (report.ArticleRow, error) {
	var a report.ArticleRow
	err := r.Scan(&a.Lang, &a.Article, &a.Suggested, &a.Opened, &a.Confirmed, &a.Assumed, &a.Revoked, &a.Ticketed, &a.Clicks, &a.Reads, &a.TicketsAfter)
	return a, err
}

// SaveVotes stores a day's votes by revision and answer.
func (db *DB) SaveVotes(ctx context.Context, day report.Day, want map[report.VoteKey]int) error {
	rows, err := db.get(ctx, "SELECT lang, article, revision, helpful, reason, n FROM rollup_votes WHERE day = $1", day)
	have, err := collect(rows, err, func(r rowScanner) (pair[report.VoteKey, int], error) {
		v, err := scanVoteRow(r)
		return pair[report.VoteKey, int]{v.VoteKey, v.N}, err
	})
	if err != nil {
		return err
	}
	return saveChanges(ctx, db, changes(mapOf(have), want), func(tx *Tx, c change[report.VoteKey, int]) error {
		k := c.key
		if c.gone {
			_, err := tx.exec("DELETE FROM rollup_votes WHERE day = $1 AND lang = $2 AND article = $3 AND revision = $4 AND helpful = $5 AND reason = $6",
				day, k.Lang, k.Article, k.Revision, flag(k.Helpful), k.Reason)
			return err
		}
		_, err := tx.exec(`INSERT INTO rollup_votes (day, lang, article, revision, helpful, reason, n) VALUES ($1, $2, $3, $4, $5, $6, $7)
				ON CONFLICT (day, lang, article, revision, helpful, reason) DO UPDATE SET n = excluded.n`,
			day, k.Lang, k.Article, k.Revision, flag(k.Helpful), k.Reason, c.want)
		return err
	})
}

func scanVoteRow(r rowScanner) (report.VoteRow, error) {
	var v report.VoteRow
	var helpful int64
	err := r.Scan(&v.Lang, &v.Article, &v.Revision, &helpful, &v.Reason, &v.N)
	v.Helpful = helpful == 1
	return v, err
}

// SumMonth adds up the stored days of a month that is over.
func (db *DB) SumMonth(ctx context.Context, month report.Period) error {
	m := month.From.Month()
	err := sumMonth(ctx, db, m, "rollup_query_months", queryCounts, `SELECT lang, query, `+sumsOf(queryCounts)+`
		FROM rollup_queries WHERE day >= $1 AND day <= $2 GROUP BY lang, query`, month.From, month.To)
	if err != nil {
		return err
	}
	return sumMonth(ctx, db, m, "rollup_article_months", articleCounts+", views", `SELECT lang, article, `+sumsOf(articleCounts)+`, CAST(SUM(views) AS BIGINT)
		FROM (`+articleDays+`) AS days GROUP BY lang, article`, month.From, month.To, month.From, month.To)
}

const queryCounts = "n, no_result, no_click, reformulated, success"

// articleDays are the days of a range with counts and views side by side.
const articleDays = `SELECT lang, article, ` + articleCounts + `, 0 AS views FROM rollup_articles WHERE day >= $1 AND day <= $2
	UNION ALL SELECT lang, article, 0, 0, 0, 0, 0, 0, 0, 0, 0, views FROM article_views WHERE day >= $3 AND day <= $4`

// sumsOf makes "CAST(SUM(a) AS BIGINT), ..." of "a, ...".
func sumsOf(columns string) string {
	return "CAST(SUM(" + strings.ReplaceAll(columns, ", ", ") AS BIGINT), CAST(SUM(") + ") AS BIGINT)"
}

// monthRow is what a month has of a text in a language: at most ten counts.
type monthRow struct{ lang, text string }

// sumMonth brings a table of months up to date with what text selects.
func sumMonth(ctx context.Context, db *DB, month, table, columns, text string, args ...any) error {
	names := strings.Split(columns, ", ")
	scan := func(r rowScanner) (pair[monthRow, [10]int64], error) {
		var p pair[monthRow, [10]int64]
		into := []any{&p.key.lang, &p.key.text}
		for i := range names {
			into = append(into, &p.value[i])
		}
		err := r.Scan(into...)
		return p, err
	}
	rows, err := db.get(ctx, text, args...)
	want, err := collect(rows, err, scan)
	if err != nil {
		return err
	}
	key := "query"
	if table == "rollup_article_months" {
		key = "article"
	}
	rows, err = db.get(ctx, "SELECT lang, "+key+", "+columns+" FROM "+table+" WHERE month = $1", month)
	have, err := collect(rows, err, scan)
	todo := changes(mapOf(have), mapOf(want))
	if err != nil || len(todo) == 0 {
		return err
	}
	marks, sets := make([]string, len(names)), make([]string, len(names))
	for i, name := range names {
		marks[i], sets[i] = "$"+strconv.Itoa(i+4), name+" = excluded."+name
	}
	insert := "INSERT INTO " + table + " (month, lang, " + key + ", " + columns + ") VALUES ($1, $2, $3, " + strings.Join(marks, ", ") + `)
		ON CONFLICT (month, lang, ` + key + ") DO UPDATE SET " + strings.Join(sets, ", ")
	for batch := range slices.Chunk(todo, demoBatch) {
		err := db.InTx(ctx, func(tx *Tx) error {
			for _, c := range batch {
				var err error
				if c.gone {
					_, err = tx.exec("DELETE FROM "+table+" WHERE month = $1 AND lang = $2 AND "+key+" = $3", month, c.key.lang, c.key.text)
				} else {
					args := []any{month, c.key.lang, c.key.text}
					for i := range names {
						args = append(args, c.want[i])
					}
					_, err = tx.exec(insert, args...)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Prune removes what is stored of days outside [from, to] and of tickets that
// are gone.
func (db *DB) Prune(ctx context.Context, from, to report.Day) error {
	return db.InTx(ctx, func(tx *Tx) error {
		for _, table := range []string{"rollup", "rollup_queries", "rollup_votes", "rollup_articles", "ticket_days"} {
			if _, err := tx.exec("DELETE FROM "+table+" WHERE day < $1 OR day > $2", from, to); err != nil {
				return err
			}
		}
		for _, table := range []string{"rollup_query_months", "rollup_article_months"} {
			if _, err := tx.exec("DELETE FROM "+table+" WHERE month < $1 OR month > $2", from.Month(), to.Month()); err != nil {
				return err
			}
		}
		for _, table := range []string{"ticket_days", "ticket_facts"} {
			if _, err := tx.exec("DELETE FROM " + table + " WHERE NOT EXISTS (SELECT 1 FROM tickets WHERE tickets.id = " + table + ".ticket_id)"); err != nil {
				return err
			}
		}
		return nil
	})
}

// purgeQueries forgets what was asked before a day, in the sums too (D-36). The
// month that the day falls into, which is over long since, is summed up again
// from the days that are left of it.
func (tx *Tx) purgeQueries(before report.Day) error {
	if _, err := tx.exec("DELETE FROM rollup_queries WHERE day < $1", before); err != nil {
		return err
	}
	if _, err := tx.exec("DELETE FROM rollup_query_months WHERE month <= $1", before.Month()); err != nil {
		return err
	}
	_, err := tx.exec(`INSERT INTO rollup_query_months (month, lang, query, `+queryCounts+`) SELECT CAST($1 AS TEXT), lang, query, `+sumsOf(queryCounts)+`
		FROM rollup_queries WHERE day >= $2 AND day <= $3 GROUP BY lang, query`, before.Month(), before, report.Monthly.Holding(before, time.UTC).To)
	return err
}
