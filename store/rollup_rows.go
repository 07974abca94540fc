package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"time"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/deflect/ticket"
)

// The raw rows that the roll-ups are made of.

// FirstEvent is the instant of the oldest raw row; zero without any.
func (db *DB) FirstEvent(ctx context.Context) (time.Time, error) {
	rows, err := db.get(ctx, `SELECT MIN(at) FROM (
		SELECT MIN(started_at) AS at FROM attempts UNION ALL SELECT MIN(at) FROM searches UNION ALL
		SELECT MIN(started_at) FROM visits UNION ALL SELECT MIN(at) FROM votes UNION ALL SELECT MIN(received_at) FROM tickets UNION ALL
		SELECT MIN(answered_at) FROM nps_answers) AS firsts`)
	at, err := first(rows, err, func(r rowScanner) (sql.NullInt64, error) {
		var v sql.NullInt64
		err := r.Scan(&v)
		return v, err
	})
	if err != nil {
		return time.Time{}, err
	}
	rows, err = db.get(ctx, "SELECT COALESCE(MIN(day), '') FROM article_views")
	day, err := first(rows, err, scanText)
	if viewed, perr := time.Parse(time.DateOnly, day); perr == nil && (!at.Valid || viewed.Before(instant(at.Int64))) {
		return viewed, err
	}
	return optInstant(at), err
}

// Newest are the largest ids of the ledger and of the tickets, "" without any.
func (db *DB) Newest(ctx context.Context) (ledger, newest string, err error) {
	rows, err := db.get(ctx, "SELECT COALESCE((SELECT MAX(id) FROM ledger), ''), COALESCE((SELECT MAX(id) FROM tickets), '')")
	_, err = first(rows, err, func(r rowScanner) (int, error) { return 0, r.Scan(&ledger, &newest) })
	return ledger, newest, err
}

// AttemptRows lists the attempts that began in [from, to) with what their
// ledger and an earlier ticket of the person add.
func (db *DB) AttemptRows(ctx context.Context, from, to time.Time) ([]report.AttemptRow, error) {
	rows, err := db.get(ctx, "SELECT "+attemptColumns+" FROM attempts WHERE started_at >= $1 AND started_at < $2 ORDER BY started_at, id", millis(from), millis(to))
	all, err := collect(rows, err, func(r rowScanner) (report.AttemptRow, error) {
		a, err := scanAttempt(r)
		return report.AttemptRow{Attempt: a}, err
	})
	if err != nil || len(all) == 0 {
		return all, err
	}
	at := make(map[string]int, len(all))
	for i, a := range all {
		at[a.ID] = i
	}
	if err := db.attemptArticles(ctx, from, to, all, at); err != nil {
		return nil, err
	}
	return all, db.attemptTiers(ctx, from, to, all, at)
}

// attemptArticles adds which articles were shown and opened.
func (db *DB) attemptArticles(ctx context.Context, from, to time.Time, all []report.AttemptRow, at map[string]int) error {
	rows, err := db.get(ctx, `SELECT l.attempt_id, l.kind, l.article, l.data FROM attempts a JOIN ledger l ON l.attempt_id = a.id
		WHERE a.started_at >= $1 AND a.started_at < $2 AND l.kind IN ('shown', 'opened', 'dwelt') ORDER BY l.attempt_id, l.at, l.id`, millis(from), millis(to))
	_, err = collect(rows, err, func(r rowScanner) (struct{}, error) {
		var id, article, data string
		var kind deflect.EntryKind
		if err := r.Scan(&id, &kind, &article, &data); err != nil {
			return struct{}{}, err
		}
		i, ok := at[id]
		if !ok {
			return struct{}{}, nil // began after the attempts were read
		}
		a := &all[i]
		if kind != deflect.EntryShown {
			a.Read = appendNew(a.Read, article)
			return struct{}{}, nil
		}
		var shown []string
		err := json.Unmarshal([]byte(data), &shown)
		a.Suggested = appendNew(a.Suggested, shown...)
		return struct{}{}, err
	})
	return err
}

