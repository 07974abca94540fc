package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// macroRoutes are the texts that answers are made from. Everybody reads them;
// who may edit is in team.Matrix.
func (s *Server) macroRoutes() {
	s.get("/staff/macros", s.staffMay(team.WorkTickets, s.macros))
	s.get("/staff/macros/:id", s.staffMay(team.EditMacros, s.macro))
	s.post("/staff/macros/:id", 0, s.staffMay(team.EditMacros, s.macroAct))
}

var (
	macrosPage = definePage[macrosView]("staff_macros")
	macroPage  = definePage[macroView]("staff_macro")
)

// newMacro stands for the id of a macro that is being written.
const newMacro = "new"

// previewTicket is the number that a preview shows.
const previewTicket = "VM-7K3F-92"

type macrosView struct {
	Chrome
	Desk     desk
	Edit     bool
	Rows     []macroRow
	Archived []macroRow
}

type macroRow struct {
	team.Macro
	Name, Lang string // in the reader's language, else in any
	Langs      []string
}

type macroView struct {
	Chrome
	Desk      desk
	ID        string
	Version   int64
	Archived  bool
	Uses      int
	Texts     []macroText // one a language
	State     ticket.State
	States    []ticket.State
	Tags      string
	Variables []string
	Errors    map[string]string
	Summary   string
	Previewed bool
}

type macroText struct {
	Lang, Name, Body string
	Preview          string
}

func (s *Server) langs() []string {
	var all []string
	for _, loc := range s.locales.All {
		all = append(all, loc.Lang)
	}
	return all
}

// macros lists them, the most used first.
func (s *Server) macros(c *gin.Context, m *ticket.Staff) error {
	v := macrosView{Chrome: s.staffChrome(c, "staff.macros.title"), Edit: may(m, team.EditMacros)}
	var err error
	if v.Desk, err = s.desk(c, m, "macros"); err != nil {
		return err
	}
	all, err := s.opt.Support.Store.Macros(c.Request.Context())
	if err != nil {
		return err
	}
	for _, x := range all {
		text, lang := x.In(s.locale(c).Lang)
		row := macroRow{Macro: x, Name: text.Name, Lang: lang}
		for _, l := range s.langs() {
			if x.Texts[l].Body != "" {
				row.Langs = append(row.Langs, l)
			}
		}
		if x.Archived {
			v.Archived = append(v.Archived, row)
		} else {
			v.Rows = append(v.Rows, row)
		}
	}
	return render(s, c, http.StatusOK, macrosPage, v)
}

func (s *Server) macro(c *gin.Context, m *ticket.Staff) error {
	x := team.Macro{}
	if id := c.Param("id"); id != newMacro {
		var err error
		if x, err = s.opt.Support.Store.MacroByID(c.Request.Context(), id); err != nil {
			return err
		}
	}
	return s.showMacro(c, m, http.StatusOK, x, false, nil)
}

func (s *Server) showMacro(c *gin.Context, m *ticket.Staff, status int, x team.Macro, preview bool, wrong *errs.Error) error {
	loc := s.locale(c)
	v := macroView{
		Chrome: s.staffChrome(c, "staff.macros.new"), ID: newMacro, Version: x.Version, Archived: x.Archived, Uses: x.Uses, State: x.State,
		States: []ticket.State{ticket.InProgress, ticket.WaitingCustomer, ticket.Resolved}, Tags: strings.Join(x.Tags, ", "), Previewed: preview,
	}
	if x.ID != "" {
		text, _ := x.In(loc.Lang)
		v.ID, v.Title = x.ID, loc.T("staff.macros.edit", "Name", text.Name)
	}
	v.Errors, v.Summary = s.wrongWords(c, wrong)
	for _, name := range team.Variables {
		v.Variables = append(v.Variables, "{{"+name+"}}")
	}
	for _, l := range s.langs() {
		t := macroText{Lang: l, Name: x.Texts[l].Name, Body: x.Texts[l].Body}
		if preview && wrong == nil && t.Body != "" {
			var err error
			if t.Preview, err = team.Render(t.Body, s.previewValues(m, l)); err != nil {
				return err
			}
		}
		v.Texts = append(v.Texts, t)
	}
	var err error
	if v.Desk, err = s.desk(c, m, "macros"); err != nil {
		return err
	}
	return render(s, c, status, macroPage, v)
}

// previewValues are the data of a ticket that nobody wrote.
func (s *Server) previewValues(m *ticket.Staff, lang string) map[string]string {
	loc := s.locales.Get(lang)
	due := s.opt.Clock.Now().Add(2 * time.Hour).Truncate(time.Minute)
	t := ticket.Ticket{
		Number: previewTicket, Subject: loc.T("staff.macros.sample_subject"), Priority: ticket.P2, Tier: ticket.Business,
		SLA: []ticket.Target{{Name: "periodic_update", Due: due}},
	}
	who := ticket.CustomerView{Name: loc.T("staff.macros.sample_name"), Company: "ACME"}
	return s.macroValues(t, who, m, lang)
}

// readMacro is a macro's form.
func (s *Server) readMacro(id string, f url.Values) team.Macro {
	x := team.Macro{Texts: map[string]team.MacroText{}, State: ticket.State(f.Get("state")), Tags: strings.Split(clip(f.Get("tags"), 500), ","), Version: number(f.Get("version"))}
	if id != newMacro {
		x.ID = id
	}
	for _, l := range s.langs() {
		x.Texts[l] = team.MacroText{Name: f.Get("name_" + l), Body: f.Get("body_" + l)}
	}
	return x
}

// macroAct previews, saves, archives or brings back a macro.
func (s *Server) macroAct(c *gin.Context, m *ticket.Staff) error {
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	f, ctx, svc, id := c.Request.PostForm, c.Request.Context(), s.opt.Support.Team, c.Param("id")
	x := s.readMacro(id, f)
	var err error
	switch f.Get("action") {
	case "preview":
		if err = x.Clean(s.langs()); err == nil {
			return s.showMacro(c, m, http.StatusOK, x, true, nil)
		}
	case "save":
		_, err = svc.SaveMacro(ctx, m.ID, x, s.langs())
	case "archive", "restore":
		err = svc.ArchiveMacro(ctx, m.ID, id, f.Get("action") == "archive")
	default:
		err = errs.InvalidFields(errs.Field{Name: "action", Key: "error.field.choice"})
	}
	switch errs.KindOf(err) {
	case "":
		s.redirect(c, http.StatusSeeOther, "/staff/macros")
		return nil
	case errs.Invalid:
		return s.showMacro(c, m, http.StatusUnprocessableEntity, x, false, asError(err))
	case errs.Conflict:
		// Having read that somebody was faster, the person may save over it.
		if now, err := s.opt.Support.Store.MacroByID(ctx, id); err == nil {
			x.Version = now.Version
		}
		return s.showMacro(c, m, http.StatusConflict, x, false, asError(err))
	}
	return err
}
