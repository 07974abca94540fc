package sla_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/vmcloud/ricochet/deflect/sla"
)

// property runs one invariant on generated samples.
func property(t *testing.T, name string, check func(t *rapid.T, s sample)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) { check(t, drawSample(t)) })
	})
}

// eq fails with both values.
func eq[T comparable](t *rapid.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func eqTime(t *rapid.T, what string, got, want time.Time) {
	t.Helper()
	if !got.Equal(want) {
		t.Fatalf("%s: got %s, want %s", what, got, want)
	}
}

func TestArithmetic(t *testing.T) {
	property(t, "01 bounds", func(t *rapid.T, s sample) {
		ts := sortTimes(s.instant(t, "a"), s.instant(t, "b"))
		b := s.cal.Between(ts[0], ts[1])
		if b < 0 || b > ts[1].Sub(ts[0]) {
			t.Fatalf("between is %s of %s", b, ts[1].Sub(ts[0]))
		}
		closed, ok := s.oracle.edge(ts[0], false)
		eq(t, "always open", b == ts[1].Sub(ts[0]), !ok || !closed.Before(ts[1]))
	})
	property(t, "02 additivity and the oracle", func(t *rapid.T, s sample) {
		ts := sortTimes(s.instant(t, "a"), s.instant(t, "b"), s.instant(t, "c"))
		eq(t, "sum", s.cal.Between(ts[0], ts[1])+s.cal.Between(ts[1], ts[2]), s.cal.Between(ts[0], ts[2]))
		eq(t, "oracle", s.cal.Between(ts[0], ts[2]), s.oracle.between(ts[0], ts[2]))
	})
	property(t, "03 antisymmetry", func(t *rapid.T, s sample) {
		a, b := s.instant(t, "a"), s.instant(t, "b")
		eq(t, "reverse", s.cal.Between(b, a), -s.cal.Between(a, b))
	})
	property(t, "04 inverse, 08 landing", func(t *rapid.T, s sample) {
		a, n := s.instant(t, "t"), s.amount(t, "n")
		r, ok := s.cal.Add(a, n)
		if !ok {
			_, can := s.oracle.add(a, n)
			eq(t, "minute by minute it runs out too", can, false)
			return
		}
		eq(t, "between", s.cal.Between(a, r), n)
		if s.cal.Between(r.Add(-time.Microsecond), r) == 0 {
			t.Fatalf("%s is not inside (open, close]", r)
		}
	})
	property(t, "05 earliest", func(t *rapid.T, s sample) {
		ts := sortTimes(s.instant(t, "a"), s.instant(t, "b"))
		n := s.cal.Between(ts[0], ts[1])
		r, ok := s.cal.Add(ts[0], n)
		if n == 0 {
			next, has := s.cal.NextOpen(ts[0])
			eq(t, "has", ok, has)
			eqTime(t, "roll", r, next)
			return
		}
		if !ok || r.After(ts[1]) || s.cal.Between(r, ts[1]) != 0 || s.cal.Between(ts[0], r.Add(-1)) == n {
			t.Fatalf("add gives %s %v", r, ok)
		}
	})
	property(t, "06 composition, 07 monotone", func(t *rapid.T, s sample) {
		a, m, n := s.instant(t, "t"), s.amount(t, "m"), s.amount(t, "n")
		first, ok := s.cal.Add(a, m)
		if !ok {
			_, can := s.oracle.add(a, m)
			eq(t, "minute by minute it runs out too", can, false)
			return
		}
		second, inTwo := s.cal.Add(first, n)
		whole, inOne := s.cal.Add(a, m+n)
		eq(t, "found", inTwo, inOne)
		eqTime(t, "sum", second, whole)
		if inOne && whole.Before(first) {
			t.Fatal("more time is due earlier")
		}
		ts := sortTimes(a, s.instant(t, "t2"))
		x, _ := s.cal.Add(ts[0], n)
		if y, ok := s.cal.Add(ts[1], n); ok && y.Before(x) {
			t.Fatalf("a later start is due earlier: %s before %s", y, x)
		}
	})
	property(t, "09 start outside hours is invisible", func(t *rapid.T, s sample) {
		a, n := s.instant(t, "t"), s.amount(t, "n")
		next, ok := s.cal.NextOpen(a)
		if !ok {
			_, opens := s.oracle.edge(a, true)
			eq(t, "minute by minute it opens", opens, false)
			return
		}
		x, _ := s.cal.Add(a, n)
		y, _ := s.cal.Add(next, n)
		eqTime(t, "rolled", x, y)
	})
	property(t, "10 backward mirror", func(t *rapid.T, s sample) {
		a, n := s.instant(t, "t"), s.amount(t, "n")
		r, ok := s.cal.Add(a, n)
		if !ok {
			_, can := s.oracle.add(a, n)
			eq(t, "minute by minute it runs out too", can, false)
			return
		}
		back, ok := s.cal.Add(r, -n)
		if !ok || !s.cal.Equivalent(back, a) || s.cal.Between(back, back.Add(time.Microsecond)) == 0 {
			t.Fatalf("back at %s %v, started at %s", back, ok, a)
		}
	})
	property(t, "11 consistency", checkConsistency)
	property(t, "12 round the clock", func(t *rapid.T, s sample) {
		c, err := sla.NewCalendar("always", sla.Spec{Zone: s.spec.Zone, AlwaysOpen: true, Holidays: []sla.Date{sla.DateOf(s.lo)}})
		if err != nil {
			t.Fatal(err)
		}
		a, n := s.instant(t, "t"), s.amount(t, "n")
		r, _ := c.Add(a, n)
		eqTime(t, "add", r, a.Add(n))
		eq(t, "between", c.Between(a, r), n)
		if _, ok := c.NextClose(a); ok {
			t.Fatal("closes")
		}
	})
}

func checkConsistency(t *rapid.T, s sample) {
	a := s.instant(t, "t")
	open := s.cal.IsOpen(a)
	eq(t, "oracle", open, s.oracle.isOpen(a))
	eq(t, "open", open, s.cal.Between(a, a.Add(time.Microsecond)) > 0)
	next, ok := s.cal.NextOpen(a)
	want, has := s.oracle.edge(a, true)
	if !has {
		eq(t, "opens inside the window", ok && next.Before(s.oracle.end()), false)
		return
	}
	eq(t, "has next", ok, true)
	eqTime(t, "next open", next, want)
	eq(t, "itself", next.Equal(a), open)
	end, ok := s.cal.NextClose(a)
	if wantEnd, has := s.oracle.edge(want, false); has {
		eqTime(t, "next close", end, wantEnd)
	}
	if ok && !end.After(a) {
		t.Fatalf("closes at %s, not after %s", end, a)
	}
	if prev, ok := s.cal.PrevClose(a); ok {
		inside := s.cal.Between(a.Add(-time.Microsecond), a) > 0
		eq(t, "prev close is itself", prev.Equal(a), inside)
		eq(t, "nothing between", s.cal.Between(prev, a), 0)
	}
	var sum time.Duration
	list := s.cal.OpenIntervals(a, 8)
	for i, iv := range list {
		if !iv.To.After(iv.From) || i > 0 && !iv.From.After(list[i-1].To) {
			t.Fatalf("intervals touch or overlap: %v", list)
		}
		sum += iv.To.Sub(iv.From)
	}
	eq(t, "sum of intervals", sum, s.cal.Between(a, list[len(list)-1].To))
}

func TestCalendarShapes(t *testing.T) {
	property(t, "13 representation", func(t *rapid.T, s sample) {
		other := s.spec
		for d, hours := range other.Weekly {
			var split []sla.Hours
			for _, h := range hours {
				split = append(split, h, h)
				if mid := h.Open + (h.Close-h.Open)/2; h.Close > h.Open && mid%time.Minute == 0 {
					split = append(split, sla.Hours{Open: mid, Close: h.Close}, sla.Hours{Open: h.Open, Close: mid})
				}
			}
			slices.Reverse(split)
			other.Weekly[d] = split
		}
		c, err := sla.NewCalendar("split", other)
		if err != nil {
			t.Fatal(err)
		}
		a, n := s.instant(t, "t"), s.amount(t, "n")
		x, _ := s.cal.Add(a, n)
		y, _ := c.Add(a.In(time.FixedZone("x", 5*3600)), n)
		eqTime(t, "add", y, x)
	})
	property(t, "14 monotone in the calendar", func(t *rapid.T, s sample) {
		less := s.spec
		day := sla.DateOf(s.instant(t, "closed"))
		less.Holidays = append(slices.Clone(less.Holidays), day)
		c, err := sla.NewCalendar("less", less)
		if err != nil {
			t.Fatal(err)
		}
		ts, n := sortTimes(s.instant(t, "a"), s.instant(t, "b")), s.amount(t, "n")
		if c.Between(ts[0], ts[1]) > s.cal.Between(ts[0], ts[1]) {
			t.Fatal("a holiday added open time")
		}
		x, _ := s.cal.Add(ts[0], n)
		if y, ok := c.Add(ts[0], n); ok && y.Before(x) {
			t.Fatal("a holiday made due earlier")
		}
		more := s.spec
		more.Weekly[day.Weekday()] = append(slices.Clone(more.Weekly[day.Weekday()]), drawHours(t, "more")...)
		if c, err = sla.NewCalendar("more", more); err != nil {
			t.Fatal(err)
		}
		if c.Between(ts[0], ts[1]) < s.cal.Between(ts[0], ts[1]) {
			t.Fatal("an opening removed open time")
		}
	})
	t.Run("15 period", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			spec := drawSpec(t)
			spec.Zone = "Asia/Kolkata"
			s := newSample(t, spec, time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), nil)
			a, n := s.instant(t, "t"), s.amount(t, "n")
			x, ok := s.cal.Add(a, n)
			y, later := s.cal.Add(a.AddDate(0, 0, 7), n)
			eq(t, "as soon open a week later", later, ok)
			if !ok {
				eq(t, "minute by minute it never opens", slices.Contains(s.oracle.open, true), false)
				return
			}
			eqTime(t, "a week later", y, x.AddDate(0, 0, 7))
		})
	})
	property(t, "16 exceptions without effect", func(t *rapid.T, s sample) {
		same := s.spec
		same.Breaks = map[sla.Date][]sla.Hours{}
		for d, h := range s.spec.Breaks {
			same.Breaks[d] = h
		}
		for i := range 20 {
			d := sla.DateOf(s.lo).AddDays(i)
			same.Breaks[d] = append(slices.Clone(same.Breaks[d]), sla.Hours{Open: 12 * time.Hour, Close: 12 * time.Hour})
			if _, over := same.Overrides[d]; !over && len(same.Weekly[d.Weekday()]) == 0 {
				same.Holidays = append(slices.Clone(same.Holidays), d)
			}
		}
		c, err := sla.NewCalendar("same", same)
		if err != nil {
			t.Fatal(err)
		}
		a, n := s.instant(t, "t"), s.amount(t, "n")
		x, okX := s.cal.Add(a, n)
		y, okY := c.Add(a, n)
		eq(t, "found", okY, okX)
		eqTime(t, "add", y, x)
	})
	property(t, "17 agrees with the minute walk", func(t *rapid.T, s sample) {
		a, n := s.instant(t, "t"), s.amount(t, "n")
		want, inside := s.oracle.add(a, n)
		got, ok := s.cal.Add(a, n)
		if !inside {
			eq(t, "runs out inside the window", ok && !got.After(s.oracle.end()), false)
			return
		}
		eq(t, "found", ok, true)
		eqTime(t, "add", got, want)
	})
}

