package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/internal/htmlcheck"
)

// TestQuarantine: what the robot check catches has no number, sends nothing
// and waits for a person, who makes a ticket of it or puts it aside.
func TestQuarantine(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	v := s.visitor()
	held := func(what string, p page) {
		t.Helper()
		p.want(t, what, http.StatusOK)
		if n := ticketNumber.FindString(p.body); n != "" || !strings.Contains(p.body, "filtre antirobot") {
			t.Errorf("%s: %q\n%s", what, n, p.body)
		}
	}
	trap := message("quarantine-honeypot-1")
	trap.Set("website", "http://spam.example")
	trap.Set("subject", "Rempli par un robot")
	held("a filled trap", v.post("/fr/contact", trap))
	held("the same again", v.post("/fr/contact", trap))
	form := message(tokenField.FindStringSubmatch(v.get("/fr/contact").body)[1])
	form.Set("subject", "Envoyé aussitôt")
	held("a form filled within two seconds", v.postFiles("/fr/contact", form, upload{"journal.txt", "a line"}))
	if n := len(s.mails()); n > 0 {
		t.Errorf("held messages sent %d mails", n)
	}

	desk := s.staff("fr")
	p := desk.get("/staff/quarantine")
	p.check(t, htmlcheck.Count(".held", 2))
	ids := regexp.MustCompile(`action="/staff/quarantine/([^"]+)"`).FindAllStringSubmatch(p.body, -1)
	byID := map[string]string{}
	for i, part := range strings.Split(p.body, `<article class="panel held">`)[1:] {
		byID[map[bool]string{true: "trap", false: "fast"}[strings.Contains(part, "Rempli par un robot")]] = ids[i][1]
	}
	ticket := desk.post("/staff/quarantine/"+byID["fast"], url.Values{"action": {"release"}})
	ticket.want(t, "release", http.StatusOK)
	if !strings.HasPrefix(ticket.path, "/staff/tickets/") || !strings.Contains(ticket.body, "Envoyé aussitôt") {
		t.Errorf("release leads to %s", ticket.path)
	}
	files, err := htmlcheck.All([]byte(ticket.body), ".files a", "href")
	if err != nil || len(files) != 1 {
		t.Fatalf("files of the released ticket: %v %v", files, err)
	}
	if f := desk.get(files[0]); f.body != "a line" || !strings.HasPrefix(f.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("the file of the released ticket: %q %v", f.body, f.header)
	}
	s.visitor().get(files[0]).check(t, htmlcheck.In("#f-password")) // strangers are asked to sign in
	s.mail("camille.martin@example.org", "Envoyé aussitôt", ticketNumber.FindString(ticket.body))
	desk.post("/staff/quarantine/"+byID["trap"], url.Values{"action": {"dismiss"}}).check(t, htmlcheck.Not(".held"), htmlcheck.In(".empty"))
	again := desk.post("/staff/quarantine/"+byID["fast"], url.Values{"action": {"release"}})
	if again.path != ticket.path {
		t.Errorf("released twice: %s and %s", ticket.path, again.path)
	}
	s.visitor().post("/staff/quarantine/"+byID["trap"], url.Values{"action": {"release"}}).want(t, "a stranger", http.StatusUnauthorized)
}

// TestDeskIsLocked: nothing of the desk is shown or done without an account,
// the first account is made once, and passwords are guessed slowly.
func TestDeskIsLocked(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	link, err := url.Parse(s.setup())
	if err != nil {
		t.Fatal(err)
	}
	v := s.visitor()
	v.get("/staff/setup?token=forged").want(t, "a forged setup link", http.StatusNotFound)
	account := url.Values{"token": {link.Query().Get("token")}, "name": {"Sam"}, "email": {"sam@"}, "password": {"short"}}
	p := v.post("/staff/setup", account)
	p.want(t, "a bad account", http.StatusUnprocessableEntity)
	p.check(t, htmlcheck.In("#e-email"), htmlcheck.In("#e-password"))
	desk := s.staff("fr")
	v.get(link.RequestURI()).want(t, "the setup link a second time", http.StatusNotFound)
	for _, path := range []string{"/staff", "/staff/deflection", "/staff/quarantine", "/staff/status", "/staff/tickets/x"} {
		if p := v.get(path); !strings.HasPrefix(p.path, "/staff/login?next=") {
			t.Errorf("%s is shown to strangers: %s", path, p.path)
		}
		if p := desk.get(path); p.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be kept: %q", path, p.header.Get("Cache-Control"))
		}
	}
	p = v.post("/staff/login", url.Values{"email": {staffEmail}, "password": {staffPassword}, "next": {"https://evil.example/"}})
	if p.path != "/staff" {
		t.Errorf("after signing in: %s", p.path)
	}
	v.post("/staff/logout", nil)
	if p := v.get("/staff"); !strings.HasPrefix(p.path, "/staff/login") {
		t.Errorf("signed out and still at %s", p.path)
	}
	last := 0
	for i := range 15 {
		p := v.post("/staff/login", url.Values{"email": {staffEmail}, "password": {fmt.Sprintf("wrong password %d", i)}})
		if last = p.status; last == http.StatusTooManyRequests {
			break
		}
		p.want(t, "a wrong password", http.StatusUnauthorized)
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("fifteen wrong passwords in a row: %d", last)
	}
}

