package kb

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Live serves the current snapshot of a content folder and replaces it when
// files change. Readers never wait: they hold the snapshot they took.
type Live struct {
	dir     string   // "" for content that cannot change
	root    *os.Root // confines every read to dir, symbolic links included
	build   *builder
	images  *imageStore // touched by Run alone
	current atomic.Pointer[Library]

	mu          sync.Mutex
	subscribers map[int]func(Change)
	nextID      int
}

// Change is a new snapshot and how its articles differ from the one before.
// Updated holds the new versions, also of articles whose own file is the same
// but whose links lead elsewhere now; Removed holds the old ones.
type Change struct {
	Old, New                *Library
	Added, Updated, Removed []*Article
}

// NewStatic serves a Library that does not change, such as the embedded one.
func NewStatic(lib *Library) *Live {
	l := &Live{subscribers: map[int]func(Change){}}
	l.current.Store(lib)
	return l
}

// OpenLive loads the folder dir; Run then keeps it current. Close it when no
// snapshot is needed any more.
func OpenLive(ctx context.Context, dir string, opts Options) (*Live, error) {
	opts = opts.withDefaults()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the content folder: %w", err)
	}
	l := &Live{dir: dir, root: root, build: newBuilder(root.FS(), opts), subscribers: map[int]func(Change){}}
	lib, store, err := l.build.load(ctx)
	if err != nil {
		return nil, closing(root, err)
	}
	l.images = store
	problems := lib.Problems()
	logProblems(opts.Logger, problems)
	if err := firstError(problems); err != nil && opts.Strict {
		return nil, closing(root, err)
	}
	l.current.Store(lib)
	return l, nil
}

// closing closes root on the way out with err.
func closing(root *os.Root, err error) error {
	if closeErr := root.Close(); closeErr != nil {
		return fmt.Errorf("%w (and closing the folder: %w)", err, closeErr)
	}
	return err
}

// Close lets go of the folder. Snapshots stay readable but their images do
// not.
func (l *Live) Close() error {
	if l.root == nil {
		return nil
	}
	return l.root.Close()
}

// Current is the newest snapshot; never nil.
func (l *Live) Current() *Library { return l.current.Load() }

// Problems are what is wrong in the files now, including edits that were not
// taken because they are broken.
func (l *Live) Problems() []Problem { return l.Current().Problems() }

// Subscribe calls f after every change, from Run's goroutine and in order,
// when the new snapshot is already current. The returned function ends it.
func (l *Live) Subscribe(f func(Change)) (cancel func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	id := l.nextID
	l.nextID++
	l.subscribers[id] = f
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.subscribers, id)
	}
}

func (l *Live) publish(next *Library) {
	prev := l.current.Swap(next)
	c := Compare(prev, next)
	l.mu.Lock()
	var calls []func(Change)
	for _, id := range slices.Sorted(maps.Keys(l.subscribers)) {
		calls = append(calls, l.subscribers[id])
	}
	l.mu.Unlock()
	for _, f := range calls {
		f(c)
	}
}

// Compare says how the articles of next differ from those of prev, file by
// file.
func Compare(prev, next *Library) Change {
	c := Change{Old: prev, New: next}
	for n, f := range next.files {
		var old *Article
		if n < len(prev.files) && prev.files[n].path == f.path { // nearly always
			old = prev.files[n].article
		} else {
			old = prev.ByPath(f.path)
		}
		switch {
		case f.article == nil || f.article == old:
		case old == nil:
			c.Added = append(c.Added, f.article)
		default:
			c.Updated = append(c.Updated, f.article)
		}
	}
	for n, f := range prev.files {
		if f.article != nil && (n >= len(next.files) || next.files[n].path != f.path || next.files[n].article == nil) && next.ByPath(f.path) == nil {
			c.Removed = append(c.Removed, f.article)
		}
	}
	return c
}

