package web

import (
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// surveyScores are the answers to "are you satisfied?" (D-27).
var surveyScores = []int{1, 2, 3, 4, 5}

// surveyOf asks the three questions on a closed ticket, until they are
// answered (D-27). typed is a form that was refused.
func (s *Server) surveyOf(c *gin.Context, t ticket.Ticket, typed url.Values) (surveyForm, error) {
	if t.State != ticket.Closed {
		return surveyForm{}, nil
	}
	_, err := s.opt.Support.Store.SurveyByTicket(c.Request.Context(), t.ID)
	switch {
	case err == nil:
		return surveyForm{Answered: true}, nil
	case !errs.Is(err, errs.NotFound):
		return surveyForm{}, err
	}
	return surveyForm{Ask: true, Scores: surveyScores, Score: typed.Get("score"), Solved: typed.Get("solved"), Comment: typed.Get("comment")}, nil
}

// answerSurvey takes the answers.
func (s *Server) answerSurvey(c *gin.Context, t ticket.Ticket, f url.Values) error {
	var wrong []errs.Field
	score, err := strconv.Atoi(f.Get("score"))
	if err != nil || score < 1 || score > len(surveyScores) {
		wrong = append(wrong, errs.Field{Name: "score", Key: "error.field.choice"})
	}
	solved := f.Get("solved")
	if solved != "yes" && solved != "no" {
		wrong = append(wrong, errs.Field{Name: "solved", Key: "error.field.choice"})
	}
	if len(wrong) > 0 {
		return errs.InvalidFields(wrong...)
	}
	return s.opt.Support.Tickets.AnswerSurvey(c.Request.Context(), t.ID, score, solved == "yes", f.Get("comment"))
}

// wholeMonth is the unit of credits: hundredths of a percent of a month.
const wholeMonth = 100 * 100

// creditsOf lists what broken promises earned, except what a person has to
// confirm first (D-16, D-26).
func (s *Server) creditsOf(c *gin.Context, t ticket.Ticket) ([]creditView, error) {
	credits, err := s.opt.Support.Store.CreditsOfTicket(c.Request.Context(), t.ID)
	if err != nil {
		return nil, err
	}
	var all []creditView
	for _, cr := range credits {
		v := creditView{
			ID: cr.ID, Target: string(cr.Breach.Target), At: cr.Breach.At, Share: float64(cr.Share) / wholeMonth,
			State: cr.StateAt(s.opt.Clock.Now()), Until: cr.ClaimUntil, Applied: float64(cr.Applied) / wholeMonth, Reason: cr.Reason,
		}
		switch v.State {
		case ticket.CreditWaiting:
			continue
		case ticket.CreditClaimed:
			v.Until = cr.ReviewUntil
		}
		all = append(all, v)
	}
	return all, nil
}
