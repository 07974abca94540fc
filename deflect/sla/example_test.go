package sla_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vmcloud/ricochet/deflect/sla"
)

// TestTraps are what other trackers got wrong, one example each.
func TestTraps(t *testing.T) {
	book, cal := officeDesk(t)
	created := clockAt(1, 10, 0)
	at := func(kind sla.EventKind, day, hour, minute int) sla.Event {
		return sla.Event{At: clockAt(day, hour, minute), Kind: kind}
	}
	change := func(e sla.Event, tier string, p sla.Priority) sla.Event {
		e.Kind, e.Tier, e.Priority = sla.Reclassified, tier, p
		return e
	}
	for _, tc := range []struct {
		name   string
		events []sla.Event
		now    time.Time
		target sla.Target
		status sla.Status
		due    time.Time
	}{
		{"reply and pause in one save", []sla.Event{at(sla.Waiting, 1, 11, 0), at(sla.AgentReply, 1, 11, 0)}, clockAt(2, 9, 0), sla.FirstResponse, sla.Met, clockAt(1, 15, 0)},
		{"no update before the first reply", []sla.Event{at(sla.CustomerMessage, 1, 11, 0)}, clockAt(3, 9, 0), sla.PeriodicUpdate, sla.Inactive, time.Time{}},
		{"no next response when the agent spoke last", []sla.Event{at(sla.AgentReply, 1, 11, 0)}, clockAt(3, 9, 0), sla.NextResponse, sla.Inactive, time.Time{}},
		{"the pause outlives a change of tier", []sla.Event{at(sla.Waiting, 1, 11, 0), change(at("", 1, 11, 30), "business", sla.P3), at(sla.CustomerMessage, 1, 12, 0)}, clockAt(1, 12, 0), sla.Resolution, sla.Running, clockAt(1, 16, 0)},
		{"a merged ticket is silent", []sla.Event{at(sla.MergedInto, 1, 11, 0)}, clockAt(3, 9, 0), sla.Resolution, sla.CancelledMerged, clockAt(1, 15, 0)},
		{"a merged ticket stays breached", []sla.Event{at(sla.MergedInto, 1, 16, 0)}, clockAt(3, 9, 0), sla.Resolution, sla.Breached, clockAt(1, 15, 0)},
		{"the customer's message resumes", []sla.Event{at(sla.Waiting, 1, 11, 0), at(sla.CustomerMessage, 1, 12, 0)}, clockAt(1, 12, 0), sla.Resolution, sla.Running, clockAt(1, 16, 0)},
		{"paused exactly at due", []sla.Event{at(sla.Waiting, 1, 15, 0)}, clockAt(1, 16, 0), sla.Resolution, sla.Paused, time.Time{}},
		{"paused exactly at due, then resumed", []sla.Event{at(sla.Waiting, 1, 15, 0), at(sla.Resumed, 1, 16, 0)}, clockAt(1, 16, 0), sla.Resolution, sla.Running, clockAt(1, 16, 0)},
		{"changed exactly at due", []sla.Event{change(at("", 1, 15, 0), "standard", sla.P3)}, clockAt(1, 15, 0), sla.Resolution, sla.Running, clockAt(1, 15, 0)},
		{"closed without an answer", []sla.Event{at(sla.Closed, 1, 11, 0), at(sla.AgentReply, 1, 12, 0), at(sla.Reopened, 1, 12, 0)}, clockAt(1, 13, 0), sla.FirstResponse, sla.Inactive, clockAt(1, 15, 0)},
		{"closed is resolved", []sla.Event{at(sla.Closed, 1, 11, 0), at(sla.Resolved, 1, 12, 0)}, clockAt(1, 13, 0), sla.Resolution, sla.Met, clockAt(1, 15, 0)},
		{"reopened though not resolved", []sla.Event{at(sla.Reopened, 1, 11, 0)}, clockAt(1, 13, 0), sla.Resolution, sla.Running, clockAt(1, 15, 0)},
		{"reclassified while resolved", []sla.Event{at(sla.Resolved, 1, 11, 0), change(at("", 1, 12, 0), "standard", sla.P4), at(sla.Reopened, 1, 13, 0)}, clockAt(1, 13, 0), sla.Resolution, sla.Running, clockAt(3, 14, 0)},
		{"best effort late", []sla.Event{change(at("", 1, 10, 0), "free", sla.P3)}, clockAt(2, 10, 0), sla.FirstResponse, sla.Late, clockAt(1, 15, 0)},
		{"best effort answered late", []sla.Event{change(at("", 1, 10, 0), "free", sla.P3), at(sla.AgentReply, 1, 16, 0)}, clockAt(2, 10, 0), sla.FirstResponse, sla.Late, clockAt(1, 15, 0)},
		{"a tier without resolution target", []sla.Event{change(at("", 1, 10, 0), "free", sla.P3), at(sla.Resolved, 1, 16, 0)}, clockAt(2, 10, 0), sla.Resolution, sla.Inactive, time.Time{}},
		{"a tier without resolution target, open", []sla.Event{change(at("", 1, 10, 0), "free", sla.P3)}, clockAt(2, 10, 0), sla.Resolution, sla.Inactive, time.Time{}},
		{"a tier that does not exist", []sla.Event{change(at("", 1, 10, 0), "wood", sla.P3)}, clockAt(2, 10, 0), sla.Resolution, sla.Inactive, time.Time{}},
	} {
		l := sla.Log{Created: created, Tier: "standard", Priority: sla.P3, Events: tc.events}
		c, _ := sla.Evaluate(l, book, tc.now).Current(tc.target)
		if c.Status != tc.status || !c.Due.Equal(tc.due) {
			t.Errorf("%s: got %s due %s, want %s due %s", tc.name, c.Status, c.Due, tc.status, tc.due)
		}
	}
	for _, end := range []time.Duration{24*time.Hour - time.Minute, 24 * time.Hour} {
		spec := sla.Spec{Zone: "UTC"}
		spec.Weekly[time.Tuesday] = []sla.Hours{{Open: 0, Close: end}}
		spec.Weekly[time.Wednesday] = spec.Weekly[time.Tuesday]
		c, err := sla.NewCalendar("all day", spec)
		if err != nil {
			t.Fatal(err)
		}
		lost := 24*time.Hour - end
		from := time.Date(2026, 3, 3, 23, 30, 0, 0, time.UTC)
		if got, _ := c.Add(from, 30*time.Minute); !got.Equal(from.Add(30*time.Minute + 2*lost - lost)) {
			t.Errorf("all day to %s: due %s", end, got)
		}
	}
	if cal.Name() != "office" {
		t.Error(cal.Name())
	}
}

