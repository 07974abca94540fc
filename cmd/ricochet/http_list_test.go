package main

import (
	"bufio"
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/internal/htmlcheck"
)

var (
	pickBox     = regexp.MustCompile(`name="t" value="([^":]+):(\d+)"`)
	versionOf   = regexp.MustCompile(`name="version" value="(\d+)"`)
	seenOf      = regexp.MustCompile(`name="seen" value="(\d+)"`)
	ticketLinks = regexp.MustCompile(`href="(/staff/tickets/[^"]+)"`)
)

// asks sends requests and gives their numbers.
func asks(t *testing.T, s *site, subjects ...string) []string {
	t.Helper()
	v := s.visitor()
	numbers := make([]string, len(subjects))
	for i, subject := range subjects {
		form := message("list-of-tickets-" + regexp.MustCompile(`\W`).ReplaceAllString(subject, "-") + "-0123456789")
		form.Set("subject", subject)
		numbers[i] = v.post("/fr/contact", form).number(t)
	}
	return numbers
}

// TestBulk does several things to several tickets, and says of the one that
// cannot be changed why.
func TestBulk(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	desk := s.staff("en")
	asks(t, s, "Premier sujet", "Deuxième sujet", "Troisième sujet")
	picks := func() []string {
		t.Helper()
		var all []string
		for _, m := range pickBox.FindAllStringSubmatch(desk.get("/staff").body, -1) {
			all = append(all, m[1]+":"+m[2])
		}
		return all
	}
	all := picks()
	if len(all) != 3 {
		t.Fatalf("three tickets, not %v", all)
	}
	desk.get("/staff").check(t, htmlcheck.In("#b-priority option[selected]", htmlcheck.HasAttr("value", "P3")), htmlcheck.Each("#b-state option", htmlcheck.HasAttr("value", "^(open|in_progress|waiting_customer|resolved|closed)$")))
	p := desk.post("/staff/bulk", url.Values{"t": all, "action": {"assign"}, "assignee": {"me"}, "back": {"/staff?assignee=me"}})
	p.want(t, "assign", http.StatusOK)
	p.check(t, htmlcheck.Count(".bulk-result li", 3), htmlcheck.Not(".form-errors"), htmlcheck.In(".actions a", htmlcheck.HasAttr("href", "assignee=me")))
	desk.get("/staff?assignee=me").check(t, htmlcheck.Count(".row", 3))
	desk.get("/staff?assignee=none").check(t, htmlcheck.Not(".row"), htmlcheck.In(".empty"))

	// One of them changes before the next form is sent.
	all = picks()
	id, version, _ := strings.Cut(all[1], ":")
	desk.post("/staff/tickets/"+id, url.Values{"version": {version}, "action": {"note"}, "note": {"entre-temps"}}).want(t, "note", http.StatusOK)
	p = desk.post("/staff/bulk", url.Values{"t": all, "action": {"tag"}, "tags": {"Urgent, réseau"}})
	p.check(t, htmlcheck.Count(".bulk-result li", 3), htmlcheck.Count(".bulk-result li.tone-danger", 1), htmlcheck.In(".bulk-result .tone-danger p", htmlcheck.HasText("in the meantime")))
	desk.get("/staff?tag=r%C3%A9seau").check(t, htmlcheck.Count(".row", 2))
	all = picks()
	p = desk.post("/staff/bulk", url.Values{"t": all, "action": {"priority"}, "priority": {"P2"}})
	p.check(t, htmlcheck.Count(".tone-danger", 3), htmlcheck.In(".tone-danger p", htmlcheck.HasText("(?i)reason")))
	desk.post("/staff/bulk", url.Values{"t": all, "action": {"priority"}, "priority": {"P2"}, "reason": {"tous touchés"}}).check(t, htmlcheck.Not(".tone-danger"))
	desk.post("/staff/bulk", url.Values{"t": picks(), "action": {"state"}, "state": {"resolved"}}).check(t, htmlcheck.Not(".tone-danger"))
	desk.get("/staff").check(t, htmlcheck.Not(".row"))
	desk.get("/staff?state=resolved,closed").check(t, htmlcheck.Count(".row", 3))

	none := desk.post("/staff/bulk", url.Values{"action": {"state"}})
	none.want(t, "nothing picked", http.StatusBadRequest)
	none.check(t, htmlcheck.In(".page-head", htmlcheck.HasText("Tick at least one ticket")))
	desk.post("/staff/bulk", url.Values{"t": {"x"}, "action": {"state"}}).want(t, "nonsense picked", http.StatusBadRequest)
	desk.post("/staff/bulk", url.Values{"t": all, "action": {"explode"}}).want(t, "an unknown action", http.StatusBadRequest)
}

