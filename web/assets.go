package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/internal/errs"
)

// bundles are the assets made of several files, in this order: one request
// instead of several, and theme.css first because the rest uses its variables.
var bundles = map[string][]string{
	"site.css":  {"css/theme.css", "css/base.css", "css/layout.css", "css/components.css", "css/article.css", "css/search.css", "css/code.css", "css/print.css"},
	"staff.css": {"css/staff.css", "css/staff_desk.css", "css/staff_team.css"},
	"site.js":   {"js/search.js", "js/article.js", "js/site.js"},
}

var assetTypes = map[string][]string{
	".css":  {"text/css; charset=utf-8"},
	".js":   {"text/javascript; charset=utf-8"},
	".svg":  {"image/svg+xml"},
	".png":  {"image/png"},
	".ico":  {"image/x-icon"},
	".jpg":  {"image/jpeg"},
	".webp": {"image/webp"},
	".avif": {"image/avif"},
	".gif":  {"image/gif"},
}

// assets are the theme's styles, scripts and images, each at a URL that has
// its content's hash in it and may therefore be kept for ever.
type assets struct {
	urls   map[string]string        // "site.css" -> "/assets/site.1a2b3c4d.css"
	byURL  map[string]*ready        // the other way, ready to send
	inline map[string]template.HTML // SVG images by name below images/, to be put into pages
}

// loadAssets reads css, js and images of a theme. Files that a bundle takes
// in have no URL of their own.
func loadAssets(theme fs.FS) (*assets, error) {
	a := &assets{urls: map[string]string{}, byURL: map[string]*ready{}, inline: map[string]template.HTML{}}
	bundled := map[string]bool{}
	for name, parts := range bundles {
		var all bytes.Buffer
		for _, part := range parts {
			bundled[part] = true
			data, err := fs.ReadFile(theme, part)
			if err != nil {
				return nil, fmt.Errorf("theme: %w", err)
			}
			all.Write(data)
			all.WriteByte('\n')
		}
		a.add(name, all.Bytes())
	}
	for _, dir := range []string{"css", "js", "images"} {
		err := fs.WalkDir(theme, dir, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || bundled[name] || assetTypes[path.Ext(name)] == nil {
				return err
			}
			data, err := fs.ReadFile(theme, name)
			if err != nil {
				return err
			}
			short := strings.TrimPrefix(name, dir+"/")
			if dir == "images" && path.Ext(name) == ".svg" {
				a.inline[short] = template.HTML(bytes.TrimSpace(data)) // the operator's own file, as trusted as a template
			}
			a.add(short, data)
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("theme: %w", err)
		}
	}
	return a, nil
}

func (a *assets) add(name string, data []byte) {
	ext := path.Ext(name)
	if ext == ".css" {
		data = squeezeCSS(data)
	}
	if ext == ".js" {
		data = squeezeJS(data)
	}
	sum := sha256.Sum256(data)
	url := "/assets/" + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:4]) + ext
	a.urls[name] = url
	a.byURL[url] = newReady(data, assetTypes[ext], cacheImmutable)
}

// url is an asset's address; a template that names an unknown one is wrong.
func (a *assets) url(name string) (string, error) {
	if u, ok := a.urls[name]; ok {
		return u, nil
	}
	return "", fmt.Errorf("asset %q is not in the theme", name)
}

// svg is an image's own markup, "" when the theme has none of that name.
func (a *assets) svg(name string) template.HTML { return a.inline[name] }

var (
	cssComment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	cssSpace   = regexp.MustCompile(`\s*\n\s*`)
	cssAround  = regexp.MustCompile(`\s*([{};,])\s*`)
	jsComment  = regexp.MustCompile(`(?m)^\s*(//.*|/\*\*.*\*/|\*.*|/\*\*)$`)
	jsIndent   = regexp.MustCompile(`(?m)^[ \t]+|[ \t]+$`)
	blankLines = regexp.MustCompile(`\n{2,}`)
)

// squeezeCSS takes out comments and the space between rules; gzip does the rest.
func squeezeCSS(css []byte) []byte {
	css = cssComment.ReplaceAll(css, nil)
	css = cssSpace.ReplaceAll(css, []byte("\n"))
	css = cssAround.ReplaceAll(css, []byte("$1"))
	return bytes.TrimSpace(css)
}

// squeezeJS takes out lines that are comments only, and indentation. Scripts
// of this project keep template literals on one line, so nothing they say is
// touched.
func squeezeJS(js []byte) []byte {
	js = jsComment.ReplaceAll(js, nil)
	js = jsIndent.ReplaceAll(js, nil)
	return bytes.TrimSpace(blankLines.ReplaceAll(js, []byte("\n")))
}

// asset answers /assets/...
func (s *Server) asset(c *gin.Context) error {
	r := s.assets.byURL[c.Request.URL.Path]
	if r == nil {
		return errs.Newf(errs.NotFound, "", "no asset %q", c.Request.URL.Path)
	}
	return s.serve(c, r)
}

// favicon answers /favicon.ico, which browsers and robots ask for unasked.
func (s *Server) favicon(c *gin.Context) error {
	return s.serve(c, s.faviconIco)
}