// A best-effort clock ran out when it did, whatever comes after: paused, it
// shows no due date (invariant 25) and still knows since when it is late.
func TestLateSince(t *testing.T) {
	book, _ := officeDesk(t)
	at := func(kind sla.EventKind, hour, minute int) sla.Event {
		return sla.Event{At: clockAt(1, hour, minute), Kind: kind}
	}
	answered := []sla.Event{at(sla.AgentReply, 10, 30)}
	for _, tc := range []struct {
		name   string
		events []sla.Event
		due    time.Time
	}{
		{"running", answered, clockAt(1, 15, 30)},
		{"paused since", append(answered, at(sla.Resolved, 17, 0)), time.Time{}},
		{"ended since", append(answered, at(sla.AgentReply, 17, 0), at(sla.Closed, 17, 0)), clockAt(1, 15, 30)},
	} {
		l := sla.Log{Created: clockAt(1, 10, 0), Tier: "free", Priority: sla.P3, Events: tc.events}
		found := false
		for _, c := range sla.Evaluate(l, book, clockAt(2, 10, 0)).Cycles {
			if c.Target != sla.PeriodicUpdate || c.Number != 1 {
				continue
			}
			found = true
			if c.Status != sla.Late || !c.LateSince.Equal(clockAt(1, 15, 30)) || !c.Due.Equal(tc.due) {
				t.Errorf("%s: %s since %s, due %s", tc.name, c.Status, c.LateSince, c.Due)
			}
		}
		if !found {
			t.Errorf("%s: no clock", tc.name)
		}
	}
}

