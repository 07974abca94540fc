package sla

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"fmt"
	"io/fs"
	"sort"
	"sync"
	"time"
)

// zoneinfo is the IANA database. It is embedded here and read directly,
// because the standard library prefers the machine's own copy to the one
// linked into the binary, and two machines must agree on a due date (D-1).
//
//go:embed zoneinfo.zip
var zoneinfo []byte

var (
	zoneFiles = sync.OnceValues(func() (*zip.Reader, error) {
		return zip.NewReader(bytes.NewReader(zoneinfo), int64(len(zoneinfo)))
	})
	zones sync.Map // name -> *Zone
)

// The horizon within which calendars are computed; instants outside it count
// as its nearest end. It keeps every sum of nanoseconds inside an int64.
var (
	horizonStart = time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC)
	horizonEnd   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
	minNano      = horizonStart.UnixNano()
	maxNano      = horizonEnd.UnixNano()
)

// Lengths in nanoseconds, the unit of all arithmetic of this package.
const (
	day  = int64(24 * time.Hour)
	week = 7 * day
)

// wallEpoch is added to a local time counted from 1970 to give a "wall": wall
// times are nanoseconds since Monday 1969-12-29 00:00 on the local clock, so
// that weeks begin at multiples of week.
const wallEpoch = 3 * day

// Zone is a time zone of the embedded database, as the list of its changes of
// offset within the horizon.
type Zone struct {
	name string
	loc  *time.Location
	at   []int64 // stretch i begins at this instant (the first at the horizon)
	off  []int64 // wall = instant + off within stretch i
}

// LoadZone finds an IANA zone such as Europe/Paris. The empty name and Local,
// which mean something else on every machine, are unknown like any other wrong
// name.
func LoadZone(name string) (*Zone, error) {
	if z, ok := zones.Load(name); ok {
		return z.(*Zone), nil
	}
	loc, err := readZone(name)
	if err != nil {
		return nil, fmt.Errorf("unknown time zone %q: want an IANA name such as Europe/Paris", name)
	}
	z := &Zone{name: name, loc: loc}
	z.add(minNano)
	for at := horizonStart; ; {
		_, end := at.In(loc).ZoneBounds()
		if end.IsZero() || !end.Before(horizonEnd) {
			break
		}
		if !end.After(at) {
			// Package time gives a year 365 days here; look beyond the
			// thirty-first of December of a leap year.
			end = at.Add(24 * time.Hour)
		}
		z.add(end.UnixNano())
		at = end
	}
	zones.Store(name, z)
	return z, nil
}

func readZone(name string) (*time.Location, error) {
	files, err := zoneFiles()
	var data []byte
	if err == nil {
		data, err = fs.ReadFile(files, name)
	}
	var loc *time.Location
	if err == nil {
		loc, err = time.LoadLocationFromTZData(name, data)
	}
	return loc, err
}

// add notes the offset from an instant on, unless nothing changed but a name.
func (z *Zone) add(at int64) {
	_, sec := time.Unix(0, at).In(z.loc).Zone()
	off := int64(sec)*int64(time.Second) + wallEpoch
	if n := len(z.off); n > 0 && z.off[n-1] == off {
		return
	}
	z.at, z.off = append(z.at, at), append(z.off, off)
}

// Name is the zone's IANA name.
func (z *Zone) Name() string { return z.name }

// Location is the zone for formatting with package time.
func (z *Zone) Location() *time.Location { return z.loc }

// until is the end of stretch i.
func (z *Zone) until(i int) int64 {
	if i+1 < len(z.at) {
		return z.at[i+1]
	}
	return maxNano
}

// wall is what the local clock shows at an instant.
func (z *Zone) wall(t int64) int64 {
	i := sort.Search(len(z.at)-1, func(i int) bool { return z.at[i+1] > t })
	return t + z.off[i]
}

// reach is the first instant at which the local clock has come as far as w: a
// skipped wall time is the end of the gap, a repeated one its first
// occurrence. It is monotone, which is why the edges of opening hours use it:
// adding an hour of opening can then never remove open time (D-4).
func (z *Zone) reach(w int64) int64 {
	i := z.stretchOf(w)
	return min(max(w-z.off[i], z.at[i]), maxNano)
}

// instant is like reach, except that a skipped wall time is moved forward by
// the length of the gap: 02:30 becomes 03:30 (D-4). Single times of day, such
// as "the same time two working days later", use it.
func (z *Zone) instant(w int64) int64 {
	i := z.stretchOf(w)
	if w-z.off[i] < z.at[i] && i > 0 {
		i--
	}
	return min(max(w-z.off[i], minNano), maxNano)
}

// stretchOf is the first stretch whose local clock goes beyond w.
func (z *Zone) stretchOf(w int64) int {
	// No offset differs from another by more than two days, so stretches that
	// end two days before the wall time can be left out of the walk.
	from := sort.Search(len(z.at)-1, func(i int) bool { return z.at[i+1] > w-wallEpoch-2*day })
	for from < len(z.at)-1 && w-z.off[from] >= z.at[from+1] {
		from++
	}
	return from
}

// nano places an instant on the number line, held to the horizon.
func nano(t time.Time) int64 {
	switch {
	case t.Before(horizonStart):
		return minNano
	case t.After(horizonEnd):
		return maxNano
	}
	return t.UnixNano()
}

// fromNano is the instant at a place of the number line, in UTC.
func fromNano(n int64) time.Time { return time.Unix(0, n).UTC() }
