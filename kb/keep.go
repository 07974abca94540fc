package kb

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"sync"
)

// Keep is a file that holds the articles as they were rendered, so that a start
// with the same content need not render them again: reading it takes a tenth of
// the time. It is derived and may be deleted at any time. All of it is used or
// nothing: when a file of the content, an option that rendering looks at or the
// program is another than when it was written, everything is rendered and Save
// writes it anew.
//
// A checksum guards against a damaged file, not against a forged one: whoever
// may write in its folder may change the database beside it too.
type Keep struct {
	// File is its path; its folder must exist.
	File string
	// Program tells builds apart: another renderer may write other HTML. ""
	// keeps nothing.
	Program string

	mu      sync.Mutex
	pending func() error // writes what the last load rendered; nil when the file has it
}

// Save writes what was rendered, unless the file holds it already. It is meant
// to be called beside the work once the site is served; the error is for a file
// that cannot be written.
func (k *Keep) Save() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	save := k.pending
	k.pending = nil
	if save == nil {
		return nil
	}
	return save()
}

// recall is the files of a folder as they were rendered before, in path order;
// nil when they must be rendered.
func (b *builder) recall(ctx context.Context, found listing, images *imageStore) []*file {
	k := b.opts.Keep
	if k == nil || k.Program == "" {
		return nil
	}
	in, err := os.Open(k.File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		b.opts.Logger.Warn("the kept articles cannot be read; all are rendered again", "err", err)
		return nil
	}
	defer in.Close() //nolint:errcheck // read only: nothing can be lost
	hashes := make([]string, len(found.articles))
	if parallel(ctx, len(hashes), func(i int) {
		_, hashes[i], _ = readSource(b.fsys, found.articles[i]) // "" for one that cannot be read: then no fingerprint fits
	}) != nil {
		return nil
	}
	print, ok := b.fingerprint(found, hashes, images)
	if !ok {
		return nil
	}
	files, err := readKept(in, print)
	if err != nil {
		b.opts.Logger.Warn("the kept articles are damaged; all are rendered again", "file", k.File, "err", err)
		return nil
	}
	return files
}

