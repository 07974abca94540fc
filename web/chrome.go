package web

import (
	"encoding/json"
	"fmt"
	"html/template"
	"net/url"
	"time"
)

// Chrome is what the layout needs of every page; each view struct embeds it.
type Chrome struct {
	Lang        string // language of the frame
	Title       string // of the page, without the site's name; "" on the home page
	Description string // for search engines and previews
	Kind        string // class of <body>: "home", "article", "staff" ...
	Path        string // site path of the page, "/fr/contact"
	Canonical   string // absolute address that counts, "" for none
	Alternates  []Alternate
	Languages   []LanguageLink
	NoIndex     bool // robots stay away
	Query       string
	HideSearch  bool      // no search field in the header, because the page has its own
	OGType      string    // OpenGraph type, "website" or "article"
	Updated     time.Time // article:modified_time, zero for none
	Styles      []string  // more style sheets than site.css, by asset name
	Scripts     []string  // more modules than site.js, by asset name
	JSONLD      []JSONLD  // structured data
	Crumbs      []Crumb   // from the home page down, the page itself last
}

// Alternate is the same page in a language, for hreflang.
type Alternate struct {
	Lang string // "x-default" for whoever speaks none
	URL  string // absolute
}

// LanguageLink is an entry of the language switch.
type LanguageLink struct {
	Lang string
	Name string // in that language
	Path string
}

// Crumb is a step of the breadcrumb; Path is "" for the page itself.
type Crumb struct {
	Title string
	Path  string
}

// JSONLD is a block of structured data, marshalled with <, > and & escaped.
type JSONLD = template.JS

// chrome is the frame of a page that exists in every language under the same
// path: rest is what follows the language, "contact" or "". Title may be "".
func (s *Server) chrome(loc *Locale, rest, title string) Chrome {
	ch := Chrome{Lang: loc.Lang, Title: title, Path: "/" + loc.Lang + "/" + rest, OGType: "website"}
	ch.Canonical = s.absolute(ch.Path)
	for _, other := range s.locales.All {
		path := "/" + other.Lang + "/" + rest
		ch.Alternates = append(ch.Alternates, Alternate{other.Lang, s.absolute(path)})
		if other != loc {
			ch.Languages = append(ch.Languages, LanguageLink{other.Lang, other.Name, path})
		}
	}
	ch.Alternates = append(ch.Alternates, Alternate{"x-default", s.absolute("/" + s.locales.Default.Lang + "/" + rest)})
	return ch
}

// private makes a frame that no robot keeps: no canonical, no alternates.
func (ch Chrome) private() Chrome {
	ch.NoIndex = true
	ch.Canonical = ""
	ch.Alternates = nil
	return ch
}

// crumbs sets the breadcrumb below the home page; pairs are title, path.
func (ch *Chrome) crumbs(loc *Locale, steps ...Crumb) {
	ch.Crumbs = append([]Crumb{{loc.T("nav.home"), "/" + loc.Lang + "/"}}, steps...)
}

// breadcrumbList is the breadcrumb as schema.org wants it.
func (s *Server) breadcrumbList(crumbs []Crumb, self string) map[string]any {
	items := make([]map[string]any, len(crumbs))
	for i, crumb := range crumbs {
		address := crumb.Path
		if address == "" {
			address = self
		}
		items[i] = map[string]any{"@type": "ListItem", "position": i + 1, "name": crumb.Title, "item": s.absolute(address)}
	}
	return map[string]any{"@context": "https://schema.org", "@type": "BreadcrumbList", "itemListElement": items}
}

// jsonLD marshals structured data; json.Marshal escapes what would end a
// script element, so the text is safe where the template puts it.
func jsonLD(v any) JSONLD {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("structured data: %v", err)) // only maps and strings come here
	}
	return template.JS(data)
}

// searchPath is the results page of a query.
func searchPath(lang, query string, page int) string {
	values := url.Values{}
	if query != "" {
		values.Set("q", query)
	}
	if page > 1 {
		values.Set("page", fmt.Sprint(page))
	}
	if len(values) == 0 {
		return "/" + lang + "/search"
	}
	return "/" + lang + "/search?" + values.Encode()
}
