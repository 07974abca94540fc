package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/internal/htmlcheck"
)

// What bad input gets, line by line, from the program as it is shipped.

// want fails unless an answer has the status, and the headers that every
// answer has.
func (p page) want(t testing.TB, what string, status int) {
	t.Helper()
	if p.status != status {
		t.Errorf("%s: status %d, want %d\n%.600s", what, p.status, status, p.body)
	}
	for name, value := range map[string]string{
		"X-Content-Type-Options":     "nosniff",
		"Content-Security-Policy":    "default-src 'none'",
		"Permissions-Policy":         "camera=()",
		"Cross-Origin-Opener-Policy": "same-origin",
		"Referrer-Policy":            "",
	} {
		if got := p.header.Get(name); got == "" || !strings.Contains(got, value) {
			t.Errorf("%s: %s: %q", what, name, got)
		}
	}
	if csp := p.header.Get("Content-Security-Policy"); strings.Contains(csp, "unsafe-eval") || strings.Contains(csp, "script-src 'unsafe") {
		t.Errorf("%s: policy %q", what, csp)
	}
}

func (p page) check(t testing.TB, checks ...htmlcheck.Check) {
	t.Helper()
	htmlcheck.Run(t, []byte(p.body), checks...)
}

func TestBadAddresses(t *testing.T) {
	s := serve(t, t.TempDir())
	v := s.visitor()
	search := htmlcheck.In("main input[type=search]")
	for _, path := range []string{"/de/", "/fr/nothing/", "/fr/products/nothing", "/fr/products/vps/deeper", "/nothing", "/fr/request/0000", "/fr/contact/sent/VM-AAAA-AA.forged", "/media/none.png", "/assets/none.css"} {
		p := v.get(path)
		p.want(t, path, http.StatusNotFound)
		p.check(t, search)
	}
	for _, path := range []string{"/fr/", "/en/products/vps", "/fr/search?q=vps", "/fr/contact", "/fr/privacy", "/sitemap.xml", "/robots.txt", "/llms.txt", "/fr/feed.xml", "/api/v1/search?q=vps&lang=fr", "/healthz", "/fr/products/vps.md", "/favicon.ico"} {
		v.get(path).want(t, path, http.StatusOK)
	}
	for _, tt := range []struct{ method, path, allow string }{
		{"POST", "/fr/", "GET"}, {"DELETE", "/fr/products/vps", "GET"}, {"PUT", "/fr/contact", "POST"},
		{"POST", "/api/v1/search", "GET"}, {"GET", "/api/v1/suggest", "POST"}, {"GET", "/fr/vote", "POST"},
	} {
		p := v.do(tt.method, tt.path, "", nil)
		p.want(t, tt.method+" "+tt.path, http.StatusMethodNotAllowed)
		if got := p.header.Get("Allow"); !strings.Contains(got, tt.allow) {
			t.Errorf("%s %s: Allow: %q, want %s in it", tt.method, tt.path, got, tt.allow)
		}
	}
}

func TestBadJSON(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	v := s.visitor()
	for _, tt := range []struct {
		path, body string
		status     int
	}{
		{"/api/v1/suggest", `{"lang":`, 400},
		{"/api/v1/suggest", `[]`, 400},
		{"/api/v1/suggest", `{"lang":"fr","subject":7}`, 400},
		{"/api/v1/suggest", `{"lang":"fr"}{"lang":"fr"}`, 400},
		{"/api/v1/suggest", `{"lang":"xx","subject":"abc"}`, 400},
		{"/api/v1/suggest", ``, 400},
		{"/api/v1/suggest", `{"lang":"fr","body":"` + strings.Repeat("a", 200<<10) + `"}`, 413},
		{"/api/v1/suggest", strings.Repeat("[", 100_000), 400},
		{"/api/v1/attempt", `{"lang":"fr","article":"../../etc/passwd","event":"opened"}`, 400},
		{"/api/v1/attempt", `nothing`, 400},
	} {
		p := v.json(tt.path, tt.body)
		what := fmt.Sprintf("%s %.40s", tt.path, tt.body)
		p.want(t, what, tt.status)
		if got := p.header.Get("Content-Type"); got != "application/problem+json" || !strings.Contains(p.body, `"title"`) || !strings.Contains(p.body, `"request_id"`) {
			t.Errorf("%s: %s %s", what, got, p.body)
		}
	}
	for _, path := range []string{"/api/v1/search?q=vps&lang=xx", "/api/v1/search?q=vps&limit=-1", "/api/v1/search?q=vps&limit=99999999999999999999", "/api/v1/contextual?lang=xx&route=vps.detail", "/api/v1/contextual?lang=fr&route=%00"} {
		p := v.get(path)
		p.want(t, path, http.StatusBadRequest)
		if p.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %s", path, p.header.Get("Content-Type"))
		}
	}
}

