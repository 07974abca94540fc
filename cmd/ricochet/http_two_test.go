package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/store/storetest"
)

// liveWithin is how soon a page of the desk is told of what another process
// wrote: a second between looks at the database, and the way.
const liveWithin = 1500 * time.Millisecond

// TestLiveAcrossProcesses opens the desk on one of two processes that share a
// PostgreSQL, and works through the other: changes arrive as soon as if there
// were one, who else has a ticket open is known whichever process they are on,
// and a page that comes back to the other process misses nothing.
func TestLiveAcrossProcesses(t *testing.T) {
	dsn := storetest.Postgres(t)
	near := serve(t, t.TempDir(), "--rate-limit", "off", "--database", dsn)
	far := serve(t, t.TempDir(), "--rate-limit", "off", "--database", dsn)
	sam := far.staff("en") // the link for the first account is that of the last start
	kim, _ := hired(t, far, sam, "kim@vmcloud.example", "agent")
	kim.s = near
	asks(t, near, "Une question")
	link := ticketLinks.FindStringSubmatch(sam.get("/staff").body)[1]
	id := strings.TrimPrefix(link, "/staff/tickets/")
	all := sam.listen("/staff/live", "")
	all.expect("event: hello")

	fastest := time.Hour
	for tries := 0; tries < 20 && fastest > liveWithin; tries++ {
		changed := change(t, kim, link)
		all.expect(`"` + id + `":`)
		fastest = min(fastest, time.Since(changed))
	}
	if fastest > liveWithin {
		t.Errorf("told after %s, want %s", fastest, liveWithin)
	}
	t.Logf("a change through the other process was told after %s", fastest.Round(time.Millisecond))

	page := sam.listen("/staff/live?ticket="+id, "")
	page.expect(`"name":"Sam Keller"`)
	other := kim.listen("/staff/live?writing=1&ticket="+id, "")
	page.expect(`"writing":true`)
	other.expect(`"name":"Sam Keller"`)
	other.stop()
	page.expectNot(`"writing":true`)

	// Somebody who has the ticket open through both is there until they close both.
	kim.s = far
	reading := kim.listen("/staff/live?ticket="+id, "")
	page.expect(`"name":"Nour agent"`)
	kim.s = near
	writing := kim.listen("/staff/live?writing=1&ticket="+id, "")
	page.expect(`"writing":true`)
	writing.stop()
	page.next("that one of two pages was closed", func(line string) bool {
		if !strings.Contains(line, `"staff":`) || strings.Contains(line, `"writing":true`) {
			return false
		}
		if !strings.Contains(line, `"name":"Nour agent"`) {
			t.Errorf("who closes one of two pages is gone: %s", line)
		}
		return true
	})
	reading.stop()
	page.expectNot(`"name":"Nour agent"`)

	all.stop()
	change(t, kim, link)
	sam.s = near
	now := versionOf.FindStringSubmatch(sam.get(link).body)[1]
	sam.listen("/staff/live", all.last).expect(`"` + id + `":` + now)
}

// change writes a note on the ticket as it is now, and says when that was
// acknowledged. The ticket gets its owner meanwhile, which the version tells.
func change(t *testing.T, v *visitor, link string) time.Time {
	t.Helper()
	until(t, "a note on the ticket as it is now", func() bool {
		version := versionOf.FindStringSubmatch(v.get(link).body)[1]
		return v.post(link, url.Values{"version": {version}, "action": {"note"}, "note": {"une note"}}).status == http.StatusOK
	})
	return time.Now()
}
