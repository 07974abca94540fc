package main

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// openDetails opens everything that can be folded out in the page's content.
const openDetails = `document.querySelectorAll("main details").forEach(d => { if (!d.closest("nav")) d.open = true })`

// TestDeskAccessibility looks at the desk's list and what one does from it with
// axe-core, in both languages.
func TestDeskAccessibility(t *testing.T) {
	each(t, func(t *testing.T, s *site, w words) {
		e := s.tab(w.lang).eye()
		e.theme("light")
		signUp(e.tab, s.setup())
		populate(t, s, w)
		deskPages(e, w)
	})
}

// deskPages are the list with its forms open, the help, the search, what came
// of a bulk action, and a ticket with every form open.
func deskPages(e *eye, w words) {
	e.t.Helper()
	e.open("/staff?priority=P1,P2,P3,P4&tier=free")
	e.do(chromedp.Evaluate[chromedp.Void](openDetails))
	e.judge("desk filter")
	e.shortcut("?", "Slash")
	e.soon("the help", `document.querySelector("[data-help]").open`)
	e.judge("desk help")
	e.look("desk incidents", "/staff/incidents")
	e.write("#f-title", w.question)
	e.click("button[value=open]")
	e.see(".ticket-head")
	e.judge("desk incident")
	e.look("desk search nothing", "/staff/search?q=zzzzqqqq")
	e.open("/staff/search?q=SSH")
	e.soon("tickets are found", `document.querySelector(".row mark") || (location.reload(), false)`)
	e.judge("desk search")
	e.open("/staff")
	e.click(".row:first-child [name=t]")
	e.click(".row:last-child [name=t]")
	e.write("#b-tags", "relu")
	e.click(".bulk button[value=tag]")
	e.arriveAt("/staff/bulk")
	e.judge("desk bulk")
	e.open("/staff")
	e.click(".queue .row-main a")
	e.arrive("/staff/tickets/")
	e.do(chromedp.Evaluate[chromedp.Void](openDetails))
	e.judge("desk ticket open")
}
