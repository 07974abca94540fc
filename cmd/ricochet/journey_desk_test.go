package main

import (
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// deskWords are what an agent's day reads and writes in one language.
var deskWords = map[string]struct {
	note, stale, present, writing, bulk string
}{
	"fr": {"Vu avec @Sam Keller : le pare-feu bloque.", "vient de changer", "consulte aussi", "écrit en ce moment", "2 demandes changées"},
	"en": {"Seen with @Sam Keller: the firewall blocks it.", "has just changed", "also has this ticket open", "is writing right now", "2 tickets changed"},
}

// TestJourneyAgentsDay goes through a day at the desk by keyboard: the list,
// a reply with a macro, a note, tags, a merge, several tickets at once, the
// search, and a colleague who was faster.
func TestJourneyAgentsDay(t *testing.T) {
	each(t, func(t *testing.T, s *site, w words) {
		d := deskWords[w.lang]
		admin := s.staff(w.lang)
		kim, _ := hired(t, s, admin, "kim@vmcloud.example", "agent")
		numbers := asks(t, s, "Connexion SSH impossible", "Toujours la connexion SSH", "Ma facture de mars")
		b := s.tab(w.lang)
		b.open("/staff/login")
		b.write("#f-email", staffEmail)
		b.write("#f-password", staffPassword)
		b.click("main .button.primary")
		b.arriveAt("/staff")
		b.soon("three tickets", `document.querySelectorAll(".row").length === 3`)
		b.soon("countdowns", `document.querySelectorAll(".row [data-ticks]").length === 3`)

		// The help, and switching the shortcuts off and on.
		b.shortcut("?", "Slash")
		b.soon("the help", `document.querySelector("[data-help]").open`)
		b.click("[data-keys]")
		b.click("[data-close]")
		b.shortcut("j", "KeyJ")
		if at := eval[string](b, `document.activeElement.tagName`); at == "A" {
			t.Error("shortcuts that are off move the focus")
		}
		b.click("[data-open-help]")
		b.click("[data-keys]")
		b.click("[data-close]")

		b.shortcut("j", "KeyJ")
		b.shortcut("j", "KeyJ")
		b.shortcut("k", "KeyK")
		b.soon("focus on the first ticket", `document.activeElement === document.querySelector(".row .row-main a")`)
		b.shortcut("e", "KeyE")
		b.arrive("/staff/tickets/")
		first := b.path()
		reply(t, b, w.teamReply)
		b.shortcut("n", "KeyN")
		b.soon("focus in the note", `document.activeElement?.name === "note"`)
		b.press(d.note)
		b.click(`button[value=note]`)
		b.says(".message.internal", d.note)
		open := func(action string) {
			b.click(`details:has(button[value=` + action + `]) > summary`)
			b.see(`button[value=` + action + `]`)
		}
		open("tags")
		b.write("#f-tags", "SSH, pare-feu")
		b.click(`button[value=tags]`)
		b.says(".ticket-meta", "#pare-feu")

		mergeOther(t, s, b, admin, numbers, first)
		severalAtOnce(b, d.bulk)
		findByWords(t, b, numbers[2])
		faster(t, s, b, kim, d.stale, d.present, d.writing, w)
	})
}

// reply answers with a macro chosen by typing, in the customer's language.
func reply(t *testing.T, b *tab, text string) {
	t.Helper()
	b.shortcut("r", "KeyR")
	b.soon("focus in the reply", `document.activeElement?.name === "reply"`)
	b.press(text)
	b.write("#f-macro", "precisions")
	b.see("#f-macro-list [aria-selected=true]")
	b.press(kb.Enter)
	b.soon("the macro behind what was typed", `document.querySelector("#f-reply").value.startsWith(`+js(text)+`) && document.querySelector("#f-reply").value.length > `+js(text)+`.length + 20`)
	b.click(`button[value=send]`)
	b.says(".timeline", text)
	b.soon("the whole page", `document.readyState === "complete"`)
}

// mergeOther merges another ticket of the same person into the one shown.
func mergeOther(t *testing.T, s *site, b *tab, admin *visitor, numbers []string, first string) {
	t.Helper()
	shown := ticketNumber.FindString(b.text(".ticket-meta"))
	other := numbers[0]
	if other == shown {
		other = numbers[1]
	}
	p := admin.get("/staff/search?q=" + other)
	b.open(p.path)
	b.click(`details:has(button[value=merge]) > summary`)
	b.write("#o-merge", shown)
	b.click(`button[value=merge]`)
	b.arriveAt(first)
	b.says("aside", other)
}

// severalAtOnce ticks two tickets by keyboard and tags them.
func severalAtOnce(b *tab, done string) {
	b.t.Helper()
	b.open("/staff?all=1")
	b.soon("the list", `document.querySelectorAll(".row").length >= 2`)
	b.shortcut("j", "KeyJ")
	b.shortcut("x", "KeyX")
	b.shortcut("j", "KeyJ")
	b.shortcut("x", "KeyX")
	b.soon("two are picked", `document.querySelectorAll("[name=t]:checked").length === 2`)
	b.says(".bulk-count", "2")
	b.write("#b-tags", "relu")
	b.click(`.bulk button[value=tag]`)
	b.arriveAt("/staff/bulk")
	b.says("main", done)
}

// findByWords searches with the keyboard until the index has the ticket.
func findByWords(t *testing.T, b *tab, number string) {
	t.Helper()
	b.open("/staff")
	b.shortcut("/", "Slash")
	b.soon("focus in the search field", `document.activeElement?.id === "desk-q"`)
	b.press("factures mars")
	b.press(kb.Enter)
	b.arrive("/staff/search?q=")
	b.soon("the ticket is found", `document.querySelector(".row")?.innerText.includes(`+js(number)+`) || (location.reload(), false)`)
}

// faster lets a colleague open the ticket and answer first.
func faster(t *testing.T, s *site, b *tab, kim *visitor, stale, present, writing string, w words) {
	t.Helper()
	b.click(".row .row-main a")
	b.arrive("/staff/tickets/")
	path := b.path()
	there := kim.listen("/staff/live?ticket="+strings.TrimPrefix(path, "/staff/tickets/"), "")
	b.says("[data-present]", present)
	there.stop()
	there = kim.listen("/staff/live?writing=1&ticket="+strings.TrimPrefix(path, "/staff/tickets/"), "")
	b.says("[data-present]", writing)
	b.write("#f-reply", w.teamReply)
	page := kim.get(path).body
	kim.post(path+"/reply", url.Values{"version": {versionOf.FindStringSubmatch(page)[1]}, "action": {"send"}, "reply": {"Kim a répondu."}}).want(t, "the colleague's reply", 200)
	b.says("[data-stale]", stale)
	b.click(`button[value=send]`)
	b.see(".form-errors")
	b.says(".timeline", "Kim a répondu.")
	if got := b.value("#f-reply"); !strings.Contains(got, w.teamReply) {
		t.Errorf("after the conflict, the reply is %q", got)
	}
	b.click(`button[value=send]`)
	b.soon("both replies", `[...document.querySelectorAll(".message.ours")].length === 2`)
	there.stop()
}
