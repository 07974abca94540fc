package sla_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/vmcloud/ricochet/deflect/sla"
)

func TestClocksAgainstMinuteWalk(t *testing.T) {
	deskProperty(t, "elapsed, paused and verdict", func(t *rapid.T, d desk) {
		l := d.log(t, drawnKinds)
		slices.SortStableFunc(l.Events, func(a, b sla.Event) int { return a.At.Compare(b.At) })
		now := later(t, l)
		s := sla.Evaluate(l, d.book, now)
		res, _ := s.Current(sla.Resolution)
		first, _ := s.Current(sla.FirstResponse)
		want := d.walk(l, now)
		eq(t, "resolution elapsed", res.Elapsed, want.resolution)
		eq(t, "resolution paused", res.Paused, want.paused)
		eq(t, "first response elapsed", first.Elapsed, want.first)
		for _, c := range s.Cycles {
			if c.Kind == sla.Contractual && c.Figure > 0 && c.Remaining < 0 && c.Breach == nil {
				t.Fatalf("%s is %s over its figure without a breach", c.Target, -c.Remaining)
			}
			if c.Breach != nil && c.Breach.Kind == sla.BestEffort {
				t.Fatalf("best effort breached: %+v", c.Breach)
			}
		}
	})
}

// walked is what the minute walk of a log counts.
type walked struct{ first, resolution, paused time.Duration }

// walk lives through a ticket minute by minute.
func (d desk) walk(l sla.Log, now time.Time) walked {
	var w walked
	tier := l.Tier
	waiting, resolved, closed, replied := false, false, false, false
	var gap time.Duration // resolved time, a pause if the ticket is reopened
	i := 0
	for at := l.Created; ; at = at.Add(time.Minute) {
		for phase := 0; phase < 3; phase++ {
			for k := i; k < len(l.Events) && !l.Events[k].At.After(at); k++ {
				e := l.Events[k]
				switch {
				case phase == 0 && e.Kind == sla.CustomerMessage:
					waiting = false
				case phase == 0 && e.Kind == sla.AgentReply:
					replied = true
				case phase == 1 && e.Kind == sla.Waiting:
					waiting = true
				case phase == 1 && e.Kind == sla.Resumed:
					waiting = false
				case phase == 1 && e.Kind == sla.Resolved:
					resolved = true
				case phase == 1 && e.Kind == sla.Closed:
					resolved, closed = true, true
				case phase == 1 && e.Kind == sla.Reopened && resolved:
					resolved, closed, waiting = false, false, false
					w.paused += gap
					gap = 0
				case phase == 2 && e.Kind == sla.Reclassified:
					tier = e.Tier
				}
				if phase == 1 && closed {
					replied = true // first response has ended for good
				}
			}
		}
		for i < len(l.Events) && !l.Events[i].At.After(at) {
			i++
		}
		if !at.Before(now) {
			return w
		}
		if tier != "gold" && !d.oracle.isOpen(at) {
			continue
		}
		if !replied {
			w.first += time.Minute
		}
		switch {
		case resolved:
			gap += time.Minute
		case waiting:
			w.paused += time.Minute
		default:
			w.resolution += time.Minute
		}
	}
}
