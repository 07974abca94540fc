package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/internal/htmlcheck"
	"github.com/vmcloud/ricochet/kb"
)

const secretCause = "dial tcp 10.1.2.3: password=hunter2"

// checkProblem demands RFC 9457 problem details that say nothing of the cause.
func checkProblem(t *testing.T, w *httptest.ResponseRecorder, status int) {
	t.Helper()
	var p problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, w.Body)
	}
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type %q", got)
	}
	if p.Status != status || p.Title == "" || p.Detail == "" || p.RequestID == "" {
		t.Errorf("got %+v, want status %d and title, detail, request_id", p, status)
	}
}

// Every kind becomes its status, as a page and as problem details, and the
// cause reaches the log alone.
func TestFail(t *testing.T) {
	var log bytes.Buffer
	s := newServer(t, fixtureOptions(t, &log))
	cause := errors.New(secretCause)
	failures := map[string]error{
		"invalid": errs.New(errs.Invalid, "", cause), "unauthorized": errs.New(errs.Unauthorized, "", cause),
		"forbidden": errs.New(errs.Forbidden, "", cause), "notfound": errs.New(errs.NotFound, "", cause),
		"conflict": errs.New(errs.Conflict, "", cause), "toolarge": &http.MaxBytesError{Limit: 3},
		"limited":     &errs.Error{Kind: errs.RateLimited, RetryAfter: 1500 * time.Millisecond, Err: cause},
		"unavailable": fmt.Errorf("store: %w", errs.New(errs.Unavailable, "", cause)), "plain": cause,
		"timeout": fmt.Errorf("query: %w", context.DeadlineExceeded), "fields": errs.InvalidFields(errs.Field{Name: "lang", Key: "error.lang", Args: map[string]any{"Known": "fr, en"}}),
	}
	for name, err := range failures {
		s.get("/fail/"+name, func(*gin.Context) error { return err })
	}
	s.get("/fail/panic", func(*gin.Context) error { panic(secretCause) })
	for name, status := range map[string]int{
		"invalid": 400, "unauthorized": 401, "forbidden": 403, "notfound": 404, "conflict": 409, "toolarge": 413,
		"limited": 429, "unavailable": 503, "plain": 500, "timeout": 503, "fields": 400, "panic": 500,
	} {
		t.Run(name, func(t *testing.T) {
			page := get(t, s, "/fail/"+name, "Accept-Language", "en")
			program := get(t, s, "/fail/"+name, "Accept", "application/json")
			for _, w := range []*httptest.ResponseRecorder{page, program} {
				if w.Code != status {
					t.Errorf("status %d, want %d", w.Code, status)
				}
				if strings.Contains(w.Body.String(), "hunter2") {
					t.Errorf("the visitor is told the cause:\n%s", w.Body)
				}
				if w.Header().Get("Cache-Control") != "no-store" {
					t.Error("an error may be cached")
				}
				checkSecurity(t, w.Header())
			}
			htmlcheck.Run(t, page.Body.Bytes(), htmlcheck.In("h1", htmlcheck.HasText(".")), htmlcheck.In("html", htmlcheck.HasAttr("lang", "^en$")))
			if status >= 500 {
				id := page.Header().Get("X-Request-Id")
				htmlcheck.Run(t, page.Body.Bytes(), htmlcheck.In(".reference code", htmlcheck.HasText("^"+id+"$")))
				if !strings.Contains(log.String(), "request_id="+id) {
					t.Errorf("the log does not know %s", id)
				}
			}
			checkProblem(t, program, status)
		})
	}
	if !strings.Contains(log.String(), "hunter2") {
		t.Error("the log was not told the cause")
	}
	if got := get(t, s, "/fail/limited").Header().Get("Retry-After"); got != "2" {
		t.Errorf("Retry-After %q, want 2 (rounded up)", got)
	}
}

