package web

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/search/tickets"
)

func TestParseTicketQuery(t *testing.T) {
	everything := ticket.Filter{All: true}
	for _, tt := range []struct {
		text string
		q    tickets.Query
		f    ticket.Filter
	}{
		{"facture perdue", tickets.Query{Words: []string{"facture", "perdue"}}, everything},
		{`tier:business state:open "exact phrase"`, tickets.Query{Phrases: []string{"exact phrase"}},
			ticket.Filter{States: []ticket.State{ticket.Open}, Tiers: []ticket.Tier{ticket.Business}}},
		{"état:active priorité:p1 « mot de passe » -test", tickets.Query{Phrases: []string{"mot de passe"}, Not: []string{"test"}},
			ticket.Filter{Priorities: []ticket.Priority{ticket.P1}}},
		{"assignee:me tag:ssh erreur:503", tickets.Query{Words: []string{"erreur:503"}}, ticket.Filter{All: true, Assignee: "me", Tag: "ssh"}},
		{`"not closed`, tickets.Query{Phrases: []string{"not closed"}}, everything},
		{`"" - “`, tickets.Query{Words: []string{"-"}}, everything},
		{"state:nonsense", tickets.Query{}, ticket.Filter{}},
		{"", tickets.Query{}, everything},
	} {
		q, f := parseTicketQuery(tt.text)
		if d := cmp.Diff(tt.q, q); d != "" {
			t.Errorf("%s: %s", tt.text, d)
		}
		if d := cmp.Diff(tt.f, f); d != "" {
			t.Errorf("%s: %s", tt.text, d)
		}
	}
}

func FuzzParseTicketQuery(f *testing.F) {
	f.Add(`tier:business "a b" -c état:`)
	f.Fuzz(func(t *testing.T, text string) {
		q, filter := parseTicketQuery(text)
		n := 0
		for _, part := range append(append(q.Words, q.Phrases...), q.Not...) {
			if part == "" {
				t.Errorf("%q: an empty part", text)
			}
			n += len(part)
		}
		if n > len(text) {
			t.Errorf("%q became longer: %+v", text, q)
		}
		if again := ticket.ParseFilter(filter.Values()); !cmp.Equal(again, filter) {
			t.Errorf("%q: the filter %+v comes back as %+v", text, filter, again)
		}
	})
}

func TestCursor(t *testing.T) {
	for _, text := range []string{"", "x", "1.", ".id", "9999999999999999999999.id", "-5.id"} {
		c := readCursor(text)
		if c.ID != "" && text != "-5.id" {
			t.Errorf("%q is read as %+v", text, c)
		}
	}
	if c := readCursor("0.id"); c.ID != "id" || !c.Due.IsZero() {
		t.Errorf("an untimed place: %+v", c)
	}
}
