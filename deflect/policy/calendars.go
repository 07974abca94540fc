package policy

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/vmcloud/ricochet/deflect/sla"
)

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// calendar reads one calendar: a mapping, or a list of versions.
func (l *loader) calendar(name string, n ast.Node) *sla.Calendar {
	versions := []ast.Node{n}
	if s, ok := n.(*ast.SequenceNode); ok {
		versions = s.Values
	}
	before := len(l.problems)
	var specs []sla.Spec
	for i, v := range versions {
		spec := l.spec("calendar "+name, v)
		if i > 0 && !spec.Effective.After(specs[i-1].Effective) {
			l.fail(v, "calendar %s: a later version needs an `effective` after the one before it", name)
		}
		specs = append(specs, spec)
	}
	if len(l.problems) > before {
		return nil
	}
	c, err := sla.NewCalendar(name, specs...)
	if err != nil {
		l.fail(n, "%s", err)
		return nil
	}
	return c
}

// spec reads one version of a calendar.
func (l *loader) spec(what string, n ast.Node) sla.Spec {
	before := len(l.problems)
	f := l.fields(n, what, "effective", "zone", "hours", "always_open", "holidays", "closed", "overrides", "breaks", "feeds")
	spec := sla.Spec{Names: map[sla.Date]string{}}
	if v := f["effective"]; v != nil {
		spec.Effective = l.instant(v, what)
	}
	if v := f["zone"]; v == nil {
		l.fail(n, "%s: zone is missing, want an IANA name such as Europe/Paris", what)
	} else {
		spec.Zone = l.text(v, what+" zone")
		if _, err := sla.LoadZone(spec.Zone); err != nil {
			l.fail(v, "%s: %s", what, err)
		}
	}
	if v := f["always_open"]; v != nil && l.yes(v, what+" always_open") {
		spec.AlwaysOpen = true
		for _, k := range []string{"hours", "holidays", "closed", "overrides", "breaks", "feeds"} {
			if f[k] != nil {
				l.fail(f[k], "%s: %s means nothing on a calendar that is always open", what, k)
			}
		}
		return spec
	}
	if v := f["hours"]; v != nil {
		l.weekly(what, v, &spec)
	}
	l.closings(what, f, &spec)
	if v := f["overrides"]; v != nil {
		spec.Overrides = l.dated(what+" overrides", v)
	}
	if v := f["breaks"]; v != nil {
		spec.Breaks = l.dated(what+" breaks", v)
	}
	if !opens(spec) && len(l.problems) == before {
		l.fail(n, "%s: never opens", what)
	}
	return spec
}

// opens says whether the calendar has any opening; one that lives by overrides
// alone would run out, and with it every clock on it.
func opens(spec sla.Spec) bool {
	return slices.ContainsFunc(spec.Weekly[:], func(h []sla.Hours) bool { return len(h) > 0 })
}

// weekly reads hours by day or range of days.
func (l *loader) weekly(what string, n ast.Node, spec *sla.Spec) {
	var given [7]bool
	for _, p := range l.mapping(n, what+" hours") {
		first, last, isRange := strings.Cut(p.key, "-")
		if !isRange {
			last = first
		}
		from, to := slices.Index(weekdays, first), slices.Index(weekdays, last)
		if from < 0 || to < 0 {
			l.fail(p.at, "%s: unknown day %q, want mon to sun or a range such as mon-fri", what, p.key)
			continue
		}
		hours := l.hours(what, p.value)
		for d := from; ; d = (d + 1) % 7 {
			if given[d] {
				l.fail(p.at, "%s: %s is given twice", what, weekdays[d])
			}
			given[d], spec.Weekly[d] = true, hours
			if d == to {
				break
			}
		}
	}
}

// closings reads the named holidays, single dates and feeds.
func (l *loader) closings(what string, f map[string]ast.Node, spec *sla.Spec) {
	add := func(h Holiday) {
		spec.Holidays = append(spec.Holidays, h.Date)
		spec.Names[h.Date] = h.Name
	}
	if f["holidays"] != nil {
		for _, v := range l.list(f["holidays"], what+" holidays") {
			name := l.text(v, what+" holidays")
			set, ok := holidaySets[name]
			if !ok {
				l.fail(v, "%s: unknown holidays %q, want one of %s", what, name, strings.Join(slices.Sorted(maps.Keys(holidaySets)), ", "))
				continue
			}
			for year := firstYear; year <= lastYear; year++ {
				for _, h := range set(year) {
					add(h)
				}
			}
		}
	}
	if f["closed"] != nil {
		for _, v := range l.list(f["closed"], what+" closed") {
			if d, ok := l.date(v, what); ok {
				add(Holiday{Date: d})
			}
		}
	}
	if f["feeds"] != nil {
		for _, v := range l.list(f["feeds"], what+" feeds") {
			days, err := l.feed(l.text(v, what+" feeds"))
			if err != nil {
				l.fail(v, "%s: feed: %s", what, err)
			}
			for _, h := range days {
				add(h)
			}
		}
	}
}

// dated reads hours by date.
func (l *loader) dated(what string, n ast.Node) map[sla.Date][]sla.Hours {
	out := map[sla.Date][]sla.Hours{}
	for _, p := range l.mapping(n, what) {
		d, err := sla.ParseDate(p.key)
		if err != nil {
			l.fail(p.at, "%s: %s", what, err)
			continue
		}
		out[d] = l.hours(what, p.value)
	}
	return out
}

// hours reads a list of HH:MM-HH:MM.
func (l *loader) hours(what string, n ast.Node) []sla.Hours {
	var out []sla.Hours
	for _, v := range l.list(n, what) {
		text, plain := scalar(v)
		if !plain {
			l.fail(v, "%s: want hours as HH:MM-HH:MM; inside braces they need quotes", what)
			continue
		}
		from, to, ok := strings.Cut(text, "-")
		open, err := sla.ParseClock(strings.TrimSpace(from))
		end, err2 := sla.ParseClock(strings.TrimSpace(to))
		switch {
		case !ok || err != nil || err2 != nil:
			l.fail(v, "%s: hours %q, want HH:MM-HH:MM between 00:00 and 24:00", what, text)
		case open == end:
			l.fail(v, "%s: hours %q open and close at the same time; all day is 00:00-24:00 (D-3)", what, text)
		case open == 24*time.Hour:
			l.fail(v, "%s: hours %q open at the end of the day, want 00:00 on the next", what, text)
		case end == 24*time.Hour-time.Minute:
			l.fail(v, "%s: hours %q lose the last minute of the day, want 24:00", what, text)
		default:
			out = append(out, sla.Hours{Open: open, Close: end})
		}
	}
	return out
}

func (l *loader) date(n ast.Node, what string) (sla.Date, bool) {
	d, err := sla.ParseDate(l.text(n, what))
	if err != nil {
		l.fail(n, "%s: %s", what, err)
	}
	return d, err == nil
}

func (l *loader) instant(n ast.Node, what string) time.Time {
	t, err := time.Parse(time.RFC3339, l.text(n, what))
	if err != nil {
		l.fail(n, "%s: effective: want an instant such as 2027-01-01T00:00:00+01:00", what)
	}
	return t
}
