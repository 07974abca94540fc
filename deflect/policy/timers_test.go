package policy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vmcloud/ricochet/deflect/policy"
	"github.com/vmcloud/ricochet/deflect/sla"
)

// D-21, D-24: the shipped file says what the defaults are.
func TestShippedTimers(t *testing.T) {
	set, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sla.DefaultTimers(), set.Latest.Timers); diff != "" {
		t.Errorf("shipped timers differ from the defaults:\n%s", diff)
	}
	if set.Latest.Staffing != set.Calendars["business"] {
		t.Error("the desk is not staffed in business hours")
	}
}

func TestTimersAreChecked(t *testing.T) {
	for from, want := range map[string]string{
		"waiting: {reminder: 168h, close: 168h}":  "no earlier than the closing",
		"waiting: {reminder: soon}":               `"soon", want an amount of time`,
		"resolved: {close: -1h}":                  "above zero",
		"asked: {priorities: [P7]}":               `unknown priority "P7"`,
		"escalation: {third_share: 101}":          "want a whole percent",
		"escalation: {third_level: {P9: 1h}}":     `unknown priority "P9"`,
		"escalation: {no_progress: 900000000h}":   "want an amount of time",
		"waiting: {remind: 3h}":                   `unknown key "remind"`,
		"resolved: {close: 72h, close: 73h}":      "",
		"escalation: {formal: never, x: 1}":       `unknown key "x"`,
		"asked: {reminder: 2h, close: never}":     "",
		"waiting: {reminder: never, close: 168h}": "",
	} {
		text := string(policy.DefaultYAML)
		at := strings.Index(text, "timers:\n")
		text = text[:at] + "timers:\n  " + from + "\n"
		_, err := policy.Parse("p.yaml", []byte(text), nil)
		switch {
		case want == "" && strings.Contains(from, "73h"):
			if err == nil {
				t.Errorf("%s: a key given twice was accepted", from)
			}
		case want == "":
			if err != nil {
				t.Errorf("%s: %v", from, err)
			}
		case err == nil || !strings.Contains(err.Error(), want):
			t.Errorf("%s: %v, want %q", from, err, want)
		}
	}
}

func TestStaffingMustBeACalendar(t *testing.T) {
	text := strings.Replace(string(policy.DefaultYAML), "staffing: business", "staffing: nights", 1)
	if _, err := policy.Parse("p.yaml", []byte(text), nil); err == nil || !strings.Contains(err.Error(), `there is no calendar "nights"`) {
		t.Error(err)
	}
}
