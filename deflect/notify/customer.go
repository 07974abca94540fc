package notify

import (
	"fmt"

	"github.com/vmcloud/ricochet/deflect/ticket"
)

// The mails to customers that timers cause (D-21); their names are the
// notices'.
const (
	WaitingReminder    MailKind = MailKind(ticket.WaitingReminder)
	ResolvedNotice     MailKind = MailKind(ticket.ResolvedNotice)
	ResolutionQuestion MailKind = MailKind(ticket.ResolutionQuestion)
	ResolutionReminder MailKind = MailKind(ticket.ResolutionReminder)
	ClosingNotice      MailKind = MailKind(ticket.ClosingNotice)
	SurveyMail         MailKind = MailKind(ticket.SurveyNotice)
)

// tellCustomer writes the mail of a notice.
func (n *Notifier) tellCustomer(tx Tx, t ticket.Ticket, a ticket.Action) error {
	to, err := tx.RecipientOf(t.PersonID)
	if err != nil {
		return err
	}
	data := n.data(t, to)
	data["Closes"], data["Why"] = "", ""
	if !a.Due.IsZero() {
		data["Closes"] = n.Texts.Instant(t.Lang, a.Due, "")
	}
	if a.Ending != "" {
		data["Why"] = n.Texts.Text(t.Lang, "mail.why."+string(a.Ending), nil)
	}
	kind := MailKind(a.Notice)
	subject, body := n.write(t.Lang, kind, data)
	err = n.post(tx, Mail{
		Dedupe: fmt.Sprintf("notice:%s:%d", t.ID, a.Seq), TicketID: t.ID, Kind: kind, Automatic: true, ReplyTo: n.replyTo(t),
		Subject: subject, Body: body, InReplyTo: n.threadID(t.ID),
	}, to, t.Lang)
	if err != nil || kind != ClosingNotice && kind != SurveyMail {
		return err
	}
	return n.announce(tx, announcement{
		Event: EventClosed, Ticket: &t, Key: fmt.Sprintf("closed:%s:%d", t.ID, a.Seq), At: a.At, SendAt: tx.Now(),
	})
}
