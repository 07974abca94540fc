package notify

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/vmcloud/ricochet/deflect/ticket"
)

// CreditNotice is the mail that says what became of a claimed credit.
const CreditNotice MailKind = "credit"

// CreditDecided tells the customer, and the channels that bill, what became of
// a claimed credit (D-26): the handler of ticket.JobCreditDecided. Channels get
// shares in hundredths of a percent of the month's price.
func (n *Notifier) CreditDecided(ctx context.Context, payload string) error {
	var j struct {
		Credit string `json:"credit"`
	}
	if err := json.Unmarshal([]byte(payload), &j); err != nil {
		return fmt.Errorf("job payload: %w", err)
	}
	return n.Store.InTx(ctx, func(tx Tx) error {
		c, err := tx.CreditByID(j.Credit)
		if err != nil {
			return err
		}
		t, err := tx.TicketByID(c.Ticket)
		if err != nil {
			return err
		}
		to, err := tx.RecipientOf(t.PersonID)
		if err != nil {
			return err
		}
		key := "mail.credit_refused"
		if c.State == ticket.CreditApplied {
			key = "mail.credit_applied"
		}
		err = n.announce(tx, announcement{
			Event: EventCredit, Ticket: &t, Key: "credit:" + c.ID, At: tx.Now(), SendAt: tx.Now(),
			Data: map[string]any{"credit": map[string]any{
				"id": c.ID, "account": c.Account, "month": c.Month, "state": c.State, "target": c.Breach.Target, "basis_points": c.Applied,
			}},
		})
		if err != nil {
			return err
		}
		data := n.data(t, to)
		data["Month"], data["Reason"], data["Share"] = c.Month, c.Reason, percent(t.Lang, c.Applied)
		err = n.post(tx, Mail{
			Dedupe: "credit:" + c.ID, TicketID: t.ID, Kind: CreditNotice, ReplyTo: n.replyTo(t),
			Subject: n.Texts.Text(t.Lang, key+".subject", data), Body: n.Texts.Text(t.Lang, key+".body", data),
			InReplyTo: n.threadID(t.ID),
		}, to, t.Lang)
		if err != nil {
			return err
		}
		return n.Announce(tx, "credit", c.ID, &t, map[string]any{"credit": map[string]any{
			"id": c.ID, "account": c.Account, "month": c.Month, "state": c.State, "share_bp": c.Share, "applied_bp": c.Applied,
		}})
	})
}

// percent writes hundredths of a percent: "7.25 %", "5 %".
func percent(lang string, share int) string {
	s := fmt.Sprintf("%d", share/100)
	if rest := share % 100; rest != 0 {
		point := "."
		if lang == "fr" {
			point = ","
		}
		s += fmt.Sprintf("%s%02d", point, rest)
	}
	return s + "\u00a0%"
}
