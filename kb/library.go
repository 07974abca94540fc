package kb

import (
	"cmp"
	"io/fs"
	"slices"
	"sort"
	"strings"
	"time"
)

// Library is an immutable snapshot of every article in every language. All
// methods are safe for concurrent use; the slices they return are shared and
// must not be changed.
type Library struct {
	langs    []string
	articles map[string][]*Article          // by language, in section and reading order
	byPath   map[string]*Article            // by file path
	byURL    map[string]*Article            // by site path
	byID     map[string]map[string]*Article // language, ID
	byPair   map[string]map[string]*Article // pair, language
	sections map[string][]*Section
	contexts map[string]map[string][]*Article // language, context id
	places   map[*Article]place
	aliases  map[string]string
	updated  time.Time

	fsys        fs.FS
	mediaPrefix string
	files       map[string]*file // everything known about each Markdown file, for the next snapshot
	problems    []Problem
}

// place is where an article stands in its section.
type place struct {
	section *Section
	index   int
}

// Langs are the languages that have at least one article, sorted.
func (l *Library) Langs() []string { return l.langs }

// Articles are the articles of a language, section by section in reading
// order; nil for an unknown language.
func (l *Library) Articles(lang string) []*Article { return l.articles[lang] }

// Len is the number of articles in all languages.
func (l *Library) Len() int { return len(l.byURL) }

// Article finds an article by the parts of its URL, nil when there is none.
func (l *Library) Article(lang, section, slug string) *Article {
	return l.byURL["/"+lang+"/"+section+"/"+slug]
}

// ByURL finds an article by its site path ("/fr/products/vps"), nil when
// there is none.
func (l *Library) ByURL(path string) *Article { return l.byURL[path] }

// ByPath finds an article by its file ("fr/products/vps.md"), nil when there
// is none.
func (l *Library) ByPath(path string) *Article { return l.byPath[path] }

// ByID finds an article by the name evaluation files use, nil when there is
// none.
func (l *Library) ByID(lang, id string) *Article { return l.byID[lang][id] }

// ByPair finds one language's version of a translation pair, nil when there
// is none.
func (l *Library) ByPair(lang, pair string) *Article { return l.byPair[pair][lang] }

// Translation is the same article in another language, nil when nobody has
// written it.
func (l *Library) Translation(a *Article, lang string) *Article {
	if a == nil {
		return nil
	}
	return l.byPair[a.Pair][lang]
}

// Sections are the sections of a language that hold articles, by Order, then
// Title.
func (l *Library) Sections(lang string) []*Section { return l.sections[lang] }

// Section finds a section by its slug, nil when there is none.
func (l *Library) Section(lang, slug string) *Section {
	for _, s := range l.sections[lang] {
		if s.Slug == slug {
			return s
		}
	}
	return nil
}

// PrevNext are the neighbours of an article in its section's reading order;
// nil at the ends.
func (l *Library) PrevNext(a *Article) (prev, next *Article) {
	p, ok := l.places[a]
	if !ok {
		return nil, nil
	}
	if p.index > 0 {
		prev = p.section.Articles[p.index-1]
	}
	if p.index+1 < len(p.section.Articles) {
		next = p.section.Articles[p.index+1]
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
func (l *Library) Problems() []Problem { return l.problems }

// assemble builds the indexes of a snapshot from its files.
func assemble(fsys fs.FS, mediaPrefix string, files map[string]*file) *Library {
	l := &Library{
		articles: map[string][]*Article{}, byPath: map[string]*Article{}, byURL: map[string]*Article{},
		byID: map[string]map[string]*Article{}, byPair: map[string]map[string]*Article{},
		sections: map[string][]*Section{}, contexts: map[string]map[string][]*Article{},
		places: map[*Article]place{}, aliases: map[string]string{},
		fsys: fsys, mediaPrefix: mediaPrefix, files: files,
	}
	for _, f := range files {
		if f.article != nil {
			l.add(f.article)
		}
	}
	l.buildSections()
	l.buildOrder()
	l.addAliases()
	l.problems = l.collectProblems()
	return l
}

func (l *Library) add(a *Article) {
	l.byPath[a.Path] = a
	l.byURL[a.URL()] = a
	inner(l.byID, a.Lang)[a.ID] = a
	inner(l.byPair, a.Pair)[a.Lang] = a
	if a.Updated.After(l.updated) {
		l.updated = a.Updated
	}
}

// inner is m[key], made when it is not there yet.
func inner[V any](m map[string]map[string]V, key string) map[string]V {
	in := m[key]
	if in == nil {
		in = map[string]V{}
		m[key] = in
	}
	return in
}

func (l *Library) buildSections() {
	type key struct{ lang, slug string }
	found := map[key]*Section{}
	for _, a := range l.byURL {
		k := key{a.Lang, a.Section}
		s := found[k]
		if s == nil {
			s = &Section{Lang: a.Lang, Slug: a.Section, Title: readable(a.Section)}
			if f := l.files[a.Lang+"/"+a.Section+"/_index.md"]; f != nil && f.meta.Title != "" {
				s.Title, s.Description, s.Order, s.Explicit = f.meta.Title, f.meta.Description, f.meta.Order, true
			}
			found[k] = s
			l.sections[a.Lang] = append(l.sections[a.Lang], s)
		}
		s.Articles = append(s.Articles, a)
	}
	for lang, sections := range l.sections {
		l.langs = append(l.langs, lang)
		slices.SortFunc(sections, func(a, b *Section) int {
			return cmp.Or(cmp.Compare(a.Order, b.Order), compareTitles(a.Title, b.Title), cmp.Compare(a.Slug, b.Slug))
		})
	}
	slices.Sort(l.langs)
}

func (l *Library) buildOrder() {
	for _, lang := range l.langs {
		ctx := map[string][]*Article{}
		for _, s := range l.sections[lang] {
			slices.SortFunc(s.Articles, func(a, b *Article) int {
				if a.Order != b.Order {
					return cmp.Compare(a.Order, b.Order)
				}
				return cmp.Or(strings.Compare(l.files[a.Path].sortKey, l.files[b.Path].sortKey), strings.Compare(a.Path, b.Path))
			})
			for i, a := range s.Articles {
				l.places[a] = place{s, i}
				for _, c := range a.Contexts {
					ctx[c] = append(ctx[c], a)
				}
			}
			l.articles[lang] = append(l.articles[lang], s.Articles...)
		}
		l.contexts[lang] = ctx
	}
}

// addAliases fills the redirects. An alias that is an article's own URL is
// left out: a page that exists beats a redirect.
func (l *Library) addAliases() {
	for _, lang := range l.langs {
		for _, a := range l.articles[lang] {
			for _, alias := range a.Aliases {
				from := cleanSitePath(alias)
				if _, taken := l.aliases[from]; !taken && l.byURL[from] == nil {
					l.aliases[from] = a.URL()
				}
			}
		}
	}
}

// cleanSitePath is a site path without its trailing slash, so that "/old/" and
// "/old" are one.
func cleanSitePath(path string) string {
	if len(path) > 1 {
		path = strings.TrimRight(path, "/")
	}
	return path
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

// compareTitles orders titles as a reader expects: accents and case count
// only between titles that are otherwise equal.
func compareTitles(a, b string) int {
	return cmp.Or(strings.Compare(foldKey(a), foldKey(b)), strings.Compare(a, b))
}
