package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/internal/errs"
)

// errMethod is the one failure that has no kind in errs: the address exists
// and the method does not. Gin has set the Allow header before it comes up.
var errMethod = errors.New("method not allowed")

// failure is how a kind looks from outside: the status, and the text keys
// error.<name>.title and error.<name>.text.
type failure struct {
	status int
	name   string
}

var failures = map[errs.Kind]failure{
	errs.Invalid:      {http.StatusBadRequest, "invalid"},
	errs.Unauthorized: {http.StatusUnauthorized, "unauthorized"},
	errs.Forbidden:    {http.StatusForbidden, "forbidden"},
	errs.NotFound:     {http.StatusNotFound, "not_found"},
	errs.Conflict:     {http.StatusConflict, "conflict"},
	errs.TooLarge:     {http.StatusRequestEntityTooLarge, "too_large"},
	errs.RateLimited:  {http.StatusTooManyRequests, "rate_limited"},
	errs.Unavailable:  {http.StatusServiceUnavailable, "unavailable"},
	errs.Internal:     {http.StatusInternalServerError, "internal"},
}

// wrap makes a Gin handler of ours: a panic or an error becomes an answer.
func (s *Server) wrap(h handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		defer s.recovered(c)
		if err := h(c); err != nil {
			s.fail(c, err)
		}
	}
}

// recovered turns a panic into an internal error with its stack in the log.
func (s *Server) recovered(c *gin.Context) {
	v := recover()
	if v == nil {
		return
	}
	if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(v) // net/http's own way to drop a connection
	}
	s.fail(c, errs.Newf(errs.Internal, "", "panic: %v\n%s", v, debug.Stack()))
}

// fail is the one place where an error meets a visitor. The log gets the
// whole chain under the request id; the visitor gets a status, a text in
// their language and that id.
func (s *Server) fail(c *gin.Context, err error) {
	err = classify(err)
	kind := errs.KindOf(err)
	f := failures[kind]
	if errors.Is(err, errMethod) {
		f = failure{http.StatusMethodNotAllowed, "method"}
	}
	id := s.requestID(c)
	s.logFailure(c, f, id, err)
	if c.Writer.Written() {
		return // too late for another answer; the log has it
	}
	h := c.Writer.Header()
	for _, name := range []string{"Etag", "Content-Length", "Content-Encoding", "Last-Modified", "Link"} {
		h.Del(name)
	}
	s.secure(h, nil)
	h["Cache-Control"] = cacheNever
	h.Set("X-Request-Id", id)
	var detail *errs.Error
	if errors.As(err, &detail) && detail.RetryAfter > 0 {
		h.Set("Retry-After", retrySeconds(detail.RetryAfter))
	}
	if wantsProblem(c.Request) {
		s.writeProblem(c, f, id, detail)
		return
	}
	if err := s.writeErrorPage(c, f, id, detail); err != nil {
		// The error page itself failed: say the least, in the log say all.
		s.log.Error("error page failed", "request_id", id, "error", err)
		c.String(f.status, "%d %s\n", f.status, http.StatusText(f.status))
	}
}

// mishap logs what went wrong beside an answer that is given all the same. That
// a visitor went away in the middle, as one does who types on, is no error.
func (s *Server) mishap(c *gin.Context, what string, err error, more ...any) {
	level := slog.LevelError
	if c.Request.Context().Err() != nil {
		level = slog.LevelDebug
	}
	s.log.Log(c.Request.Context(), level, what, append([]any{"request_id", s.requestID(c), "err", err}, more...)...)
}

// classify gives the errors of the standard library that a request can cause
// their kind.
func classify(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge) && errs.KindOf(err) != errs.TooLarge:
		return errs.Newf(errs.TooLarge, "", "body over %d bytes: %w", tooLarge.Limit, err)
	case errors.Is(err, context.DeadlineExceeded) && errs.KindOf(err) == errs.Internal:
		return errs.New(errs.Unavailable, "", err)
	}
	return err
}

