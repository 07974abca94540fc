package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"rsc.io/qr"

	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

var mePage = definePage[meView]("staff_me")

// meView is a person's own account.
type meView struct {
	Chrome
	Desk     desk
	Me       ticket.Staff
	Langs    []LanguageLink
	Min      int
	Sessions []sessionView
	Absences []absenceView
	Left     int    // recovery codes
	Need     bool   // the role must have a second factor, and the person has none
	Secret   string // of the second factor being set, "" when none is
	Spaced   string // Secret in groups, to type
	QR       qrView
	Recovery []string // fresh recovery codes, shown once
	Done     string   // what was just done, "" for nothing: a text key's end
	Errors   map[string]string
}

type sessionView struct {
	team.Session
	Here bool // the session of this request
}

// qrView is a QR code as one SVG path of unit squares.
type qrView struct {
	Size int // modules a side, the quiet zone included
	Path string
}

// quiet is the empty border a QR code needs, in modules (ISO 18004).
const quiet = 4

func newQR(text string) (qrView, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return qrView{}, fmt.Errorf("qr: %w", err)
	}
	var b strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			run := 0
			for x+run < code.Size && code.Black(x+run, y) {
				run++
			}
			if run > 0 {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", x+quiet, y+quiet, run, run)
				x += run
			}
		}
	}
	return qrView{code.Size + 2*quiet, b.String()}, nil
}

func (s *Server) me(c *gin.Context, m *ticket.Staff) error {
	v := meView{Done: c.Query("done")}
	if c.Query("need") == "totp" || c.Query("totp") == "1" {
		v.Secret = team.NewTOTPSecret()
	}
	return s.showMe(c, m, http.StatusOK, v, nil)
}

// meDone are the ends of the text keys that say what was done.
var meDone = map[string]bool{"profile": true, "password": true, "totp_off": true, "session": true, "sessions": true, "absence": true, "absence_cancel": true}

func (s *Server) showMe(c *gin.Context, m *ticket.Staff, status int, v meView, wrong *errs.Error) error {
	ctx, db, now := c.Request.Context(), s.opt.Support.Store, s.opt.Clock.Now()
	v.Chrome, v.Me, v.Min = s.staffChrome(c, "staff.me.title"), *m, minPassword
	v.Errors, _ = s.wrongWords(c, wrong)
	if !meDone[v.Done] {
		v.Done = ""
	}
	v.Langs = s.languageLinks()
	var err error
	if v.Desk, err = s.desk(c, m, "me"); err != nil {
		return err
	}
	sessions, err := db.SessionsOf(ctx, m.ID, now)
	if err != nil {
		return err
	}
	here := s.sessionHash(c)
	for _, x := range sessions {
		v.Sessions = append(v.Sessions, sessionView{x, x.ID == here})
	}
	absences, err := db.Absences(ctx, now)
	if err != nil {
		return err
	}
	v.Absences = s.absenceViews(absences, map[string]string{m.ID: m.Name}, now)
	if v.Left, err = db.RecoveryLeft(ctx, m.ID); err != nil {
		return err
	}
	setting, err := db.Setting(ctx, team.SecondFactorSetting)
	if err != nil && !errs.Is(err, errs.NotFound) {
		return err
	}
	if v.Need, err = team.NeedsSecondFactor(setting, m.Role); err != nil {
		return err
	}
	if v.Secret != "" {
		v.Spaced = grouped(v.Secret)
		if v.QR, err = newQR(team.TOTPAddress(v.Secret, s.locale(c).T("site.company"), m.Email)); err != nil {
			return err
		}
	}
	return render(s, c, status, mePage, v)
}

