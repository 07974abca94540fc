package ticket

import (
	"cmp"
	"slices"
)

// Substitute is who takes a ticket over when its owner is away (D-18): whoever
// of the agents and leads is there, one who answers in the customer's language
// first, then the one with the least to do (D-22). "" when nobody is there.
func Substitute(team []Staff, away map[string]bool, load map[string]int, t Ticket) string {
	var there []Staff
	for _, m := range team {
		if m.Active() && !away[m.ID] && m.ID != t.Assignee && (m.Role == Agent || m.Role == Lead) {
			there = append(there, m)
		}
	}
	if len(there) == 0 {
		return ""
	}
	foreign := func(m Staff) int {
		if slices.Contains(m.Skills.Langs, t.Lang) {
			return 0
		}
		return 1
	}
	best := slices.MinFunc(there, func(a, b Staff) int {
		return cmp.Or(cmp.Compare(foreign(a), foreign(b)), cmp.Compare(load[a.ID], load[b.ID]), cmp.Compare(a.ID, b.ID))
	})
	return best.ID
}
