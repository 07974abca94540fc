package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// apiToken makes a token with the program's own command.
func (s *site) apiToken(scope string) string {
	s.t.Helper()
	var out, errs bytes.Buffer
	if code := run(s.t.Context(), []string{"token", "--data", s.data, "--scope", scope, "test"}, &out, &errs); code != 0 {
		s.t.Fatalf("ricochet token: %d %s", code, errs.String())
	}
	return strings.TrimSpace(out.String())
}

// api posts JSON as a program with a token does.
func (s *site) api(path, token, key, body string) page {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.base+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept-Language", "en")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }() // it is only read
	var b bytes.Buffer
	if _, err := b.ReadFrom(res.Body); err != nil {
		s.t.Fatal(err)
	}
	return page{status: res.StatusCode, header: res.Header, body: b.String()}
}

type ticketReply struct {
	ID, Number, State, Tier, Priority, Category, Queue string
	Due                                                []struct {
		Target string
		At     time.Time
	}
}

func (p page) ticket(t testing.TB) ticketReply {
	t.Helper()
	var r ticketReply
	if err := json.Unmarshal([]byte(p.body), &r); err != nil || r.Number == "" {
		t.Fatalf("answer %d %s: %v", p.status, p.body, err)
	}
	return r
}

func TestTicketsByAPI(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	token := s.apiToken("tickets:write")
	body := `{"email":"Zoe@Example.org","lang":"en","subject":"Invoice","message":"The amount looks wrong.","urgency":"medium","impact":"medium"}`
	for _, tt := range []struct {
		what, token, key, body string
		status                 int
		want                   string
	}{
		{"no token", "", "", body, 401, "token"},
		{"unknown token", "rt_nothing", "", body, 401, "token"},
		{"another scope", s.apiToken("customers"), "", body, 403, "does not allow"},
		{"no JSON", token, "", "{", 400, "JSON"},
		{"nothing in it", token, "", "{}", 400, `"field":"email"`},
		{"no message", token, "", `{"email":"a@b.fr"}`, 400, `"field":"message"`},
		{"unknown language", token, "", `{"email":"a@b.fr","message":"x","lang":"xx"}`, 400, `"field":"lang"`},
		{"unknown urgency", token, "", `{"email":"a@b.fr","message":"x","urgency":"P0"}`, 400, `"field":"urgency"`},
		{"a long key", token, strings.Repeat("k", 300), body, 400, "Idempotency-Key"},
	} {
		p := s.api("/api/v1/tickets", tt.token, tt.key, tt.body)
		p.want(t, tt.what, tt.status)
		if p.header.Get("Content-Type") != "application/problem+json" || !strings.Contains(p.body, tt.want) {
			t.Errorf("%s: %s", tt.what, p.body)
		}
	}
	p := s.api("/api/v1/tickets", token, "key-1", body)
	p.want(t, "a good request", http.StatusCreated)
	first := p.ticket(t)
	if first.Tier != "free" || first.Priority != "P2" || first.State != "new" || len(first.Due) != 1 || !first.Due[0].At.After(time.Now()) {
		t.Errorf("answer %+v", first)
	}
	again := s.api("/api/v1/tickets", token, "key-1", strings.Replace(body, ",", " , ", 1))
	if again.status != http.StatusCreated || again.ticket(t).ID != first.ID || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("the same key: %d %s", again.status, again.body)
	}
	s.api("/api/v1/tickets", token, "key-1", strings.Replace(body, "wrong", "right", 1)).want(t, "the same key for another request", http.StatusConflict)
	if other := s.api("/api/v1/tickets", s.apiToken("tickets:write"), "key-1", body).ticket(t); other.ID == first.ID {
		t.Error("the key of one program found another's ticket")
	}
	var wg sync.WaitGroup
	ids := make([]string, 8)
	for i := range ids {
		wg.Go(func() { ids[i] = s.api("/api/v1/tickets", token, "at-once", body).ticket(t).ID })
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("one key at once: %v", ids)
		}
	}
	s.mail("zoe@example.org", first.Number, "/en/request/")
}
