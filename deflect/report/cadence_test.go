package report

import (
	"testing"
	"time"
)

func zone(t *testing.T) *time.Location {
	t.Helper()
	z, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// The latest report at an instant: its period, and that it was due by then.
func TestLatestReport(t *testing.T) {
	z := zone(t)
	at := func(text string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", text, z)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		cadence  Cadence
		now      string
		from, to Day
	}{
		{Daily, "2026-11-23 06:59", "2026-11-21", "2026-11-21"},
		{Daily, "2026-11-23 07:00", "2026-11-22", "2026-11-22"},
		{Daily, "2026-03-29 07:00", "2026-03-28", "2026-03-28"}, // the night has an hour less
		{Daily, "2026-03-01 08:00", "2026-02-28", "2026-02-28"},
		{Weekly, "2026-11-23 07:00", "2026-11-16", "2026-11-22"}, // a Monday
		{Weekly, "2026-11-23 06:59", "2026-11-09", "2026-11-15"},
		{Weekly, "2026-11-22 23:00", "2026-11-09", "2026-11-15"}, // a Sunday
		{Weekly, "2026-01-01 12:00", "2025-12-22", "2025-12-28"},
		{Monthly, "2026-12-01 07:00", "2026-11-01", "2026-11-30"},
		{Monthly, "2026-12-01 06:00", "2026-10-01", "2026-10-31"},
		{Monthly, "2024-03-15 12:00", "2024-02-01", "2024-02-29"},
		{Quarterly, "2026-11-22 12:00", "2026-07-01", "2026-09-30"},
		{Quarterly, "2026-01-01 07:00", "2025-10-01", "2025-12-31"},
		{Quarterly, "2026-01-01 06:59", "2025-07-01", "2025-09-30"},
	} {
		p := c.cadence.Latest(at(c.now), z)
		if p.From != c.from || p.To != c.to {
			t.Errorf("%s at %s: %s to %s, want %s to %s", c.cadence, c.now, p.From, p.To, c.from, c.to)
		}
		if due := c.cadence.Due(p); due.After(at(c.now)) {
			t.Errorf("%s at %s: due only at %s", c.cadence, c.now, due)
		}
		if again := c.cadence.Holding(p.From, z); again != p {
			t.Errorf("%s: the period of %s is %v, not %v", c.cadence, p.From, again, p)
		}
	}
}

// The steps of any period are whole, in order, and cover it.
func TestSteps(t *testing.T) {
	z := zone(t)
	for _, days := range []int{1, 7, 30, 62, 63, 90, 184, 185, 365, 400, 3000} {
		p := Period{From: Day("2026-11-22").Add(1 - days), To: "2026-11-22", Zone: z}
		next, n := p.From, 0
		for _, s := range p.steps() {
			if s.From != next || s.To < s.From || s.To > p.To {
				t.Fatalf("%d days: step %v after %s", days, s, next)
			}
			next, n = s.To.Add(1), n+s.Len()
		}
		if next != p.To.Add(1) || n != days {
			t.Errorf("%d days: the steps end before %s and have %d days", days, next, n)
		}
	}
}
