package sla_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/vmcloud/ricochet/deflect/sla"
)

// TestMerge is invariant 35: the order of merging at one instant does not
// matter, merged tickets have no running clock, and the number of recorded
// breaches is conserved.
func TestMerge(t *testing.T) {
	deskProperty(t, "35 merge", func(t *rapid.T, d desk) {
		kinds := []sla.EventKind{sla.CustomerMessage, sla.AgentReply, sla.Waiting, sla.Resumed}
		logs := []sla.Log{d.log(t, kinds), d.log(t, kinds), d.log(t, kinds)}
		merge := d.hi.Add(24 * time.Hour)
		for i := range logs {
			logs[i].Tier = "standard" // gold's round-the-clock stretches would differ by order of creation alone
			if e := end(logs[i]); e.After(merge) {
				merge = e
			}
		}
		breaches := 0
		for i, l := range logs {
			breaches += len(sla.Evaluate(l, d.book, merge).Breaches())
			if i == 0 {
				continue
			}
			l.Events = append(slices.Clone(l.Events), sla.Event{At: merge, Kind: sla.MergedInto})
			for _, c := range sla.Evaluate(l, d.book, merge.Add(time.Hour)).Cycles {
				if c.Ticking || c.Status == sla.Running || c.Status == sla.Paused {
					t.Fatalf("%s still runs after the merge", c.Target)
				}
			}
		}
		a, b := logs[0], logs[0]
		a.Events = append(slices.Clone(a.Events), sla.Event{At: merge, Kind: sla.Absorbed, Source: &logs[1]}, sla.Event{At: merge, Kind: sla.Absorbed, Source: &logs[2]})
		b.Events = append(slices.Clone(b.Events), sla.Event{At: merge, Kind: sla.Absorbed, Source: &logs[2]}, sla.Event{At: merge, Kind: sla.Absorbed, Source: &logs[1]})
		now := merge.Add(d.amount(t, "later"))
		sa, sb := sla.Evaluate(a, d.book, now), sla.Evaluate(b, d.book, now)
		eq(t, "priority", sa.Priority, sb.Priority)
		for _, target := range []sla.Target{sla.FirstResponse, sla.Resolution} {
			ca, _ := sa.Current(target)
			cb, _ := sb.Current(target)
			eqTime(t, "start of "+string(target), ca.Start, cb.Start)
			eqTime(t, "due of "+string(target), ca.Due, cb.Due)
			eq(t, "status of "+string(target), ca.Status, cb.Status)
			eq(t, "elapsed of "+string(target), ca.Elapsed, cb.Elapsed)
		}
		atMerge := len(sla.Evaluate(a, d.book, merge).Breaches())
		own := len(sla.Evaluate(logs[0], d.book, merge).Breaches())
		if atMerge < own {
			t.Fatalf("the survivor had %d breaches, %d after the merge", own, atMerge)
		}
	})
}

// officeDesk is a policy on Paris office hours, for examples with clock times.
func officeDesk(t *testing.T) (*sla.Book, *sla.Calendar) {
	t.Helper()
	spec := sla.Spec{Zone: "Europe/Paris"}
	for d := time.Monday; d <= time.Friday; d++ {
		spec.Weekly[d] = []sla.Hours{{Open: 9 * time.Hour, Close: 18 * time.Hour}}
	}
	cal, err := sla.NewCalendar("office", spec)
	if err != nil {
		t.Fatal(err)
	}
	always, err := sla.NewCalendar("always", sla.Spec{Zone: "Europe/Paris", AlwaysOpen: true})
	if err != nil {
		t.Fatal(err)
	}
	p := &sla.Policy{Name: "office", Alerts: []int{50, 75, 90, 100}, CreditCap: 2500, Working: cal,
		Tiers:   []sla.Tier{{Name: "free", Calendar: cal}, {Name: "standard", Calendar: cal}, {Name: "business", Calendar: cal, MinMRR: 50000, Credits: true}, {Name: "custom", Calendar: always, MinMRR: -1, Credits: true}},
		Credits: []sla.CreditRule{{Target: sla.FirstResponse, Share: 500}, {Target: sla.Resolution, Priorities: []sla.Priority{sla.P1}, Share: 1000}}}
	for _, tier := range p.Tiers {
		kind := sla.Contractual
		if tier.Name == "free" {
			kind = sla.BestEffort
		}
		for priority, open := range figures {
			for _, target := range sla.Targets {
				if tier.Name == "free" && target == sla.Resolution {
					continue
				}
				p.Cells = append(p.Cells, sla.Cell{Tier: tier.Name, Priority: priority, Target: target, Kind: kind, Calendar: tier.Calendar,
					Figure: sla.Figure{Open: open}, Pauses: target == sla.Resolution || target == sla.PeriodicUpdate})
			}
		}
	}
	book, err := sla.NewBook(p)
	if err != nil {
		t.Fatal(err)
	}
	return book, cal
}