func checkSecurity(t *testing.T, h http.Header) {
	t.Helper()
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "strict-origin-when-cross-origin",
		"Cross-Origin-Opener-Policy": "same-origin", "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
		"Strict-Transport-Security": "max-age=31536000; includeSubDomains",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	csp := h.Get("Content-Security-Policy")
	if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "script-src 'self' 'unsafe") {
		t.Errorf("Content-Security-Policy %q", csp)
	}
}

func TestSecurityHeaders(t *testing.T) {
	s := fixtureServer(t)
	for _, path := range []string{"/", "/fr", "/fr/", "/fr/products/", "/fr/products/vps", "/fr/products/vps.md", "/fr/search?q=a", "/nope", "/sitemap.xml",
		"/robots.txt", "/api/v1/search?q=a", "/api/v1/contextual?route=vps", "/favicon.ico", s.assets.urls["site.css"], "/fr/ancien-vps"} {
		w := get(t, s, path)
		t.Run(path, func(t *testing.T) { checkSecurity(t, w.Header()) })
		if strings.Contains(w.Header().Get("Content-Security-Policy"), "unsafe") {
			t.Errorf("%s: %s", path, w.Header().Get("Content-Security-Policy"))
		}
		if cookie := w.Header().Get("Set-Cookie"); cookie != "" {
			t.Errorf("%s sets a cookie: %s", path, cookie)
		}
	}
}

func TestVideoPolicy(t *testing.T) {
	if got := contentPolicy([]string{"https://b.example", "https://a.example", "https://b.example"}); !strings.HasSuffix(got, "; frame-src https://a.example https://b.example") {
		t.Errorf("got %q", got)
	}
	s := fixtureServer(t)
	if got := s.articlePolicy(&kb.Article{}); got != nil {
		t.Errorf("an article without a video has its own policy: %q", got)
	}
}

func TestMethods(t *testing.T) {
	s := fixtureServer(t)
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH"} {
		w := send(t, s, method, "/fr/products/vps", "")
		if w.Code != 405 {
			t.Errorf("%s: %d, want 405", method, w.Code)
		}
		if allow := w.Header().Get("Allow"); !strings.Contains(allow, "GET") || !strings.Contains(allow, "HEAD") {
			t.Errorf("%s: Allow %q", method, allow)
		}
	}
	checkProblem(t, send(t, s, "POST", "/api/v1/search", "{}"), 405)
}

func TestGuardWrite(t *testing.T) {
	opt := fixtureOptions(t, nil)
	now := clock.NewManual(time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC))
	opt.Clock, opt.RateLimit, opt.MaxBody = now, 3, 100
	s := newServer(t, opt)
	s.post("/write", 0, func(c *gin.Context) error {
		if _, err := io.ReadAll(c.Request.Body); err != nil {
			return fmt.Errorf("read: %w", err)
		}
		c.Status(http.StatusNoContent)
		return nil
	})
	post := func(body string, headers ...string) *httptest.ResponseRecorder {
		return send(t, s, "POST", "/write", body, headers...)
	}
	if w := post("a=b", "Sec-Fetch-Site", "cross-site"); w.Code != 403 {
		t.Errorf("another site's form: %d, want 403", w.Code)
	}
	if w := post("a=b", "Origin", "https://evil.example"); w.Code != 403 {
		t.Errorf("another origin: %d, want 403", w.Code)
	}
	if w := post(strings.Repeat("x", 101)); w.Code != 413 {
		t.Errorf("a body that says it is too long: %d, want 413", w.Code)
	}
	r := httptest.NewRequest("POST", "/write", io.MultiReader(strings.NewReader(strings.Repeat("x", 101))))
	r.ContentLength = -1
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != 413 {
		t.Errorf("a body that does not say it: %d, want 413", w.Code)
	}
	if w := post("a=b", "Sec-Fetch-Site", "same-origin"); w.Code != 204 {
		t.Errorf("our own form: %d, want 204", w.Code)
	}
	limited := post("a=b")
	if limited.Code != 429 || limited.Header().Get("Retry-After") == "" {
		t.Errorf("the fourth write of a minute: %d, Retry-After %q", limited.Code, limited.Header().Get("Retry-After"))
	}
	if w := post("a=b", "X-Forwarded-For", "203.0.113.9"); w.Code != 429 {
		t.Errorf("a header of a stranger counts: %d, want 429", w.Code)
	}
	now.Advance(time.Minute)
	if w := post("a=b"); w.Code != 204 {
		t.Errorf("a minute later: %d, want 204", w.Code)
	}
}

