package kb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"path"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/text/language"

	"github.com/vmcloud/ricochet/kb/markdown"
)

// Options say how a content folder becomes a Library.
type Options struct {
	// MediaPrefix is the site path under which images are served; "" means
	// "/media/".
	MediaPrefix string
	// Strict makes Load fail when a file has a Problem of severity Error; our
	// own content is loaded like that, somebody else's folder is not.
	Strict bool
	// Logger gets every Problem as a warning; nil stays silent.
	Logger *slog.Logger
	// Texts are the renderer's own words by language; a language that is not
	// there gets DefaultTexts.
	Texts map[string]markdown.Texts
	// Keep is where what was rendered is kept until the next start; nil keeps
	// nothing. It serves one Load or OpenLive.
	Keep *Keep
	// Pages are the site's pages below the language that are not articles, for
	// checking absolute links; nil means contact and search.
	Pages []string
}

func (o Options) withDefaults() Options {
	if o.MediaPrefix == "" {
		o.MediaPrefix = "/media/"
	}
	if o.Pages == nil {
		o.Pages = []string{"contact", "search"}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Load reads, checks and renders every article below fsys, on all cores. What
// is wrong in a file is a Problem and the file is served as well as it can be;
// the error is for a folder that cannot be read, a cancelled ctx, or Strict.
func Load(ctx context.Context, fsys fs.FS, opts Options) (*Library, []Problem, error) {
	opts = opts.withDefaults()
	lib, _, err := newBuilder(fsys, opts).load(ctx)
	if err != nil {
		return nil, nil, err
	}
	problems := lib.Problems()
	logProblems(opts.Logger, problems)
	if opts.Strict {
		if err := firstError(problems); err != nil {
			return nil, problems, err
		}
	}
	return lib, problems, nil
}

// load makes the first snapshot.
func (b *builder) load(ctx context.Context) (*Library, *imageStore, error) {
	found, err := scan(b.fsys)
	if err != nil {
		return nil, nil, err
	}
	slices.Sort(found.articles)
	store := newImageStore(b.fsys, found.images)
	files := b.recall(ctx, found, store)
	kept := files != nil
	if !kept {
		if files, err = b.readAll(ctx, found.articles, nil); err != nil {
			return nil, nil, err
		}
	}
	lib, err := b.build(ctx, change{files: files}, store)
	if err == nil && !kept {
		b.remember(lib, found, store)
	}
	return lib, store, err
}

func firstError(problems []Problem) error {
	n, first := 0, Problem{}
	for _, p := range problems {
		if p.Severity == Error {
			if n++; n == 1 {
				first = p
			}
		}
	}
	if n == 0 {
		return nil
	}
	return fmt.Errorf("the content has %d errors; the first: %s:%d: %s", n, first.Path, first.Line, first.Message)
}

func logProblems(log *slog.Logger, problems []Problem) {
	for _, p := range problems {
		log.Warn(p.Message, "file", p.Path, "line", p.Line)
	}
}

// listing is what a content folder holds.
type listing struct {
	articles []string
	images   []string
}

// scan lists the Markdown files of every language folder and all images.
func scan(fsys fs.FS) (listing, error) {
	var out listing
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && name == ".":
			return fmt.Errorf("reading the content folder: %w", err)
		case err != nil && errors.Is(err, fs.ErrNotExist):
			return nil // removed while it was being listed
		case err != nil:
			return fmt.Errorf("reading %s: %w", name, err)
		case name == ".":
			return nil
		case hidden(name) || d.IsDir() && path.Base(name) == "node_modules":
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		case isArticle(name):
			out.articles = append(out.articles, name)
		case imageTypes[strings.ToLower(path.Ext(name))] != "":
			out.images = append(out.images, name)
		}
		return nil
	})
	return out, err
}

