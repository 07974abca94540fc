package web

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jba/templatecheck"

	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/internal/htmlcheck"
	"github.com/vmcloud/ricochet/themes"
)

func attributes(t *testing.T, page []byte, selector, name string) []string {
	t.Helper()
	values, err := htmlcheck.All(page, selector, name)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func TestTemplatesFitTheirViews(t *testing.T) {
	s := fixtureServer(t)
	for lang, pages := range s.templates {
		for name, tmpl := range pages {
			if err := templatecheck.CheckHTML(tmpl, definedPages[name]); err != nil {
				t.Errorf("%s in %s: %v", name, lang, err)
			}
		}
	}
}

// Every language has every key, and the same ones.
func TestKeysInEveryLanguage(t *testing.T) {
	s := fixtureServer(t)
	want := s.locales.keys[s.locales.Default.Lang]
	for _, loc := range s.locales.All {
		if diff := cmp.Diff(want, s.locales.keys[loc.Lang]); diff != "" {
			t.Errorf("keys of %s differ from those of %s (-%[2]s +%[1]s):\n%[3]s", loc.Lang, s.locales.Default.Lang, diff)
		}
	}
}

var (
	codeKey  = regexp.MustCompile(`\.(?:T|N)\("([a-z0-9_.]+)"`)
	errorKey = regexp.MustCompile(`"(error\.[a-z0-9_.]+)"`)
)

// Every key that code names, here and in the domains, is in the locales.
func TestKeysOfCode(t *testing.T) {
	s := fixtureServer(t)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"../kb/*.go", "../search/*.go", "../deflect/*.go", "../deflect/*/*.go", "../store/*.go"} {
		more, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, more...)
	}
	seen := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, re := range []*regexp.Regexp{codeKey, errorKey} {
			for _, m := range re.FindAllStringSubmatch(string(source), -1) {
				seen++
				if key := m[1]; !strings.HasSuffix(key, ".") && !s.locales.Default.Has(key) {
					t.Errorf("%s: text key %q is in no locale", file, key)
				}
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d keys found: the pattern no longer fits the code", seen)
	}
	for _, reason := range voteReasons {
		if !s.locales.Default.Has("vote.reason_" + reason) {
			t.Errorf("vote.reason_%s is missing", reason)
		}
	}
	for kind, f := range failures {
		for _, part := range []string{".title", ".text"} {
			if key := "error." + f.name + part; !s.locales.Default.Has(key) {
				t.Errorf("%s of kind %s is missing", key, kind)
			}
		}
	}
}

// French puts a space that does not break before : ; ! ? and inside quotes.
func TestFrenchTypography(t *testing.T) {
	source, err := os.ReadFile("../themes/locales/fr.toml")
	if err != nil {
		t.Fatal(err)
	}
	wrong := regexp.MustCompile(` [:;!?»%](?:\s|"|$)|« |[a-zé][;!?](?:\s|"|$)|'|\.\.\.`)
	for i, line := range strings.Split(string(source), "\n") {
		if key, value, ok := strings.Cut(line, " = "); ok && !strings.HasPrefix(line, "#") {
			if m := wrong.FindString(value); m != "" {
				t.Errorf("fr.toml:%d: %s: %q should be a non-breaking space or a typographic sign", i+1, key, m)
			}
		}
	}
}

// English puts no space before a percent sign and writes typographic quotes.
func TestEnglishTypography(t *testing.T) {
	source, err := os.ReadFile("../themes/locales/en.toml")
	if err != nil {
		t.Fatal(err)
	}
	wrong := regexp.MustCompile(`[0-9}] %|'|\.\.\.|\be-mail`)
	for i, line := range strings.Split(string(source), "\n") {
		if key, value, ok := strings.Cut(line, " = "); ok && !strings.HasPrefix(line, "#") {
			if m := wrong.FindString(value); m != "" {
				t.Errorf("en.toml:%d: %s: %q is not how English writes it", i+1, key, m)
			}
		}
	}
}

