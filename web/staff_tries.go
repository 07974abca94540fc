package web

import (
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/internal/errs"
)

// Passwords are guessed from one address or from thousands, so wrong ones are
// counted for the account too. A plain lock would hand every stranger the
// means to keep a person out, so two kinds of browsers are counted apart: one
// that has signed in to the account before carries a signed cookie that says
// so and has a count of its own, all others share one. Strangers can fill only
// the shared count. The person goes on signing in where they always do; in a
// browser that is new to the account they wait, at most maxTryWait, or use a
// fresh link from an administrator, which needs no password.
const (
	freeTries    = 10 // wrong passwords in a row that cost nothing
	maxTryWait   = 15 * time.Minute
	forgetTries  = 24 * time.Hour
	deviceCookie = "staff_device"
	deviceAge    = 180 * 24 * time.Hour
)

// tries counts wrong passwords in a row, in this process.
type tries struct {
	clock clock.Clock
	mu    sync.Mutex
	by    map[string]tried
	swept time.Time
}

type tried struct {
	n    int
	last time.Time
}

func newTries(c clock.Clock) *tries { return &tries{clock: c, by: map[string]tried{}} }

// begin counts a try under a key before it is known to be wrong, so that many
// at once do not slip through; more than zero means that it must wait.
func (t *tries) begin(key string) (wait time.Duration) {
	now := t.clock.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sweep(now)
	if _, known := t.by[key]; !known && len(t.by) >= maxBuckets {
		key = "" // bounded memory: addresses that nobody has share the rest
	}
	b := t.by[key]
	if b.n >= freeTries {
		pause := min(time.Minute<<min(b.n-freeTries, 10), maxTryWait)
		if wait = b.last.Add(pause).Sub(now); wait > 0 {
			return wait
		}
	}
	t.by[key] = tried{b.n + 1, now}
	return 0
}

// right forgets the count of a key: its password was right.
func (t *tries) right(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.by, key)
}

// sweep forgets, once an hour, what is a day old.
func (t *tries) sweep(now time.Time) {
	if now.Sub(t.swept) < time.Hour {
		return
	}
	t.swept = now
	for key, b := range t.by {
		if now.Sub(b.last) > forgetTries {
			delete(t.by, key)
		}
	}
}

// tryKey is what the tries of a request at an address are counted under: the
// browser's own count when it has signed in to the account before, else the
// one that all strangers share. An address without an account is counted like
// any other, so that the answer does not tell which have one.
func (s *Server) tryKey(c *gin.Context, email, staffID string) string {
	if id := s.deviceOf(c, staffID); id != "" {
		return email + " " + id
	}
	return email
}

// deviceOf is the browser's name for an account, "" when it has never signed
// in to it.
func (s *Server) deviceOf(c *gin.Context, staffID string) string {
	cookie, err := c.Request.Cookie(deviceCookie)
	if err != nil || staffID == "" {
		return ""
	}
	id, mac, ok := strings.Cut(cookie.Value, ".")
	if !ok || !s.signed("device", staffID+"."+id, mac) {
		return ""
	}
	return id
}

// rememberDevice marks a browser that has just signed in to an account.
func (s *Server) rememberDevice(c *gin.Context, staffID string) {
	id := s.deviceOf(c, staffID)
	if id == "" {
		id = randomText(12)
	}
	s.setCookie(c, deviceCookie, id+"."+s.sign("device", staffID+"."+id), "/staff", deviceAge)
}

// tooManyTries is the answer to a try that must wait.
func tooManyTries(wait time.Duration) error {
	return &errs.Error{Kind: errs.RateLimited, Key: "error.staff.tries", RetryAfter: wait}
}
