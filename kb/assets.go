package kb

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/gif"  // registers the decoder image.DecodeConfig needs
	_ "image/jpeg" // the same
	_ "image/png"  // the same
	"io"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	_ "golang.org/x/image/webp" // the same

	"github.com/vmcloud/ricochet/internal/errs"
)

// imageTypes are the files served from the content folder, and their media
// types.
var imageTypes = map[string]string{
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp",
	".avif": "image/avif", ".svg": "image/svg+xml",
}

// maxImage bounds an image that is served, in bytes.
const maxImage = 16 << 20

// Asset is an image of the content folder. An SVG may hold scripts: whoever
// serves it must send a Content-Security-Policy that forbids them.
type Asset struct {
	Data    []byte
	Type    string    // media type
	ModTime time.Time // zero for embedded content
}

// Asset reads an image by its path below the content folder. Anything else
// (another type of file, a path that leaves the folder) is not_found, an image
// over 16 MiB too_large.
func (l *Library) Asset(name string) (Asset, error) {
	typ := imageTypes[strings.ToLower(path.Ext(name))]
	if typ == "" || !fs.ValidPath(name) || l.fsys == nil || hidden(name) {
		return Asset{}, errs.Newf(errs.NotFound, "", "no image %q in the content", name)
	}
	info, err := fs.Stat(l.fsys, name)
	if err != nil || !info.Mode().IsRegular() {
		return Asset{}, errs.Newf(errs.NotFound, "", "no image %q in the content: %w", name, errors.Join(err, fs.ErrNotExist))
	}
	if info.Size() > maxImage {
		return Asset{}, errs.Newf(errs.TooLarge, "", "the image %q has %d bytes, more than %d", name, info.Size(), maxImage)
	}
	data, err := fs.ReadFile(limited{l.fsys, maxImage}, name)
	if err != nil {
		return Asset{}, errs.Newf(errs.NotFound, "", "reading the image %q: %w", name, err)
	}
	return Asset{Data: data, Type: typ, ModTime: info.ModTime()}, nil
}

// hidden says whether any part of a path starts with a dot or an underscore
// folder mark; editors and version control keep their own files there.
func hidden(name string) bool {
	for seg := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(seg, ".") {
			return true
		}
	}
	return false
}

// limited is a file system whose files end after max bytes, so that a file
// that grows while it is read stays bounded.
type limited struct {
	fs.FS
	max int64
}

// ReadFile implements fs.ReadFileFS.
func (l limited) ReadFile(name string) ([]byte, error) {
	f, err := l.FS.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // read only: nothing can be lost
	var b bytes.Buffer
	if info, err := f.Stat(); err == nil {
		if !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%s is not a regular file", name)
		}
		b.Grow(int(min(info.Size(), l.max)) + bytes.MinRead)
	}
	_, err = b.ReadFrom(io.LimitReader(f, l.max))
	return b.Bytes(), err
}

// imageStore knows the images of a content folder and, once asked, their
// sizes. It is safe for concurrent use.
type imageStore struct {
	fsys  fs.FS
	names map[string]struct{}
	sizes sync.Map // path -> imageSize
}

func newImageStore(fsys fs.FS, names []string) *imageStore {
	s := &imageStore{fsys: fsys, names: make(map[string]struct{}, len(names))}
	for _, n := range names {
		s.names[n] = struct{}{}
	}
	return s
}

type imageSize struct {
	width, height int
	err           error
}

func (s *imageStore) find(name string) (string, bool) {
	_, ok := s.names[name]
	return name, ok
}

func (s *imageStore) info(name string) (imageSize, error) {
	if v, ok := s.sizes.Load(name); ok {
		return v.(imageSize), v.(imageSize).err
	}
	size := readImageSize(s.fsys, name)
	s.sizes.Store(name, size)
	return size, size.err
}

// readImageSize reads an image's size from its head without decoding it. AVIF
// has no reader here and keeps its size to the browser.
func readImageSize(fsys fs.FS, name string) imageSize {
	f, err := fsys.Open(name)
	if err != nil {
		return imageSize{err: err}
	}
	defer f.Close() //nolint:errcheck // read only: nothing can be lost
	switch strings.ToLower(path.Ext(name)) {
	case ".svg":
		return svgSize(f)
	case ".avif":
		return imageSize{}
	}
	c, _, err := image.DecodeConfig(io.LimitReader(f, 1<<20))
	if err != nil {
		return imageSize{err: err}
	}
	return imageSize{width: c.Width, height: c.Height}
}

var (
	svgTag  = regexp.MustCompile(`(?s)<svg\b[^>]*>`)
	svgAttr = regexp.MustCompile(`\b(width|height|viewBox)\s*=\s*["']([^"']*)["']`)
)

func svgSize(f io.Reader) imageSize {
	head, err := io.ReadAll(io.LimitReader(f, 8<<10))
	if err != nil {
		return imageSize{err: err}
	}
	var width, height, boxWidth, boxHeight float64
	for _, m := range svgAttr.FindAllSubmatch(svgTag.Find(head), -1) {
		switch v := string(m[2]); string(m[1]) {
		case "width":
			width = pixels(v)
		case "height":
			height = pixels(v)
		case "viewBox":
			if p := strings.FieldsFunc(v, func(r rune) bool { return r == ' ' || r == ',' }); len(p) == 4 {
				boxWidth, boxHeight = pixels(p[2]), pixels(p[3])
			}
		}
	}
	if width <= 0 || height <= 0 {
		width, height = boxWidth, boxHeight
	}
	if width < 1 || height < 1 {
		return imageSize{err: errors.New("the SVG says neither width and height nor viewBox")}
	}
	return imageSize{width: int(width + .5), height: int(height + .5)}
}

// pixels reads "640" or "640px"; other units and nonsense are 0.
func pixels(s string) float64 {
	v, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(s), "px"), 64)
	if err != nil || !(v > 0 && v < 1e5) {
		return 0
	}
	return v
}
