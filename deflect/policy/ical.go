package policy

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vmcloud/ricochet/deflect/sla"
)

// Limits of a feed, which strangers write.
const (
	maxFeed     = 4 << 20 // bytes
	maxHolidays = 20000   // days
	maxSpan     = 366     // days of one event
)

// ParseFeed reads the whole-day events of an iCalendar file (RFC 5545) as
// holidays: DTSTART with VALUE=DATE, up to DTEND exclusive or one day. Timed
// events and cancelled ones are left out; DURATION in days, a yearly RRULE and
// its EXDATEs are followed. Any other repetition and changes of single
// occurrences are refused, because half-understood holidays would move due
// dates unseen.
func ParseFeed(data []byte) ([]Holiday, error) {
	if len(data) > maxFeed {
		return nil, fmt.Errorf("the feed has %d bytes, at most %d are read", len(data), maxFeed)
	}
	data = bytes.TrimPrefix(data, []byte("\uFEFF")) // as some programs begin their files
	// A long line is folded by a line break and a space.
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	data = bytes.ReplaceAll(bytes.ReplaceAll(data, []byte("\n "), nil), []byte("\n\t"), nil)
	var out []Holiday
	var event *feedEvent
	var began, ended bool
	inside := "" // a part of the event, such as an alarm
	for i, text := range strings.Split(string(data), "\n") {
		name, params, value := contentLine(text)
		value = strings.TrimSpace(value)
		if name == "BEGIN" || name == "END" {
			value = strings.ToUpper(value)
		}
		switch {
		case event != nil && inside != "":
			if name == "END" && value == inside {
				inside = ""
			}
		case name == "BEGIN" && value == "VCALENDAR":
			began = true
		case name == "END" && value == "VCALENDAR":
			ended = true
		case event == nil && name == "BEGIN" && value == "VEVENT":
			event = &feedEvent{}
		case event != nil && name == "BEGIN":
			inside = value
		case name == "END" && value == "VEVENT" && event != nil:
			days, err := event.days()
			if err != nil {
				return nil, fmt.Errorf("event before line %d: %w", i+1, err)
			}
			if out = append(out, days...); len(out) > maxHolidays {
				return nil, fmt.Errorf("more than %d days", maxHolidays)
			}
			event = nil
		case event != nil:
			event.set(name, params, value)
		}
	}
	if event != nil {
		return nil, errors.New("the last event has no end: want END:VEVENT")
	}
	if !began || !ended {
		return nil, errors.New("not an iCalendar file: want BEGIN:VCALENDAR to END:VCALENDAR")
	}
	return out, nil
}

// contentLine splits NAME;PARAM=X:value.
func contentLine(s string) (name, params, value string) {
	head, value, _ := strings.Cut(s, ":")
	name, params, _ = strings.Cut(head, ";")
	return strings.ToUpper(strings.TrimSpace(name)), strings.ToUpper(params), value
}

// feedEvent is what a VEVENT says of the days it closes.
type feedEvent struct {
	start, end, length, rule, summary string
	except                            []string // dates of a repetition that do not happen
	timed, cancelled                  bool
	foreign                           string // a property that is not understood
}

