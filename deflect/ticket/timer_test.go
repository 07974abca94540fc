package ticket_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/deflect/policy"
	"github.com/vmcloud/ricochet/deflect/ticket"
)

func shippedClocks(t testing.TB) ticket.Clocks {
	t.Helper()
	set, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	return ticket.Clocks{Book: set.Book}
}

// monday is in the middle of the desk's morning: 10:00 in Paris.
var monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func history(tier ticket.Tier, p ticket.Priority, events ...ticket.Event) []ticket.Event {
	log := []ticket.Event{{At: monday, Kind: ticket.Created, Actor: ticket.Actor{Kind: ticket.ByCustomer}, Data: ticket.EventData{Tier: tier, Priority: p}}}
	log = append(log, events...)
	for i := range log {
		log[i].Seq = int64(i) + 1
	}
	return log
}

func moved(at time.Time, from, to ticket.State) ticket.Event {
	return ticket.Event{
		At: at, Kind: ticket.StateChanged, Actor: ticket.Actor{Kind: ticket.ByStaff, ID: "s"}, Data: ticket.EventData{From: string(from), To: string(to)},
	}
}

// dueKinds are the actions due at an instant, in words.
func dueKinds(c ticket.Clocks, log []ticket.Event, at time.Time) []string {
	due, _ := c.Timers(log, at)
	var all []string
	for _, a := range due {
		all = append(all, fmt.Sprint(a.Kind, " ", a.Level, a.Notice, a.Percent))
	}
	return all
}

func has(list []string, s string) bool { return slices.Contains(list, s) }

// D-24: the second level after 30 minutes without progress, formally after an
// hour, the third after two hours of P1; progress begins the first two anew.
func TestEscalationTimers(t *testing.T) {
	c := shippedClocks(t)
	log := history(ticket.Standard, ticket.P1, moved(monday.Add(time.Minute), ticket.New, ticket.InProgress))
	begun := monday.Add(time.Minute)
	for _, tt := range []struct {
		at                 time.Time
		two, formal, three bool
	}{
		{begun.Add(30*time.Minute - time.Millisecond), false, false, false},
		{begun.Add(30 * time.Minute), true, false, false},
		{begun.Add(time.Hour), true, true, false},
		{monday.Add(2*time.Hour - time.Millisecond), true, true, false},
		{monday.Add(2 * time.Hour), true, true, true},
	} {
		due := dueKinds(c, log, tt.at)
		if has(due, "escalate L20") != tt.two || has(due, "escalate formal0") != tt.formal || has(due, "escalate L30") != tt.three {
			t.Errorf("at %s: %v", tt.at, due)
		}
	}
	note := ticket.Event{At: begun.Add(29 * time.Minute), Kind: ticket.Noted, Actor: ticket.Actor{Kind: ticket.ByStaff, ID: "s"}}
	if due := dueKinds(c, append(slices.Clone(log), note), begun.Add(31*time.Minute)); has(due, "escalate L20") {
		t.Errorf("after a note: %v", due)
	}
	// 75 % of an Enterprise P1's two hours come before the two hours.
	log = history(ticket.Enterprise, ticket.P1)
	if due := dueKinds(c, log, monday.Add(90*time.Minute)); !has(due, "escalate L30") {
		t.Errorf("75 %% of the resolution target: %v", due)
	}
}

// Whatever the log, a wake is never in the past without something due, and
// what is due at a wake was not due a millisecond before.
func TestWakesAreExact(t *testing.T) {
	c := shippedClocks(t)
	for _, tier := range ticket.Tiers {
		for _, p := range ticket.Priorities {
			log := history(tier, p)
			now := monday
			for range 40 {
				due, wake := c.Timers(log, now)
				for _, a := range due { // recorded as the service would
					e := ticket.Event{At: now, Actor: ticket.Actor{Kind: ticket.BySystem}, Seq: int64(len(log)) + 1}
					switch a.Kind {
					case ticket.ActAlert:
						e.Kind, e.Data = ticket.AlertFired, ticket.EventData{Target: a.Target, Cycle: a.Cycle, Percent: a.Percent}
					case ticket.ActBreach:
						e.Kind, e.Data = ticket.BreachNoted, ticket.EventData{Target: a.Target, Cycle: a.Cycle}
					case ticket.ActPage:
						e.Kind = ticket.Paged
					case ticket.ActEscalate:
						e.Kind, e.Data = ticket.EscalationDue, ticket.EventData{To: a.Level}
					default:
						t.Fatalf("%s %s: %+v", tier, p, a)
					}
					log = append(log, e)
				}
				if len(due) > 0 {
					if again, _ := c.Timers(log, now); len(again) > 0 {
						t.Fatalf("%s %s: due again after it was recorded: %+v", tier, p, again)
					}
					continue
				}
				if wake.IsZero() {
					break
				}
				if !wake.After(now) {
					t.Fatalf("%s %s: wakes at %s, it is %s", tier, p, wake, now)
				}
				now = wake
			}
		}
	}
}

// D-22: promises that fall into the night are named, those of on-call are not.
func TestPromisesThatNobodyIsThereToKeep(t *testing.T) {
	c := shippedClocks(t)
	evening := time.Date(2026, 11, 23, 18, 30, 0, 0, time.UTC) // 19:30 in Paris, the desk closes at 20:00
	at := func(tier ticket.Tier, p ticket.Priority) []ticket.Target {
		log := history(tier, p)
		log[0].At = evening
		promises, _ := c.Schedule(log, evening)
		return c.AtRisk(ticket.Ticket{Tier: tier, Priority: p, SLA: promises}, evening)
	}
	if got := at(ticket.Enterprise, ticket.P3); len(got) != 1 || got[0].Name != "first_response" {
		t.Errorf("Enterprise P3: %+v", got)
	}
	for _, tt := range []struct {
		tier ticket.Tier
		p    ticket.Priority
	}{{ticket.Enterprise, ticket.P1}, {ticket.Business, ticket.P3}, {ticket.Free, ticket.P3}} {
		if got := at(tt.tier, tt.p); len(got) != 0 {
			t.Errorf("%s %s: %+v", tt.tier, tt.p, got)
		}
	}
	if got, want := c.Staffed(evening.Add(time.Hour)), time.Date(2026, 11, 24, 7, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("staffed again at %s, want %s", got, want)
	}
}

// D-18, D-22: who speaks the language first, then who has least to do.
func TestSubstitute(t *testing.T) {
	person := func(id string, role ticket.Role, langs ...string) ticket.Staff {
		return ticket.Staff{ID: id, Role: role, PasswordHash: "x", Skills: ticket.Skills{Langs: langs}}
	}
	gone := person("gone", ticket.Agent, "fr")
	gone.Disabled = true
	team := []ticket.Staff{
		person("owner", ticket.Agent, "fr"), person("away", ticket.Agent, "fr"), gone, person("boss", ticket.Director, "fr"),
		person("english", ticket.Agent, "en"), person("busy", ticket.Lead, "fr"), person("free", ticket.Agent, "fr"),
	}
	load := map[string]int{"busy": 3, "free": 2}
	tk := ticket.Ticket{Assignee: "owner", Lang: "fr"}
	if got := ticket.Substitute(team, map[string]bool{"owner": true, "away": true}, load, tk); got != "free" {
		t.Errorf("%q", got)
	}
	if got := ticket.Substitute(team, map[string]bool{"away": true, "busy": true, "free": true}, load, tk); got != "english" {
		t.Errorf("%q", got)
	}
	if got := ticket.Substitute(team[:4], map[string]bool{"away": true}, load, tk); got != "" {
		t.Errorf("%q", got)
	}
}
