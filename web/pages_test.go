package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/vmcloud/ricochet/internal/htmlcheck"
)

func TestPages(t *testing.T) {
	s := fixtureServer(t)
	in, each, count, not, text, attr := htmlcheck.In, htmlcheck.Each, htmlcheck.Count, htmlcheck.Not, htmlcheck.HasText, htmlcheck.HasAttr
	for _, tt := range []struct {
		name, path string
		status     int
		checks     []htmlcheck.Check
	}{
		{"home in French", "/fr/", 200, []htmlcheck.Check{
			in("html", attr("lang", "^fr$")),
			in("title", text("^Centre d’aide VMCloud$")),
			in(`main input[type="search"]`, attr("name", "^q$")),
			in("main form", attr("action", "^/fr/search$")),
			count("main a.card", 2),
			in("main a.card", attr("href", "^/fr/products/$"), text("Produits.*2 articles")),
			in(`link[rel="canonical"]`, attr("href", "^https://aide.example.com/fr/$")),
			in(`link[hreflang="x-default"]`, attr("href", "/fr/$")),
			in(`.site-nav a[hreflang="en"]`, attr("href", "^/en/$"), text("^English$")),
			in("time", text("20 novembre 2026")),
		}},
		{"home in English counts one", "/en/", 200, []htmlcheck.Check{
			in("main a.card", text("Products.*1 article$")),
			in("time", text("^21 November 2026$")),
		}},
		{"section", "/fr/products/", 200, []htmlcheck.Check{
			in("h1", text("^Produits$")),
			count(".article-list li", 2),
			in(".article-list a", attr("href", "^/fr/products/vps$"), text("Choisir un VPS Comparer les tailles")),
			in(`.crumbs [aria-current="page"]`, text("^Produits$")),
		}},
		{"a section without a file has the locale's title", "/fr/faq/", 200, []htmlcheck.Check{in("h1", text("^Questions fréquentes$"))}},
		{"article", "/fr/products/vps", 200, []htmlcheck.Check{
			in("title", text("^Choisir un VPS – Centre d’aide VMCloud$")),
			count("h1", 1),
			in(".crumbs", text("Accueil Produits Choisir un VPS")),
			in(`.article-grid .section-nav a[aria-current="page"]`, text("Choisir un VPS")),
			in(".prose", text("Le pare-feu protège")),
			in(".toc li a", text("Ouvrir un port"), attr("href", "^#ouvrir-un-port$")),
			in(".meta time", attr("datetime", "^2026-11-20$"), text("20 novembre 2026")),
			in(".meta", text("1 min de lecture")),
			not(".neighbours .prev"),
			in(".neighbours .next", attr("href", "^/fr/products/gpu$"), text("Lancer un GPU")),
			in(`.site-nav a[hreflang="en"]`, attr("href", "^/en/products/vps$")),
			in(`link[hreflang="en"]`, attr("href", "^https://aide.example.com/en/products/vps$")),
			in(".vote form", attr("method", "^post$"), attr("action", "^/fr/vote$")),
			in(`.vote input[name="article"]`, attr("value", "^products/vps$")),
			in(`.vote input[name="revision"]`, attr("value", "^3$")),
			in(`.vote button[name="value"]`, attr("value", "^yes$")),
			in(".vote-contact a", attr("href", "^/fr/contact")),
			count(`script[type="application/ld+json"]`, 2),
			in(`meta[property="og:type"]`, attr("content", "^article$")),
			not("script:not([src]):not([type])"),
			not("style"),
			not("[style]"),
			not("[onclick]"),
		}},
		{"a title is text", "/fr/faq/billing", 200, []htmlcheck.Check{in("h1", text("^Factures <b>& paiements</b>$"))}},
		{"an article without a translation", "/en/products/gpu", 200, []htmlcheck.Check{
			in("html", attr("lang", "^en$")),
			in("article", attr("lang", "^fr$")),
			in(".callout", attr("lang", "^en$"), text("Not translated yet.*in French")),
			in(`link[rel="canonical"]`, attr("href", "/fr/products/gpu$")),
			not(`link[hreflang="en"]`),
			in(`.site-nav a[hreflang="fr"]`, attr("href", "^/fr/products/gpu$")),
			in(".crumbs", text("Home Products Lancer un GPU")),
		}},
		{"search finds and marks", "/fr/search?q=pare-feu", 200, []htmlcheck.Check{
			in(".results h2 a", attr("href", "^/fr/products/vps$")),
			in(".passage mark", text("(?i)pare|feu")),
			in(`main input[name="q"]`, attr("value", "^pare-feu$")),
			in(`link[rel="canonical"]`, attr("href", "/fr/search$")),
			in(`.site-nav a[hreflang="en"]`, attr("href", `^/en/search\?q=pare-feu$`)),
			in(".found", text("1 résultat")),
		}},
		{"search links to the section that matches", "/en/search?q=close+a+port", 200, []htmlcheck.Check{
			in(".results .into", attr("href", "^/en/products/vps#close-a-port$")),
		}},
		{"search without a result says what to do", "/en/search?q=zzzzqqqq", 200, []htmlcheck.Check{
			in(".empty h2", text("No article answers “zzzzqqqq”")),
			in(".empty a", attr("href", "^/en/contact$")),
		}},
		{"search without a query", "/en/search", 200, []htmlcheck.Check{in(".found", text("Type a few words")), not(".results")}},
		{"a query is text", "/en/search?q=%3Cscript%3Ealert(1)%3C/script%3E", 200, []htmlcheck.Check{
			in(`main input[name="q"]`, attr("value", "^<script>alert")), not("script:not([src])"),
		}},
		{"not found proposes near matches", "/fr/produits/ouvrir-port-pare-feu", 404, []htmlcheck.Check{
			in("h1", text("^Cette page n’existe pas$")),
			in("main form", attr("action", "^/fr/search$")),
			in(".near .results a", attr("href", "^/fr/products/vps$")),
			not(`link[rel="canonical"]`),
			in(`meta[name="robots"]`, attr("content", "noindex")),
		}},
		{"not found without a language", "/nope", 404, []htmlcheck.Check{in("html", attr("lang", "^fr$"))}},
		{"an unknown language", "/de/", 404, nil},
		{"a section that is not there", "/en/nope/", 404, nil},
		{"a section without its slash that is not there", "/en/nope", 404, nil},
		{"deep nonsense", "/en/a/b/c/d", 404, nil},
		{"an unknown asset", "/assets/site.css", 404, nil},
		{"an image that is not there", "/media/nope.png", 404, nil},
		{"a path that leaves the folder", "/media/../../etc/passwd", 404, nil},
		{"an encoded path that leaves the folder", "/media/%2e%2e/%2e%2e/etc/passwd", 404, nil},
		{"every link of the search field has a label", "/fr/products/vps", 200, []htmlcheck.Check{each(".finder label", attr("for", "^q"))}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := get(t, s, tt.path)
			if w.Code != tt.status {
				t.Fatalf("status %d, want %d", w.Code, tt.status)
			}
			htmlcheck.Run(t, w.Body.Bytes(), tt.checks...)
		})
	}
}

