package kb

import (
	"maps"
	"slices"
	"strconv"
)

// assignAddresses gives every article a URL of its own. The first file in path
// order keeps a contested one; the other is served under a number and
// reported, so that a mistake never hides an article. A file whose address
// changed is replaced by a copy that will be rendered again.
func assignAddresses(files map[string]*file, pages []string) {
	taken := map[string]string{} // URL -> path
	ids := map[string]string{}   // language and ID -> path
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f := files[name]
		if !f.isPage() {
			continue
		}
		a := f.wish()
		var notes []Problem
		if slices.Contains(pages, a.section) {
			notes = append(notes, Problem{Path: name, Line: 1, Severity: Error,
				Message: "a section may not be called `" + a.section + "`: the site has a page of that name"})
			a.section += "-articles"
		}
		if other := taken[f.lang+"/"+a.section+"/"+a.slug]; other != "" {
			notes = append(notes, Problem{Path: name, Line: 1, Severity: Error,
				Message: "the address /" + f.lang + "/" + a.section + "/" + a.slug + " belongs to " + other + " already; change the file's name or its `slug`"})
			base := a.slug
			for n := 2; taken[f.lang+"/"+a.section+"/"+a.slug] != ""; n++ {
				a.slug = base + "-" + strconv.Itoa(n)
			}
		}
		taken[f.lang+"/"+a.section+"/"+a.slug] = name
		if id := f.meta.Slug; id != "" {
			if other := ids[f.lang+" "+id]; other != "" {
				notes = append(notes, Problem{Path: name, Line: 1, Severity: Error,
					Message: "the `slug` " + id + " is used by " + other + " too; slugs name one article"})
			} else {
				ids[f.lang+" "+id] = name
			}
		}
		if f.address != a || !slices.Equal(f.addressNotes, notes) {
			c := *f
			c.address, c.addressNotes, c.done, c.article = a, notes, false, nil
			files[name] = &c
		}
	}
}

// newResolver indexes files for the renderers.
func newResolver(b *builder, files map[string]*file, images *imageStore) *resolver {
	r := &resolver{files: files, urls: make(map[string]*file, len(files)), sections: map[string]bool{},
		images: images, media: b.opts.MediaPrefix, pages: b.opts.Pages}
	langs := map[string]bool{}
	for _, f := range files {
		if !f.isPage() {
			continue
		}
		r.urls[f.url()] = f
		r.sections[f.lang+"/"+f.address.section] = true
		langs[f.lang] = true
	}
	r.langs = slices.Sorted(maps.Keys(langs))
	return r
}

// moved is the set of link targets that mean something else in files than
// they did before: paths, site paths and sections of articles that came, went
// or changed their address, and images that came, went or changed.
func moved(before, after map[string]*file, images map[string]struct{}) map[string]struct{} {
	out := maps.Clone(images)
	if out == nil {
		out = map[string]struct{}{}
	}
	note := func(f *file) {
		out[f.path] = struct{}{}
		out[f.url()] = struct{}{}
		out[f.lang+"/"+f.address.section+"/"] = struct{}{}
		out["/"+f.lang+"/"+f.address.section] = struct{}{}
	}
	for name, f := range after {
		if old := before[name]; old == nil || old.address != f.address {
			note(f)
			if old != nil {
				note(old)
			}
		}
	}
	for name, f := range before {
		if after[name] == nil {
			note(f)
		}
	}
	return out
}

// touches says whether the article looked at any of the targets.
func (f *file) touches(targets map[string]struct{}) bool {
	if len(targets) == 0 {
		return false
	}
	for t := range f.targets {
		if _, ok := targets[t]; ok {
			return true
		}
	}
	return false
}
