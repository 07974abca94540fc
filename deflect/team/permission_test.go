package team_test

import (
	"testing"

	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// The whole matrix, written a second time: whoever changes who may do what
// changes it here too, on purpose.
func TestMatrix(t *testing.T) {
	const all = "agent lead manager director admin"
	want := map[team.Permission]string{
		team.WorkTickets: all, team.SeeFigures: all,
		team.EditMacros: "lead manager admin", team.ManageAbsences: "lead manager admin",
		team.ReviewQuality: "lead manager director admin", team.ChangeExperiment: "lead manager director admin",
		team.ChangeCosts: "manager director admin", team.DecideCredits: "manager director admin", team.SeeAudit: "manager director admin", team.HandlePrivacy: "manager director admin",
		team.ManageAccounts: "admin", team.ManageSettings: "admin",
	}
	if len(want) != len(team.Matrix) {
		t.Errorf("%d permissions, %d here", len(team.Matrix), len(want))
	}
	for p, who := range want {
		allowed := ""
		for _, r := range ticket.Roles {
			if team.May(r, p) {
				allowed += string(r) + " "
			}
			if err := team.Require(r, p); team.May(r, p) != (err == nil) || err != nil && !errs.Is(err, errs.Forbidden) {
				t.Errorf("%s, %s: %v", r, p, err)
			}
		}
		if allowed != who+" " {
			t.Errorf("%s: %s, want %s", p, allowed, who)
		}
	}
	for _, r := range []ticket.Role{"", "boss", "Admin"} {
		for p := range team.Matrix {
			if team.May(r, p) {
				t.Errorf("a role %q may %s", r, p)
			}
		}
	}
}
