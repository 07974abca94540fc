package ticket

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vmcloud/ricochet/internal/errs"
)

// Survey is what a customer thought of a closed ticket (D-27).
type Survey struct {
	Ticket     string
	Person     string
	Score      int // CSAT, 1 to 5; 4 and 5 are satisfied
	Solved     bool
	Comment    string
	AnsweredAt time.Time
	ReviewDue  bool   // below 3: somebody must review it
	Reviewer   string // staff id, "" until then
	Review     string
	ReviewedAt time.Time
}

// SurveyRow is a survey of the desk's list.
type SurveyRow struct {
	Survey
	Number   string
	Subject  string
	Assignee string
}

// reviewBelow is the score below which a review is mandatory (D-27).
const reviewBelow = 3

// maxComment is the longest comment or review, in characters.
const maxComment = 2000

// surveyTx is what surveys need from a transaction.
type surveyTx interface {
	// InsertSurvey stores an answer; ok is false when the ticket has one.
	InsertSurvey(Survey) (ok bool, err error)
	SurveyByTicket(ticketID string) (Survey, error)
	// ReviewSurvey stores the review of an answer.
	ReviewSurvey(Survey) error
}

// checkComment trims a free text that may be empty, and refuses an oversized
// one.
func checkComment(field, text string) (string, error) {
	text = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n"))
	if utf8.RuneCountInString(text) > maxComment {
		return "", errs.InvalidFields(errs.Field{Name: field, Key: "error.field.too_long", Args: map[string]any{"Limit": maxComment}})
	}
	return text, nil
}

// AnswerSurvey stores the author's answer to the questions at closing (D-27):
// the first one counts, the same again changes nothing.
func (s *Service) AnswerSurvey(ctx context.Context, id string, score int, solved bool, comment string) error {
	if score < 1 || score > 5 {
		return errs.InvalidFields(errs.Field{Name: "score", Key: "error.field.choice"})
	}
	comment, err := checkComment("comment", comment)
	if err != nil {
		return err
	}
	return s.Store.InTx(ctx, func(tx Tx) error {
		w, err := s.open(tx, id, 0)
		if err != nil {
			return err
		}
		if w.t.State != Closed {
			return errs.Newf(errs.Conflict, "error.survey.open", "ticket %s is %s", w.t.Number, w.t.State)
		}
		if err := tx.ConfirmPerson(w.t.PersonID); err != nil {
			return err
		}
		a := Survey{Ticket: id, Person: w.t.PersonID, Score: score, Solved: solved, Comment: comment, AnsweredAt: w.now, ReviewDue: score < reviewBelow}
		ok, err := tx.InsertSurvey(a)
		if err != nil {
			return err
		}
		if !ok {
			have, err := tx.SurveyByTicket(id)
			if err == nil && (have.Score != score || have.Solved != solved || have.Comment != comment) {
				err = errs.Newf(errs.Conflict, "error.survey.answered", "ticket %s has its survey", w.t.Number)
			}
			return err
		}
		return s.store(w, change{events: []Event{{Kind: SurveyAnswered, Actor: Actor{ByCustomer, w.t.PersonID}}}})
	})
}

// ReviewSurvey closes the mandatory review of a low score with what came of it
// (D-27). Others may be reviewed too, each once.
func (s *Service) ReviewSurvey(ctx context.Context, ticketID, staffID, review string) error {
	review, err := checkComment("review", review)
	if err == nil && review == "" {
		err = errs.InvalidFields(errs.Field{Name: "review", Key: "error.field.message_missing"})
	}
	if err != nil {
		return err
	}
	return s.act(ctx, ticketID, 0, func(w work) (change, error) {
		a, err := w.tx.SurveyByTicket(ticketID)
		if err != nil {
			return change{}, err
		}
		if !a.ReviewedAt.IsZero() {
			return change{}, errs.Newf(errs.Conflict, "error.survey.reviewed", "the survey of ticket %s is reviewed", w.t.Number)
		}
		a.Reviewer, a.Review, a.ReviewedAt = staffID, review, w.now
		return change{
			events: []Event{{Kind: SurveyReviewed, Actor: Actor{ByStaff, staffID}}},
			also:   func(tx Tx) error { return tx.ReviewSurvey(a) },
		}, nil
	})
}