// TestViews keeps a filter under a name, alone and for the team.
func TestViews(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	desk := s.staff("en")
	colleague, _ := hired(t, s, desk, "kim@vmcloud.example", "agent")
	asks(t, s, "Une question")
	desk.post("/staff/views", url.Values{"name": {"Free tier"}, "filter": {"tier=free"}, "shared": {"1"}}).check(t,
		htmlcheck.In(`.views [aria-current]`, htmlcheck.HasText("Free tier 1")), htmlcheck.In("h1", htmlcheck.HasText("^Free tier$")), htmlcheck.Count(".row", 1))
	desk.post("/staff/views", url.Values{"name": {"Only mine"}, "filter": {"assignee=me&tier=business"}}).check(t, htmlcheck.Not(".row"))
	seen := colleague.get("/staff")
	seen.check(t, htmlcheck.In(".views", htmlcheck.HasText("Free tier 1")))
	if strings.Contains(seen.body, "Only mine") {
		t.Error("a personal view is shown to a colleague")
	}
	form := regexp.MustCompile(`action="(/staff/views/[^"]+/delete)"`).FindStringSubmatch(desk.get("/staff?tier=free").body)
	if form == nil {
		t.Fatal("the owner of a view cannot remove it")
	}
	colleague.post(form[1], nil).want(t, "another removes the view", http.StatusNotFound)
	desk.post(form[1], nil).want(t, "the owner removes the view", http.StatusOK)
	colleague.get("/staff").check(t, htmlcheck.Not(`.views a[href="/staff?tier=free"]`))
	desk.post("/staff/views", url.Values{"name": {" "}, "filter": {"tier=free"}}).want(t, "a view without a name", http.StatusUnprocessableEntity)
}

// TestSimilarTickets: who works on a ticket sees that another customer asked
// the same and what solved it; the customer's own tickets are not shown there,
// nor those that are open.
func TestSimilarTickets(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	desk := s.staff("en")
	ask := func(token, email string) {
		t.Helper()
		form := message("similar-tickets-" + token + "-0123456789")
		form.Set("subject", "Connexion SSH refusée sur le port 22 depuis ce matin")
		form.Set("email", email)
		s.visitor().post("/fr/contact", form).number(t)
	}
	// pageOf is the path of the open ticket of an address.
	pageOf := func(email string) string {
		t.Helper()
		for _, m := range ticketLinks.FindAllStringSubmatch(desk.get("/staff").body, -1) {
			if strings.Contains(desk.get(m[1]).body, email) {
				return m[1]
			}
		}
		t.Fatalf("no ticket of %s", email)
		return ""
	}
	ask("solved", "other@acme.example")
	solved := pageOf("other@acme.example")
	version := versionOf.FindStringSubmatch(desk.get(solved).body)[1]
	desk.post(solved+"/reply", url.Values{"version": {version}, "action": {"send"}, "reply": {"Ouvrez le port 22 dans le pare-feu."}, "then": {"resolved"}}).want(t, "solve it", http.StatusOK)
	ask("open", "third@acme.example")
	ask("again", "me@acme.example")
	page := pageOf("me@acme.example")
	until(t, "the index has the solved ticket", func() bool { return strings.Contains(desk.get(page).body, "Ouvrez le port 22") })
	desk.get(page).check(t, htmlcheck.Count(".similar li", 1), htmlcheck.In(".similar a", htmlcheck.HasAttr("href", solved)), htmlcheck.In(".similar details .message", htmlcheck.HasText("^Ouvrez le port 22")))
	ask("mine", "other@acme.example")
	desk.get(pageOf("other@acme.example")).check(t, htmlcheck.Not(".similar"))
}

