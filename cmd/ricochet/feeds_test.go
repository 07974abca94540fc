package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/deflect/policy"
	"github.com/vmcloud/ricochet/internal/clock"
)

const oneHoliday = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20270104\r\nSUMMARY:Pont\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

// A feed comes from an address, its last good copy survives a source that
// fails, and an address inside a network is refused unless it is allowed.
func TestHolidayFeedByURL(t *testing.T) {
	var broken atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if broken.Load() {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		_, _ = w.Write([]byte(oneHoliday))
	}))
	defer server.Close()
	data := t.TempDir()
	path := filepath.Join(t.TempDir(), "policy.yaml")
	text := strings.Replace(string(policy.DefaultYAML), "      sat: [10:00-14:00]\n    holidays: [fr]\n", "      sat: [10:00-14:00]\n    holidays: [fr]\n    feeds: [\""+server.URL+"/h.ics\"]\n", 1)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := newFeeds(path, data, nil, clock.System{}).load(path); err == nil || !strings.Contains(err.Error(), "not a public address") || strings.Contains(err.Error(), "h.ics") {
		t.Errorf("an address of this machine: %v", err)
	}
	allow := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	bridge := time.Date(2027, 1, 4, 11, 0, 0, 0, time.UTC)
	for _, state := range []string{"fresh", "broken", "still broken"} {
		f := newFeeds(path, data, allow, clock.System{})
		set, err := f.load(path)
		if err != nil {
			t.Fatalf("%s: %v", state, err)
		}
		if set.Calendars["standard"].IsOpen(bridge) || !set.Calendars["business"].IsOpen(bridge) {
			t.Errorf("%s: the holiday of the feed is not observed by the one calendar that names it", state)
		}
		now := f.report().Feeds
		if (len(now) == 1) != broken.Load() {
			t.Errorf("%s: %d feeds failed", state, len(now))
		}
		for _, p := range now {
			if want := strings.TrimPrefix(server.URL, "http://"); p.File != want || p.Reason != want+" answers 500 Internal Server Error" {
				t.Errorf("the team sees of an address that may hold a key: %s", p)
			}
		}
		broken.Store(true)
	}
}

// TestPolicyIsTakenOver: holidays that a feed gains count on SIGHUP without a
// restart, for tickets that are there already too; a policy with a mistake is
// refused and the one in force stays, which the team's status page says as
// long as it is so, as it does of a feed that cannot be read.
func TestPolicyIsTakenOver(t *testing.T) {
	folder, data := t.TempDir(), t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	good := strings.Replace(string(policy.DefaultYAML), "      sat: [10:00-14:00]\n    holidays: [fr]\n", "      sat: [10:00-14:00]\n    holidays: [fr]\n    feeds: [closed.ics]\n", 1)
	write("policy.yaml", good)
	write("closed.ics", oneHoliday)
	if out, err := ricochet(t, "sla", "policy", "--check", filepath.Join(folder, "policy.yaml")); err != nil || !strings.Contains(out, "in order") {
		t.Errorf("the feed beside the policy is not found by its check: %s %v", out, err)
	}
	s := serve(t, data, "--rate-limit", "off", "--policy", filepath.Join(folder, "policy.yaml"))
	asks(t, s, "Une question")
	db := database(t, data, "mode=ro")
	due := func() time.Time { return time.UnixMilli(column[int64](t, db, "SELECT next_due FROM tickets")[0]) }
	hangup := func() {
		t.Helper()
		if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	before := due()
	from := time.Now()
	write("closed.ics", fmt.Sprintf("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:%s\r\nDTEND;VALUE=DATE:%s\r\nSUMMARY:Travaux\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
		from.Format("20060102"), from.AddDate(0, 0, 30).Format("20060102")))
	hangup()
	until(t, "a due date after the closed month", func() bool { return due().Sub(before) > 20*24*time.Hour })
	after := due()

	lead := s.staff("en")
	shown := func(what string, want bool) {
		t.Helper()
		until(t, fmt.Sprintf("the status page, where %q is %v", what, want), func() bool {
			return strings.Contains(lead.get("/staff/status").body, what) == want
		})
	}
	line := 1 + strings.Count(good[:strings.Index(good, "zone: Europe/Paris")], "\n")
	refusal := fmt.Sprintf("<code>policy.yaml:%d</code>", line)
	shown(refusal, false)
	write("policy.yaml", strings.Replace(good, "zone: Europe/Paris", "zone: Europe/Nowhere", 1))
	hangup()
	shown(refusal, true)
	shown("Europe/Nowhere", true)
	if !due().Equal(after) {
		t.Errorf("a refused policy moved the due date from %s to %s", after, due())
	}
	write("policy.yaml", good)
	write("closed.ics", "this is no calendar")
	hangup()
	shown(refusal, false)
	shown("<code>closed.ics</code>", true)
	write("closed.ics", oneHoliday)
	hangup()
	shown("<code>closed.ics</code>", false)
}
