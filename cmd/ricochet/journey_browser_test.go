package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// closeBrowser ends the browser of this run, when one was started.
var closeBrowser = func() {}

// browser starts Chromium once; each test gets a profile of its own in it.
var browser = sync.OnceValues(func() (context.Context, error) {
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(os.Getenv("RICOCHET_TEST_CHROMIUM")),
		chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.UserDataDir(filepath.Join(testFolder, "browser")),
		// Nothing but this machine can be reached, whatever a page asks for.
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
	)
	alloc, closeAlloc := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, closeRoot := chromedp.NewContext(alloc)
	closeBrowser = func() { closeRoot(); closeAlloc() }
	return ctx, chromedp.Do(ctx)
})

// tab is a browser tab with a profile of its own. What goes wrong in its
// console, and what it asks of other hosts, fails the test.
type tab struct {
	t    testing.TB
	s    *site
	lang string
	ctx  context.Context

	mu       sync.Mutex
	wrong    []string
	requests []string
}

func (s *site) tab(lang string) *tab {
	s.t.Helper()
	need(s.t, "RICOCHET_TEST_CHROMIUM", "name a Chromium")
	root, err := browser()
	if err != nil {
		s.t.Fatalf("start the browser: %v", err)
	}
	ctx, cancel := chromedp.NewContext(root, chromedp.WithNewBrowserContext())
	b := &tab{t: s.t, s: s, lang: lang, ctx: ctx}
	s.t.Cleanup(func() {
		b.report()
		cancel()
	})
	b.must(chromedp.Listen(ctx, b.heard))
	b.do(
		call(network.Enable, network.EnableParams{}),
		call(emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: browserName, AcceptLanguage: lang}),
		chromedp.EmulateViewport(1280, 900),
	)
	return b
}

// call makes an action of a protocol command that answers nothing.
func call[P any](cmd cdp.Command[P, cdp.Empty], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, cmd, params)
		return err
	})
}

// heard judges the tab's events.
func (b *tab) heard(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, ev.Request.URL)
		if !strings.HasPrefix(ev.Request.URL, b.s.base+"/") && !strings.HasPrefix(ev.Request.URL, "data:") {
			b.wrong = append(b.wrong, "request to another host: "+ev.Request.URL)
		}
	case *runtime.EventExceptionThrown:
		b.wrong = append(b.wrong, "exception: "+ev.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		if ev.Type == runtime.ConsoleAPICalledTypeError || ev.Type == runtime.ConsoleAPICalledTypeWarning {
			b.wrong = append(b.wrong, fmt.Sprintf("console.%s", ev.Type))
		}
	case *log.EventEntryAdded:
		// The browser also logs that a page it was sent to answered 404 or
		// 422; those are what some tests are about.
		page := ev.Entry.Source == log.EntrySourceNetwork && !strings.Contains(ev.Entry.URL, "/assets/") && !strings.Contains(ev.Entry.URL, "/api/")
		if ev.Entry.Level != log.EntryLevelVerbose && ev.Entry.Level != log.EntryLevelInfo && !page {
			b.wrong = append(b.wrong, fmt.Sprintf("console %s: %s (%s)", ev.Entry.Level, ev.Entry.Text, ev.Entry.URL))
		}
	}
}

// report fails the test for what the tab noted, and forgets it.
func (b *tab) report() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, w := range b.wrong {
		b.t.Errorf("browser: %s", w)
	}
	b.wrong = nil
}

func (b *tab) must(err error) {
	b.t.Helper()
	if err == nil {
		return
	}
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	where, _ := chromedp.Run(ctx, chromedp.Location()) // only to say more about err
	if png, shotErr := chromedp.Run(ctx, chromedp.CaptureScreenshot()); shotErr == nil {
		name := filepath.Join(os.TempDir(), "ricochet-"+strings.ReplaceAll(b.t.Name(), "/", "-")+".png")
		if os.WriteFile(name, png, 0o600) == nil {
			b.t.Logf("the page when it failed: %s", name)
		}
	}
	b.t.Fatalf("at %s: %v", where, err)
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	b.must(chromedp.Do(ctx, steps...))
}

// open goes to a path of the site, or to a whole address.
func (b *tab) open(path string) {
	b.t.Helper()
	b.s.beforeDesk(path)
	if strings.HasPrefix(path, "/") {
		path = b.s.base + path
	}
	b.do(chromedp.Navigate(path))
}

func (b *tab) see(selector string) {
	b.t.Helper()
	if err := b.try(chromedp.WaitVisible(chromedp.CSS(selector))); err != nil {
		b.must(fmt.Errorf("%s is not to be seen: %w", selector, err))
	}
}

