package web

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"reflect"
	"text/template/parse"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/themes"
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

// loadTemplates parses the layout, the partials and each page once, and makes
// of a page in each language a set of what it uses and no more, with the
// functions bound to that language. Wrong syntax, an unknown function or an
// unknown text key stops the start; tests check the fields against the view
// structs.
func loadTemplates(theme fs.FS, locales *Locales, a *assets) (templates, error) {
	base, err := template.New("layout").Funcs(functions(locales.Default, a)).ParseFS(theme, "templates/layout.html", "templates/partials/*.html")
	if err != nil {
		return nil, fmt.Errorf("theme: %w", err)
	}
	shared := sources(base)
	all := templates{}
	for _, loc := range locales.All {
		all[loc.Lang] = map[string]*template.Template{}
	}
	for name := range definedPages {
		file := "templates/" + name + ".html"
		own, err := template.New(name).Funcs(functions(locales.Default, a)).ParseFS(theme, file)
		if err != nil {
			return nil, fmt.Errorf("theme: %w", err)
		}
		used := reach("layout.html", sources(own), shared)
		for _, loc := range locales.All {
			if all[loc.Lang][name], err = assemble(used, loc, a); err != nil {
				return nil, fmt.Errorf("theme: %s: %w", file, err)
			}
		}
	}
	return all, nil
}

// source is a parsed template with what it refers to.
type source struct {
	tree  *parse.Tree
	keys  map[string]bool // text keys
	calls map[string]bool // other templates
}

func sources(t *template.Template) map[string]*source {
	all := map[string]*source{}
	for _, sub := range t.Templates() {
		if sub.Tree == nil {
			continue
		}
		src := &source{tree: sub.Tree, keys: map[string]bool{}, calls: map[string]bool{}}
		src.collect(reflect.ValueOf(sub.Tree.Root))
		all[sub.Name()] = src
	}
	return all
}

// reach lists what the template called from uses, itself included; a page's own
// templates come before the shared ones of the same name.
func reach(from string, own, shared map[string]*source) map[string]*source {
	used := map[string]*source{}
	var visit func(string)
	visit = func(name string) {
		src := own[name]
		if src == nil {
			src = shared[name]
		}
		if src == nil || used[name] != nil {
			return // a name that nothing defines is an error when it is drawn
		}
		used[name] = src
		for other := range src.calls {
			visit(other)
		}
	}
	visit(from)
	return used
}

// assemble makes the set of a page in a language.
func assemble(used map[string]*source, loc *Locale, a *assets) (*template.Template, error) {
	t, calls := template.New("layout.html").Funcs(functions(loc, a)), constants(loc, a)
	for name, src := range used {
		for key := range src.keys {
			if !loc.Has(key) {
				return nil, fmt.Errorf("text key %q is in no locale file", key)
			}
		}
		if _, err := t.AddParseTree(name, fixed(src.tree, calls)); err != nil {
			return nil, err
		}
	}
	return t.Lookup("layout.html"), nil
}

// functions is what templates may call, in one language.
func functions(loc *Locale, a *assets) template.FuncMap {
	return template.FuncMap{
		"t":        loc.T,
		"n":        loc.N,
		"date":     loc.Date,
		"datetime": loc.DateTime,
		"clock":    loc.Clock,
		"period":   loc.PeriodName,
		"language": func(lang string) string { return languageName(loc, lang) },
		"span":     loc.Span,
		"iso":      func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"isodate":  func(t time.Time) string { return t.Format(time.DateOnly) },
		"number":   loc.Number,
		"decimal":  loc.Decimal,
		"percent":  percent(loc),
		"share":    loc.Share,
		"path":     func(rest string) string { return pathTo(loc, rest) },
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

// collect walks any shape of parse tree by reflection: naming each of the
// twenty node types would only repeat the parser's source.
func (src *source) collect(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return
		}
		switch node := v.Interface().(type) {
		case *parse.CommandNode:
			noteKey(node, src.keys)
		case *parse.TemplateNode:
			src.calls[node.Name] = true
		case *parse.Tree:
			return // a node's way back up
		}
		src.collect(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				src.collect(v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			src.collect(v.Index(i))
		}
	}
}

// noteKey notes the constant key given to t or n.
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

// keepBuiltin keeps the built-in templates beside those of an operator's theme
// and says which of its files replace nothing.
func (s *Server) keepBuiltin() error {
	if s.opt.Theme == nil {
		return nil
	}
	files, err := fs.Glob(s.opt.Theme, "templates/*.html")
	if err != nil {
		return fmt.Errorf("theme: %w", err)
	}
	for _, file := range files {
		if _, err := fs.Stat(themes.With(nil), file); err != nil {
			s.log.Warn("theme: there is no such template, the file replaces nothing", "file", file)
		}
	}
	s.builtin, err = loadTemplates(themes.With(nil), s.locales, s.assets)
	return err
}

// execute draws a page. A field that a view does not have shows only now:
// where the operator's template fails, the built-in one is shown, so that a
// theme never takes a page away.
func (s *Server) execute(buf *bytes.Buffer, loc *Locale, name string, view any) error {
	err := s.templates[loc.Lang][name].Execute(buf, view)
	if err == nil || s.builtin == nil {
		return err
	}
	s.log.Error("theme: a template fails; the built-in page is shown instead", "page", name, "lang", loc.Lang, "err", err)
	buf.Reset()
	return s.builtin[loc.Lang][name].Execute(buf, view)
}

// renderBytes executes a page into fresh memory.
func renderBytes[T any](s *Server, loc *Locale, p page[T], view T) ([]byte, error) {
	buf := renderBuffers.Get().(*bytes.Buffer)
	defer renderBuffers.Put(buf)
	buf.Reset()
	if err := s.execute(buf, loc, p.name, view); err != nil {
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
	if err := s.execute(buf, loc, p.name, view); err != nil {
		return fmt.Errorf("render page %s in %s: %w", p.name, loc.Lang, err)
	}
	s.writeHTML(c, status, buf.Bytes())
	return nil
}
