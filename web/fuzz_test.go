package web

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// Whatever a stranger types, a query is short, valid and printable, and
// cleaning it twice changes nothing.
func FuzzCleanQuery(f *testing.F) {
	for _, seed := range []string{"", "vps", " a\x00b ", "\xff\xfe", "\u202e\u200b", "é\u0301 🙂", strings.Repeat("a ", 150), strings.Repeat("ab ", 90)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q := cleanQuery(raw)
		if !utf8.ValidString(q) || utf8.RuneCountInString(q) > maxQuery {
			t.Fatalf("%q became %q", raw, q)
		}
		for _, r := range q {
			if unicode.IsControl(r) {
				t.Fatalf("%q keeps a control character: %q", raw, q)
			}
		}
		if again := cleanQuery(q); again != q {
			t.Fatalf("%q became %q, then %q", raw, q, again)
		}
	})
}

// Headers of strangers are read without harm, and a tag always matches itself.
func FuzzRequestHeaders(f *testing.F) {
	f.Add("gzip, br;q=0.1", `W/"a", "b"`, "fr-BE,en;q=0.3")
	f.Add(",;,=", `"`, "*;q=x")
	locales, err := loadLocales(nil, "fr", nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, encoding, match, language string) {
		acceptsGzip(map[string][]string{"Accept-Encoding": {encoding}})
		if !etagMatches(match+`, "tag"`, `"tag"`) {
			t.Fatalf("a tag at the end of %q does not match", match)
		}
		if locales.Negotiate(language) == nil {
			t.Fatalf("%q leaves a visitor without a language", language)
		}
	})
}