// TestPausedAfterClosing: a pause that begins after a target ran out at closing
// comes too late.
func TestPausedAfterClosing(t *testing.T) {
	book, _ := officeDesk(t)
	l := sla.Log{Created: clockAt(1, 16, 0), Tier: "standard", Priority: sla.P2, Events: []sla.Event{{At: clockAt(1, 20, 0), Kind: sla.Waiting}}}
	c, _ := sla.Evaluate(l, book, clockAt(1, 21, 0)).Current(sla.Resolution)
	if c.Breach == nil || !c.Breach.At.Equal(clockAt(1, 18, 0)) {
		t.Errorf("got %+v", c)
	}
}

// TestPausedBeforeAWorkingDayIsOver: answered on Monday evening, due again on
// Wednesday at the opening, since Tuesday is the day. A pause of Tuesday
// evening comes before that, though no open time is left: it pauses, and due
// moves by the open part of the pause (D-14).
func TestPausedBeforeAWorkingDayIsOver(t *testing.T) {
	_, cal := officeDesk(t)
	start, pause := clockAt(1, 20, 0), clockAt(2, 19, 0)
	for _, tt := range []struct{ resumed, due time.Time }{
		{time.Time{}, time.Time{}}, // as long as it stands nothing is due
		{clockAt(3, 8, 0), clockAt(3, 9, 0)},
		{clockAt(3, 10, 0), clockAt(3, 10, 0)},
		{clockAt(3, 20, 0), clockAt(3, 18, 0)},
	} {
		r := sla.Measure(cal, sla.Figure{WorkingDays: 1}, start, []sla.Pause{{From: pause, To: tt.resumed}}, clockAt(4, 9, 0))
		if !r.Due.Equal(tt.due) {
			t.Errorf("resumed %s: due %s, want %s", tt.resumed, r.Due, tt.due)
		}
	}
	if r := sla.Measure(cal, sla.Figure{WorkingDays: 1}, start, []sla.Pause{{From: clockAt(3, 9, 1)}}, clockAt(4, 9, 0)); !r.Due.Equal(clockAt(3, 9, 0)) {
		t.Errorf("paused after due: due %s", r.Due)
	}
}

// TestResumedWithNothingLeft: a breach that is only there because the clock
// went on is known when it went on, though it is dated to the closing before.
func TestResumedWithNothingLeft(t *testing.T) {
	book, _ := officeDesk(t)
	l := sla.Log{Created: clockAt(1, 10, 0), Tier: "standard", Priority: sla.P2, Events: []sla.Event{
		{At: clockAt(1, 12, 0), Kind: sla.Waiting}, {At: clockAt(1, 20, 0), Kind: sla.Resumed},
	}}
	for at, known := range map[time.Time]bool{clockAt(1, 19, 0): false, clockAt(1, 20, 0): true, clockAt(3, 9, 0): true} {
		c, _ := sla.Evaluate(sla.Log{Created: l.Created, Tier: l.Tier, Priority: l.Priority, Events: until(l.Events, at)}, book, at).Current(sla.Resolution)
		if (c.Breach != nil) != known {
			t.Errorf("at %s: %+v", at, c)
		}
		if known && (!c.Breach.At.Equal(clockAt(1, 18, 0)) || !c.Breach.NoticedAt.Equal(clockAt(1, 20, 0))) {
			t.Errorf("at %s: %+v", at, c.Breach)
		}
	}
}

