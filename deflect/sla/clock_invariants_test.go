package sla_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/vmcloud/ricochet/deflect/sla"
)

// desk is a sample with a policy of two tiers: "standard" on the sample's
// calendar, "gold" round the clock, and a free one that promises nothing.
type desk struct {
	sample
	book   *sla.Book
	always *sla.Calendar
}

var figures = map[sla.Priority]time.Duration{sla.P1: 30 * time.Minute, sla.P2: 2 * time.Hour, sla.P3: 5 * time.Hour, sla.P4: 20 * time.Hour}

func drawDesk(t *rapid.T) desk {
	s := drawOpenSample(t)
	always, err := sla.NewCalendar("always", sla.Spec{Zone: s.spec.Zone, AlwaysOpen: true})
	if err != nil {
		t.Fatal(err)
	}
	p := &sla.Policy{Name: "test", Alerts: []int{50, 75, 90, 100}, CreditCap: 2500,
		Tiers:   []sla.Tier{{Name: "free", Calendar: s.cal}, {Name: "standard", Calendar: s.cal, MinMRR: 0}, {Name: "gold", Calendar: always, MinMRR: 50000, Credits: true}},
		Credits: []sla.CreditRule{{Target: sla.FirstResponse, Share: 500}, {Target: sla.Resolution, Priorities: []sla.Priority{sla.P1}, Share: 1000}}}
	for tier, cal := range map[string]*sla.Calendar{"free": s.cal, "standard": s.cal, "gold": always} {
		kind := sla.Contractual
		if tier == "free" {
			kind = sla.BestEffort
		}
		for priority, open := range figures {
			for _, target := range sla.Targets {
				p.Cells = append(p.Cells, sla.Cell{Tier: tier, Priority: priority, Target: target, Kind: kind, Calendar: cal,
					Figure: sla.Figure{Open: open}, Pauses: target == sla.Resolution || target == sla.PeriodicUpdate, Rule: "test"})
			}
		}
	}
	book, err := sla.NewBook(p)
	if err != nil {
		t.Fatal(err)
	}
	return desk{s, book, always}
}

var drawnKinds = []sla.EventKind{
	sla.CustomerMessage, sla.CustomerMessage, sla.AgentReply, sla.AgentReply, sla.Waiting, sla.Waiting, sla.Resumed,
	sla.Resolved, sla.Reopened, sla.Reclassified, "internal_note", sla.Closed,
}

// log draws a ticket: events within some days of its creation, several at one
// instant now and then.
func (d desk) log(t *rapid.T, kinds []sla.EventKind) sla.Log {
	l := sla.Log{Created: d.instant(t, "created").Truncate(time.Minute), Tier: drawTier(t), Priority: drawPriority(t)}
	if len(kinds) == 0 {
		return l
	}
	at := l.Created
	for range rapid.IntRange(0, 8).Draw(t, "events") {
		at = at.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 10, 30, 60, 240, 900, 1440}).Draw(t, "gap")) * time.Minute)
		e := sla.Event{At: at, Kind: rapid.SampledFrom(kinds).Draw(t, "kind")}
		if e.Kind == sla.Reclassified {
			e.Tier, e.Priority = drawTier(t), drawPriority(t)
		}
		l.Events = append(l.Events, e)
	}
	return l
}

func drawTier(t *rapid.T) string {
	return rapid.SampledFrom([]string{"free", "standard", "gold"}).Draw(t, "tier")
}

func drawPriority(t *rapid.T) sla.Priority {
	return rapid.SampledFrom([]sla.Priority{sla.P1, sla.P2, sla.P3, sla.P4}).Draw(t, "priority")
}

// end is the instant of the last event, or the creation.
func end(l sla.Log) time.Time {
	last := l.Created
	for _, e := range l.Events {
		if e.At.After(last) {
			last = e.At
		}
	}
	return last
}

// later draws a now some time after the last event.
func later(t *rapid.T, l sla.Log) time.Time {
	return end(l).Add(time.Duration(rapid.IntRange(0, 3*1440).Draw(t, "later")) * time.Minute)
}

func deskProperty(t *testing.T, name string, check func(t *rapid.T, d desk)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) { check(t, drawDesk(t)) })
	})
}