func TestRedirects(t *testing.T) {
	s := fixtureServer(t)
	for _, tt := range []struct {
		name, path, accept string
		status             int
		to                 string
	}{
		{"default language", "/", "", 302, "/fr/"},
		{"English", "/", "en-US,en;q=0.8,fr;q=0.5", 302, "/en/"},
		{"French of Belgium", "/", "fr-BE", 302, "/fr/"},
		{"weights decide", "/", "en;q=0.3,fr;q=0.9", 302, "/fr/"},
		{"a language we do not speak", "/", "de-DE,de;q=0.9", 302, "/fr/"},
		{"nonsense", "/", ";;;=,q", 302, "/fr/"},
		{"very long nonsense", "/", strings.Repeat("en,", 5000), 302, "/fr/"},
		{"language without slash", "/en", "", 301, "/en/"},
		{"section without slash", "/en/products", "", 301, "/en/products/"},
		{"article with slash", "/en/products/vps/", "", 301, "/en/products/vps"},
		{"alias", "/fr/ancien-vps", "", 301, "/fr/products/vps"},
		{"alias with slash", "/fr/ancien-vps/", "", 301, "/fr/products/vps"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := get(t, s, tt.path, "Accept-Language", tt.accept)
			if w.Code != tt.status || w.Header().Get("Location") != tt.to {
				t.Errorf("got %d to %q, want %d to %q", w.Code, w.Header().Get("Location"), tt.status, tt.to)
			}
			if tt.path == "/" && !strings.Contains(w.Header().Get("Vary"), "Accept-Language") {
				t.Error("no Vary: Accept-Language")
			}
		})
	}
}

