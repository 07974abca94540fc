package notify_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/deflect/notify"
	"github.com/vmcloud/ricochet/deflect/ticket"
)

// hook is a webhook receiver that fails the first so many requests.
type hook struct {
	mu   sync.Mutex
	fail int
	got  map[string][]string // id -> bodies
	bad  []string
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	id := r.Header.Get("webhook-id")
	mac := hmac.New(sha256.New, []byte(key))
	fmt.Fprintf(mac, "%s.%s.%s", id, r.Header.Get("webhook-timestamp"), body)
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); err != nil || r.Header.Get("webhook-signature") != want {
		h.bad = append(h.bad, r.Header.Get("webhook-signature"))
	}
	h.got[id] = append(h.got[id], string(body))
	if h.fail > 0 {
		h.fail--
		w.WriteHeader(http.StatusBadGateway)
	}
}

const key = "0123456789abcdef0123456789abcdef"

// A webhook is signed, repeated under one id until it is taken, and shown and
// told by mail when it is not.
func TestWebhooks(t *testing.T) {
	run(t, func(d desk) {
		d.team()
		h := &hook{fail: notify.UndeliveredAfter + 1, got: map[string][]string{}}
		server := httptest.NewServer(h)
		defer server.Close()
		d.notifier.Poster = notify.Poster{Doer: server.Client()}
		d.notifier.Channels = []notify.Channel{{Name: "ops", URL: server.URL, Secret: []byte(key), Events: []string{"alert"}}}
		id := d.business("f", ticket.Medium, ticket.Low)
		d.pass(61*time.Minute, 61*time.Minute)
		d.pass(time.Minute, 5*time.Second)
		expect(d, d.told(id), "alert.50 first_response agent,lead,ops undelivered")
		d.pass(5*time.Minute, 10*time.Second)
		if len(h.got) != 1 || len(h.bad) != 0 {
			d.Fatalf("%d ids, bad signatures %v", len(h.got), h.bad)
		}
		for _, bodies := range h.got {
			if len(bodies) != notify.UndeliveredAfter+2 || slices.ContainsFunc(bodies, func(b string) bool { return b != bodies[0] }) {
				d.Errorf("%q", bodies)
			}
			var e notify.Event
			if err := json.Unmarshal([]byte(bodies[0]), &e); err != nil || e.Type != "alert.50" || strings.Contains(bodies[0], "acme") {
				d.Errorf("%v %s", err, bodies[0])
			}
		}
		expect(d, d.told(id), "alert.50 first_response agent,lead,ops delivered")
	})
}

// When mail does not leave, the channels that were not told are.
func TestMailThatFailsIsToldByAChannel(t *testing.T) {
	run(t, func(d desk) {
		d.team()
		var got []string
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			got = append(got, string(body))
		}))
		defer server.Close()
		d.notifier.Poster = notify.Poster{Doer: server.Client()}
		d.notifier.Channels = []notify.Channel{{Name: "room", Slack: true, URL: server.URL, Lang: "fr", Events: []string{"page"}}}
		d.mails.fail = errors.New("server away")
		id := d.business("f", ticket.Medium, ticket.Low)
		d.pass(61*time.Minute, 61*time.Minute)
		d.pass(3*time.Minute, 10*time.Second)
		if len(got) != 1 || !strings.Contains(got[0], "mrkdwn") {
			d.Errorf("%q", got)
		}
		expect(d, d.told(id), "alert.50 first_response agent undelivered,room delivered")
	})
}