func TestOversizedBodies(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	v := s.visitor()
	big := strings.Repeat("a", 2<<20)
	for _, tt := range []struct{ what, path, contentType, body string }{
		{"a vote", "/fr/vote", "application/x-www-form-urlencoded", "article=products/vps&value=no&comment=" + big},
		{"a sign-in", "/staff/login", "application/x-www-form-urlencoded", "email=" + big},
	} {
		v.do("POST", tt.path, tt.contentType, strings.NewReader(tt.body)).want(t, tt.what, http.StatusRequestEntityTooLarge)
		// The same without saying beforehand how long it is.
		v.do("POST", tt.path, tt.contentType, io.MultiReader(strings.NewReader(tt.body))).want(t, tt.what+", chunked", http.StatusRequestEntityTooLarge)
	}
	form := message("oversized-form-token")
	contentType, body := multipartForm(form, upload{"a.txt", strings.Repeat("a", 53<<20)})
	// The server may close the connection before it has read all of it.
	if p, err := v.try("POST", "/fr/contact", contentType, strings.NewReader(string(body))); err == nil {
		p.want(t, "a form of 53 MiB", http.StatusRequestEntityTooLarge)
	}
}

func TestFormAgain(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	v := s.visitor()
	long := strings.Repeat("é", 20_001)
	for _, tt := range []struct{ what, field, value string }{
		{"no address", "email", ""}, {"half an address", "email", "camille@"}, {"two addresses", "email", "a@example.org,b@example.org"},
		{"an address with a line break", "email", "a@example.org\r\nBcc: b@example.org"}, {"a name in it", "email", "Camille <a@example.org>"},
		{"no message", "message", ""}, {"only spaces", "message", " \n\t "}, {"a long message", "message", long},
		{"a long subject", "subject", strings.Repeat("s", 201)}, {"a long name", "name", strings.Repeat("n", 121)},
		{"an unknown category", "category", "../"}, {"an unknown urgency", "urgency", "now"}, {"an unknown impact", "impact", "<b>"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			form := message("form-again-" + strings.ReplaceAll(tt.what, " ", "-"))
			form.Set(tt.field, tt.value)
			p := v.post("/fr/contact", form)
			p.want(t, tt.what, http.StatusUnprocessableEntity)
			p.check(t, htmlcheck.In(`a[href="#f-`+tt.field+`"]`), htmlcheck.In(".form-errors", htmlcheck.HasText("corriger")))
			if tt.field != "message" {
				p.check(t, htmlcheck.In("textarea", htmlcheck.HasText("pouvez-vous m’aider")))
			}
			if tt.field != "email" {
				p.check(t, htmlcheck.In("#f-email", htmlcheck.HasAttr("value", "^camille.martin@example.org$")))
			}
			if tt.field != "subject" {
				p.check(t, htmlcheck.In("#f-subject", htmlcheck.HasAttr("value", "^Une question$")))
			}
		})
	}
	if mails := s.mails(); len(mails) > 0 {
		t.Errorf("refused forms sent %d mails", len(mails))
	}
	// A message is text wherever it stands.
	form := message("form-again-markup-token")
	form.Set("subject", "<script>alert(1)</script>")
	form.Set("email", "")
	if p := v.post("/en/contact", form); strings.Contains(p.body, "<script>alert") {
		t.Error("markup from the form stands in the page")
	}
}