func TestTrustedProxies(t *testing.T) {
	opt := fixtureOptions(t, nil)
	opt.RateLimit, opt.TrustedProxies = 1, []string{"192.0.2.0/24"} // httptest's requests come from 192.0.2.1
	s := newServer(t, opt)
	s.post("/write", 0, func(c *gin.Context) error { c.Status(http.StatusNoContent); return nil })
	for _, address := range []string{"203.0.113.1", "203.0.113.2"} {
		if w := send(t, s, "POST", "/write", "", "X-Forwarded-For", address); w.Code != 204 {
			t.Errorf("%s shares the proxy's limit: %d", address, w.Code)
		}
	}
	opt.TrustedProxies = []string{"not an address"}
	if _, err := New(opt); err == nil {
		t.Error("a proxy that is not an address was accepted")
	}
}

func TestLimiterIsBounded(t *testing.T) {
	now := clock.NewManual(time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC))
	l := newLimiter(1, now)
	for i := range maxBuckets + 100 {
		l.wait(fmt.Sprint(i))
	}
	if len(l.buckets) > maxBuckets+1 {
		t.Errorf("%d buckets", len(l.buckets))
	}
	now.Advance(2 * time.Minute)
	l.wait("one")
	if len(l.buckets) != 1 {
		t.Errorf("%d buckets after two quiet minutes, want 1", len(l.buckets))
	}
}

func TestWrongOptions(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"no library":            func(o *Options) { o.Library = nil },
		"no clock":              func(o *Options) { o.Clock = nil },
		"no logger":             func(o *Options) { o.Logger = nil },
		"no base":               func(o *Options) { o.BaseURL = "" },
		"base with a path":      func(o *Options) { o.BaseURL = "https://a.example/help" },
		"base without a scheme": func(o *Options) { o.BaseURL = "a.example" },
		"unknown default":       func(o *Options) { o.DefaultLang = "de" },
	} {
		opt := fixtureOptions(t, nil)
		change(&opt)
		if _, err := New(opt); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// The whole way of an edit: file, event, page. The page must be there as soon
// as the library is, and long before 50 ms.
func TestEditIsServed(t *testing.T) {
	dir := t.TempDir()
	for name, text := range fixtureFiles {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	live, err := kb.OpenLive(ctx, dir, kb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- live.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if err := live.Close(); err != nil {
			t.Error(err)
		}
	})
	opt := fixtureOptions(t, nil)
	opt.Library = live
	var views atomic.Int64
	opt.OnArticleView = func(a *kb.Article, _ *http.Request) { views.Add(int64(len(a.Pair) / len("products/vps"))) }
	s := newServer(t, opt)
	first := get(t, s, "/fr/products/vps")
	if first.Code != 200 {
		t.Fatal(first.Code)
	}
	changed := make(chan struct{}, 8)
	defer live.Subscribe(func(kb.Change) { changed <- struct{}{} })()
	edited := strings.Replace(fixtureFiles["fr/products/vps.md"], "Choisir un VPS", "Bien choisir", 1)
	whole := filepath.Join(t.TempDir(), "vps.md") // half of a file is another edit
	if err := os.WriteFile(whole, []byte(edited), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(whole, filepath.Join(dir, "fr", "products", "vps.md")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-changed:
	case <-time.After(time.Minute):
		t.Fatal("the library did not notice the edit")
	}
	second := get(t, s, "/fr/products/vps", "If-None-Match", first.Header().Get("Etag"))
	if second.Code != 200 || !strings.Contains(second.Body.String(), "Bien choisir") {
		t.Errorf("status %d, the edit is not served", second.Code)
	}
	if views.Load() != 2 {
		t.Errorf("%d views were counted, want 2", views.Load())
	}
}
