package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var versionField = regexp.MustCompile(`name="version" value="(\d+)"`)

// TestMergedRequestsOfColleagues merges the tickets of two colleagues: both get
// the answer, each through their own link, and neither reads what the other
// wrote.
func TestMergedRequestsOfColleagues(t *testing.T) {
	data := t.TempDir()
	list := filepath.Join(data, "customers.csv")
	if err := os.WriteFile(list, []byte("match,company,contract,mrr,credit_cap\nacme.example,Acme,business,900,30\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, data, "--rate-limit", "off")
	if out, err := ricochet(t, "customers", "import", list, "--data", data); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	desk, token := s.staff("en"), s.apiToken("tickets:write")
	var tickets []ticketReply
	var pages []string
	for _, name := range []string{"ada", "bob"} {
		to := name + "@acme.example"
		p := s.api("/api/v1/tickets", token, "", fmt.Sprintf(`{"email":%q,"lang":"en","subject":"Server down","message":"Words of %s."}`, to, name))
		tickets = append(tickets, p.ticket(t))
		u, err := url.Parse(requestLink.FindString(s.mail(to, "/en/request/")))
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, u.Path)
	}
	act := func(id, below string, form url.Values) {
		t.Helper()
		path := "/staff/tickets/" + id
		m := versionField.FindStringSubmatch(desk.get(path).body)
		if m == nil {
			t.Fatal("the ticket's page has no version")
		}
		form.Set("version", m[1])
		desk.post(path+below, form).want(t, form.Get("action"), http.StatusOK)
	}
	act(tickets[0].ID, "", url.Values{"action": {"merge"}, "other": {tickets[1].Number}, "reason": {"same server"}})
	act(tickets[1].ID, "/reply", url.Values{"action": {"send"}, "reply": {"It is repaired."}})
	s.mail("ada@acme.example", "It is repaired.", tickets[0].Number)
	s.mail("bob@acme.example", "It is repaired.", tickets[1].Number)

	ada := s.visitor()
	ada.post(pages[0], url.Values{"action": {"reply"}, "message": {"Thanks from Ada."}}).want(t, "a message on the merged request", http.StatusOK)
	for i, want := range []struct{ seen, hidden []string }{
		{[]string{"Words of ada.", "It is repaired.", "Thanks from Ada."}, []string{"Words of bob."}},
		{[]string{"Words of bob.", "It is repaired."}, []string{"Words of ada."}},
	} {
		body := s.visitor().get(pages[i]).body
		for _, text := range want.seen {
			if !strings.Contains(body, text) {
				t.Errorf("page %d does not say %q", i, text)
			}
		}
		for _, text := range want.hidden {
			if strings.Contains(body, text) {
				t.Errorf("page %d shows %q of the colleague", i, text)
			}
		}
	}
}
