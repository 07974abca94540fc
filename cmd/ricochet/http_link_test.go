package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// The link to "my request" names a ticket and proves it: neither half opens
// anything with the half of another.
func TestMailedLinkOpensItsOwnTicketAlone(t *testing.T) {
	s := serve(t, t.TempDir())
	token := s.apiToken("tickets:write")
	var links []string
	for i := range 2 {
		to := fmt.Sprintf("person%d@example.org", i)
		s.api("/api/v1/tickets", token, "", fmt.Sprintf(`{"email":%q,"lang":"fr","subject":"Serveur %d","message":"Il ne répond plus."}`, to, i)).
			want(t, "ticket", http.StatusCreated)
		u, err := url.Parse(requestLink.FindString(s.mail(to, "/fr/request/")))
		if err != nil {
			t.Fatal(err)
		}
		links = append(links, strings.TrimPrefix(u.Path, "/fr/request/"))
	}
	id0, secret0, _ := strings.Cut(links[0], ".")
	id1, secret1, ok := strings.Cut(links[1], ".")
	if !ok || id0 == id1 || secret0 == secret1 {
		t.Fatalf("links %q", links)
	}
	v := s.visitor()
	if p := v.get("/fr/request/" + links[1]); p.status != http.StatusOK || !strings.Contains(p.body, "Serveur 1") {
		t.Errorf("own link: %d", p.status)
	}
	for _, forged := range []string{id0 + "." + secret1, id0, id0 + ".", "." + secret0, secret0, links[0] + "x", strings.ToUpper(links[0])} {
		if p := v.get("/fr/request/" + forged); p.status != http.StatusNotFound || strings.Contains(p.body, "Serveur 0") {
			t.Errorf("%s: %d, want 404", forged, p.status)
		}
	}
}
