package report

import (
	"time"

	"github.com/vmcloud/ricochet/internal/errs"
)

// Day is a civil day in the site's time zone, "2026-11-22". Days compare as
// texts.
type Day string

// DayOf is the civil day of an instant in a zone.
func DayOf(t time.Time, zone *time.Location) Day { return Day(t.In(zone).Format(time.DateOnly)) }

// ParseDay reads "2026-11-22".
func ParseDay(text string) (Day, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || t.Year() < 2000 || t.Year() > 2999 {
		return "", errs.Newf(errs.Invalid, "error.report.day", "day %q: want YYYY-MM-DD", text)
	}
	return Day(text), nil
}

// civil is midnight UTC of the day's date, for counting days.
func (d Day) civil() time.Time {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{} // only a Day that was not made by this package
	}
	return t
}

// Add is the day n days later.
func (d Day) Add(n int) Day { return Day(d.civil().AddDate(0, 0, n).Format(time.DateOnly)) }

// Start is the instant at which the day begins in a zone: midnight, or what
// follows it where daylight saving skips midnight.
func (d Day) Start(zone *time.Location) time.Time {
	t := d.civil()
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, zone)
}

// Month is the day's month, "2026-11".
func (d Day) Month() string { return string(d)[:len("2006-01")] }

// daysBetween counts the days from a to b, b excluded.
func daysBetween(a, b Day) int { return int(b.civil().Sub(a.civil()).Hours() / 24) }

// maxDays bounds a period: ten years of days are a table nobody reads.
const maxDays = 3660

// Period is a run of civil days, both ends included.
type Period struct {
	From Day            `json:"from"`
	To   Day            `json:"to"`
	Zone *time.Location `json:"-"`
}

// NewPeriod reads the two days of a question. An error of kind invalid names
// the field that is wrong: a day that cannot be read, an end before the
// beginning, or more than ten years.
func NewPeriod(from, to string, zone *time.Location) (Period, error) {
	var wrong []errs.Field
	a, err := ParseDay(from)
	if err != nil {
		wrong = append(wrong, errs.Field{Name: "from", Key: "error.report.day"})
	}
	b, err := ParseDay(to)
	if err != nil {
		wrong = append(wrong, errs.Field{Name: "to", Key: "error.report.day"})
	}
	switch {
	case len(wrong) > 0:
	case a > b:
		wrong = append(wrong, errs.Field{Name: "from", Key: "error.report.order"})
	case daysBetween(a, b) >= maxDays:
		wrong = append(wrong, errs.Field{Name: "from", Key: "error.report.long"})
	}
	if len(wrong) > 0 {
		return Period{}, errs.InvalidFields(wrong...)
	}
	return Period{From: a, To: b, Zone: zone}, nil
}

// LastDays is the n days that end with the day of now.
func LastDays(n int, now time.Time, zone *time.Location) Period {
	to := DayOf(now, zone)
	return Period{From: to.Add(1 - max(n, 1)), To: to, Zone: zone}
}

// Start is the instant the period begins.
func (p Period) Start() time.Time { return p.From.Start(p.Zone) }

// End is the instant the period is over: the start of the day after To.
func (p Period) End() time.Time { return p.To.Add(1).Start(p.Zone) }

// Len is how many days the period has.
func (p Period) Len() int { return daysBetween(p.From, p.To) + 1 }

// Days lists the days of the period.
func (p Period) Days() []Day {
	all := make([]Day, p.Len())
	for i := range all {
		all[i] = p.From.Add(i)
	}
	return all
}

// Before is the period of the same length that ends the day before this one.
func (p Period) Before() Period {
	return Period{From: p.From.Add(-p.Len()), To: p.From.Add(-1), Zone: p.Zone}
}

// Last is the n days that end with the period.
func (p Period) Last(n int) Period { return Period{From: p.To.Add(1 - n), To: p.To, Zone: p.Zone} }

// Ever is the longest period that ends with this one.
func (p Period) Ever() Period { return p.Last(maxDays) }

// Has says whether an instant lies in the period.
func (p Period) Has(t time.Time) bool { return !t.Before(p.Start()) && t.Before(p.End()) }

// steps cuts the period for a drawing: into days up to two months, else into
// weeks up to half a year, else into months. Each step is a Period.
func (p Period) steps() []Period {
	var all []Period
	for from := p.From; from <= p.To; {
		to := from
		switch {
		case p.Len() > 184:
			to = Day(from.civil().AddDate(0, 1, -from.civil().Day()).Format(time.DateOnly))
		case p.Len() > 62:
			to = from.Add((7 - int(from.civil().Weekday())) % 7) // weeks end on Sunday
		}
		to = min(to, p.To)
		all = append(all, Period{From: from, To: to, Zone: p.Zone})
		from = to.Add(1)
	}
	return all
}