func TestDaylightSaving(t *testing.T) {
	paris, err := sla.LoadZone("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	skipped := paris.Instant(sla.Date{Year: 2026, Month: 3, Day: 29}, 150*time.Minute)
	if want := time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC); !skipped.Equal(want) {
		t.Errorf("02:30 in the gap is %s, want %s, 03:30 on the clock", skipped, want)
	}
	t.Run("18 elapsed, not wall", func(t *testing.T) {
		for _, tc := range []struct {
			zone string
			day  sla.Date
			want time.Duration
		}{
			{"Europe/Paris", sla.Date{Year: 2026, Month: 3, Day: 29}, 23 * time.Hour},
			{"Europe/Paris", sla.Date{Year: 2026, Month: 10, Day: 25}, 25 * time.Hour},
			{"Australia/Lord_Howe", sla.Date{Year: 2026, Month: 10, Day: 4}, 23*time.Hour + 30*time.Minute},
			{"Australia/Lord_Howe", sla.Date{Year: 2026, Month: 4, Day: 5}, 24*time.Hour + 30*time.Minute},
			{"America/Sao_Paulo", sla.Date{Year: 2015, Month: 10, Day: 18}, 23 * time.Hour},
			{"Pacific/Apia", sla.Date{Year: 2011, Month: 12, Day: 30}, 0},
		} {
			spec := sla.Spec{Zone: tc.zone, Overrides: map[sla.Date][]sla.Hours{tc.day: {{Open: 0, Close: 24 * time.Hour}}}}
			c, err := sla.NewCalendar("day", spec)
			if err != nil {
				t.Fatal(err)
			}
			from := time.Date(tc.day.Year, tc.day.Month, tc.day.Day, 0, 0, 0, 0, time.UTC)
			if got := c.Between(from.AddDate(0, 0, -3), from.AddDate(0, 0, 3)); got != tc.want {
				t.Errorf("%s %s: got %s, want %s", tc.zone, tc.day, got, tc.want)
			}
		}
	})
	property(t, "19 hours away from the change", func(t *rapid.T, s sample) {
		spec := sla.Spec{Zone: s.spec.Zone}
		for d := range spec.Weekly {
			spec.Weekly[d] = []sla.Hours{{Open: 9 * time.Hour, Close: 18 * time.Hour}}
		}
		c, err := sla.NewCalendar("office", spec)
		if err != nil {
			t.Fatal(err)
		}
		z := c.Zone()
		day := sla.DateOf(s.instant(t, "day"))
		n := rapid.IntRange(1, 200).Draw(t, "hours")
		at, _ := c.Add(z.Instant(day, 9*time.Hour), time.Duration(n)*time.Hour)
		full := (n - 1) / 9
		last := day.AddDays(full)
		// Samoa went to the other side of the date line and had no 30 December.
		if gone := "2011-12-30"; s.spec.Zone == "Pacific/Apia" && day.String() <= gone && gone <= last.String() {
			last = last.AddDays(1)
		}
		eqTime(t, "as in a fixed zone", at, z.Instant(last, time.Duration(9+n-9*full)*time.Hour))
	})
	property(t, "20 wall mapping", func(t *rapid.T, s sample) {
		z := s.cal.Zone()
		date := sla.DateOf(s.instant(t, "day"))
		clock := time.Duration(rapid.IntRange(0, 1440).Draw(t, "clock")) * time.Minute
		at := z.Instant(date, clock)
		wall := time.Date(date.Year, date.Month, date.Day, 0, 0, 0, 0, time.UTC).Add(clock)
		local := at.In(z.Location())
		shown := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), 0, 0, time.UTC)
		if shown.Before(wall) {
			t.Fatalf("%s maps before itself, to %s", wall, shown)
		}
		if shown.Equal(wall) {
			for back := time.Minute; back <= 3*time.Hour; back += time.Minute {
				l := at.Add(-back).In(z.Location())
				if l.Hour() == local.Hour() && l.Minute() == local.Minute() {
					t.Fatalf("%s is the second %s", at, wall)
				}
			}
			return
		}
		start, _ := local.ZoneBounds()
		_, before := start.Add(-time.Second).Zone()
		_, after := local.Zone()
		eq(t, "moved by the gap", shown.Sub(wall), time.Duration(after-before)*time.Second)
	})
	// 21: the samples of 1 to 17 are drawn from zones with changes of half an
	// hour, at midnight and of a day, around those changes.
}

