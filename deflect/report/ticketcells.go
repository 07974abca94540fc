package report

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
)

// TicketCounts are what tickets did on a day. Durations are samples in
// seconds, in ascending order.
type TicketCounts struct {
	Created   int `json:"created,omitempty"`
	Resolved  int `json:"resolved,omitempty"` // resolutions, also of tickets reopened since
	Reopened  int `json:"reopened,omitempty"`
	Merged    int `json:"merged,omitempty"`
	Escalated int `json:"escalated,omitempty"` // tickets created that day that were escalated since
	Replies   int `json:"replies,omitempty"`   // public, by staff

	// Of the tickets whose standing resolution is of that day:
	Solved    int `json:"solved,omitempty"`
	Answered  int `json:"answered,omitempty"`  // of Solved, a member of staff had answered
	FirstTime int `json:"firstTime,omitempty"` // of Answered, with one reply and never reopened

	// Of the tickets first resolved that day: how many were reopened since.
	FirstSolved int `json:"firstSolved,omitempty"`
	Returned    int `json:"returned,omitempty"`

	// Promises to customers that were decided that day (D-17), and best effort
	// that came late (D-9).
	Met            int `json:"met,omitempty"`
	Breached       int `json:"breached,omitempty"`
	FirstMet       int `json:"firstMet,omitempty"` // of Met and Breached, first responses
	FirstBreached  int `json:"firstBreached,omitempty"`
	SolvedMet      int `json:"solvedMet,omitempty"` // and resolutions
	SolvedBreached int `json:"solvedBreached,omitempty"`
	Late           int `json:"late,omitempty"`
	// Causes of Breached, as far as the logs show them.
	Causes map[Cause]int `json:"causes,omitempty"`

	FirstBusiness  durations `json:"firstBusiness,omitempty"`  // first answers given that day
	FirstCalendar  durations `json:"firstCalendar,omitempty"`  //
	SolvedBusiness durations `json:"solvedBusiness,omitempty"` // standing resolutions of that day
	SolvedCalendar durations `json:"solvedCalendar,omitempty"` //
	// Handled is the working time noted on the tickets whose standing resolution
	// is of that day, those without any left out.
	Handled durations `json:"handled,omitempty"`
}

// durations is a sample in seconds. It is stored as one text, "12 95 3600",
// which is read ten times faster than a list.
type durations []int64

// MarshalText writes the durations one after the other.
func (s durations) MarshalText() ([]byte, error) {
	out := make([]byte, 0, 6*len(s))
	for i, v := range s {
		if i > 0 {
			out = append(out, ' ')
		}
		out = strconv.AppendInt(out, v, 10)
	}
	return out, nil
}

// UnmarshalText reads what MarshalText wrote.
func (s *durations) UnmarshalText(text []byte) error {
	*s = make(durations, 0, bytes.Count(text, []byte(" "))+1)
	for field := range bytes.FieldsSeq(text) {
		v, err := strconv.ParseInt(string(field), 10, 64)
		if err != nil {
			return fmt.Errorf("durations: %w", err)
		}
		*s = append(*s, v)
	}
	return nil
}

// counted is the counts without their samples.
func (c TicketCounts) counted() TicketCounts {
	c.FirstBusiness, c.FirstCalendar, c.SolvedBusiness, c.SolvedCalendar, c.Handled = nil, nil, nil, nil, nil
	return c
}

func (c *TicketCounts) add(o TicketCounts) {
	c.Created += o.Created
	c.Resolved += o.Resolved
	c.Reopened += o.Reopened
	c.Merged += o.Merged
	c.Escalated += o.Escalated
	c.Replies += o.Replies
	c.Solved += o.Solved
	c.Answered += o.Answered
	c.FirstTime += o.FirstTime
	c.FirstSolved += o.FirstSolved
	c.Returned += o.Returned
	c.Met += o.Met
	c.Breached += o.Breached
	c.FirstMet += o.FirstMet
	c.FirstBreached += o.FirstBreached
	c.SolvedMet += o.SolvedMet
	c.SolvedBreached += o.SolvedBreached
	c.Late += o.Late
	for cause, n := range o.Causes {
		if c.Causes == nil {
			c.Causes = map[Cause]int{}
		}
		c.Causes[cause] += n
	}
	c.FirstBusiness = append(c.FirstBusiness, o.FirstBusiness...)
	c.FirstCalendar = append(c.FirstCalendar, o.FirstCalendar...)
	c.SolvedBusiness = append(c.SolvedBusiness, o.SolvedBusiness...)
	c.SolvedCalendar = append(c.SolvedCalendar, o.SolvedCalendar...)
	c.Handled = append(c.Handled, o.Handled...)
}

// inOrder sorts the samples.
func (c *TicketCounts) inOrder() {
	for _, s := range []durations{c.FirstBusiness, c.FirstCalendar, c.SolvedBusiness, c.SolvedCalendar, c.Handled} {
		slices.Sort(s)
	}
}

// delta is by how much the day changed the number of tickets on which work
// is owed.
func (c *TicketCounts) delta() int { return c.Created + c.Reopened - c.Resolved - c.Merged }

// TicketCells counts what tickets did on one day. facts are those of the
// tickets that contribute to the day.
func TicketCells(day Period, facts []Facts) (Cells, error) {
	return cellsOf(linesOn(day, facts), ticketParts)
}
