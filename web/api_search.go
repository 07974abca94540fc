package web

import (
	"context"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/kb"
	"github.com/vmcloud/ricochet/search"
)

// apiResults is the answer of GET /api/v1/search.
type apiResults struct {
	Query     string      `json:"query"`
	Lang      string      `json:"lang"`
	Total     int         `json:"total"`
	Corrected string      `json:"corrected,omitempty"` // what was searched instead of query
	Results   []apiResult `json:"results"`

	// Only while typing.
	Sections []apiSection `json:"sections,omitempty"` // whose title begins with the words
	Queries  []string     `json:"queries,omitempty"`  // what several visitors searched with success
}

type apiSection struct {
	Title string `json:"title"`
	URL   string `json:"url"` // site path
}

type apiResult struct {
	ID      string    `json:"id"`
	Title   string    `json:"title"`
	URL     string    `json:"url"` // site path, with the anchor of the section that matches
	Section string    `json:"section"`
	Heading string    `json:"heading,omitempty"`
	Label   []apiPart `json:"label,omitempty"` // title or heading cut where it matches what is typed
	Excerpt string    `json:"excerpt,omitempty"`
	Parts   []apiPart `json:"parts,omitempty"` // the excerpt cut where it matches
}

type apiPart struct {
	Text  string `json:"text"`
	Match bool   `json:"match,omitempty"`
}

const (
	apiDefaultLimit = 10
	apiMaxLimit     = 50
	apiBeside       = 3 // sections and searches offered beside the articles
)

// apiSearch answers GET /api/v1/search?q=&lang=&limit=. With typing=1 the
// query is unfinished: titles and headings that begin with its words come
// first, sections and frequent searches come beside them. It may be called from other origins: everything it says is public.
func (s *Server) apiSearch(c *gin.Context) error {
	loc, err := s.apiLocale(c)
	if err != nil {
		return err
	}
	limit, err := apiLimit(c.Query("limit"))
	if err != nil {
		return err
	}
	query := cleanQuery(c.Query("q"))
	out := apiResults{Query: query, Lang: loc.Lang, Results: []apiResult{}}
	library := s.current().library
	if query != "" && c.Query("typing") == "1" {
		if err := s.complete(c, library, loc, query, limit, &out); err != nil {
			return err
		}
	}
	if query != "" && len(out.Results) < limit {
		found, err := s.find(c, search.Query{Lang: loc.Lang, Text: query, Limit: limit, Exact: c.Query("exact") == "1"})
		if err != nil {
			return errs.New(errs.Unavailable, "", err)
		}
		out.Total, out.Corrected = found.Total, found.Corrected
		out.fill(found.Hits, limit, func(slug string) string { return sectionName(library, loc, slug) })
	}
	c.Header("Access-Control-Allow-Origin", "*")
	s.writeOK(c, out)
	return nil
}

// complete puts the titles and headings that begin with the typed words first.
func (s *Server) complete(c *gin.Context, library *kb.Library, loc *Locale, query string, limit int, out *apiResults) error {
	if s.opt.Search == nil {
		return nil // find says it
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), searchTimeout)
	defer cancel()
	offered, err := s.opt.Search.Complete(ctx, loc.Lang, query, limit)
	if err != nil {
		return errs.New(errs.Unavailable, "", err)
	}
	for _, o := range offered.Articles {
		r := apiResult{ID: o.Article.ID, Title: o.Article.Title, URL: o.Article.URL(), Section: sectionName(library, loc, o.Article.Section)}
		if o.Anchor != "" {
			// The heading is the label then, and the article says where it is.
			r.URL += "#" + o.Anchor
			r.Heading = o.Article.Title
		}
		for _, span := range o.Label {
			r.Label = append(r.Label, apiPart{span.Text, span.Match})
		}
		out.Results = append(out.Results, r)
	}
	out.Total = len(out.Results)
	for _, sec := range offered.Sections[:min(len(offered.Sections), apiBeside)] {
		out.Sections = append(out.Sections, apiSection{sectionTitle(loc, sec), "/" + loc.Lang + "/" + sec.Slug})
	}
	out.Queries = offered.Queries[:min(len(offered.Queries), apiBeside)]
	return nil
}

// fill adds hits up to limit, leaving out articles that are there already.
func (out *apiResults) fill(hits []search.Hit, limit int, section func(slug string) string) {
	there := map[string]bool{}
	for _, r := range out.Results {
		there[r.ID] = true
	}
	for _, hit := range hits {
		if len(out.Results) < limit && !there[hit.Article.ID] {
			out.Results = append(out.Results, apiResultOf(hit, section(hit.Article.Section)))
		}
	}
}

func apiResultOf(hit search.Hit, section string) apiResult {
	r := apiResult{ID: hit.Article.ID, Title: hit.Article.Title, URL: hit.Article.URL(), Section: section}
	if hit.Anchor != "" {
		r.URL += "#" + hit.Anchor
		r.Heading = hit.Heading
	}
	var whole strings.Builder
	for _, span := range hit.Excerpt {
		whole.WriteString(span.Text)
		r.Parts = append(r.Parts, apiPart{span.Text, span.Match})
	}
	r.Excerpt = whole.String()
	return r
}

// apiLocale is the language a call names with lang=; the default when it
// names none, an error when the site does not speak it.
func (s *Server) apiLocale(c *gin.Context) (*Locale, error) {
	lang := c.Query("lang")
	if lang == "" {
		return s.locales.Default, nil
	}
	if loc := s.locales.Get(lang); loc != nil {
		return loc, nil
	}
	known := make([]string, len(s.locales.All))
	for i, loc := range s.locales.All {
		known[i] = loc.Lang
	}
	return nil, errs.InvalidFields(errs.Field{Name: "lang", Key: "error.lang", Args: map[string]any{"Known": strings.Join(known, ", ")}})
}

func apiLimit(raw string) (int, error) {
	if raw == "" {
		return apiDefaultLimit, nil
	}
	n, err := strconv.Atoi(raw)
	if err != nil || n < 1 || n > apiMaxLimit {
		return 0, errs.InvalidFields(errs.Field{Name: "limit", Key: "error.limit", Args: map[string]any{"Max": apiMaxLimit}})
	}
	return n, nil
}
