package sla

import (
	"cmp"
	"fmt"
	"slices"
	"sync/atomic"
	"time"
)

// Target is something promised about a ticket.
type Target string

// The four targets, in the order they are shown.
const (
	FirstResponse  Target = "first_response"  // first message received -> first public human reply
	NextResponse   Target = "next_response"   // oldest unanswered customer message -> reply (D-10)
	PeriodicUpdate Target = "periodic_update" // latest public reply -> the next one (D-10)
	Resolution     Target = "resolution"      // first message received -> resolved
)

// Targets lists the four targets in the order they are shown.
var Targets = []Target{FirstResponse, NextResponse, PeriodicUpdate, Resolution}

// Priority is P0 (platform-wide, the most urgent) to P4 (D-5). Smaller text is
// more urgent.
type Priority string

// The priorities (D-5).
const (
	P0 Priority = "P0"
	P1 Priority = "P1"
	P2 Priority = "P2"
	P3 Priority = "P3"
	P4 Priority = "P4"
)

// Priorities lists the priorities, the most urgent first.
var Priorities = []Priority{P0, P1, P2, P3, P4}

// Kind is how binding a target is.
type Kind string

// The kinds of target.
const (
	Contractual Kind = "contractual" // promised to the customer; late is a breach
	Internal    Kind = "internal"    // a goal of the team, no contract (D-7, D-10)
	BestEffort  Kind = "best_effort" // measured, never a breach, never a credit (D-9)
)

// Figure is how long a target allows. Open is open time of the cell's
// calendar. With WorkingDays it is that many working days (the same time of
// day n days later), or Open when that is later (D-7: the later of 5 working
// days and the P3 due date).
type Figure struct {
	Open        time.Duration
	WorkingDays int
}

// None says that there is no target.
func (f Figure) None() bool { return f.Open == 0 && f.WorkingDays == 0 }

// Cell is one entry of the policy table: what a tier is promised for a target
// at a priority, and the calendar that measures it (D-8). A cell without
// figure still measures: a later reclassification may give it one.
type Cell struct {
	Tier     string
	Priority Priority
	Target   Target
	Figure   Figure
	Kind     Kind
	Calendar *Calendar
	Working  *Calendar // whose days WorkingDays counts; nil: Calendar's
	Pauses   bool      // stops while waiting for the customer, and while resolved (D-14, D-15)
	Rule     string    // the rule behind the figure, e.g. "D-7"
}

// Due is the instant by which a target that starts at t without pauses must be
// reached, and the open time until then; false when there is no figure or the
// calendar is never open that long.
func (c Cell) Due(t time.Time) (due time.Time, open time.Duration, ok bool) {
	if c.Figure.None() {
		return time.Time{}, 0, false
	}
	if c.Figure.Open > 0 {
		if due, ok = c.Calendar.Add(t, c.Figure.Open); !ok {
			return time.Time{}, 0, false
		}
	}
	if c.Figure.WorkingDays > 0 {
		working := c.Working
		if working == nil {
			working = c.Calendar
		}
		days, ok := c.Calendar.AddDaysOf(working, t, c.Figure.WorkingDays)
		if !ok {
			return time.Time{}, 0, false
		}
		if days.After(due) {
			due = days
		}
	}
	return due, c.Calendar.Between(t, due), true
}

// Tier is a level of service.
type Tier struct {
	Name     string
	MinMRR   int64     // euro cents a month above which a customer without contract has this tier (D-6); -1: by contract alone
	Calendar *Calendar // its support hours
	Credits  bool      // whether a late promise earns a credit (D-25)
}

// CreditRule gives the share of a month's price that a late target earns, in
// hundredths of a percent (D-25).
type CreditRule struct {
	Target     Target
	Priorities []Priority // empty: any
	Share      int        // 500 is 5 %
}

// Policy is one version of the whole table.
type Policy struct {
	Name      string
	Effective time.Time // from when it holds; zero: from the beginning
	Tiers     []Tier    // from the least to the strictest
	Cells     []Cell
	Working   *Calendar // working days of every rule (D-7)
	Credits   []CreditRule
	CreditCap int   // of a month, in hundredths of a percent (D-25)
	Alerts    []int // percent of the target at which people are told, ascending (D-18)
	Timers    Timers
	Staffing  *Calendar // when the desk is staffed, whatever the tiers are promised; nil: always

	index map[cellKey]Cell
}