func TestLocale(t *testing.T) {
	s := fixtureServer(t)
	fr, en := s.locales.Get("fr"), s.locales.Get("en")
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	instant := time.Date(2026, 7, 14, 23, 5, 0, 0, time.UTC) // already the 15th in Paris
	for _, tt := range []struct{ name, got, want string }{
		{"date", fr.Date(day), "1er novembre 2026"},
		{"date in English", en.Date(day), "1 November 2026"},
		{"no date", fr.Date(time.Time{}), ""},
		{"instant in summer", fr.DateTime(instant), "15 juillet 2026, 1\u00a0h\u00a005 CEST"},
		{"instant in English", en.DateTime(instant), "15 July 2026, 1:05 CEST"},
		{"thousands", fr.Number(1234567), "1\u202f234\u202f567"},
		{"thousands in English", en.Number(1234567), "1,234,567"},
		{"four digits", fr.Number(2026), "2026"},
		{"negative", en.Number(-12000), "−12,000"},
		{"decimal", fr.Decimal(12.55, 1), "12,6"},
		{"small negative", en.Decimal(-0.5, 1), "−0.5"},
		{"percent", fr.Percent(0.625, 1), "62,5\u202f%"},
		{"percent in English", en.Percent(0.625, 1), "62.5%"},
		{"a share without decimals", fr.Share(.05), "5\u202f%"},
		{"a share with one", fr.Share(.025), "2,5\u202f%"},
		{"a share with two", en.Share(.1234), "12.34%"},
		{"month", fr.PeriodName("2026-08"), "août 2026"},
		{"quarter", fr.PeriodName("2026-Q3"), "3e trimestre 2026"},
		{"quarter in English", en.PeriodName("2026-Q1"), "Q1 2026"},
		{"no month", en.PeriodName("2026-13"), "2026-13"},
		{"no quarter", en.PeriodName("2026-Q5"), "2026-Q5"},
		{"zero is singular in French", fr.N("section.count", 0), "0 article"},
		{"zero is plural in English", en.N("section.count", 0), "0 articles"},
		{"one", en.N("section.count", 1), "1 article"},
		{"two", fr.N("section.count", 2), "2 articles"},
		{"a million", fr.N("section.count", 1_000_000), "1\u202f000\u202f000 articles"},
		{"argument", en.T("search.none", "Query", "<x>"), "No article answers “<x>”"},
		{"unknown key", en.T("no.such.key"), "no.such.key"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, tt.got, tt.want)
		}
	}
}

func TestThemeOverride(t *testing.T) {
	opt := fixtureOptions(t, nil)
	opt.Theme = fstest.MapFS{
		"css/theme.css":                &fstest.MapFile{Data: []byte(":root { --accent: #123456; }")},
		"images/logo.svg":              &fstest.MapFile{Data: []byte(`<svg id="theirs"></svg>`)},
		"locales/en.toml":              &fstest.MapFile{Data: []byte("[site]\ntitle = \"ACME help\"\n")},
		"locales/de.toml":              &fstest.MapFile{Data: []byte("[language]\nname = \"Deutsch\"\n[home]\ntitle = \"Wie können wir helfen?\"\n")},
		"templates/partials/extra.txt": &fstest.MapFile{Data: []byte("not a template")},
		"templates/section.html":       &fstest.MapFile{Data: []byte(`{{define "main"}}<h1 id="theirs-too">{{.Name}}</h1>{{end}}`)},
	}
	s := newServer(t, opt)
	home := get(t, s, "/en/")
	htmlcheck.Run(t, home.Body.Bytes(), htmlcheck.In("title", htmlcheck.HasText("^ACME help$")), htmlcheck.In("svg#theirs"),
		htmlcheck.In("h1", htmlcheck.HasText("How can we help")))
	htmlcheck.Run(t, get(t, s, "/en/products/").Body.Bytes(), htmlcheck.In("h1#theirs-too", htmlcheck.HasText("^Products$")))
	htmlcheck.Run(t, get(t, s, "/de/").Body.Bytes(), htmlcheck.In("html", htmlcheck.HasAttr("lang", "^de$")), htmlcheck.In("h1", htmlcheck.HasText("^Wie können")))
	css := get(t, s, s.assets.urls["site.css"]).Body.String()
	if !strings.Contains(css, "#123456") || !strings.Contains(css, ".site-header") {
		t.Error("theme.css is not replaced, or the rest is")
	}
}

