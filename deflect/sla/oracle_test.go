package sla_test

import (
	"slices"
	"sort"
	"time"

	"pgregory.net/rapid"

	"github.com/vmcloud/ricochet/deflect/sla"
)

// oracle knows for every minute of a window whether a calendar is open. It
// shares nothing with the engine but the zone's rules: it walks the window
// minute by minute, asks package time what the local clock shows, and looks
// the day up in the description.
type oracle struct {
	start time.Time
	open  []bool
	sum   []int // open minutes before each minute
}

const oracleDays = 40

// newOracle walks oracleDays days. A minute is judged by the furthest the
// local clock has come: when it is set back, opening hours wait for it (D-4).
func newOracle(spec sla.Spec, loc *time.Location, start time.Time) *oracle {
	o := &oracle{start: start}
	days := map[int64][]bool{}
	var mark int64 // the furthest local clock, in minutes as if it were UTC
	var offset int
	var until time.Time // to when the offset holds
	for m := -2880; m < oracleDays*1440; m++ {
		at := start.Add(time.Duration(m) * time.Minute)
		if !at.Before(until) {
			_, offset = at.In(loc).Zone()
			if _, until = at.In(loc).ZoneBounds(); until.IsZero() || !until.After(at) {
				until = at.Add(time.Hour)
			}
		}
		mark = max(mark, (at.Unix()+int64(offset))/60)
		if m < 0 {
			continue
		}
		if days[mark/1440] == nil {
			days[mark/1440] = openMinutes(spec, time.Unix(mark/1440*86400, 0).UTC())
		}
		o.open = append(o.open, days[mark/1440][mark%1440])
	}
	o.sum = make([]int, len(o.open)+1)
	for i, open := range o.open {
		o.sum[i+1] = o.sum[i]
		if open {
			o.sum[i+1]++
		}
	}
	return o
}

// openMinutes looks the minutes of a local day up in a description: what
// started the day before and on the day, then what breaks take away.
func openMinutes(spec sla.Spec, day time.Time) []bool {
	open := make([]bool, 1440)
	mark := func(hours []sla.Hours, shift int, value, emptyIsDay bool) {
		for _, h := range hours {
			from, to := int(h.Open/time.Minute), int(h.Close/time.Minute)
			if to < from || to == from && emptyIsDay {
				to += 1440
			}
			for m := max(0, from-shift); m < min(1440, to-shift); m++ {
				open[m] = value
			}
		}
	}
	for back := 1; back >= 0; back-- {
		date := sla.DateOf(day.AddDate(0, 0, -back))
		hours := spec.Weekly[date.Weekday()]
		if h, ok := spec.Overrides[date]; ok {
			hours = h
		}
		if !slices.Contains(spec.Holidays, date) {
			mark(hours, back*1440, true, true)
		}
	}
	for back := 1; back >= 0; back-- {
		mark(spec.Breaks[sla.DateOf(day.AddDate(0, 0, -back))], back*1440, false, false)
	}
	if spec.AlwaysOpen {
		for m := range open {
			open[m] = true
		}
	}
	return open
}

// end is the end of the window.
func (o *oracle) end() time.Time {
	return o.start.Add(time.Duration(len(o.open)) * time.Minute)
}

// before is the open time from the window's start to t.
func (o *oracle) before(t time.Time) time.Duration {
	d := t.Sub(o.start)
	m := int(d / time.Minute)
	out := time.Duration(o.sum[m]) * time.Minute
	if m < len(o.open) && o.open[m] {
		out += d % time.Minute
	}
	return out
}

func (o *oracle) between(a, b time.Time) time.Duration { return o.before(b) - o.before(a) }

func (o *oracle) isOpen(t time.Time) bool { return o.open[int(t.Sub(o.start)/time.Minute)] }

// add walks forward until d > 0 of open time has passed.
func (o *oracle) add(t time.Time, d time.Duration) (time.Time, bool) {
	for m := int(t.Sub(o.start) / time.Minute); m < len(o.open); m++ {
		end := o.start.Add(time.Duration(m+1) * time.Minute)
		if o.open[m] {
			if step := end.Sub(t); step >= d {
				return t.Add(d), true
			} else {
				d -= step
			}
		}
		t = end
	}
	return time.Time{}, false
}

// edge is the first minute from t on that is open, or closed.
func (o *oracle) edge(t time.Time, open bool) (time.Time, bool) {
	for m := int(t.Sub(o.start) / time.Minute); m < len(o.open); m++ {
		if o.open[m] == open {
			if at := o.start.Add(time.Duration(m) * time.Minute); at.After(t) {
				return at, true
			}
			return t, true
		}
	}
	return time.Time{}, false
}

// zones whose clocks change in every way: an hour, half an hour, at midnight,
// in the southern summer, by a whole day, and never.
var zoneNames = []string{
	"Europe/Paris", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Tehran",
	"America/Santiago", "Pacific/Apia", "Africa/Casablanca", "Asia/Kolkata", "UTC",
}

// sample is a generated calendar, its oracle and a window to ask about.
type sample struct {
	spec   sla.Spec
	cal    *sla.Calendar
	oracle *oracle
	edges  []time.Time // openings, closings and transitions inside the window
	lo, hi time.Time   // within which instants are drawn
}

func drawSample(t *rapid.T) sample { return sampleOf(t, drawSpec(t)) }

