package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/textproto"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// visitor is an HTTP client that behaves like a browser: it has cookies, a
// name, and says what it wants to see.
type visitor struct {
	t      testing.TB
	s      *site
	client *http.Client
	header http.Header // sent with every request
}

// page is an answer.
type page struct {
	status int
	header http.Header
	body   string
	path   string // after redirects
}

const browserName = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"

func (s *site) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &visitor{t: s.t, s: s, client: &http.Client{Jar: jar, Timeout: patience}, header: http.Header{
		"User-Agent": {browserName}, "Accept": {"text/html,application/xhtml+xml"},
	}}
}

// beforeDesk waits, before a page of tickets is opened, until those that came in
// are sorted: that is done after they are acknowledged, and changes them, so that
// what a page opened meanwhile sends was written to an older version.
func (s *site) beforeDesk(path string) {
	s.t.Helper()
	if path != "/staff" && !strings.HasPrefix(path, "/staff/tickets/") {
		return
	}
	if s.db == nil {
		if dsn := s.argument("--database"); dsn != "" {
			s.db = open(s.t, "pgx", dsn)
		} else {
			s.db = database(s.t, s.data, "mode=ro")
		}
	}
	until(s.t, "the tickets are sorted", func() bool {
		var n int
		err := s.db.QueryRow("SELECT COUNT(*) FROM jobs WHERE kind LIKE 'ticket.%' AND (state = 'running' OR state = 'available' AND run_at <= $1)", s.now().UnixMilli()).Scan(&n)
		if err != nil {
			s.t.Fatal(err)
		}
		return n == 0
	})
}

// argument is the value of one of the program's flags, "" without it.
func (s *site) argument(flag string) string {
	if i := slices.Index(s.cmd.Args, flag); i >= 0 {
		return s.cmd.Args[i+1]
	}
	return ""
}

// now is the program's time: the machine's, or what the test set.
func (s *site) now() time.Time {
	s.t.Helper()
	for _, a := range s.cmd.Args {
		if file, ok := strings.CutPrefix(a, "RICOCHET_TEST_CLOCK="); ok {
			text, err := os.ReadFile(file)
			if err != nil {
				s.t.Fatal(err)
			}
			ms, err := strconv.ParseInt(string(text), 10, 64)
			if err != nil {
				s.t.Fatal(err)
			}
			return time.UnixMilli(ms)
		}
	}
	return time.Now()
}

// try sends a request; a failing connection is an error, a status is not.
func (v *visitor) try(method, path, contentType string, body io.Reader) (page, error) {
	req, err := http.NewRequest(method, v.s.base+path, body)
	if err != nil {
		return page{}, err
	}
	for k, values := range v.header {
		req.Header[k] = values
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := v.client.Do(req)
	if err != nil {
		return page{}, err
	}
	text, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return page{}, err
	}
	return page{res.StatusCode, res.Header, string(text), res.Request.URL.RequestURI()}, nil
}

func (v *visitor) do(method, path, contentType string, body io.Reader) page {
	v.t.Helper()
	p, err := v.try(method, path, contentType, body)
	if err != nil {
		v.t.Fatalf("%s %s: %v", method, path, err)
	}
	return p
}

func (v *visitor) get(path string) page {
	v.t.Helper()
	v.s.beforeDesk(path)
	return v.do(http.MethodGet, path, "", nil)
}

func (v *visitor) post(path string, form url.Values) page {
	v.t.Helper()
	return v.do(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

func (v *visitor) json(path, body string) page {
	v.t.Helper()
	return v.do(http.MethodPost, path, "application/json", strings.NewReader(body))
}

// upload is a file for a form.
type upload struct{ name, content string }

// multipartForm makes the body a browser sends for a form with files.
func multipartForm(form url.Values, files ...upload) (contentType string, body []byte) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, values := range form {
		for _, value := range values {
			_ = w.WriteField(name, value) // a bytes.Buffer does not fail
		}
	}
	for _, f := range files {
		h := textproto.MIMEHeader{}
		h.Set("Content-Disposition", fmt.Sprintf(`form-data; name="attachments"; filename="%s"`, strings.ReplaceAll(f.name, `"`, "")))
		h.Set("Content-Type", "application/octet-stream")
		part, _ := w.CreatePart(h)
		_, _ = io.WriteString(part, f.content)
	}
	_ = w.Close()
	return w.FormDataContentType(), b.Bytes()
}

func (v *visitor) postFiles(path string, form url.Values, files ...upload) page {
	v.t.Helper()
	contentType, body := multipartForm(form, files...)
	return v.do(http.MethodPost, path, contentType, bytes.NewReader(body))
}

// message is a contact form as a program fills it, with a token of its own.
func message(token string) url.Values {
	return url.Values{
		"form_token": {token}, "name": {"Camille Martin"}, "email": {"camille.martin@example.org"}, "subject": {"Une question"},
		"message": {"Bonjour, pouvez-vous m’aider ?"}, "urgency": {"low"}, "impact": {"low"}, "category": {""}, "send": {"anyway"},
	}
}

var (
	tokenField   = regexp.MustCompile(`name="form_token" value="([^"]+)"`)
	ticketNumber = regexp.MustCompile(`VM-[0-9A-Z]{4}-[0-9A-Z]{2}`)
)

// number is the tracking number on the page after a submission.
func (p page) number(t testing.TB) string {
	t.Helper()
	n := ticketNumber.FindString(p.body)
	if p.status != http.StatusOK || !strings.Contains(p.path, "/contact/sent/") || n == "" {
		t.Fatalf("no tracking number: %d %s\n%s", p.status, p.path, p.body)
	}
	return n
}

const (
	staffEmail    = "sam@vmcloud.example"
	staffPassword = "a sentence does very well"
)

// staff makes the first account and is its visitor, signed in. lang is the
// language of the desk.
func (s *site) staff(lang string) *visitor {
	s.t.Helper()
	return s.staffBy(lang, s.visitor().client)
}

// staffBy is staff with another client.
func (s *site) staffBy(lang string, client *http.Client) *visitor {
	s.t.Helper()
	v := s.visitor()
	v.client = client
	v.header.Set("Accept-Language", lang)
	u, err := url.Parse(s.setup())
	if err != nil {
		s.t.Fatal(err)
	}
	p := v.post("/staff/setup", url.Values{
		"token": {u.Query().Get("token")}, "name": {"Sam Keller"}, "email": {staffEmail}, "password": {staffPassword},
	})
	if p.status != http.StatusOK || p.path != "/staff" {
		s.t.Fatalf("setup: %d %s\n%s", p.status, p.path, p.body)
	}
	return v
}