func TestWrongThemesStopTheStart(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"syntax":           {"templates/home.html": `{{define "main"}}{{if}}{{end}}`},
		"unknown function": {"templates/home.html": `{{define "main"}}{{nope}}{{end}}`},
		"unknown key":      {"templates/home.html": `{{define "main"}}{{t "no.such.key"}}{{end}}`},
		"locale syntax":    {"locales/fr.toml": `[site`},
		"locale name":      {"locales/not a language.toml": ``},
	} {
		opt := fixtureOptions(t, nil)
		theme := fstest.MapFS{}
		for file, text := range files {
			theme[file] = &fstest.MapFile{Data: []byte(text)}
		}
		opt.Theme = theme
		if _, err := New(opt); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// A field that a view does not have shows only when the page is drawn: the
// built-in page is shown then, and the log says why.
func TestFailingThemeTemplateGivesWay(t *testing.T) {
	opt := fixtureOptions(t, nil)
	var log bytes.Buffer
	opt.Logger = slog.New(slog.NewTextHandler(&log, nil))
	opt.Theme = fstest.MapFS{
		"templates/home.html":   &fstest.MapFile{Data: []byte(`{{define "main"}}<h1>theirs</h1>{{.Nope}}{{end}}`)},
		"templates/search.html": &fstest.MapFile{Data: []byte(`{{define "main"}}<h1>theirs</h1>{{.Nope}}{{end}}`)},
		"templates/hom.html":    &fstest.MapFile{Data: []byte(`{{define "main"}}{{end}}`)},
	}
	s := newServer(t, opt)
	if p := get(t, s, "/en/"); p.Code != 200 || strings.Contains(p.Body.String(), "theirs") || !strings.Contains(p.Body.String(), "How can we help") {
		t.Errorf("home: status %d: %s", p.Code, p.Body)
	}
	if p := get(t, s, "/en/search?q=vps"); p.Code != 200 || strings.Contains(p.Body.String(), "theirs") {
		t.Errorf("search: status %d: %s", p.Code, p.Body)
	}
	for _, want := range []string{"file=templates/hom.html", "page=home", "page=search", "Nope"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, log.String())
		}
	}
}

func TestOverlay(t *testing.T) {
	theme := themes.With(fstest.MapFS{"css/own.css": &fstest.MapFile{Data: []byte("x")}})
	if _, err := theme.Open("../themes.go"); err == nil {
		t.Error("a path that leaves the theme was opened")
	}
	if _, err := theme.Open("css/nope.css"); err == nil {
		t.Error("a file that is nowhere was opened")
	}
}

// token is --name: light-dark(#rrggbb, #rrggbb);
var token = regexp.MustCompile(`--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)`)

