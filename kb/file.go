package kb

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/vmcloud/ricochet/kb/markdown"
)

// maxFile bounds an article, in bytes. The longest real one we know has 45 kB.
const maxFile = 2 << 20

// file is everything known about one Markdown file. It is immutable once a
// Library holds it.
type file struct {
	path     string
	lang     string
	index    bool // _index.md, which describes a section
	meta     meta
	body     []byte
	bodyLine int
	hash     string
	broken   bool // live reload keeps the last good version instead
	found    report
	rejected string // hash of a later, broken version that was not taken

	address      address
	addressNotes []Problem // conflicts over the address
	done         bool      // rendered; article, problems and what follows are final
	sortKey      string
	article      *Article // nil for _index.md and for what cannot be served

	problems []Problem           // of this file alone
	targets  map[string]struct{} // content paths its links and images looked at, found or not
	anchors  map[string]struct{} // ids in its HTML
	links    []anchorLink        // links to a heading of another article
}

// isPage says whether the file is an article with anything to show.
func (f *file) isPage() bool { return !f.index && len(f.body) > 0 }

// address is where a file is served.
type address struct{ section, slug string }

func (f *file) url() string { return "/" + f.lang + "/" + f.address.section + "/" + f.address.slug }

// anchorLink is a link to a heading of another file, checked when every file
// is rendered.
type anchorLink struct {
	line           int
	target, anchor string
}

// readFile reads and splits one file; whatever is wrong is in its report. err
// is for a file that could not be read.
func readFile(fsys fs.FS, name string) (*file, error) {
	f := &file{path: name, lang: firstSegment(name), index: path.Base(name) == "_index.md", found: report{path: name}}
	src, err := fs.ReadFile(limited{fsys, maxFile + 1}, name)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(src)
	f.hash = hex.EncodeToString(sum[:])
	r := &f.found
	if len(src) > maxFile {
		f.broken = true
		r.add(0, Error, "the file is larger than %d MiB and is not served; split the article", maxFile>>20)
		return f, nil
	}
	src = repairText(src, r)
	yaml, body, line, has, closed := splitFrontMatter(src)
	f.body, f.bodyLine = body, line
	if !has {
		if !f.index {
			r.add(1, Error, "there is no front matter; start the file with a line --- followed by title, updated and a closing ---")
		}
	} else {
		if !closed {
			f.broken = true
			r.add(1, Error, "the front matter is not closed; end it with a line ---")
		}
		var broken bool
		f.meta, broken = parseFrontMatter(yaml, r)
		f.broken = f.broken || broken
	}
	f.check(has)
	return f, nil
}

// check reports what an article must say and does not.
func (f *file) check(has bool) {
	r, empty := &f.found, strings.TrimSpace(string(f.body)) == ""
	if f.index {
		if f.meta.Title == "" {
			r.add(1, Error, "the section has no `title`")
		}
		if !empty {
			r.add(f.bodyLine, Warning, "the text of a section's _index.md is not shown")
		}
		return
	}
	if empty {
		f.broken = true
		f.body = []byte(f.meta.Description)
		shown := "it is not served"
		if len(f.body) > 0 {
			shown = "its description is shown instead"
		}
		r.add(f.bodyLine, Error, "the article has no text; %s", shown)
	}
	if has {
		if f.meta.Title == "" {
			r.add(1, Error, "`title` is missing")
		}
		if f.meta.Updated.IsZero() && !r.mentions("`updated`") {
			r.add(1, Error, "`updated` is missing; write the day the article last changed, such as 2026-03-09")
		}
	}
	if f.meta.Lang != "" && f.meta.Lang != f.lang {
		r.add(1, Warning, "`lang` is %q but the file is in the folder %q, which counts", f.meta.Lang, f.lang)
	}
}

// mentions says whether a problem about what has been reported already.
func (r *report) mentions(what string) bool {
	for _, p := range r.problems {
		if strings.HasPrefix(p.Message, what) {
			return true
		}
	}
	return false
}

func firstSegment(p string) string {
	s, _, _ := strings.Cut(p, "/")
	return s
}

// pair is the path below the language folder without its ending.
func (f *file) pair() string {
	return strings.TrimSuffix(strings.TrimPrefix(f.path, f.lang+"/"), path.Ext(f.path))
}

// wish is the address a file asks for; assignAddresses settles conflicts.
func (f *file) wish() address {
	segments := strings.Split(f.pair(), "/")
	section := f.meta.Section
	if len(segments) > 1 {
		section, segments = segments[0], segments[1:]
	}
	slug := markdown.Slug(f.meta.Slug)
	if slug == "" {
		slug = markdown.Slug(strings.Join(segments, "-"))
	}
	section = markdown.Slug(section)
	if section == "" {
		section = "general"
	}
	if slug == "" {
		slug = "article"
	}
	return address{section, slug}
}

// rendered is a copy of f with its article, links and problems filled in.
func (f *file) rendered(r *resolver, md *markdown.Renderer) *file {
	out := *f
	out.done = true
	rep := &report{path: f.path, problems: slices.Clone(f.found.problems), dropped: f.found.dropped}
	out.targets = map[string]struct{}{}
	p := &pageResolver{resolver: r, file: &out}
	if !out.isPage() {
		out.problems = rep.done()
		return &out
	}
	res := md.Render(out.body, markdown.Page{Title: out.meta.Title, FirstLine: out.bodyLine, Link: p.link, Image: p.image})
	for _, i := range res.Issues {
		s := Warning
		if i.Error {
			s = Error
		}
		rep.add(i.Line, s, "%s", i.Message)
	}
	out.anchors = make(map[string]struct{}, len(res.Anchors))
	for _, a := range res.Anchors {
		out.anchors[a] = struct{}{}
	}
	if len(res.HTML) > 0 { // a page without a word helps nobody; the problem says why it is missing
		out.article = out.newArticle(&res)
		out.sortKey = foldKey(out.article.Title)
	}
	out.links = p.anchorLinks(res.Links)
	out.problems = rep.done()
	return &out
}

func (f *file) newArticle(res *markdown.Result) *Article {
	m := &f.meta
	a := &Article{
		Lang: f.lang, Section: f.address.section, Slug: f.address.slug, ID: m.Slug, Pair: f.pair(), Path: f.path,
		Title: m.Title, Description: m.Description, Order: m.Order, Tags: m.Tags, Contexts: m.Contexts,
		Questions: m.Questions, Aliases: m.Aliases, Category: m.Category, Topic: m.Topic, Source: m.Source,
		Updated: m.Updated, Revision: max(1, m.Revision),
		HTML: res.HTML, Markdown: f.body, Words: res.Words, HasVideo: res.HasVideo, HasTabs: res.HasTabs,
		HasCode: res.HasCode, VideoOrigins: res.VideoOrigins, Hash: f.hash,
	}
	if a.ID == "" {
		a.ID = a.Pair
	}
	if a.Title == "" {
		a.Title = res.FirstHeading
	}
	if a.Title == "" {
		a.Title = readable(path.Base(a.Pair))
	}
	a.Headings = make([]Heading, len(res.Headings))
	for i, h := range res.Headings {
		a.Headings[i] = Heading(h)
	}
	a.Passages = make([]Passage, len(res.Passages))
	for i, p := range res.Passages {
		a.Passages[i] = Passage(p)
	}
	return a
}
