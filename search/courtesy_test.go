package search

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestNamesAreNoQuestion: how a message is addressed and signed must not change
// what it asks; what only looks like a name must stay.
func TestNamesAreNoQuestion(t *testing.T) {
	x, _ := contentIndex(t)
	for _, c := range []struct{ lang, text, gone, kept string }{
		{"en", "Hi Paul, I forgot my password.", "Paul", "password"},
		{"en", "Dear Ms Zielinska,\nI forgot my password.", "Zielinska", "password"},
		{"en", "Hello zoe,\nI forgot my password.", "zoe", "password"},
		{"en", "My name is Zoe Martin and I forgot my password.", "Martin", "password"},
		{"fr", "Bonjour, je m'appelle Zoé Martin, j'ai oublié mon mot de passe.", "Martin", "passe"},
		{"en", "I forgot my password. Best, Zoe", "Zoe", "password"},
		{"en", "I forgot my password, thanks for your help, zoe", "zoe", "password"},
		{"en", "I forgot my password.\n\nZoe Martin", "Martin", "password"},
		{"en", "I forgot my password.\n\nKind regards,\nZoe O'Brien\nHead of IT, Acme\n+44 20 7946 0000", "Acme", "password"},
		{"fr", "J'ai oublié mon mot de passe.\n\nCordialement,\n\nZoé MARTIN\nResponsable informatique\nACME SAS\n06 12 34 56 78", "informatique", "passe"},
		{"fr", "J'ai oublié mon mot de passe. Merci de votre retour, M. Jean-Baptiste de La Tour", "Tour", "passe"},
		{"en", "thanks for your help, zoe\nmy password does not work", "zoe", "my password does not work"},
		// What is no name stays.
		{"en", "HELLO MY SERVER IS DOWN", "", "MY SERVER IS DOWN"},
		{"en", "Hello VPS down", "", "VPS down"},
		{"en", "Hello,\nKubernetes stopped.", "", "Kubernetes stopped"},
		{"fr", "Merci de redémarrer Nextcloud rapidement", "", "Nextcloud"},
		{"en", "Thanks. Does it work on Windows?", "", "Windows"},
		{"en", "Distribution:\nArch", "", "Arch"},
		{"en", "Nextcloud", "", "Nextcloud"},
	} {
		got := x.snap.views[c.lang].withoutNames(c.text)
		if c.gone != "" && strings.Contains(got, c.gone) {
			t.Errorf("%q: %q is still there: %q", c.text, c.gone, got)
		}
		if !strings.Contains(got, c.kept) {
			t.Errorf("%q: %q is gone: %q", c.text, c.kept, got)
		}
	}
}

// Whatever is written, words are only blanked: length, lines and what is left
// stay where they were.
func TestWithoutNamesOnlyBlanks(t *testing.T) {
	x, _ := contentIndex(t)
	v := x.snap.views["fr"]
	word := rapid.SampledFrom([]string{"Bonjour", "merci", "Zoé", "MARTIN", "de", "mot de passe", "VPS", ",", ".", "\n", "\n\n", "?", "d'avance", "\xff", "😀", "Cordialement", "ﬁn", "x@y.fr"})
	rapid.Check(t, func(t *rapid.T) {
		text := clip(strings.Join(rapid.SliceOfN(word, 0, 40).Draw(t, "words"), " "), maxText)
		got := v.withoutNames(text)
		if len(got) != len(text) {
			t.Fatalf("%d bytes became %d", len(text), len(got))
		}
		for i := range got {
			if got[i] != text[i] && (got[i] != ' ' || text[i] == '\n') {
				t.Fatalf("byte %d: %q became %q", i, text[i], got[i])
			}
		}
	})
}

// A signed question is answered as the same one without a signature.
func TestASignatureDoesNotSilenceASuggestion(t *testing.T) {
	x, _ := contentIndex(t)
	for lang, text := range map[string]string{
		"en": "Hello Paul,\n\nssh says connection refused on my VPS.\n\nThanks,\nZoe Zielinska",
		"fr": "Bonjour Sébastien,\n\nssh répond connection refused sur mon VPS.\n\nCordialement,\nZoé Zielinska",
	} {
		got, err := x.Suggest(t.Context(), Message{Lang: lang, Subject: "SSH", Body: text}, 3)
		if err != nil || len(got) == 0 {
			t.Errorf("%s: no suggestion (%v)", lang, err)
		}
	}
}
