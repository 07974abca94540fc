// Package web is the site: Gin routes, handlers, middleware and the pages'
// view structs. It knows the domains and the themes, and no SQL.
package web

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/kb"
	"github.com/vmcloud/ricochet/themes"
)

// Options is what a Server is made of. Library, BaseURL, Clock and Logger are
// needed; everything else may be left out.
type Options struct {
	Library Library      // the articles
	Search  Searcher     // nil: the search page says that search is not available
	Theme   fs.FS        // override of the built-in theme, file by file; nil for none
	BaseURL string       // scheme and host visitors use, without a path: "https://help.example.com"
	Clock   clock.Clock  // what "now" is
	Logger  *slog.Logger // where failures go, with their whole chain
	Zone    *time.Location

	DefaultLang    string   // language of visitors who want none of ours; "" means "fr"
	TrustedProxies []string // addresses or CIDRs whose X-Forwarded-For counts; none by default
	RateLimit      int      // writes per minute and address; 0 switches the limit off
	MaxBody        int64    // bytes a request body may have where a route says nothing else; 0 means 1 MiB

	// Popular gives the pairs (kb.Article.Pair) read most in a language, best
	// first, at most n. It is asked at most once a minute. nil: the home page
	// shows the first articles instead.
	Popular func(lang string, n int) []string
	// OnArticleView is called for every article page that is served, before
	// the bytes are written; it must cost nanoseconds and not block.
	OnArticleView func(*kb.Article, *http.Request)
	// Support is the writing half of the site; nil leaves only the pages to read.
	Support *Support
	// OnSearch is called for every page of results that a person was served;
	// robots and staff are left out.
	OnSearch func(SearchServed)
}

// SearchServed is a page of results as it was served.
type SearchServed struct {
	Lang, Query string
	Total       int
	Offset      int      // results before the first of this page
	Articles    []string // pairs (kb.Article.Pair) in their order
	Chosen      int      // place in Articles of the one chosen at once, from 1; 0 for none
	Visitor     string   // see Server.Visitor
}

// Library is what web needs of the articles: the snapshot that is valid now.
// *kb.Live is one.
type Library interface {
	Current() *kb.Library
}

// Server answers all requests of the site. It is safe for concurrent use.
type Server struct {
	opt        Options
	base       *url.URL
	log        *slog.Logger
	locales    *Locales
	assets     *assets
	faviconIco *ready
	templates  templates
	builtin    templates // for pages whose template in the operator's theme fails; nil without one
	headers    securityHeaders
	engine     *gin.Engine
	handler    http.Handler
	limiter    *limiter
	logins     *limiter // of staff sign-ins
	tries      *tries   // wrong passwords of staff accounts
	tokens     *tokens
	counts     counts // of the desk's views
	live       *live  // open pages of the desk
	voters     voters
	scrapes    http.Handler // of /metrics; nil without Support
	shelf      atomic.Pointer[shelf]
	shelving   sync.Mutex // held by the one request that builds the next shelf
}

// New checks the options, parses the theme and lays out the routes. It fails
// when a template, a locale or an option is wrong.
func New(opt Options) (*Server, error) {
	if opt.Library == nil || opt.Clock == nil || opt.Logger == nil {
		return nil, errors.New("web: Library, Clock and Logger must be given")
	}
	if opt.DefaultLang == "" {
		opt.DefaultLang = "fr"
	}
	if opt.MaxBody == 0 {
		opt.MaxBody = 1 << 20
	}
	if opt.Zone == nil {
		zone, err := time.LoadLocation("Europe/Paris") // D-1
		if err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
		opt.Zone = zone
	}
	base, err := ParseBase(opt.BaseURL)
	if err != nil {
		return nil, err
	}
	s := &Server{opt: opt, base: base, log: opt.Logger, live: newLive()}
	if s.locales, err = loadLocales(opt.Theme, opt.DefaultLang, opt.Zone); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	theme := themes.With(opt.Theme)
	if s.assets, err = loadAssets(theme); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	icon, err := fs.ReadFile(theme, "images/favicon.ico")
	if err != nil {
		return nil, fmt.Errorf("web: theme: %w", err)
	}
	s.faviconIco = newReady(icon, assetTypes[".ico"], cacheShort)
	if s.templates, err = loadTemplates(theme, s.locales, s.assets); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	if err := s.keepBuiltin(); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	s.headers = newSecurityHeaders(base.Scheme == "https")
	s.limiter = newLimiter(opt.RateLimit, opt.Clock)
	s.logins = newLimiter(loginPerMinute, opt.Clock)
	s.tries = newTries(opt.Clock)
	s.tokens = &tokens{known: map[string]knownToken{}}
	if opt.Support != nil {
		if s.scrapes, err = s.newScrapes(); err != nil {
			return nil, fmt.Errorf("web: metrics: %w", err)
		}
	}
	if err := s.build(); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	return s, nil
}

// ParseBase reads a base URL, scheme and host, and refuses one that would give
// broken links.
func ParseBase(raw string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSuffix(raw, "/"))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, fmt.Errorf("web: base URL %q: want scheme and host without a path, like https://help.example.com", raw)
	}
	return u, nil
}

// build makes the Gin engine. It has no middleware: the fast path is one
// handler, and what every route needs is in handle.
func (s *Server) build() error {
	gin.SetMode(gin.ReleaseMode)
	s.engine = gin.New()
	s.engine.HandleMethodNotAllowed = true
	s.engine.RedirectTrailingSlash = false
	s.engine.RedirectFixedPath = false
	if err := s.engine.SetTrustedProxies(s.opt.TrustedProxies); err != nil {
		return fmt.Errorf("trusted proxies: %w", err)
	}
	s.engine.NoRoute(s.wrap(s.noRoute))
	s.engine.NoMethod(s.wrap(s.noMethod))
	s.routes()
	s.handler = s.engine
	return nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// absolute is the full URL of a site path.
func (s *Server) absolute(path string) string { return s.base.Scheme + "://" + s.base.Host + path }
