package htmlcheck

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

const page = `<html lang="fr"><body><main id="m"><h1 class="big title">Un  <b>VPS</b></h1>
<a href="/a">A</a><a href="/b" rel="next">B</a><script src="x"></script></main></body></html>`

func TestChecks(t *testing.T) {
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		check Check
		wrong string // "" when the check passes
	}{
		{"tag", In("h1", HasText("^Un VPS$")), ""},
		{"below", In("#m .title b", HasText("VPS")), ""},
		{"order of steps matters", In("h1 main"), "nothing fits"},
		{"attribute", In(`a[rel="next"]`, HasAttr("href", "^/b$")), ""},
		{"class is a word", In(".tit"), "nothing fits"},
		{"wrong text", In("h1", HasText("^GPU$")), `text "Un VPS" does not match`},
		{"missing attribute", In("h1", HasAttr("id", ".")), "no attribute id"},
		{"wrong attribute", In("html", HasAttr("lang", "^en$")), "does not match"},
		{"not", Not("script:not([src])"), ""},
		{"not fails", Not("script"), "1 fit, want 0"},
		{"count", Count("a", 2), ""},
		{"each passes", Each("a", HasAttr("href", "^/")), ""},
		{"each fails on the second", Each("a", HasText("A")), "number 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.check(doc)
			if tt.wrong == "" && err != nil {
				t.Errorf("got %v, want no error", err)
			}
			if tt.wrong != "" && (err == nil || !strings.Contains(err.Error(), tt.wrong)) {
				t.Errorf("got %v, want %q in it", err, tt.wrong)
			}
		})
	}
}

func TestAll(t *testing.T) {
	got, err := All([]byte(page), "a", "href")
	if err != nil || strings.Join(got, " ") != "/a /b" {
		t.Errorf("got %q, %v", got, err)
	}
}
