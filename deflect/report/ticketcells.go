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
	c.FirstBusiness, c.FirstCalendar, c.SolvedBusiness, c.SolvedCalendar = nil, nil, nil, nil
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
}

// inOrder sorts the samples, so that the same tickets give the same text.
func (c *TicketCounts) inOrder() {
	for _, s := range []durations{c.FirstBusiness, c.FirstCalendar, c.SolvedBusiness, c.SolvedCalendar} {
		slices.Sort(s)
	}
}

// delta is by how much the day changed the number of tickets on which work
// is owed.
func (c *TicketCounts) delta() int { return c.Created + c.Reopened - c.Resolved - c.Merged }

// TicketCells counts what tickets did on one day. facts are those of the
// tickets that contribute to the day.
func TicketCells(day Period, facts []Facts) (Cells, error) {
	t := tally[TicketCounts, *TicketCounts]{}
	for _, f := range facts {
		c := f.on(day)
		t.add(All, "", c)
		t.add(ByTierPriority, f.Tier+"/"+f.Priority, c)
		t.add(ByCategory, f.Category, c.counted()) // nobody asks for durations along these
		t.add(ByLang, f.Lang, c.counted())
		t.add(ByChannel, f.Channel, c.counted())
		for agent, c := range f.byAgent(day) {
			t.add(ByAgent, agent, c)
		}
	}
	for _, c := range t {
		c.inOrder()
	}
	return t.pack()
}

// on is what a ticket did on a day.
func (f Facts) on(day Period) TicketCounts {
	var c TicketCounts
	if day.Has(f.Received) {
		c.Created, c.Escalated = 1, one(len(f.Escal) > 0)
	}
	for _, r := range f.Replies {
		c.Replies += one(day.Has(r.At))
	}
	f.countMoves(day, &c)
	if a := f.First; a != nil && day.Has(a.At) {
		c.FirstBusiness, c.FirstCalendar = durations{a.Business}, durations{a.Calendar}
	}
	if s := f.Solved; s != nil && day.Has(s.At) {
		c.Solved, c.Answered, c.FirstTime = 1, one(!s.Automatic), one(s.FirstTime)
		c.SolvedBusiness, c.SolvedCalendar = durations{s.Business}, durations{s.Calendar}
	}
	for _, v := range f.Verdicts {
		if v.Contractual() && day.Has(v.At) {
			c.verdict(v)
		}
	}
	for _, at := range f.Late {
		c.Late += one(day.Has(at))
	}
	return c
}

func (f Facts) countMoves(day Period, c *TicketCounts) {
	first := true
	for i, m := range f.Moves {
		switch m.Kind {
		case Resolving:
			if first && day.Has(m.At) {
				c.FirstSolved = 1
				for _, later := range f.Moves[i:] {
					if later.Kind == Reopening {
						c.Returned = 1
					}
				}
			}
			first = false
			c.Resolved += one(day.Has(m.At))
		case Reopening:
			c.Reopened += one(day.Has(m.At))
		case Merging:
			c.Merged += one(day.Has(m.At))
		}
	}
}

func (c *TicketCounts) verdict(v Verdict) {
	met := one(!v.Breached)
	c.Met += met
	c.Breached += 1 - met
	if v.Breached {
		if c.Causes == nil {
			c.Causes = map[Cause]int{}
		}
		c.Causes[v.Cause]++
	}
	switch v.Target {
	case "first_response":
		c.FirstMet += met
		c.FirstBreached += 1 - met
	case "resolution":
		c.SolvedMet += met
		c.SolvedBreached += 1 - met
	}
}

// byAgent is what each member of staff did on the ticket on a day.
func (f Facts) byAgent(day Period) map[string]TicketCounts {
	all := map[string]TicketCounts{}
	for _, r := range f.Replies {
		if day.Has(r.At) {
			c := all[r.Agent]
			c.Replies++
			all[r.Agent] = c
		}
	}
	for _, m := range f.Moves {
		if m.Kind == Resolving && m.Agent != "" && day.Has(m.At) {
			c := all[m.Agent]
			c.Resolved++
			all[m.Agent] = c
		}
	}
	return all
}
