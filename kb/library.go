package kb

import (
	"io/fs"
	"sort"
	"strings"
	"time"
)

// Library is an immutable snapshot of every article in every language. All
// methods are safe for concurrent use; the slices they return are shared and
// must not be changed.
type Library struct {
	shape
	files      []*file                 // everything known about each Markdown file, by number
	langs      []string                // that have an article
	count      int                     // of articles
	articles   map[string][]*Article   // by language, in section and reading order
	bySections map[string][]*Section   // by language
	contexts   map[string]contextTable // by language
	places     []place                 // by number
	aliases    map[string]string
	updated    time.Time

	fsys        fs.FS
	mediaPrefix string
	problems    func() []Problem
}

// contextTable is a language's articles by context id.
type contextTable map[string][]*Article

// place is where an article stands: the number of its section, its number
// there, and its number in the language.
type place struct{ section, index, order int32 }

// Langs are the languages that have at least one article, sorted.
func (l *Library) Langs() []string { return l.langs }

// Articles are the articles of a language, section by section in reading
// order; nil for an unknown language.
func (l *Library) Articles(lang string) []*Article { return l.articles[lang] }

// Len is the number of articles in all languages.
func (l *Library) Len() int { return l.count }

// Article finds an article by the parts of its URL, nil when there is none.
func (l *Library) Article(lang, section, slug string) *Article {
	return l.ByURL(address{section, slug}.url(lang))
}

// ByURL finds an article by its site path ("/fr/products/vps"), nil when
// there is none.
func (l *Library) ByURL(path string) *Article { return l.at(l.urls, path) }

// ByPath finds an article by its file ("fr/products/vps.md"), nil when there
// is none.
func (l *Library) ByPath(path string) *Article { return l.at(l.names, path) }

// ByID finds an article by the name evaluation files use, nil when there is
// none.
func (l *Library) ByID(lang, id string) *Article { return l.at(l.ids, key(lang, id)) }

// ByPair finds one language's version of a translation pair, nil when there
// is none.
func (l *Library) ByPair(lang, pair string) *Article { return l.at(l.pairs, key(lang, pair)) }

// at is the article under a key of one of the shape's tables.
func (l *Library) at(table map[string]int32, key string) *Article {
	if n, ok := table[key]; ok {
		return l.files[n].article
	}
	return nil
}

// file is what is known about a path, nil when there is no such file.
func (l *Library) file(path string) *file {
	if n, ok := l.names[path]; ok {
		return l.files[n]
	}
	return nil
}

// Translation is the same article in another language, nil when nobody has
// written it.
func (l *Library) Translation(a *Article, lang string) *Article {
	if a == nil {
		return nil
	}
	return l.ByPair(lang, a.Pair)
}

// Sections are the sections of a language that hold articles, by Order, then
// Title.
func (l *Library) Sections(lang string) []*Section { return l.bySections[lang] }

// Section finds a section by its slug, nil when there is none.
func (l *Library) Section(lang, slug string) *Section {
	for _, s := range l.bySections[lang] {
		if s.Slug == slug {
			return s
		}
	}
	return nil
}

// PrevNext are the neighbours of an article in its section's reading order;
// nil at the ends.
func (l *Library) PrevNext(a *Article) (prev, next *Article) {
	if a == nil || l.ByPath(a.Path) != a {
		return nil, nil
	}
	p := l.places[l.names[a.Path]]
	list := l.bySections[a.Lang][p.section].Articles
	if p.index > 0 {
		prev = list[p.index-1]
	}
	if int(p.index)+1 < len(list) {
		next = list[p.index+1]
	}
	return prev, next
}

// Redirect is where an old site path (an alias of an article) went, for a 301.
func (l *Library) Redirect(path string) (target string, ok bool) {
	target, ok = l.aliases[cleanSitePath(path)]
	return target, ok
}

// ByContext are the articles for a console route, most specific first: an
// article whose context is the route itself, then those of its dotted parents
// ("vps.detail" for "vps.detail.network").
func (l *Library) ByContext(lang, route string) []*Article {
	var out []*Article
	seen := map[*Article]bool{}
	for route = strings.Trim(route, "."); route != ""; {
		for _, a := range l.contexts[lang][route] {
			if !seen[a] {
				seen[a] = true
				out = append(out, a)
			}
		}
		i := strings.LastIndexByte(route, '.')
		if i < 0 {
			break
		}
		route = route[:i]
	}
	return out
}

// RecentlyUpdated are the n articles of a language with the latest Updated
// date; articles without a date are left out.
func (l *Library) RecentlyUpdated(lang string, n int) []*Article {
	dated := make([]*Article, 0, len(l.articles[lang]))
	for _, a := range l.articles[lang] {
		if !a.Updated.IsZero() {
			dated = append(dated, a)
		}
	}
	sort.SliceStable(dated, func(i, j int) bool { return dated[i].Updated.After(dated[j].Updated) })
	return dated[:max(0, min(n, len(dated)))]
}

// LastUpdated is the latest Updated date of any article, zero when none has
// one.
func (l *Library) LastUpdated() time.Time { return l.updated }

// Problems are what is wrong in the files of this snapshot, by path and line.
func (l *Library) Problems() []Problem {
	if l.problems == nil {
		return nil
	}
	return l.problems()
}

// readable makes a title from a slug: "getting-started" -> "Getting started".
func readable(slug string) string {
	s := strings.TrimSpace(strings.NewReplacer("-", " ", "_", " ").Replace(slug))
	if s == "" {
		return slug
	}
	r := []rune(s)
	return strings.ToUpper(string(r[0])) + string(r[1:])
}
