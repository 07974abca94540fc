package sla

import (
	"fmt"
	"time"
)

// Date is a day of the local calendar.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads YYYY-MM-DD.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("%q is not a date: want YYYY-MM-DD", s)
	}
	return DateOf(t), nil
}

// DateOf is the date t shows in its own location.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// String is the date as YYYY-MM-DD.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// MarshalText writes the date as YYYY-MM-DD.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads YYYY-MM-DD.
func (d *Date) UnmarshalText(b []byte) error {
	got, err := ParseDate(string(b))
	if err == nil {
		*d = got
	}
	return err
}

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Weekday()
}

// AddDays is the date n days later, working or not.
func (d Date) AddDays(n int) Date { return dateOf(d.day() + int64(n)) }

// day numbers a date by days since Monday 1969-12-29.
func (d Date) day() int64 {
	return floorDiv(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Unix(), 86400) + wallEpoch/day
}

// dateOf is the inverse of Date.day.
func dateOf(n int64) Date { return DateOf(time.Unix((n-wallEpoch/day)*86400, 0).UTC()) }

// dayAfter is the first day that starts at or after an instant.
func (v *version) dayAfter(t int64) int64 {
	d := floorDiv(v.zone.wall(t), day)
	for v.zone.reach(d*day) < t {
		d++
	}
	return d
}

// dayPieces are the working days from one day to another: days on which an
// opening starts. Breaks do not unmake a working day.
func (v *version) dayPieces(lo, hi int64) []piece {
	isOpen := func(d int64) []span {
		if len(v.hoursOn(d)) > 0 {
			return []span{{d, d + 1}}
		}
		return nil
	}
	var weekly []span
	for d := int64(0); d < 7; d++ {
		if len(v.spec.Weekly[dateOf(d).Weekday()]) > 0 {
			weekly = append(weekly, span{d, d + 1})
		}
	}
	ordinary := newPattern(weekly, span{0, 7}, true)
	out := []piece{{at: lo, set: ordinary}}
	for _, d := range v.exceptionDays() {
		if d < lo || d >= hi {
			continue
		}
		if out[len(out)-1].at == d {
			out = out[:len(out)-1]
		}
		out = append(out, piece{at: d, set: newPattern(isOpen(d), span{d, d + 1}, false)}, piece{at: d + 1, set: ordinary})
	}
	return out
}

// IsWorkingDay says whether an opening starts on the date.
func (c *Calendar) IsWorkingDay(date Date) bool {
	d := date.day()
	return c.days.before(d+1) > c.days.before(d)
}

// AddDates is the n-th working day after the date, or before it when n is
// negative; the date itself need not be one, and does not count (D-4). Zero is
// the date itself. False when there are not that many within the horizon.
func (c *Calendar) AddDates(date Date, n int) (Date, bool) {
	d, ok := date.day(), true
	switch {
	case n > 0:
		d, ok = c.days.low(c.days.before(d+1) + int64(n))
		d--
	case n < 0:
		d, ok = c.days.high(c.days.before(d) + int64(n))
	}
	if !ok {
		return Date{}, false
	}
	return dateOf(d), true
}

// AddDays is the same time of day n working days away; when that is closed,
// the next opening, or for negative n the previous closing. Zero rolls a
// closed instant forward (D-4).
func (c *Calendar) AddDays(t time.Time, n int) (time.Time, bool) { return c.AddDaysOf(c, t, n) }

// AddDaysOf is AddDays with the working days of another calendar: a tier open
// on Saturdays still counts Monday to Friday (D-7).
func (c *Calendar) AddDaysOf(working *Calendar, t time.Time, n int) (time.Time, bool) {
	z := c.zoneAt(t)
	w := z.wall(nano(t))
	d := floorDiv(w, day)
	date, ok := working.AddDates(dateOf(d), n)
	if !ok {
		return time.Time{}, false
	}
	shifted := fromNano(z.instant(date.day()*day + w - d*day))
	if n < 0 && !c.IsOpen(shifted) {
		return c.PrevClose(shifted)
	}
	return c.NextOpen(shifted)
}

// LocalDate is the date of an instant on the calendar's clock.
func (c *Calendar) LocalDate(t time.Time) Date {
	return dateOf(floorDiv(c.zoneAt(t).wall(nano(t)), day))
}

// Instant is the instant of a time of day on a date: a skipped time is moved
// forward by the gap, a repeated one is its first occurrence (D-4).
func (z *Zone) Instant(date Date, clock time.Duration) time.Time {
	return fromNano(z.instant(date.day()*day + int64(clock)))
}

// zoneAt is the zone of the version in force at an instant.
func (c *Calendar) zoneAt(t time.Time) *Zone {
	n := nano(t)
	i := len(c.versions) - 1
	for i > 0 && c.versions[i].from > n {
		i--
	}
	return c.versions[i].zone
}

// ParseClock reads a time of day, HH:MM or HH:MM:SS with optional fractions,
// from 00:00 to 24:00, as the offset from midnight.
func ParseClock(s string) (time.Duration, error) {
	if s == "24:00" || s == "24:00:00" {
		return 24 * time.Hour, nil
	}
	for _, layout := range []string{"15:04", "15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			midnight := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
			return t.Sub(midnight), nil
		}
	}
	return 0, fmt.Errorf("%q is not a time of day: want HH:MM between 00:00 and 24:00", s)
}
