package policy

import (
	"testing"
	"time"

	"github.com/vmcloud/ricochet/deflect/sla"
)

func TestDefaultLoads(t *testing.T) {
	set, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	paris := set.Calendars["standard"].Zone().Location()
	at := time.Date(2026, 4, 3, 17, 0, 0, 0, paris) // the Friday before Easter Monday
	for _, tc := range []struct {
		tier     string
		priority sla.Priority
		first    string
		solved   string
	}{
		{"free", sla.P1, "2026-04-09T10:00:00+02:00", ""},
		{"standard", sla.P1, "2026-04-03T17:30:00+02:00", "2026-04-04T01:00:00+02:00"},
		{"standard", sla.P3, "2026-04-04T13:00:00+02:00", "2026-04-15T18:00:00+02:00"},
		{"business", sla.P2, "2026-04-03T19:00:00+02:00", "2026-04-07T13:00:00+02:00"},
		{"enterprise", sla.P4, "2026-04-03T18:00:00+02:00", "2026-04-13T17:00:00+02:00"},
	} {
		got := map[sla.Target]string{}
		for _, target := range []sla.Target{sla.FirstResponse, sla.Resolution} {
			if due, _, ok := set.Book.At(at).Cell(tc.tier, tc.priority, target).Due(at); ok {
				got[target] = due.In(paris).Format(time.RFC3339)
			}
		}
		if got[sla.FirstResponse] != tc.first || got[sla.Resolution] != tc.solved {
			t.Errorf("%s %s: got %v, want %s and %s", tc.tier, tc.priority, got, tc.first, tc.solved)
		}
	}
}
