package web

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
)

// TeamStore reads what the pages about the team show.
type TeamStore interface {
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
}

// agentNames are the browsers and systems that a session list can name; of
// several that fit the first is right, since browsers also claim to be others.
var agentNames = struct{ browsers, systems [][2]string }{
	browsers: [][2]string{{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}},
	systems:  [][2]string{{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS", "macOS"}, {"Linux", "Linux"}},
}

// agentName names the browser of a request in two words, "" when it names
// itself as none we know. The whole text is not kept: it would only identify.
func agentName(r *http.Request) string {
	agent := r.UserAgent()
	var parts []string
	for _, list := range [][][2]string{agentNames.browsers, agentNames.systems} {
		for _, n := range list {
			if strings.Contains(agent, n[0]) {
				parts = append(parts, n[1])
				break
			}
		}
	}
	return strings.Join(parts, ", ")
}
