package intake

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/vmcloud/ricochet/internal/errs"
)

// allowed maps what the content looks like to the type it is stored as. HTML,
// SVG and other markup are kept as plain text: nothing is ever shown inline.
var allowed = map[string]string{
	"image/png": "image/png", "image/jpeg": "image/jpeg", "image/gif": "image/gif", "image/webp": "image/webp",
	"application/pdf": "application/pdf", "application/zip": "application/zip", "application/x-gzip": "application/gzip",
	"text/plain": "text/plain", "text/html": "text/plain", "text/xml": "text/plain",
}

// AllowedTypes names the kinds of files for the form's help text.
const AllowedTypes = "PNG, JPEG, GIF, WebP, PDF, ZIP, GZIP, TXT, LOG, CSV, JSON"

// Files keeps attachments in a folder, one file per id, under a quota. A file
// is written and synced before the ticket that refers to it commits.
type Files struct {
	dir   string
	quota int64
	used  atomic.Int64
}

// OpenFiles opens the folder, creates it when missing, and counts what is in
// it. quota is in bytes.
func OpenFiles(dir string, quota int64) (*Files, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("attachments: %w", err)
	}
	f := &Files{dir: dir, quota: quota}
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			f.used.Add(info.Size())
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("attachments: %w", err)
	}
	return f, nil
}

// Used and Quota are the bytes taken and allowed.
func (f *Files) Used() int64 { return f.used.Load() }

// Quota is the number of bytes the folder may take.
func (f *Files) Quota() int64 { return f.quota }

// Save checks the type of r by its content and stores it. An oversized file,
// a type that is not allowed, or a full quota is an error of kind invalid,
// invalid and unavailable.
func (f *Files) Save(name string, r io.Reader) (Attachment, error) {
	a := Attachment{ID: uuid.Must(uuid.NewV7()).String(), Name: CleanName(name)} // version 7 keeps the order of a form's files
	refuse := func(key string, args map[string]any) (Attachment, error) {
		if args == nil {
			args = map[string]any{}
		}
		args["Name"] = a.Name
		return a, errs.InvalidFields(errs.Field{Name: "attachments", Key: key, Args: args})
	}
	br := bufio.NewReaderSize(r, 4096)
	head, err := br.Peek(512)
	if len(head) == 0 {
		if err != nil && !errors.Is(err, io.EOF) {
			return a, err
		}
		return refuse("error.field.file_empty", nil)
	}
	if a.MediaType = mediaType(head); a.MediaType == "" {
		return refuse("error.field.file_type", map[string]any{"Types": AllowedTypes})
	}
	if f.used.Load() >= f.quota {
		return a, errs.Newf(errs.Unavailable, "error.attachments.quota", "attachments take %d bytes of %d", f.used.Load(), f.quota)
	}
	if err := f.write(&a, br); err != nil {
		if errors.Is(err, errTooBig) {
			return refuse("error.field.file_size", map[string]any{"Limit": MaxAttachment >> 20})
		}
		return a, err
	}
	f.used.Add(a.Size)
	return a, nil
}

var errTooBig = errors.New("file too big")

// write stores the content; a failure leaves nothing behind.
func (f *Files) write(a *Attachment, r io.Reader) (err error) {
	tmp, err := os.CreateTemp(f.dir, ".new-*")
	if err != nil {
		return errs.New(errs.Unavailable, "", fmt.Errorf("attachments: %w", err))
	}
	defer func() {
		if err != nil {
			_ = tmp.Close() // the first error is the one to report
			_ = os.Remove(tmp.Name())
		}
	}()
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(tmp, sum), io.LimitReader(r, MaxAttachment+1))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return err
		}
		return errs.New(errs.Unavailable, "", fmt.Errorf("attachments: %w", err))
	}
	if n > MaxAttachment {
		return errTooBig
	}
	a.Size, a.SHA256 = n, hex.EncodeToString(sum.Sum(nil))
	if err = tmp.Sync(); err == nil {
		err = tmp.Close()
	}
	if err == nil {
		err = os.Rename(tmp.Name(), f.path(a.ID))
	}
	if err == nil {
		err = syncDir(f.dir)
	}
	if err != nil {
		return errs.New(errs.Unavailable, "", fmt.Errorf("attachments: %w", err))
	}
	return nil
}

// syncDir makes a rename survive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (f *Files) path(id string) string { return filepath.Join(f.dir, id) }

// Open opens a stored file. Ids are made by Save; anything else is not found.
func (f *Files) Open(id string) (*os.File, error) {
	if _, err := uuid.Parse(id); err != nil {
		return nil, errs.Newf(errs.NotFound, "", "attachment id %q", id)
	}
	file, err := os.Open(f.path(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errs.New(errs.NotFound, "", err)
	}
	return file, err
}

// Remove deletes a stored file; one that is gone already is no error.
func (f *Files) Remove(id string) error {
	if _, err := uuid.Parse(id); err != nil {
		return nil // no file of ours has such a name
	}
	info, err := os.Stat(f.path(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = os.Remove(f.path(id))
	}
	if err != nil {
		return errs.New(errs.Unavailable, "", fmt.Errorf("attachments: %w", err))
	}
	f.used.Add(-info.Size())
	return nil
}

// RemoveUnused deletes files older than age that no ticket refers to: uploads
// whose form was never sent. known tells which ids are in use.
func (f *Files) RemoveUnused(ctx context.Context, before time.Time, known func(context.Context, string) (bool, error)) (int, error) {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return 0, fmt.Errorf("attachments: %w", err)
	}
	n := 0
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.ModTime().Before(before) {
			continue
		}
		if used, err := known(ctx, e.Name()); err != nil || used {
			if err != nil {
				return n, err
			}
			continue
		}
		if err := os.Remove(filepath.Join(f.dir, e.Name())); err != nil {
			return n, fmt.Errorf("attachments: %w", err)
		}
		f.used.Add(-info.Size())
		n++
	}
	return n, nil
}

// mediaType is the stored type of content that begins with head, "" when it
// is not allowed. What looks like text must be text.
func mediaType(head []byte) string {
	t, _, _ := strings.Cut(http.DetectContentType(head), ";")
	t = allowed[t]
	if t == "text/plain" && (bytes.IndexByte(head, 0) >= 0 || !validUTF8Prefix(head)) {
		return ""
	}
	return t
}

// validUTF8Prefix allows a character cut at the end of the sample.
func validUTF8Prefix(b []byte) bool {
	for i := 0; i < utf8.UTFMax && len(b) > 0; i++ {
		if utf8.Valid(b) {
			return true
		}
		b = b[:len(b)-1]
	}
	return utf8.Valid(b)
}

// CleanName is the base name of what a browser sent, without control
// characters, separators or leading dots, at most 100 characters.
func CleanName(name string) string {
	name = strings.ReplaceAll(name, "\\", "/")
	name = oneLine(name[strings.LastIndexByte(name, '/')+1:])
	name = strings.TrimLeft(strings.Map(func(r rune) rune {
		if strings.ContainsRune(`<>:"|?*;`, r) {
			return '_'
		}
		return r
	}, name), ". ")
	if r := []rune(name); len(r) > 100 {
		name = string(r[len(r)-100:])
	}
	if name == "" {
		return "file"
	}
	return name
}