// until is what a log held at an instant.
func until(events []sla.Event, at time.Time) []sla.Event {
	return slices.DeleteFunc(slices.Clone(events), func(e sla.Event) bool { return e.At.After(at) })
}

// TestPausedAtClosing: a pause in the very instant of closing comes too late
// for a target that runs out then; that it will be broken is known.
func TestPausedAtClosing(t *testing.T) {
	book, _ := officeDesk(t)
	l := sla.Log{Created: clockAt(1, 16, 0), Tier: "standard", Priority: sla.P2, Events: []sla.Event{{At: clockAt(1, 18, 0), Kind: sla.Waiting}}}
	c, _ := sla.Evaluate(l, book, clockAt(1, 18, 0)).Current(sla.Resolution)
	if c.Status != sla.Paused || c.Breach != nil || !c.RunsOut.Equal(clockAt(1, 18, 0)) {
		t.Errorf("got %+v", c)
	}
}

// TestPausedAtDueElsewhere: what ran out at the instant of a pause is due no
// earlier than that instant, though the clock resumes under a calendar that
// closed before.
func TestPausedAtDueElsewhere(t *testing.T) {
	book, _ := officeDesk(t)
	saturday := clockAt(6, 9, 0)
	l := sla.Log{Created: saturday, Tier: "custom", Priority: sla.P2, Events: []sla.Event{
		{At: clockAt(6, 11, 0), Kind: sla.Waiting},
		{At: clockAt(6, 12, 0), Kind: sla.Reclassified, Tier: "standard", Priority: sla.P2},
		{At: clockAt(6, 13, 0), Kind: sla.Resumed},
	}}
	c, _ := sla.Evaluate(l, book, clockAt(6, 14, 0)).Current(sla.Resolution)
	if !c.Due.Equal(clockAt(6, 11, 0)) || c.Breach == nil {
		t.Errorf("got %+v", c)
	}
}

// TestReclassification follows D-16 through one example.
func TestReclassification(t *testing.T) {
	book, _ := officeDesk(t)
	l := sla.Log{Created: clockAt(1, 10, 0), Tier: "business", Priority: sla.P4, Events: []sla.Event{
		{At: clockAt(1, 14, 0), Kind: sla.Reclassified, Tier: "business", Priority: sla.P2},
	}}
	c, _ := sla.Evaluate(l, book, clockAt(1, 14, 0)).Current(sla.Resolution)
	want := &sla.Breach{Target: sla.Resolution, Cycle: 1, Tier: "business", Priority: sla.P2, Kind: sla.Contractual,
		At: clockAt(1, 12, 0), NoticedAt: clockAt(1, 14, 0), ByReclassification: true}
	if diff := cmp.Diff(want, c.Breach); diff != "" {
		t.Error(diff)
	}
	wantAlerts := []sla.Alert{{Percent: 50, Skipped: true}, {Percent: 75, Skipped: true}, {Percent: 90, Skipped: true}, {Percent: 100, FiredAt: clockAt(1, 14, 0)}}
	if diff := cmp.Diff(wantAlerts, c.Alerts); diff != "" {
		t.Errorf("only the highest alert fires: %s", diff)
	}
	credits := book.CreditsOf([]sla.Claimed{{Breach: *c.Breach, Ticket: "VM-1"}}, 0)
	if len(credits) != 0 {
		t.Errorf("a P2 resolution earns nothing under this policy: %+v", credits)
	}
}

