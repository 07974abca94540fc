package main

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/internal/htmlcheck"
)

// authenticator is the code a phone shows for a secret at an instant.
func authenticator(t testing.TB, secret string, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	step := at.Unix() / 30
	mac := hmac.New(sha1.New, key)
	mac.Write([]byte{0, 0, 0, 0, byte(step >> 24), byte(step >> 16), byte(step >> 8), byte(step)})
	sum := mac.Sum(nil)
	cut := sum[sum[19]&15:]
	n := (int(cut[0])<<24 | int(cut[1])<<16 | int(cut[2])<<8 | int(cut[3])) & 0x7fffffff
	return fmt.Sprintf("%06d", n%1_000_000)
}

var (
	joinLink   = regexp.MustCompile(`http://[^<]+/staff/join\?token=[\w-]+`)
	totpSecret = regexp.MustCompile(`name="secret" value="([A-Z2-7]+)"`)
	recovery   = regexp.MustCompile(`<code>([0-9A-Z]{5}-[0-9A-Z]{5})</code>`)
	accountID  = regexp.MustCompile(`/staff/accounts/([0-9a-f-]+)"`)
)

// hired invites somebody by the accounts page, lets them choose a password,
// and gives their browser and their account's id.
func hired(t *testing.T, s *site, admin *visitor, email, role string) (v *visitor, id string) {
	t.Helper()
	p := admin.post("/staff/accounts", url.Values{
		"action": {"invite"}, "email": {email}, "name": {"Nour " + role}, "lang": {"fr"}, "role": {role}, "langs": {"fr", "en"}, "areas": {"VPS, réseau"},
	})
	p.want(t, "an invitation", http.StatusOK)
	link := joinLink.FindString(p.body)
	if link == "" {
		t.Fatalf("no link\n%s", p.body)
	}
	v = s.visitor()
	path := strings.TrimPrefix(link, s.base)
	u, err := url.Parse(path)
	if err != nil {
		t.Fatal(err)
	}
	v.get(path).check(t, htmlcheck.In("#f-password"))
	v.post("/staff/join", url.Values{"token": {u.Query().Get("token")}, "password": {"short"}}).check(t, htmlcheck.In("#e-password"))
	joined := v.post("/staff/join", url.Values{"token": {u.Query().Get("token")}, "password": {staffPassword}})
	if joined.path != "/staff" {
		t.Fatalf("joined and at %s: %d\n%s", joined.path, joined.status, joined.body)
	}
	s.visitor().get(path).want(t, "the link a second time", http.StatusNotFound)
	return v, accountID.FindStringSubmatch(p.body)[1]
}

