// Package themes holds what the site looks like and says: templates, styles,
// scripts, images and the texts of every language, embedded in the binary. An
// operator's folder may replace any of these files one by one.
package themes

import (
	"embed"
	"errors"
	"io/fs"
	"slices"
	"strings"
)

// The layout of a theme, the same inside the binary and in an override folder:
//
//	templates/layout.html      the frame of every page
//	templates/partials/*.html  named pieces every page may use
//	templates/<page>.html      one page each, defines "main"
//	css/theme.css              the colours and sizes, custom properties only
//	css/*.css                  everything else
//	js/*.js                    ES modules
//	images/*                   logo.svg, favicon.svg, section icons
//	locales/<lang>.toml        texts; a new file adds a language
//
//go:embed templates css js images locales
var files embed.FS

// With is the theme inside the binary, the default, with the files of override in front: a file that
// override has wins, every other one falls back to the default. A nil
// override gives the default. Locale files are not merged here; whoever reads
// them loads both, see Layers.
func With(override fs.FS) fs.FS {
	if override == nil {
		return files
	}
	return overlay{override, files}
}

// Layers is the default theme followed by the override when there is one, for
// files that are merged key by key instead of replaced (the locales).
func Layers(override fs.FS) []fs.FS {
	if override == nil {
		return []fs.FS{files}
	}
	return []fs.FS{files, override}
}

// overlay is a list of file systems; the first that has a file gives it.
type overlay []fs.FS

// Open opens name in the first layer that has it.
func (o overlay) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	for _, layer := range o {
		f, err := layer.Open(name)
		if !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// ReadDir lists a folder over all layers, each name once, sorted.
func (o overlay) ReadDir(name string) ([]fs.DirEntry, error) {
	seen := map[string]fs.DirEntry{}
	found := false
	for _, layer := range o {
		entries, err := fs.ReadDir(layer, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found = true
		for _, e := range entries {
			if _, ok := seen[e.Name()]; !ok {
				seen[e.Name()] = e
			}
		}
	}
	if !found {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	merged := make([]fs.DirEntry, 0, len(seen))
	for _, e := range seen {
		merged = append(merged, e)
	}
	slices.SortFunc(merged, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return merged, nil
}