// TestTicketSearch finds what was just written, and follows what changes.
func TestTicketSearch(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	desk := s.staff("en")
	numbers := asks(t, s, "Connexion SSH refusée", "Facture introuvable")
	find := func(q string) page { return desk.get("/staff/search?q=" + url.QueryEscape(q)) }
	until(t, "the tickets are in the index", func() bool {
		return strings.Contains(find("refusee").body, numbers[0]) && strings.Contains(find("factures").body, numbers[1])
	})
	if p := find("facture"); strings.Contains(p.body, numbers[0]) || !strings.Contains(p.body, "1 ticket found") {
		t.Errorf("a search for one ticket:\n%s", p.body)
	}
	if p := find(strings.ToLower(numbers[0])); !strings.HasPrefix(p.path, "/staff/tickets/") {
		t.Errorf("a number leads to %s", p.path)
	}
	if p := find("tier:free state:new"); p.path != "/staff?state=new&tier=free" && p.path != "/staff" {
		t.Errorf("operators alone lead to %s", p.path)
	}
	find("zzzzqqqq").check(t, htmlcheck.In(".empty h2", htmlcheck.HasText("zzzzqqqq")))
	find(`"connexion ssh" tier:business`).check(t, htmlcheck.In(".empty"))
	find(`"connexion ssh" tier:free -facture`).check(t, htmlcheck.Count(".row", 1), htmlcheck.In(".row .prio"))

	link := ticketLinks.FindStringSubmatch(find("introuvable").body)[1]
	version := versionOf.FindStringSubmatch(desk.get(link).body)[1]
	desk.post(link, url.Values{"version": {version}, "action": {"note"}, "note": {"voir la <b>comptabilité</b> analytique"}}).want(t, "note", http.StatusOK)
	until(t, "the note is found", func() bool {
		p := find("comptabilite")
		return strings.Contains(p.body, numbers[1]) && strings.Contains(p.body, "<mark>comptabilité</mark>") && strings.Contains(p.body, "&lt;b&gt;")
	})
}

// TestConflict: of two who save at once, the second sees what changed and
// loses nothing of what was typed.
func TestConflict(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	sam := s.staff("en")
	kim, _ := hired(t, s, sam, "kim@vmcloud.example", "agent")
	asks(t, s, "Une question")
	link := ticketLinks.FindStringSubmatch(sam.get("/staff").body)[1]
	was := sam.get(link).body
	version, seen := versionOf.FindStringSubmatch(was)[1], seenOf.FindStringSubmatch(was)[1]
	kim.post(link+"/reply", url.Values{"version": {version}, "seen": {seen}, "action": {"send"}, "reply": {"Réponse de Kim"}}).want(t, "the first reply", http.StatusOK)
	kim.post(link, url.Values{"version": {versionOf.FindStringSubmatch(kim.get(link).body)[1]}, "action": {"priority"}, "priority": {"P1"}, "reason": {"tout est arrêté"}}).want(t, "priority", http.StatusOK)
	p := sam.post(link+"/reply", url.Values{"version": {version}, "seen": {seen}, "action": {"send"}, "reply": {"Réponse de Sam"}})
	p.want(t, "the second reply", http.StatusConflict)
	p.check(t, htmlcheck.In(".form-errors", htmlcheck.HasText("in the meantime")), htmlcheck.In("#f-reply", htmlcheck.HasText("Réponse de Sam")),
		htmlcheck.In(".timeline", htmlcheck.HasText("new .*Réponse de Kim")), htmlcheck.In(".timeline", htmlcheck.HasText("P. → P1.* new")))
	if n := strings.Count(p.body, `class="pill plain tone-warning">new<`); n < 2 {
		t.Errorf("%d things are marked as new", n)
	}
	again := versionOf.FindStringSubmatch(p.body)[1]
	sam.post(link+"/reply", url.Values{"version": {again}, "action": {"send"}, "reply": {"Réponse de Sam"}}).want(t, "sent again", http.StatusOK)
	if body := sam.get(link).body; !strings.Contains(body, "Réponse de Kim") || !strings.Contains(body, "Réponse de Sam") {
		t.Error("a reply is lost")
	}
}

// TestLive reads the stream of the desk: what changes, who else is there, what
// was missed, and that it ends with the session.
func TestLive(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	sam := s.staff("en")
	kim, _ := hired(t, s, sam, "kim@vmcloud.example", "agent")
	asks(t, s, "Une question")
	link := ticketLinks.FindStringSubmatch(sam.get("/staff").body)[1]
	id := strings.TrimPrefix(link, "/staff/tickets/")
	if p := s.visitor().get("/staff/live"); !strings.HasPrefix(p.path, "/staff/login") {
		t.Errorf("a stranger listens: %s", p.path)
	}
	all := sam.listen("/staff/live", "")
	all.expect("event: hello")
	change(t, sam, link)
	all.expect(`"` + id + `":`)
	if all.last == "" {
		t.Error("the event has no id")
	}
	missed := kim.listen("/staff/live", "1000")
	missed.expect(`"` + id + `":`)

	first := sam.listen("/staff/live?ticket="+id, "")
	first.expect(`"name":"Sam Keller"`)
	second := kim.listen("/staff/live?writing=1&ticket="+id, "")
	first.expect(`"writing":true`)
	second.expect(`"name":"Sam Keller"`)
	second.stop()
	first.expectNot(`"writing":true`)
	if p := sam.get("/staff/live?ticket=nobody"); p.status != http.StatusNotFound {
		t.Errorf("the stream of a ticket that is not there: %d", p.status)
	}
}

