package web

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/intake"
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
	// SetupSetting is the setting that holds the hash of the one-time link.
	SetupSetting = "setup_hash"
)

var (
	loginPage = definePage[loginView]("staff_login")
	setupPage = definePage[setupView]("staff_setup")
)

type loginView struct {
	Chrome
	Email string
	Next  string
	Wrong bool
}

type setupView struct {
	Chrome
	Token  string
	Email  string
	Name   string
	Min    int
	Errors map[string]string
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
		return h(c, m)
	}
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
	if err := s.startSession(c, m); err != nil {
		return err
	}
	s.redirect(c, http.StatusSeeOther, localNext(f.Get("next")))
	return nil
}

func (s *Server) startSession(c *gin.Context, m ticket.Staff) error {
	value := randomText(32)
	err := s.opt.Support.Team.StartSession(c.Request.Context(), m.ID, s.sign("session", value), agentName(c.Request), staffSession)
	if err == nil {
		s.setCookie(c, staffCookie, value, "/", staffSession)
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

// setupAllowed checks the one-time link of the first start.
func (s *Server) setupAllowed(c *gin.Context, token string) error {
	n, err := s.opt.Support.Store.CountStaff(c.Request.Context())
	if err != nil {
		return err
	}
	want, err := s.opt.Support.Store.Setting(c.Request.Context(), SetupSetting)
	if err != nil && !errs.Is(err, errs.NotFound) {
		return err
	}
	if n > 0 || want == "" || subtle.ConstantTimeCompare([]byte(want), []byte(SetupHash(s.opt.Support.Secret, token))) != 1 {
		return errs.Newf(errs.NotFound, "error.staff.setup", "setup link not valid")
	}
	return nil
}

// NewSetupToken makes the secret of the one-time link that creates the first
// staff account.
func NewSetupToken() string { return randomText(24) }

// SetupHash is what the database keeps of it.
func SetupHash(secret []byte, token string) string {
	s := &Server{opt: Options{Support: &Support{Secret: secret}}}
	return s.sign("setup", token)
}

func (s *Server) setupForm(c *gin.Context) error {
	c.Header("Referrer-Policy", "no-referrer")
	if err := s.setupAllowed(c, c.Query("token")); err != nil {
		return err
	}
	v := setupView{Chrome: s.staffChrome(c, "staff.setup.title"), Token: c.Query("token"), Min: minPassword, Errors: map[string]string{}}
	return render(s, c, http.StatusOK, setupPage, v)
}

func (s *Server) setup(c *gin.Context) error {
	if wait := s.logins.wait(c.ClientIP()); wait > 0 {
		return &errs.Error{Kind: errs.RateLimited, RetryAfter: wait}
	}
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	f, loc := c.Request.PostForm, s.locale(c)
	if err := s.setupAllowed(c, f.Get("token")); err != nil {
		return err
	}
	v := setupView{
		Chrome: s.staffChrome(c, "staff.setup.title"), Token: f.Get("token"), Min: minPassword, Errors: map[string]string{},
		Email: strings.ToLower(strings.TrimSpace(f.Get("email"))), Name: strings.TrimSpace(f.Get("name")),
	}
	if !intake.ValidEmail(v.Email) {
		v.Errors["email"] = loc.T("error.field.email")
	}
	if v.Name == "" || utf8.RuneCountInString(v.Name) > intake.MaxName {
		v.Errors["name"] = loc.T("error.field.name")
	}
	password := f.Get("password")
	if n := utf8.RuneCountInString(password); n < minPassword || n > maxPassword {
		v.Errors["password"] = loc.T("error.field.password", "Min", minPassword)
	}
	if len(v.Errors) > 0 {
		return render(s, c, http.StatusUnprocessableEntity, setupPage, v)
	}
	m := ticket.Staff{ID: deflect.NewID(), Email: v.Email, Name: v.Name, Lang: loc.Lang, Role: ticket.Admin, PasswordHash: hashPassword(password)}
	if err := s.opt.Support.Store.CreateFirstStaff(c.Request.Context(), m); err != nil {
		return err
	}
	if err := s.startSession(c, m); err != nil {
		return err
	}
	s.redirect(c, http.StatusSeeOther, "/staff")
	return nil
}
