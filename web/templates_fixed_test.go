package web

import (
	"bytes"
	"errors"
	"html/template"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"text/template/parse"

	"github.com/vmcloud/ricochet/themes"
)

// harmless are the escapers that write plain characters as they are.
var harmless = []string{"_html_template_htmlescaper", "_html_template_attrescaper", "_html_template_rcdataescaper", "_html_template_urlfilter", "_html_template_urlnormalizer"}

// TestFixedTexts makes every page of the theme with and without what was fixed
// in it: html/template must have put nothing but harmless escapers behind it.
func TestFixedTexts(t *testing.T) {
	s := fixtureServer(t)
	theme := themes.With(nil)
	base := template.Must(template.New("layout").Funcs(functions(s.locales.Default, s.assets)).ParseFS(theme, "templates/layout.html", "templates/partials/*.html"))
	shared, found := sources(base), 0
	for name, view := range definedPages {
		own := template.Must(template.New(name).Funcs(functions(s.locales.Default, s.assets)).ParseFS(theme, "templates/"+name+".html"))
		used := reach("layout.html", sources(own), shared)
		for _, loc := range s.locales.All {
			calls := constants(loc, s.assets)
			free := template.New("layout.html").Funcs(functions(loc, s.assets))
			for name, src := range used {
				template.Must(free.AddParseTree(name, src.tree.Copy()))
			}
			_ = free.ExecuteTemplate(io.Discard, "layout.html", view) // escapes; an empty view may be too little to draw
			for _, sub := range free.Templates() {
				if sub.Tree != nil {
					found += checkEscapers(t, name+" in "+loc.Lang, reflect.ValueOf(sub.Tree.Root), calls)
				}
			}
			var want, got bytes.Buffer
			wantErr := free.ExecuteTemplate(&want, "layout.html", view)
			gotErr := s.templates[loc.Lang][name].Execute(&got, view)
			if (wantErr == nil) != (gotErr == nil) || wantErr == nil && !bytes.Equal(want.Bytes(), got.Bytes()) {
				t.Errorf("%s in %s is drawn otherwise (%v, %v)", name, loc.Lang, wantErr, gotErr)
			}
		}
	}
	if found < 1000 {
		t.Errorf("%d texts were fixed; is the theme another?", found)
	}
}

// checkEscapers looks at every action that would be fixed, and counts them.
func checkEscapers(t *testing.T, where string, v reflect.Value, calls map[string]func(string) (string, error)) (found int) {
	t.Helper()
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return 0
		}
		switch n := v.Interface().(type) {
		case *parse.Tree:
			return 0
		case *parse.ActionNode:
			first := *n.Pipe
			first.Cmds = first.Cmds[:1]
			if text, ok := constant(&first, calls); ok {
				for _, cmd := range n.Pipe.Cmds[1:] {
					if !slices.Contains(harmless, cmd.String()) {
						t.Errorf("%s: %q is written by %s", where, text, cmd)
					}
				}
				return 1
			}
		}
		return checkEscapers(t, where, v.Elem(), calls)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				found += checkEscapers(t, where, v.Field(i), calls)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			found += checkEscapers(t, where, v.Index(i), calls)
		}
	}
	return found
}

// TestFixedOutsideCode leaves scripts and styles to html/template.
func TestFixedOutsideCode(t *testing.T) {
	calls := map[string]func(string) (string, error){
		"t":     func(key string) (string, error) { return "le " + key, nil },
		"asset": func(name string) (string, error) { return "", errors.New("no " + name) },
	}
	const source = `{{t "a"}}<script src="{{t "b"}}">f({{t "c"}}){{if .}}{{t "d"}}</script>{{t "e"}}{{else}}<Style>{{t "f"}}{{end}}` +
		`{{with .}}{{t "g"}}</style>{{range .}}{{t "h"}}{{t "i" "N" 1}}{{asset "j"}}{{$x := t "k"}}{{end}}{{end}}{{t "<l>"}}`
	const want = `le a<script src="{{t "b"}}">f({{t "c"}}){{if .}}{{t "d"}}</script>le e{{else}}<Style>{{t "f"}}{{end}}` +
		`{{with .}}{{t "g"}}</style>{{range .}}le h{{t "i" "N" 1}}{{asset "j"}}{{$x := t "k"}}{{end}}{{end}}{{t "<l>"}}`
	names := map[string]any{"t": calls["t"], "asset": calls["asset"]}
	trees, err := parse.Parse("page", source, "", "", names)
	if err != nil {
		t.Fatal(err)
	}
	if got := fixed(trees["page"], calls).Root.String(); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if got := trees["page"].Root.String(); got != source {
		t.Errorf("the template itself is another: %s", got)
	}
}

func TestInert(t *testing.T) {
	for _, r := range "<>&\"'`=+\\\x00\n{}%#" {
		if inert(r) {
			t.Errorf("%q is fixed", r)
		}
	}
	if strings.IndexFunc("Où ? 12 h — « l’offre » (fr/été-2026_a.css) : oui !", func(r rune) bool { return !inert(r) }) >= 0 {
		t.Error("ordinary words are not fixed")
	}
}
