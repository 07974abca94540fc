package sla

import (
	"cmp"
	"slices"
	"time"
)

// Claimed is a recorded breach as the credit office sees it.
type Claimed struct {
	Breach
	Ticket   string `json:"ticket"`
	Excluded string `json:"excluded,omitempty"` // why a person ruled it out (force majeure, the client's own doing); empty: counts
	Approved bool   `json:"approved,omitempty"` // a person accepted a breach made by reclassification (D-16)
}

// CreditLine is one breach and what it earns. Shares are hundredths of a
// percent of the month's price.
type CreditLine struct {
	Claimed
	Share   int  `json:"share"`             // what the rule gives
	Counted int  `json:"counted"`           // what remains under the month's cap
	Waiting bool `json:"waiting,omitempty"` // a person must approve it first (D-16)
}

// Credit is what a customer earned in one month (D-25).
type Credit struct {
	Month string       `json:"month"` // YYYY-MM, of the breaches, on the working calendar's clock
	Share int          `json:"share"` // the sum under the cap, in hundredths of a percent
	Lines []CreditLine `json:"lines"`
}

// CreditsOf adds up one customer's credits from recorded breaches alone, month
// by month (D-25): late best effort and internal goals earn nothing, excluded
// breaches and those that wait for a person count for nothing, and the same
// breach given twice counts once. limit replaces the policy's cap of the month
// when positive (an Enterprise contract), never above the whole month. The
// order of the breaches does not matter.
func (b *Book) CreditsOf(breaches []Claimed, limit int) []Credit {
	breaches = slices.Clone(breaches)
	slices.SortFunc(breaches, func(x, y Claimed) int {
		return cmp.Or(x.At.Compare(y.At), cmp.Compare(x.Ticket, y.Ticket), cmp.Compare(x.Target, y.Target), cmp.Compare(x.Cycle, y.Cycle))
	})
	breaches = slices.CompactFunc(breaches, func(x, y Claimed) bool {
		return x.Ticket == y.Ticket && x.Target == y.Target && x.Cycle == y.Cycle
	})
	var out []Credit
	for _, br := range breaches {
		p := b.At(br.At)
		share := p.creditShare(br.Breach)
		if share == 0 {
			continue
		}
		month := p.month(br.At)
		if n := len(out); n == 0 || out[n-1].Month != month {
			out = append(out, Credit{Month: month})
		}
		c := &out[len(out)-1]
		line := CreditLine{Claimed: br, Share: share, Waiting: br.ByReclassification && !br.Approved}
		if br.Excluded == "" && !line.Waiting {
			line.Counted = min(share, max(0, p.creditCap(limit)-c.Share))
		}
		c.Share += line.Counted
		c.Lines = append(c.Lines, line)
	}
	return out
}

// creditShare is what the policy gives for a breach; 0 without a rule.
func (p *Policy) creditShare(br Breach) int {
	if t, ok := p.Tier(br.Tier); !ok || !t.Credits || br.Kind != Contractual {
		return 0
	}
	for _, r := range p.Credits {
		if r.Target == br.Target && (len(r.Priorities) == 0 || slices.Contains(r.Priorities, br.Priority)) {
			return r.Share
		}
	}
	return 0
}

// creditCap is the month's cap: the contract's if it has one (D-25).
func (p *Policy) creditCap(contract int) int {
	if contract > 0 {
		return min(contract, 10000)
	}
	return p.CreditCap
}

// month is the civil month of an instant where the company works.
func (p *Policy) month(t time.Time) string {
	cal := p.Working
	if cal == nil {
		cal = p.Tiers[0].Calendar
	}
	return cal.LocalDate(t).String()[:len("2006-01")]
}