func TestQueue(t *testing.T) {
	book, _ := officeDesk(t)
	l := sla.Log{Created: clockAt(1, 10, 0), Tier: "standard", Priority: sla.P3, Events: []sla.Event{{At: clockAt(1, 11, 0), Kind: sla.AgentReply}}}
	s := sla.Evaluate(l, book, clockAt(1, 12, 0))
	if next, ok := s.Next(); !ok || !next.Equal(clockAt(1, 12, 30)) {
		t.Errorf("next alert at %s, want half of the resolution target at 12:30", next)
	}
	if c, ok := s.NextDue(); !ok || c.Target != sla.Resolution || !c.Due.Equal(clockAt(1, 15, 0)) {
		t.Errorf("next due: %+v", c)
	}
	l.Events = append(l.Events, sla.Event{At: clockAt(1, 12, 0), Kind: sla.Waiting})
	if next, ok := sla.Evaluate(l, book, clockAt(1, 13, 0)).Next(); ok {
		t.Errorf("a paused ticket alerts at %s", next)
	}
	due := sla.Evaluate(sla.Log{Created: clockAt(1, 10, 0), Tier: "standard", Priority: sla.P2}, book, clockAt(1, 11, 0)).DueAlerts()
	if len(due) != 2 || due[0].Percent != 50 {
		t.Errorf("due alerts: %+v", due)
	}
}

// TestCredits is invariant 41 by example and by shuffling.
func TestCredits(t *testing.T) {
	book, _ := officeDesk(t)
	late := func(ticket string, target sla.Target, at time.Time) sla.Claimed {
		return sla.Claimed{Ticket: ticket, Breach: sla.Breach{Target: target, Cycle: 1, Tier: "business", Priority: sla.P1, Kind: sla.Contractual, At: at}}
	}
	breaches := []sla.Claimed{
		late("VM-1", sla.FirstResponse, clockAt(1, 9, 0)), late("VM-1", sla.Resolution, clockAt(1, 12, 0)),
		late("VM-2", sla.Resolution, clockAt(2, 9, 0)), late("VM-3", sla.Resolution, clockAt(3, 9, 0)),
		late("VM-3", sla.Resolution, clockAt(3, 9, 0)), late("VM-4", sla.Resolution, clockAt(40, 9, 0)),
		late("VM-5", sla.NextResponse, clockAt(3, 9, 0)),
	}
	excluded, waiting, goal := late("VM-6", sla.Resolution, clockAt(1, 8, 0)), late("VM-7", sla.Resolution, clockAt(1, 8, 0)), late("VM-8", sla.Resolution, clockAt(1, 8, 0))
	excluded.Excluded, waiting.ByReclassification, goal.Kind = "force majeure", true, sla.Internal
	standard := late("VM-9", sla.Resolution, clockAt(1, 8, 0))
	standard.Tier = "standard"
	breaches = append(breaches, excluded, waiting, goal, standard)
	want := book.CreditsOf(breaches, 0)
	if len(want) != 2 || want[0].Share != 2500 || want[0].Month != "2026-03" || want[1].Share != 1000 || len(want[0].Lines) != 6 {
		t.Fatalf("got %+v", want)
	}
	if n := want[0].Lines[5].Counted; n != 0 {
		t.Errorf("the last line counts %d beyond the cap", n)
	}
	for range 20 {
		rand.Shuffle(len(breaches), func(i, j int) { breaches[i], breaches[j] = breaches[j], breaches[i] })
		if diff := cmp.Diff(want, book.CreditsOf(breaches, 0)); diff != "" {
			t.Fatalf("the order matters: %s", diff)
		}
	}
	bare := *book.At(clockAt(1, 9, 0))
	bare.Working = nil
	other, err := sla.NewBook(&bare)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, other.CreditsOf(breaches, 0)); diff != "" {
		t.Errorf("without working days the first tier's zone gives the month: %s", diff)
	}
	if got := book.CreditsOf(breaches, 20000)[0].Share; got != 3500 {
		t.Errorf("with a contract's cap: %d", got)
	}
}