// stream is an open stream of events.
type stream struct {
	t     *testing.T
	lines chan string
	stop  context.CancelFunc
	last  string // id of the latest event
}

func (v *visitor) listen(path, last string) *stream {
	v.t.Helper()
	ctx, cancel := context.WithCancel(v.t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, v.s.base+path, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("User-Agent", browserName)
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	lasting := *v.client
	lasting.Timeout = 0
	res, err := lasting.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	if got := res.Header.Get("Content-Type"); got != "text/event-stream" {
		v.t.Fatalf("%s is %q, %s", path, got, res.Status)
	}
	t, ok := v.t.(*testing.T)
	if !ok {
		v.t.Fatal("streams are for tests")
	}
	st := &stream{t: t, lines: make(chan string, 1000), stop: cancel}
	go func() {
		defer close(st.lines)
		defer func() { _ = res.Body.Close() }() // the test is over
		for sc := bufio.NewScanner(res.Body); sc.Scan(); {
			st.lines <- sc.Text()
		}
	}()
	v.t.Cleanup(cancel)
	return st
}

// next reads lines until ok says that one is what is waited for.
func (st *stream) next(what string, ok func(line string) bool) {
	st.t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		select {
		case line, open := <-st.lines:
			if !open {
				st.t.Fatalf("the stream ended before %s", what)
			}
			if id, isID := strings.CutPrefix(line, "id: "); isID {
				st.last = id
			}
			if ok(line) {
				return
			}
		case <-limit.C:
			st.t.Fatalf("the stream does not say %s", what)
		}
	}
}

func (st *stream) expect(part string) {
	st.t.Helper()
	st.next(part, func(line string) bool { return strings.Contains(line, part) })
}

// expectNot waits for an event about who is there without part in it.
func (st *stream) expectNot(part string) {
	st.t.Helper()
	st.next("an event without "+part, func(line string) bool { return strings.Contains(line, `"staff":`) && !strings.Contains(line, part) })
}

// TestIncident gathers tickets under a known issue and answers them together.
func TestIncident(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	desk := s.staff("en")
	asks(t, s, "Panne du stockage", "Disque muet")
	desk.post("/staff/incidents", url.Values{"action": {"open"}, "title": {" "}, "summary": {"x"}}).want(t, "an issue without a title", http.StatusUnprocessableEntity)
	p := desk.post("/staff/incidents", url.Values{"action": {"open"}, "title": {"Stockage en panne"}, "summary": {"Baie 4"}})
	p.want(t, "a known issue", http.StatusOK)
	id := strings.TrimPrefix(p.path, "/staff/incidents/")
	for _, m := range pickBox.FindAllStringSubmatch(desk.get("/staff").body, -1) {
		link := "/staff/tickets/" + m[1]
		desk.get(link).check(t, htmlcheck.In("#s-incident option", htmlcheck.HasText("Stockage en panne")))
		desk.post(link, url.Values{"version": {m[2]}, "action": {"join"}, "incident": {id}}).check(t, htmlcheck.In(`a[href="/staff/incidents/`+id+`"]`))
	}
	desk.get(p.path).check(t, htmlcheck.Count(".bulk-result li", 2))
	desk.post(p.path, url.Values{"action": {"answer"}, "reply": {""}}).want(t, "an empty answer", http.StatusUnprocessableEntity)
	form := url.Values{"action": {"answer"}, "version": {versionOf.FindStringSubmatch(desk.get(p.path).body)[1]}, "reply": {"Le stockage est rétabli."}, "then": {"resolved"}}
	desk.post(p.path, form).check(t, htmlcheck.In(".timeline .message", htmlcheck.HasText("rétabli")))
	desk.post(p.path, form).want(t, "a second click", http.StatusConflict)
	until(t, "both tickets are answered and resolved", func() bool {
		return strings.Count(desk.get("/staff?state=resolved").body, `class="row `) == 2
	})
	version := versionOf.FindStringSubmatch(desk.get(p.path).body)[1]
	desk.post(p.path, url.Values{"action": {"edit"}, "version": {version}, "title": {"Stockage"}, "resolved": {"1"}}).want(t, "the end of the issue", http.StatusOK)
	desk.get("/staff/incidents").check(t, htmlcheck.In(".empty"))
	desk.get("/staff/incidents?all=1").check(t, htmlcheck.Count(".bulk-result li", 1))
}
