package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/vmcloud/ricochet/internal/htmlcheck"
)

// desk is a visitor who has made the first account and is signed in.
func (s *site) desk() *visitor {
	s.t.Helper()
	v := s.visitor()
	link, err := url.Parse(s.setup())
	if err != nil {
		s.t.Fatal(err)
	}
	p := v.post("/staff/setup", url.Values{"token": {link.Query().Get("token")}, "name": {"Sam"}, "email": {staffEmail}, "password": {staffPassword}})
	p.want(s.t, "the first account", http.StatusOK)
	return v
}

// The hold-out through the whole program: with and without JavaScript nobody
// of it sees suggestions, and the answer is the one of a form without any.
func TestHoldout(t *testing.T) {
	s := serve(t, t.TempDir(), "--holdout", "0.5", "--rate-limit", "off")
	ask := `{"lang":"fr","subject":"Choisir la taille de mon VPS","body":"Comment choisir la bonne taille de VPS ?","token":"TOKEN"}`
	form := url.Values{"subject": {"Choisir la taille de mon VPS"}, "message": {"Comment choisir la bonne taille de VPS ?"}, "email": {"zoe@example.org"}, "urgency": {"low"}, "impact": {"low"}}
	held, shown := 0, 0
	for i := range 40 {
		v := s.visitor()
		v.get("/fr/contact") // the cookie is the unit
		token := "a-form-token-of-this-test-" + string(rune('a'+i%26)) + string(rune('a'+i/26))
		answer := v.json("/api/v1/suggest", strings.Replace(ask, "TOKEN", token, 1))
		answer.want(t, "suggest", http.StatusOK)
		none := strings.TrimSpace(answer.body) == `{"suggestions":[]}`
		// The same person without JavaScript, on another form.
		form.Set("form_token", token+"-2")
		p := v.post("/fr/contact", form)
		p.want(t, "contact", http.StatusOK)
		if sent := strings.HasPrefix(p.path, "/fr/contact/sent/"); sent != none {
			t.Fatalf("with JavaScript nothing: %v, without it nothing: %v", none, sent)
		}
		if none {
			held++
		} else {
			shown++
		}
	}
	if held < 5 || shown < 5 { // by chance once in six million runs
		t.Errorf("%d of 40 held out at a share of 0.5", held)
	}

	desk := s.desk()
	desk.get("/staff/experiment").check(t, htmlcheck.In("#f-share"), htmlcheck.In(".verdict"))
	p := desk.post("/staff/experiment", url.Values{"share": {"12,5 %"}, "reason": {"moins de monde"}})
	if p.status != http.StatusOK || !strings.Contains(p.path, "saved=1") || !strings.Contains(p.body, "moins de monde") {
		t.Errorf("a new share: %d %s", p.status, p.path)
	}
	for _, bad := range []url.Values{{"share": {"91"}, "reason": {"x"}}, {"share": {"NaN"}, "reason": {"x"}}, {"share": {"-1"}, "reason": {"x"}}, {"share": {"10"}, "reason": {" "}}} {
		desk.post("/staff/experiment", bad).want(t, bad.Encode(), http.StatusUnprocessableEntity)
	}
	csv := desk.get("/staff/experiment.csv")
	if lines := strings.Split(strings.TrimSpace(csv.body), "\n"); len(lines) != 3 || !strings.Contains(lines[1], ",0.5,") || !strings.Contains(lines[2], ",0.125,") {
		t.Errorf("periods: %s", csv.body)
	}
	var found struct {
		All     struct{ N_treatment, N_holdout *int }
		Periods []struct{ Share float64 }
	}
	if text := desk.get("/staff/experiment.json").body; json.Unmarshal([]byte(text), &found) != nil || found.All.N_treatment == nil || found.All.N_holdout == nil || len(found.Periods) != 2 || found.Periods[1].Share != 0.125 {
		t.Errorf("as JSON: %s", text)
	}
	db := database(t, s.data, "mode=ro")
	if data := column[string](t, db, "SELECT data FROM audit WHERE action = 'setting_changed' AND object = 'holdout'"); len(data) != 1 || data[0] != `{"from":"0.5","redraw":"false","to":"0.125"}` {
		t.Errorf("in the audit log: %v", data)
	}
	rows := desk.get("/staff/attempts.csv?arm=holdout&counted=1")
	if got := strings.Count(rows.body, ",holdout,"); got != held {
		t.Errorf("%d rows of the hold-out, want %d", got, held)
	}
	if p := desk.get("/staff/attempts?category=nothing&outcome=x&state=y&from=z&to=2026-99-99&before=%00"); p.status != http.StatusOK {
		t.Errorf("filters that make no sense: %d", p.status)
	}
	s.visitor().get("/staff/experiment").check(t, htmlcheck.In("input[name=password]")) // the sign-in
}
