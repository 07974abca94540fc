package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// TeamStore reads what the pages about the team show.
type TeamStore interface {
	CostHistory(ctx context.Context) ([]team.Cost, error)
	Staff(context.Context) ([]ticket.Staff, error)
	StaffByID(ctx context.Context, id string) (ticket.Staff, error)
	InvitedStaff(ctx context.Context, hash string, now time.Time) (ticket.Staff, error)
	TouchSession(ctx context.Context, hash string) error
	SessionsOf(ctx context.Context, staffID string, now time.Time) ([]team.Session, error)
	RecoveryLeft(ctx context.Context, staffID string) (int, error)
	Absences(ctx context.Context, since time.Time) ([]ticket.Absence, error)
	ContactCustomers(ctx context.Context, cents int64) ([]team.ContactCustomer, error)
	Audit(ctx context.Context, actor, action, object string, data map[string]string) error
	AuditEntries(context.Context, team.AuditFilter) ([]team.AuditEntry, error)
	Macros(context.Context) ([]team.Macro, error)
	MacroByID(ctx context.Context, id string) (team.Macro, error)
	CountMacroUse(ctx context.Context, id string) error
}

// accountRoutes are signing in, one's own settings, and the team's accounts.
func (s *Server) accountRoutes() {
	s.get("/staff/login", s.loginForm)
	s.post("/staff/login", 0, s.login)
	s.get("/staff/setup", s.setupForm)
	s.post("/staff/setup", 0, s.setup)
	s.post("/staff/logout", 0, s.staffOnly(s.logout))
	s.post("/staff/login/code", 0, s.loginCode)
	s.get("/staff/join", s.joinForm)
	s.post("/staff/join", 0, s.join)
	s.get("/staff/me", s.staffOnly(s.me))
	s.post("/staff/me", 0, s.staffOnly(s.meAct))
	s.get("/staff/accounts", s.staffMay(team.ManageAbsences, s.accounts))
	s.post("/staff/accounts", 0, s.staffMay(team.ManageAbsences, s.accountsAct))
	s.get("/staff/accounts/:id", s.staffMay(team.ManageAccounts, s.account))
	s.post("/staff/accounts/:id", 0, s.staffMay(team.ManageAccounts, s.accountAct))
	s.get("/staff/audit", s.staffMay(team.SeeAudit, s.auditLog))
	s.get("/staff/audit.csv", s.staffMay(team.SeeAudit, s.auditCSV))
}

var (
	accountsPage = definePage[accountsView]("staff_accounts")
	accountPage  = definePage[accountView]("staff_account")
)

type accountsView struct {
	Chrome
	Desk      desk
	Manage    bool // may change accounts, not only absences
	Rows      []accountRow
	Roles     []ticket.Role
	Langs     []LanguageLink
	Invite    accountForm
	Errors    map[string]string
	Summary   string
	Required  map[ticket.Role]bool // roles that must have a second factor
	Absences  []absenceView
	Customers []team.ContactCustomer
	People    []ticket.Staff // whose accounts work
}

type accountRow struct {
	ticket.Staff
	Away    bool
	Invited bool
}

// accountForm is an account's form as it was typed.
type accountForm struct {
	Email, Name, Lang, Areas string
	Role                     ticket.Role
	Speaks                   map[string]bool
}

type accountView struct {
	Chrome
	Desk     desk
	Account  ticket.Staff
	Form     accountForm
	Roles    []ticket.Role
	Langs    []LanguageLink
	Link     string // the one-time link, shown once
	Days     int    // for which it works
	Absences []absenceView
	Errors   map[string]string
	Summary  string
}

func (s *Server) languageLinks() []LanguageLink {
	var all []LanguageLink
	for _, loc := range s.locales.All {
		all = append(all, LanguageLink{Lang: loc.Lang, Name: loc.Name})
	}
	return all
}

func (s *Server) accounts(c *gin.Context, m *ticket.Staff) error {
	return s.showAccounts(c, m, http.StatusOK, accountForm{Role: ticket.Agent, Lang: s.locale(c).Lang}, nil)
}

