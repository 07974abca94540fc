package kb

import (
	"cmp"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// assemble builds the indexes of a snapshot from its files, in path order and
// of the given shape.
func assemble(fsys fs.FS, mediaPrefix string, files []*file, s *shape) *Library {
	l := newLibrary(fsys, mediaPrefix, files, s)
	for _, f := range files {
		if f.article != nil {
			l.count++
		}
	}
	l.buildSections()
	l.places = make([]place, len(files))
	for _, lang := range l.langs {
		l.articles[lang] = make([]*Article, 0, l.count)
		for i, s := range l.bySections[lang] {
			from := len(l.articles[lang])
			l.articles[lang] = append(l.articles[lang], s.Articles...)
			l.inOrder(lang, i, from)
		}
		l.articles[lang] = slices.Clip(l.articles[lang])
		l.buildContexts(lang)
	}
	l.buildAliases()
	l.findUpdated()
	return l
}

func newLibrary(fsys fs.FS, mediaPrefix string, files []*file, s *shape) *Library {
	l := &Library{shape: *s, files: files, fsys: fsys, mediaPrefix: mediaPrefix, articles: map[string][]*Article{},
		bySections: map[string][]*Section{}, contexts: map[string]contextTable{}}
	l.problems = sync.OnceValue(l.collectProblems)
	return l
}

// edited is the snapshot after l, of the same shape, in which the files with
// the given numbers changed. What has nothing to do with them is shared. It is
// nil when sections come, go or are called otherwise.
func (l *Library) edited(files []*file, numbers []int32) *Library {
	for _, n := range numbers {
		if files[n].index || (l.files[n].article == nil) != (files[n].article == nil) {
			return nil
		}
	}
	next := newLibrary(l.fsys, l.mediaPrefix, files, &l.shape)
	next.langs, next.count, next.contexts, next.aliases, next.updated = l.langs, l.count, maps.Clone(l.contexts), l.aliases, l.updated
	next.articles, next.bySections, next.places = maps.Clone(l.articles), maps.Clone(l.bySections), slices.Clone(l.places)
	own := map[string]map[int32]bool{} // sections by language that are copied
	contexts, aliases, updated := map[string]bool{}, false, false
	for _, n := range numbers {
		before, after, at := l.files[n].article, files[n].article, l.places[n]
		if after == nil {
			continue
		}
		lang := after.Lang
		if own[lang] == nil {
			own[lang] = map[int32]bool{}
			next.articles[lang], next.bySections[lang] = slices.Clone(l.articles[lang]), slices.Clone(l.bySections[lang])
		}
		s := next.bySections[lang][at.section]
		if !own[lang][at.section] {
			own[lang][at.section] = true
			c := *s
			c.Articles = slices.Clone(s.Articles)
			s = &c
			next.bySections[lang][at.section] = s
		}
		s.Articles[at.index], next.articles[lang][at.order] = after, after
		contexts[lang] = contexts[lang] || len(before.Contexts)+len(after.Contexts) > 0
		aliases = aliases || len(before.Aliases)+len(after.Aliases) > 0
		updated = updated || !before.Updated.Equal(after.Updated)
	}
	for lang, sections := range own {
		for i := range sections {
			next.reorder(lang, int(i))
		}
		if contexts[lang] {
			next.buildContexts(lang)
		}
	}
	if aliases {
		next.buildAliases()
	}
	if updated {
		next.findUpdated()
	}
	return next
}

// reorder puts a section of which articles were replaced into reading order.
func (l *Library) reorder(lang string, section int) {
	list := l.bySections[lang][section].Articles
	if slices.IsSortedFunc(list, compareReading) {
		return
	}
	from := int(l.placeOf(list[0]).order - l.placeOf(list[0]).index)
	slices.SortFunc(list, compareReading)
	l.inOrder(lang, section, from)
}

// inOrder notes where the articles of a section stand, which is the language's
// articles from the given number on.
func (l *Library) inOrder(lang string, section, from int) {
	for i, a := range l.bySections[lang][section].Articles {
		l.articles[lang][from+i] = a
		*l.placeOf(a) = place{int32(section), int32(i), int32(from + i)}
	}
}

func (l *Library) placeOf(a *Article) *place { return &l.places[l.names[a.Path]] }

// compareReading is the reading order within a section.
func compareReading(a, b *Article) int {
	if a.Order != b.Order {
		return cmp.Compare(a.Order, b.Order)
	}
	return cmp.Or(strings.Compare(a.sortKey, b.sortKey), strings.Compare(a.Path, b.Path))
}

func (l *Library) buildSections() {
	type key struct{ lang, slug string }
	found := map[key]*Section{}
	for _, f := range l.files {
		a := f.article
		if a == nil {
			continue
		}
		k := key{a.Lang, a.Section}
		s := found[k]
		if s == nil {
			s = &Section{Lang: a.Lang, Slug: a.Section, Title: readable(a.Section)}
			if f := l.file(a.Lang + "/" + a.Section + "/_index.md"); f != nil && f.meta.Title != "" {
				s.Title, s.Description, s.Order, s.Explicit = f.meta.Title, f.meta.Description, f.meta.Order, true
			}
			found[k] = s
			l.bySections[a.Lang] = append(l.bySections[a.Lang], s)
		}
		s.Articles = append(s.Articles, a)
	}
	for lang, sections := range l.bySections {
		l.langs = append(l.langs, lang)
		slices.SortFunc(sections, func(a, b *Section) int {
			return cmp.Or(cmp.Compare(a.Order, b.Order), compareTitles(a.Title, b.Title), cmp.Compare(a.Slug, b.Slug))
		})
		for _, s := range sections {
			slices.SortFunc(s.Articles, compareReading)
		}
	}
	slices.Sort(l.langs)
}

func (l *Library) buildContexts(lang string) {
	t := contextTable{}
	for _, a := range l.articles[lang] {
		for _, c := range a.Contexts {
			t[c] = append(t[c], a)
		}
	}
	l.contexts[lang] = t
}

// buildAliases fills the redirects. An alias that is an article's own URL is
// left out: a page that exists beats a redirect.
func (l *Library) buildAliases() {
	l.aliases = map[string]string{}
	for _, lang := range l.langs {
		for _, a := range l.articles[lang] {
			for _, alias := range a.Aliases {
				from := cleanSitePath(alias)
				if _, taken := l.aliases[from]; !taken && l.ByURL(from) == nil {
					l.aliases[from] = a.URL()
				}
			}
		}
	}
}

func (l *Library) findUpdated() {
	l.updated = time.Time{}
	for _, f := range l.files {
		if f.article != nil && f.article.Updated.After(l.updated) {
			l.updated = f.article.Updated
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

// compareTitles orders titles as a reader expects: accents and case count
// only between titles that are otherwise equal.
func compareTitles(a, b string) int {
	return cmp.Or(strings.Compare(foldKey(a), foldKey(b)), strings.Compare(a, b))
}
