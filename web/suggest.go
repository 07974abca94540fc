package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/search"
)

// What the contact form may send while somebody types.
const (
	maxSuggestBody = 128 << 10
	maxSuggestions = 5
)

// suggestRequest is the body of POST /api/v1/suggest. Drafts are read from the
// body alone: they must not stand in a URL or a log.
type suggestRequest struct {
	Lang     string `json:"lang"`
	Subject  string `json:"subject"`
	Body     string `json:"body"`
	Category string `json:"category"`
	Token    string `json:"token"` // the form's token; without it nothing is recorded
}

// suggestion is one suggested article.
type suggestion struct {
	Article    string  `json:"article"` // its id, for /api/v1/attempt
	Title      string  `json:"title"`
	Section    string  `json:"section"`
	URL        string  `json:"url"` // with the anchor of the passage
	Heading    string  `json:"heading,omitempty"`
	Passage    string  `json:"passage"`
	Excerpt    []span  `json:"excerpt"`
	Confidence float64 `json:"confidence"`
}

type span struct {
	Text  string `json:"text"`
	Match bool   `json:"match,omitempty"`
}

// readJSON decodes one JSON value from a request body, strictly.
func readJSON(c *gin.Context, into any) error {
	d := json.NewDecoder(c.Request.Body)
	if err := d.Decode(into); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return err
		}
		return errs.Newf(errs.Invalid, "error.json", "body: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errs.Newf(errs.Invalid, "error.json", "body: more than one JSON value")
	}
	return nil
}

// apiSuggest answers what the form's script asks while somebody types.
func (s *Server) apiSuggest(c *gin.Context) error {
	var req suggestRequest
	if err := readJSON(c, &req); err != nil {
		return err
	}
	if s.locales.Get(req.Lang) == nil {
		return errs.InvalidFields(errs.Field{Name: "lang", Key: "error.field.lang"})
	}
	found, err := s.suggest(c.Request.Context(), req.Lang, req.Subject, req.Body)
	if err != nil {
		return err
	}
	visit := s.visitOf(c, req.Token, req.Lang, req.Category, true)
	s.writeOK(c, map[string]any{"suggestions": s.offered(c, visit, req.Subject, req.Body, found)})
	return nil
}

// suggest finds up to five articles that answer a message of three characters
// or more.
func (s *Server) suggest(ctx context.Context, lang, subject, body string) ([]suggestion, error) {
	found := []suggestion{}
	if !deflect.Wrote(subject, body) {
		return found, nil
	}
	hits, err := s.opt.Support.Suggester.Suggest(ctx, search.Message{Lang: lang, Subject: subject, Body: body}, maxSuggestions)
	if err != nil {
		return nil, fmt.Errorf("suggest: %w", err)
	}
	loc, library := s.locales.Get(lang), s.current().library
	for _, h := range hits {
		sg := suggestion{
			Article: h.Article.Pair, Title: h.Article.Title, Section: sectionName(library, loc, h.Article.Section),
			URL: h.Article.URL(), Heading: h.Heading, Passage: shorten(h.Passage, 600), Confidence: h.Confidence,
		}
		if h.Anchor != "" {
			sg.URL += "#" + h.Anchor
		}
		for _, sp := range h.Excerpt {
			sg.Excerpt = append(sg.Excerpt, span{sp.Text, sp.Match})
		}
		found = append(found, sg)
	}
	return found, nil
}

// shorten cuts text at a word before limit characters.
func shorten(text string, limit int) string {
	r := []rune(strings.TrimSpace(text))
	if len(r) <= limit {
		return string(r)
	}
	cut := string(r[:limit])
	if i := strings.LastIndexAny(cut, " \n"); i > limit/2 {
		cut = cut[:i]
	}
	return strings.TrimSpace(cut) + " …"
}

// visitOf describes the contact-form visit behind a request. Its token is ""
// when it must not be recorded: robots and staff are not counted (D-29).
func (s *Server) visitOf(c *gin.Context, token, lang, category string, script bool) deflect.Visit {
	v := deflect.Visit{Lang: lang, Category: knownCategory(category), Script: script}
	if IsRobot(c.Request) || s.isStaff(c) {
		return v
	}
	t := s.readFormToken(token)
	v.FormToken, v.Route = t.hash, t.route
	v.Visitor = s.Visitor(c.Request)
	return v
}

// offered puts what was found into the ledger and says what of it may be
// shown: all, or nothing to the hold-out, in the very answer that somebody gets
// for whom nothing was found (D-32).
func (s *Server) offered(c *gin.Context, v deflect.Visit, subject, body string, found []suggestion) []suggestion {
	if !deflect.Wrote(subject, body) {
		return found
	}
	ids := make([]string, len(found))
	for i, f := range found {
		ids[i] = f.Article
	}
	ctx, ledger := c.Request.Context(), s.opt.Support.Ledger
	var held bool
	var err error
	if v.FormToken != "" {
		held, err = ledger.Seen(ctx, v, ids)
	} else {
		held, err = ledger.HeldOut(ctx, v.Visitor)
	}
	if err != nil {
		// The ledger must not stand between a person and the answer.
		s.mishap(c, "record attempt", err)
	}
	if held {
		return []suggestion{}
	}
	return found
}

// attemptRequest is the body of POST /api/v1/attempt: what became of a
// suggestion.
type attemptRequest struct {
	Token    string `json:"token"`
	Lang     string `json:"lang"`
	Category string `json:"category"`
	Event    string `json:"event"` // opened, dwelt, confirmed
	Article  string `json:"article"`
	Millis   int64  `json:"ms"` // for dwelt
}

// apiAttempt records that a suggestion was opened, read for a while, or that
// it answered the question.
func (s *Server) apiAttempt(c *gin.Context) error {
	var req attemptRequest
	if err := readJSON(c, &req); err != nil {
		return err
	}
	if s.locales.Get(req.Lang) == nil || s.articleIn(req.Lang, req.Article) == nil {
		return errs.InvalidFields(errs.Field{Name: "article", Key: "error.field.article"})
	}
	v := s.visitOf(c, req.Token, req.Lang, req.Category, true)
	s.secure(c.Writer.Header(), nil)
	c.Header("Cache-Control", "no-store")
	if v.FormToken == "" {
		c.Status(http.StatusNoContent)
		return nil
	}
	ctx, ledger := c.Request.Context(), s.opt.Support.Ledger
	var err error
	switch req.Event {
	case "opened":
		err = ledger.Opened(ctx, v.FormToken, req.Article)
	case "dwelt":
		err = ledger.Dwelt(ctx, v.FormToken, req.Article, time.Duration(min(max(req.Millis, 0), int64(24*time.Hour/time.Millisecond)))*time.Millisecond)
	case "confirmed":
		err = ledger.Confirm(ctx, v, req.Article)
	default:
		err = errs.InvalidFields(errs.Field{Name: "event", Key: "error.field.choice"})
	}
	if err == nil {
		c.Status(http.StatusNoContent)
	}
	return err
}