// clockAt is a time of the week of Monday 2 March 2026, in Paris.
func clockAt(day, hour, minute int) time.Time {
	return time.Date(2026, 3, 1+day, hour-1, minute, 0, 0, time.UTC)
}

func TestMergeExamples(t *testing.T) {
	book, _ := officeDesk(t)
	now := clockAt(1, 16, 0)
	ticket := func(created time.Time, priority sla.Priority, events ...sla.Event) sla.Log {
		return sla.Log{Created: created, Tier: "standard", Priority: priority, Events: events}
	}
	absorbed := func(l sla.Log) sla.Event { return sla.Event{At: clockAt(1, 12, 0), Kind: sla.Absorbed, Source: &l} }
	reply := func(at time.Time) sla.Event { return sla.Event{At: at, Kind: sla.AgentReply} }
	message := func(at time.Time) sla.Event { return sla.Event{At: at, Kind: sla.CustomerMessage} }
	for _, tc := range []struct {
		name   string
		log    sla.Log
		target sla.Target
		status sla.Status
		start  time.Time
		count  int // recorded breaches of the survivor
	}{
		{"earliest creation and stricter priority", ticket(clockAt(1, 11, 0), sla.P4, absorbed(ticket(clockAt(1, 10, 0), sla.P3))), sla.Resolution, sla.Breached, clockAt(1, 10, 0), 2},
		{"a reply on the other meets first response", ticket(clockAt(1, 10, 0), sla.P3, absorbed(ticket(clockAt(1, 9, 0), sla.P3, reply(clockAt(1, 11, 0))))), sla.FirstResponse, sla.Met, clockAt(1, 10, 0), 1},
		{"a reply given before this ticket existed", ticket(clockAt(1, 11, 0), sla.P3, absorbed(ticket(clockAt(1, 9, 0), sla.P3, reply(clockAt(1, 10, 0))))), sla.FirstResponse, sla.Met, clockAt(1, 11, 0), 2},
		{"own message after the other's reply still waits", ticket(clockAt(1, 11, 0), sla.P4, absorbed(ticket(clockAt(1, 9, 0), sla.P4, reply(clockAt(1, 10, 0))))), sla.NextResponse, sla.Running, clockAt(1, 11, 0), 0},
		{"the other's update goes on", ticket(clockAt(1, 11, 0), sla.P4, absorbed(ticket(clockAt(1, 9, 0), sla.P4, reply(clockAt(1, 10, 0))))), sla.PeriodicUpdate, sla.Running, clockAt(1, 10, 0), 0},
		{"an unanswered message of the other", ticket(clockAt(1, 9, 0), sla.P4, reply(clockAt(1, 10, 0)), absorbed(ticket(clockAt(1, 11, 0), sla.P4))), sla.NextResponse, sla.Running, clockAt(1, 11, 0), 0},
		{"an older unanswered message of the other", ticket(clockAt(1, 9, 0), sla.P4, reply(clockAt(1, 10, 0)), message(clockAt(1, 11, 30)), absorbed(ticket(clockAt(1, 11, 0), sla.P4))), sla.NextResponse, sla.Running, clockAt(1, 11, 0), 0},
		{"a breach of the other is not counted again", ticket(clockAt(1, 11, 50), sla.P1, absorbed(ticket(clockAt(1, 9, 0), sla.P1))), sla.FirstResponse, sla.Breached, clockAt(1, 9, 0), 0},
		{"the other was resolved", ticket(clockAt(1, 11, 50), sla.P4, absorbed(ticket(clockAt(1, 9, 0), sla.P4, sla.Event{At: clockAt(1, 10, 0), Kind: sla.Resolved}))), sla.Resolution, sla.Running, clockAt(1, 9, 0), 0},
		{"a closed ticket absorbs nothing", ticket(clockAt(1, 11, 0), sla.P4, sla.Event{At: clockAt(1, 11, 30), Kind: sla.Closed}, absorbed(ticket(clockAt(1, 9, 0), sla.P4))), sla.Resolution, sla.Met, clockAt(1, 11, 0), 0},
		{"a resolved ticket keeps its verdict", ticket(clockAt(1, 11, 0), sla.P4, sla.Event{At: clockAt(1, 11, 30), Kind: sla.Resolved}, absorbed(ticket(clockAt(1, 9, 0), sla.P4))), sla.Resolution, sla.Met, clockAt(1, 11, 0), 0},
		{"nothing to absorb", ticket(clockAt(1, 11, 0), sla.P4, sla.Event{At: clockAt(1, 12, 0), Kind: sla.Absorbed}), sla.Resolution, sla.Running, clockAt(1, 11, 0), 0},
	} {
		s := sla.Evaluate(tc.log, book, now)
		c, _ := s.Current(tc.target)
		if c.Status != tc.status || !c.Start.Equal(tc.start) || len(s.Breaches()) != tc.count {
			t.Errorf("%s: got %s from %s, %d breaches %+v; want %s from %s, %d", tc.name, c.Status, c.Start, len(s.Breaches()), s.Breaches(), tc.status, tc.start, tc.count)
		}
	}
	late := ticket(clockAt(1, 9, 0), sla.P1, absorbed(ticket(clockAt(1, 9, 0), sla.P1, reply(clockAt(1, 10, 0)))))
	c, _ := sla.Evaluate(late, book, now).Current(sla.FirstResponse)
	if c.Status != sla.Breached || c.Breach == nil {
		t.Errorf("a recorded breach was undone by the merge: %+v", c)
	}

	// The other ticket's reply came before this one was reclassified to another
	// calendar; the survivor takes the stricter tier of the two.
	moved := ticket(clockAt(1, 10, 0), sla.P3, sla.Event{At: clockAt(1, 11, 30), Kind: sla.Reclassified, Tier: "custom", Priority: sla.P3},
		absorbed(ticket(clockAt(1, 9, 0), sla.P3, reply(clockAt(1, 11, 0)))))
	c, _ = sla.Evaluate(moved, book, now).Current(sla.FirstResponse)
	if c.Status != sla.Met || !c.Ended.Equal(clockAt(1, 11, 0)) || c.Elapsed != time.Hour {
		t.Errorf("a reply before the reclassification: %+v", c)
	}
	// The other ticket was paused when it was merged, the survivor is not.
	waiting := ticket(clockAt(1, 11, 0), sla.P4, absorbed(ticket(clockAt(1, 9, 0), sla.P4, sla.Event{At: clockAt(1, 10, 0), Kind: sla.Waiting}, sla.Event{At: clockAt(1, 12, 0), Kind: sla.MergedInto})))
	if c, _ = sla.Evaluate(waiting, book, now).Current(sla.Resolution); c.Elapsed != 5*time.Hour || c.Paused != 2*time.Hour {
		t.Errorf("elapsed %s, paused %s", c.Elapsed, c.Paused)
	}
	strict := ticket(clockAt(1, 9, 0), sla.P3)
	strict.Tier = "custom"
	if s := sla.Evaluate(ticket(clockAt(1, 10, 0), sla.P4, absorbed(strict)), book, now); s.Tier != "custom" || s.Priority != sla.P3 {
		t.Errorf("survivor is %s %s", s.Tier, s.Priority)
	}
}