// TestInvitation: the one-time link is mailed to its owner too, and the outbox
// forgets it once it has left. A browser that has signed in keeps its own
// count of wrong passwords.
func TestInvitation(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off", "--trusted-proxies", "127.0.0.1/32")
	admin := s.staff("fr")
	const email = "nour@vmcloud.example"
	v, _ := hired(t, s, admin, email, "agent")
	if m := s.mail(email, "/staff/join?token="); !strings.Contains(m, "lien d’accès") {
		t.Errorf("the invitation says %s", m)
	}
	db := database(t, s.data, "")
	until(t, "the outbox has forgotten the link", func() bool {
		left := column[string](t, db, "SELECT body FROM mails WHERE kind = 'invitation'")
		return len(left) == 1 && left[0] == ""
	})

	// A stranger with many addresses guesses.
	from := 0
	guess := func(client *http.Client, password string) int {
		t.Helper()
		from++
		form := url.Values{"email": {email}, "password": {password}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.base+"/staff/login", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("X-Forwarded-For", fmt.Sprintf("192.0.2.%d", from))
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode
	}
	stranger := s.visitor().client
	for range 10 {
		if got := guess(stranger, "wrong password"); got != http.StatusUnauthorized {
			t.Fatalf("a wrong password: %d", got)
		}
	}
	if got := guess(stranger, staffPassword); got != http.StatusTooManyRequests {
		t.Errorf("the eleventh try of strangers: %d", got)
	}
	v.post("/staff/logout", nil)
	if got := guess(v.client, staffPassword); got != http.StatusOK {
		t.Errorf("the person in their own browser: %d", got)
	}
}

// TestRoles: each role sees the pages of its row in the matrix and no other,
// in its menu and by address.
func TestRoles(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	admin := s.staff("fr")
	const everybody = " /staff /staff/quarantine /staff/deflection /staff/status /staff/me "
	for role, more := range map[string]string{
		"agent": "", "lead": "/staff/accounts", "manager": "/staff/accounts /staff/audit /staff/audit.csv", "director": "/staff/audit /staff/audit.csv",
	} {
		v, id := hired(t, s, admin, role+"@vmcloud.example", role)
		for _, path := range []string{"/staff", "/staff/quarantine", "/staff/deflection", "/staff/status", "/staff/me", "/staff/accounts", "/staff/accounts/" + id, "/staff/audit", "/staff/audit.csv"} {
			want := http.StatusForbidden
			if strings.Contains(everybody+more+" ", " "+path+" ") {
				want = http.StatusOK
			}
			v.get(path).want(t, role+" at "+path, want)
		}
		v.post("/staff/accounts/"+id, url.Values{"action": {"save"}, "name": {"X"}, "role": {"admin"}, "lang": {"fr"}}).want(t, role+" makes an admin", http.StatusForbidden)
	}
	own := admin.get("/staff/accounts")
	ids := accountID.FindAllStringSubmatch(own.body, -1)
	for _, m := range ids {
		p := admin.get("/staff/accounts/" + m[1])
		if !strings.Contains(p.body, staffEmail) {
			continue
		}
		admin.post("/staff/accounts/"+m[1], url.Values{"action": {"disable"}}).want(t, "the last admin is disabled", http.StatusConflict)
		admin.post("/staff/accounts/"+m[1], url.Values{"action": {"save"}, "name": {"Sam"}, "role": {"lead"}, "lang": {"fr"}}).want(t, "the last admin steps down", http.StatusConflict)
	}
}

// TestSecondFactor sets one up as a phone would, signs in with it and with a
// recovery code, and makes it required.
func TestSecondFactor(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	admin := s.staff("fr")
	v, id := hired(t, s, admin, "nour@vmcloud.example", "agent")
	p := v.get("/staff/me?totp=1")
	p.check(t, htmlcheck.In("svg.qr path"), htmlcheck.In("#f-code"))
	secret := totpSecret.FindStringSubmatch(p.body)[1]
	wrong := v.post("/staff/me", url.Values{"action": {"totp"}, "secret": {secret}, "code": {"12"}})
	wrong.want(t, "a wrong code", http.StatusUnprocessableEntity)
	if got := totpSecret.FindStringSubmatch(wrong.body); got == nil || got[1] != secret {
		t.Errorf("the key changed after a wrong code: %v", got)
	}
	on := v.post("/staff/me", url.Values{"action": {"totp"}, "secret": {secret}, "code": {authenticator(t, secret, time.Now())}})
	codes := recovery.FindAllStringSubmatch(on.body, -1)
	if len(codes) != 10 {
		t.Fatalf("%d recovery codes\n%s", len(codes), on.body)
	}
	sign := func(code string) page {
		t.Helper()
		x := s.visitor()
		step := x.post("/staff/login", url.Values{"email": {"nour@vmcloud.example"}, "password": {staffPassword}, "next": {"/staff/me"}})
		step.check(t, htmlcheck.In("#f-code"))
		if x.get("/staff").path == "/staff" {
			t.Error("signed in by the password alone")
		}
		token := regexp.MustCompile(`name="token" value="([^"]+)"`).FindStringSubmatch(step.body)[1]
		x.post("/staff/login/code", url.Values{"token": {"x" + token}, "code": {code}}).check(t, htmlcheck.In("#f-email"))
		return x.post("/staff/login/code", url.Values{"token": {token}, "code": {code}, "next": {"/staff/me"}})
	}
	// A code is good once. The next one is taken already, and for a minute.
	if p := sign(authenticator(t, secret, time.Now().Add(30*time.Second))); p.path != "/staff/me" {
		t.Errorf("a right code leads to %s (%d)", p.path, p.status)
	}
	sign("000000").want(t, "a wrong code", http.StatusUnauthorized)
	if p := sign(codes[0][1]); p.path != "/staff/me" {
		t.Errorf("a recovery code leads to %s (%d)", p.path, p.status)
	}
	sign(codes[0][1]).want(t, "a used recovery code", http.StatusUnauthorized)
	if n := strings.Count(v.get("/staff/me").body, `value="session"`); n != 2 {
		t.Errorf("%d other sessions", n)
	}
	v.post("/staff/me", url.Values{"action": {"sessions"}})
	if n := strings.Count(v.get("/staff/me").body, `value="session"`); n != 0 {
		t.Errorf("%d other sessions after all were closed", n)
	}
	v.post("/staff/me", url.Values{"action": {"totp_off"}, "current_totp": {"wrong"}}).check(t, htmlcheck.In("#e-current_totp"))

	admin.post("/staff/accounts", url.Values{"action": {"second_factor"}, "roles": {"admin"}})
	if p := admin.get("/staff"); !strings.HasPrefix(p.path, "/staff/me?need=totp") || !strings.Contains(p.body, "svg") {
		t.Errorf("the admin lacks a second factor and is at %s", p.path)
	}
	if p := v.get("/staff"); p.path != "/staff" {
		t.Errorf("an agent is sent to %s", p.path)
	}
	_ = id
}

// TestComposer: a macro and an article are put into the reply without scripts,
// nothing typed is lost, nothing unfinished is sent, and what the macro asks
// for happens with the reply.
func TestComposer(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	s.visitor().postFiles("/fr/contact", message("composer-ticket-number-1")).number(t)
	desk := s.staff("fr")
	path := regexp.MustCompile(`/staff/tickets/[^"]+`).FindString(desk.get("/staff").body)
	p := desk.get(path)
	p.check(t, htmlcheck.In(`select[name=macro] option[value=ask-details]`), htmlcheck.In("#f-find"))
	form := url.Values{"version": {"1"}, "reply": {"Bonjour,\n\ndéjà tapé"}, "macro": {"ask-details"}, "action": {"macro"}}
	p = desk.post(path+"/reply", form)
	p.check(t, htmlcheck.In("#f-reply", htmlcheck.HasText("déjà tapé.*Bonjour Camille Martin,.*Sam Keller")), htmlcheck.In(`#f-then option[selected][value=waiting_customer]`), htmlcheck.In(`input[name=used][value=ask-details]`))
	form.Set("action", "find")
	form.Set("find", "clé SSH")
	p = desk.post(path+"/reply", form)
	p.check(t, htmlcheck.In(".compose-found button[name=article]"), htmlcheck.In("#f-reply", htmlcheck.HasText("déjà tapé")))
	ids, err := htmlcheck.All([]byte(p.body), ".compose-found button[name=article]", "value")
	if err != nil || !strings.HasPrefix(ids[0], "fr/") {
		t.Fatalf("found %v, %v", ids, err)
	}
	form.Del("action")
	form.Set("article", ids[0])
	p = desk.post(path+"/reply", form)
	p.check(t, htmlcheck.In("#f-reply", htmlcheck.HasText("déjà tapé.*"+regexp.QuoteMeta(s.base)+"/fr/")), htmlcheck.Not(".compose-found"))
	form.Set("article", "fr/no/such")
	desk.post(path+"/reply", form).want(t, "an unknown article", http.StatusBadRequest)

	send := url.Values{"version": {"1"}, "action": {"send"}, "used": {"slow", "slow", "nope"}, "then": {"waiting_customer"}, "reply": {"Bonjour,\nau plus tard : [due]"}}
	p = desk.post(path+"/reply", send)
	p.want(t, "an unfinished reply", http.StatusUnprocessableEntity)
	p.check(t, htmlcheck.In("#e-reply", htmlcheck.HasText(`Ligne 2.*\[due\]`)), htmlcheck.In(`input[name=used][value=slow]`))
	send.Set("reply", "Bonjour, voici les commandes.")
	p = desk.post(path+"/reply", send)
	if p.path != path || !strings.Contains(p.body, "Bonjour, voici les commandes.") || !strings.Contains(p.body, "En attente du client") {
		t.Errorf("sent and at %s: %d", p.path, p.status)
	}
	desk.post(path+"/reply", send).want(t, "the same reply on an old version", http.StatusConflict)
	if p := desk.get(path + "/reply"); p.path != path {
		t.Errorf("a reload leads to %s", p.path)
	}
	list := desk.get(path + "/macros")
	if !strings.Contains(list.body, "Bonjour Camille Martin,") || strings.Contains(list.body, "{{") {
		t.Errorf("macros: %.300s", list.body)
	}
	found := desk.get(path + "/articles?lang=en&q=ssh")
	if !strings.Contains(found.body, s.base+"/en/") {
		t.Errorf("articles: %.300s", found.body)
	}
	s.visitor().get(path+"/macros").check(t, htmlcheck.In("#f-password"))
}

// TestEscalationBrief: a ticket goes up with a whole brief only (D-24).
func TestEscalationBrief(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	s.visitor().postFiles("/fr/contact", message("escalation-ticket-no-1")).number(t)
	desk := s.staff("fr")
	path := regexp.MustCompile(`/staff/tickets/[^"]+`).FindString(desk.get("/staff").body)
	form := url.Values{"version": {"1"}, "form": {"level"}, "action": {"up"}, "level": {"L3"}, "problem": {"VM muette"}, "timeline": {"9 h : vue"}, "impact": {"tout"}, "help": {"journaux"}}
	p := desk.post(path+"/escalation", form)
	p.want(t, "a brief with a hole", http.StatusUnprocessableEntity)
	p.check(t, htmlcheck.In("#e-attempts"), htmlcheck.In("#f-problem", htmlcheck.HasText("VM muette")), htmlcheck.In("#level details[open]"))
	form.Set("attempts", "redémarrage")
	p = desk.post(path+"/escalation", form)
	p.want(t, "a whole brief", http.StatusOK)
	p.check(t, htmlcheck.In("#level .brief dd", htmlcheck.HasText("VM muette")), htmlcheck.In("#level .pill", htmlcheck.HasText("Niveau 3")))
	version := regexp.MustCompile(`name="version" value="(\d+)"`).FindStringSubmatch(p.body)[1]
	down := url.Values{"version": {version}, "form": {"level"}, "action": {"down"}, "level": {"L2"}, "reason": {"cause connue"}}
	p = desk.post(path+"/escalation", down)
	p.want(t, "handed back", http.StatusOK)
	p.check(t, htmlcheck.In("#level .pill", htmlcheck.HasText("Niveau 2")))
}

// TestReadingIsSharedOnlyWhenAsked: the desk sees what somebody read before
// writing if the box was ticked, and nothing otherwise.
func TestReadingIsSharedOnlyWhenAsked(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	v := s.visitor()
	v.get("/fr/contact").check(t, htmlcheck.In(`input[name=share]`), htmlcheck.Not(`input[name=share][checked]`))
	v.get("/fr/guides/setup-ssl").want(t, "an article", http.StatusOK)
	v.get("/fr/products/vps").want(t, "an article", http.StatusOK)
	desk := s.staff("fr")
	// What was read is written within a second or so: a ticket that shares is
	// sent until it shows both.
	n := 0
	until(t, "a ticket with what was read", func() bool {
		n++
		form := message(fmt.Sprintf("sharing-what-was-read-%d", n))
		form.Set("subject", fmt.Sprintf("Avec partage %d", n))
		form.Set("share", "1")
		v.postFiles("/fr/contact", form).number(t)
		body := desk.get(ticketCalled(t, desk, form.Get("subject"))).body
		return strings.Contains(body, "/fr/guides/setup-ssl") && strings.Contains(body, "/fr/products/vps")
	})
	form := message("sharing-nothing-at-all")
	form.Set("subject", "Sans partage")
	v.postFiles("/fr/contact", form).number(t)
	p := desk.get(ticketCalled(t, desk, "Sans partage"))
	p.check(t, htmlcheck.In(".past", htmlcheck.HasText("Avec partage")))
	if strings.Contains(p.body, "setup-ssl") {
		t.Error("what was read is shown although the box was not ticked")
	}
}

// ticketCalled is the path of the ticket with a subject.
func ticketCalled(t *testing.T, desk *visitor, subject string) string {
	t.Helper()
	body := desk.get("/staff").body
	at := strings.Index(body, subject+"<")
	if at < 0 {
		t.Fatalf("no ticket %q\n%s", subject, body)
	}
	all := regexp.MustCompile(`/staff/tickets/[0-9a-f-]{36}`).FindAllString(body[:at], -1)
	return all[len(all)-1]
}
