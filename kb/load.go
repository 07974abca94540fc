package kb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
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
	logProblems(opts.Logger, lib.problems)
	if opts.Strict {
		if err := firstError(lib.problems); err != nil {
			return nil, lib.problems, err
		}
	}
	return lib, lib.problems, nil
}

// load makes the first snapshot.
func (b *builder) load(ctx context.Context) (*Library, *imageStore, error) {
	found, err := scan(b.fsys)
	if err != nil {
		return nil, nil, err
	}
	files, err := b.readAll(ctx, found.articles)
	if err != nil {
		return nil, nil, err
	}
	store := newImageStore(b.fsys, found.images)
	lib, err := b.build(ctx, files, store, nil, nil)
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
// out; one that cannot be read is kept as a problem.
func (b *builder) readAll(ctx context.Context, names []string) (map[string]*file, error) {
	read := make([]*file, len(names))
	err := parallel(ctx, len(names), func(i int) { read[i] = b.read(names[i]) })
	files := make(map[string]*file, len(names))
	for _, f := range read {
		if f != nil {
			files[f.path] = f
		}
	}
	return files, err
}

func (b *builder) read(name string) *file {
	f, err := readFile(b.fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		f = &file{path: name, lang: firstSegment(name), broken: true, found: report{path: name}}
		f.found.add(0, Error, "the file cannot be read: %v", err)
	}
	return f
}

// build renders what is not rendered yet and assembles a snapshot. With prev,
// the snapshot before, articles whose link targets or images changed are
// rendered again; images names the changed ones. files is kept by the
// snapshot.
func (b *builder) build(ctx context.Context, files map[string]*file, store *imageStore, prev *Library, images map[string]struct{}) (*Library, error) {
	assignAddresses(files, b.opts.Pages)
	var changed map[string]struct{}
	if prev != nil {
		changed = moved(prev.files, files, images)
	}
	r := newResolver(b, files, store)
	var work []*file
	for _, f := range files {
		if !f.done || f.touches(changed) {
			work = append(work, f)
		}
	}
	slices.SortFunc(work, func(x, y *file) int { return strings.Compare(x.path, y.path) })
	done := make([]*file, len(work))
	if err := parallel(ctx, len(work), func(i int) { done[i] = work[i].rendered(r, b.renderer(work[i].lang)) }); err != nil {
		return nil, err
	}
	for _, f := range done {
		files[f.path] = f
	}
	return assemble(b.fsys, b.opts.MediaPrefix, files), nil
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
