package web

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"reflect"
	"slices"
	"text/template/parse"
	"time"

	"github.com/gin-gonic/gin"
)

// page ties a template to the type of its data, so that the compiler refuses
// to render one with the other's struct. Declare one beside its handler:
//
//	var homePage = definePage[homeView]("home")
//
// templates/home.html then defines "main" and is parsed with the layout and
// the partials when the server starts.
type page[T any] struct{ name string }

// definedPages is every declared page: name -> a zero value of its view.
var definedPages = map[string]any{}

func definePage[T any](name string) page[T] {
	if _, taken := definedPages[name]; taken {
		panic("page " + name + " is declared twice")
	}
	var zero T
	definedPages[name] = zero
	return page[T]{name}
}

// templates is every page in every language, parsed: language -> page.
type templates map[string]map[string]*template.Template

// loadTemplates parses the layout and the partials once, and each page on a
// copy of them for each language, with the functions bound to that language.
// Wrong syntax, an unknown function or an unknown text key stops the start;
// tests check the fields against the view structs.
func loadTemplates(theme fs.FS, locales *Locales, a *assets) (templates, error) {
	base, err := template.New("layout").Funcs(functions(locales.Default, a)).ParseFS(theme, "templates/layout.html", "templates/partials/*.html")
	if err != nil {
		return nil, fmt.Errorf("theme: %w", err)
	}
	all := templates{}
	for _, loc := range locales.All {
		all[loc.Lang] = map[string]*template.Template{}
		for name := range definedPages {
			t, err := base.Clone()
			if err != nil {
				return nil, fmt.Errorf("theme: %w", err)
			}
			file := "templates/" + name + ".html"
			if t, err = t.Funcs(functions(loc, a)).ParseFS(theme, file); err != nil {
				return nil, fmt.Errorf("theme: %w", err)
			}
			if err := checkKeys(t, loc); err != nil {
				return nil, fmt.Errorf("theme: %s: %w", file, err)
			}
			all[loc.Lang][name] = t.Lookup("layout.html")
		}
	}
	return all, nil
}

// functions is what templates may call, in one language.
func functions(loc *Locale, a *assets) template.FuncMap {
	return template.FuncMap{
		"t":        loc.T,
		"n":        loc.N,
		"date":     loc.Date,
		"datetime": loc.DateTime,
		"clock":    loc.Clock,
		"span":     loc.Span,
		"iso":      func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"isodate":  func(t time.Time) string { return t.Format(time.DateOnly) },
		"number":   loc.Number,
		"decimal":  loc.Decimal,
		"percent":  percent(loc),
		"path":     func(rest string) string { return "/" + loc.Lang + "/" + rest },
		"lang":     func() string { return loc.Lang },
		"asset":    a.url,
		"svg":      a.svg,
		"dict":     dict,
		"wrong":    func(errors map[string]string, field string) string { return errors[field] },
	}
}

// percent is Locale.Percent whose decimals may be left out.
func percent(loc *Locale) func(share float64, decimals ...int) string {
	return func(share float64, decimals ...int) string {
		return loc.Percent(share, append(decimals, 0)[0])
	}
}

// dict makes a map from name, value, name, value: how a template hands
// several values to a partial.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict wants pairs of name and value, got %d values", len(pairs))
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict wants a name first, got %v", pairs[i])
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}

// checkKeys looks for text keys that the locale does not have.
func checkKeys(t *template.Template, loc *Locale) error {
	for _, key := range templateKeys(t) {
		if !loc.Has(key) {
			return fmt.Errorf("text key %q is in no locale file", key)
		}
	}
	return nil
}

// templateKeys lists the constant keys given to t and n in all of a set's
// templates, sorted.
func templateKeys(t *template.Template) []string {
	found := map[string]bool{}
	for _, sub := range t.Templates() {
		if sub.Tree != nil {
			collectKeys(reflect.ValueOf(sub.Tree.Root), found)
		}
	}
	keys := make([]string, 0, len(found))
	for key := range found {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// collectKeys walks any shape of parse tree by reflection: naming each of the
// twenty node types would only repeat the parser's source.
func collectKeys(v reflect.Value, found map[string]bool) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return
		}
		if cmd, ok := v.Interface().(*parse.CommandNode); ok {
			noteKey(cmd, found)
		}
		if _, ok := v.Interface().(*parse.Tree); ok {
			return // a node's way back up
		}
		collectKeys(v.Elem(), found)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				collectKeys(v.Field(i), found)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			collectKeys(v.Index(i), found)
		}
	}
}

func noteKey(cmd *parse.CommandNode, found map[string]bool) {
	if len(cmd.Args) < 2 {
		return
	}
	ident, ok := cmd.Args[0].(*parse.IdentifierNode)
	if !ok || ident.Ident != "t" && ident.Ident != "n" {
		return
	}
	if key, ok := cmd.Args[1].(*parse.StringNode); ok {
		found[key.Text] = true
	}
}

// renderBytes executes a page into fresh memory.
func renderBytes[T any](s *Server, loc *Locale, p page[T], view T) ([]byte, error) {
	buf := renderBuffers.Get().(*bytes.Buffer)
	defer renderBuffers.Put(buf)
	buf.Reset()
	if err := s.templates[loc.Lang][p.name].Execute(buf, view); err != nil {
		return nil, fmt.Errorf("render page %s in %s: %w", p.name, loc.Lang, err)
	}
	return bytes.Clone(buf.Bytes()), nil
}

// render executes a page into a pooled buffer and writes it when it is whole,
// so that a failing template becomes an error page and never half a page. The
// answer is not cached anywhere; pages that are the same for everybody are
// served ready instead.
func render[T any](s *Server, c *gin.Context, status int, p page[T], view T) error {
	loc := s.locale(c)
	buf := renderBuffers.Get().(*bytes.Buffer)
	defer renderBuffers.Put(buf)
	buf.Reset()
	if err := s.templates[loc.Lang][p.name].Execute(buf, view); err != nil {
		return fmt.Errorf("render page %s in %s: %w", p.name, loc.Lang, err)
	}
	s.writeHTML(c, status, buf.Bytes())
	return nil
}
