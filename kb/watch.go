package kb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// settle is how long changes are collected before they are read. It starts
	// at the first change and is not extended, so that a file written without
	// pause cannot starve the others.
	settle = 10 * time.Millisecond
	// grace is how long a file may be missing before its article goes: editors
	// that save by renaming take it away for a moment.
	grace = 150 * time.Millisecond
)

// Run watches the folder until ctx ends and publishes a snapshot after every
// change. It returns early only when the folder cannot be watched; what was
// loaded then stays in service. For static content it waits for ctx.
func (l *Live) Run(ctx context.Context) error {
	if l.dir == "" {
		<-ctx.Done()
		return nil
	}
	fsw, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watching the content folder: %w", err)
	}
	w := &watcher{live: l, fsw: fsw, dirty: map[string]struct{}{}, gone: map[string]struct{}{},
		settle: stoppedTimer(), grace: stoppedTimer()}
	err = w.run(ctx)
	if closeErr := fsw.Close(); closeErr != nil {
		err = errors.Join(err, fmt.Errorf("closing the watch: %w", closeErr))
	}
	return err
}

// watcher collects file events; it belongs to Run's goroutine.
type watcher struct {
	live  *Live
	fsw   *fsnotify.Watcher
	dirty map[string]struct{} // to be read
	gone  map[string]struct{} // missing at the last look

	settle, grace *time.Timer
	settling      bool
}

func stoppedTimer() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

func (w *watcher) run(ctx context.Context) error {
	if err := w.watchTree("."); err != nil {
		return err
	}
	w.rescan() // what changed between loading and watching
	for {
		select {
		case <-ctx.Done():
			return nil
		case ev := <-w.fsw.Events:
			w.note(ev)
		case err := <-w.fsw.Errors:
			w.live.build.opts.Logger.Warn("the watch missed changes; reading the whole content folder again", "err", err)
			if err := w.watchTree("."); err != nil {
				return err
			}
			w.rescan()
		case <-w.settle.C:
			w.settling = false
			w.flush(ctx, w.dirty, false)
		case <-w.grace.C:
			w.flush(ctx, w.gone, true)
		}
	}
}

// watchTree adds a watch to a folder and all below it, and marks what they
// hold: a file may be older than the watch.
func (w *watcher) watchTree(name string) error {
	err := fs.WalkDir(w.live.build.fsys, name, func(p string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // gone again
		case err != nil:
			return err
		case p != "." && hidden(p):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !d.IsDir():
			w.mark(p)
			return nil
		}
		err = w.fsw.Add(filepath.Join(w.live.dir, filepath.FromSlash(p)))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("watching %s: %w", filepath.Join(w.live.dir, name), err)
	}
	return nil
}

// rescan marks everything that was there and that is there.
func (w *watcher) rescan() {
	for _, f := range w.live.Current().files {
		w.mark(f.path)
	}
	for name := range w.live.images.names {
		w.mark(name)
	}
}

func (w *watcher) mark(name string) {
	w.dirty[name] = struct{}{}
	if !w.settling {
		w.settling = true
		w.settle.Reset(settle)
	}
}

func (w *watcher) note(ev fsnotify.Event) {
	rel, err := filepath.Rel(w.live.dir, ev.Name)
	if err != nil || ev.Op == fsnotify.Chmod {
		return
	}
	name := filepath.ToSlash(rel)
	if hidden(name) {
		return
	}
	if ev.Has(fsnotify.Create) {
		if info, err := fs.Stat(w.live.build.fsys, name); err == nil && info.IsDir() {
			if err := w.watchTree(name); err != nil {
				w.live.build.opts.Logger.Warn("a new folder is not watched", "folder", name, "err", err)
			}
			return
		}
	}
	if ev.Has(fsnotify.Remove) || ev.Has(fsnotify.Rename) {
		for _, known := range w.live.Current().files {
			if strings.HasPrefix(known.path, name+"/") {
				w.mark(known.path)
			}
		}
		for known := range w.live.images.names {
			if strings.HasPrefix(known, name+"/") {
				w.mark(known)
			}
		}
	}
	w.mark(name)
}

// flush reads a set of marked paths. Those that are missing for the first
// time are looked at again after grace.
func (w *watcher) flush(ctx context.Context, names map[string]struct{}, final bool) {
	gone, err := w.live.refresh(ctx, names, final)
	if err != nil && ctx.Err() == nil {
		w.live.build.opts.Logger.Error("the content could not be read again; the last version stays in service", "err", err)
	}
	clear(names)
	if len(gone) > 0 {
		for _, g := range gone {
			w.gone[g] = struct{}{}
		}
		w.grace.Reset(grace)
	}
}