func TestPolicyTable(t *testing.T) {
	book, cal := officeDesk(t)
	p := book.At(clockAt(1, 9, 0))
	for _, tc := range []struct {
		mrr      int64
		contract string
		want     string
	}{{0, "", "free"}, {1, "", "standard"}, {50000, "", "standard"}, {50001, "", "business"}, {0, "custom", "custom"}, {900000, "gold", "business"}} {
		if got := p.TierFor(tc.mrr, tc.contract); got != tc.want {
			t.Errorf("%d cents, contract %q: got %s, want %s", tc.mrr, tc.contract, got, tc.want)
		}
	}
	for _, target := range []sla.Target{sla.FirstResponse, sla.Resolution} {
		c := p.Cell("standard", sla.P2, target)
		due, open, ok := c.Due(clockAt(1, 17, 0))
		if !ok || !due.Equal(clockAt(2, 10, 0)) || open != 2*time.Hour || c.Kind != sla.Contractual || c.Calendar != cal {
			t.Errorf("%s: due %s after %s open, %+v", target, due, open, c)
		}
	}
	// The later of working days and an amount of time (D-7).
	cell := sla.Cell{Figure: sla.Figure{WorkingDays: 5, Open: 20 * time.Hour}, Calendar: cal, Working: cal}
	if due, open, ok := cell.Due(clockAt(1, 10, 0)); !ok || !due.Equal(clockAt(8, 10, 0)) || open != 45*time.Hour {
		t.Errorf("due %s, open %s", due, open)
	}
	// A promise in days keeps its time of day, even at an opening.
	r := sla.Measure(cal, sla.Figure{WorkingDays: 1}, clockAt(1, 20, 0), []sla.Pause{{From: clockAt(9, 9, 0)}}, clockAt(1, 8, 0))
	if !r.Due.Equal(clockAt(3, 9, 0)) || r.Elapsed != 0 {
		t.Errorf("due %s, elapsed %s", r.Due, r.Elapsed)
	}
}

