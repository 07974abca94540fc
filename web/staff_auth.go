package web

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
	"golang.org/x/crypto/argon2"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

const (
	staffCookie    = "staff"
	staffSession   = 12 * time.Hour
	minPassword    = 12
	maxPassword    = 200
	loginPerMinute = 10 // per address: a password guesser's pace
	// SetupSetting is the setting that holds the hash of the one-time link.
	SetupSetting = "setup_hash"
)

// argon2id with the second recommendation of RFC 9106 section 4: 64 MiB.
const (
	argonTime    = 3
	argonMemory  = 64 << 10
	argonThreads = 4
	argonSalt    = 16
	argonKey     = 32
)

// hashing bounds the memory that sign-ins can take at once.
var hashing sync.Mutex

// hashPassword makes a PHC string of a password.
func hashPassword(password string) string {
	salt := make([]byte, argonSalt)
	_, _ = rand.Read(salt) // never fails
	hashing.Lock()
	defer hashing.Unlock()
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)
	enc := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads, enc(salt), enc(key))
}

// checkPassword compares in constant time.
func checkPassword(phc, password string) bool {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false
	}
	var version, memory, times int
	var threads uint8
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &times, &threads); err != nil {
		return false
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	key, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(key) == 0 {
		return false
	}
	hashing.Lock()
	defer hashing.Unlock()
	got := argon2.IDKey([]byte(password), salt, uint32(times), uint32(memory), threads, uint32(len(key)))
	return subtle.ConstantTimeCompare(got, key) == 1
}

// decoyHash makes a sign-in with an unknown address take as long as one with
// a wrong password.
var decoyHash = sync.OnceValue(func() string { return hashPassword(randomText(16)) })

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
	m, err := s.opt.Support.Store.StaffBySession(c.Request.Context(), s.sign("session", cookie.Value), s.opt.Clock.Now())
	if errs.Is(err, errs.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
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
	if !known {
		hash = decoyHash()
	}
	password := f.Get("password")
	if len(password) > maxPassword*4 || !checkPassword(hash, password) || !known {
		s.log.Warn("staff sign-in refused", "request_id", s.requestID(c), "ip", c.ClientIP())
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
	err := s.opt.Support.Store.InsertSession(c.Request.Context(), s.sign("session", value), m.ID, s.opt.Clock.Now().Add(staffSession))
	if err == nil {
		s.setCookie(c, staffCookie, value, "/", staffSession)
	}
	return err
}

func (s *Server) logout(c *gin.Context, _ *ticket.Staff) error {
	cookie, err := c.Request.Cookie(staffCookie)
	if err == nil {
		if err := s.opt.Support.Store.DeleteSession(c.Request.Context(), s.sign("session", cookie.Value)); err != nil {
			return err
		}
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
	m := ticket.Staff{ID: deflect.NewID(), Email: v.Email, Name: v.Name, Lang: loc.Lang, Role: "admin", PasswordHash: hashPassword(password)}
	if err := s.opt.Support.Store.CreateFirstStaff(c.Request.Context(), m); err != nil {
		return err
	}
	if err := s.startSession(c, m); err != nil {
		return err
	}
	s.redirect(c, http.StatusSeeOther, "/staff")
	return nil
}
