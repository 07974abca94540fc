package store

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/vmcloud/ricochet/deflect/gaps"
)

// gapSearch picks the searches that nothing came of: no result, or results of
// which none was opened and that were not said in other words. Without a visit
// nobody knows what was opened.
const gapSearch = "(results = 0 OR (visit_id IS NOT NULL AND clicked = '' AND reformulated = 0))"

// gapDay counts equal searches of a day together, so that a text's time is
// true to the day.
const gapDay = 24 * 60 * 60 * 1000

// GapTexts lists what was written since from and no article answered.
func (db *DB) GapTexts(ctx context.Context, from time.Time, limit int) ([]gaps.Text, error) {
	scan := func(r rowScanner) (gaps.Text, error) {
		var t gaps.Text
		var at int64
		err := r.Scan(&t.Source, &t.ID, &t.Lang, &t.Category, &t.Article, &t.Text, &t.Count, &at)
		t.At = instant(at)
		return t, err
	}
	rows, err := db.get(ctx, `SELECT 'search', '', lang, '', '', query, COUNT(*), MAX(at) FROM searches
		WHERE at >= $1 AND query <> '' AND `+gapSearch+`
		GROUP BY lang, query, at / CAST($2 AS BIGINT) ORDER BY 7 DESC, 8 DESC LIMIT $3`, millis(from), int64(gapDay), limit)
	all, err := collect(rows, err, scan)
	if err != nil {
		return nil, err
	}
	for _, text := range []string{
		`SELECT 'comment', '', lang, '', article, comment, 1, at FROM votes
			WHERE at >= $1 AND helpful = 0 AND comment <> '' ORDER BY at DESC LIMIT $2`,
		`SELECT 'ticket', t.id, t.lang, t.category, '', t.subject || '. ' || m.body, 1, t.received_at
			FROM tickets t JOIN messages m ON m.id = (SELECT f.id FROM messages f WHERE f.ticket_id = t.id AND f.public = 1 ORDER BY f.created_at, f.id LIMIT 1)
			WHERE t.received_at >= $1 AND t.state <> 'merged' ORDER BY t.received_at DESC LIMIT $2`,
	} {
		rows, err := db.get(ctx, text, millis(from), limit)
		more, err := collect(rows, err, scan)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return all, nil
}

// FailedSearches counts the failed searches of known visitors since from, and
// those whose visitor sent a ticket within 72 h.
func (db *DB) FailedSearches(ctx context.Context, from time.Time) (n, wrote int, err error) {
	rows, err := db.get(ctx, `SELECT COUNT(*), COALESCE(SUM(CASE WHEN EXISTS (SELECT 1 FROM attempts a WHERE a.unit = s.visitor
		AND a.visitor IS NOT NULL AND a.outcome = 'ticket' AND a.outcome_at >= s.at AND a.outcome_at <= s.at + CAST($1 AS BIGINT)) THEN 1 ELSE 0 END), 0)
		FROM searches s WHERE s.at >= $2 AND s.visitor IS NOT NULL AND `+gapSearch, int64(3*gapDay), millis(from))
	_, err = first(rows, err, func(r rowScanner) (int, error) { return 0, r.Scan(&n, &wrote) })
	return n, wrote, err
}

// GapAnswers are the last public replies to tickets that were resolved, newest
// first, and the names of everybody on the tickets.
func (db *DB) GapAnswers(ctx context.Context, tickets []string) (answers, names []string, err error) {
	for _, id := range tickets {
		rows, err := db.get(ctx, `SELECT m.body FROM messages m JOIN tickets t ON t.id = m.ticket_id
			WHERE t.id = $1 AND t.state IN ('resolved', 'closed') AND m.public = 1 AND m.author = 'staff'
			ORDER BY m.created_at DESC, m.id DESC LIMIT 1`, id)
		body, err := collect(rows, err, scanText)
		if err != nil {
			return nil, nil, err
		}
		rows, err = db.get(ctx, `SELECT p.name FROM tickets t JOIN persons p ON p.id = t.person_id WHERE t.id = $1
			UNION SELECT s.name FROM messages m JOIN staff s ON s.id = m.staff_id WHERE m.ticket_id = $2`, id, id)
		people, err := collect(rows, err, scanText)
		if err != nil {
			return nil, nil, err
		}
		answers, names = append(answers, body...), append(names, people...)
	}
	slices.Sort(names)
	return answers, slices.Compact(names), nil
}

// gapQuestion is a question of a draft as the database keeps it.
type gapQuestion struct {
	Lang string `json:"lang"`
	Text string `json:"text"`
}

// SaveGapDraft notes that an article was drafted, the first time: the same draft
// as a file and as a patch is one, and taking it again after its article was
// published must not begin anew.
func (db *DB) SaveGapDraft(ctx context.Context, d gaps.Drafted) error {
	asked := make([]gapQuestion, len(d.Questions))
	for i, q := range d.Questions {
		asked[i] = gapQuestion{q.Lang, q.Text}
	}
	questions, err := json.Marshal(asked)
	if err != nil {
		return err
	}
	return db.InTx(ctx, func(tx *Tx) error {
		rows, err := tx.query("SELECT COUNT(*) FROM gap_drafts WHERE lang = $1 AND article = $2", d.Lang, d.Article)
		if n, err := first(rows, err, scanInt); err != nil || n > 0 {
			return err
		}
		_, err = tx.exec("INSERT INTO gap_drafts (id, at, staff_id, lang, article, title, questions) VALUES ($1, $2, $3, $4, $5, $6, $7)",
			d.ID, millis(tx.now), d.StaffID, d.Lang, d.Article, d.Title, string(questions))
		return err
	})
}

// GapDrafts lists what was drafted, latest first.
func (db *DB) GapDrafts(ctx context.Context, limit int) ([]gaps.Drafted, error) {
	rows, err := db.get(ctx, "SELECT id, at, staff_id, lang, article, title, questions FROM gap_drafts ORDER BY at DESC, id DESC LIMIT $1", limit)
	return collect(rows, err, func(r rowScanner) (gaps.Drafted, error) {
		var d gaps.Drafted
		var at int64
		var questions string
		if err := r.Scan(&d.ID, &at, &d.StaffID, &d.Lang, &d.Article, &d.Title, &questions); err != nil {
			return d, err
		}
		d.At = instant(at)
		var asked []gapQuestion
		err := json.Unmarshal([]byte(questions), &asked)
		for _, q := range asked {
			d.Questions = append(d.Questions, gaps.Text{Lang: q.Lang, Text: q.Text})
		}
		return d, err
	})
}
