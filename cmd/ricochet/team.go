package main

import (
	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/store"
)

// team is the service behind accounts, absences and macros.
func (a *app) team() *team.Service {
	return &team.Service{Store: store.As[team.Tx]{DB: a.db, Cast: func(tx *store.Tx) team.Tx { return tx }}}
}
