package report

import "time"

// LineKind says what happened on a ticket.
type LineKind string

// The kinds of lines.
const (
	LineReceived LineKind = "received"
	LineReplied  LineKind = "replied"  // publicly, by staff
	LineAnswered LineKind = "answered" // for the first time
	LineResolved LineKind = "resolved"
	LineReopened LineKind = "reopened"
	LineMerged   LineKind = "merged"
	LineSolved   LineKind = "solved" // the resolution that stands
	LinePromise  LineKind = "promise"
	LineLate     LineKind = "late" // best effort (D-9)
)

// TicketLine is one thing that happened on a ticket: what the figures about
// tickets count, and what stands behind them as rows.
type TicketLine struct {
	*Facts
	At       time.Time
	Kind     LineKind
	Agent    string  // staff id; "" when no member of staff did it
	Promise  Verdict // of LinePromise
	Initial  bool    // of LineResolved: the ticket's first resolution
	Returned bool    // of LineResolved: an initial one, reopened since
}

// linesOn lists what happened on a day.
func linesOn(day Period, facts []Facts) []TicketLine {
	var all []TicketLine
	for i := range facts {
		all = append(all, facts[i].lines(day)...)
	}
	return all
}

// lines lists what happened on the ticket on a day.
func (f *Facts) lines(day Period) []TicketLine {
	var all []TicketLine
	add := func(l TicketLine) {
		if day.Has(l.At) {
			l.Facts = f
			all = append(all, l)
		}
	}
	add(TicketLine{Kind: LineReceived, At: f.Received})
	for _, r := range f.Replies {
		add(TicketLine{Kind: LineReplied, At: r.At, Agent: r.Agent})
	}
	if f.First != nil {
		l := TicketLine{Kind: LineAnswered, At: f.First.At}
		if len(f.Replies) > 0 {
			l.Agent = f.Replies[0].Agent
		}
		add(l)
	}
	initial := true
	for i, m := range f.Moves {
		l := TicketLine{Kind: moveLines[m.Kind], At: m.At, Agent: m.Agent}
		if m.Kind == Resolving && initial {
			l.Initial, initial = true, false
			for _, later := range f.Moves[i:] {
				l.Returned = l.Returned || later.Kind == Reopening
			}
		}
		add(l)
	}
	if f.Solved != nil {
		add(TicketLine{Kind: LineSolved, At: f.Solved.At, Agent: f.Solved.Agent})
	}
	for _, v := range f.Verdicts {
		if v.Contractual() {
			add(TicketLine{Kind: LinePromise, At: v.At, Promise: v})
		}
	}
	for _, at := range f.Late {
		add(TicketLine{Kind: LineLate, At: at})
	}
	return all
}

var moveLines = map[MoveKind]LineKind{Resolving: LineResolved, Reopening: LineReopened, Merging: LineMerged}

// countLine is what a line adds to the figures.
func countLine(l TicketLine) TicketCounts {
	switch l.Kind {
	case LineReceived:
		return TicketCounts{Created: 1, Escalated: one(len(l.Escal) > 0)}
	case LineReplied:
		return TicketCounts{Replies: 1}
	case LineAnswered:
		return TicketCounts{FirstBusiness: durations{l.First.Business}, FirstCalendar: durations{l.First.Calendar}}
	case LineResolved:
		return TicketCounts{Resolved: 1, FirstSolved: one(l.Initial), Returned: one(l.Returned)}
	case LineReopened:
		return TicketCounts{Reopened: 1}
	case LineMerged:
		return TicketCounts{Merged: 1}
	case LineSolved:
		s := l.Solved
		c := TicketCounts{
			Solved: 1, Answered: one(!s.Automatic), FirstTime: one(s.FirstTime),
			SolvedBusiness: durations{s.Business}, SolvedCalendar: durations{s.Calendar},
		}
		if w := l.worked(); w > 0 {
			c.Handled = durations{w}
		}
		return c
	case LinePromise:
		return countVerdict(l.Promise)
	case LineLate:
		return TicketCounts{Late: 1}
	}
	return TicketCounts{}
}

func countVerdict(v Verdict) TicketCounts {
	met := one(!v.Breached)
	c := TicketCounts{Met: met, Breached: 1 - met}
	if v.Breached {
		c.Causes = map[Cause]int{v.Cause: 1}
	}
	switch v.Target {
	case "first_response":
		c.FirstMet, c.FirstBreached = met, 1-met
	case "resolution":
		c.SolvedMet, c.SolvedBreached = met, 1-met
	}
	return c
}

// ticketParts are the cells that a line is counted in.
func ticketParts(l TicketLine) []part[TicketCounts] {
	c := countLine(l)
	plain := c.counted() // nobody asks for durations along these
	all := []part[TicketCounts]{
		{Cell{All, ""}, c}, {Cell{ByTierPriority, l.Tier + "/" + l.Priority}, c}, {Cell{ByCategory, l.Category}, plain},
		{Cell{ByLang, l.Lang}, plain}, {Cell{ByChannel, l.Channel}, plain},
	}
	if l.Kind == LineReplied || l.Kind == LineResolved && l.Agent != "" {
		all = append(all, part[TicketCounts]{Cell{ByAgent, l.Agent}, TicketCounts{Replies: c.Replies, Resolved: c.Resolved}})
	}
	return all
}