func same(t *rapid.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

func (d desk) pauses(t *rapid.T, start time.Time) []sla.Pause {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) sla.Pause {
		from := start.Add(time.Duration(rapid.IntRange(-60, 2880).Draw(t, "from")) * time.Minute)
		return sla.Pause{From: from, To: from.Add(time.Duration(rapid.IntRange(0, 1000).Draw(t, "length")) * time.Minute)}
	}), 0, 4).Draw(t, "pauses")
}

func TestPauses(t *testing.T) {
	deskProperty(t, "22 pause invariance", func(t *rapid.T, d desk) {
		start, target := d.instant(t, "start"), d.amount(t, "target")
		pauses, now := d.pauses(t, start), d.instant(t, "now")
		if now.Before(start) {
			start, now = now, start
		}
		r := sla.Measure(d.cal, sla.Figure{Open: target}, start, pauses, now)
		eq(t, "elapsed + paused", r.Elapsed+r.Paused, d.cal.Between(start, now))
		eq(t, "remaining", r.Remaining, target-r.Elapsed)
		var last time.Time
		for _, p := range pauses {
			if p.To.After(last) {
				last = p.To
			}
		}
		if !r.Due.IsZero() && last.Before(r.Due) {
			whole := sla.Measure(d.cal, sla.Figure{Open: target}, start, pauses, r.Due)
			want, _ := d.cal.Add(start, target+whole.Paused)
			eqTime(t, "due", r.Due, want)
		}
	})
	deskProperty(t, "23 closed pauses are free, 24 pause algebra", func(t *rapid.T, d desk) {
		start, f := d.instant(t, "start"), sla.Figure{Open: d.amount(t, "target")}
		pauses, now := d.pauses(t, start), d.hi
		want := sla.Measure(d.cal, f, start, pauses, now)
		var other []sla.Pause
		for _, p := range pauses {
			mid := p.From.Add(p.To.Sub(p.From) / 2)
			other = append(other, sla.Pause{From: mid, To: p.To}, sla.Pause{From: p.From, To: mid}, p, sla.Pause{From: mid, To: mid})
		}
		slices.Reverse(other)
		if !want.Due.IsZero() {
			other = append(other, sla.Pause{From: want.Due.Add(time.Second), To: want.Due.Add(time.Hour)})
		}
		got := sla.Measure(d.cal, f, start, other, now)
		eqTime(t, "due", got.Due, want.Due)
		if closed, ok := d.oracle.edge(start, false); ok {
			reopen, ok := d.oracle.edge(closed, true)
			eq(t, "reopens", ok, true)
			got = sla.Measure(d.cal, f, start, append(pauses, sla.Pause{From: closed, To: reopen}), now)
			eqTime(t, "due with a closed pause", got.Due, want.Due)
			eq(t, "elapsed with a closed pause", got.Elapsed, want.Elapsed)
		}
	})
	deskProperty(t, "25 paused is frozen", func(t *rapid.T, d desk) {
		l := d.log(t, nil)
		from := l.Created.Add(d.amount(t, "before"))
		l.Events = []sla.Event{{At: from, Kind: sla.Waiting}}
		length := d.amount(t, "pause")
		before, _ := sla.Evaluate(sla.Log{Created: l.Created, Tier: l.Tier, Priority: l.Priority}, d.book, from).Current(sla.Resolution)
		a, _ := sla.Evaluate(l, d.book, from).Current(sla.Resolution)
		b, _ := sla.Evaluate(l, d.book, from.Add(length)).Current(sla.Resolution)
		eq(t, "elapsed", b.Elapsed, a.Elapsed)
		eq(t, "has due", b.Due.IsZero(), true)
		eq(t, "next alert of resolution", b.Ticking, false)
		l.Events = append(l.Events, sla.Event{At: from.Add(length), Kind: sla.CustomerMessage})
		c, _ := sla.Evaluate(l, d.book, from.Add(length)).Current(sla.Resolution)
		cal := d.cal
		if l.Tier == "gold" {
			cal = d.always
		}
		// In the instant it runs out a pause is in time, but not at closing.
		if before.Remaining < 0 || before.Remaining == 0 && !cal.IsOpen(from) {
			eqTime(t, "due stays", c.Due, before.Due)
			return
		}
		if c.Breach == nil {
			eq(t, "moved by the open part", cal.Between(before.Due, c.Due), cal.Between(from, from.Add(length)))
		}
	})
}

