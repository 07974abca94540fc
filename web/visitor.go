package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
)

// The measurement cookie: first-party, no cross-site identifier, seven days
// (D-36). Its value never reaches the database, only a keyed hash of it.
const (
	visitorCookie = "visit"
	visitorMaxAge = 7 * 24 * time.Hour
	visitorRefuse = "no"
)

// sign is a keyed hash of text for one purpose, as URL-safe text.
func (s *Server) sign(purpose, text string) string { return sign(s.opt.Support.Secret, purpose, text) }

func sign(secret []byte, purpose, text string) string {
	m := hmac.New(sha256.New, secret)
	_, _ = m.Write([]byte(purpose + "\x00" + text)) // a hash does not fail
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil)[:18])
}

// signed says whether mac is sign(purpose, text), in constant time.
func (s *Server) signed(purpose, text, mac string) bool {
	return hmac.Equal([]byte(s.sign(purpose, text)), []byte(mac))
}

func randomText(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// refusesMeasurement says whether the browser or its owner said no: Global
// Privacy Control, Do Not Track, or the choice on the privacy page.
func refusesMeasurement(r *http.Request) bool {
	if r.Header.Get("Sec-GPC") == "1" || r.Header.Get("DNT") == "1" {
		return true
	}
	v, err := r.Cookie(visitorCookie)
	return err == nil && v.Value == visitorRefuse
}

// Visitor is the keyed hash of the measurement cookie, "" without one.
func (s *Server) Visitor(r *http.Request) string {
	if refusesMeasurement(r) {
		return ""
	}
	v, err := r.Cookie(visitorCookie)
	if err != nil || len(v.Value) < 16 || len(v.Value) > 64 {
		return ""
	}
	return s.sign("visitor", v.Value)
}

// ensureVisitor is Visitor, with a cookie set when there is none and the
// person does not refuse it.
func (s *Server) ensureVisitor(c *gin.Context) string {
	if refusesMeasurement(c.Request) || IsRobot(c.Request) {
		return ""
	}
	if v := s.Visitor(c.Request); v != "" {
		return v
	}
	value := randomText(18)
	s.setCookie(c, visitorCookie, value, "/", visitorMaxAge)
	return s.sign("visitor", value)
}

func (s *Server) setCookie(c *gin.Context, name, value, path string, age time.Duration) {
	http.SetCookie(c.Writer, &http.Cookie{
		Name: name, Value: value, Path: path, MaxAge: int(age.Seconds()), HttpOnly: true,
		Secure: s.base.Scheme == "https", SameSite: http.SameSiteLaxMode,
	})
}

// MayBeStaff says whether a request carries a staff cookie, valid or not: their
// reading is not followed, and a look-up would cost more than the page.
func MayBeStaff(r *http.Request) bool {
	c, err := r.Cookie(staffCookie)
	return err == nil && c.Value != ""
}

// robotWords are what honest robots call themselves.
var robotWords = []string{"bot", "crawl", "spider", "slurp", "preview", "monitor", "curl/", "wget/", "python-requests", "headlesschrome-lighthouse"}

// IsRobot says whether the client says that it is a program: its visits are
// not attempts (D-29). A client without any name counts as one.
func IsRobot(r *http.Request) bool {
	agent := r.UserAgent()
	if known, ok := agentsSeen.Load(agent); ok {
		return known.(bool)
	}
	robot := agent == ""
	lower := strings.ToLower(agent)
	for _, w := range robotWords {
		robot = robot || strings.Contains(lower, w)
	}
	if len(agent) <= 256 && agentsCount.Add(1) <= maxAgents {
		agentsSeen.Store(agent, robot)
	}
	return robot
}

// Few browsers make most visits, and every page asks: what was found out about
// a name is kept, for the first maxAgents names.
var (
	agentsSeen  sync.Map // user agent -> bool
	agentsCount atomic.Int64
)

const maxAgents = 4096

// newFormToken makes the token of one contact form: its instant, some
// randomness, the console screen it was opened from and a signature. It makes
// submitting twice harmless and shows how long the form was open.
func (s *Server) newFormToken(route string) string {
	return s.formTokenOf(s.opt.Clock.Now(), route)
}

// refilledToken is the token of a form that comes back filled: sending it at
// once is no sign of a robot.
func (s *Server) refilledToken(route string) string {
	return s.formTokenOf(s.opt.Clock.Now().Add(-minFillTime), route)
}

func (s *Server) formTokenOf(issued time.Time, route string) string {
	text := strconv.FormatInt(issued.UnixMilli(), 36) + "." + randomText(15)
	if route != "" {
		text += "." + route
	}
	return text + "." + s.sign("form", text)
}

// consoleRoute is the id of a console screen; "" for what cannot be one.
func consoleRoute(text string) string {
	if len(text) > 80 || !routeID.MatchString(text) {
		return ""
	}
	return text
}

// formToken is a token as the form sent it: the hash that stands for it in
// the database, and when we issued it.
type formToken struct {
	hash   string
	issued time.Time // zero when the token was not made by us
	route  string    // the console screen the form was opened from, ""
}

// readFormToken accepts our own tokens and, from programs that bring their
// own, any text of 16 to 200 characters: it is only a key to recognise a
// repetition. "" gives the zero token.
func (s *Server) readFormToken(text string) formToken {
	if len(text) < 16 || len(text) > 200 {
		return formToken{}
	}
	t := formToken{hash: s.sign("form-hash", text)}
	body, mac, _ := cutLast(text, ".")
	if stamp, rest, ok := strings.Cut(body, "."); ok && s.signed("form", body, mac) {
		if ms, err := strconv.ParseInt(stamp, 36, 64); err == nil {
			t.issued = time.UnixMilli(ms)
			_, t.route, _ = strings.Cut(rest, ".")
			// Tokens of the same minutes stand side by side in the database's
			// indexes, which spares the pages that a random key would touch.
			t.hash = stamp + t.hash
		}
	}
	return t
}

// cutLast is strings.Cut at the last separator.
func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
