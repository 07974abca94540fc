// Package team is how the team works: who may do what, accounts and their
// second factor, planned absences, the audit log, and the texts answers are
// made from.
package team

import (
	"slices"

	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// Permission is one thing a person may or may not do on the desk.
type Permission string

// The permissions. Matrix says who has them.
const (
	WorkTickets      Permission = "tickets.work"      // read and answer tickets, quarantine, alerts
	SeeFigures       Permission = "figures.see"       // deflection, reports, status
	EditMacros       Permission = "macros.edit"       // and mail templates
	ReviewQuality    Permission = "quality.review"    // review bad surveys, score QA samples, contact detractors
	ManageAbsences   Permission = "absences.manage"   // of others; everybody plans their own
	ChangeExperiment Permission = "experiment.change" // the hold-out's share
	ChangeCosts      Permission = "costs.change"      // what the team costs, for the cost of a ticket
	DecideCredits    Permission = "credits.decide"    // approve, refuse, exclude (D-25, D-26)
	SeeAudit         Permission = "audit.see"
	HandlePrivacy    Permission = "privacy.handle" // export and erase a person's data
	ManageAccounts   Permission = "accounts.manage"
	ManageSettings   Permission = "settings.manage"
)

// Matrix is who may do what, in one place. Whoever is not listed may not.
var Matrix = map[Permission][]ticket.Role{
	WorkTickets:      {ticket.Agent, ticket.Lead, ticket.Manager, ticket.Director, ticket.Admin},
	SeeFigures:       {ticket.Agent, ticket.Lead, ticket.Manager, ticket.Director, ticket.Admin},
	EditMacros:       {ticket.Lead, ticket.Manager, ticket.Admin},
	ReviewQuality:    {ticket.Lead, ticket.Manager, ticket.Director, ticket.Admin},
	ManageAbsences:   {ticket.Lead, ticket.Manager, ticket.Admin},
	ChangeExperiment: {ticket.Lead, ticket.Manager, ticket.Director, ticket.Admin},
	DecideCredits:    {ticket.Manager, ticket.Director, ticket.Admin},
	ChangeCosts:      {ticket.Manager, ticket.Director, ticket.Admin},
	SeeAudit:         {ticket.Manager, ticket.Director, ticket.Admin},
	HandlePrivacy:    {ticket.Manager, ticket.Director, ticket.Admin},
	ManageAccounts:   {ticket.Admin},
	ManageSettings:   {ticket.Admin},
}

// May says whether a role has a permission.
func May(role ticket.Role, p Permission) bool { return slices.Contains(Matrix[p], role) }

// Require is nil when a role has a permission, else an error of kind
// forbidden.
func Require(role ticket.Role, p Permission) error {
	if May(role, p) {
		return nil
	}
	return errs.Newf(errs.Forbidden, "error.staff.role", "role %q may not %s", role, p)
}