var languageFolder = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z]{2,4}|-[0-9]{3})?$`)

// isArticle says whether a path below the content folder is read: Markdown in
// a folder named after a language.
func isArticle(name string) bool {
	lang := firstSegment(name)
	ext := strings.ToLower(path.Ext(name))
	if ext != ".md" && ext != ".mdx" && ext != ".markdown" || lang == name || !languageFolder.MatchString(lang) {
		return false
	}
	if base := path.Base(name); strings.HasPrefix(base, "_") && base != "_index.md" || strings.HasPrefix(base, "#") {
		return false
	}
	_, err := language.Parse(lang)
	return err == nil
}

// builder makes snapshots of one folder; it keeps the renderers, which are
// expensive to make.
type builder struct {
	fsys      fs.FS
	opts      Options
	mu        sync.Mutex
	renderers map[string]*markdown.Renderer
}

func newBuilder(fsys fs.FS, opts Options) *builder {
	return &builder{fsys: fsys, opts: opts, renderers: map[string]*markdown.Renderer{}}
}

func (b *builder) renderer(lang string) *markdown.Renderer {
	b.mu.Lock()
	defer b.mu.Unlock()
	md := b.renderers[lang]
	if md == nil {
		texts, ok := b.opts.Texts[lang]
		if !ok {
			texts = DefaultTexts(lang)
		}
		md = markdown.New(texts)
		b.renderers[lang] = md
	}
	return md
}

// readAll reads files on all cores. A file that disappeared meanwhile is left
// out; one that cannot be read is kept as a problem; one that known has as it is
// comes from there.
func (b *builder) readAll(ctx context.Context, names []string, known *Library) ([]*file, error) {
	read := make([]*file, len(names))
	err := parallel(ctx, len(names), func(i int) {
		var have *file
		if known != nil {
			have = known.file(names[i])
		}
		read[i] = b.read(names[i], have)
	})
	return slices.DeleteFunc(read, func(f *file) bool { return f == nil }), err
}

func (b *builder) read(name string, have *file) *file {
	f, err := readFile(b.fsys, name, have)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		f = &file{path: name, lang: firstSegment(name), broken: true, found: report{path: name}}
		f.found.add(0, Error, "the file cannot be read: %v", err)
	}
	return f
}

// change is what a snapshot is to be made of.
type change struct {
	files   []*file             // in path order; kept by the snapshot
	numbers []int32             // of the files that are new, when shape is given
	shape   *shape              // of prev, when the files still fit it
	prev    *Library            // the snapshot before, if any
	images  map[string]struct{} // that came, went or changed since
}

// build renders what is not rendered yet and assembles a snapshot. Articles
// whose link targets or images changed since the snapshot before are rendered
// again.
func (b *builder) build(ctx context.Context, c change, store *imageStore) (*Library, error) {
	s, targets := c.shape, c.images
	if s == nil {
		s = newShape(c.files, b.opts.Pages)
		if c.prev != nil {
			targets = moved(c.prev, c.files, s)
			maps.Copy(targets, c.images)
		}
	}
	// A language that comes or goes is where links of any file may lead.
	all := c.prev != nil && !slices.Equal(c.prev.shape.langs, s.langs)
	work := c.stale(targets, all)
	r := newResolver(b, slices.Clone(c.files), s, store)
	if err := parallel(ctx, len(work), func(i int) {
		f := r.files[work[i]]
		c.files[work[i]] = f.rendered(r, b.renderer(f.lang))
	}); err != nil {
		return nil, err
	}
	if c.shape != nil {
		if next := c.prev.edited(c.files, append(c.numbers, work...)); next != nil {
			return next, nil
		}
	}
	return assemble(b.fsys, b.opts.MediaPrefix, c.files, s), nil
}

// stale are the numbers of the files that must be rendered: those that are not
// yet, and those with a link or an image that means something else now.
func (c *change) stale(targets map[string]struct{}, all bool) []int32 {
	var out []int32
	if c.shape != nil && len(targets) == 0 {
		for _, n := range c.numbers {
			if !c.files[n].done {
				out = append(out, n)
			}
		}
		return out
	}
	for n, f := range c.files {
		if all || !f.done || f.touches(targets) {
			out = append(out, int32(n))
		}
	}
	return out
}

// parallel calls do for 0..n-1 on all cores, stopping when ctx ends.
func parallel(ctx context.Context, n int, do func(i int)) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				do(i)
			}
		})
	}
	wg.Wait()
	return ctx.Err()
}
