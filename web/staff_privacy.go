package web

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// personRoutes answer a person who asks for their data, or for its end (D-36).
func (s *Server) personRoutes() {
	s.get("/staff/privacy", s.staffMay(team.HandlePrivacy, s.person))
	s.post("/staff/privacy", 0, s.staffMay(team.HandlePrivacy, s.personFind))
	s.post("/staff/privacy/export", 0, s.staffMay(team.HandlePrivacy, s.personExport))
	s.post("/staff/privacy/erase", 0, s.staffMay(team.HandlePrivacy, s.personErase))
}

var personPage = definePage[personView]("staff_privacy")

type personView struct {
	Chrome
	Desk    desk
	Email   string
	Found   bool
	Holding deflect.Holding
	Erased  bool
	Errors  map[string]string
}

// person asks for an address. It is sent as a form: addresses must not stand
// in the log of a proxy.
func (s *Server) person(c *gin.Context, m *ticket.Staff) error {
	return s.showPerson(c, m, http.StatusOK, personView{Erased: c.Query("erased") == "1"})
}

func (s *Server) showPerson(c *gin.Context, m *ticket.Staff, status int, v personView) error {
	v.Chrome = s.staffChrome(c, "staff.privacy.title")
	if v.Errors == nil {
		v.Errors = map[string]string{}
	}
	var err error
	if v.Desk, err = s.desk(c, m, "privacy"); err != nil {
		return err
	}
	return render(s, c, status, personPage, v)
}

// personEmail reads the address of the form.
func personEmail(c *gin.Context) (string, error) {
	if err := c.Request.ParseForm(); err != nil {
		return "", errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	return clip(strings.TrimSpace(strings.ToValidUTF8(c.Request.PostForm.Get("email"), "")), 254), nil
}

// personFind shows what is held under an address.
func (s *Server) personFind(c *gin.Context, m *ticket.Staff) error {
	email, err := personEmail(c)
	if err != nil {
		return err
	}
	v := personView{Email: email}
	v.Holding, err = s.opt.Support.Privacy.Find(c.Request.Context(), email)
	if errs.Is(err, errs.NotFound) {
		v.Errors = map[string]string{"email": s.locale(c).T("error.privacy.nobody")}
		return s.showPerson(c, m, http.StatusNotFound, v)
	}
	if err != nil {
		return err
	}
	v.Found = true
	return s.showPerson(c, m, http.StatusOK, v)
}

// personExport sends the archive.
func (s *Server) personExport(c *gin.Context, m *ticket.Staff) error {
	email, err := personEmail(c)
	if err != nil {
		return err
	}
	var archive bytes.Buffer // a person's files are few, and half an archive is worth nothing
	if err := s.opt.Support.Privacy.Export(c.Request.Context(), email, m.ID, s.opt.Clock.Now(), &archive); err != nil {
		return err
	}
	h := c.Writer.Header()
	s.secure(h, nil)
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", `attachment; filename="export.zip"`)
	h.Set("Cache-Control", "no-store")
	s.writeBody(c, http.StatusOK, archive.Bytes())
	return nil
}

// personErase erases when the address was typed a second time.
func (s *Server) personErase(c *gin.Context, m *ticket.Staff) error {
	email, err := personEmail(c)
	if err != nil {
		return err
	}
	ctx, loc := c.Request.Context(), s.locale(c)
	v := personView{Email: email}
	if v.Holding, err = s.opt.Support.Privacy.Find(ctx, email); err != nil {
		return err
	}
	v.Found = true
	if !strings.EqualFold(strings.TrimSpace(c.Request.PostForm.Get("confirm")), email) {
		v.Errors = map[string]string{"confirm": loc.T("error.field.confirm_email")}
		return s.showPerson(c, m, http.StatusUnprocessableEntity, v)
	}
	_, err = s.opt.Support.Privacy.Erase(ctx, email, m.ID)
	if errs.Is(err, errs.Conflict) {
		known := asError(err)
		v.Errors = map[string]string{"confirm": loc.Text(known.Key, known.Args)}
		return s.showPerson(c, m, http.StatusConflict, v)
	}
	if err != nil {
		return err
	}
	s.opt.Support.Gaps.Forget()
	s.redirect(c, http.StatusSeeOther, "/staff/privacy?erased=1")
	return nil
}