// drawOpenSample draws a sample whose calendar opens every week, so that it
// reopens inside the oracle's window after every closing.
func drawOpenSample(t *rapid.T) sample {
	spec := drawSpec(t)
	if !slices.ContainsFunc(spec.Weekly[:], func(h []sla.Hours) bool { return len(h) > 0 }) {
		day := rapid.IntRange(0, 6).Draw(t, "open day")
		spec.Weekly[day] = []sla.Hours{{Open: 9 * time.Hour, Close: 18 * time.Hour}}
	}
	return sampleOf(t, spec)
}

// sampleOf draws exceptions and a window for a week.
func sampleOf(t *rapid.T, spec sla.Spec) sample {
	zone, err := sla.LoadZone(spec.Zone)
	if err != nil {
		t.Fatal(err)
	}
	loc := zone.Location()
	// Begin some days before a change of the clock, if the zone has any.
	at := time.Date(rapid.IntRange(2006, 2033).Draw(t, "year"), 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 364).Draw(t, "day"))
	var edges []time.Time
	if _, end := at.In(loc).ZoneBounds(); !end.IsZero() && rapid.Bool().Draw(t, "near change") {
		at = end.UTC().Truncate(24*time.Hour).AddDate(0, 0, -8)
		edges = append(edges, end)
	}
	drawExceptions(t, &spec, sla.DateOf(at))
	return newSample(t, spec, at, edges)
}

func newSample(t *rapid.T, spec sla.Spec, at time.Time, edges []time.Time) sample {
	cal, err := sla.NewCalendar("sample", spec)
	if err != nil {
		t.Fatal(err)
	}
	s := sample{spec: spec, cal: cal, lo: at.Add(24 * time.Hour), hi: at.AddDate(0, 0, 18)}
	s.oracle = newOracle(spec, cal.Zone().Location(), at)
	for m := 1440; m < 18*1440; m++ {
		if s.oracle.open[m] != s.oracle.open[m-1] {
			edges = append(edges, at.Add(time.Duration(m)*time.Minute))
		}
	}
	s.edges = edges
	return s
}

var clockTimes = []time.Duration{0, time.Minute, 30 * time.Minute, 90 * time.Minute, 2 * time.Hour, 150 * time.Minute, 3 * time.Hour, 9 * time.Hour, 12 * time.Hour, 1050 * time.Minute, 22 * time.Hour, 1439 * time.Minute, 24 * time.Hour}

func drawHours(t *rapid.T, label string) []sla.Hours {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) sla.Hours {
		return sla.Hours{
			Open:  rapid.SampledFrom(clockTimes[:len(clockTimes)-1]).Draw(t, "open"),
			Close: rapid.SampledFrom(clockTimes).Draw(t, "close"),
		}
	}), 0, 4).Draw(t, label)
}

func drawSpec(t *rapid.T) sla.Spec {
	spec := sla.Spec{Zone: rapid.SampledFrom(zoneNames).Draw(t, "zone"), Overrides: map[sla.Date][]sla.Hours{}, Breaks: map[sla.Date][]sla.Hours{}}
	if rapid.IntRange(0, 9).Draw(t, "office") < 3 {
		for d := time.Monday; d <= time.Friday; d++ {
			spec.Weekly[d] = []sla.Hours{{Open: 9 * time.Hour, Close: 18 * time.Hour}}
		}
		return spec
	}
	for d := range spec.Weekly {
		spec.Weekly[d] = drawHours(t, "hours")
	}
	return spec
}

func drawExceptions(t *rapid.T, spec *sla.Spec, from sla.Date) {
	date := func(label string) sla.Date { return from.AddDays(rapid.IntRange(0, 24).Draw(t, label)) }
	if rapid.Bool().Draw(t, "holidays") {
		first, n := date("holiday"), rapid.IntRange(1, 5).Draw(t, "run")
		for i := range n {
			spec.Holidays = append(spec.Holidays, first.AddDays(i))
		}
	}
	for range rapid.IntRange(0, 3).Draw(t, "overrides") {
		spec.Overrides[date("override")] = drawHours(t, "override hours")
	}
	for range rapid.IntRange(0, 3).Draw(t, "breaks") {
		spec.Breaks[date("break")] = drawHours(t, "break hours")
	}
}

// instant draws a moment of the window, often at an edge or a second from one.
func (s sample) instant(t *rapid.T, label string) time.Time {
	if len(s.edges) > 0 && rapid.IntRange(0, 9).Draw(t, label+" at edge") < 6 {
		e := rapid.SampledFrom(s.edges).Draw(t, label)
		return e.Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, label+" off")) * time.Second)
	}
	return s.lo.Add(time.Duration(rapid.Int64Range(0, int64(s.hi.Sub(s.lo)/time.Second)).Draw(t, label)) * time.Second)
}

// amount draws a positive duration that the window can hold.
func (s sample) amount(t *rapid.T, label string) time.Duration {
	unit := rapid.SampledFrom([]time.Duration{time.Second, time.Minute, 30 * time.Minute, time.Hour}).Draw(t, label+" unit")
	return unit * time.Duration(rapid.IntRange(1, 40).Draw(t, label))
}

func sortTimes(ts ...time.Time) []time.Time {
	sort.Slice(ts, func(i, j int) bool { return ts[i].Before(ts[j]) })
	return ts
}
