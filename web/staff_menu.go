package web

import (
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
)

// menuEntry is a page of the desk's menu.
type menuEntry struct {
	Here  string // the page's own name for itself, see Server.desk
	Path  string
	Key   string // text key of its name
	May   team.Permission
	Badge string // how much waits there, "" for nothing
}

// deskMenu is the desk's menu: first what is open all day, behind "more" what
// is looked at now and then. A person sees the entries the role allows.
var deskMenu = struct{ daily, more []menuEntry }{
	daily: []menuEntry{
		{Here: "queue", Path: "/staff", Key: "staff.queue.title", May: team.WorkTickets},
		{Here: "alerts", Path: "/staff/alerts", Key: "staff.alerts.title", May: team.WorkTickets},
		{Here: "incidents", Path: "/staff/incidents", Key: "staff.incidents.title", May: team.WorkTickets},
		{Here: "quarantine", Path: "/staff/quarantine", Key: "staff.quarantine.title", May: team.WorkTickets},
		{Here: "deflection", Path: "/staff/deflection", Key: "staff.deflection.title", May: team.SeeFigures},
		{Here: "insights", Path: "/staff/insights", Key: "insights.title", May: team.SeeFigures},
	},
	more: []menuEntry{
		{Here: "owed", Path: "/staff/owed", Key: "staff.owed.title", May: team.WorkTickets},
		{Here: "experiment", Path: "/staff/experiment", Key: "staff.experiment.title", May: team.SeeFigures},
		{Here: "mails", Path: "/staff/mails", Key: "staff.mails.title", May: team.EditMacros},
		{Here: "macros", Path: "/staff/macros", Key: "staff.macros.title", May: team.WorkTickets},
		{Here: "quality", Path: "/staff/quality", Key: "staff.quality.title", May: team.ReviewQuality},
		{Here: "costs", Path: "/staff/costs", Key: "costs.title", May: team.ChangeCosts},
		{Here: "credits", Path: "/staff/credits", Key: "staff.credits.title", May: team.DecideCredits},
		{Here: "accounts", Path: "/staff/accounts", Key: "staff.accounts.title", May: team.ManageAbsences},
		{Here: "privacy", Path: "/staff/privacy", Key: "staff.privacy.title", May: team.HandlePrivacy},
		{Here: "audit", Path: "/staff/audit", Key: "staff.audit.title", May: team.SeeAudit},
		{Here: "status", Path: "/staff/status", Key: "staff.status.title", May: team.SeeFigures},
	},
}

// menuFor is the part of a menu that a role may see, with its badges.
func menuFor(entries []menuEntry, role ticket.Role, badges map[string]string) []menuEntry {
	var mine []menuEntry
	for _, e := range entries {
		if team.May(role, e.May) {
			e.Badge = badges[e.Here]
			mine = append(mine, e)
		}
	}
	return mine
}

// desk is what the frame of the staff pages shows.
type desk struct {
	Here  string
	Me    string
	Daily []menuEntry
	More  []menuEntry
	Aside bool // the page is one of More
}

// desk makes the frame of the page that calls itself here.
func (s *Server) desk(c *gin.Context, m *ticket.Staff, here string) (desk, error) {
	ctx, db := c.Request.Context(), s.opt.Support.Store
	active, err := s.countViews(ctx, []ticket.Filter{{}})
	if err != nil {
		return desk{}, err
	}
	held, err := db.CountQuarantine(ctx)
	if err != nil {
		return desk{}, err
	}
	failed, err := db.CountUndelivered(ctx, s.opt.Clock.Now().Add(-alertWeek))
	if err != nil {
		return desk{}, err
	}
	badges := map[string]string{"alerts": badge(failed), "queue": active[0].text(), "quarantine": badge(held), "status": badge(s.wrong())}
	d := desk{Here: here, Me: m.Name, Daily: menuFor(deskMenu.daily, m.Role, badges), More: menuFor(deskMenu.more, m.Role, badges)}
	for _, e := range d.More {
		d.Aside = d.Aside || e.Here == here
	}
	return d, nil
}

// badge is a number that matters when it is not 0.
func badge(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// staffMay lets only the signed-in pass whose role has a permission; the
// others see why not.
func (s *Server) staffMay(p team.Permission, h func(*gin.Context, *ticket.Staff) error) handler {
	return s.staffOnly(func(c *gin.Context, m *ticket.Staff) error {
		if err := team.Require(m.Role, p); err != nil {
			return err
		}
		return h(c, m)
	})
}

// may says whether a person has a permission, for what a page offers.
func may(m *ticket.Staff, p team.Permission) bool { return team.May(m.Role, p) }

// audit notes what a person did that changed no row, such as an export.
func (s *Server) audit(c *gin.Context, m *ticket.Staff, action, object string, data map[string]string) error {
	return s.opt.Support.Store.Audit(c.Request.Context(), m.ID, action, object, data)
}