func appendNew(list []string, more ...string) []string {
	for _, s := range more {
		if s != "" && !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

// attemptTiers adds the tier of people who had written before: as their latest
// earlier ticket was created, which no later change alters.
func (db *DB) attemptTiers(ctx context.Context, from, to time.Time, all []report.AttemptRow, at map[string]int) error {
	rows, err := db.get(ctx, `SELECT a.id, e.data FROM attempts a JOIN ticket_events e ON e.seq = 1 AND e.ticket_id = (
		SELECT t.id FROM tickets t WHERE t.person_id = a.person_id AND t.received_at < a.started_at ORDER BY t.received_at DESC, t.id DESC LIMIT 1)
		WHERE a.started_at >= $1 AND a.started_at < $2 AND a.person_id IS NOT NULL`, millis(from), millis(to))
	_, err = collect(rows, err, func(r rowScanner) (struct{}, error) {
		var id, data string
		if err := r.Scan(&id, &data); err != nil {
			return struct{}{}, err
		}
		var created ticket.EventData
		err := json.Unmarshal([]byte(data), &created)
		if i, ok := at[id]; ok {
			all[i].Tier = string(created.Tier)
		}
		return struct{}{}, err
	})
	return err
}

// AttemptStarts lists when the attempts began to which the ledger added a line
// with an id of at least from.
func (db *DB) AttemptStarts(ctx context.Context, from string) ([]time.Time, error) {
	rows, err := db.get(ctx, `SELECT DISTINCT a.started_at FROM ledger l JOIN attempts a ON a.id = l.attempt_id WHERE l.id >= $1`, from)
	return collect(rows, err, scanInstant)
}

func scanInstant(r rowScanner) (time.Time, error) {
	var ms int64
	err := r.Scan(&ms)
	return instant(ms), err
}

// VisitStarts lists when the visits began that a ticket with an id of at least
// from may have followed: those of its browser in the window before it.
func (db *DB) VisitStarts(ctx context.Context, from string) ([]time.Time, error) {
	rows, err := db.get(ctx, `SELECT DISTINCT v.started_at FROM tickets t JOIN visits v ON v.visitor = t.visitor
		AND v.started_at >= t.received_at - $1 AND v.started_at <= t.received_at WHERE t.id >= $2 AND t.visitor IS NOT NULL`,
		visitSpan.Milliseconds(), from)
	return collect(rows, err, scanInstant)
}

// visitSpan is how long after a visit began a ticket may still follow one of
// its readings: the window, and a day for the visit itself.
const visitSpan = report.SelfServeWindow + 24*time.Hour

const searchRow = "id, at, lang, query, results, clicked, position, reformulated"

func scanSearchRow(r rowScanner) (report.SearchRow, error) {
	var s report.SearchRow
	var at, reformulated int64
	err := r.Scan(&s.ID, &at, &s.Lang, &s.Query, &s.Results, &s.Clicked, &s.Position, &reformulated)
	s.At, s.Reformulated = instant(at), reformulated == 1
	return s, err
}

// SearchRows lists the searches made in [from, to).
func (db *DB) SearchRows(ctx context.Context, from, to time.Time) ([]report.SearchRow, error) {
	rows, err := db.get(ctx, "SELECT "+searchRow+" FROM searches WHERE at >= $1 AND at < $2 ORDER BY at, id", millis(from), millis(to))
	return collect(rows, err, scanSearchRow)
}

// VisitRows lists the visits that began in [from, to), with what was read and
// the tickets of the same browser that followed.
func (db *DB) VisitRows(ctx context.Context, from, to time.Time) ([]report.VisitRow, error) {
	at := map[string]int{}
	rows, err := db.get(ctx, `SELECT id, COALESCE(visitor, ''), lang, started_at, searches, articles, COALESCE(followed, 0) FROM visits
		WHERE started_at >= $1 AND started_at < $2 ORDER BY started_at, id`, millis(from), millis(to))
	all, err := collect(rows, err, func(r rowScanner) (report.VisitRow, error) {
		var v report.VisitRow
		var id string
		var started, followed int64
		err := r.Scan(&id, &v.Visitor, &v.Lang, &started, &v.Searches, &v.Articles, &followed)
		v.StartedAt, v.Followed = instant(started), followed == 1
		at[id] = len(at)
		return v, err
	})
	if err != nil || len(all) == 0 {
		return all, err
	}
	rows, err = db.get(ctx, `SELECT r.visit_id, r.lang, r.article, r.at, COALESCE(r.followed, 0) FROM visits v JOIN reads r ON r.visit_id = v.id
		WHERE v.started_at >= $1 AND v.started_at < $2 ORDER BY r.visit_id, r.at, r.lang, r.article`, millis(from), millis(to))
	_, err = collect(rows, err, func(r rowScanner) (struct{}, error) {
		var id string
		var read report.Read
		var ms, followed int64
		err := r.Scan(&id, &read.Lang, &read.Article, &ms, &followed)
		read.At, read.Followed = instant(ms), followed == 1
		if i, ok := at[id]; ok {
			all[i].Reads = append(all[i].Reads, read)
		}
		return struct{}{}, err
	})
	if err != nil {
		return nil, err
	}
	tickets, err := db.visitorTickets(ctx, from, to.Add(visitSpan))
	for i := range all {
		all[i].Tickets = tickets[all[i].Visitor]
	}
	return all, err
}

// visitorTickets lists when the tickets of each browser were received.
func (db *DB) visitorTickets(ctx context.Context, from, to time.Time) (map[string][]time.Time, error) {
	rows, err := db.get(ctx, `SELECT visitor, received_at FROM tickets WHERE received_at >= $1 AND received_at < $2 AND visitor IS NOT NULL
		ORDER BY received_at`, millis(from), millis(to))
	all := map[string][]time.Time{}
	_, err = collect(rows, err, func(r rowScanner) (struct{}, error) {
		var visitor string
		var ms int64
		err := r.Scan(&visitor, &ms)
		all[visitor] = append(all[visitor], instant(ms))
		return struct{}{}, err
	})
	return all, err
}

// VoteRows counts the votes cast in [from, to) by revision and answer.
func (db *DB) VoteRows(ctx context.Context, from, to time.Time) ([]report.VoteRow, error) {
	rows, err := db.get(ctx, `SELECT lang, article, revision, helpful, CASE WHEN helpful = 1 THEN '' ELSE reason END, COUNT(*) FROM votes
		WHERE at >= $1 AND at < $2 GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5`, millis(from), millis(to))
	return collect(rows, err, scanVoteRow)
}

// SurveyRows lists the answers given in [from, to): satisfaction after a
// ticket, with its tier, and the quarter's recommendation.
func (db *DB) SurveyRows(ctx context.Context, from, to time.Time) ([]report.SurveyRow, error) {
	rows, err := db.get(ctx, `SELECT s.answered_at, 'csat', s.score, s.solved, t.tier, t.id, t.number FROM surveys s JOIN tickets t ON t.id = s.ticket_id
		WHERE s.answered_at >= $1 AND s.answered_at < $2
		UNION ALL SELECT answered_at, 'nps', score, 0, '', '', '' FROM nps_answers WHERE answered_at >= $3 AND answered_at < $4
		ORDER BY 1, 6`,
		millis(from), millis(to), millis(from), millis(to))
	return collect(rows, err, func(r rowScanner) (report.SurveyRow, error) {
		var s report.SurveyRow
		var at, solved int64
		err := r.Scan(&at, &s.Kind, &s.Score, &solved, &s.Tier, &s.Ticket, &s.Number)
		s.At, s.Solved = instant(at), solved == 1
		return s, err
	})
}
