package web

import (
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/search"
)

var errorPage = definePage[errorView]("error")

type errorView struct {
	Chrome
	Status    int
	Heading   string
	Text      string
	Near      []result // pages that the visitor may have meant
	RequestID string   // to quote to the support; "" where it would not help
	Missing   bool     // a page that does not exist
}

// nearMatches is how many articles a page that does not exist proposes.
const nearMatches = 5

// writeErrorPage answers with a page that says what happened and what to do.
func (s *Server) writeErrorPage(c *gin.Context, f failure, id string, detail *errs.Error) error {
	loc := s.locale(c)
	v := errorView{
		Chrome: s.chrome(loc, "", loc.T("error."+f.name+".title")).private(),
		Status: f.status, Text: failureText(loc, f, detail), Missing: f.status == http.StatusNotFound,
	}
	if wrong := wrongFields(loc, detail); wrong != "" {
		v.Text = wrong
	}
	v.Heading = v.Title
	v.Kind = "error"
	v.HideSearch = v.Missing
	if f.status >= http.StatusInternalServerError {
		v.RequestID = id
	}
	// A secret link that is wrong or over names no article.
	if v.Missing && (detail == nil || detail.Key == "") {
		v.Query = guess(c.Request.URL)
		v.Near = s.near(c, loc, v.Query)
	}
	return render(s, c, f.status, errorPage, v)
}

// wrongFields says what is wrong with an input that has no form to say it
// beside the field.
func wrongFields(loc *Locale, detail *errs.Error) string {
	if detail == nil {
		return ""
	}
	var texts []string
	for _, f := range detail.Fields {
		if text := loc.Text(f.Key, f.Args); !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, " ")
}

// guess makes a query of the words in an address that leads nowhere.
func guess(u *url.URL) string {
	last := path.Base(u.Path)
	if last == "/" || last == "." {
		return ""
	}
	last = strings.TrimSuffix(last, path.Ext(last))
	return cleanQuery(strings.NewReplacer("-", " ", "_", " ", "+", " ").Replace(last))
}

// near searches for the words of a wrong address. A search that fails only
// makes the page shorter.
func (s *Server) near(c *gin.Context, loc *Locale, query string) []result {
	if query == "" || s.opt.Search == nil {
		return nil
	}
	found, err := s.find(c, search.Query{Lang: loc.Lang, Text: query, Limit: nearMatches})
	if err != nil {
		s.log.Warn("near matches failed", "request_id", s.requestID(c), "error", err.Error())
		return nil
	}
	return s.results(s.current().library, loc, found.Hits)
}
