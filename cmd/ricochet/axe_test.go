package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// colourRules are the rules of axe-core whose verdict a theme can change; the
// others say the same in light and dark.
const colourRules = `["color-contrast","link-in-text-block"]`

// finding is one violation of a page, with the first elements it is about.
type finding struct {
	ID, Help string
	Nodes    []string
}

// verdict is what axe-core says of a page.
type verdict struct {
	Passes     int // rules that had something to check and found it right
	Violations []finding
}

// eye looks at pages with axe-core: on a desktop and on a phone, in light and
// in dark. RICOCHET_TEST_SHOTS names a folder for pictures of what it saw.
type eye struct {
	*tab
	script string
	shots  string
}

func (b *tab) eye() *eye {
	b.t.Helper()
	file := need(b.t, "RICOCHET_TEST_AXE", "name axe-core's axe.min.js")
	script, err := os.ReadFile(file)
	if err != nil {
		b.t.Fatal(err)
	}
	return &eye{tab: b, script: string(script), shots: os.Getenv("RICOCHET_TEST_SHOTS")}
}

func (e *eye) theme(scheme string) {
	e.t.Helper()
	e.do(call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme},
		{Name: "prefers-reduced-motion", Value: "reduce"}, // no colours on their way to others
	}}))
}

func (e *eye) phone() {
	e.t.Helper()
	e.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch))
}
func (e *eye) desktop() { e.t.Helper(); e.do(chromedp.EmulateViewport(1280, 900)) }

// judge looks at the page that is shown. name is for messages and pictures.
func (e *eye) judge(name string) {
	e.t.Helper()
	e.do(chromedp.Evaluate[chromedp.Void](e.script))
	for _, size := range []string{"desktop", "phone"} {
		if size == "phone" {
			e.phone()
		}
		e.theme("light")
		e.run(name+" "+size, "null")
		e.picture(name, size, "light")
		e.theme("dark")
		e.run(name+" "+size+" dark", colourRules)
		e.picture(name, size, "dark")
	}
	e.narrow(name)
	e.desktop()
	e.theme("light")
	e.report()
}

func (e *eye) run(where, rules string) {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(e.ctx, patience)
	defer cancel()
	seen, err := chromedp.Run(ctx, chromedp.Evaluate[verdict](`(rules => axe.run(document, {resultTypes: ["violations"], ...(rules ? {runOnly: rules} : {})})
		.then(r => ({Passes: r.passes.length, Violations: r.violations.map(v => ({ID: v.id, Help: v.help, Nodes: v.nodes.slice(0, 4).map(n => n.target.join(" ") + ": " + (n.any[0] || n.all[0] || n.none[0] || {message: ""}).message)}))})))(`+rules+`)`,
		chromedp.EvalAwaitPromise, chromedp.EvalAsValue))
	if err != nil {
		e.must(fmt.Errorf("axe on %s: %w", where, err))
	}
	if seen.Passes == 0 {
		e.t.Errorf("%s: axe-core checked nothing", where)
	}
	for _, f := range seen.Violations {
		e.t.Errorf("%s: %s (%s)\n\t%s", where, f.ID, f.Help, strings.Join(f.Nodes, "\n\t"))
	}
}

// narrow wants no page to scroll sideways at the width of the smallest phone.
func (e *eye) narrow(name string) {
	e.t.Helper()
	e.do(chromedp.EmulateViewport(320, 700, chromedp.EmulateMobile))
	if wide := eval[int](e.tab, `document.documentElement.scrollWidth`); wide > 320 {
		who := eval[string](e.tab, `[...document.querySelectorAll("body *")].filter(n => n.getBoundingClientRect().right > 321 && !n.closest(".table, pre, .trap, .visually-hidden")).slice(0, 3).map(n => n.tagName + "." + n.className).join(", ")`)
		e.t.Errorf("%s: %d px wide on a screen of 320 (%s)", name, wide, who)
	}
}