func TestBreaches(t *testing.T) {
	deskProperty(t, "26 monotone elapsed", func(t *rapid.T, d desk) {
		l := d.log(t, drawnKinds)
		a := later(t, l)
		b := a.Add(d.amount(t, "step"))
		sa, sb := sla.Evaluate(l, d.book, a), sla.Evaluate(l, d.book, b)
		for i, c := range sa.Cycles {
			if grown := sb.Cycles[i].Elapsed - c.Elapsed; grown < 0 || grown > b.Sub(a) || c.Elapsed < 0 {
				t.Fatalf("%s grew by %s in %s", c.Target, grown, b.Sub(a))
			}
		}
	})
	deskProperty(t, "27 a breach is one-way and timed", func(t *rapid.T, d desk) {
		l := d.log(t, drawnKinds)
		slices.SortStableFunc(l.Events, func(a, b sla.Event) int { return a.At.Compare(b.At) })
		final := sla.Evaluate(l, d.book, later(t, l)).Breaches()
		for k := range l.Events {
			// Nobody may look at an instant before all of it has happened.
			if k > 0 && l.Events[k].At.Equal(l.Events[k-1].At) {
				continue
			}
			part := l
			part.Events = l.Events[:k]
			for _, br := range sla.Evaluate(part, d.book, l.Events[k].At).Breaches() {
				if !slices.Contains(final, br) {
					t.Fatalf("breach %+v was recorded before event %d and is gone from %+v", br, k, final)
				}
			}
		}
	})
	deskProperty(t, "28 boundary", func(t *rapid.T, d desk) {
		l := d.log(t, nil)
		l.Tier, l.Events = rapid.SampledFrom([]string{"standard", "gold"}).Draw(t, "paying"), nil
		c, _ := sla.Evaluate(l, d.book, l.Created).Current(sla.FirstResponse)
		status := func(reply time.Time, now time.Time) sla.Status {
			l.Events = nil
			if !reply.IsZero() {
				l.Events = []sla.Event{{At: reply, Kind: sla.AgentReply}}
			}
			c, _ := sla.Evaluate(l, d.book, now).Current(sla.FirstResponse)
			return c.Status
		}
		eq(t, "reply at due", status(c.Due, c.Due.Add(time.Hour)), sla.Met)
		eq(t, "reply a second late", status(c.Due.Add(time.Second), c.Due.Add(time.Second)), sla.Breached)
		eq(t, "running at due", status(time.Time{}, c.Due), sla.Running)
		eq(t, "running after due", status(time.Time{}, c.Due.Add(time.Millisecond)), sla.Breached)
	})
	deskProperty(t, "29 alert order", checkAlerts)
	deskProperty(t, "33 tightening", func(t *rapid.T, d desk) {
		l := d.log(t, []sla.EventKind{sla.Waiting, sla.CustomerMessage})
		l.Tier = "standard"
		now := later(t, l)
		var last time.Time
		for _, p := range []sla.Priority{sla.P1, sla.P2, sla.P3, sla.P4} {
			l.Priority = p
			c, _ := sla.Evaluate(l, d.book, now).Current(sla.Resolution)
			if c.Ticking && c.Due.Before(last) {
				t.Fatalf("%s is due %s, before a stricter priority", p, c.Due)
			}
			last = c.Due
		}
	})
}

// checkAlerts replays a log at many instants, as an evaluator of any period
// would, and checks what each alert did.
func checkAlerts(t *rapid.T, d desk) {
	l := d.log(t, drawnKinds)
	slices.SortStableFunc(l.Events, func(a, b sla.Event) int { return a.At.Compare(b.At) })
	type key struct {
		target sla.Target
		cycle  int
		p      int
	}
	fired := map[key]time.Time{}
	now := l.Created
	for k := 0; k <= len(l.Events); k++ {
		part, until := l, later(t, l)
		part.Events = l.Events[:k]
		if k < len(l.Events) {
			until = l.Events[k].At.Add(-time.Nanosecond)
		}
		for ; !now.After(until); now = now.Add(time.Duration(rapid.IntRange(1, 2000).Draw(t, "tick")) * time.Minute) {
			s := sla.Evaluate(part, d.book, now)
			for _, a := range s.DueAlerts() {
				if was, ok := fired[key{a.Target, a.Cycle, a.Percent}]; ok && !was.Equal(a.FiredAt) {
					t.Fatalf("%+v fired before at %s", a, was)
				}
				fired[key{a.Target, a.Cycle, a.Percent}] = a.FiredAt
			}
			for _, c := range s.Cycles {
				checkPlan(t, c, now)
			}
		}
	}
}

