package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
)

// TestAccessibilityOfTheTeamPages looks at the pages about the team and at the
// reply form with axe-core, in both languages.
func TestAccessibilityOfTheTeamPages(t *testing.T) {
	each(t, func(t *testing.T, s *site, w words) {
		populate := message("team-pages-ticket-1")
		populate.Set("message", w.questionBody)
		populate.Set("subject", w.question)
		s.visitor().postFiles("/"+w.lang+"/contact", populate).number(t)
		e := s.tab(w.lang).eye()
		e.theme("light")
		signUp(e.tab, s.setup())
		e.look("team me", "/staff/me")
		e.click(`#totp a.button`)
		e.arrive("/staff/me?totp=1")
		e.judge("team me totp")
		secret := e.value("input[name=secret]")
		e.write("#f-code", authenticator(t, secret, time.Now()))
		e.click("button[value=totp]")
		e.see(".recovery code")
		e.judge("team me recovery")
		teamAccounts(e)
		e.look("team audit", "/staff/audit")
		e.look("team macros", "/staff/macros")
		e.look("team macro", "/staff/macros/ask-details")
		e.click("button.button[value=preview]:not(.visually-hidden)")
		e.see(".message.ours")
		e.judge("team macro preview")
		e.open("/staff/macros/new")
		e.click("button[value=save]")
		e.see(".error")
		e.judge("team macro errors")
		composing(e, w)
		e.look("team join gone", "/staff/join?token=none")
		id, month, _ := judged(t, s)
		for name, path := range map[string]string{
			"quality": "/staff/quality", "quality nps": "/staff/quality/nps", "quality samples": "/staff/quality/samples",
			"quality sample": "/staff/quality/samples/" + month + "/" + id, "credits": "/staff/credits", "credits none": "/staff/credits?state=refused",
			"credit": "/staff/credits/credit-0", "cause": "/staff/tickets/" + id + "/cause", "owed none": "/staff/owed",
		} {
			e.look("team "+name, path)
		}
	})
}

// teamAccounts invites somebody and plans an absence.
func teamAccounts(e *eye) {
	e.t.Helper()
	e.look("team accounts", "/staff/accounts")
	e.click("button[value=invite]")
	e.see(".error")
	e.judge("team accounts errors")
	e.write("#f-name", "Nour Haddad")
	e.write("#f-email", "nour@vmcloud.example")
	e.click("button[value=invite]")
	e.see(".invite code")
	e.judge("team account link")
	link := e.text(".invite code")
	e.open("/staff/accounts")
	day := time.Now().AddDate(0, 0, 3).Format(time.DateOnly)
	e.choose("#f-from", day)
	e.choose("#f-until", day)
	e.click("button[value=absence]")
	e.see("button[value=absence_cancel]")
	e.judge("team accounts full")
	e.look("team join", strings.TrimPrefix(link, e.s.base))
}

// composing chooses a macro and an article by typing, and the same without
// scripts.
func composing(e *eye, w words) {
	e.t.Helper()
	e.open("/staff")
	path := regexp.MustCompile(`/staff/tickets/[^"#]+`).FindString(eval[string](e.tab, `document.querySelector("main").innerHTML`))
	e.open(path)
	e.write("#f-reply", "x")
	e.write("#f-macro", map[string]string{"fr": "precisions", "en": "details"}[w.lang]) // without its accent
	e.see("#f-macro-list [aria-selected=true]")
	e.judge("team composer macro")
	e.press(kb.Enter)
	e.soon("the macro behind what was typed", `document.querySelector("#f-reply").value.startsWith("x\n\n") && document.querySelector("#f-reply").value.includes("Camille Martin")`)
	if got := e.value("#f-then"); got != "waiting_customer" {
		e.t.Errorf("after the macro the ticket would become %q", got)
	}
	e.write("#f-find", "ssh")
	e.see("#f-find-list [aria-selected=true]")
	e.press(kb.ArrowDown)
	e.press(kb.Enter)
	e.soon("the article's link", `document.querySelector("#f-reply").value.includes(location.origin + "/`+w.lang+`/")`)
	e.judge("team composer article")
	e.click("#level summary")
	e.click("#level button[value=up]")
	e.see("#e-problem")
	e.judge("team escalation")
	e.scripts(false)
	e.open(path)
	e.choose("#f-macro", "slow")
	e.click(`[data-macro-picker] button`)
	e.arrive(path + "/reply")
	e.write("#f-find", "ssh")
	e.press(kb.Enter)
	e.see(".compose-found li")
	e.scripts(true)
	e.judge("team composer found")
}