// grouped puts a space after every fourth character.
func grouped(s string) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// meAct takes the forms of a person's own account.
func (s *Server) meAct(c *gin.Context, m *ticket.Staff) error {
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	f, ctx, svc := c.Request.PostForm, c.Request.Context(), s.opt.Support.Team
	action := f.Get("action")
	var err error
	switch action {
	case "profile":
		err = s.saveOwnProfile(c, m, f.Get("name"), f.Get("lang"))
	case "password":
		err = s.changePassword(c, m, f.Get("current"), f.Get("password"))
	case "totp":
		var codes []string
		if codes, err = svc.EnableTOTP(ctx, m.ID, f.Get("secret"), f.Get("code")); err == nil {
			m.TOTPSecret = f.Get("secret")
			return s.showMe(c, m, http.StatusOK, meView{Recovery: codes}, nil)
		}
	case "totp_off":
		if err = s.checkOwnPassword(c, m, "current_totp", f.Get("current_totp")); err == nil {
			err = svc.DisableTOTP(ctx, m.ID, m.ID)
		}
	case "session":
		err = svc.EndSession(ctx, m.ID, f.Get("session"))
	case "sessions":
		err = svc.EndSessions(ctx, m.ID, s.sessionHash(c))
	case "absence":
		err = s.planAbsence(c, m, m.ID)
	case "absence_cancel":
		err = svc.CancelAbsence(ctx, m.ID, f.Get("absence"))
	default:
		err = errs.InvalidFields(errs.Field{Name: "action", Key: "error.field.choice"})
	}
	if errs.Is(err, errs.Invalid) {
		v := meView{}
		if action == "totp" && len(f.Get("secret")) <= 64 {
			v.Secret = f.Get("secret")
		}
		return s.showMe(c, m, http.StatusUnprocessableEntity, v, asError(err))
	}
	if err != nil {
		return err
	}
	s.redirect(c, http.StatusSeeOther, "/staff/me?done="+action)
	return nil
}

func (s *Server) saveOwnProfile(c *gin.Context, m *ticket.Staff, name, lang string) error {
	if s.locales.Get(lang) == nil {
		return errs.InvalidFields(errs.Field{Name: "lang", Key: "error.field.lang"})
	}
	return s.opt.Support.Team.SaveOwn(c.Request.Context(), m.ID, name, lang)
}

// checkOwnPassword makes sure that it is the owner who sits at the screen.
func (s *Server) checkOwnPassword(c *gin.Context, m *ticket.Staff, field, password string) error {
	if wait := s.logins.wait("own:" + m.ID); wait > 0 {
		return &errs.Error{Kind: errs.RateLimited, RetryAfter: wait}
	}
	if len(password) > maxPassword*4 || !checkPassword(m.PasswordHash, password) {
		s.log.Warn("wrong password on the own account", "request_id", s.requestID(c), "staff", m.ID)
		return errs.InvalidFields(errs.Field{Name: field, Key: "error.field.password_wrong"})
	}
	return nil
}

func (s *Server) changePassword(c *gin.Context, m *ticket.Staff, current, password string) error {
	if err := s.checkOwnPassword(c, m, "current", current); err != nil {
		return err
	}
	if s.wrongPassword(c, password) != "" {
		return errs.InvalidFields(errs.Field{Name: "password", Key: "error.field.password", Args: map[string]any{"Min": minPassword}})
	}
	return s.opt.Support.Team.ChangePassword(c.Request.Context(), m.ID, hashPassword(password), s.sessionHash(c))
}

// absenceView is a planned absence; Until is its last day.
type absenceView struct {
	ID, Name    string
	From, Until time.Time
	Now         bool // it has begun
}

// absenceViews are the absences of the people in names, in words' terms: days.
func (s *Server) absenceViews(all []ticket.Absence, names map[string]string, now time.Time) []absenceView {
	var views []absenceView
	for _, a := range all {
		if name, ok := names[a.StaffID]; ok {
			last := a.Until.In(s.opt.Zone).AddDate(0, 0, -1)
			views = append(views, absenceView{a.ID, name, a.From.In(s.opt.Zone), last, !a.From.After(now)})
		}
	}
	return views
}

// planAbsence reads the days of an absence, both included, in the site's zone.
func (s *Server) planAbsence(c *gin.Context, m *ticket.Staff, staffID string) error {
	f := c.Request.PostForm
	day := func(name string) time.Time {
		d, err := time.ParseInLocation(time.DateOnly, f.Get(name), s.opt.Zone)
		if err != nil {
			return time.Time{} // the service says that a date is missing
		}
		return d
	}
	from, until := day("from"), day("until")
	if !until.IsZero() {
		until = until.AddDate(0, 0, 1)
	}
	return s.opt.Support.Team.PlanAbsence(c.Request.Context(), m.ID, staffID, from, until)
}
