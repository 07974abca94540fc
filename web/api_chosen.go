package web

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/kb"
)

// maxChosen is how many articles the search field offers while one types.
const maxChosen = 20

// chosenRequest is the body of POST /api/v1/search/chosen: somebody chose an
// article that the search field offered while they typed.
type chosenRequest struct {
	Lang     string   `json:"lang"`
	Query    string   `json:"query"`
	Articles []string `json:"articles"` // ids of what was offered, in order
	Chosen   int      `json:"chosen"`   // place in Articles, from 0
}

// apiChosen logs a choice in the search field: a search whose result was
// opened (D-35). What was typed without a choice is a draft and not logged.
func (s *Server) apiChosen(c *gin.Context) error {
	var req chosenRequest
	if err := readJSON(c, &req); err != nil {
		return err
	}
	if s.locales.Get(req.Lang) == nil {
		return errs.InvalidFields(errs.Field{Name: "lang", Key: "error.field.lang"})
	}
	query := cleanQuery(req.Query)
	if query == "" || len(req.Articles) > maxChosen || req.Chosen < 0 || req.Chosen >= len(req.Articles) {
		return errs.InvalidFields(errs.Field{Name: "chosen", Key: "error.field.choice"})
	}
	pairs := make([]string, len(req.Articles))
	for i, id := range req.Articles {
		a := s.articleByID(req.Lang, id)
		if a == nil {
			return errs.InvalidFields(errs.Field{Name: "articles", Key: "error.field.article"})
		}
		pairs[i] = a.Pair
	}
	s.noteSearch(c, SearchServed{Lang: req.Lang, Query: query, Total: len(pairs), Articles: pairs, Chosen: req.Chosen + 1})
	s.secure(c.Writer.Header(), nil)
	c.Header("Cache-Control", "no-store")
	c.Status(http.StatusNoContent)
	return nil
}

// articleByID finds an article by its id, first in a language, then in any.
func (s *Server) articleByID(lang, id string) *kb.Article {
	library := s.current().library
	if a := library.ByID(lang, id); a != nil {
		return a
	}
	for _, other := range library.Langs() {
		if a := library.ByID(other, id); a != nil {
			return a
		}
	}
	return nil
}