// checkPlan checks one cycle's alerts: ascending, none in the future fired,
// none foreseen when it does not tick, the last one at due.
func checkPlan(t *rapid.T, c sla.Cycle, now time.Time) {
	var last time.Time
	for _, a := range c.Alerts {
		if a.FiredAt.After(now) || !a.FiredAt.IsZero() && a.FiredAt.Before(c.Start) {
			t.Fatalf("%s %d%% fired at %s, now is %s", c.Target, a.Percent, a.FiredAt, now)
		}
		if !a.At.IsZero() && (!c.Ticking || a.At.Before(last)) {
			t.Fatalf("%s %d%% is foreseen for %s after %s, ticking %v", c.Target, a.Percent, a.At, last, c.Ticking)
		}
		if a.Percent == 100 && !a.At.IsZero() {
			eqTime(t, "100% at due", a.At, c.Due)
		}
		if !a.At.IsZero() {
			last = a.At
		}
	}
}

func TestEvents(t *testing.T) {
	deskProperty(t, "30 oldest unanswered", func(t *rapid.T, d desk) {
		l := d.log(t, nil)
		at := l.Created.Add(time.Minute)
		l.Events = []sla.Event{{At: at, Kind: sla.AgentReply}, {At: at.Add(time.Minute), Kind: sla.AgentReply}}
		if _, ok := sla.Evaluate(l, d.book, at.Add(time.Hour)).Current(sla.NextResponse); ok {
			t.Fatal("next response runs though nobody waits")
		}
		l.Events = append(l.Events, sla.Event{At: at.Add(2 * time.Minute), Kind: sla.CustomerMessage})
		want, _ := sla.Evaluate(l, d.book, at.Add(time.Hour)).Current(sla.NextResponse)
		l.Events = append(l.Events, sla.Event{At: at.Add(9 * time.Minute), Kind: sla.CustomerMessage})
		got, _ := sla.Evaluate(l, d.book, at.Add(time.Hour)).Current(sla.NextResponse)
		same(t, "second message", got, want)
	})
	deskProperty(t, "31 first response is single", func(t *rapid.T, d desk) {
		l := d.log(t, nil)
		at := l.Created.Add(time.Minute)
		l.Events = []sla.Event{{At: l.Created, Kind: "internal_note"}, {At: at, Kind: sla.Waiting}, {At: at, Kind: sla.AgentReply}}
		a, _ := sla.Evaluate(l, d.book, at.Add(time.Hour)).Current(sla.FirstResponse)
		slices.Reverse(l.Events)
		l.Events = append(l.Events, sla.Event{At: at.Add(time.Hour), Kind: sla.AgentReply})
		b, _ := sla.Evaluate(l, d.book, at.Add(time.Hour)).Current(sla.FirstResponse)
		same(t, "other order", b, a)
		eq(t, "status", a.Status, sla.Met)
	})
	deskProperty(t, "32 policy change without change", func(t *rapid.T, d desk) {
		l := d.log(t, []sla.EventKind{sla.CustomerMessage, sla.AgentReply, sla.Waiting, sla.Resolved, sla.Reopened})
		now := later(t, l)
		want := sla.Evaluate(l, d.book, now)
		at := d.instant(t, "change")
		if at.Before(l.Created) || at.After(now) {
			at = l.Created
		}
		again := sla.Event{At: at, Kind: sla.Reclassified, Tier: l.Tier, Priority: l.Priority}
		l2 := l
		l2.Events = append(slices.Clone(l.Events), again)
		same(t, "same policy again", sla.Evaluate(l2, d.book, now), want)
		other := sla.Event{At: at, Kind: sla.Reclassified, Tier: drawTier(t), Priority: drawPriority(t)}
		l2.Events = append(slices.Clone(l.Events), other, again)
		same(t, "there and back", sla.Evaluate(l2, d.book, now), want)
	})
	deskProperty(t, "32 same calendar: as from creation", func(t *rapid.T, d desk) {
		l := d.log(t, []sla.EventKind{sla.Waiting, sla.CustomerMessage})
		l.Tier, l.Priority = "standard", sla.P4
		before, _ := sla.Evaluate(l, d.book, end(l)).Current(sla.Resolution)
		change := l
		change.Events = append(slices.Clone(l.Events), sla.Event{At: end(l), Kind: sla.Reclassified, Tier: "standard", Priority: sla.P1})
		l.Priority = sla.P1
		now := later(t, l)
		a, _ := sla.Evaluate(change, d.book, now).Current(sla.Resolution)
		b, _ := sla.Evaluate(l, d.book, now).Current(sla.Resolution)
		eqTime(t, "due", a.Due, b.Due)
		eq(t, "elapsed", a.Elapsed, b.Elapsed)
		eq(t, "status", a.Status, b.Status)
		if before.Breach != nil { // it was late already, and what is recorded stays
			same(t, "breach before the change", a.Breach, before.Breach)
			return
		}
		if a.Breach != nil {
			eqTime(t, "breached at", a.Breach.At, b.Breach.At)
		}
	})
	deskProperty(t, "34 reopening is a pause", func(t *rapid.T, d desk) {
		l := d.log(t, nil)
		from := l.Created.Add(d.amount(t, "before"))
		to := from.Add(d.amount(t, "delta"))
		now := to.Add(d.amount(t, "after"))
		l.Events = []sla.Event{{At: from, Kind: sla.Resolved}, {At: to, Kind: sla.Reopened}}
		a := sla.Evaluate(l, d.book, now)
		l.Events = []sla.Event{{At: from, Kind: sla.Waiting}, {At: to, Kind: sla.Resumed}}
		b := sla.Evaluate(l, d.book, now)
		ra, _ := a.Current(sla.Resolution)
		rb, _ := b.Current(sla.Resolution)
		eqTime(t, "due", ra.Due, rb.Due)
		eq(t, "elapsed", ra.Elapsed, rb.Elapsed)
		fa, _ := a.Current(sla.FirstResponse)
		fb, _ := b.Current(sla.FirstResponse)
		same(t, "first response", fa, fb)
	})
}

