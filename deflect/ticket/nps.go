package ticket

import (
	"context"
	"fmt"
	"time"

	"github.com/vmcloud/ricochet/deflect/sla"
	"github.com/vmcloud/ricochet/internal/errs"
)

// NPS is one person's answer of a quarter to "would you recommend us?" (D-27).
type NPS struct {
	Person      string
	Quarter     string // YYYY-Qn
	Score       int    // 0 to 10: up to 6 detractor, 9 and 10 promoter
	Comment     string
	AnsweredAt  time.Time
	ContactedBy string // staff id, "" until somebody contacted a detractor
	ContactNote string
	ContactedAt time.Time
}

// Detractor says that somebody must contact the person (D-27).
func (n NPS) Detractor() bool { return n.Score <= 6 }

// Promoter says that the person recommends us.
func (n NPS) Promoter() bool { return n.Score >= 9 }

// NPSRow is an answer of the desk's list.
type NPSRow struct {
	NPS
	Name, Email, Company string
}

// npsTx is what NPS needs from a transaction.
type npsTx interface {
	// SaveNPS stores an answer of the quarter, or replaces it while nobody has
	// contacted the person; ok is false when somebody has.
	SaveNPS(NPS) (ok bool, err error)
	// ContactNPS notes the contact; ok is false when there is no answer, or it
	// is noted already.
	ContactNPS(NPS) (ok bool, err error)
}

// Quarter is the civil quarter of an instant where the company works.
func (s *Service) Quarter(t time.Time) string {
	d := s.working(t).LocalDate(t)
	return fmt.Sprintf("%04d-Q%d", d.Year, (d.Month+2)/3)
}

// QuarterStart is when the quarter of an instant began.
func (s *Service) QuarterStart(t time.Time) time.Time {
	c := s.working(t)
	d := c.LocalDate(t)
	return c.Zone().Instant(sla.Date{Year: d.Year, Month: (d.Month+2)/3*3 - 2, Day: 1}, 0)
}

// QuarterEnds says whether an instant is in the last month of its quarter.
func (s *Service) QuarterEnds(t time.Time) bool { return s.working(t).LocalDate(t).Month%3 == 0 }

// AnswerNPS stores a person's answer of the current quarter; until somebody
// has talked to them about it they may change it.
func (s *Service) AnswerNPS(ctx context.Context, personID string, score int, comment string) error {
	if score < 0 || score > 10 {
		return errs.InvalidFields(errs.Field{Name: "score", Key: "error.field.choice"})
	}
	comment, err := checkComment("comment", comment)
	if err != nil {
		return err
	}
	return s.Store.InTx(ctx, func(tx Tx) error {
		n := NPS{Person: personID, Quarter: s.Quarter(tx.Now()), Score: score, Comment: comment, AnsweredAt: tx.Now()}
		if err := tx.ConfirmPerson(personID); err != nil {
			return err
		}
		ok, err := tx.SaveNPS(n)
		if err == nil && !ok {
			err = errs.Newf(errs.Conflict, "error.survey.answered", "person %s was contacted about %s", personID, n.Quarter)
		}
		return err
	})
}

// ContactDetractor notes that somebody has talked to a detractor, and what came
// of it (D-27).
func (s *Service) ContactDetractor(ctx context.Context, personID, quarter, staffID, note string) error {
	note, err := checkComment("note", note)
	if err == nil && note == "" {
		err = errs.InvalidFields(errs.Field{Name: "note", Key: "error.field.message_missing"})
	}
	if err != nil {
		return err
	}
	return s.Store.InTx(ctx, func(tx Tx) error {
		ok, err := tx.ContactNPS(NPS{Person: personID, Quarter: s.Quarter(tx.Now()), ContactedBy: staffID, ContactNote: note, ContactedAt: tx.Now()})
		if err == nil && !ok {
			err = errs.Newf(errs.Conflict, "error.survey.reviewed", "nothing to note about person %s in %s", personID, quarter)
		}
		return err
	})
}