func TestOtherRepresentations(t *testing.T) {
	s := fixtureServer(t)
	for _, tt := range []struct {
		path, contentType string
		has               []string
	}{
		{"/fr/products/vps.md", "text/markdown; charset=utf-8", []string{"# Choisir un VPS\n\n> Comparer les tailles de VPS.\n\n", "## Ouvrir un port"}},
		{"/llms.txt", "text/plain; charset=utf-8", []string{"# Centre d’aide VMCloud", "## Produits (Français)", "- [Choose a VPS](https://aide.example.com/en/products/vps.md): Compare VPS sizes."}},
		{"/robots.txt", "text/plain; charset=utf-8", []string{"Sitemap: https://aide.example.com/sitemap.xml", "Disallow: /en/request/", "Disallow: /staff"}},
		{"/en/feed.xml", "application/rss+xml; charset=utf-8", []string{"<link>https://aide.example.com/en/products/vps</link>", "Sat, 21 Nov 2026"}},
	} {
		w := get(t, s, tt.path)
		if w.Code != 200 || w.Header().Get("Content-Type") != tt.contentType {
			t.Errorf("%s: %d %s, want 200 %s", tt.path, w.Code, w.Header().Get("Content-Type"), tt.contentType)
		}
		for _, want := range tt.has {
			if !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s: no %q in\n%s", tt.path, want, w.Body)
			}
		}
	}
	if w := get(t, s, "/fr/products/nope.md"); w.Code != 404 {
		t.Errorf("a Markdown twin of nothing: %d, want 404", w.Code)
	}
}

func TestSitemap(t *testing.T) {
	s := fixtureServer(t)
	w := get(t, s, "/sitemap.xml")
	golden(t, "sitemap.xml", w.Body.String())
	for _, part := range strings.Split(w.Body.String(), "<loc>")[1:] {
		address, _, _ := strings.Cut(part, "</loc>")
		path := strings.TrimPrefix(address, baseURL)
		if got := get(t, s, path); got.Code != 200 {
			t.Errorf("%s is in the sitemap and answers %d", path, got.Code)
		}
	}
}

// While somebody types, sections and what others searched with success come
// beside the articles.
func TestAPISearchBeside(t *testing.T) {
	o := fixtureOptions(t, nil)
	index := fixtureSearch(t, o.Library.Current())
	index.SetQueries("fr", []string{"produire une facture", "pare-feu fermé"})
	o.Search = index
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	w := get(t, s, "/api/v1/search?lang=fr&typing=1&q=prod")
	var out apiResults
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	if len(out.Sections) != 1 || out.Sections[0].URL != "/fr/products" {
		t.Errorf("sections %+v, want /fr/products", out.Sections)
	}
	if len(out.Queries) != 1 || out.Queries[0] != "produire une facture" {
		t.Errorf("queries %q", out.Queries)
	}
	if w := get(t, s, "/api/v1/search?lang=fr&q=prod"); strings.Contains(w.Body.String(), "produire une facture") {
		t.Errorf("a finished query is answered with completions: %s", w.Body)
	}
}

func TestAPISearch(t *testing.T) {
	s := fixtureServer(t)
	for _, tt := range []struct {
		name, query string
		status      int
		first       string // URL of the first result, "" for none
	}{
		{"finds", "q=pare-feu&lang=fr", 200, "/fr/products/vps"},
		{"in English", "q=firewall&lang=en", 200, "/en/products/vps"},
		{"while typing", "q=choi&lang=fr&typing=1", 200, "/fr/products/vps"},
		{"a heading while typing", "q=fermer&lang=fr&typing=1", 200, "/fr/products/vps#fermer-un-port"},
		{"nothing", "q=zzzzqqqq", 200, ""},
		{"no query", "", 200, ""},
		{"unknown language", "q=a&lang=de", 400, ""},
		{"too many", "q=a&limit=1000", 400, ""},
		{"no number", "q=a&limit=ten", 400, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := get(t, s, "/api/v1/search?"+tt.query)
			if w.Code != tt.status {
				t.Fatalf("status %d, want %d: %s", w.Code, tt.status, w.Body)
			}
			if tt.status != 200 {
				checkProblem(t, w, tt.status)
				return
			}
			var out apiResults
			if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
				t.Fatal(err)
			}
			if out.Results == nil {
				t.Error("results is null; programs want a list")
			}
			if tt.first == "" && len(out.Results) > 0 || tt.first != "" && (len(out.Results) == 0 || !strings.HasPrefix(out.Results[0].URL, tt.first)) {
				t.Errorf("got %+v, want %q first", out.Results, tt.first)
			}
		})
	}
}

