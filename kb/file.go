package kb

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

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
	page     bool // an article with anything to show
	meta     meta
	body     []byte // until it is rendered; then the article has it
	bodyLine int
	hash     string
	broken   bool // live reload keeps the last good version instead
	found    report
	rejected string // hash of a later, broken version that was not taken

	wanted       address // what it asks for; newShape settles conflicts
	address      address
	addressNotes []Problem // conflicts over the address
	done         bool      // rendered; article, problems and what follows are final
	article      *Article  // nil for _index.md and for what cannot be served

	problems []Problem    // of this file alone
	targets  []string     // content paths its links and images looked at, found or not, sorted
	anchors  []string     // ids in its HTML, sorted
	links    []anchorLink // links to a heading of another article
}

// address is where a file is served.
type address struct{ Section, Slug string }

func (a address) url(lang string) string { return "/" + lang + "/" + a.Section + "/" + a.Slug }

func (f *file) url() string { return f.address.url(f.lang) }

// id is what evaluation files call the article.
func (f *file) id() string {
	if f.meta.Slug != "" {
		return f.meta.Slug
	}
	return f.pair()
}

// anchorLink is a link to a heading of another file, checked when every file
// is rendered.
type anchorLink struct {
	Line           int
	Target, Anchor string
}

// readFile reads and splits one file; whatever is wrong is in its report. When
// it is what have was read from, that is the answer. err is for a file that
// could not be read.
func readFile(fsys fs.FS, name string, have *file) (*file, error) {
	f := &file{path: name, lang: firstSegment(name), index: path.Base(name) == "_index.md", found: report{path: name}}
	src, hash, err := readSource(fsys, name)
	if err != nil {
		return nil, err
	}
	f.hash = hash
	if have != nil && have.hash == f.hash && have.rejected == "" {
		return have, nil
	}
	r := &f.found
	if len(src) > maxFile {
		f.broken = true
		r.add(0, Error, "the file is larger than %d MiB and is not served; split the article", maxFile>>20)
		return f, nil
	}
	src = fromTOML(repairText(src, r), r)
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
	f.page = !f.index && len(f.body) > 0
	if f.page {
		f.wanted = f.wish()
	}
	return f, nil
}

// readSource is a file's bytes, the first 2 MiB and one more, and their hash.
func readSource(fsys fs.FS, name string) (src []byte, hash string, err error) {
	if src, err = fs.ReadFile(limited{fsys, maxFile + 1}, name); err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256(src)
	return src, hex.EncodeToString(sum[:]), nil
}

// check reports what an article must say and does not.
func (f *file) check(has bool) {
	r, empty := &f.found, len(bytes.TrimSpace(f.body)) == 0
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

// wish is the address a file asks for.
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

// source is the Markdown of a page.
func (f *file) source() []byte {
	if f.body == nil && f.article != nil {
		return f.article.Markdown()
	}
	return f.body
}

// htmlBuffers is memory that articles are rendered in before they are packed.
var htmlBuffers = sync.Pool{New: func() any { return new([]byte) }}

// rendered is a copy of f with its article, links and problems filled in.
func (f *file) rendered(r *resolver, md *markdown.Renderer) *file {
	out := *f
	out.done = true
	rep := &report{path: f.path, problems: slices.Clone(f.found.problems), dropped: f.found.dropped}
	out.targets = nil
	if !out.page {
		out.problems = rep.done()
		return &out
	}
	src := f.source()
	p := &pageResolver{resolver: r, file: &out}
	buf := htmlBuffers.Get().(*[]byte)
	defer htmlBuffers.Put(buf)
	res := md.Render(src, markdown.Page{Title: out.meta.Title, FirstLine: out.bodyLine, Link: p.link, Image: p.image, Out: *buf})
	for _, i := range res.Issues {
		s := Warning
		if i.Error {
			s = Error
		}
		rep.add(i.Line, s, "%s", i.Message)
	}
	out.anchors, out.article, out.body = res.Anchors, nil, src
	if len(res.HTML) > 0 { // a page without a word helps nobody; the problem says why it is missing
		out.article, out.body = out.newArticle(newRendering(&res, src)), nil
		*buf = res.HTML[:0]
	}
	out.links = p.anchorLinks(res.Links)
	slices.Sort(out.targets)
	out.targets = slices.Clip(slices.Compact(out.targets))
	out.problems = rep.done()
	return &out
}

// rendering is what the renderer made of a page: all of an Article that its
// front matter and its place do not say.
type rendering struct {
	Title        string // what the renderer saw first, for an article without one
	Headings     []Heading
	Passages     []Passage
	Words        int
	HasVideo     bool
	HasTabs      bool
	HasCode      bool
	VideoOrigins []string
	Page, Texts  []byte // the body, packed
}

func newRendering(res *markdown.Result, src []byte) *rendering {
	r := &rendering{
		Title: res.FirstHeading, Headings: make([]Heading, len(res.Headings)), Passages: make([]Passage, len(res.Passages)),
		Words: res.Words, HasVideo: res.HasVideo, HasTabs: res.HasTabs, HasCode: res.HasCode, VideoOrigins: res.VideoOrigins,
	}
	for i, h := range res.Headings {
		r.Headings[i] = Heading(h)
	}
	texts := make([]Text, len(res.Passages))
	for i, p := range res.Passages {
		r.Passages[i] = Passage{Heading: p.Heading, Anchor: p.Anchor, Level: p.Level}
		texts[i] = Text{Text: p.Text, Code: p.Code}
	}
	b := pack(res.HTML, src, texts)
	r.Page, r.Texts = b.page, b.texts
	return r
}

func (f *file) newArticle(r *rendering) *Article {
	m := &f.meta
	a := &Article{
		Lang: f.lang, Section: f.address.Section, Slug: f.address.Slug, ID: f.id(), Pair: f.pair(), Path: f.path,
		Title: m.Title, Description: m.Description, Order: m.Order, Tags: m.Tags, Contexts: m.Contexts,
		Questions: m.Questions, Aliases: m.Aliases, Category: m.Category, Topic: m.Topic, Source: m.Source,
		Updated: m.Updated, Revision: max(1, m.Revision), Headings: r.Headings, Passages: r.Passages,
		Words: r.Words, HasVideo: r.HasVideo, HasTabs: r.HasTabs,
		HasCode: r.HasCode, VideoOrigins: r.VideoOrigins, Hash: f.hash,
		body: body{page: r.Page, texts: r.Texts},
	}
	if a.Title == "" {
		a.Title = r.Title
	}
	if a.Title == "" {
		a.Title = readable(path.Base(a.Pair))
	}
	a.sortKey = foldKey(a.Title)
	return a
}