type cellKey struct {
	tier     string
	priority Priority
	target   Target
}

// Tier finds a tier by name.
func (p *Policy) Tier(name string) (Tier, bool) {
	i := p.rank(name)
	if i < 0 {
		return Tier{}, false
	}
	return p.Tiers[i], true
}

// rank is the strictness of a tier; -1 for one the policy does not know.
func (p *Policy) rank(tier string) int {
	return slices.IndexFunc(p.Tiers, func(t Tier) bool { return t.Name == tier })
}

// TierFor is a customer's tier: the contract's if the policy knows it, else by
// monthly revenue in euro cents (D-6).
func (p *Policy) TierFor(mrr int64, contract string) string {
	if _, ok := p.Tier(contract); ok {
		return contract
	}
	best := p.Tiers[0]
	for _, t := range p.Tiers[1:] {
		if t.MinMRR >= 0 && mrr > t.MinMRR {
			best = t
		}
	}
	return best.Name
}

// Cell is the entry for a tier, priority and target. When there is none, the
// cell has no figure and measures on the tier's support hours (the first
// tier's for one the policy does not know).
func (p *Policy) Cell(tier string, priority Priority, target Target) Cell {
	if c, ok := p.index[cellKey{tier, priority, target}]; ok {
		return c
	}
	t, ok := p.Tier(tier)
	if !ok {
		t = p.Tiers[0]
	}
	return Cell{Tier: tier, Priority: priority, Target: target, Calendar: t.Calendar, Pauses: target == Resolution || target == PeriodicUpdate}
}

// Book is every version of the policy, by effective instant. It is safe for
// concurrent use; one evaluation sees one state of it, whatever is adopted
// meanwhile.
type Book struct{ versions atomic.Pointer[[]*Policy] }

// Adopt makes the book say what another one says: an operator's edit that is
// taken over while the program runs.
func (b *Book) Adopt(other *Book) { b.versions.Store(other.versions.Load()) }

// frozen is the book as it is at this moment.
func (b *Book) frozen() *Book {
	f := &Book{}
	f.Adopt(b)
	return f
}

// NewBook checks and orders the versions of a policy. The earliest holds from
// the beginning of time. A promise is judged by the version in force when its
// clock started or the ticket was last reclassified: an edit never changes a
// promise already made (D-12).
func NewBook(policies ...*Policy) (*Book, error) {
	if len(policies) == 0 {
		return nil, fmt.Errorf("a policy needs at least one version")
	}
	var versions []*Policy
	for _, p := range policies {
		cp := *p
		cp.index = make(map[cellKey]Cell, len(p.Cells))
		if len(p.Tiers) == 0 {
			return nil, fmt.Errorf("policy %s has no tier", p.Name)
		}
		for _, t := range p.Tiers {
			if t.Calendar == nil {
				return nil, fmt.Errorf("policy %s: tier %s has no calendar", p.Name, t.Name)
			}
		}
		for _, c := range p.Cells {
			if c.Calendar == nil || cp.rank(c.Tier) < 0 {
				return nil, fmt.Errorf("policy %s: cell %s %s %s has no calendar or an unknown tier", p.Name, c.Tier, c.Priority, c.Target)
			}
			cp.index[cellKey{c.Tier, c.Priority, c.Target}] = c
		}
		versions = append(versions, &cp)
	}
	slices.SortStableFunc(versions, func(x, y *Policy) int { return x.Effective.Compare(y.Effective) })
	for i := 1; i < len(versions); i++ {
		if versions[i].Effective.Equal(versions[i-1].Effective) {
			return nil, fmt.Errorf("two policies take effect at %s", versions[i].Effective.Format(time.RFC3339))
		}
	}
	b := &Book{}
	b.versions.Store(&versions)
	return b, nil
}

// At is the version in force at an instant.
func (b *Book) At(t time.Time) *Policy {
	versions := *b.versions.Load()
	i, found := slices.BinarySearchFunc(versions, t, func(p *Policy, t time.Time) int { return p.Effective.Compare(t) })
	if !found {
		i--
	}
	return versions[max(i, 0)]
}

// Stricter is the stricter of two classifications, tier and priority each on
// its own (D-19).
func (p *Policy) Stricter(tierA string, a Priority, tierB string, b Priority) (string, Priority) {
	if p.rank(tierB) > p.rank(tierA) {
		tierA = tierB
	}
	if cmp.Compare(b, a) < 0 {
		a = b
	}
	return tierA, a
}