func TestAPIContextual(t *testing.T) {
	s := fixtureServer(t)
	for _, tt := range []struct {
		name, query string
		status      int
		url         string
	}{
		{"exact", "route=vps.detail.network&lang=fr", 200, baseURL + "/fr/products/vps"},
		{"a parent", "route=vps.detail.network&lang=en", 200, baseURL + "/en/products/vps"},
		{"nothing known", "route=billing.list&lang=en", 200, ""},
		{"no route", "lang=fr", 400, ""},
		{"not a route", "route=../etc", 400, ""},
		{"unknown language", "route=vps&lang=xx", 400, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := get(t, s, "/api/v1/contextual?"+tt.query)
			if w.Code != tt.status {
				t.Fatalf("status %d, want %d: %s", w.Code, tt.status, w.Body)
			}
			if tt.status != 200 {
				checkProblem(t, w, tt.status)
				return
			}
			if got := w.Header().Get("Access-Control-Allow-Origin"); got != "*" {
				t.Errorf("Access-Control-Allow-Origin %q: the console is another origin", got)
			}
			var out apiContext
			if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
				t.Fatal(err)
			}
			if tt.url == "" && len(out.Results) != 0 || tt.url != "" && (len(out.Results) != 1 || out.Results[0].URL != tt.url) {
				t.Errorf("got %+v, want %q", out.Results, tt.url)
			}
		})
	}
}

func TestSearchIsDown(t *testing.T) {
	opt := fixtureOptions(t, nil)
	opt.Search = nil
	s := newServer(t, opt)
	w := get(t, s, "/en/search?q=vps")
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("status %d, want 503", w.Code)
	}
	htmlcheck.Run(t, w.Body.Bytes(), htmlcheck.In(`[role="alert"]`, htmlcheck.HasText("not answering")),
		htmlcheck.In(".aside a", htmlcheck.HasAttr("href", "^/en/products/$")))
	if w := get(t, s, "/en/nope"); w.Code != 404 {
		t.Errorf("a page that is not there: %d, want 404 without a search too", w.Code)
	}
}

func TestHostileQueries(t *testing.T) {
	s := fixtureServer(t)
	for name, query := range map[string]string{
		"10,000 characters":  strings.Repeat("pare-feu", 1250),
		"control characters": "%00%01%1b%5b31m%7f%e2%80%ae",
		"wildcards":          "*%3F%5B%5D**~1%5E99",
		"regex":              "/(a%2B)%2B$/",
		"bleve syntax":       "title:%22x%22+%2Ba+-b+AND+OR",
		"broken UTF-8":       "%ff%fe%c3%28",
		"broken escape":      "%zz",
		"a page of nonsense": "vps&page=-9999999999999999999",
		"a far page":         "vps&page=2147483647",
	} {
		t.Run(name, func(t *testing.T) {
			if w := get(t, s, "/fr/search?q="+query); w.Code != 200 {
				t.Errorf("page: status %d, want 200", w.Code)
			}
			if w := get(t, s, "/api/v1/search?lang=fr&typing=1&q="+query); w.Code != 200 {
				t.Errorf("API: status %d, want 200", w.Code)
			}
		})
	}
}

func TestCleanQuery(t *testing.T) {
	for in, want := range map[string]string{
		"  a \t b\n":             "a b",
		"a\x00\x1bb":             "a b",
		"\u202eevil":             "evil",
		"\xff\xfe":               "",
		"été":                    "été",
		strings.Repeat("é", 900): strings.Repeat("é", maxQuery-1),
	} {
		if got := cleanQuery(in); got != want {
			t.Errorf("cleanQuery(%q) = %q, want %q", in, got, want)
		}
	}
}