// TestMalformedForms: what no browser sends is refused, whoever sends it.
func TestMalformedForms(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	v := s.visitor()
	contentType, body := multipartForm(message("malformed-form-token"), upload{"a.txt", strings.Repeat("a file ", 100)})
	long := message("malformed-long-text-1")
	long["name"] = []string{strings.Repeat("n", 1<<20)}
	longType, longBody := multipartForm(long)
	for _, tt := range []struct {
		what, contentType, body string
		status                  int
	}{
		{"no boundary", "multipart/form-data", string(body), 400},
		{"another boundary", "multipart/form-data; boundary=other", string(body), 400},
		{"cut in a file", contentType, string(body[:len(body)-200]), 400},
		{"nothing", contentType, "", 400},
		{"a bad escape", "application/x-www-form-urlencoded", "message=%zz", 400},
		{"a MiB of text", longType, string(longBody), 413},
		{"JSON", "application/json", `{"message":"x"}`, 422},
	} {
		p := v.do("POST", "/fr/contact", tt.contentType, strings.NewReader(tt.body))
		p.want(t, tt.what, tt.status)
	}
	stored(t, s.data, nil)
}

// TestHeadersOfRedirects looks at answers that a browser does not show.
func TestHeadersOfRedirects(t *testing.T) {
	s := serve(t, t.TempDir())
	v := s.visitor()
	v.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for path, status := range map[string]int{
		"/": 302, "/fr": 301, "/fr/products": 301, "/fr/products/vps/": 301, "/staff": 303, "/staff/status": 303,
	} {
		v.get(path).want(t, path, status)
	}
	first := v.get("/fr/products/vps")
	v.header.Set("If-None-Match", first.header.Get("Etag"))
	v.get("/fr/products/vps").want(t, "an article that has not changed", http.StatusNotModified)
	v.header.Del("If-None-Match")
	v.do("HEAD", "/fr/products/vps", "", nil).want(t, "HEAD", http.StatusOK)
	sheets, err := htmlcheck.All([]byte(first.body), "link[rel=stylesheet]", "href")
	if err != nil || len(sheets) == 0 {
		t.Fatalf("style sheets: %v %v", sheets, err)
	}
	sheet := v.get(sheets[0])
	sheet.want(t, "a style sheet", http.StatusOK)
	if got := sheet.header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
		t.Errorf("Cache-Control of a style sheet: %q", got)
	}
	v.header.Set("Accept-Language", "en")
	if got := v.get("/").header.Get("Location"); got != "/en/" {
		t.Errorf("/ for an English browser leads to %s", got)
	}
}

