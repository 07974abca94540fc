package search

import (
	"strings"
	"testing"
)

// TestParticulars: when, where and under which number it happened is no part of
// the question; what articles are about stays.
func TestParticulars(t *testing.T) {
	x, _ := contentIndex(t)
	for _, c := range []struct{ text, gone, kept string }{
		{"It stopped on 12/10/2026 at 14:35.", "35", "It stopped on"},
		{"It stopped at 2 pm", "2", "It stopped"},
		{"Panne depuis 14h35, ou 14 h 35", "35", "Panne depuis"},
		{"Since 2026-10-12T14:35:01Z it is down", "2026", "it is down"},
		{"My server 203.0.113.5 is down", "203", "My server"},
		{"2001:db8::1 is down", "2001", "is down"},
		{"srv-4821.bricoland.example is down", "4821", "is down"},
		{"Request VM-7K3F-92 is open", "7K3F", "Request"},
		{"Order 482113 was not delivered", "482113", "Order"},
		{"Call me on +33 6 12 34 56 78 or 06.12.34.56.78", "56", "Call me"},
		{"Write to zoe@bricoland.example", "bricoland", "Write to"},
		{"See https://bricoland.example/cart?id=4 please", "cart", "See"},
		{"", "", ""},
		// What is no particular stays.
		{"Error 502 on port 8443", "", "Error 502 on port 8443"},
		{"Ubuntu 24.04 and Debian 12", "", "Ubuntu 24.04 and Debian 12"},
		{"edit /etc/fstab on C2-15", "", "edit /etc/fstab on C2-15"},
		{"IPv6 with 2 GPU", "", "IPv6 with 2 GPU"},
		{"ERR_CONNECTION_REFUSED", "", "ERR_CONNECTION_REFUSED"},
	} {
		got := x.snap.views["en"].withoutParticulars(c.text)
		if len(got) != len(c.text) || c.gone != "" && strings.Contains(got, c.gone) || !strings.Contains(got, c.kept) {
			t.Errorf("%q became %q", c.text, got)
		}
	}
}

// TestContextDoesNotSilenceAQuestion: what people tell of themselves before
// they ask leaves the answer as it is, and is no question of its own.
func TestContextDoesNotSilenceAQuestion(t *testing.T) {
	x, _ := contentIndex(t)
	for _, c := range []struct{ lang, subject, body, want string }{
		{"en", "", "Hello, I am the CTO of Bricoland. How do I change my password?", "getting-started/account-creation"},
		{"fr", "", "Bonjour, je suis la gérante de Bricoland. Comment changer mon mot de passe ?", "getting-started/account-creation"},
		{"en", "I forgot my password", "We are Bricoland, three shops in Burgundy and a bakery.", "getting-started/account-creation"},
		{"en", "", "How do I change my password? I lost it on 12/10/2026 at 14:35.", "getting-started/account-creation"},
		{"en", "", "We are Bricoland, three shops in Burgundy and a bakery. Do you sell croissants?", ""},
	} {
		got, err := x.Suggest(t.Context(), Message{Lang: c.lang, Subject: c.subject, Body: c.body}, 3)
		first := ""
		if len(got) > 0 {
			first = got[0].Article.Pair
		}
		if err != nil || first != c.want {
			t.Errorf("%q %q: suggests %q, want %q (%v)", c.subject, c.body, first, c.want, err)
		}
	}
}
