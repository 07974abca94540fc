package web

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

// routes lists every address of the site.
func (s *Server) routes() {
	s.readRoutes()
	if s.opt.Support != nil {
		s.supportRoutes()
	}
}

// readRoutes are the pages that anybody may read and nobody writes to.
func (s *Server) readRoutes() {
	s.get("/", s.negotiate)
	s.get("/sitemap.xml", s.sitemap)
	s.get("/robots.txt", s.robots)
	s.get("/llms.txt", s.llms)
	s.get("/favicon.ico", s.favicon)
	s.get("/assets/*name", s.asset)
	s.get("/media/*name", s.media)
	s.get("/api/v1/search", s.apiSearch)
	s.get("/api/v1/contextual", s.apiContextual)
	s.get("/{lang}", s.addSlash)
	s.get("/{lang}/", s.shelved)
	s.get("/{lang}/search", s.search)
	s.get("/{lang}/feed.xml", s.feed)
	s.get("/{lang}/:section", s.addSlash)
	s.get("/{lang}/:section/", s.shelved)
	s.get("/{lang}/:section/:slug", s.shelved)
}

// handler answers one request or says why it cannot; the error becomes a page
// or problem details in fail, and nowhere else.
type handler func(*gin.Context) error

// get registers a page for GET and HEAD. {lang} in path stands for every
// language of the site.
func (s *Server) get(path string, h handler) {
	for _, p := range s.expand(path) {
		s.engine.GET(p, s.wrap(h))
		s.engine.HEAD(p, s.wrap(h))
	}
}

// post registers a write. Before the handler runs, the request has passed the
// cross-origin check and the rate limit, and its body ends with errs.TooLarge
// after maxBody bytes (0 means Options.MaxBody).
func (s *Server) post(path string, maxBody int64, h handler) {
	if maxBody == 0 {
		maxBody = s.opt.MaxBody
	}
	guarded := s.guardWrite(maxBody, h)
	for _, p := range s.expand(path) {
		s.engine.POST(p, s.wrap(guarded))
	}
}

func (s *Server) expand(path string) []string {
	rest, perLang := strings.CutPrefix(path, "/{lang}")
	if !perLang {
		return []string{path}
	}
	paths := make([]string, len(s.locales.All))
	for i, loc := range s.locales.All {
		paths[i] = "/" + loc.Lang + rest
	}
	return paths
}

// locale is the language of a request: the one its path begins with, else
// what the browser asks for, else the default.
func (s *Server) locale(c *gin.Context) *Locale {
	if loc, ok := c.Get(localeKey); ok {
		return loc.(*Locale)
	}
	return s.localeOf(c.Request)
}

const localeKey = "locale"

// setLocale makes a request speak a language whatever its address says: a
// member of the staff has chosen one.
func (s *Server) setLocale(c *gin.Context, lang string) {
	if loc := s.locales.Get(lang); loc != nil {
		c.Set(localeKey, loc)
	}
}

func (s *Server) localeOf(r *http.Request) *Locale {
	first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if loc := s.locales.Get(first); loc != nil {
		return loc
	}
	return s.locales.Negotiate(r.Header.Get("Accept-Language"))
}

// negotiate sends a visitor of / to the language the browser asks for.
func (s *Server) negotiate(c *gin.Context) error {
	h := c.Writer.Header()
	s.secure(h, nil)
	h.Set("Vary", "Accept-Language")
	h.Set("Cache-Control", "no-cache")
	loc := s.locales.Negotiate(c.GetHeader("Accept-Language"))
	c.Redirect(http.StatusFound, "/"+loc.Lang+"/")
	return nil
}

// addSlash sends /fr and /fr/guides to the address with the slash, so that
// each page has one address.
func (s *Server) addSlash(c *gin.Context) error {
	path := c.Request.URL.Path + "/"
	if s.current().pages[path] == nil {
		return s.noRoute(c)
	}
	s.redirect(c, http.StatusMovedPermanently, path)
	return nil
}

// redirect sends the visitor to a path of this site, keeping nothing else.
func (s *Server) redirect(c *gin.Context, status int, path string) {
	s.secure(c.Writer.Header(), nil)
	c.Redirect(status, path)
}