// TestAdopt: a book that adopts another one says what that one says, and the
// other stays its own.
func TestAdopt(t *testing.T) {
	book, cal := officeDesk(t)
	always, err := sla.NewCalendar("always", sla.Spec{Zone: "UTC", AlwaysOpen: true})
	if err != nil {
		t.Fatal(err)
	}
	other, err := sla.NewBook(&sla.Policy{Name: "other", Tiers: []sla.Tier{{Name: "standard", Calendar: always}}, Cells: []sla.Cell{
		{Tier: "standard", Priority: sla.P2, Target: sla.Resolution, Kind: sla.Contractual, Calendar: always, Figure: sla.Figure{Open: 2 * time.Hour}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	l := sla.Log{Created: clockAt(1, 17, 0), Tier: "standard", Priority: sla.P2}
	due := func() time.Time {
		c, _ := sla.Evaluate(l, book, l.Created).Current(sla.Resolution)
		return c.Due
	}
	if want, _ := cal.Add(l.Created, 2*time.Hour); !due().Equal(want) {
		t.Errorf("before: due %s, want %s", due(), want)
	}
	book.Adopt(other)
	if want := l.Created.Add(2 * time.Hour); !due().Equal(want) {
		t.Errorf("after: due %s, want %s", due(), want)
	}
}

// TestDefaultTimers: the figures of D-21 and D-24.
func TestDefaultTimers(t *testing.T) {
	d := sla.DefaultTimers()
	got := []time.Duration{d.WaitingReminder, d.WaitingClose, d.ResolvedClose, d.AskedReminder, d.AskedClose, d.NoProgress, d.Formal, d.ThirdLevel[sla.P1], d.ThirdLevel[sla.P2], d.ThirdLevel[sla.P3]}
	h := time.Hour
	if diff := cmp.Diff([]time.Duration{72 * h, 168 * h, 72 * h, 72 * h, 168 * h, h / 2, h, 2 * h, 4 * h, 24 * h}, got); diff != "" {
		t.Error(diff)
	}
}

// TestPolicyVersions: an edit never changes a promise already made (D-12).
func TestPolicyVersions(t *testing.T) {
	old, cal := officeDesk(t)
	v1 := *old.At(clockAt(1, 9, 0))
	v2 := v1
	v2.Effective = clockAt(1, 12, 0)
	v2.Cells = []sla.Cell{{Tier: "standard", Priority: sla.P3, Target: sla.FirstResponse, Kind: sla.Contractual, Figure: sla.Figure{Open: time.Hour}, Calendar: cal}}
	book, err := sla.NewBook(&v2, &v1)
	if err != nil {
		t.Fatal(err)
	}
	for created, want := range map[time.Time]time.Time{clockAt(1, 10, 0): clockAt(1, 15, 0), clockAt(1, 12, 0): clockAt(1, 13, 0)} {
		c, _ := sla.Evaluate(sla.Log{Created: created, Tier: "standard", Priority: sla.P3}, book, clockAt(1, 12, 30)).Current(sla.FirstResponse)
		if !c.Due.Equal(want) {
			t.Errorf("created %s: due %s, want %s", created, c.Due, want)
		}
	}
	for name, bad := range map[string][]*sla.Policy{
		"none": nil, "no tier": {{Name: "x"}}, "no calendar": {{Tiers: []sla.Tier{{Name: "a"}}}}, "twice": {&v1, &v1},
		"cell of no tier": {{Tiers: []sla.Tier{{Name: "a", Calendar: cal}}, Cells: []sla.Cell{{Tier: "b", Calendar: cal}}}},
	} {
		if _, err := sla.NewBook(bad...); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestBadCalendars(t *testing.T) {
	day := sla.Date{Year: 2026, Month: 3, Day: 2}
	for name, specs := range map[string][]sla.Spec{
		"no version":    nil,
		"no zone":       {{}},
		"the host's":    {{Zone: "Local"}},
		"outside":       {{Zone: "../etc/passwd"}},
		"a folder":      {{Zone: "Europe"}},
		"unordered":     {{Zone: "UTC"}, {Zone: "UTC"}},
		"beyond 24 h":   {{Zone: "UTC", Overrides: map[sla.Date][]sla.Hours{day: {{Open: 0, Close: 25 * time.Hour}}}}},
		"later unknown": {{Zone: "UTC"}, {Zone: "Mars/Base", Effective: clockAt(1, 1, 1)}},
	} {
		if _, err := sla.NewCalendar(name, specs...); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestEmbeddedZones is invariant 40: the machine's own time-zone data changes
// nothing.
func TestEmbeddedZones(t *testing.T) {
	t.Setenv("ZONEINFO", t.TempDir())
	t.Setenv("TZ", "Asia/Tokyo")
	z, err := sla.LoadZone("Atlantic/Azores")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := z.Instant(sla.Date{Year: 2034, Month: 7, Day: 1}, 12*time.Hour), time.Date(2034, 7, 1, 12, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("noon in the Azores is %s, want %s", got, want)
	}
}

// TestNeverOpen: a calendar that runs out answers "none" everywhere.
func TestNeverOpen(t *testing.T) {
	day := sla.Date{Year: 2026, Month: 3, Day: 2}
	spec := sla.Spec{Zone: "UTC", Overrides: map[sla.Date][]sla.Hours{day: {{Open: 9 * time.Hour, Close: 10 * time.Hour}}}}
	c, err := sla.NewCalendar("once", spec)
	if err != nil {
		t.Fatal(err)
	}
	later := clockAt(3, 9, 0)
	for name, ask := range map[string]func() (time.Time, bool){
		"add":        func() (time.Time, bool) { return c.Add(later, time.Minute) },
		"zero":       func() (time.Time, bool) { return c.Add(later, 0) },
		"backwards":  func() (time.Time, bool) { return c.Add(later, -2*time.Hour) },
		"next open":  func() (time.Time, bool) { return c.NextOpen(later) },
		"next close": func() (time.Time, bool) { return c.NextClose(later) },
		"prev close": func() (time.Time, bool) { return c.PrevClose(clockAt(-9, 9, 0)) },
		"days":       func() (time.Time, bool) { return c.AddDays(later, 1) },
	} {
		if at, ok := ask(); ok {
			t.Errorf("%s: got %s", name, at)
		}
	}
	if got := c.OpenIntervals(later, 3); got != nil {
		t.Errorf("intervals %v", got)
	}
	for _, f := range []sla.Figure{{Open: 2 * time.Hour}, {WorkingDays: 3}} {
		if r := sla.Measure(c, f, later, nil, later); !r.Due.IsZero() {
			t.Errorf("%+v is due %s", f, r.Due)
		}
	}
	always, err := sla.NewCalendar("always", sla.Spec{Zone: "UTC", AlwaysOpen: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := always.OpenIntervals(later, 3); len(got) != 1 || !got[0].From.Equal(later) {
		t.Errorf("always open: %v", got)
	}
	far := time.Date(2500, 1, 1, 0, 0, 0, 0, time.UTC)
	if always.Between(far, far.AddDate(1, 0, 0)) != 0 || always.Between(time.Time{}, time.Unix(-631152000, 0)) != 0 {
		t.Error("time passes beyond the horizon")
	}
}

func TestTexts(t *testing.T) {
	for s, want := range map[string]time.Duration{"00:00": 0, "09:30": 570 * time.Minute, "24:00": 24 * time.Hour, "24:00:00": 24 * time.Hour, "23:59:59.5": 24*time.Hour - 500*time.Millisecond} {
		if got, err := sla.ParseClock(s); err != nil || got != want {
			t.Errorf("%s: got %s, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "24:01", "9h", "-1:00", "25:00"} {
		if got, err := sla.ParseClock(s); err == nil {
			t.Errorf("%q: got %s", s, got)
		}
	}
	d := sla.Date{Year: 2026, Month: 2, Day: 28}
	if b, err := d.MarshalText(); err != nil || string(b) != "2026-02-28" {
		t.Errorf("%s, %v", b, err)
	}
	if err := d.UnmarshalText([]byte("2026-02-30")); err == nil || d.Day != 28 {
		t.Error("the 30th of February was read")
	}
	if err := d.UnmarshalText([]byte("2026-03-01")); err != nil || d.Day != 1 {
		t.Error(err)
	}
}

func BenchmarkCalendar(b *testing.B) {
	_, office := officeDesk(&testing.T{})
	minute := sla.Spec{Zone: "Europe/Paris", Overrides: map[sla.Date][]sla.Hours{}}
	for year := 2000; year < 2100; year++ {
		minute.Overrides[sla.Date{Year: year, Month: 6, Day: 15}] = []sla.Hours{{Open: 12 * time.Hour, Close: 12*time.Hour + time.Minute}}
	}
	yearly, err := sla.NewCalendar("a minute a year", minute)
	if err != nil {
		b.Fatal(err)
	}
	from := clockAt(1, 10, 0)
	for name, run := range map[string]func(){
		"add two hours":                 func() { office.Add(from, 2*time.Hour) },
		"add ten years":                 func() { office.Add(from, 23000*time.Hour) },
		"between ten years":             func() { office.Between(from, from.AddDate(10, 0, 0)) },
		"add ten minutes, a year each":  func() { yearly.Add(from, 10*time.Minute) },
		"two thousand working days off": func() { office.AddDays(from, 2000) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				run()
			}
		})
	}
}

func BenchmarkEvaluate(b *testing.B) {
	book, _ := officeDesk(&testing.T{})
	l := sla.Log{Created: clockAt(1, 10, 0), Tier: "standard", Priority: sla.P3}
	for i := range 10 {
		l.Events = append(l.Events, sla.Event{At: clockAt(1+i, 11, 0), Kind: sla.AgentReply}, sla.Event{At: clockAt(1+i, 11, 0), Kind: sla.Waiting},
			sla.Event{At: clockAt(1+i, 15, 0), Kind: sla.CustomerMessage})
	}
	for b.Loop() {
		sla.Evaluate(l, book, clockAt(12, 10, 0))
	}
}
