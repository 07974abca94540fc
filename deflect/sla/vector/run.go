package vector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/vmcloud/ricochet/deflect/sla"
)

// Mismatch is one expectation that was not fulfilled.
type Mismatch struct {
	Key  string // of expect, with the target before it for a ticket
	Want string
	Got  string
}

// String reads "key: expected X, got Y".
func (m Mismatch) String() string {
	return fmt.Sprintf("%s: expected %s, got %s", m.Key, m.Want, m.Got)
}

// outcome is a value under comparison: exactly one way to check each key.
type outcome map[string]any

// noInstant stands for "there is none".
type result struct {
	at time.Time
	ok bool
}

// Run feeds the vector to the engine and lists what differs; an unknown
// operation, an input that cannot be read and an expectation that the
// operation does not produce are failures too.
func (v Vector) Run() []Mismatch {
	op, ok := ops[v.Op]
	if !ok {
		return []Mismatch{{"op", "a known operation", v.Op}}
	}
	if v.unreadable != nil {
		return []Mismatch{{"input", "a readable input", v.unreadable.Error()}}
	}
	c, err := v.buildCalendar()
	if err != nil {
		return []Mismatch{{"calendar", "a calendar", err.Error()}}
	}
	if v.Op == "sla" {
		return v.runTicket(c)
	}
	got, err := op(v, c)
	if err != nil {
		return []Mismatch{{"input", "a readable input", err.Error()}}
	}
	return compare(c, "", v.Expect, got)
}

func (v Vector) buildCalendar() (*sla.Calendar, error) {
	if v.Calendar.TZ == "" {
		v.Calendar.TZ = "UTC"
	}
	return v.Calendar.build()
}

// ops are the operations that give one outcome.
var ops = map[string]func(Vector, *sla.Calendar) (outcome, error){
	"add_business": func(v Vector, c *sla.Calendar) (outcome, error) {
		return instantOf(c.Add(v.Start.Time, v.Seconds.Duration)), nil
	},
	"between": func(v Vector, c *sla.Calendar) (outcome, error) {
		return outcome{"seconds": c.Between(v.Start.Time, v.End.Time)}, nil
	},
	"is_open": func(v Vector, c *sla.Calendar) (outcome, error) {
		return outcome{"open": c.IsOpen(v.At.Time)}, nil
	},
	"next_open":  func(v Vector, c *sla.Calendar) (outcome, error) { return instantOf(c.NextOpen(v.At.Time)), nil },
	"next_close": func(v Vector, c *sla.Calendar) (outcome, error) { return instantOf(c.NextClose(v.At.Time)), nil },
	"prev_close": func(v Vector, c *sla.Calendar) (outcome, error) { return instantOf(c.PrevClose(v.At.Time)), nil },
	"open_intervals": func(v Vector, c *sla.Calendar) (outcome, error) {
		return outcome{"intervals": c.OpenIntervals(v.Start.Time, v.Count)}, nil
	},
	"add_business_days": func(v Vector, c *sla.Calendar) (outcome, error) {
		return instantOf(c.AddDays(v.Start.Time, v.Days)), nil
	},
	"add_business_dates": func(v Vector, c *sla.Calendar) (outcome, error) {
		d, ok := c.AddDates(v.Date, v.Days)
		if !ok {
			return outcome{"date": nil}, nil
		}
		return outcome{"date": d}, nil
	},
	"is_business_day": func(v Vector, c *sla.Calendar) (outcome, error) {
		return outcome{"business_day": c.IsWorkingDay(v.Date)}, nil
	},
	"wall_to_instant": wallToInstant,
	"clock":           clock,
	"sla":             nil, // one outcome per target: runTicket
}

func instantOf(t time.Time, ok bool) outcome {
	r := result{t, ok}
	return outcome{"at": r, "at_equivalent": r, "local_date": r}
}

