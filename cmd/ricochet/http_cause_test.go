package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/internal/htmlcheck"
)

// TestCauses: a broken promise and an escalation that came by itself are owed
// words until somebody writes them; the note stays in the team, and what the
// customer is told of it is a reply that somebody sends.
func TestCauses(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	desk := s.staff("fr")
	desk.get("/staff/owed").check(t, htmlcheck.In(".empty"))
	asks(t, s, "Serveur injoignable", "Autre panne")
	db := database(t, s.data, "")
	ids := column[string](t, db, "SELECT id FROM tickets ORDER BY id")
	long := time.Now().AddDate(0, -2, 0).UnixMilli()
	for _, q := range []string{
		`INSERT INTO alerts (id, dedupe, ticket_id, event, target, cycle, due, audience, unverified, held, fired_at, created_at)
			VALUES ('a', 'a', $1, 'alert.100', 'resolution', 1, $2, 'director', 0, 0, $2, $2)`,
		`INSERT INTO escalations (id, ticket_id, from_level, to_level, automatic, reason, problem, timeline, impact, attempts, help, mrr_cents, tier, staff_id, created_at)
			VALUES ('e', $1, 'L1', 'L2', 1, 'sla', '', '', '', '', '', 0, 'free', '', $2)`,
	} {
		if _, err := db.Exec(q, ids[0], long); err != nil {
			t.Fatal(err)
		}
	}
	page, note := "/staff/tickets/"+ids[0], "/staff/tickets/"+ids[0]+"/cause"
	desk.get("/staff/owed").check(t, htmlcheck.Count(".owed li", 2), htmlcheck.In(".owed .tone-danger a", htmlcheck.HasAttr("href", note)),
		htmlcheck.In(".owed .tone-danger", htmlcheck.HasText("sans elle")), htmlcheck.In(`.owed a[href="`+page+`#level"]`))

	desk.get(note).check(t, htmlcheck.In("#f-cause"), htmlcheck.Count(".corrective-line", 2), htmlcheck.Not("section.panel form"))
	form := url.Values{"version": {"0"}, "cause": {"Câble <b>coupé</b>"}, "impact": {""}, "timeline": {"10:00 coupure"},
		"what": {"Doubler le lien", ""}, "owner": {"nobody-known", ""}, "due": {"demain", ""}, "done": {"", ""}}
	p := desk.post(note, form)
	p.want(t, "a note without impact", http.StatusUnprocessableEntity)
	p.check(t, htmlcheck.In("#e-impact"), htmlcheck.In("#e-actions"), htmlcheck.In("#f-cause", htmlcheck.HasText("^Câble <b>coupé</b>$")), htmlcheck.In("#a-what-1", htmlcheck.HasAttr("value", "^Doubler le lien$")))
	form["impact"], form["due"] = []string{"40 clients"}, []string{"2026-12-15", ""}
	p = desk.post(note, form)
	p.want(t, "the note", http.StatusOK)
	p.check(t, htmlcheck.Count(".corrective-line", 3), htmlcheck.In("section.panel form", htmlcheck.HasAttr("action", page+"/reply")))
	form.Set("cause", "Autre chose")
	p = desk.post(note, form)
	p.want(t, "written by two at once", http.StatusConflict)
	p.check(t, htmlcheck.In("#f-cause", htmlcheck.HasText("^Autre chose$")), htmlcheck.In("input[name=version]", htmlcheck.HasAttr("value", "^1$")))
	desk.get("/staff/owed").check(t, htmlcheck.Count(".owed li", 1))
	desk.get(page).check(t, htmlcheck.In("#cause", htmlcheck.HasText("Câble <b>coupé</b>")), htmlcheck.In(".timeline .change", htmlcheck.HasText("note sur la cause")))

	// The draft stands in the composer and was not sent.
	drafts, err := htmlcheck.All([]byte(desk.get(note).body), "section.panel input[name=reply]", "value")
	if err != nil || len(drafts) != 1 {
		t.Fatal(drafts, err)
	}
	desk.post(page+"/reply", url.Values{"reply": {drafts[0]}}).check(t, htmlcheck.In("#f-reply", htmlcheck.HasText("Câble <b>coupé</b>.*40 clients.*Doubler le lien")), htmlcheck.Not(".timeline .ours"))
	s.visitor().get(note).check(t, htmlcheck.In("#f-password"))

	// A note on an incident covers its tickets.
	incident := desk.post("/staff/incidents", url.Values{"title": {"Réseau de Paris"}})
	incident.want(t, "an incident", http.StatusOK)
	form.Set("cause", "Un pelleteur")
	desk.post(incident.path+"/cause", form).check(t, htmlcheck.In("#f-cause", htmlcheck.HasText("Un pelleteur")), htmlcheck.Not("section.panel form"))
	other := "/staff/tickets/" + ids[1]
	id := incident.path[len("/staff/incidents/"):]
	p = desk.get(other)
	desk.post(other, url.Values{"version": {versionOf.FindStringSubmatch(p.body)[1]}, "action": {"join"}, "incident": {id}}).
		check(t, htmlcheck.In("#cause a", htmlcheck.HasAttr("href", incident.path+"/cause")), htmlcheck.In("#cause", htmlcheck.HasText("Un pelleteur")))
	desk.get("/staff/tickets/nothing/cause").want(t, "a note on nothing", http.StatusNotFound)
}

// TestUnlink takes a link off that people made; how a ticket came about stays.
func TestUnlink(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	desk := s.staff("en")
	numbers := asks(t, s, "Premier sujet", "Deuxième sujet")
	links := ticketLinks.FindAllStringSubmatch(desk.get("/staff").body, -1)
	path := links[0][1]
	other := numbers[0]
	p := desk.get(path)
	if strings.Contains(p.body, "<b>"+numbers[0]+"</b>") {
		other = numbers[1]
	}
	version := func(p page) string { return versionOf.FindStringSubmatch(p.body)[1] }
	p = desk.post(path, url.Values{"version": {version(p)}, "action": {"link"}, "kind": {"duplicate"}, "other": {other}})
	p.check(t, htmlcheck.Count(".side-list form", 1))
	ids, err := htmlcheck.All([]byte(p.body), ".side-list form input[name=other]", "value")
	if err != nil || len(ids) != 1 {
		t.Fatal(ids, err)
	}
	desk.get("/staff/tickets/"+ids[0]).check(t, htmlcheck.In(".side-list"), htmlcheck.Not(".side-list form"))
	p = desk.post(path, url.Values{"version": {version(p)}, "action": {"unlink"}, "kind": {"duplicate"}, "other": {ids[0]}})
	p.want(t, "unlink", http.StatusOK)
	p.check(t, htmlcheck.Not(".side-list"), htmlcheck.In(".timeline", htmlcheck.HasText("link removed")))
}
