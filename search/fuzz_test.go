package search

import (
	"context"
	"strings"
	"testing"
	"unicode/utf8"
)

// join is the text of spans.
func join(spans []Span) string {
	var b strings.Builder
	for _, s := range spans {
		b.WriteString(s.Text)
	}
	return b.String()
}

func FuzzQuery(f *testing.F) {
	for _, s := range []string{"mot de passe", "l'instance /etc/fstab", "ERR_X c2-15 peut-on", "\x00\xff*?[", "é́œÆ", "a'b'c'd", strings.Repeat("a-b", 50)} {
		f.Add(s, true)
	}
	x := openTest(f, Options{}, testFiles())
	f.Fuzz(func(t *testing.T, text string, exact bool) {
		ctx := context.Background()
		for _, lang := range []string{"fr", "en"} {
			res, err := x.Search(ctx, Query{Lang: lang, Text: text, Exact: exact})
			if err != nil {
				t.Fatal(err)
			}
			for i, h := range res.Hits {
				if join(h.Title) != h.Article.Title {
					t.Fatalf("marking changed the title %q", h.Article.Title)
				}
				if !utf8.ValidString(join(h.Excerpt)) {
					t.Fatalf("the excerpt is cut inside a character: %q", join(h.Excerpt))
				}
				if h.Score <= 0 || i > 0 && h.Score > res.Hits[i-1].Score {
					t.Fatalf("score %v at %d", h.Score, i)
				}
			}
			if _, err := x.Complete(ctx, lang, text, 5); err != nil {
				t.Fatal(err)
			}
		}
		if n := Normalise(text); len(n) > maxNormalised || strings.Contains(n, "@example.com") {
			t.Fatalf("Normalise(%q) = %q", text, n)
		}
	})
}

func FuzzMessage(f *testing.F) {
	f.Add("Re: panne", "Bonjour,\n> cité\n2026-01-01 10:00 ERROR x\n-- \nPaul")
	f.Add("", "Permission denied (publickey)\r\n\r\nLe 1 mars 2026, X a écrit :")
	f.Add(strings.Repeat("re:", 40), strings.Repeat("a\n", 300))
	x := openTest(f, Options{}, testFiles())
	f.Fuzz(func(t *testing.T, subject, body string) {
		got, err := x.Suggest(context.Background(), Message{Lang: "fr", Subject: subject, Body: body}, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range got {
			if s.Confidence < minConfidence || s.Confidence > 1 {
				t.Fatalf("confidence %v", s.Confidence)
			}
		}
	})
}