// TestTiers imports customers while the site runs; the tier decides the due
// dates in the acknowledgement.
func TestTiers(t *testing.T) {
	data := t.TempDir()
	s := serve(t, data, "--rate-limit", "off")
	list := filepath.Join(t.TempDir(), "customers.csv")
	write := func(lines ...string) {
		t.Helper()
		if err := os.WriteFile(list, []byte("match,company,contract,mrr\n"+strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("acme.example,Acme,enterprise,0", "dupont@business.example,Dupont,,900", "standard.example,Petit,,20")
	if out, err := ricochet(t, "customers", "import", list, "--data", data); err != nil || !strings.Contains(out, "3 companies") {
		t.Fatalf("%v\n%s", err, out)
	}
	v := s.visitor()
	for i, tt := range []struct {
		email       string
		first, last time.Duration // after which the two due dates come at the latest, always open
		bestEffort  bool
	}{
		{"camille@acme.example", 30 * time.Minute, 2 * time.Hour, false},
		{"dupont@business.example", 30 * time.Minute, 4 * time.Hour, false},
		{"anna@standard.example", 30 * time.Minute, 8 * time.Hour, false},
		{"other@business.example", 0, 0, true},
		{"camille@gmail.com", 0, 0, true},
	} {
		form := message(fmt.Sprintf("tiers-of-customers-%d", i))
		form.Set("email", tt.email)
		form.Set("urgency", "high")
		form.Set("impact", "high") // P1 runs around the clock for those who pay (D-8)
		start := time.Now()
		number := v.post("/en/contact", form).number(t)
		mail := s.mail(tt.email, number)
		if tt.bestEffort {
			if !strings.Contains(mail, "best effort") || strings.Contains(mail, "Resolution") {
				t.Errorf("%s:\n%s", tt.email, mail)
			}
			continue
		}
		zone, err := time.LoadLocation("Europe/Paris")
		if err != nil {
			t.Fatal(err)
		}
		// The instant may fall into the next minute while the mail is made.
		for what, after := range map[string]time.Duration{"First response": tt.first, "Resolution": tt.last} {
			a, b := start.Add(after).In(zone), time.Now().Add(after).In(zone)
			line := regexp.MustCompile(what + `.*`).FindString(mail)
			if !strings.Contains(line, clockTime(a)) && !strings.Contains(line, clockTime(b)) {
				t.Errorf("%s: %q, want %s", tt.email, line, clockTime(a))
			}
		}
	}
	write("gmail.com,Everybody,enterprise,0", "x@y.example,,gold,-1")
	out, err := ricochet(t, "customers", "import", list, "--data", data)
	if err == nil || !strings.Contains(err.Error(), "line 2") || !strings.Contains(err.Error(), "line 3") || !strings.Contains(err.Error(), "public mail provider") {
		t.Errorf("a wrong list: %v\n%s", err, out)
	}
}

// clockTime is an instant as an English mail writes it, without its zone.
func clockTime(t time.Time) string {
	return fmt.Sprintf("%s, %d:%02d ", t.Format("2 January 2006"), t.Hour(), t.Minute())
}

// TestMailLimit: one address gets a bounded number of automatic mails an
// hour, whoever types it in.
func TestMailLimit(t *testing.T) {
	data := t.TempDir()
	s := serve(t, data, "--rate-limit", "off")
	v := s.visitor()
	for i := range 14 {
		form := message(fmt.Sprintf("mail-limit-of-an-hour-%d", i))
		form.Set("email", "victim@example.org")
		v.post("/fr/contact", form).number(t)
	}
	db := database(t, data, "mode=ro")
	until(t, "all jobs are done", func() bool { return len(column[string](t, db, "SELECT id FROM jobs")) == 0 })
	n := 0
	for _, m := range s.mails() {
		if strings.Contains(m, "To: <victim@example.org>") {
			n++
		}
	}
	if n != 10 {
		t.Errorf("%d mails to one address within an hour", n)
	}
}
