package web

import (
	"encoding/json"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/sla"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

var creditPage = definePage[staffCreditView]("staff_credit")

// staffCreditView is one credit with what it rests on, and the month of its account
// under the cap (D-25, D-26).
type staffCreditView struct {
	Chrome
	Desk    desk
	Credit  staffCredit
	Story   clockView // of the broken promise, as it was frozen at the breach
	Told    bool      // there is a story
	Rows    []staffCredit
	Earned  float64
	Applied float64
	Cap     float64
}

// credit shows a credit's evidence and its account's month.
func (s *Server) credit(c *gin.Context, m *ticket.Staff) error {
	ctx, db, loc, now := c.Request.Context(), s.opt.Support.Store, s.locale(c), s.opt.Clock.Now()
	one, err := db.CreditByID(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	v := staffCreditView{Chrome: s.staffChrome(c, "staff.credits.one")}
	if v.Desk, err = s.desk(c, m, "credits"); err != nil {
		return err
	}
	names, err := db.StaffNames(ctx)
	if err != nil {
		return err
	}
	rows, err := db.Credits(ctx, ticket.CreditFilter{Account: one.Account, Month: one.Month, Limit: creditsExport})
	if err != nil {
		return err
	}
	month := make([]ticket.Credit, len(rows))
	for i, r := range rows {
		month[i] = r.Credit
		row := staffCreditOf(r, names, now)
		v.Rows = append(v.Rows, row)
		if r.ID == one.ID {
			v.Credit = row
		}
	}
	limit, err := db.CreditCap(ctx, one.Account)
	if err != nil {
		return err
	}
	st := s.opt.Support.Tickets.StatementOf(month, limit)
	v.Earned, v.Applied, v.Cap = float64(st.Earned)/10_000, float64(st.Applied)/10_000, float64(st.Cap)/10_000
	var frozen sla.State
	if err := json.Unmarshal(one.Evidence, &frozen); err != nil {
		return errs.Newf(errs.Internal, "", "evidence of credit %s: %w", one.ID, err)
	}
	for _, cy := range frozen.Cycles {
		if cy.Target == one.Breach.Target && cy.Number == one.Breach.Cycle {
			v.Story.explain(loc, cy, now)
			v.Told = true
		}
	}
	return render(s, c, http.StatusOK, creditPage, v)
}
