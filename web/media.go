package web

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
)

// mediaPolicy stands on the content's images: an SVG opened by itself must
// not run what somebody hid in it.
var mediaPolicy = []string{"default-src 'none'; style-src 'unsafe-inline'; sandbox"}

// media answers /media/...: the images of the content folder. The library
// refuses names that leave the folder and files that are not images.
func (s *Server) media(c *gin.Context) error {
	name := strings.TrimPrefix(c.Request.URL.Path, "/media/")
	asset, err := s.current().library.Asset(name)
	if err != nil {
		return err
	}
	h := c.Writer.Header()
	s.secure(h, mediaPolicy)
	sum := sha256.Sum256(asset.Data)
	etag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	h.Set("Etag", etag)
	h["Cache-Control"] = cacheShort
	if match := c.GetHeader("If-None-Match"); match != "" && etagMatches(match, etag) {
		c.Writer.WriteHeader(http.StatusNotModified)
		c.Writer.WriteHeaderNow()
		return nil
	}
	h.Set("Content-Type", asset.Type)
	h.Set("Content-Length", strconv.Itoa(len(asset.Data)))
	c.Writer.WriteHeader(http.StatusOK)
	_, _ = c.Writer.Write(asset.Data) // a failing write is a client that left
	return nil
}
