package web

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/kb"
)

// shelf is every page that is the same for all visitors, of one snapshot of
// the library: home, sections, articles, feeds, sitemap. A page is rendered
// when it is first asked for and kept as ready bytes until the library
// changes; then the whole shelf goes. Rendering on demand instead of all at
// once keeps the start short and an edit's page fresh in a millisecond, with
// 20,000 articles too.
type shelf struct {
	library *kb.Library
	pages   map[string]*shelfPage // by site path
	feeds   map[string]*shelfPage // by language
	sitemap shelfPage
	robots  shelfPage
	llms    shelfPage
}

// shelfPage is one page and its bytes once somebody asked.
type shelfPage struct {
	locale  *Locale
	article *kb.Article // nil on home and section pages
	section *kb.Section // nil on the home page and on articles
	bytes   atomic.Pointer[ready]
	twin    atomic.Pointer[ready] // the article as Markdown
	stale   atomic.Int64          // Unix ms after which to render again; 0 for never
}

// popularFor is how long a home page keeps its list of popular articles.
const popularFor = time.Minute

// current is the shelf of the library's snapshot that is valid now. Comparing
// one pointer per request is all that live reload costs; the first request
// after a change builds the next shelf, and nobody waits on a subscription.
func (s *Server) current() *shelf {
	library := s.opt.Library.Current()
	if sh := s.shelf.Load(); sh != nil && sh.library == library {
		return sh
	}
	s.shelving.Lock()
	defer s.shelving.Unlock()
	library = s.opt.Library.Current()
	if sh := s.shelf.Load(); sh != nil && sh.library == library {
		return sh
	}
	sh := s.newShelf(library)
	s.shelf.Store(sh)
	return sh
}

// newShelf lays out the pages of a snapshot. An article that a language lacks
// stands there in the language it was written in, under the reader's chrome.
func (s *Server) newShelf(library *kb.Library) *shelf {
	sh := &shelf{library: library, pages: make(map[string]*shelfPage, library.Len()*len(s.locales.All)+16), feeds: map[string]*shelfPage{}}
	for _, loc := range s.locales.All {
		sh.feeds[loc.Lang] = &shelfPage{locale: loc}
		sh.pages["/"+loc.Lang+"/"] = &shelfPage{locale: loc}
		for _, section := range library.Sections(loc.Lang) {
			sh.pages["/"+loc.Lang+"/"+section.Slug+"/"] = &shelfPage{locale: loc, section: section}
		}
		for _, a := range library.Articles(loc.Lang) {
			sh.pages[a.URL()] = &shelfPage{locale: loc, article: a}
		}
	}
	for _, loc := range s.locales.All {
		for _, lang := range library.Langs() {
			if lang != loc.Lang {
				sh.lend(loc, library.Articles(lang))
			}
		}
	}
	return sh
}

// lend puts articles of another language where loc has no translation.
func (sh *shelf) lend(loc *Locale, articles []*kb.Article) {
	for _, a := range articles {
		path := pathIn(loc.Lang, a)
		if sh.library.Translation(a, loc.Lang) == nil && sh.pages[path] == nil {
			sh.pages[path] = &shelfPage{locale: loc, article: a}
		}
	}
}

// pathIn is where an article is shown in a language that has no translation.
func pathIn(lang string, a *kb.Article) string { return "/" + lang + "/" + a.Section + "/" + a.Slug }

// shelved answers a home, section or article page, or an article's Markdown.
func (s *Server) shelved(c *gin.Context) error {
	path := c.Request.URL.Path
	sh := s.current()
	p := sh.pages[path]
	if p == nil {
		if address, isMarkdown := strings.CutSuffix(path, ".md"); isMarkdown {
			return s.markdown(c, sh, address)
		}
		return s.noRoute(c)
	}
	r := p.bytes.Load()
	if r == nil || s.isStale(p) {
		var err error
		if r, err = s.fill(sh, p); err != nil {
			return err
		}
	}
	if p.article != nil && s.opt.OnArticleView != nil && c.Request.Method == http.MethodGet {
		s.opt.OnArticleView(p.article, c.Request)
	}
	return s.serve(c, r)
}

func (s *Server) isStale(p *shelfPage) bool {
	at := p.stale.Load()
	return at != 0 && s.opt.Clock.Now().UnixMilli() > at
}

// fill renders a page for the first time. Two requests at once may both do
// it; the result is the same and locking would cost every request.
func (s *Server) fill(sh *shelf, p *shelfPage) (*ready, error) {
	var (
		body []byte
		err  error
	)
	switch {
	case p.article != nil:
		body, err = renderBytes(s, p.locale, articlePage, s.articleView(sh, p))
	case p.section != nil:
		body, err = renderBytes(s, p.locale, sectionPage, s.sectionView(sh, p))
	default:
		if s.opt.Popular != nil {
			p.stale.Store(s.opt.Clock.Now().Add(popularFor).UnixMilli())
		}
		body, err = renderBytes(s, p.locale, homePage, s.homeView(sh, p))
	}
	if err != nil {
		return nil, err
	}
	r := newReady(body, typeHTML, cacheRevalidate)
	if p.article != nil {
		r.csp = s.articlePolicy(p.article)
	}
	p.bytes.Store(r)
	return r, nil
}

// markdown answers an article's address + ".md": its source, with title and
// description in front, for programs that read.
func (s *Server) markdown(c *gin.Context, sh *shelf, address string) error {
	p := sh.pages[address]
	if p == nil || p.article == nil {
		return errs.New(errs.NotFound, "", fmt.Errorf("no article at %q", address))
	}
	r := p.twin.Load()
	if r == nil {
		a := p.article
		var b strings.Builder
		b.WriteString("# " + a.Title + "\n\n")
		if a.Description != "" {
			b.WriteString("> " + a.Description + "\n\n")
		}
		b.Write(a.Markdown())
		r = newReady([]byte(b.String()), typeMarkdown, cacheRevalidate)
		r.link = []string{"<" + s.absolute(a.URL()) + `>; rel="canonical"`}
		p.twin.Store(r)
	}
	return s.serve(c, r)
}