// refresh reads the dirty paths again and publishes a new snapshot if anything
// in it differs. It returns the articles that are not there any more: unless
// final, they are kept, because editors that save by renaming leave a gap.
func (l *Live) refresh(ctx context.Context, dirty map[string]struct{}, final bool) (gone []string, err error) {
	prev := l.Current()
	var names []string
	images := map[string]struct{}{}
	for name := range dirty {
		if isArticle(name) && !hidden(name) {
			names = append(names, name)
		} else if imageTypes[strings.ToLower(path.Ext(name))] != "" && !hidden(name) {
			images[name] = struct{}{}
		}
	}
	read, err := l.build.readAll(ctx, names, prev)
	if err != nil {
		return nil, err
	}
	changed, gone := l.replacements(prev, names, read, final)
	if !l.refreshImages(images) && len(changed) == 0 {
		return gone, nil
	}
	next, err := l.build.build(ctx, prev.changed(changed, images), l.images)
	if err != nil {
		return nil, err
	}
	l.publish(next)
	logProblems(l.build.opts.Logger, newProblems(prev.Problems(), next.Problems()))
	return gone, nil
}

// replacements says what becomes of the names that were read again: the file
// that is there now, nil for none.
func (l *Live) replacements(prev *Library, names []string, read []*file, final bool) (changed map[string]*file, gone []string) {
	there := make(map[string]*file, len(read))
	for _, f := range read {
		there[f.path] = f
	}
	changed = map[string]*file{}
	for _, name := range names {
		old, now := prev.file(name), there[name]
		switch {
		case now == nil && old == nil:
		case now == nil && !final:
			gone = append(gone, name)
		case now == nil:
			changed[name] = nil
		case old != nil && old.hash == now.hash && old.rejected == "":
		case old != nil && old.rejected == now.hash && now.hash != "":
		case now.broken && old != nil && !old.broken && old.article != nil:
			changed[name] = old.keepInstead(now)
		default:
			changed[name] = now
		}
	}
	return changed, gone
}

// changed is the change to l that replaces files by their paths; nil takes one
// away.
func (l *Library) changed(replaced map[string]*file, images map[string]struct{}) change {
	c := change{files: slices.Clone(l.files), shape: &l.shape, prev: l, images: images}
	var added []*file
	for name, f := range replaced {
		n, known := l.names[name]
		if !known {
			added = append(added, f)
			continue
		}
		if !l.fits(l.files[n], f) {
			c.shape = nil
		}
		c.files[n] = f
		c.numbers = append(c.numbers, n)
	}
	if len(added) > 0 || c.shape == nil {
		c.shape, c.numbers = nil, nil
		c.files = append(slices.DeleteFunc(c.files, func(f *file) bool { return f == nil }), added...)
		slices.SortFunc(c.files, comparePaths)
	}
	return c
}

// refreshImages looks at image paths again; it says whether any of them
// concerns the content.
func (l *Live) refreshImages(dirty map[string]struct{}) bool {
	if len(dirty) == 0 {
		return false
	}
	old := l.images
	next := &imageStore{fsys: old.fsys, names: maps.Clone(old.names)}
	old.sizes.Range(func(k, v any) bool {
		if _, again := dirty[k.(string)]; !again {
			next.sizes.Store(k, v)
		}
		return true
	})
	for name := range dirty {
		if info, err := fs.Stat(old.fsys, name); err == nil && info.Mode().IsRegular() {
			next.names[name] = struct{}{}
		} else {
			delete(next.names, name)
		}
	}
	l.images = next
	return true
}

// keepInstead is f, still in service, with the problems of the broken version
// that was not taken.
func (f *file) keepInstead(broken *file) *file {
	c := *f
	c.rejected = broken.hash
	c.found = report{path: f.path, problems: slices.Clone(broken.found.problems), dropped: broken.found.dropped}
	c.found.add(0, Error, "the edit is broken and was not taken; the last good version stays in service")
	c.problems = c.found.done()
	return &c
}

// newProblems are those of after that before did not have.
func newProblems(before, after []Problem) []Problem {
	known := make(map[Problem]struct{}, len(before))
	for _, p := range before {
		known[p] = struct{}{}
	}
	var out []Problem
	for _, p := range after {
		if _, ok := known[p]; !ok {
			out = append(out, p)
		}
	}
	return out
}