// click clicks where a person would: on an element that is in view, that
// nothing covers, and that stands still. A page that is still being laid out,
// or into which a message is just pushed, would take the click elsewhere.
func (b *tab) click(selector string) {
	b.t.Helper()
	b.soon(selector+" can be clicked", `(() => {
		const e = document.querySelector(`+js(selector)+`)
		if (!e || document.readyState === "loading") return false
		let r = e.getBoundingClientRect()
		const x = () => r.left + r.width / 2, y = () => r.top + r.height / 2
		const there = () => { const at = document.elementFromPoint(x(), y()); return at && (e.contains(at) || at.contains(e)) }
		if (!there()) { e.scrollIntoView({ block: "center", behavior: "instant" }); r = e.getBoundingClientRect() }
		const was = e.ricochetStood
		e.ricochetStood = [r.left, r.top, r.width, r.height].join()
		return e.ricochetStood === was && there()
	})()`)
	if err := b.try(chromedp.Click(chromedp.CSS(selector))); err != nil {
		b.must(fmt.Errorf("click %s: %w", selector, err))
	}
}

// write types into a field, key by key.
func (b *tab) write(selector, text string) {
	b.t.Helper()
	if err := b.try(chromedp.SendKeys(chromedp.CSS(selector), text)); err != nil {
		b.must(fmt.Errorf("type into %s: %w", selector, err))
	}
}

func (b *tab) choose(selector, value string) {
	b.t.Helper()
	b.do(chromedp.SetValue(chromedp.CSS(selector), value))
}

// press presses keys wherever the focus is.
func (b *tab) press(keys string, opts ...chromedp.KeyOption) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(keys, opts...))
}

// shortcut presses a key that the page may take for itself: unlike press, no
// character follows when it does.
func (b *tab) shortcut(key, code string) {
	b.t.Helper()
	text, number := key, int64(0)
	if key == "Enter" {
		text, number = "\r", 13
	}
	b.do(
		call(input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: key, Code: code, Text: text, WindowsVirtualKeyCode: number}),
		call(input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyUp, Key: key, Code: code}),
	)
}

func (b *tab) try(a chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	return chromedp.Do(ctx, a)
}

// eval asks the page something in JavaScript.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.must(fmt.Errorf("%.120s: %w", expression, err))
	}
	return v
}

// js is a Go string as a JavaScript one.
func js(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings marshal
	}
	return string(text)
}

// soon waits until an expression is true in the page that is then shown.
func (b *tab) soon(what, expression string) {
	b.t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		ctx, cancel := context.WithTimeout(b.ctx, patience)
		// Between two pages there is nobody to answer; the next try finds one.
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		cancel()
		if ok && err == nil {
			return
		}
		if time.Now().After(deadline) {
			b.must(fmt.Errorf("not within %v: %s (%v)", patience, what, err))
		}
		<-tick.C
	}
}

// arrive waits until the tab shows a page whose path begins with prefix.
func (b *tab) arrive(prefix string) {
	b.t.Helper()
	b.soon("page "+prefix, `document.readyState === "complete" && (location.pathname + location.search).startsWith(`+js(prefix)+`)`)
}

// arriveAt waits until the tab shows exactly this path.
func (b *tab) arriveAt(path string) {
	b.t.Helper()
	b.soon("page "+path, `document.readyState === "complete" && location.pathname === `+js(path))
}

// says waits until the text stands in the element.
func (b *tab) says(selector, text string) {
	b.t.Helper()
	b.soon(selector+" says "+text, `document.querySelector(`+js(selector)+`)?.innerText.includes(`+js(text)+`)`)
}

func (b *tab) text(selector string) string {
	b.t.Helper()
	return eval[string](b, `document.querySelector(`+js(selector)+`)?.innerText ?? ""`)
}

func (b *tab) value(selector string) string {
	b.t.Helper()
	return eval[string](b, `document.querySelector(`+js(selector)+`).value`)
}

func (b *tab) path() string {
	b.t.Helper()
	return eval[string](b, `location.pathname`)
}

// scripts switches JavaScript of pages on or off.
func (b *tab) scripts(on bool) {
	b.t.Helper()
	b.do(call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on}))
}

// unhurried waits until the form that is shown has been open for as long as a
// person needs: the robot check holds back what is sent within two seconds.
func (b *tab) unhurried() {
	b.t.Helper()
	b.soon("two seconds with the form", `performance.now() > 2200`)
}

// askedFor says whether the tab asked for an address that contains part.
func (b *tab) askedFor(part string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.requests {
		if strings.Contains(r, part) || strings.Contains(r, url.QueryEscape(part)) {
			return true
		}
	}
	return false
}
