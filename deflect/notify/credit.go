package notify

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/vmcloud/ricochet/deflect/ticket"
)

// CreditNotice is the mail that says what became of a claimed credit.
const CreditNotice MailKind = "credit"

// CreditDecided tells the customer what became of a credit that they claimed
// (D-26): the handler of ticket.JobCreditDecided.
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
		data := n.data(t, to)
		data["Month"], data["Reason"], data["Share"] = c.Month, c.Reason, percent(t.Lang, c.Applied)
		return n.post(tx, Mail{
			Dedupe: "credit:" + c.ID, TicketID: t.ID, Kind: CreditNotice,
			Subject: n.Texts.Text(t.Lang, key+".subject", data), Body: n.Texts.Text(t.Lang, key+".body", data),
			InReplyTo: n.threadID(t.ID),
		}, to, t.Lang)
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