func TestWorkingDays(t *testing.T) {
	property(t, "against a walk", func(t *rapid.T, s sample) {
		date := sla.DateOf(s.instant(t, "date"))
		n := rapid.IntRange(-6, 6).Draw(t, "n")
		isOpen := func(d sla.Date) bool {
			hours := s.spec.Weekly[d.Weekday()]
			if h, ok := s.spec.Overrides[d]; ok {
				hours = h
			}
			return len(hours) > 0 && !slices.Contains(s.spec.Holidays, d)
		}
		eq(t, "working", s.cal.IsWorkingDay(date), isOpen(date))
		got, ok := s.cal.AddDates(date, n)
		want, step := date, 1
		if n < 0 {
			step = -1
		}
		for left, walked := n*step, 0; left > 0; walked++ {
			if walked > 400 {
				eq(t, "never", ok, false)
				return
			}
			if want = want.AddDays(step); isOpen(want) {
				left--
			}
		}
		eq(t, "found", ok, true)
		eq(t, "date", got, want)
	})
	property(t, "same time of day", func(t *rapid.T, s sample) {
		a, n := s.instant(t, "t"), rapid.IntRange(-5, 5).Draw(t, "n")
		got, ok := s.cal.AddDays(a, n)
		date, has := s.cal.AddDates(s.cal.LocalDate(a), n)
		if !has {
			eq(t, "shifted without such a day", ok, false)
			return
		}
		local := a.In(s.cal.Zone().Location())
		clock := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute + time.Duration(local.Second())*time.Second
		at := s.cal.Zone().Instant(date, clock)
		if n < 0 && !s.cal.IsOpen(at) {
			at, has = s.cal.PrevClose(at)
		} else {
			at, has = s.cal.NextOpen(at)
		}
		eq(t, "found", ok, has)
		eqTime(t, "shifted", got, at)
	})
}

// TestVersions checks that an edit of a calendar changes only the time after
// its effective instant (D-2).
func TestVersions(t *testing.T) {
	property(t, "split at the edit", func(t *rapid.T, s sample) {
		edit := s.instant(t, "edit")
		other := drawSpec(t)
		other.Effective = edit
		both, err := sla.NewCalendar("both", s.spec, other)
		if err != nil {
			t.Fatal(err)
		}
		after, err := sla.NewCalendar("after", other)
		if err != nil {
			t.Fatal(err)
		}
		ts := sortTimes(s.instant(t, "a"), s.instant(t, "b"))
		inForce := s.cal
		if !ts[0].Before(edit) {
			inForce = after
		}
		eq(t, "date", both.LocalDate(ts[0]), inForce.LocalDate(ts[0]))
		cut := edit
		if cut.Before(ts[0]) {
			cut = ts[0]
		}
		if cut.After(ts[1]) {
			cut = ts[1]
		}
		eq(t, "between", both.Between(ts[0], ts[1]), s.cal.Between(ts[0], cut)+after.Between(cut, ts[1]))
	})
}
