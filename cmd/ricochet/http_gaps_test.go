package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// A question that several people write and no article answers becomes a draft
// in the customers' words, without what identifies them.
func TestGapsBecomeDrafts(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	desk := s.staff("fr")
	token := s.apiToken("tickets:write")
	for i, text := range []string{
		"Existe-t-il un provider Terraform pour créer nos serveurs ? Écrivez-moi à zoe@example.org ou au 06 12 34 56 78.",
		"Do you have a Terraform provider? We manage everything as code.",
	} {
		body, err := json.Marshal(map[string]string{"email": "zoe@example.org", "name": "Zoé Martin", "lang": []string{"fr", "en"}[i], "subject": "Terraform provider", "message": text})
		if err != nil {
			t.Fatal(err)
		}
		s.api("/api/v1/tickets", token, "", string(body)).want(t, "ticket", http.StatusCreated)
	}
	if p := desk.get("/staff/insights/gaps"); p.status != http.StatusOK || !strings.Contains(p.body, "regroupement") {
		t.Fatalf("before the first look: %d\n%s", p.status, p.body)
	}
	link := regexp.MustCompile(`href="(/staff/insights/gaps/[0-9a-f]{16})"`)
	var list page
	until(t, "a gap on the page", func() bool {
		list = desk.get("/staff/insights/gaps")
		return link.MatchString(list.body)
	})
	path := link.FindStringSubmatch(list.body)[1]
	one := desk.get(path + "?lang=fr&section=api")
	if one.status != http.StatusOK || !strings.Contains(one.body, "Terraform") || !strings.Contains(one.body, "zoe@example.org") {
		t.Errorf("page of the gap: %d", one.status)
	}
	file := desk.post(path, url.Values{"lang": {"fr"}, "section": {"api"}, "as": {"markdown"}})
	if file.status != http.StatusOK || !strings.Contains(file.header.Get("Content-Disposition"), ".md") {
		t.Fatalf("draft: %d %v", file.status, file.header)
	}
	for _, gone := range []string{"zoe@", "06 12", "Zoé"} {
		if strings.Contains(file.body, gone) {
			t.Errorf("the draft has %q:\n%s", gone, file.body)
		}
	}
	if !strings.Contains(file.body, "Existe-t-il un provider Terraform pour créer nos serveurs") || !strings.HasPrefix(file.body, "---\ntitle: ") {
		t.Errorf("draft:\n%s", file.body)
	}
	desk.post(path, url.Values{"lang": {"fr"}, "section": {"api"}, "as": {"patch"}}).want(t, "the same as a patch", http.StatusOK)
	if n := column[int](t, database(t, s.data, "mode=ro"), "SELECT COUNT(*) FROM gap_drafts"); n[0] != 1 {
		t.Errorf("one draft, taken twice, is followed %d times", n[0])
	}
	if p := desk.post(path, url.Values{"lang": {"fr"}, "section": {"../../x"}, "as": {"patch"}}); p.status != http.StatusOK || strings.Contains(p.body, "../") {
		t.Errorf("patch with a strange section: %d\n%s", p.status, p.body)
	}
	if p := desk.post(path, url.Values{"as": {"exe"}}); p.status != http.StatusBadRequest && p.status != http.StatusUnprocessableEntity {
		t.Errorf("unknown form of the draft: %d", p.status)
	}
	if p := desk.get("/staff/insights/gaps/0000000000000000"); p.status != http.StatusNotFound {
		t.Errorf("unknown gap: %d", p.status)
	}
	if p := desk.get("/staff/insights/gaps.csv"); p.status != http.StatusOK || !strings.Contains(p.body, "Terraform") {
		t.Errorf("CSV: %d\n%s", p.status, p.body)
	}
	desk.post("/staff/insights/gaps", nil)
	until(t, "the draft on the page", func() bool {
		return strings.Contains(desk.get("/staff/insights/gaps").body, "Pas encore publié")
	})
	if p := s.visitor().get("/staff/insights/gaps.csv"); strings.Contains(p.body, "Terraform") {
		t.Error("a stranger reads the gaps")
	}
}
