package kb

import (
	"slices"
	"strconv"
	"strings"
)

// shape is where the files of a snapshot stand: everything that stays the same
// as long as no file comes, goes or moves to another address. An edit leaves it
// as it is and costs what it changes, not what the library weighs. Files are
// known by their numbers, in path order.
type shape struct {
	names    map[string]int32 // path -> number
	urls     map[string]int32 // site path -> number of a page
	ids      map[string]int32 // language, NUL, ID -> number of a page
	pairs    map[string]int32 // language, NUL, pair -> number of a page
	sections map[string]bool  // "fr/products"
	langs    []string         // that have a page, sorted
}

// key joins a language and a name within it.
func key(lang, name string) string { return lang + "\x00" + name }

// newShape settles the address of every file (in path order) and notes where it
// stands. A file whose address changed is replaced by a copy that will be
// rendered again.
func newShape(files []*file, pages []string) *shape {
	s := &shape{names: make(map[string]int32, len(files)), urls: make(map[string]int32, len(files)),
		ids: make(map[string]int32, len(files)), pairs: make(map[string]int32, len(files)), sections: map[string]bool{}}
	slugs := map[string]string{} // language, NUL, front matter's slug -> path
	for i, f := range files {
		n := int32(i)
		s.names[f.path] = n
		if !f.page {
			continue
		}
		a, notes := s.settle(f, pages, files)
		if id := f.meta.Slug; id != "" {
			if other := slugs[key(f.lang, id)]; other != "" {
				notes = append(notes, Problem{Path: f.path, Line: 1, Severity: Error,
					Message: "the `slug` " + id + " is used by " + other + " too; slugs name one article"})
			} else {
				slugs[key(f.lang, id)] = f.path
			}
		}
		if f.address != a || !slices.Equal(f.addressNotes, notes) {
			c := *f
			c.body, c.address, c.addressNotes, c.done, c.article = f.source(), a, notes, false, nil
			f, files[i] = &c, &c
		}
		s.urls[f.url()] = n
		pair := key(f.lang, f.pair())
		if _, taken := s.pairs[pair]; !taken {
			s.pairs[pair] = n
		}
		if id := key(f.lang, f.id()); !contains(s.ids, id) {
			s.ids[id] = n
		}
		if section := f.lang + "/" + a.Section; !s.sections[section] {
			s.sections[section] = true
		}
		if at, known := slices.BinarySearch(s.langs, f.lang); !known {
			s.langs = slices.Insert(s.langs, at, f.lang)
		}
	}
	return s
}

func contains(m map[string]int32, key string) bool {
	_, ok := m[key]
	return ok
}

// settle gives an article a URL of its own. The first file in path order keeps
// a contested one; the other is served under a number and reported, so that a
// mistake never hides an article.
func (s *shape) settle(f *file, pages []string, files []*file) (address, []Problem) {
	a := f.wanted
	var notes []Problem
	if slices.Contains(pages, a.Section) {
		notes = append(notes, Problem{Path: f.path, Line: 1, Severity: Error,
			Message: "a section may not be called `" + a.Section + "`: the site has a page of that name"})
		a.Section += "-articles"
	}
	if other, taken := s.urls[a.url(f.lang)]; taken {
		notes = append(notes, Problem{Path: f.path, Line: 1, Severity: Error,
			Message: "the address " + a.url(f.lang) + " belongs to " + files[other].path + " already; change the file's name or its `slug`"})
		base := a.Slug
		for n := 2; contains(s.urls, a.url(f.lang)); n++ {
			a.Slug = base + "-" + strconv.Itoa(n)
		}
	}
	return a, notes
}

// fits says whether now can take old's place without anything moving, and gives
// it old's address then.
func (s *shape) fits(old, now *file) bool {
	if old == nil || now == nil || old.index != now.index || old.page != now.page || old.wanted != now.wanted || old.meta.Slug != now.meta.Slug {
		return false
	}
	now.address, now.addressNotes = old.address, old.addressNotes
	return true
}

// newResolver looks links up in files.
func newResolver(b *builder, files []*file, s *shape, images *imageStore) *resolver {
	return &resolver{shape: s, files: files, images: images, media: b.opts.MediaPrefix, pages: b.opts.Pages}
}

// moved is the set of link targets that mean something else in files than
// they did before: paths, site paths and sections of articles that came, went
// or changed their address.
func moved(before *Library, files []*file, after *shape) map[string]struct{} {
	out := map[string]struct{}{}
	note := func(f *file) {
		out[f.path] = struct{}{}
		out[f.url()] = struct{}{}
		out[f.lang+"/"+f.address.Section+"/"] = struct{}{}
		out["/"+f.lang+"/"+f.address.Section] = struct{}{}
	}
	for _, f := range files {
		if old := before.file(f.path); old == nil || old.address != f.address {
			note(f)
			if old != nil {
				note(old)
			}
		}
	}
	for _, f := range before.files {
		if !contains(after.names, f.path) {
			note(f)
		}
	}
	return out
}

// touches says whether the article looked at any of the targets.
func (f *file) touches(targets map[string]struct{}) bool {
	for _, t := range f.targets {
		if _, ok := targets[t]; ok {
			return true
		}
	}
	return false
}

// comparePaths orders files.
func comparePaths(a, b *file) int { return strings.Compare(a.path, b.path) }