func (s *Server) logFailure(c *gin.Context, f failure, id string, err error) {
	attrs := []any{"request_id", id, "status", f.status, "method", c.Request.Method, "path", c.Request.URL.Path, "error", err.Error()}
	switch {
	case errors.Is(c.Request.Context().Err(), context.Canceled):
		s.log.Debug("client left", attrs...)
	case f.status >= http.StatusInternalServerError:
		s.log.Error("request failed", attrs...)
	default:
		s.log.Debug("request refused", attrs...)
	}
}

// requestID is made when something first asks for it: pages that go well
// never need one.
func (s *Server) requestID(c *gin.Context) string {
	const key = "request_id"
	if id := c.GetString(key); id != "" {
		return id
	}
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	id := hex.EncodeToString(b[:])
	c.Set(key, id)
	return id
}

// retrySeconds is a Retry-After value: whole seconds, rounded up.
func retrySeconds(d time.Duration) string {
	return strconv.Itoa(int(math.Ceil(d.Seconds())))
}

// wantsProblem says whether the answer is read by a program.
func wantsProblem(r *http.Request) bool {
	if strings.HasPrefix(r.URL.Path, "/api/") {
		return true
	}
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "json") && !strings.Contains(accept, "text/html")
}

// problem is RFC 9457 problem details.
type problem struct {
	Type      string         `json:"type"`
	Title     string         `json:"title"`
	Status    int            `json:"status"`
	Detail    string         `json:"detail,omitempty"`
	Instance  string         `json:"instance,omitempty"`
	RequestID string         `json:"request_id"`
	Errors    []problemField `json:"errors,omitempty"`
}

type problemField struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

func (s *Server) writeProblem(c *gin.Context, f failure, id string, detail *errs.Error) {
	loc := s.problemLocale(c)
	p := problem{
		Type:      "about:blank",
		Title:     loc.T("error." + f.name + ".title"),
		Status:    f.status,
		Detail:    failureText(loc, f, detail),
		Instance:  c.Request.URL.Path,
		RequestID: id,
	}
	if detail != nil {
		for _, field := range detail.Fields {
			p.Errors = append(p.Errors, problemField{field.Name, loc.Text(field.Key, field.Args)})
		}
	}
	s.writeJSON(c, f.status, "application/problem+json", p)
}

// problemLocale is the language of an API's answer: ?lang=, else as for pages.
func (s *Server) problemLocale(c *gin.Context) *Locale {
	if loc := s.locales.Get(c.Query("lang")); loc != nil {
		return loc
	}
	return s.locale(c)
}

// failureText is the sentence for a person: the error's own key, else the kind's.
func failureText(loc *Locale, f failure, detail *errs.Error) string {
	if detail != nil && detail.Key != "" && loc.Has(detail.Key) {
		return loc.Text(detail.Key, detail.Args)
	}
	return loc.T("error." + f.name + ".text")
}

// noRoute answers addresses that no route has: an old address of an article
// is sent on, as is one with a slash too many; everything else does not exist.
func (s *Server) noRoute(c *gin.Context) error {
	sh, path := s.current(), c.Request.URL.Path
	if to, ok := sh.library.Redirect(path); ok {
		s.redirect(c, http.StatusMovedPermanently, to)
		return nil
	}
	if bare := strings.TrimSuffix(path, "/"); bare != path && sh.pages[bare] != nil {
		s.redirect(c, http.StatusMovedPermanently, bare)
		return nil
	}
	return errs.New(errs.NotFound, "", fmt.Errorf("no page at %q", c.Request.URL.Path))
}

func (s *Server) noMethod(*gin.Context) error { return errMethod }

// postOnly answers GET where a section's address would otherwise match.
func (s *Server) postOnly(c *gin.Context) error {
	c.Header("Allow", http.MethodPost)
	return errMethod
}
