package web

import (
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/internal/errs"
)

var privacyPage = definePage[privacyView]("privacy")

type privacyView struct {
	Chrome
	Refused bool // measurement is off for this browser
	Signal  bool // because the browser says so
}

// privacy explains the one cookie and lets the person refuse it (D-36).
func (s *Server) privacy(c *gin.Context) error {
	loc := s.locale(c)
	v := privacyView{Chrome: s.chrome(loc, "privacy", loc.T("privacy.title")), Refused: refusesMeasurement(c.Request)}
	v.Signal = c.GetHeader("Sec-GPC") == "1" || c.GetHeader("DNT") == "1"
	v.Kind, v.Description = "privacy", loc.T("privacy.description")
	v.crumbs(loc, Crumb{v.Title, ""})
	return render(s, c, http.StatusOK, privacyPage, v)
}

func (s *Server) privacySet(c *gin.Context) error {
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	switch choice := c.Request.PostForm.Get("measure"); choice {
	case "no":
		// The refusal itself has to be remembered, for longer than a visit.
		s.setCookie(c, visitorCookie, visitorRefuse, "/", 180*24*time.Hour)
	case "yes":
		s.setCookie(c, visitorCookie, "", "/", -time.Second)
	default:
		return errs.InvalidFields(errs.Field{Name: "measure", Key: "error.field.choice"})
	}
	s.redirect(c, http.StatusSeeOther, fmt.Sprintf("/%s/privacy", s.locale(c).Lang))
	return nil
}