func (e *feedEvent) set(name, params, value string) {
	switch name {
	case "DTSTART":
		e.start, e.timed = value, !strings.Contains(params, "VALUE=DATE") || strings.Contains(params, "VALUE=DATE-TIME")
		if len(value) == len("20060102") {
			e.timed = false
		}
	case "DTEND":
		e.end = value
	case "DURATION":
		e.length = value
	case "EXDATE":
		e.except = append(e.except, strings.Split(value, ",")...)
	case "RDATE", "EXRULE", "RECURRENCE-ID":
		e.foreign = name
	case "RRULE":
		e.rule = strings.ToUpper(value)
	case "SUMMARY":
		e.summary = strings.NewReplacer(`\,`, ",", `\;`, ";", `\n`, " ", `\N`, " ", `\\`, `\`).Replace(value)
	case "STATUS":
		e.cancelled = strings.EqualFold(value, "CANCELLED")
	}
}

// days spells the event out.
func (e *feedEvent) days() ([]Holiday, error) {
	if e.cancelled || e.timed && e.start != "" {
		return nil, nil
	}
	start, err := time.Parse("20060102", e.start)
	if err != nil {
		return nil, fmt.Errorf("DTSTART %q is not a date", e.start)
	}
	if e.foreign != "" {
		return nil, fmt.Errorf("%s is not understood: want an event for each day, or a yearly RRULE with EXDATE", e.foreign)
	}
	end, err := e.until(start)
	if err != nil {
		return nil, err
	}
	left := map[string]bool{}
	for _, d := range e.except {
		if d = strings.TrimSpace(d); len(d) < len("20060102") {
			return nil, fmt.Errorf("EXDATE %q is not a date", d)
		}
		left[d[:len("20060102")]] = true
	}
	last, err := e.lastYear(start)
	if err != nil {
		return nil, err
	}
	var out []Holiday
	for year := start.Year(); year <= last; year++ {
		first := time.Date(year, start.Month(), start.Day(), 0, 0, 0, 0, time.UTC)
		if first.Month() != start.Month() || left[first.Format("20060102")] {
			continue // the 29th of February, or an exception
		}
		for d := first; d.Before(first.Add(end.Sub(start))); d = d.AddDate(0, 0, 1) {
			out = append(out, Holiday{sla.DateOf(d), e.summary})
		}
	}
	return out, nil
}

// until is the day after the event's last one.
func (e *feedEvent) until(start time.Time) (time.Time, error) {
	end, err := start.AddDate(0, 0, 1), error(nil)
	switch {
	case e.end != "":
		if end, err = time.Parse("20060102", e.end); err != nil {
			return end, fmt.Errorf("DTEND %q is not a date", e.end)
		}
	case e.length != "":
		m := wholeDays.FindStringSubmatch(e.length)
		if m == nil {
			return end, fmt.Errorf("DURATION %q is not in whole days or weeks, such as P2D", e.length)
		}
		n, _ := strconv.Atoi(m[1]) // four digits at most
		if m[2] == "W" {
			n *= 7
		}
		end = start.AddDate(0, 0, n)
	}
	if span := end.Sub(start); span <= 0 || span > maxSpan*24*time.Hour {
		return end, fmt.Errorf("an event from %s to %s, want 1 to %d days", start.Format("20060102"), end.Format("20060102"), maxSpan)
	}
	return end, nil
}

// wholeDays is a DURATION of a whole-day event.
var wholeDays = regexp.MustCompile(`^\+?P([0-9]{1,4})([DW])$`)

// lastYear is the last year in which the event happens.
func (e *feedEvent) lastYear(start time.Time) (int, error) {
	if e.rule == "" {
		return start.Year(), nil
	}
	last := lastYear
	same := []string{fmt.Sprintf("BYMONTH=%d", start.Month()), fmt.Sprintf("BYMONTHDAY=%d", start.Day())}
	for _, part := range strings.Split(e.rule, ";") {
		key, value, _ := strings.Cut(part, "=")
		switch {
		case part == "FREQ=YEARLY", part == "INTERVAL=1", key == "WKST", slices.Contains(same, part):
		case key == "COUNT":
			var n int
			if _, err := fmt.Sscanf(value, "%d", &n); err != nil || n < 1 {
				return 0, fmt.Errorf("RRULE %q: COUNT is not a number", e.rule)
			}
			last = min(last, start.Year()+min(n, maxHolidays)-1)
		case key == "UNTIL" && len(value) >= 8:
			until, err := time.Parse("20060102", value[:8])
			if err != nil {
				return 0, fmt.Errorf("RRULE %q: UNTIL is not a date", e.rule)
			}
			if last = min(last, until.Year()); until.Before(start.AddDate(last-start.Year(), 0, 0)) {
				last--
			}
		default:
			return 0, fmt.Errorf("RRULE %q: only yearly repetition is understood, not %s", e.rule, part)
		}
	}
	if !strings.Contains(e.rule, "FREQ=YEARLY") {
		return 0, fmt.Errorf("RRULE %q: only yearly repetition is understood", e.rule)
	}
	return last, nil
}