func TestOddQueries(t *testing.T) {
	s := serve(t, t.TempDir())
	v := s.visitor()
	for _, q := range []string{
		strings.Repeat("a", 10_000), strings.Repeat("é ", 5_000), strings.Repeat("a* ", 3_000), "*", "?", "***", "vps*", "v?s", "/.*.*.*.*x/", "/(a+)+$/",
		"title:vps", "+vps -ssh", `"unclosed`, "vps~9", "vps^99999", "[a TO z]", "AND OR NOT", "((((((", `\`, "\x00\x01\x02", "a\x00b", "\u202Egnp", "%", "%00", "' OR 1=1 --",
		"\xff\xfe", strings.Repeat("(", 5_000), strings.Repeat(`\`, 5_000), "😀", strings.Repeat("z̈", 200),
	} {
		for _, path := range []string{"/fr/search?q=", "/api/v1/search?lang=fr&q=", "/api/v1/search?lang=en&typing=1&q="} {
			what := fmt.Sprintf("%s%.20q", path, q)
			quick(t, what, func() { v.get(path+url.QueryEscape(q)).want(t, what, http.StatusOK) })
		}
	}
	for _, subject := range []string{strings.Repeat("mot ", 20_000), strings.Repeat("a", 100_000), "*", "\x00", "/(a+)+$/"} {
		body := fmt.Sprintf(`{"lang":"fr","subject":%q,"body":%q}`, "question", strings.ReplaceAll(subject, "\x00", ""))
		what := fmt.Sprintf("suggest %.10q, %d bytes", subject, len(subject))
		quick(t, what, func() { v.json("/api/v1/suggest", body).want(t, what, http.StatusOK) })
	}
}

func TestRateLimit(t *testing.T) {
	vote := url.Values{"article": {"products/vps"}, "value": {"yes"}}
	t.Run("writes only", func(t *testing.T) {
		s := serve(t, t.TempDir(), "--rate-limit", "5")
		v := s.visitor()
		for i := range 5 {
			v.post("/fr/vote", vote).want(t, fmt.Sprintf("vote %d", i), http.StatusOK)
		}
		p := v.post("/fr/vote", vote)
		p.want(t, "one vote too many", http.StatusTooManyRequests)
		if n, err := strconv.Atoi(p.header.Get("Retry-After")); err != nil || n < 1 || n > 60 {
			t.Errorf("Retry-After: %q", p.header.Get("Retry-After"))
		}
		v.header.Set("X-Forwarded-For", "198.51.100.7")
		v.post("/fr/vote", vote).want(t, "a forged X-Forwarded-For", http.StatusTooManyRequests)
		p = v.json("/api/v1/suggest", `{"lang":"fr","subject":"une question"}`)
		p.want(t, "the API", http.StatusTooManyRequests)
		if p.header.Get("Content-Type") != "application/problem+json" || p.header.Get("Retry-After") == "" {
			t.Errorf("the API answers %v", p.header)
		}
		for i := range 200 {
			if got := v.get("/fr/products/vps").status; got != http.StatusOK {
				t.Fatalf("read %d: %d", i, got)
			}
		}
	})
	t.Run("trusted proxies", func(t *testing.T) {
		s := serve(t, t.TempDir(), "--rate-limit", "1", "--trusted-proxies", "127.0.0.0/8")
		v := s.visitor()
		for i := range 5 {
			v.header.Set("X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i))
			v.post("/fr/vote", vote).want(t, "a visitor behind the proxy", http.StatusOK)
		}
		v.post("/fr/vote", vote).want(t, "the last one again", http.StatusTooManyRequests)
	})
	t.Run("off", func(t *testing.T) {
		s := serve(t, t.TempDir(), "--rate-limit", "off")
		v := s.visitor()
		for i := range 200 {
			if got := v.post("/fr/vote", vote).status; got != http.StatusOK {
				t.Fatalf("vote %d: %d", i, got)
			}
		}
	})
	if _, err := ricochet(t, "serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--rate-limit", "some"); err == nil || !strings.Contains(err.Error(), "--rate-limit") {
		t.Errorf("a rate limit that is no number: %v", err)
	}
}

func TestCrossOrigin(t *testing.T) {
	s := serve(t, t.TempDir())
	for _, h := range []http.Header{
		{"Origin": {"https://evil.example"}},
		{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}},
		{"Sec-Fetch-Site": {"same-site"}},
		{"Origin": {"null"}},
	} {
		v := s.visitor()
		for k, values := range h {
			v.header[k] = values
		}
		for _, path := range []string{"/fr/contact", "/fr/vote", "/api/v1/suggest", "/api/v1/attempt", "/staff/login", "/fr/privacy", "/fr/contact/solved"} {
			p := v.post(path, message("cross-origin-token-1"))
			p.want(t, fmt.Sprintf("%s %v", path, h), http.StatusForbidden)
		}
	}
	v := s.visitor()
	v.header.Set("Origin", s.base)
	v.header.Set("Sec-Fetch-Site", "same-origin")
	v.post("/fr/contact", message("same-origin-token-1")).number(t)
}

func TestSameToken(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	v := s.visitor()
	first := v.post("/fr/contact", message("same-token-again")).number(t)
	numbers := make([]string, 30)
	var people sync.WaitGroup
	for i := range numbers {
		people.Go(func() {
			token := []string{"same-token-again", "same-token-at-once"}[i%2]
			body := strings.NewReader(message(token).Encode())
			if p, err := s.visitor().try("POST", "/fr/contact", "application/x-www-form-urlencoded", body); err == nil {
				numbers[i] = ticketNumber.FindString(p.body)
			}
		})
	}
	people.Wait()
	for i, n := range numbers {
		if i%2 == 0 && n != first || i%2 == 1 && (n == "" || n != numbers[1] || n == first) {
			t.Errorf("submission %d: %s; the first was %s, the others' %s", i, n, first, numbers[1])
		}
	}
	// A reload of the page with the number sends nothing.
	p := v.post("/fr/contact", message("same-token-again"))
	if again := v.get(p.path); again.number(t) != first {
		t.Errorf("reload: %s", again.number(t))
	}
}

// Somebody goes back after sending, writes something else into the form and
// sends it: nothing is acknowledged that was not stored, nothing typed is lost.
func TestFormChangedAfterItWasSent(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	v := s.visitor()
	const token = "sent-and-then-changed"
	form := message(token)
	first := v.post("/fr/contact", form).number(t)
	form.Set("message", "Une tout autre question, écrite après coup.")
	p := v.post("/fr/contact", form)
	if p.status != http.StatusConflict || !strings.Contains(p.body, "Une tout autre question") || !strings.Contains(p.body, "déjà été envoyé") {
		t.Fatalf("status %d: %s", p.status, p.body)
	}
	fresh := tokenField.FindStringSubmatch(p.body)[1]
	if fresh == token {
		t.Fatal("the form kept the token that has its ticket")
	}
	form.Set("form_token", fresh)
	if second := v.post("/fr/contact", form).number(t); second == "" || second == first {
		t.Errorf("the second request got %q, the first had %q", second, first)
	}
}

func TestPathTraversal(t *testing.T) {
	content := t.TempDir()
	article(t, content, "fr/guides/un.md", "Un article", "Le texte de l’article.")
	secret := filepath.Join(t.TempDir(), "secret.png")
	if err := os.WriteFile(secret, []byte("\x89PNG\r\n\x1a\n top secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(content, "fr", "guides", "link.png")); err != nil {
		t.Fatal(err)
	}
	theme := t.TempDir()
	if err := os.MkdirAll(filepath.Join(theme, "images"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := serve(t, t.TempDir(), "--content", content, "--theme", theme)
	addr := strings.TrimPrefix(s.base, "http://")
	for _, prefix := range []string{"/media/", "/assets/", "/fr/", "/fr/guides/", "/fr/request/x/files/", "/media/fr/guides/"} {
		for _, name := range []string{
			"../../../../../../../../etc/passwd", "..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
			"....//....//etc/passwd", `..\..\..\etc\passwd`, "//etc/passwd", "%00", "link.png", "fr/guides/link.png", "un.md%00.png", "../ricochet.db", "..%2fricochet.db",
		} {
			status, body := raw(t, addr, prefix+name)
			if strings.Contains(body, "root:") || strings.Contains(body, "top secret") || strings.Contains(body, "SQLite format") {
				t.Errorf("%s%s gives a file away", prefix, name)
			}
			if status == http.StatusOK {
				t.Errorf("%s%s: %d", prefix, name, status)
			}
		}
	}
}

// raw sends a request line exactly as given; Go's client would tidy it.
func raw(t testing.TB, addr, path string) (int, string) {
	t.Helper()
	c, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }() // the answer has been read
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\nConnection: close\r\n\r\n", path, addr, browserName); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return res.StatusCode, string(body)
}

// article writes a content file.
func article(t testing.TB, dir, name, title, text string) {
	t.Helper()
	put(t, dir, name, fmt.Sprintf("---\ntitle: %s\ndescription: %s, en une phrase.\nupdated: 2026-11-02\n---\n\n%s\n", title, title, text))
}

// put puts a file into a folder that may be watched: whole, as half of one is
// another edit.
func put(t testing.TB, dir, name, text string) {
	t.Helper()
	whole, name := filepath.Join(t.TempDir(), "whole"), filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(whole, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(whole, name); err != nil {
		t.Fatal(err)
	}
}
