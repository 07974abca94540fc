package report

import (
	"math"
	"testing"
)

// A change of the cost counts from its day, and a day without a known cost
// leaves the period without a figure.
func TestCostOf(t *testing.T) {
	costs := []Cost{{"2026-01-01", 365_000}, {"2026-02-01", 730_000}, {"2026-03-01", 0}, {"2026-04-01", 365_000}}
	for _, tt := range []struct {
		from Day
		n    int
		want float64 // in twelve thousands of a cent a day; -1: not known
	}{
		{"2026-01-01", 31, 31}, {"2026-01-31", 2, 3}, {"2026-02-01", 28, 56}, {"2026-02-28", 2, -1}, {"2026-03-31", 2, -1}, {"2026-04-01", 10, 10},
		{"2025-12-31", 2, -1}, {"2026-05-01", 0, -1},
	} {
		got, ok := costOf(costs, tt.from, tt.n)
		if ok != (tt.want >= 0) || ok && math.Abs(got-tt.want*12_000) > 1e-6 {
			t.Errorf("%d days from %s: %v %v, want %v", tt.n, tt.from, got, ok, tt.want*12_000)
		}
	}
	if _, ok := costOf(nil, "2026-01-01", 3); ok {
		t.Error("a cost that nobody said")
	}
}