// remember has Save write the files of lib, which were just rendered.
func (b *builder) remember(lib *Library, found listing, images *imageStore) {
	k := b.opts.Keep
	if k == nil || k.Program == "" {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.pending = func() error {
		hashes := make([]string, len(found.articles))
		for i, name := range found.articles {
			if f := lib.file(name); f != nil {
				hashes[i] = f.hash
			}
		}
		print, ok := b.fingerprint(found, hashes, images)
		if !ok {
			return nil // one was there and could not be read: the next start tries again
		}
		if err := writeKept(k.File, print, lib.files); err != nil {
			return fmt.Errorf("keeping the rendered articles: %w", err)
		}
		return nil
	}
}

// fingerprint is of everything that rendering looks at. ok is false when a file
// could not be read.
func (b *builder) fingerprint(found listing, hashes []string, images *imageStore) (print [sha256.Size]byte, ok bool) {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q\n", b.opts.Keep.Program, b.opts.MediaPrefix, b.opts.Pages)
	for _, lang := range slices.Sorted(maps.Keys(b.opts.Texts)) {
		fmt.Fprintf(h, "texts %q %q\n", lang, b.opts.Texts[lang])
	}
	for i, name := range found.articles {
		if hashes[i] == "" {
			return print, false
		}
		fmt.Fprintf(h, "article %q %s\n", name, hashes[i])
	}
	for _, name := range slices.Sorted(slices.Values(found.images)) {
		size, err := images.info(name)
		fmt.Fprintf(h, "image %q %d %d %v\n", name, size.width, size.height, err)
	}
	h.Sum(print[:0])
	return print, true
}

// The file is the fingerprint, the checksum of what follows, the number of
// files and the files, as gob writes them.
type keptFile struct {
	Path         string
	Index, Page  bool
	Broken       bool
	Meta         meta
	Body         []byte // of what has no article
	BodyLine     int
	Hash         string
	Found        []Problem
	Dropped      int
	Address      address
	AddressNotes []Problem
	Problems     []Problem
	Targets      []string
	Anchors      []string
	Links        []anchorLink
	Article      *rendering
}

func (f *file) keep() *keptFile {
	k := &keptFile{
		Path: f.path, Index: f.index, Page: f.page, Broken: f.broken, Meta: f.meta, Body: f.body, BodyLine: f.bodyLine, Hash: f.hash,
		Found: f.found.problems, Dropped: f.found.dropped, Address: f.address, AddressNotes: f.addressNotes,
		Problems: f.problems, Targets: f.targets, Anchors: f.anchors, Links: f.links,
	}
	if a := f.article; a != nil {
		k.Article = &rendering{
			Title: a.Title, Headings: a.Headings, Passages: a.Passages, Words: a.Words, HasVideo: a.HasVideo, HasTabs: a.HasTabs,
			HasCode: a.HasCode, VideoOrigins: a.VideoOrigins, Page: a.body.page, Texts: a.body.texts,
		}
	}
	return k
}

func (k *keptFile) file() *file {
	f := &file{
		path: k.Path, lang: firstSegment(k.Path), index: k.Index, page: k.Page, meta: k.Meta, body: k.Body, bodyLine: k.BodyLine, hash: k.Hash,
		broken: k.Broken, found: report{path: k.Path, problems: k.Found, dropped: k.Dropped},
		address: k.Address, addressNotes: k.AddressNotes, done: true,
		problems: k.Problems, targets: k.Targets, anchors: k.Anchors, links: k.Links,
	}
	if f.page {
		f.wanted = f.wish()
	}
	if k.Article != nil {
		f.article = f.newArticle(k.Article)
	}
	return f
}

// writeKept replaces the file. A crash on the way leaves the one before or one
// whose checksum does not fit.
func writeKept(name string, print [sha256.Size]byte, files []*file) (err error) {
	out, err := os.OpenFile(name+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := out.Close(); err == nil {
			err = closeErr
		}
		if err == nil {
			err = os.Rename(out.Name(), name)
		}
		if err != nil {
			err = errors.Join(err, os.Remove(out.Name()))
		}
	}()
	sum := sha256.New()
	if _, err = out.Write(make([]byte, 2*sha256.Size)); err != nil {
		return err
	}
	w := bufio.NewWriterSize(io.MultiWriter(out, sum), 1<<16)
	enc := gob.NewEncoder(w)
	if err = enc.Encode(len(files)); err != nil {
		return err
	}
	for _, f := range files {
		if err = enc.Encode(f.keep()); err != nil {
			return err
		}
	}
	if err = w.Flush(); err != nil {
		return err
	}
	_, err = out.WriteAt(sum.Sum(print[:]), 0)
	return err
}

// readKept is what writeKept wrote under this fingerprint; nil when it was
// another. Nothing is decoded before the checksum is known to fit.
func readKept(in io.ReadSeeker, print [sha256.Size]byte) ([]*file, error) {
	var head [2 * sha256.Size]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return nil, err
	}
	if [sha256.Size]byte(head[:]) != print {
		return nil, nil
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, in); err != nil {
		return nil, err
	}
	if [sha256.Size]byte(sum.Sum(nil)) != [sha256.Size]byte(head[sha256.Size:]) {
		return nil, errors.New("its checksum does not fit")
	}
	if _, err := in.Seek(int64(len(head)), io.SeekStart); err != nil {
		return nil, err
	}
	dec := gob.NewDecoder(bufio.NewReaderSize(in, 1<<16))
	var n int
	if err := dec.Decode(&n); err != nil {
		return nil, err
	}
	var files []*file
	for range n {
		var k keptFile
		if err := dec.Decode(&k); err != nil {
			return nil, err
		}
		files = append(files, k.file())
	}
	return files, nil
}
