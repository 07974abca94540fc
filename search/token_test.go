package search

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTokenize(t *testing.T) {
	tests := []struct{ lang, text, want string }{
		{"fr", "L'instance d’Aurélie n'est", "instance aurélie est"},
		{"fr", "Cœur et œuvre, ÆTHER", "coeur et oeuvre aether"},
		{"fr", "sous-domaine", "sous domaine =sousdomaine"},
		{"fr", "peut-on aidez-moi y a-t-il", "peut on aidez moi y a t il"},
		{"en", "the server's IPv6 don't", "the server ipv6 don"},
		{"en", "edit /etc/fstab now", "edit etc fstab =/etc/fstab now"},
		{"en", "ERR_CONNECTION_REFUSED (502).", "err connection refused =err_connection_refused 502"},
		{"en", "a C2-15 or nvidia-smi", "a c2 15 =c2-15 or nvidia smi =nvidiasmi"},
		{"fr", "e\u0301cran", "écran"}, // decomposed
		{"en", strings.Repeat("x", 60) + " end", "end"},
		{"en", "\x00\x01 *?[a-z]+ \xff", "a z =az"},
	}
	for _, tt := range tests {
		var got []string
		newAnalyzer(tt.lang).tokenize(clip(tt.text, maxQuery), func(tok token) {
			w := tok.text
			if tok.whole {
				w = "=" + w
			}
			got = append(got, w)
		})
		if d := cmp.Diff(tt.want, strings.Join(got, " ")); d != "" {
			t.Errorf("tokenize(%q) (-want +got):\n%s", tt.text, d)
		}
	}
}

func TestTerms(t *testing.T) {
	tests := []struct{ lang, a, b string }{ // the same term
		{"fr", "facturées", "facturé"},
		{"fr", "désactiver", "désactivez"},
		{"fr", "sauvegardes", "sauvegarde"},
		{"en", "invoices", "invoice"},
		{"en", "configured", "configuring"},
		{"en", "sent", "sending"},
		{"en", "goes", "went"},
		{"en", "authorisation", "authorization"},
		{"en", "virtualised", "virtualized"},
		{"fr", "connexion", "connexions"},
		{"fr", "reçoivent", "recevoir"},
		{"fr", "envoient", "envoyer"},
		{"fr", "vérification", "vérifier"},
		{"de", "rechnungen", "rechnung"},
		{"es", "facturas", "factura"},
	}
	for _, tt := range tests {
		a := newAnalyzer(tt.lang)
		if a.term(tt.a) != a.term(tt.b) || a.term(tt.a) == "" {
			t.Errorf("%s: %q is %q, %q is %q", tt.lang, tt.a, a.term(tt.a), tt.b, a.term(tt.b))
		}
	}
	en := newAnalyzer("en")
	for _, w := range []string{"enterprise", "promises", "raise", "down", "off"} { // neither respelled nor dropped
		if got := en.term(w); got == "" || strings.Contains(got, "z") {
			t.Errorf("%q became %q", w, got)
		}
	}
	for _, w := range []string{"/etc/fstab", "c2-15", "err_connection_refused", "ipv6", "502"} {
		if got := newAnalyzer("fr").term(w); got != w {
			t.Errorf("technical token %q became %q", w, got)
		}
	}
}

// Words of one family have one root, and words that only look alike do not.
func TestFamilies(t *testing.T) {
	tests := []struct {
		lang, a, b string
		same       bool
	}{
		{"fr", "redémarrage", "redémarrer", true},
		{"fr", "hébergeur", "hébergement", true},
		{"fr", "répartiteur", "répartition", true},
		{"fr", "suppression", "supprimer", true},
		{"fr", "disponibilité", "disponible", true},
		{"fr", "format", "forme", false},
		{"fr", "contrat", "contre", false},
		{"en", "secure", "security", true},
		{"en", "subscription", "subscribe", true},
		{"en", "availability", "available", true},
		{"en", "deployment", "deploy", true},
		{"en", "port", "portal", false},
	}
	for _, tt := range tests {
		a := newAnalyzer(tt.lang)
		x, y := a.rootOf(a.term(tt.a)), a.rootOf(a.term(tt.b))
		if (x == y) != tt.same {
			t.Errorf("%s: the root of %q is %q, that of %q %q", tt.lang, tt.a, x, tt.b, y)
		}
	}
}

func TestNear(t *testing.T) {
	var v vocab
	v = v.with(map[string]int32{"serveur": 9, "serveurs": 3, "service": 5, "facture": 7, "accès": 2, "ssh": 4})
	tests := []struct {
		typed string
		max   int
		want  []string
	}{
		{"serveru", 1, []string{"serveur"}},
		{"facutre", 1, []string{"facture"}},
		{"factre", 1, []string{"facture"}},
		{"faccture", 1, []string{"facture"}},
		{"vacture", 1, []string{"facture"}},
		{"acces", 0, []string{"accès"}},
		{"servise", 2, []string{"service"}},
		{"zzzz", 1, nil},
	}
	for _, tt := range tests {
		var got []string
		for _, n := range v.near(tt.typed, tt.max) {
			got = append(got, n.word.text)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("near(%q, %d) (-want +got):\n%s", tt.typed, tt.max, d)
		}
	}
}

func TestNormalise(t *testing.T) {
	tests := []struct{ in, want string }{
		{"  Mot de   passe PERDU ", "mot de passe perdu"},
		{"écrire à Jean.Dupont@example.com", "écrire à [email]"},
		{"facture 12345 et port 8080", "facture [number] et port 8080"},
		{"appeler le +33 6 12 34 56 78", "appeler le [number]"},
		{"ping 192.168.1.10 et 2001:db8::1", "ping [ip] et [ip]"},
		{"clé sk_live_4eC39HqLyjWDarjtT1zdp7dc", "clé [key]"},
		{"id 123e4567-e89b-12d3-a456-426614174000", "id [key]"},
		{"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ== moi", "[key] moi"},
		{"erreur 502", "erreur 502"},
	}
	for _, tt := range tests {
		if got := Normalise(tt.in); got != tt.want {
			t.Errorf("Normalise(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
	if got := Normalise(strings.Repeat("é mot ", 500)); len(got) > maxNormalised {
		t.Errorf("a long query leaves %d bytes", len(got))
	}
}

func TestMessageQuery(t *testing.T) {
	m := Message{Subject: "Re: RE : Site en panne", Body: "Bonjour,\n\nMon site affiche une erreur.\n" +
		"2026-03-01 10:00:01 INFO started worker\n2026-03-01 10:00:02 ERROR connection refused\n" +
		"2026-03-01 10:00:03 ERROR connection refused\n\n> ancien message cité\nLe lundi 2 mars, Paul a écrit :\nvieux texte"}
	got := m.query()
	for _, want := range []string{"Site en panne", "Mon site affiche une erreur", "connection refused"} {
		if !strings.Contains(got, want) {
			t.Errorf("the query lacks %q:\n%s", want, got)
		}
	}
	for _, no := range []string{"Re:", "started worker", "cité", "vieux texte", "2026"} {
		if strings.Contains(got, no) {
			t.Errorf("the query has %q:\n%s", no, got)
		}
	}
	if n := strings.Count(got, "connection refused"); n != 1 {
		t.Errorf("the error is there %d times", n)
	}
}
