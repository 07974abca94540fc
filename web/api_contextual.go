package web

import (
	"regexp"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/internal/errs"
)

// contextualLimit is how many articles the console is offered for a screen.
const contextualLimit = 5

// routeID is a console route such as vps.detail.network.
var routeID = regexp.MustCompile(`^[a-z0-9_-]+(\.[a-z0-9_-]+){0,9}$`)

// apiContext is the answer of GET /api/v1/contextual.
type apiContext struct {
	Route   string              `json:"route"`
	Lang    string              `json:"lang"`
	Results []apiContextArticle `json:"results"`
}

type apiContextArticle struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	URL         string `json:"url"` // absolute, as the console is another site
	Minutes     int    `json:"minutes"`
}

// apiContextual answers GET /api/v1/contextual?route=&lang= with the articles
// whose front matter names the console's screen, most specific first.
func (s *Server) apiContextual(c *gin.Context) error {
	loc, err := s.apiLocale(c)
	if err != nil {
		return err
	}
	route := c.Query("route")
	if len(route) > 200 || !routeID.MatchString(route) {
		return errs.InvalidFields(errs.Field{Name: "route", Key: "error.route"})
	}
	out := apiContext{Route: route, Lang: loc.Lang, Results: []apiContextArticle{}}
	for i, a := range s.current().library.ByContext(loc.Lang, route) {
		if i == contextualLimit {
			break
		}
		out.Results = append(out.Results, apiContextArticle{a.ID, a.Title, a.Description, s.absolute(a.URL()), a.ReadingMinutes()})
	}
	c.Header("Access-Control-Allow-Origin", "*")
	s.writeOK(c, out)
	return nil
}
