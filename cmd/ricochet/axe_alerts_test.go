package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/vmcloud/ricochet/deflect/policy"
)

// TestAccessibilityAlerts looks at the pages of alerts and of customers' mails,
// empty and with alerts that arrived, wait and failed, and of a policy that was
// refused.
func TestAccessibilityAlerts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "channels.yaml")
	text := "channels:\n  - {name: astreinte, kind: slack, url: \"http://127.0.0.1:9/hook\", events: [page, alert]}\nallow: [127.0.0.1]\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{"fr", "en"} {
		t.Run(lang, func(t *testing.T) {
			rules := filepath.Join(t.TempDir(), "policy.yaml")
			if err := os.WriteFile(rules, policy.DefaultYAML, 0o600); err != nil {
				t.Fatal(err)
			}
			s := serve(t, t.TempDir(), "--rate-limit", "off", "--channels", file, "--policy", rules)
			e := s.tab(lang).eye()
			e.theme("light")
			signUp(e.tab, s.setup())
			e.look("alerts empty", "/staff/alerts")
			e.look("mails", "/staff/mails")
			e.open("/staff/mails")
			e.click("details.mail summary")
			e.judge("mails open")
			list := filepath.Join(t.TempDir(), "customers.csv")
			if err := os.WriteFile(list, []byte("match,company,contract,mrr\nbig.example,Big,enterprise,9000\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := ricochet(t, "customers", "import", list, "--data", s.data); err != nil {
				t.Fatal(err)
			}
			token := s.apiToken("tickets:write")
			for _, body := range []string{
				`{"email":"zoe@big.example","message":"Tout est arrêté","urgency":"high","impact":"high"}`,
				`{"email":"paul@example.org","message":"Je ne peux plus entrer","urgency":"high","impact":"high"}`,
				`{"email":"zoe@big.example","message":"Une question","urgency":"low","impact":"low"}`,
			} {
				s.api("/api/v1/tickets", token, "", body).want(t, "a ticket", http.StatusCreated)
			}
			db := database(t, s.data, "")
			until(t, "the calls to on-call", func() bool {
				return len(column[string](t, db, "SELECT id FROM alerts")) == 2 && len(column[string](t, db, "SELECT id FROM deliveries WHERE attempts > 0")) > 0
			})
			if _, err := db.Exec("UPDATE deliveries SET state = 'undelivered', attempts = 5"); err != nil {
				t.Fatal(err)
			}
			e.look("alerts full", "/staff/alerts")
			e.look("alerts undelivered", "/staff/alerts?undelivered=1")
			e.see(".pill.tone-danger")
			s.refusesPolicy(rules)
			until(t, "the refused policy", func() bool {
				e.open("/staff/status")
				return eval[bool](e.tab, `!!document.querySelector(".callout-warning code")`)
			})
			e.judge("status refused policy")
		})
	}
}

// refusesPolicy spoils the policy file in force and has the site read it again.
func (s *site) refusesPolicy(file string) {
	s.t.Helper()
	wrong := strings.Replace(string(policy.DefaultYAML), "zone: Europe/Paris", "zone: Europe/Nowhere", 1)
	if err := os.WriteFile(file, []byte(wrong), 0o600); err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		s.t.Fatal(err)
	}
}
