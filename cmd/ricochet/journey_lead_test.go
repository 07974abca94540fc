package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestJourneyLead lets the clock run to 90 % of a promise: the lead finds the
// alert, opens the ticket, hands it up with a written brief and answers before
// the promise breaks.
func TestJourneyLead(t *testing.T) {
	need(t, "RICOCHET_TEST_CHROMIUM", "name a Chromium")
	binary := filepath.Join(testFolder, "ricochet-sim")
	build := exec.Command("go", "build", "-trimpath", "-tags", "simclock", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	for _, w := range journeys {
		t.Run(w.lang, func(t *testing.T) {
			data, file := t.TempDir(), filepath.Join(t.TempDir(), "clock")
			at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) // a Monday, 10:00 in Paris
			set := func() {
				t.Helper()
				if err := os.WriteFile(file+".new", []byte(strconv.FormatInt(at.UnixMilli(), 10)), 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Rename(file+".new", file); err != nil {
					t.Fatal(err)
				}
			}
			set()
			s := serveBinary(t, binary, data, []string{"env", "RICOCHET_TEST_CLOCK=" + file}, "--rate-limit", "off")
			list := filepath.Join(t.TempDir(), "customers.csv")
			if err := os.WriteFile(list, []byte("match,company,contract,mrr\nacme.example,Acme,business,0\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := ricochet(t, "customers", "import", list, "--data", data); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			admin := s.staff(w.lang)
			hired(t, s, admin, "lead@vmcloud.example", "lead")
			form := message("a-promise-about-to-break-0123456789")
			form.Set("email", "camille@acme.example")
			form.Set("urgency", "medium")
			form.Set("impact", "low") // P3: the tier's two hours for the first response (D-6)
			number := s.visitor().post("/"+w.lang+"/contact", form).number(t)
			at = at.Add(110 * time.Minute)
			set()
			until(t, "the alert at 90 %", func() bool {
				return strings.Contains(admin.get("/staff/alerts").body, "90")
			})
			s.leadActs(w, number)
		})
	}
}

// leadActs is what the lead does about the alert, in the browser.
func (s *site) leadActs(w words, number string) {
	s.t.Helper()
	b := s.tab(w.lang)
	b.open("/staff/login")
	b.write("#f-email", "lead@vmcloud.example")
	b.write("#f-password", staffPassword)
	b.click("main .button.primary")
	b.arriveAt("/staff")
	b.says(".row", number)
	b.soon("the promise about to break", `document.querySelector(".row.tone-warning .countdown")`)
	b.open("/staff/alerts")
	b.says("main", number)
	b.click(`main a[href^="/staff/tickets/"]`)
	b.arrive("/staff/tickets/")
	b.says("main", number)
	b.soon("the countdown of the promise", `document.querySelector(".promise .countdown")`)
	if !eval[bool](b, `Boolean(document.querySelector("#f-problem")?.checkVisibility())`) {
		b.click(`#level details:has(#f-problem) > summary`)
	}
	for _, field := range []string{"problem", "timeline", "impact", "attempts", "help"} {
		b.write("#f-"+field, w.question)
	}
	b.click(`#level button.primary`)
	b.see("#level .brief")
	b.soon("the brief", `document.querySelector("#level .brief").textContent.includes(`+js(w.question)+`)`)
	b.write("#f-reply", w.teamReply)
	b.click(`button[value=send]`)
	b.says(".timeline", w.teamReply)
	b.soon("the first response is met", `document.querySelector(".clocks .tone-success")`)
}
