package web

import (
	"crypto/subtle"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// SetupSetting is the setting that holds the hash of the one-time link.
const SetupSetting = "setup_hash"

var (
	setupPage = definePage[setupView]("staff_setup")
	joinPage  = definePage[joinView]("staff_join")
)

type setupView struct {
	Chrome
	Token  string
	Email  string
	Name   string
	Min    int
	Errors map[string]string
}

type joinView struct {
	Chrome
	Token  string
	Name   string
	Email  string
	Min    int
	Errors map[string]string
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
	if wrong := s.wrongPassword(c, password); wrong != "" {
		v.Errors["password"] = wrong
	}
	if len(v.Errors) > 0 {
		return render(s, c, http.StatusUnprocessableEntity, setupPage, v)
	}
	m := ticket.Staff{ID: deflect.NewID(), Email: v.Email, Name: v.Name, Lang: loc.Lang, Role: ticket.Admin, PasswordHash: hashPassword(password)}
	if err := s.opt.Support.Store.CreateFirstStaff(c.Request.Context(), m); err != nil {
		return err
	}
	if err := s.startSession(c, m.ID); err != nil {
		return err
	}
	s.redirect(c, http.StatusSeeOther, "/staff")
	return nil
}

// invited is the account that a one-time link was made for.
func (s *Server) invited(c *gin.Context, token string) (ticket.Staff, error) {
	c.Header("Referrer-Policy", "no-referrer")
	c.Header("Cache-Control", "no-store")
	m, err := s.opt.Support.Store.InvitedStaff(c.Request.Context(), team.HashSecret(token), s.opt.Clock.Now())
	if errs.Is(err, errs.NotFound) || err == nil && m.Disabled {
		return m, errs.Newf(errs.NotFound, "error.staff.invite", "invitation not valid")
	}
	if err == nil {
		s.setLocale(c, m.Lang)
	}
	return m, err
}

func (s *Server) joinForm(c *gin.Context) error {
	m, err := s.invited(c, c.Query("token"))
	if err != nil {
		return err
	}
	return s.showJoin(c, http.StatusOK, m, c.Query("token"), map[string]string{})
}

func (s *Server) showJoin(c *gin.Context, status int, m ticket.Staff, token string, wrong map[string]string) error {
	v := joinView{Chrome: s.staffChrome(c, "staff.join.title"), Token: token, Name: m.Name, Email: m.Email, Min: minPassword, Errors: wrong}
	return render(s, c, status, joinPage, v)
}

// join takes the password that the owner of a new account chose. Whoever has
// a second factor goes on to sign in: a link alone does not replace it.
func (s *Server) join(c *gin.Context) error {
	if wait := s.logins.wait(c.ClientIP()); wait > 0 {
		return &errs.Error{Kind: errs.RateLimited, RetryAfter: wait}
	}
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	f := c.Request.PostForm
	m, err := s.invited(c, f.Get("token"))
	if err != nil {
		return err
	}
	if wrong := s.wrongPassword(c, f.Get("password")); wrong != "" {
		return s.showJoin(c, http.StatusUnprocessableEntity, m, f.Get("token"), map[string]string{"password": wrong})
	}
	if m, err = s.opt.Support.Team.AcceptInvite(c.Request.Context(), f.Get("token"), hashPassword(f.Get("password"))); err != nil {
		return err
	}
	if m.TOTPSecret != "" {
		s.redirect(c, http.StatusSeeOther, "/staff/login")
		return nil
	}
	if err := s.startSession(c, m.ID); err != nil {
		return err
	}
	s.redirect(c, http.StatusSeeOther, "/staff")
	return nil
}

// wrongPassword says what is wrong with a new password, "" when nothing is.
func (s *Server) wrongPassword(c *gin.Context, password string) string {
	if n := utf8.RuneCountInString(password); n < minPassword || n > maxPassword {
		return s.locale(c).T("error.field.password", "Min", minPassword)
	}
	return ""
}
