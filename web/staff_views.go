package web

import (
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"
	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// saveView gives the filter that is shown a name.
func (s *Server) saveView(c *gin.Context, m *ticket.Staff) error {
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	form := c.Request.PostForm
	query, err := url.ParseQuery(form.Get("filter"))
	if err != nil {
		return errs.Newf(errs.Invalid, "", "filter: %w", err)
	}
	v, err := ticket.CheckView(ticket.View{
		ID: deflect.NewID(), StaffID: m.ID, Name: form.Get("name"), Shared: form.Get("shared") == "1", Filter: ticket.ParseFilter(query),
	})
	if err == nil {
		err = s.opt.Support.Store.SaveView(c.Request.Context(), v)
	}
	switch errs.KindOf(err) {
	case "":
		s.redirect(c, http.StatusSeeOther, queuePath(v.Filter, ""))
		return nil
	case errs.Invalid:
		wrong := map[string]string{}
		for _, f := range asError(err).Fields {
			wrong[f.Name] = s.locale(c).Text(f.Key, f.Args)
		}
		return s.showQueue(c, m, http.StatusUnprocessableEntity, query, wrong)
	}
	return err
}

// deleteView removes one of the reader's own views.
func (s *Server) deleteView(c *gin.Context, m *ticket.Staff) error {
	if err := s.opt.Support.Store.DeleteView(c.Request.Context(), c.Param("id"), m.ID); err != nil {
		return err
	}
	s.redirect(c, http.StatusSeeOther, "/staff")
	return nil
}
