package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/vmcloud/ricochet/deflect/ticket"
)

const surveyColumns = "ticket_id, person_id, score, solved, comment, answered_at, review_due, reviewer, review, reviewed_at"

func scanSurvey(r rowScanner) (ticket.Survey, error) {
	var s ticket.Survey
	var solved, answered, due int64
	var reviewed sql.NullInt64
	err := r.Scan(&s.Ticket, &s.Person, &s.Score, &solved, &s.Comment, &answered, &due, &s.Reviewer, &s.Review, &reviewed)
	s.Solved, s.AnsweredAt, s.ReviewDue, s.ReviewedAt = solved == 1, instant(answered), due == 1, optInstant(reviewed)
	return s, err
}

// InsertSurvey stores an answer; ok is false when the ticket has one.
func (tx *Tx) InsertSurvey(s ticket.Survey) (bool, error) {
	n, err := tx.exec("INSERT INTO surveys ("+surveyColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (ticket_id) DO NOTHING`, s.Ticket, s.Person, s.Score, flag(s.Solved), s.Comment, millis(s.AnsweredAt),
		flag(s.ReviewDue), s.Reviewer, s.Review, optMillis(s.ReviewedAt))
	return n == 1, err
}

const surveyByTicket = "SELECT " + surveyColumns + " FROM surveys WHERE ticket_id = $1"

// SurveyByTicket finds a ticket's survey; kind not_found when there is none.
func (tx *Tx) SurveyByTicket(ticketID string) (ticket.Survey, error) {
	rows, err := tx.query(surveyByTicket, ticketID)
	return first(rows, err, scanSurvey)
}

// SurveyByTicket finds a ticket's survey; kind not_found when there is none.
func (db *DB) SurveyByTicket(ctx context.Context, ticketID string) (ticket.Survey, error) {
	rows, err := db.get(ctx, surveyByTicket, ticketID)
	return first(rows, err, scanSurvey)
}

// ReviewSurvey stores the review of an answer.
func (tx *Tx) ReviewSurvey(s ticket.Survey) error {
	_, err := tx.exec("UPDATE surveys SET reviewer = $1, review = $2, reviewed_at = $3 WHERE ticket_id = $4",
		s.Reviewer, s.Review, millis(s.ReviewedAt), s.Ticket)
	return err
}

// Surveys lists answers with their tickets, newest first; open ones are those
// whose mandatory review nobody has written (D-27), oldest first.
func (db *DB) Surveys(ctx context.Context, open bool, limit, offset int) ([]ticket.SurveyRow, error) {
	where, order := "", "s.answered_at DESC"
	if open {
		where, order = " WHERE s.review_due = 1 AND s.reviewed_at IS NULL", "s.answered_at"
	}
	rows, err := db.get(ctx, "SELECT "+qualified("s", surveyColumns)+`, t.number, t.subject, COALESCE(t.assignee, '')
		FROM surveys s JOIN tickets t ON t.id = s.ticket_id`+where+" ORDER BY "+order+", s.ticket_id LIMIT $1 OFFSET $2", limit, offset)
	return collect(rows, err, func(r rowScanner) (ticket.SurveyRow, error) {
		var row ticket.SurveyRow
		var err error
		row.Survey, err = scanSurvey(tail{r, []any{&row.Number, &row.Subject, &row.Assignee}})
		return row, err
	})
}

const npsColumns = "person_id, quarter, score, comment, answered_at, contacted_by, contact_note, contacted_at"

func scanNPS(r rowScanner) (ticket.NPS, error) {
	var n ticket.NPS
	var answered int64
	var contacted sql.NullInt64
	err := r.Scan(&n.Person, &n.Quarter, &n.Score, &n.Comment, &answered, &n.ContactedBy, &n.ContactNote, &contacted)
	n.AnsweredAt, n.ContactedAt = instant(answered), optInstant(contacted)
	return n, err
}

// SaveNPS stores an answer of the quarter, or replaces it while nobody has
// contacted the person; ok is false when somebody has.
func (tx *Tx) SaveNPS(a ticket.NPS) (bool, error) {
	n, err := tx.exec("INSERT INTO nps_answers ("+npsColumns+`) VALUES ($1, $2, $3, $4, $5, '', '', NULL)
		ON CONFLICT (person_id, quarter) DO UPDATE SET score = excluded.score, comment = excluded.comment, answered_at = excluded.answered_at
		WHERE nps_answers.contacted_at IS NULL`, a.Person, a.Quarter, a.Score, a.Comment, millis(a.AnsweredAt))
	return n == 1, err
}

// ContactNPS notes the contact; ok is false when there is no answer, or it is
// noted already.
func (tx *Tx) ContactNPS(a ticket.NPS) (bool, error) {
	n, err := tx.exec(`UPDATE nps_answers SET contacted_by = $1, contact_note = $2, contacted_at = $3
		WHERE person_id = $4 AND quarter = $5 AND contacted_at IS NULL`, a.ContactedBy, a.ContactNote, millis(a.ContactedAt), a.Person, a.Quarter)
	return n == 1, err
}

// NPSAnswers lists a quarter's answers with their authors, detractors nobody
// has contacted first.
func (db *DB) NPSAnswers(ctx context.Context, quarter string, limit, offset int) ([]ticket.NPSRow, error) {
	rows, err := db.get(ctx, "SELECT "+qualified("n", npsColumns)+`, p.name, p.email, COALESCE(c.company, '')
		FROM nps_answers n JOIN persons p ON p.id = n.person_id LEFT JOIN customers c ON c.id = p.customer_id
		WHERE n.quarter = $1 ORDER BY CASE WHEN n.score <= 6 AND n.contacted_at IS NULL THEN 0 ELSE 1 END, n.answered_at DESC, n.person_id
		LIMIT $2 OFFSET $3`, quarter, limit, offset)
	return collect(rows, err, func(r rowScanner) (ticket.NPSRow, error) {
		var row ticket.NPSRow
		var err error
		row.NPS, err = scanNPS(tail{r, []any{&row.Name, &row.Email, &row.Company}})
		return row, err
	})
}

// ClosedBetween lists the tickets closed from an instant until before another
// one that had an owner, by id. Merged tickets live on in their survivor.
func (tx *Tx) ClosedBetween(from, to time.Time) ([]ticket.ClosedTicket, error) {
	rows, err := tx.query(`SELECT id, assignee FROM tickets
		WHERE closed_at >= $1 AND closed_at < $2 AND state = 'closed' AND assignee IS NOT NULL ORDER BY id`, millis(from), millis(to))
	return collect(rows, err, func(r rowScanner) (ticket.ClosedTicket, error) {
		var t ticket.ClosedTicket
		return t, r.Scan(&t.ID, &t.Staff)
	})
}

const qaColumns = "month, ticket_id, staff_id, drawn_at, reviewer, scores, total, comment, scored_at"

func scanQA(r rowScanner) (ticket.QAReview, error) {
	var q ticket.QAReview
	var drawn int64
	var total, scored sql.NullInt64
	var scores string
	if err := r.Scan(&q.Month, &q.Ticket, &q.Staff, &drawn, &q.Reviewer, &scores, &total, &q.Comment, &scored); err != nil {
		return q, err
	}
	q.DrawnAt, q.Total, q.ScoredAt = instant(drawn), int(total.Int64), optInstant(scored)
	return q, json.Unmarshal([]byte(scores), &q.Scores)
}

// InsertQA puts a ticket into a month's sample, once.
func (tx *Tx) InsertQA(q ticket.QAReview) error {
	_, err := tx.exec("INSERT INTO qa_reviews ("+qaColumns+`) VALUES ($1, $2, $3, $4, '', '{}', NULL, '', NULL)
		ON CONFLICT (month, ticket_id) DO NOTHING`, q.Month, q.Ticket, q.Staff, millis(q.DrawnAt))
	return err
}

// BeginQADraw records that a month's sample is drawn by itself; ok is false
// when it was before. Two at once wait for each other.
func (tx *Tx) BeginQADraw(month string) (bool, error) {
	n, err := tx.exec("INSERT INTO qa_draws (month, drawn_at) VALUES ($1, $2) ON CONFLICT (month) DO NOTHING", month, millis(tx.now))
	return n == 1, err
}

// QADrawn says whether a month's sample was drawn by itself.
func (db *DB) QADrawn(ctx context.Context, month string) (bool, error) {
	rows, err := db.get(ctx, "SELECT COUNT(*) FROM qa_draws WHERE month = $1", month)
	n, err := first(rows, err, scanInt)
	return n > 0, err
}

// QAByTicket finds a drawn ticket; kind not_found when it was not drawn.
func (tx *Tx) QAByTicket(month, ticketID string) (ticket.QAReview, error) {
	rows, err := tx.query("SELECT "+qaColumns+" FROM qa_reviews WHERE month = $1 AND ticket_id = $2", month, ticketID)
	return first(rows, err, scanQA)
}

// ScoreQA stores what a reviewer found.
func (tx *Tx) ScoreQA(q ticket.QAReview) error {
	scores, err := json.Marshal(q.Scores)
	if err != nil {
		return err
	}
	_, err = tx.exec("UPDATE qa_reviews SET reviewer = $1, scores = $2, total = $3, comment = $4, scored_at = $5 WHERE month = $6 AND ticket_id = $7",
		q.Reviewer, string(scores), q.Total, q.Comment, millis(q.ScoredAt), q.Month, q.Ticket)
	return err
}

// QAReviews lists a month's sample with its tickets, by agent.
func (db *DB) QAReviews(ctx context.Context, month string) ([]ticket.QARow, error) {
	rows, err := db.get(ctx, "SELECT "+qualified("q", qaColumns)+`, t.number, t.subject
		FROM qa_reviews q JOIN tickets t ON t.id = q.ticket_id WHERE q.month = $1 ORDER BY q.staff_id, t.number`, month)
	return collect(rows, err, func(r rowScanner) (ticket.QARow, error) {
		var row ticket.QARow
		var err error
		row.QAReview, err = scanQA(tail{r, []any{&row.Number, &row.Subject}})
		return row, err
	})
}
