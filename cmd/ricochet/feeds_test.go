package main

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/deflect/policy"
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
	if _, err := newFeeds(path, data, nil).load(path); err == nil || !strings.Contains(err.Error(), "not a public address") {
		t.Errorf("an address of this machine: %v", err)
	}
	allow := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	bridge := time.Date(2027, 1, 4, 11, 0, 0, 0, time.UTC)
	for _, state := range []string{"fresh", "broken", "still broken"} {
		f := newFeeds(path, data, allow)
		set, err := f.load(path)
		if err != nil {
			t.Fatalf("%s: %v", state, err)
		}
		if set.Calendars["standard"].IsOpen(bridge) || !set.Calendars["business"].IsOpen(bridge) {
			t.Errorf("%s: the holiday of the feed is not observed by the one calendar that names it", state)
		}
		if got := len(f.failed()); (got == 1) != broken.Load() {
			t.Errorf("%s: %d feeds failed", state, got)
		}
		broken.Store(true)
	}
}