func TestReplay(t *testing.T) {
	deskProperty(t, "36 serialisation, 37 rebuild", func(t *rapid.T, d desk) {
		l := d.log(t, drawnKinds)
		now := later(t, l)
		want, err := json.Marshal(sla.Evaluate(l, d.book, now))
		if err != nil {
			t.Fatal(err)
		}
		var back sla.Log
		b, err := json.Marshal(l)
		if err == nil {
			err = json.Unmarshal(b, &back)
		}
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(sla.Evaluate(back, d.book, now))
		if err != nil {
			t.Fatal(err)
		}
		eq(t, "bytes", string(got), string(want))
		var state sla.State
		if err := json.Unmarshal(want, &state); err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(state)
		if err != nil {
			t.Fatal(err)
		}
		eq(t, "state through JSON", string(again), string(want))
	})
	deskProperty(t, "38 late events", func(t *rapid.T, d desk) {
		l := d.log(t, drawnKinds)
		for i := range l.Events { // distinct instants: order at one instant is the log's
			l.Events[i].At = l.Events[i].At.Add(time.Duration(i) * time.Second)
		}
		now := later(t, l)
		want := sla.Evaluate(l, d.book, now)
		l.Events = rapid.Permutation(l.Events).Draw(t, "shuffled")
		same(t, "shuffled", sla.Evaluate(l, d.book, now), want)
	})
	deskProperty(t, "39 clock skew", func(t *rapid.T, d desk) {
		l := d.log(t, drawnKinds)
		same(t, "an early now", sla.Evaluate(l, d.book, l.Created.AddDate(-1, 0, 0)), sla.Evaluate(l, d.book, end(l)))
	})
	deskProperty(t, "40 other offsets", func(t *rapid.T, d desk) {
		l := d.log(t, drawnKinds)
		now := later(t, l)
		want := sla.Evaluate(l, d.book, now)
		east := time.FixedZone("east", 9*3600)
		l.Created = l.Created.In(east)
		l.Events = slices.Clone(l.Events)
		for i := range l.Events {
			l.Events[i].At = l.Events[i].At.In(east)
		}
		a, _ := json.Marshal(want)
		b, _ := json.Marshal(sla.Evaluate(l, d.book, now.In(east)))
		eq(t, "bytes", string(b), string(a))
	})
}