func (s *Server) showAccounts(c *gin.Context, m *ticket.Staff, status int, form accountForm, wrong *errs.Error) error {
	ctx, db, now := c.Request.Context(), s.opt.Support.Store, s.opt.Clock.Now()
	v := accountsView{
		Chrome: s.staffChrome(c, "staff.accounts.title"), Manage: may(m, team.ManageAccounts), Roles: ticket.Roles,
		Langs: s.languageLinks(), Invite: form, Required: map[ticket.Role]bool{},
	}
	v.Errors, v.Summary = s.wrongWords(c, wrong)
	var err error
	if v.Desk, err = s.desk(c, m, "accounts"); err != nil {
		return err
	}
	all, err := db.Staff(ctx)
	if err != nil {
		return err
	}
	absences, err := db.Absences(ctx, now)
	if err != nil {
		return err
	}
	names := map[string]string{}
	for _, p := range all {
		row := accountRow{Staff: p, Invited: p.PasswordHash == ""}
		for _, a := range absences {
			row.Away = row.Away || a.StaffID == p.ID && !a.From.After(now)
		}
		v.Rows = append(v.Rows, row)
		names[p.ID] = p.Name
		if p.Active() {
			v.People = append(v.People, p)
		}
	}
	v.Absences = s.absenceViews(absences, names, now)
	if v.Manage {
		setting, err := db.Setting(ctx, team.SecondFactorSetting)
		if err != nil && !errs.Is(err, errs.NotFound) {
			return err
		}
		for _, r := range ticket.Roles {
			if v.Required[r], err = team.NeedsSecondFactor(setting, r); err != nil {
				return err
			}
		}
		if v.Customers, err = db.ContactCustomers(ctx, team.ContactRevenue); err != nil {
			return err
		}
	}
	return render(s, c, status, accountsPage, v)
}

// wrongWords says what is wrong with a form: each field, and the whole.
func (s *Server) wrongWords(c *gin.Context, wrong *errs.Error) (byField map[string]string, summary string) {
	byField = map[string]string{}
	if wrong == nil {
		return byField, ""
	}
	loc := s.locale(c)
	for _, f := range wrong.Fields {
		if byField[f.Name] == "" {
			byField[f.Name] = loc.Text(f.Key, f.Args)
		}
	}
	return byField, failureText(loc, failures[wrong.Kind], wrong)
}

// readAccount is an account's form.
func readAccount(f url.Values) (accountForm, team.Profile) {
	form := accountForm{
		Email: clip(f.Get("email"), intake.MaxEmail+1), Name: clip(f.Get("name"), team.MaxName+1), Lang: f.Get("lang"),
		Areas: clip(f.Get("areas"), 1000), Role: ticket.Role(f.Get("role")), Speaks: map[string]bool{},
	}
	for _, l := range f["langs"] {
		form.Speaks[l] = true
	}
	p := team.Profile{Email: form.Email, Name: form.Name, Lang: form.Lang, Role: form.Role}
	p.Skills = ticket.Skills{Langs: f["langs"], Areas: strings.Split(form.Areas, ",")}
	return form, p
}

// accountsAct takes the forms of the accounts page.
func (s *Server) accountsAct(c *gin.Context, m *ticket.Staff) error {
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	f, ctx, svc := c.Request.PostForm, c.Request.Context(), s.opt.Support.Team
	form, p := readAccount(f)
	var err error
	switch f.Get("action") {
	case "invite":
		if s.locales.Get(p.Lang) == nil {
			err = errs.InvalidFields(errs.Field{Name: "lang", Key: "error.field.lang"})
			break
		}
		var made ticket.Staff
		var secret string
		if made, secret, err = svc.Invite(ctx, m.ID, p, intake.ValidEmail); err == nil {
			return s.showAccount(c, m, http.StatusOK, made.ID, secret, nil)
		}
	case "absence":
		err = s.planAbsence(c, m, f.Get("staff"))
	case "absence_cancel":
		err = svc.CancelAbsence(ctx, m.ID, f.Get("absence"))
	case "contact":
		err = svc.SetNamedContact(ctx, m.ID, f.Get("customer"), f.Get("contact"))
	case "second_factor":
		roles := []ticket.Role{}
		for _, r := range f["roles"] {
			roles = append(roles, ticket.Role(r))
		}
		err = svc.SetSecondFactorRoles(ctx, m.ID, roles)
	default:
		err = errs.InvalidFields(errs.Field{Name: "action", Key: "error.field.choice"})
	}
	switch errs.KindOf(err) {
	case "":
		s.redirect(c, http.StatusSeeOther, "/staff/accounts")
		return nil
	case errs.Invalid:
		return s.showAccounts(c, m, http.StatusUnprocessableEntity, form, asError(err))
	case errs.Conflict:
		return s.showAccounts(c, m, http.StatusConflict, form, asError(err))
	}
	return err
}

