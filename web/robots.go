package web

import (
	"fmt"
	"strings"

	"github.com/gin-gonic/gin"
)

// robots answers /robots.txt.
func (s *Server) robots(c *gin.Context) error {
	return s.once(c, &s.current().robots, typeText, func() ([]byte, error) {
		var b strings.Builder
		b.WriteString("User-agent: *\nAllow: /\nDisallow: /api/\nDisallow: /staff\n")
		for _, loc := range s.locales.All {
			fmt.Fprintf(&b, "Disallow: /%s/request/\n", loc.Lang)
		}
		fmt.Fprintf(&b, "\nSitemap: %s\n", s.absolute("/sitemap.xml"))
		return []byte(b.String()), nil
	})
}

// once serves a generated file, made on the first request after a change of
// the library.
func (s *Server) once(c *gin.Context, p *shelfPage, contentType []string, make func() ([]byte, error)) error {
	r := p.bytes.Load()
	if r == nil {
		body, err := make()
		if err != nil {
			return err
		}
		r = newReady(body, contentType, cacheRevalidate)
		p.bytes.Store(r)
	}
	return s.serve(c, r)
}
