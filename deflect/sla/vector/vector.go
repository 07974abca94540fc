// Package vector runs files of service-level test vectors through the public
// functions of package sla. A vector is one operation on one calendar with the
// expected result; the schema is documented at Vector.
package vector

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/vmcloud/ricochet/deflect/sla"
)

// File is a file of vectors, schema version 1.
type File struct {
	Vectors []Vector
}

// Vector is one operation, its inputs and what must come out. Only the keys
// present in Expect are compared; instants are compared as instants.
type Vector struct {
	ID     string                     `json:"id"`
	Source string                     `json:"source"` // "repository path#test"
	Tags   []string                   `json:"tags"`
	Op     string                     `json:"op"`
	Expect map[string]json.RawMessage `json:"expect"`

	Calendar  calendar `json:"calendar"`
	Start     instant  `json:"start"`
	End       instant  `json:"end"`
	At        instant  `json:"at"`
	Stop      instant  `json:"stop"`
	Now       instant  `json:"now"`
	CreatedAt instant  `json:"created_at"`
	Seconds   seconds  `json:"seconds"`
	Count     int      `json:"count"`
	Days      int      `json:"days"`
	Date      sla.Date `json:"date"`
	Local     string   `json:"local"`
	Target    figure   `json:"target"`
	Pauses    []pause  `json:"pauses"`
	Policy    *policy  `json:"policy"`
	Events    []event  `json:"events"`

	unreadable error // why the inputs could not be read
}

type figure struct {
	Seconds      seconds `json:"seconds"`
	BusinessDays int     `json:"business_days"`
}

type pause struct {
	From instant `json:"from"`
	To   instant `json:"to"`
}

type event struct {
	At     instant `json:"at"`
	Type   string  `json:"type"`
	Policy *policy `json:"policy"`
}

type policy struct {
	FirstResponse  seconds      `json:"first_response_seconds"`
	NextResponse   seconds      `json:"next_response_seconds"`
	PeriodicUpdate seconds      `json:"periodic_update_seconds"`
	Resolution     seconds      `json:"resolution_seconds"`
	PauseTargets   []sla.Target `json:"pause_targets"`
}

// instant is an RFC 3339 time; zero when absent or null.
type instant struct{ time.Time }

// UnmarshalJSON reads an RFC 3339 time or null.
func (i *instant) UnmarshalJSON(b []byte) error {
	var s *string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	if s == nil {
		i.Time = time.Time{}
		return nil
	}
	t, err := time.Parse(time.RFC3339Nano, *s)
	i.Time = t
	return err
}

// seconds is a duration written as a number of seconds, possibly fractional.
type seconds struct{ time.Duration }

// UnmarshalJSON reads a number exactly, to the nanosecond; null is zero.
func (s *seconds) UnmarshalJSON(b []byte) error {
	text := string(b)
	if text == "null" {
		return nil
	}
	if strings.ContainsAny(text, "eE") {
		var f float64
		if err := json.Unmarshal(b, &f); err != nil {
			return err
		}
		s.Duration = time.Duration(f * float64(time.Second))
		return nil
	}
	d, err := time.ParseDuration(text + "s")
	s.Duration = d
	return err
}

// calendar is a calendar as a vector describes it.
type calendar struct {
	TZ         string                   `json:"tz"`
	Hours      map[string][][2]string   `json:"hours"`
	Holidays   []sla.Date               `json:"holidays"`
	Overrides  map[sla.Date][][2]string `json:"overrides"`
	Breaks     map[sla.Date][][2]string `json:"breaks"`
	AlwaysOpen bool                     `json:"always_open"`
}

var weekdays = map[string]time.Weekday{
	"sun": time.Sunday, "mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday,
	"thu": time.Thursday, "fri": time.Friday, "sat": time.Saturday,
}

// build compiles the calendar.
func (c calendar) build() (*sla.Calendar, error) {
	spec := sla.Spec{Zone: c.TZ, AlwaysOpen: c.AlwaysOpen, Holidays: c.Holidays}
	var err error
	for name, pairs := range c.Hours {
		d, ok := weekdays[name]
		if !ok {
			return nil, fmt.Errorf("hours: unknown day %q", name)
		}
		if spec.Weekly[d], err = hours(pairs); err != nil {
			return nil, err
		}
	}
	if spec.Overrides, err = dated(c.Overrides); err != nil {
		return nil, err
	}
	if spec.Breaks, err = dated(c.Breaks); err != nil {
		return nil, err
	}
	return sla.NewCalendar("vector", spec)
}

func dated(in map[sla.Date][][2]string) (map[sla.Date][]sla.Hours, error) {
	out := make(map[sla.Date][]sla.Hours, len(in))
	for d, pairs := range in {
		h, err := hours(pairs)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d, err)
		}
		out[d] = h
	}
	return out, nil
}

func hours(pairs [][2]string) ([]sla.Hours, error) {
	out := make([]sla.Hours, 0, len(pairs))
	for _, p := range pairs {
		open, err := sla.ParseClock(p[0])
		if err != nil {
			return nil, err
		}
		end, err := sla.ParseClock(p[1])
		if err != nil {
			return nil, err
		}
		out = append(out, sla.Hours{Open: open, Close: end})
	}
	return out, nil
}

// Read decodes a file of vectors and refuses another schema version, a file
// without vectors and anything after the file's end. A vector whose inputs
// cannot be read is kept: it is one failure, not the end of the others.
func Read(r io.Reader) (File, error) {
	var raw struct {
		SchemaVersion *int              `json:"schema_version"`
		Vectors       []json.RawMessage `json:"vectors"`
	}
	dec := json.NewDecoder(r)
	if err := dec.Decode(&raw); err != nil {
		return File{}, fmt.Errorf("not a file of vectors: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return File{}, fmt.Errorf("not a file of vectors: something follows its end at byte %d", dec.InputOffset())
	}
	switch {
	case raw.SchemaVersion == nil:
		return File{}, fmt.Errorf("not a file of vectors: schema_version is missing, want 1")
	case *raw.SchemaVersion != 1:
		return File{}, fmt.Errorf("schema version %d: this program reads version 1", *raw.SchemaVersion)
	case len(raw.Vectors) == 0:
		return File{}, fmt.Errorf("there are no vectors in it: want a list named vectors")
	}
	f := File{Vectors: make([]Vector, 0, len(raw.Vectors))}
	for i, data := range raw.Vectors {
		f.Vectors = append(f.Vectors, readVector(i+1, data))
	}
	return f, nil
}

// readVector decodes the vector at a place of its file, counted from 1.
func readVector(place int, data json.RawMessage) Vector {
	var v Vector
	err := json.Unmarshal(data, &v)
	if err != nil {
		// What the report names it by may be readable all the same.
		var label struct{ ID, Source, Op any }
		v = Vector{unreadable: err}
		if json.Unmarshal(data, &label) == nil {
			v.ID, _ = label.ID.(string)
			v.Source, _ = label.Source.(string)
			v.Op, _ = label.Op.(string)
		}
	}
	if v.ID == "" {
		v.ID = fmt.Sprintf("number %d", place)
	}
	return v
}
