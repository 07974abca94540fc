package report

import "time"

// SurveyRow is an answer to a question we asked (D-27).
type SurveyRow struct {
	At     time.Time
	Kind   SurveyKind
	Score  int  // 1-5 for CSAT, 0-10 for NPS
	Solved bool // CSAT: the problem is
	Tier   string
	Ticket string // id; "" for NPS, which is asked of people
	Number string // of the ticket
}

// SurveyKind says which question was answered.
type SurveyKind string

// The kinds of surveys (D-27).
const (
	CSAT SurveyKind = "csat"
	NPS  SurveyKind = "nps"
)

// SurveyCounts count answers.
type SurveyCounts struct {
	CSAT       int    `json:"csat,omitempty"`      // answers
	Satisfied  int    `json:"satisfied,omitempty"` // of them, 4 or 5
	Low        int    `json:"low,omitempty"`       // of them, below 3: a review is mandatory
	Scores     [5]int `json:"scores"`              // answers of 1, 2 ... 5
	SaidSolved int    `json:"saidSolved,omitempty"`
	SaidNot    int    `json:"saidNot,omitempty"`
	NPS        int    `json:"nps,omitempty"`
	Promoters  int    `json:"promoters,omitempty"`  // 9 or 10
	Detractors int    `json:"detractors,omitempty"` // 0 to 6
}

func (c *SurveyCounts) delta() int { return 0 }

func (c *SurveyCounts) add(o SurveyCounts) {
	c.CSAT += o.CSAT
	c.Satisfied += o.Satisfied
	c.Low += o.Low
	for i, n := range o.Scores {
		c.Scores[i] += n
	}
	c.SaidSolved += o.SaidSolved
	c.SaidNot += o.SaidNot
	c.NPS += o.NPS
	c.Promoters += o.Promoters
	c.Detractors += o.Detractors
}

func countSurvey(s SurveyRow) SurveyCounts {
	var c SurveyCounts
	switch s.Kind {
	case CSAT:
		c.CSAT, c.Satisfied, c.Low = 1, one(s.Score >= 4), one(s.Score < 3)
		if s.Score >= 1 && s.Score <= 5 {
			c.Scores[s.Score-1] = 1
		}
		c.SaidSolved, c.SaidNot = one(s.Solved), one(!s.Solved)
	case NPS:
		c.NPS, c.Promoters, c.Detractors = 1, one(s.Score >= 9), one(s.Score <= 6)
	}
	return c
}

// SurveyCells counts a day's answers.
func SurveyCells(rows []SurveyRow) (Cells, error) { return cellsOf(rows, surveyParts) }

func surveyParts(s SurveyRow) []part[SurveyCounts] {
	return cut(countSurvey(s), Cell{All, ""}, Cell{ByTier, s.Tier})
}

// netPromoter is promoters minus detractors in points, -100 to 100.
func (c SurveyCounts) netPromoter() Number {
	return ratio(100*float64(c.Promoters-c.Detractors), float64(c.NPS), c.NPS)
}
