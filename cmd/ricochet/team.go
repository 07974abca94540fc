package main

import (
	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/web"
)

// team is the service behind accounts, absences and macros.
func (a *app) team() *team.Service {
	return &team.Service{
		Store: store.As[team.Tx]{DB: a.db, Cast: func(tx *store.Tx) team.Tx { return tx }},
		Invited: func(tx team.Tx, to ticket.Staff, secret string) error {
			days := int(team.InviteAge.Hours() / 24)
			return a.notifier.Invite(tx.(*store.Tx), to, team.HashSecret(secret), web.JoinLink(a.baseURL, secret), days)
		},
	}
}