func (e *eye) picture(name, size, scheme string) {
	e.t.Helper()
	if e.shots == "" {
		return
	}
	ctx, cancel := context.WithTimeout(e.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	e.must(err)
	file := strings.ReplaceAll(fmt.Sprintf("%s-%s-%s-%s.png", e.lang, name, size, scheme), " ", "-")
	e.must(os.WriteFile(filepath.Join(e.shots, file), png, 0o600))
}

func (e *eye) look(name, path string) {
	e.t.Helper()
	e.open(path)
	e.judge(name)
}

// TestAccessibility looks at every page with axe-core, in both languages.
func TestAccessibility(t *testing.T) {
	each(t, func(t *testing.T, s *site, w words) {
		e := s.tab(w.lang).eye()
		e.theme("light")
		readersPages(e, w)
		e.look("setup", s.setup())
		signUp(e.tab, s.setup())
		for _, p := range []string{"", "/deflection", "/insights/gaps", "/quarantine", "/status"} {
			e.look("staff"+strings.ReplaceAll(p, "/", " ")+" empty", "/staff"+p)
		}
		link := populate(t, s, w)
		contactPages(e, w)
		e.look("request", link)
		for _, p := range []string{"", "/deflection", "/insights/gaps", "/quarantine"} {
			e.look("staff"+strings.ReplaceAll(p, "/", " ")+" full", "/staff"+p)
		}
		e.open("/staff")
		e.click(`.queue a[href^="/staff/tickets/"]`)
		e.arrive("/staff/tickets/")
		e.judge("staff ticket")
		e.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#f-reply").value = ""`))
		e.click("button.primary[value=send]")
		e.see(".form-errors")
		e.judge("staff ticket errors")
		e.click(`form[action="/staff/logout"] button`)
		e.arriveAt("/staff/login")
		e.judge("staff login")
	})
}

// readersPages are the ones that anybody sees who only reads.
func readersPages(e *eye, w words) {
	e.t.Helper()
	for _, p := range []struct{ name, path string }{
		{"home", "/"}, {"section", "/products/"}, {"article", "/guides/setup-ssl"}, {"article tables", "/products/vps"},
		{"search", "/search?q=" + w.query}, {"search nothing", "/search?q=zzzzqqqq"}, {"search start", "/search"},
		{"privacy", "/privacy"}, {"not found", "/products/nothing-here"}, {"solved", "/contact/solved?article=products/vps"},
	} {
		e.look(p.name, "/"+w.lang+p.path)
	}
	e.open("/" + w.lang + "/")
	e.write("#q-main", w.query)
	e.see("[role=listbox] [role=option]")
	e.judge("home suggestions")
}

// contactPages are the steps of the contact form and of a vote.
func contactPages(e *eye, w words) {
	e.t.Helper()
	e.look("contact", "/"+w.lang+"/contact")
	fillIn(e.tab, w)
	e.click("[data-suggestions] summary")
	e.see("[data-suggestions] details[open] .prose p")
	e.judge("contact suggestions")
	e.write("#f-email", "camille")
	e.unhurried()
	e.click("[data-send]")
	e.see(".form-errors")
	e.judge("contact errors")
	e.scripts(false)
	e.open("/" + w.lang + "/guides/setup-ssl")
	e.click(`[data-vote] button[value=no]`)
	e.arriveAt("/" + w.lang + "/vote")
	e.scripts(true) // axe is one; the page stays as it is
	e.judge("vote")
	e.scripts(false)
	e.open("/" + w.lang + "/contact")
	e.write("#f-subject", w.question)
	e.write("#f-message", w.questionBody)
	e.write("#f-email", "camille@example.org")
	e.unhurried()
	e.click("[data-send]")
	e.see(".answer")
	e.scripts(true)
	e.judge("answers")
	e.click("button[value=anyway]")
	e.arrive("/" + w.lang + "/contact/sent/")
	e.judge("sent")
}

// populate writes to the team, votes, searches and is held back, so that no
// page is empty. It gives the link to a request that has been answered.
func populate(t *testing.T, s *site, w words) (link string) {
	t.Helper()
	v := s.visitor()
	for i, urgency := range []string{"low", "medium", "high", "high"} {
		form := message(fmt.Sprintf("populate-the-desk-%d", i))
		form.Set("email", fmt.Sprintf("person%d@example.org", i))
		form.Set("subject", strings.Repeat(w.question+" ", i+1))
		form.Set("message", w.questionBody+"\n\nssh: connect to host 203.0.113.10 port 22: Connection refused")
		form.Set("urgency", urgency)
		form.Set("impact", urgency)
		form.Set("category", []string{"technical", "billing", "", "technical"}[i])
		p := v.postFiles("/"+w.lang+"/contact", form, upload{"journal.txt", "Connection refused\n"})
		p.number(t)
	}
	held := message("populate-quarantine-1")
	held.Set("website", "http://spam.example")
	v.post("/"+w.lang+"/contact", held)
	v.post("/"+w.lang+"/vote", url.Values{"article": {"products/vps"}, "value": {"no"}, "reason": {"inaccurate"}, "comment": {"…"}})
	v.get("/" + w.lang + "/search?q=zzzzqqqq")
	link = requestLink.FindString(s.mail("person3@example.org", w.due))
	path := strings.TrimPrefix(link, s.base)
	v.post(path, url.Values{"message": {w.customerReply}})

	desk := s.visitor()
	desk.post("/staff/login", url.Values{"email": {staffEmail}, "password": {staffPassword}})
	queue := desk.get("/staff").body
	row := regexp.MustCompile(`<a href="(/staff/tickets/[^"]+)"[^>]*>` + regexp.QuoteMeta(strings.TrimSpace(strings.Repeat(w.question+" ", 4))))
	m := row.FindStringSubmatch(queue)
	if m == nil {
		t.Fatalf("the ticket is not in the queue\n%s", queue)
	}
	version := regexp.MustCompile(`name="version" value="(\d+)"`)
	act := func(form url.Values) {
		form.Set("version", version.FindStringSubmatch(desk.get(m[1]).body)[1])
		path := m[1]
		if form.Has("reply") {
			path += "/reply"
		}
		if p := desk.post(path, form); p.status != 200 {
			t.Fatalf("%v: %d\n%s", form, p.status, p.body)
		}
	}
	act(url.Values{"action": {"note"}, "note": {w.teamReply}})
	act(url.Values{"action": {"priority"}, "priority": {"P2"}, "reason": {w.question}})
	act(url.Values{"action": {"send"}, "reply": {w.teamReply}, "then": {"waiting_customer"}})
	until(t, "the search is listed", func() bool {
		return strings.Contains(desk.get("/staff/deflection").body, "zzzzqqqq")
	})
	return link
}

// TestKeyboard goes through search and contact without a mouse, and wants to
// see where the focus is at every step.
func TestKeyboard(t *testing.T) {
	each(t, func(t *testing.T, s *site, w words) {
		b := s.tab(w.lang)
		b.open("/" + w.lang + "/")
		b.press(kb.Tab)
		b.soon("the skip link first", `document.activeElement.className === "skip" && document.activeElement.getBoundingClientRect().top >= 0`)
		b.press(kb.Enter)
		b.soon("focus in the content", `document.activeElement.id === "main"`)
		b.reach(`#q-main`)
		b.press(w.query)
		b.see("[role=listbox] [role=option]:not(.all)")
		b.press(kb.ArrowDown)
		b.soon("a chosen option", `document.querySelector("[role=option][aria-selected=true]")`)
		b.shortcut("Enter", "Enter")
		b.soon("an article", `document.querySelector("article h1")`)

		b.open("/" + w.lang + "/contact")
		b.reach("#f-subject")
		b.press(w.question)
		b.reach("#f-message")
		b.press(w.questionBody)
		b.see("[data-suggestions] summary")
		b.reach("[data-suggestions] summary")
		b.press(kb.Enter)
		b.see("[data-suggestions] details[open] .prose p")
		b.reach(`[name=urgency]`)
		b.press(" ")
		b.reach("#f-email")
		b.press("camille@example.org")
		b.unhurried()
		b.reach("[data-send]")
		b.press(kb.Enter)
		b.arrive("/" + w.lang + "/contact/sent/")
		b.says("main h1", w.sent)
	})
}

// reach presses Tab until the element has the focus. Everything on the way
// must show that it has it.
func (b *tab) reach(selector string) {
	b.t.Helper()
	for range 80 {
		b.press(kb.Tab)
		if eval[bool](b, `document.activeElement.matches(`+js(selector)+`)`) {
			return
		}
		if hidden := eval[string](b, focusHidden); hidden != "" {
			b.t.Errorf("the focus cannot be seen on %s", hidden)
		}
	}
	b.must(fmt.Errorf("%s is not within 80 presses of Tab", selector))
}

// focusHidden names the focused element when nothing is drawn around it: no
// outline of its own, nor of the label that stands for it.
const focusHidden = `(() => {
	const at = document.activeElement;
	if (!at || at === document.body) return "";
	const shown = n => n && getComputedStyle(n).outlineStyle !== "none" && parseFloat(getComputedStyle(n).outlineWidth) >= 2;
	const box = at.getBoundingClientRect();
	return (shown(at) || shown(at.closest("label"))) && box.width > 0 ? "" : at.outerHTML.slice(0, 120);
})()`
