package main

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vmcloud/ricochet/internal/htmlcheck"
)

// link is the path of the first link of a mail that begins with a path.
func (s *site) link(mail, begins string) string {
	s.t.Helper()
	m := regexp.MustCompile(regexp.QuoteMeta(s.base) + `(` + begins + `\S+)`).FindStringSubmatch(mail)
	if m == nil {
		s.t.Fatalf("no link to %s in\n%s", begins, mail)
	}
	return m[1]
}

// An article of the acknowledgement solved it: the page's button closes the
// ticket, following the link does not, and urgent tickets have no such link.
func TestSelfSolvedByTheLinkInTheAcknowledgement(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off", "--reply-to", "answers@example.com")
	token := s.apiToken("tickets:write")
	open := func(email, subject string) ticketReply {
		t.Helper()
		p := s.api("/api/v1/tickets", token, "", `{"email":"`+email+`","lang":"en","subject":"`+subject+`","message":"How do I add an SSH key to my server? I want to log in without a password."}`)
		p.want(t, "a ticket", http.StatusCreated)
		return p.ticket(t)
	}
	made := open("zoe@example.org", "Add an SSH key")
	mail := s.mail("zoe@example.org", made.Number)
	files, err := filepath.Glob(filepath.Join(s.data, "outbox", "*.eml"))
	if err != nil || len(files) != 1 {
		t.Fatalf("outbox %v, %v", files, err)
	}
	raw, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Auto-Submitted: auto-replied", "Reply-To: <answers+" + made.Number + "-"} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("no %q in\n%s", want, raw)
		}
	}
	path := s.link(mail, "/en/solved/")
	v := s.visitor()
	v.get(path).check(t, htmlcheck.In("main form[method=post] button"))
	v.get(path)
	request := s.link(mail, "/en/request/")
	v.get(request).check(t, htmlcheck.In(".pill", htmlcheck.HasText("New")))
	v.post(path, url.Values{}).check(t, htmlcheck.In("h1", htmlcheck.HasText("closed")))
	v.get(request).check(t, htmlcheck.In(".pill", htmlcheck.HasText("Closed")))
	v.post(path, url.Values{}).want(t, "the link again", http.StatusOK)
	if p := v.get(path); strings.Contains(p.body, "<form method=\"post\" action=\""+path) {
		t.Error("a used link still offers its button")
	}
	v.get(path+"x").want(t, "a forged link", http.StatusNotFound)
	v.get(strings.Replace(path, ".", ".z", 1)).want(t, "a link with another end", http.StatusNotFound)

	// What is written on a closed request opens another, linked one.
	p := v.post(request, url.Values{"action": {"reply"}, "message": {"It came back."}})
	if p.status != http.StatusOK || p.path == request || !strings.Contains(p.path, "done=opened") {
		t.Errorf("a message on a closed request: %d %s", p.status, p.path)
	}
	// The person is known now: both requests are listed on each other's page.
	p.check(t, htmlcheck.In(".requests a", htmlcheck.HasText("Add an SSH key")))

	urgent := open("max@example.org", "[URGENT] SSH key")
	if mail := s.mail("max@example.org", urgent.Number); strings.Contains(mail, "/solved/") {
		t.Errorf("%s has a link that closes it:\n%s", urgent.Priority, mail)
	}
}

// The author says on the page of the request what became of it, and adds files.
func TestMyRequest(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	v := s.visitor()
	number := v.post("/fr/contact", message("my-request-token-1")).number(t)
	request := s.link(s.mail("camille.martin@example.org", number), "/fr/request/")
	p := v.postFiles(request, url.Values{"action": {"reply"}, "message": {""}}, upload{"journal.txt", "des lignes"})
	p.want(t, "a file without a message", http.StatusUnprocessableEntity)
	p.check(t, htmlcheck.In("textarea[aria-invalid=true]"), htmlcheck.In("input[name=kept][checked]"))
	kept := regexp.MustCompile(`name="kept" value="([^"]+)"`).FindStringSubmatch(p.body)
	if kept == nil {
		t.Fatal("the file was not kept")
	}
	p = v.post(request, url.Values{"action": {"reply"}, "message": {"Voici le journal."}, "kept": {kept[1]}})
	p.want(t, "a message with a file", http.StatusOK)
	file := regexp.MustCompile(`href="(/fr/request/[^"]+/files/[^"]+)"`).FindStringSubmatch(p.body)
	if file == nil || v.get(file[1]).body != "des lignes" {
		t.Errorf("the file did not come back: %v", file)
	}

	staff := s.staff("fr")
	id := regexp.MustCompile(`/staff/tickets/([0-9a-f-]{36})`).FindStringSubmatch(staff.get("/staff").body)
	if id == nil {
		t.Fatal("no ticket in the queue")
	}
	version := regexp.MustCompile(`name="version" value="(\d+)"`).FindStringSubmatch(staff.get("/staff/tickets/" + id[1]).body)
	staff.post("/staff/tickets/"+id[1]+"/reply", url.Values{"action": {"send"}, "version": {version[1]}, "reply": {"Voilà."}, "then": {"resolved"}}).want(t, "a reply", http.StatusOK)
	v.get(request).check(t, htmlcheck.In("button[value=solved]"), htmlcheck.In("button[value=unsolved]"))
	v.post(request, url.Values{"action": {"unsolved"}}).check(t, htmlcheck.In(".pill", htmlcheck.HasText("Rouverte")))
	v.post(request, url.Values{"action": {"solved"}}).check(t, htmlcheck.In(".pill", htmlcheck.HasText("Fermée")))
	v.post(request, url.Values{"action": {"unsolved"}}).want(t, "reopening a closed request", http.StatusConflict)
	p = v.post(request, url.Values{"action": {"survey"}, "comment": {"Réponse claire."}})
	p.want(t, "a survey without answers", http.StatusUnprocessableEntity)
	p.check(t, htmlcheck.In("#f-score .error"), htmlcheck.In("#f-solved .error"), htmlcheck.In("#f-comment", htmlcheck.HasText("Réponse claire")))
	p = v.post(request, url.Values{"action": {"survey"}, "score": {"2"}, "solved": {"no"}, "comment": {"Trop long."}})
	p.want(t, "a survey", http.StatusOK)
	p.check(t, htmlcheck.Not("#f-score"), htmlcheck.In("[role=status]", htmlcheck.HasText("avis")))
	v.post(request, url.Values{"action": {"survey"}, "score": {"5"}, "solved": {"yes"}}).want(t, "another survey", http.StatusConflict)
	v.post(request, url.Values{"action": {"claim"}, "credit": {"none"}}).want(t, "a credit that is not there", http.StatusNotFound)
	v.post(request, url.Values{"action": {"drop table"}}).want(t, "an unknown action", http.StatusUnprocessableEntity)
	until(t, "the log to be quiet", func() bool { return !strings.Contains(s.log.String(), "level=ERROR") })
}
