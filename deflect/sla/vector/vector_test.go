package vector

import (
	"strings"
	"testing"
)

// TestFailures: what is not computed as expected, and what cannot be computed,
// fails by name.
func TestFailures(t *testing.T) {
	const office = `"calendar": {"tz": "UTC", "hours": {"mon": [["09:00", "17:00"]]}}`
	for _, tc := range []struct{ vector, want string }{
		{`{"op": "teleport", ` + office + `, "expect": {}}`, "op: expected a known operation"},
		{`{"op": "teleport", "start": "the bridge", "calendar": 7}`, "op: expected a known operation"},
		{`{"op": "add_business", ` + office + `, "start": "noon"}`, "input: expected a readable input"},
		{`{"op": "add_business", ` + office + `, "seconds": "x"}`, "input: expected a readable input"},
		{`{"op": "add_business", ` + office + `, "start": 5}`, "input: expected a readable input"},
		{`7`, "op: expected a known operation"},
		{`{"op": "sla", ` + office + `, "created_at": "2026-03-02T10:00:00Z", "policy": {"first_response_seconds": 60}, "expect": {"first_response": {"elapsed_minutes": 1}}}`, "first_response.elapsed_minutes: expected 1, got 0"},
		{`{"op": "is_open", "calendar": {"tz": "Mars/Base"}, "expect": {}}`, "calendar: expected a calendar"},
		{`{"op": "is_open", "calendar": {"tz": "UTC", "hours": {"lun": []}}, "expect": {}}`, `unknown day "lun"`},
		{`{"op": "is_open", "calendar": {"tz": "UTC", "hours": {"mon": [["9h", "17:00"]]}}, "expect": {}}`, `"9h" is not a time of day`},
		{`{"op": "is_open", "calendar": {"tz": "UTC", "breaks": {"2026-03-02": [["09:00", "25:00"]]}}, "expect": {}}`, `"25:00" is not a time of day`},
		{`{"op": "is_open", "calendar": {"tz": "UTC", "overrides": {"2026-03-02": [["09:00", "x"]]}}, "expect": {}}`, `"x" is not a time of day`},
		{`{"op": "is_open", ` + office + `, "at": "2026-03-02T09:00:00Z", "expect": {"open": false}}`, "open: expected false, got true"},
		{`{"op": "is_open", ` + office + `, "at": "2026-03-02T09:00:00Z", "expect": {"colour": "red"}}`, "got nothing of that name"},
		{`{"op": "next_open", ` + office + `, "at": "2026-03-02T10:00:00Z", "expect": {"at": "2026-03-02T10:00:01Z"}}`, `got "2026-03-02T10:00:00Z"`},
		{`{"op": "next_open", "calendar": {"tz": "UTC"}, "at": "2026-03-02T10:00:00Z", "expect": {"at": "2026-03-02T10:00:01Z"}}`, "got none"},
		{`{"op": "next_open", ` + office + `, "at": "2026-03-02T10:00:00Z", "expect": {"at": null}}`, "expected null"},
		{`{"op": "next_open", ` + office + `, "at": "2026-03-02T10:00:00Z", "expect": {"at": "noon"}}`, "expected \"noon\""},
		{`{"op": "open_intervals", ` + office + `, "start": "2026-03-02T10:00:00Z", "count": 1, "expect": {"intervals": []}}`, "intervals: expected []"},
		{`{"op": "add_business_dates", ` + office + `, "date": "2026-03-02", "days": 1, "expect": {"date": "2026-03-10"}}`, "got 2026-03-09"},
		{`{"op": "wall_to_instant", ` + office + `, "local": "noon", "expect": {}}`, "input: expected a readable input"},
		{`{"op": "wall_to_instant", ` + office + `, "local": "2026-02-30T09:00:00", "expect": {}}`, "input: expected a readable input"},
		{`{"op": "wall_to_instant", ` + office + `, "local": "2026-02-20T29:00:00", "expect": {}}`, "input: expected a readable input"},
		{`{"op": "sla", ` + office + `, "created_at": "2026-03-02T10:00:00Z", "policy": {}, "events": [{"at": "2026-03-02T10:00:00Z", "type": "sneeze"}], "expect": {}}`, `unknown event "sneeze"`},
		{`{"op": "sla", ` + office + `, "created_at": "2026-03-02T10:00:00Z", "policy": {}, "expect": {"happiness": {}}}`, "happiness: expected a known target"},
		{`{"op": "sla", ` + office + `, "created_at": "2026-03-02T10:00:00Z", "policy": {}, "expect": {"resolution": 3}}`, "resolution: expected an object"},
	} {
		f, err := Read(strings.NewReader(`{"schema_version": 1, "vectors": [` + tc.vector + `]}`))
		if err != nil {
			t.Fatalf("%s: %v", tc.vector, err)
		}
		got := f.Vectors[0].Run()
		if len(got) != 1 || !strings.Contains(got[0].String(), tc.want) {
			t.Errorf("%s:\n got %v\nwant %s", tc.vector, got, tc.want)
		}
	}
	for _, bad := range []string{``, `{"schema_version": 2}`, `{"vectors": [{}]}`, `{"schema_version": 1}`, `{"schema_version": 1, "vectors": [{}]} {}`, `[]`} {
		if _, err := Read(strings.NewReader(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

// TestOneUnreadable: a vector that cannot be read fails alone, by its id or its
// place.
func TestOneUnreadable(t *testing.T) {
	const good = `{"id": "good", "op": "is_open", "calendar": {"tz": "UTC", "always_open": true}, "at": "2026-03-02T10:00:00Z", "expect": {"open": true}}`
	f, err := Read(strings.NewReader(`{"schema_version": 1, "vectors": [` + good + `, {"id": "bad", "source": "a b", "op": "is_open", "at": "noon"}, {"op": "is_open", "at": 3}, ` + good + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	var failed []string
	for _, v := range f.Vectors {
		if len(v.Run()) > 0 {
			failed = append(failed, v.ID)
		}
	}
	if got := strings.Join(failed, ", "); got != "bad, number 3" {
		t.Errorf("failed: %s", got)
	}
}

// TestSchema covers what the shipped vectors do not: fractions, days with
// pauses, the end of the day, skipped and repeated wall times, tickets whose
// policy goes and comes, empty hours.
func TestSchema(t *testing.T) {
	const office = `"calendar": {"tz": "Europe/Paris", "hours": {"mon": [["09:00", "17:00"]], "tue": [["09:00", "17:00"]], "wed": [["09:00", "12:00"], ["11:00", "17:00"], ["17:00", "17:30"]], "thu": [["22:00", "02:00"]]}, "holidays": ["2026-03-12"]}`
	for _, v := range []string{
		`{"op": "add_business", ` + office + `, "start": "2026-03-02T09:00:00+01:00", "seconds": 0.25, "expect": {"at": "2026-03-02T09:00:00.25+01:00", "local_date": "2026-03-02"}}`,
		`{"op": "add_business", ` + office + `, "start": "2026-03-02T09:00:00+01:00", "seconds": 1e3, "expect": {"at": "2026-03-02T09:16:40+01:00"}}`,
		`{"op": "add_business", ` + office + `, "start": "2026-03-02T12:00:00+01:00", "seconds": -10800, "expect": {"at": "2026-03-02T09:00:00+01:00"}}`,
		`{"op": "add_business", ` + office + `, "start": "2026-03-02T18:00:00+01:00", "seconds": 0, "expect": {"at": "2026-03-03T09:00:00+01:00"}}`,
		`{"op": "add_business", ` + office + `, "start": "2026-03-04T09:00:00+01:00", "seconds": 30600, "expect": {"at": "2026-03-04T17:30:00+01:00", "at_equivalent": "2026-03-05T22:00:00+01:00"}}`,
		`{"op": "between", ` + office + `, "start": "2026-03-11T18:00:00+01:00", "end": "2026-03-16T09:00:00+01:00", "expect": {"seconds": 0}}`,
		`{"op": "between", ` + office + `, "start": "2026-03-05T18:00:00+01:00", "end": "2026-03-06T12:00:00+01:00", "expect": {"seconds": 14400.0}}`,
		`{"op": "add_business_days", ` + office + `, "start": "2026-03-04T17:30:00+01:00", "days": -1, "expect": {"at": "2026-03-03T17:00:00+01:00"}}`,
		`{"op": "add_business_dates", ` + office + `, "date": "2026-03-07", "days": -1, "expect": {"date": "2026-03-05"}}`,
		`{"op": "add_business_dates", "calendar": {}, "date": "2026-03-07", "days": 1, "expect": {"date": null}}`,
		`{"op": "wall_to_instant", "calendar": {"tz": "Europe/Paris"}, "local": "2026-03-29T02:30:00", "expect": {"at": "2026-03-29T03:30:00+02:00"}}`,
		`{"op": "wall_to_instant", "calendar": {"tz": "Europe/Paris"}, "local": "2026-10-25T02:30:00", "expect": {"at": "2026-10-25T02:30:00+02:00"}}`,
		`{"op": "wall_to_instant", "calendar": {"tz": "Europe/Paris"}, "local": "2026-10-24T24:00:00", "expect": {"at": "2026-10-25T00:00:00+02:00", "local_date": "2026-10-25"}}`,
		`{"op": "open_intervals", "calendar": {"tz": "UTC", "overrides": {"2026-03-02": [["09:00", "24:00"]]}, "breaks": {"2026-03-02": [["10:00", "10:00"], ["12:00", "13:00"]]}}, "start": "2026-03-01T00:00:00Z", "count": 5, "expect": {"intervals": [["2026-03-02T09:00:00Z", "2026-03-02T12:00:00Z"], ["2026-03-02T13:00:00Z", "2026-03-03T00:00:00Z"]]}}`,
		`{"op": "clock", ` + office + `, "start": "2026-03-02T10:00:00+01:00", "target": {"business_days": 1}, "pauses": [{"from": "2026-03-02T11:00:00+01:00", "to": "2026-03-02T12:00:00+01:00"}], "stop": "2026-03-02T13:00:00+01:00", "expect": {"due": "2026-03-03T11:00:00+01:00", "elapsed_seconds": 7200, "paused_seconds": 3600, "remaining_seconds": 21600}}`,
		`{"op": "clock", ` + office + `, "start": "2026-03-02T10:00:00+01:00", "target": {"seconds": 3600}, "pauses": [{"from": "2026-03-02T18:00:00+01:00", "to": "2026-03-02T19:00:00+01:00"}, {"from": "2026-03-02T10:30:00+01:00", "to": "2026-03-02T10:30:00+01:00"}], "expect": {"due": "2026-03-02T11:00:00+01:00", "paused_seconds": 0}}`,
		`{"op": "clock", ` + office + `, "start": "2026-03-02T10:00:00+01:00", "target": {"seconds": 3600}, "pauses": [{"from": "2026-03-02T10:30:00+01:00", "to": null}], "expect": {"due": null}}`,
		`{"op": "sla", ` + office + `, "created_at": "2026-03-02T10:00:00+01:00", "policy": {"first_response_seconds": 3600, "resolution_seconds": 7200, "pause_targets": ["first_response", "resolution"]}, "events": [{"at": "2026-03-02T10:30:00+01:00", "type": "pending"}], "now": "2026-03-02T16:00:00+01:00", "expect": {"first_response": {"state": "paused", "due": null, "elapsed_seconds": 1800, "paused_seconds": 19800}, "next_response": {"state": "inactive", "due": null}}}`,
		`{"op": "clock", ` + office + `, "start": "2026-03-02T18:00:00+01:00", "target": {"seconds": 0}, "expect": {"due": "2026-03-03T09:00:00+01:00"}}`,
		`{"op": "sla", ` + office + `, "created_at": "2026-03-02T10:00:00+01:00", "policy": {"resolution_seconds": 3600}, "events": [{"at": "2026-03-02T12:00:00+01:00", "type": "policy_removed"}], "expect": {"resolution": {"state": "breached", "due": null, "elapsed_minutes": 120.0}}}`,
		`{"op": "sla", ` + office + `, "created_at": "2026-03-02T10:00:00+01:00", "policy": {}, "events": [{"at": "2026-03-02T10:10:00+01:00", "type": "policy_removed"}, {"at": "2026-03-02T10:20:00+01:00", "type": "pending"}, {"at": "2026-03-02T10:30:00+01:00", "type": "policy_changed", "policy": {"resolution_seconds": 7200}}], "expect": {"resolution": {"elapsed_minutes": 30, "paused_seconds": 0, "due": "2026-03-02T12:00:00+01:00"}}}`,
		`{"op": "sla", ` + office + `, "created_at": "2026-03-02T10:00:00+01:00", "policy": {"resolution_seconds": 7200}, "events": [{"at": "2026-03-02T10:30:00+01:00", "type": "policy_removed"}, {"at": "2026-03-02T11:00:00+01:00", "type": "policy_changed", "policy": {"resolution_seconds": 10800}}], "expect": {"resolution": {"state": "running", "due": "2026-03-02T13:00:00+01:00", "elapsed_minutes": 60}}}`,
		`{"op": "sla", ` + office + `, "created_at": "2026-03-02T16:00:00+01:00", "policy": {"resolution_seconds": 3600}, "events": [{"at": "2026-03-02T18:00:00+01:00", "type": "resolved"}], "expect": {"resolution": {"state": "met", "remaining_seconds": 0}}}`,
		`{"op": "sla", ` + office + `, "created_at": "2026-03-02T16:00:00+01:00", "policy": {"resolution_seconds": 3600}, "events": [], "now": "2026-03-02T18:00:00+01:00", "expect": {"resolution": {"state": "running", "due_equivalent": "2026-03-03T09:00:00+01:00"}}}`,
		`{"op": "sla", ` + office + `, "created_at": "2026-03-02T10:00:00+01:00", "policy": {"periodic_update_seconds": 3600, "next_response_seconds": 1800}, "events": [{"at": "2026-03-02T10:30:00+01:00", "type": "agent_reply"}, {"at": "2026-03-02T11:00:00+01:00", "type": "agent_reply"}, {"at": "2026-03-02T11:10:00+01:00", "type": "customer_reply"}], "expect": {"periodic_update": {"due": "2026-03-02T12:00:00+01:00"}, "next_response": {"due": "2026-03-02T11:40:00+01:00", "state": "running"}}}`,
	} {
		f, err := Read(strings.NewReader(`{"schema_version": 1, "vectors": [` + v + `]}`))
		if err != nil {
			t.Fatalf("%s: %v", v, err)
		}
		for _, m := range f.Vectors[0].Run() {
			t.Errorf("%s:\n%s", v, m)
		}
	}
}