func wallToInstant(v Vector, c *sla.Calendar) (outcome, error) {
	date, clock, ok := bytes.Cut([]byte(v.Local), []byte("T"))
	if !ok {
		return nil, fmt.Errorf("local %q: want YYYY-MM-DDTHH:MM:SS", v.Local)
	}
	d, err := sla.ParseDate(string(date))
	if err != nil {
		return nil, err
	}
	at, err := sla.ParseClock(string(clock))
	if err != nil {
		return nil, err
	}
	return instantOf(c.Zone().Instant(d, at), true), nil
}

func clock(v Vector, c *sla.Calendar) (outcome, error) {
	var pauses []sla.Pause
	stop := v.Start.Time
	for _, p := range v.Pauses {
		pauses = append(pauses, sla.Pause{From: p.From.Time, To: p.To.Time})
		if p.To.After(stop) {
			stop = p.To.Time
		}
	}
	if !v.Stop.IsZero() {
		stop = v.Stop.Time
	}
	f := sla.Figure{Open: v.Target.Seconds.Duration, WorkingDays: v.Target.BusinessDays}
	r := sla.Measure(c, f, v.Start.Time, pauses, stop)
	due := result{r.Due, !r.Due.IsZero()}
	if f.None() { // the engine has no promise of zero; a sum of zero rolls forward (D-4)
		due = instantOf(c.Add(v.Start.Time, 0))["at"].(result)
	}
	return outcome{
		"due": due, "due_equivalent": due,
		"elapsed_seconds": r.Elapsed, "remaining_seconds": r.Remaining, "paused_seconds": r.Paused,
	}, nil
}

// compare checks every expected key.
func compare(c *sla.Calendar, prefix string, expect map[string]json.RawMessage, got outcome) []Mismatch {
	var out []Mismatch
	keys := make([]string, 0, len(expect))
	for k := range expect {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		want := expect[k]
		value, known := got[k]
		if !known {
			out = append(out, Mismatch{prefix + k, string(want), "nothing of that name"})
			continue
		}
		if text, ok := matches(c, k, want, value); !ok {
			out = append(out, Mismatch{prefix + k, string(want), text})
		}
	}
	return out
}

// matches compares one value; text is what came.
func matches(c *sla.Calendar, key string, want json.RawMessage, got any) (text string, ok bool) {
	if string(want) == "null" {
		r, isInstant := got.(result)
		return show(got), got == nil || isInstant && !r.ok
	}
	switch g := got.(type) {
	case result:
		return matchInstant(c, key, want, g)
	case time.Duration:
		var w seconds
		err := w.UnmarshalJSON(want)
		return fmt.Sprintf("%g", g.Seconds()), err == nil && w.Duration == g
	case int64:
		var w float64
		err := json.Unmarshal(want, &w)
		return fmt.Sprint(g), err == nil && w == float64(g)
	case sla.Date:
		var w sla.Date
		err := json.Unmarshal(want, &w)
		return g.String(), err == nil && w == g
	case []sla.Interval:
		var w [][2]instant
		err := json.Unmarshal(want, &w)
		same := err == nil && slices.EqualFunc(w, g, func(a [2]instant, b sla.Interval) bool {
			return a[0].Equal(b.From) && a[1].Equal(b.To)
		})
		return show(g), same
	}
	text = show(got)
	var compact bytes.Buffer
	err := json.Compact(&compact, want)
	return text, err == nil && compact.String() == text
}

func matchInstant(c *sla.Calendar, key string, want json.RawMessage, got result) (string, bool) {
	if !got.ok {
		return "none", false
	}
	if key == "local_date" {
		d := c.LocalDate(got.at)
		var w sla.Date
		err := json.Unmarshal(want, &w)
		return d.String(), err == nil && w == d
	}
	var w instant
	if err := w.UnmarshalJSON(want); err != nil {
		return show(got), false
	}
	if key == "at_equivalent" || key == "due_equivalent" {
		return show(got), c.Equivalent(got.at, w.Time)
	}
	return show(got), got.at.Equal(w.Time)
}

func show(v any) string {
	if r, ok := v.(result); ok {
		if !r.ok {
			return "none"
		}
		v = r.at
	}
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
