package ticket

import (
	"bytes"
	"context"
	"crypto/sha256"
	"slices"
	"time"

	"github.com/vmcloud/ricochet/deflect/sla"
	"github.com/vmcloud/ricochet/internal/errs"
)

// Criterion is one thing a reviewer looks at, and how many of the 100 points
// it gives (D-28).
type Criterion struct {
	ID     string // text key below "qa.criterion"
	Points int
}

// QACriteria are the criteria of the team's quality review. Their points add
// up to 100.
var QACriteria = []Criterion{
	{"response", 20},      // answered in time
	{"tone", 20},          // professional and empathetic
	{"solution", 30},      // correct and complete
	{"documentation", 15}, // article written or corrected where one was missing
	{"outcome", 15},       // what the customer said of it
}

const (
	qaShare    = 10 // percent of a month's closed tickets that are drawn (D-28)
	qaPerAgent = 5  // and at least so many of each agent's
)

// QAReview is a drawn ticket and what was found.
type QAReview struct {
	Month    string // YYYY-MM
	Ticket   string
	Staff    string // whose work it was
	DrawnAt  time.Time
	Reviewer string // staff id, "" until scored
	Scores   map[string]int
	Total    int // out of 100; 0 until scored, see ScoredAt
	Comment  string
	ScoredAt time.Time
}

// QARow is a review of the desk's list.
type QARow struct {
	QAReview
	Number  string
	Subject string
}

// ClosedTicket is a ticket that may be drawn.
type ClosedTicket struct {
	ID    string
	Staff string
}

// qualityTx is what quality reviews need from a transaction.
type qualityTx interface {
	// ClosedBetween lists the tickets closed from an instant until before
	// another one that had an owner, by id.
	ClosedBetween(from, to time.Time) ([]ClosedTicket, error)
	// InsertQA puts a ticket into a month's sample, once.
	InsertQA(QAReview) error
	// BeginQADraw records that a month is drawn by itself; ok is false when it
	// was before.
	BeginQADraw(month string) (ok bool, err error)
	QAByTicket(month, ticketID string) (QAReview, error)
	ScoreQA(QAReview) error
}

// DrawQA draws a month's sample, YYYY-MM, once the month is over (D-28): a
// tenth of its closed tickets at random, and at least 5 of each agent's when
// there are that many. The seed decides; drawing again gives the same tickets.
func (s *Service) DrawQA(ctx context.Context, month, seed string) error {
	first, err := time.Parse("2006-01", month)
	if err != nil {
		return errs.InvalidFields(errs.Field{Name: "month", Key: "error.field.choice"})
	}
	return s.Store.InTx(ctx, func(tx Tx) error {
		zone := s.working(tx.Now()).Zone()
		from := zone.Instant(sla.Date{Year: first.Year(), Month: first.Month(), Day: 1}, 0)
		next := first.AddDate(0, 1, 0)
		to := zone.Instant(sla.Date{Year: next.Year(), Month: next.Month(), Day: 1}, 0)
		if tx.Now().Before(to) {
			return errs.Newf(errs.Conflict, "error.qa.month", "month %s is not over", month)
		}
		closed, err := tx.ClosedBetween(from, to)
		if err != nil {
			return err
		}
		for _, t := range Draw(closed, month+"\x00"+seed) {
			if err := tx.InsertQA(QAReview{Month: month, Ticket: t.ID, Staff: t.Staff, DrawnAt: tx.Now()}); err != nil {
				return err
			}
		}
		return nil
	})
}

// LastMonth is the month that ended last at an instant, YYYY-MM, on the
// calendar that DrawQA goes by.
func (s *Service) LastMonth(now time.Time) string {
	today := now.In(s.working(now).Zone().Location())
	return time.Date(today.Year(), today.Month(), 1, 0, 0, 0, 0, time.UTC).AddDate(0, -1, 0).Format("2006-01")
}

// DrawMonth is DrawQA by itself, once for each month, whoever asks and however
// often: a ticket closed again later would make another sample of it.
func (s *Service) DrawMonth(ctx context.Context, month, seed string) error {
	return s.Store.InTx(ctx, func(tx Tx) error {
		fresh, err := tx.BeginQADraw(month)
		if err != nil || !fresh {
			return err
		}
		return s.In(tx).DrawQA(ctx, month, seed)
	})
}

// Draw picks the sample of D-28 from a month's closed tickets: each is given a
// place by a hash of the seed and its id, the first tenth (rounded up) is
// drawn, and then, in the same order, what an agent still lacks.
func Draw(closed []ClosedTicket, seed string) []ClosedTicket {
	type ranked struct {
		ClosedTicket
		place [sha256.Size]byte
	}
	all := make([]ranked, len(closed))
	for i, t := range closed {
		all[i] = ranked{t, sha256.Sum256([]byte(seed + "\x00" + t.ID))}
	}
	slices.SortFunc(all, func(a, b ranked) int { return bytes.Compare(a.place[:], b.place[:]) })
	tenth := (len(all)*qaShare + 99) / 100
	var out []ClosedTicket
	drawn := map[string]int{}
	for _, t := range all[:tenth] {
		out = append(out, t.ClosedTicket)
		drawn[t.Staff]++
	}
	for _, t := range all[tenth:] {
		if drawn[t.Staff] < qaPerAgent {
			out = append(out, t.ClosedTicket)
			drawn[t.Staff]++
		}
	}
	return out
}

// ScoreQA stores what a reviewer found: 0 to 100 for every criterion, and in
// words why. Nobody scores their own work; a later score replaces an earlier
// one.
func (s *Service) ScoreQA(ctx context.Context, month, ticketID, staffID string, scores map[string]int, comment string) error {
	var wrong []errs.Field
	total := 0
	for _, c := range QACriteria {
		v, ok := scores[c.ID]
		if !ok || v < 0 || v > 100 {
			wrong = append(wrong, errs.Field{Name: c.ID, Key: "error.field.score", Args: map[string]any{"Limit": 100}})
		}
		total += v * c.Points
	}
	if len(scores) != len(QACriteria) && len(wrong) == 0 {
		wrong = append(wrong, errs.Field{Name: "scores", Key: "error.field.choice"})
	}
	if len(wrong) > 0 {
		return errs.InvalidFields(wrong...)
	}
	comment, err := checkComment("comment", comment)
	if err != nil {
		return err
	}
	return s.Store.InTx(ctx, func(tx Tx) error {
		r, err := tx.QAByTicket(month, ticketID)
		if err != nil {
			return err
		}
		if r.Staff == staffID {
			return errs.Newf(errs.Forbidden, "error.qa.own", "%s would score their own ticket %s", staffID, ticketID)
		}
		r.Reviewer, r.Scores, r.Total, r.Comment, r.ScoredAt = staffID, scores, (total+50)/100, comment, tx.Now()
		return tx.ScoreQA(r)
	})
}
