package report

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Subject names a family of roll-up rows.
type Subject string

// The subjects that are rolled up per day and dimension.
const (
	SubjectAttempts Subject = "attempts"
	SubjectSearches Subject = "searches"
	SubjectVisits   Subject = "visits"
	SubjectTickets  Subject = "tickets"
	SubjectSurveys  Subject = "surveys"
)

// The dimensions a day is cut along. A dimension is one cut: the rows of one
// dimension add up to the row of All.
const (
	All            = ""
	ByCategory     = "category"
	ByLang         = "lang"
	ByTier         = "tier"
	ByRoute        = "route"         // the console's screen the person came from
	ByTierPriority = "tier/priority" // "business/P2"; tickets' tiers and priorities are sums of it
	ByPriority     = "priority"      // of tickets; a sum, never stored
	ByChannel      = "channel"
	ByAgent        = "agent" // staff id
)

// Cell is a place within a subject and a day.
type Cell struct{ Dim, Value string }

// Packed are the counts of a cell, ready to be stored: the same counts always
// give the same text.
type Packed struct {
	Data  string // JSON
	Delta int    // by how much the day changed a standing total: the backlog, for tickets
}

// Cells are the counts of one day.
type Cells map[Cell]Packed

// CellRow is one stored cell.
type CellRow struct {
	Day   Day
	Value string
	Data  string
}

// counts is what a cell holds: a sum of its kind can be added to it.
type counts[T any] interface {
	*T
	add(T)
	delta() int
}

// part is what a row adds to a cell. The figures sum the parts of rows, and the
// rows behind a figure are those with a part in it: one rule for both.
type part[C any] struct {
	Cell
	counts C
}

// cut puts the same counts into several cells.
func cut[C any](c C, cells ...Cell) []part[C] {
	all := make([]part[C], len(cells))
	for i, cell := range cells {
		all[i] = part[C]{cell, c}
	}
	return all
}

// cellsOf sums the parts of a day's rows.
func cellsOf[R, C any, P counts[C]](rows []R, parts func(R) []part[C]) (Cells, error) {
	t := tally[C, P]{}
	for _, r := range rows {
		for _, p := range parts(r) {
			t.add(p.Dim, p.Value, p.counts)
		}
	}
	return t.pack()
}

// tally collects the counts of one day.
type tally[T any, P counts[T]] map[Cell]P

func (t tally[T, P]) add(dim, value string, c T) {
	cell := Cell{dim, value}
	if t[cell] == nil {
		t[cell] = new(T)
	}
	t[cell].add(c)
}

// pack turns counts into what is stored.
func (t tally[T, P]) pack() (Cells, error) {
	out := make(Cells, len(t))
	for cell, c := range t {
		if s, ok := any(c).(interface{ inOrder() }); ok {
			s.inOrder() // the same rows give the same text
		}
		text, err := json.Marshal(c)
		if err != nil {
			return nil, fmt.Errorf("pack %v: %w", cell, err)
		}
		out[cell] = Packed{Data: string(text), Delta: c.delta()}
	}
	return out, nil
}

// daily are the stored counts of one dimension: by day, then by value.
type daily[T any] map[Day]map[string]T

// unpack reads stored cells.
func unpack[T any](rows []CellRow) (daily[T], error) {
	all := daily[T]{}
	for _, r := range rows {
		var c T
		if err := json.Unmarshal([]byte(r.Data), &c); err != nil {
			return nil, fmt.Errorf("roll-up of %s, %q: %w", r.Day, r.Value, err)
		}
		if all[r.Day] == nil {
			all[r.Day] = map[string]T{}
		}
		all[r.Day][r.Value] = c
	}
	return all, nil
}

// sum adds up one value over a period.
func sum[T any, P counts[T]](d daily[T], p Period, value string) T {
	var total T
	for _, day := range p.Days() {
		if c, ok := d[day][value]; ok {
			P(&total).add(c)
		}
	}
	return total
}

// regroup adds up values that become the same under another name.
func regroup[T any, P counts[T]](totals map[string]T, name func(string) string) map[string]T {
	sums := map[string]P{}
	for _, value := range sortedKeys(totals) {
		n := name(value)
		if sums[n] == nil {
			sums[n] = new(T)
		}
		sums[n].add(totals[value])
	}
	out := make(map[string]T, len(sums))
	for n, c := range sums {
		out[n] = *c
	}
	return out
}

// byValue adds up every value over a period.
func byValue[T any, P counts[T]](d daily[T], p Period) map[string]T {
	totals := map[string]P{}
	for _, day := range p.Days() {
		for value, c := range d[day] {
			if totals[value] == nil {
				totals[value] = new(T)
			}
			totals[value].add(c)
		}
	}
	out := make(map[string]T, len(totals))
	for value, c := range totals {
		out[value] = *c
	}
	return out
}

// sortedKeys are a map's keys in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