// JoinLink is the address of an account's one-time link on a site at base.
func JoinLink(base, secret string) string { return base + joinPath(secret) }

func joinPath(secret string) string { return "/staff/join?token=" + url.QueryEscape(secret) }

func (s *Server) account(c *gin.Context, m *ticket.Staff) error {
	return s.showAccount(c, m, http.StatusOK, c.Param("id"), "", nil)
}

// showAccount shows one account; secret is that of a link made just now.
func (s *Server) showAccount(c *gin.Context, m *ticket.Staff, status int, id, secret string, wrong *errs.Error) error {
	ctx, db := c.Request.Context(), s.opt.Support.Store
	a, err := db.StaffByID(ctx, id)
	if err != nil {
		return err
	}
	v := accountView{
		Chrome: s.staffChrome(c, "staff.account.title", "Name", a.Name), Account: a, Roles: ticket.Roles, Langs: s.languageLinks(),
		Days: int(team.InviteAge.Hours() / 24),
	}
	v.Errors, v.Summary = s.wrongWords(c, wrong)
	v.Form = accountForm{Email: a.Email, Name: a.Name, Lang: a.Lang, Role: a.Role, Areas: strings.Join(a.Skills.Areas, ", "), Speaks: map[string]bool{}}
	for _, l := range a.Skills.Langs {
		v.Form.Speaks[l] = true
	}
	if wrong != nil && wrong.Kind == errs.Invalid {
		v.Form, _ = readAccount(c.Request.PostForm)
	}
	if v.Desk, err = s.desk(c, m, "accounts"); err != nil {
		return err
	}
	now := s.opt.Clock.Now()
	absences, err := db.Absences(ctx, now)
	if err != nil {
		return err
	}
	v.Absences = s.absenceViews(absences, map[string]string{a.ID: a.Name}, now)
	if secret != "" {
		v.Link = s.absolute(joinPath(secret))
	}
	return render(s, c, status, accountPage, v)
}

// accountAct takes the forms of one account.
func (s *Server) accountAct(c *gin.Context, m *ticket.Staff) error {
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	f, ctx, svc, id := c.Request.PostForm, c.Request.Context(), s.opt.Support.Team, c.Param("id")
	var err error
	switch f.Get("action") {
	case "save":
		_, p := readAccount(f)
		if s.locales.Get(p.Lang) == nil {
			err = errs.InvalidFields(errs.Field{Name: "lang", Key: "error.field.lang"})
			break
		}
		err = svc.SaveProfile(ctx, m.ID, id, p)
	case "invite":
		var secret string
		if secret, err = svc.InviteAgain(ctx, m.ID, id); err == nil {
			return s.showAccount(c, m, http.StatusOK, id, secret, nil)
		}
	case "disable", "enable":
		err = svc.SetDisabled(ctx, m.ID, id, f.Get("action") == "disable")
	case "totp_off":
		err = svc.DisableTOTP(ctx, m.ID, id)
	default:
		err = errs.InvalidFields(errs.Field{Name: "action", Key: "error.field.choice"})
	}
	switch errs.KindOf(err) {
	case "":
		s.redirect(c, http.StatusSeeOther, "/staff/accounts/"+id)
		return nil
	case errs.Invalid:
		return s.showAccount(c, m, http.StatusUnprocessableEntity, id, "", asError(err))
	case errs.Conflict:
		return s.showAccount(c, m, http.StatusConflict, id, "", asError(err))
	}
	return err
}
