package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/kb"
	"github.com/vmcloud/ricochet/search"
)

// Searcher finds articles. *search.Index is one.
type Searcher interface {
	Search(ctx context.Context, q search.Query) (*search.Results, error)
	Complete(ctx context.Context, lang, text string, limit int) (*search.Completions, error)
}

var searchPage = definePage[searchView]("search")

type searchView struct {
	Chrome
	Results   []result
	Total     int
	From, To  int    // which of Total are shown, from 1
	Corrected string // the words that were searched instead, "" when none
	FromLang  string // name of the language the words were read in, "" when it is the page's
	Previous  string // path of the page before, "" on the first
	Next      string // path of the page after, "" on the last
	Sections  []sectionCard
	Down      bool // the search did not answer
}

// result is one found article, shown as a title, a passage and a way in.
type result struct {
	Article *kb.Article
	Path    string // of the article
	Section string
	Title   []search.Span
	Passage []search.Span
	Heading string // of the section that matches, "" when it is the article's beginning
	Into    string // path with the anchor of that section, "" when Heading is
}

const (
	perPage       = 10
	maxPage       = 21              // search.Query skips at most 200 results
	maxQuery      = 200             // characters of a query that are looked at
	searchTimeout = 2 * time.Second // of one query; more is a defect
)

// cleanQuery makes an ordinary query of whatever somebody sent: valid UTF-8,
// no control characters, single spaces, at most maxQuery characters. It reads
// no more of the input than it needs.
func cleanQuery(raw string) string {
	var b strings.Builder
	n, space := 0, false
	for i := 0; i < len(raw); {
		r, size := utf8.DecodeRuneInString(raw[i:])
		i += size
		if r == utf8.RuneError || unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			space = true
			continue
		}
		if space && n > 0 {
			b.WriteByte(' ')
			n++
		}
		space = false
		b.WriteRune(r)
		if n++; n >= maxQuery-1 {
			break // room for a space and a letter is needed to go on
		}
	}
	return b.String()
}

// search answers /{lang}/search?q=&page=.
func (s *Server) search(c *gin.Context) error {
	loc := s.locale(c)
	query := cleanQuery(c.Query("q"))
	number := pageNumber(c.Query("page"))
	v := searchView{Chrome: s.chrome(loc, "search", loc.T("search.title"))}
	v.Kind, v.Query, v.HideSearch = "search", query, true
	v.Description = loc.T("search.about")
	// The canonical address is the page without a query: robots keep one page,
	// not one for every question somebody asked.
	if query != "" {
		v.Title = loc.T("search.title_for", "Query", query)
		for i, link := range v.Languages {
			v.Languages[i].Path = searchPath(link.Lang, query, 1)
		}
	}
	v.crumbs(loc, Crumb{loc.T("search.title"), ""})
	sh := s.current()
	v.Sections = sectionCards(sh.library, loc)
	if query == "" {
		return render(s, c, 200, searchPage, v)
	}
	found, err := s.find(c, search.Query{Lang: loc.Lang, Text: query, Limit: perPage, Offset: (number - 1) * perPage, Exact: c.Query("exact") == "1"})
	if err != nil {
		s.mishap(c, "search", err, "lang", loc.Lang)
		v.Down = true
		return render(s, c, 503, searchPage, v)
	}
	v.Total, v.Corrected = found.Total, found.Corrected
	if found.FromLang != "" {
		v.FromLang = languageName(loc, found.FromLang)
	}
	v.Results = s.results(sh.library, loc, found.Hits)
	if len(v.Results) > 0 {
		v.From, v.To = (number-1)*perPage+1, (number-1)*perPage+len(v.Results)
	}
	if number > 1 {
		v.Previous = searchPath(loc.Lang, query, number-1)
	}
	if v.To > 0 && v.To < found.Total && number < maxPage {
		v.Next = searchPath(loc.Lang, query, number+1)
	}
	served := SearchServed{Lang: loc.Lang, Query: query, Total: found.Total, Offset: (number - 1) * perPage}
	for _, r := range v.Results {
		served.Articles = append(served.Articles, r.Article.Pair)
	}
	s.noteSearch(c, served)
	return render(s, c, 200, searchPage, v)
}

// noteSearch hands a page of results to the search log (D-35); robots and
// staff are left out.
func (s *Server) noteSearch(c *gin.Context, served SearchServed) {
	if s.opt.OnSearch == nil || s.opt.Support == nil || IsRobot(c.Request) || s.isStaff(c) {
		return
	}
	served.Visitor = s.ensureVisitor(c)
	s.opt.OnSearch(served)
}

// SearchedBefore is the search whose page of results a reader came from, ""
// when the page before was something else: same-site Referers carry it.
func (s *Server) SearchedBefore(r *http.Request) string {
	referer := r.Referer()
	if !strings.Contains(referer, "/search?") {
		return ""
	}
	u, err := url.Parse(referer)
	if err != nil || u.Host != s.base.Host && u.Host != r.Host {
		return ""
	}
	lang, rest, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	if rest != "search" || s.locales.Get(lang) == nil {
		return ""
	}
	return cleanQuery(u.Query().Get("q"))
}

// find asks the search within a bounded time.
func (s *Server) find(c *gin.Context, q search.Query) (*search.Results, error) {
	if s.opt.Search == nil {
		return nil, errs.Newf(errs.Unavailable, "", "no search is configured")
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), searchTimeout)
	defer cancel()
	return s.opt.Search.Search(ctx, q)
}

func (s *Server) results(library *kb.Library, loc *Locale, hits []search.Hit) []result {
	list := make([]result, 0, len(hits))
	for _, hit := range hits {
		r := result{
			Article: hit.Article, Path: hit.Article.URL(), Title: hit.Title, Passage: hit.Excerpt,
			Section: sectionName(library, loc, hit.Article.Section),
		}
		if len(r.Title) == 0 {
			r.Title = []search.Span{{Text: hit.Article.Title}}
		}
		if hit.Anchor != "" {
			r.Heading, r.Into = hit.Heading, r.Path+"#"+hit.Anchor
		}
		list = append(list, r)
	}
	return list
}

// pageNumber reads ?page=; whatever is not a page is the first.
func pageNumber(raw string) int {
	n, err := strconv.Atoi(raw)
	if err != nil || n < 1 {
		return 1
	}
	return min(n, maxPage)
}