// Text keeps 4.5:1 and edges of controls 3:1, in both themes.
func TestContrast(t *testing.T) {
	css, err := os.ReadFile("../themes/css/theme.css")
	if err != nil {
		t.Fatal(err)
	}
	colours := map[string][2]string{}
	for _, m := range token.FindAllStringSubmatch(string(css), -1) {
		colours[m[1]] = [2]string{m[2], m[3]}
	}
	type pair struct {
		text, ground string
		least        float64
	}
	var pairs []pair
	for _, text := range []string{"ink", "ink-soft", "ink-quiet", "accent", "accent-strong"} {
		for _, ground := range []string{"paper", "surface", "raised", "accent-soft"} {
			pairs = append(pairs, pair{text, ground, 4.5})
		}
	}
	for _, tone := range []string{"info", "success", "warning", "danger"} {
		for _, ground := range []string{"paper", "surface", "raised", tone + "-soft"} {
			pairs = append(pairs, pair{tone, ground, 4.5})
		}
		pairs = append(pairs, pair{"ink", tone + "-soft", 4.5}, pair{"ink-soft", tone + "-soft", 4.5}, pair{"accent", tone + "-soft", 4.5})
	}
	for name := range colours {
		if strings.HasPrefix(name, "code-") && name != "code-paper" {
			pairs = append(pairs, pair{name, "code-paper", 4.5})
		}
	}
	pairs = append(pairs, pair{"accent-ink", "accent", 4.5}, pair{"accent-ink", "accent-strong", 4.5}, pair{"ink", "mark", 4.5}, pair{"ink-soft", "mark", 4.5}, pair{"paper", "ink", 4.5},
		pair{"ink-soft", "code-paper", 4.5}, pair{"ink-quiet", "code-paper", 4.5}, pair{"danger", "code-paper", 4.5}, pair{"success", "code-paper", 4.5},
		pair{"edge", "paper", 3}, pair{"edge", "surface", 3}, pair{"edge", "raised", 3}, pair{"accent", "paper", 3}, pair{"paper", "danger", 4.5})
	slices.SortFunc(pairs, func(a, b pair) int { return strings.Compare(a.text+a.ground, b.text+b.ground) })
	for _, p := range pairs {
		for i, theme := range []string{"light", "dark"} {
			text, ok1 := colours[p.text]
			ground, ok2 := colours[p.ground]
			if !ok1 || !ok2 {
				t.Fatalf("theme.css has no %s or no %s", p.text, p.ground)
			}
			if got := contrast(text[i], ground[i]); got < p.least {
				t.Errorf("%s on %s, %s: %.2f, want %.1f", p.text, p.ground, theme, got, p.least)
			}
		}
	}
}

// contrast is WCAG's ratio of two #rrggbb colours.
func contrast(a, b string) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(hex string) float64 {
	weights := [3]float64{0.2126, 0.7152, 0.0722}
	sum := 0.0
	for i, weight := range weights {
		n, err := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		if err != nil {
			return math.NaN()
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

// TestEventTexts: every kind of event that is shown as a change has its words.
func TestEventTexts(t *testing.T) {
	const file = "../deflect/ticket/event.go"
	f, err := parser.ParseFile(gotoken.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	s := fixtureServer(t)
	kinds := 0
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if typ, ok := v.Type.(*ast.Ident); !ok || typ.Name != "EventKind" {
			return true
		}
		kind, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		kinds++
		for _, loc := range s.locales.All {
			if !isMessage(ticket.EventKind(kind)) && !loc.Has("event."+kind) {
				t.Errorf("%s: no text for the event %s", loc.Lang, kind)
			}
		}
		return true
	})
	if kinds < 30 {
		t.Errorf("%d kinds of events in %s", kinds, file)
	}
}

// A change of state that is not possible is refused in the reader's words, with
// the states that are.
func TestImpossibleTransitionNamesThePossibleOnes(t *testing.T) {
	s := fixtureServer(t)
	for _, tc := range []struct {
		lang   string
		from   ticket.State
		wanted []string
	}{
		{"fr", ticket.Resolved, []string{"«\u00a0Résolue\u00a0»", "Rouverte, Fermée."}},
		{"en", ticket.Escalated, []string{"“Escalated”", "In progress, Waiting for customer, Resolved, Closed."}},
		{"en", ticket.Closed, []string{"“Closed”", "does not change any more"}},
	} {
		_, err := ticket.Move(ticket.Ticket{State: tc.from}, ticket.New)
		var e *errs.Error
		if !errors.As(err, &e) {
			t.Fatalf("%s: %v", tc.from, err)
		}
		text := s.locales.Get(tc.lang).Text(e.Key, e.Args)
		for _, want := range tc.wanted {
			if !strings.Contains(text, want) {
				t.Errorf("%q lacks %q", text, want)
			}
		}
	}
}
