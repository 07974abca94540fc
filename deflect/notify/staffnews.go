package notify

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/vmcloud/ricochet/internal/errs"
)

// news is the payload of ticket.JobTellStaff.
type news struct {
	Ticket  string `json:"ticket"`
	Staff   string `json:"staff"`
	About   string `json:"about"` // mentioned, assigned, watched
	Message string `json:"message"`
	Version int64  `json:"version"` // of the ticket before what they are told about
}

// StaffNews tells one staff member about a ticket: that a note names them, that
// it is theirs now, or that something happened to a ticket they follow.
func (n *Notifier) StaffNews(ctx context.Context, payload string) error {
	var j news
	if err := json.Unmarshal([]byte(payload), &j); err != nil {
		return fmt.Errorf("job payload: %w", err)
	}
	return n.Store.InTx(ctx, func(tx Tx) error {
		t, err := tx.TicketByID(j.Ticket)
		if err != nil {
			return err
		}
		to, err := tx.StaffRecipient(j.Staff)
		if errs.Is(err, errs.NotFound) {
			return nil // the account was removed meanwhile
		}
		if err != nil {
			return err
		}
		from, err := tx.RecipientOf(t.PersonID)
		if err != nil {
			return err
		}
		data := n.data(t, from)
		data["Link"] = n.BaseURL + "/staff/tickets/" + t.ID
		data["State"] = n.Texts.Text(to.Lang, "state."+string(t.State), nil)
		data["Priority"] = string(t.Priority)
		if j.Message != "" {
			m, err := tx.MessageByID(j.Message)
			if err != nil {
				return err
			}
			data["Message"] = m.Body
		}
		key := "mail.staff_" + j.About
		return n.post(tx, Mail{
			Dedupe: fmt.Sprintf("%s:%s:%d:%s", j.About, t.ID, j.Version, to.PersonID), TicketID: t.ID, Kind: StaffNotice, SendAt: n.sendAt(tx, t),
			Subject: n.Texts.Text(to.Lang, key+".subject", data), Body: n.Texts.Text(to.Lang, key+".body", data),
			InReplyTo: n.threadID(t.ID),
		}, to, to.Lang)
	})
}
