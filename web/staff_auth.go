package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

const (
	staffCookie    = "staff"
	staffSession   = 12 * time.Hour
	touchSession   = 5 * time.Minute // how exactly a session's last use is known
	minPassword    = 12
	maxPassword    = 200
	loginPerMinute = 10 // per address: a password guesser's pace
)

var (
	loginPage = definePage[loginView]("staff_login")
	codePage  = definePage[codeView]("staff_code")
)

type loginView struct {
	Chrome
	Email string
	Next  string
	Wrong bool
}

type codeView struct {
	Chrome
	Token string
	Next  string
	Wrong string // what is wrong, in words
}

// staffMember is who signed in, nil for nobody. The answer is remembered for
// the request.
func (s *Server) staffMember(c *gin.Context) (*ticket.Staff, error) {
	const key = "staff"
	if v, ok := c.Get(key); ok {
		return v.(*ticket.Staff), nil
	}
	cookie, err := c.Request.Cookie(staffCookie)
	if err != nil || cookie.Value == "" {
		return nil, nil
	}
	hash, now := s.sign("session", cookie.Value), s.opt.Clock.Now()
	m, seen, err := s.opt.Support.Store.StaffBySession(c.Request.Context(), hash, now)
	if errs.Is(err, errs.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if now.Sub(seen) > touchSession {
		if err := s.opt.Support.Store.TouchSession(c.Request.Context(), hash); err != nil {
			return nil, err
		}
	}
	c.Set(key, &m)
	return &m, nil
}

// isStaff says whether a member of the staff is behind the request; their
// visits are not counted (D-29).
func (s *Server) isStaff(c *gin.Context) bool {
	m, err := s.staffMember(c)
	if err != nil {
		s.log.Warn("look up session", "err", err)
	}
	return m != nil
}

// staffOnly lets only the signed-in pass, in their own language; others are
// sent to the sign-in page and come back afterwards.
func (s *Server) staffOnly(h func(*gin.Context, *ticket.Staff) error) handler {
	return func(c *gin.Context) error {
		m, err := s.staffMember(c)
		if err != nil {
			return err
		}
		c.Header("Cache-Control", "no-store")
		if m == nil {
			if c.Request.Method != http.MethodGet && c.Request.Method != http.MethodHead {
				return errs.Newf(errs.Unauthorized, "", "no staff session")
			}
			s.redirect(c, http.StatusSeeOther, "/staff/login?next="+url.QueryEscape(c.Request.URL.RequestURI()))
			return nil
		}
		s.setLocale(c, m.Lang)
		if missing, err := s.lacksSecondFactor(c, m); err != nil {
			return err
		} else if missing {
			s.redirect(c, http.StatusSeeOther, "/staff/me?need=totp#totp")
			return nil
		}
		return h(c, m)
	}
}

// lacksSecondFactor says whether the person must set a second factor before
// anything else; the pages that do so, and signing out, stay open.
func (s *Server) lacksSecondFactor(c *gin.Context, m *ticket.Staff) (bool, error) {
	if path := c.Request.URL.Path; m.TOTPSecret != "" || path == "/staff/me" || path == "/staff/logout" {
		return false, nil
	}
	setting, err := s.opt.Support.Store.Setting(c.Request.Context(), team.SecondFactorSetting)
	if errs.Is(err, errs.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return team.NeedsSecondFactor(setting, m.Role)
}

// staffChrome is the frame of a staff page.
func (s *Server) staffChrome(c *gin.Context, titleKey string, args ...any) Chrome {
	loc := s.locale(c)
	ch := Chrome{Lang: loc.Lang, Title: loc.T(titleKey, args...), Kind: "staff", Path: c.Request.URL.Path, NoIndex: true, HideSearch: true}
	ch.Styles = []string{"staff.css"}
	return ch
}

func (s *Server) loginForm(c *gin.Context) error {
	if n, err := s.opt.Support.Store.CountStaff(c.Request.Context()); err != nil {
		return err
	} else if n == 0 {
		return errs.Newf(errs.NotFound, "error.staff.none", "no staff account yet")
	}
	return s.showLogin(c, http.StatusOK, "", localNext(c.Query("next")), false)
}

func (s *Server) showLogin(c *gin.Context, status int, email, next string, wrong bool) error {
	v := loginView{Chrome: s.staffChrome(c, "staff.login.title"), Email: email, Next: next, Wrong: wrong}
	return render(s, c, status, loginPage, v)
}

// localNext keeps the way back inside the staff pages: an address elsewhere
// would make the sign-in page a trap.
func localNext(next string) string {
	if !strings.HasPrefix(next, "/staff") || strings.ContainsAny(next, "\\\r\n") || strings.HasPrefix(next, "//") {
		return "/staff"
	}
	return next
}

func (s *Server) login(c *gin.Context) error {
	if wait := s.logins.wait(c.ClientIP()); wait > 0 {
		return &errs.Error{Kind: errs.RateLimited, RetryAfter: wait}
	}
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	f, ctx := c.Request.PostForm, c.Request.Context()
	email := strings.ToLower(strings.TrimSpace(f.Get("email")))
	m, err := s.opt.Support.Store.StaffByEmail(ctx, email)
	known := err == nil
	if err != nil && !errs.Is(err, errs.NotFound) {
		return err
	}
	key := s.tryKey(c, email, m.ID)
	if wait := s.tries.begin(key); wait > 0 {
		return tooManyTries(wait)
	}
	hash := m.PasswordHash
	if !m.Active() {
		hash = decoyHash()
	}
	password := f.Get("password")
	if len(password) > maxPassword*4 || !checkPassword(hash, password) || !m.Active() {
		s.log.Warn("staff sign-in refused", "request_id", s.requestID(c), "ip", c.ClientIP())
		if known {
			if err := s.opt.Support.Store.Audit(ctx, "", team.SignInFailed, m.ID, map[string]string{"step": "password"}); err != nil {
				return err
			}
		}
		return s.showLogin(c, http.StatusUnauthorized, email, localNext(f.Get("next")), true)
	}
	s.tries.right(key)
	if m.TOTPSecret != "" {
		return s.showCode(c, http.StatusOK, s.pendingToken(m.ID), localNext(f.Get("next")), nil)
	}
	if err := s.startSession(c, m.ID); err != nil {
		return err
	}
	s.redirect(c, http.StatusSeeOther, localNext(f.Get("next")))
	return nil
}

// A pending token carries a sign-in from the password to the code: the
// account, until when, and a signature.
const pendingAge = 10 * time.Minute

func (s *Server) pendingToken(staffID string) string {
	text := staffID + "." + strconv.FormatInt(s.opt.Clock.Now().Add(pendingAge).UnixMilli(), 36)
	return text + "." + s.sign("pending", text)
}

// readPending is the account of a pending token, "" when it is forged or too
// old.
func (s *Server) readPending(token string) string {
	text, mac, ok := cutLast(token, ".")
	if !ok || !s.signed("pending", text, mac) {
		return ""
	}
	id, until, _ := cutLast(text, ".")
	ms, err := strconv.ParseInt(until, 36, 64)
	if err != nil || s.opt.Clock.Now().UnixMilli() > ms {
		return ""
	}
	return id
}

func (s *Server) showCode(c *gin.Context, status int, token, next string, wrong *errs.Error) error {
	c.Header("Cache-Control", "no-store")
	v := codeView{Chrome: s.staffChrome(c, "staff.code.title"), Token: token, Next: next}
	if wrong != nil {
		v.Wrong = failureText(s.locale(c), failures[wrong.Kind], wrong)
		for _, f := range wrong.Fields {
			v.Wrong = s.locale(c).Text(f.Key, f.Args)
		}
	}
	return render(s, c, status, codePage, v)
}

// loginCode takes the second step of a sign-in.
func (s *Server) loginCode(c *gin.Context) error {
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	f := c.Request.PostForm
	next, id := localNext(f.Get("next")), s.readPending(f.Get("token"))
	if id == "" {
		s.redirect(c, http.StatusSeeOther, "/staff/login?next="+url.QueryEscape(next))
		return nil
	}
	err := s.opt.Support.Team.CheckCode(c.Request.Context(), id, f.Get("code"))
	if errs.Is(err, errs.Invalid) {
		s.log.Warn("staff code refused", "request_id", s.requestID(c), "ip", c.ClientIP())
		return s.showCode(c, http.StatusUnauthorized, f.Get("token"), next, asError(err))
	}
	if err != nil {
		return err
	}
	if err := s.startSession(c, id); err != nil {
		return err
	}
	s.redirect(c, http.StatusSeeOther, next)
	return nil
}

func (s *Server) startSession(c *gin.Context, staffID string) error {
	value := randomText(32)
	err := s.opt.Support.Team.StartSession(c.Request.Context(), staffID, s.sign("session", value), agentName(c.Request), staffSession)
	if err == nil {
		s.setCookie(c, staffCookie, value, "/", staffSession)
		s.rememberDevice(c, staffID)
	}
	return err
}

// sessionHash is the stored form of the request's session.
func (s *Server) sessionHash(c *gin.Context) string {
	cookie, err := c.Request.Cookie(staffCookie)
	if err != nil {
		return ""
	}
	return s.sign("session", cookie.Value)
}

func (s *Server) logout(c *gin.Context, m *ticket.Staff) error {
	if err := s.opt.Support.Team.EndSession(c.Request.Context(), m.ID, s.sessionHash(c)); err != nil {
		return err
	}
	s.setCookie(c, staffCookie, "", "/", -time.Second)
	s.redirect(c, http.StatusSeeOther, "/staff/login")
	return nil
}

// agentNames are the browsers and systems that a session list can name; of
// several that fit the first is right, since browsers also claim to be others.
var agentNames = struct{ browsers, systems [][2]string }{
	browsers: [][2]string{{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}},
	systems:  [][2]string{{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS", "macOS"}, {"Linux", "Linux"}},
}

// agentName names the browser of a request in two words, "" when it names
// itself as none we know. The whole text is not kept: it would only identify.
func agentName(r *http.Request) string {
	agent := r.UserAgent()
	var parts []string
	for _, list := range [][][2]string{agentNames.browsers, agentNames.systems} {
		for _, n := range list {
			if strings.Contains(agent, n[0]) {
				parts = append(parts, n[1])
				break
			}
		}
	}
	return strings.Join(parts, ", ")
}
