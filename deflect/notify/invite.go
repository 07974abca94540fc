package notify

import (
	"github.com/vmcloud/ricochet/deflect/ticket"
)

// Invitation is the mail that carries the one-time link of an account. Its text
// is a key to the desk, so the outbox forgets it once it was sent.
const Invitation MailKind = "invitation"

// Invite mails an account's one-time link to its owner, in the caller's
// transaction: an invitation that exists was mailed. link works once, for days;
// key names the link without giving it away.
func (n *Notifier) Invite(tx Tx, to ticket.Staff, key, link string, days int) error {
	data := map[string]any{"Name": to.Name, "Link": link, "Days": days}
	return n.post(tx, Mail{
		Dedupe: "invite:" + key, Kind: Invitation,
		Subject: n.Texts.Text(to.Lang, "staff.join.mail_subject", data), Body: n.Texts.Text(to.Lang, "staff.join.mail_body", data),
	}, Recipient{PersonID: to.ID, Email: to.Email, Name: to.Name, Lang: to.Lang}, to.Lang)
}
