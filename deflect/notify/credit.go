package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

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
		data["Month"], data["Reason"], data["Share"] = n.monthName(t.Lang, c.Month), c.Reason, n.percent(t.Lang, c.Applied)
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

// percent writes hundredths of a percent as the language does: "7.25%", "5 %".
func (n *Notifier) percent(lang string, share int) string {
	s := strconv.Itoa(share / 100)
	if rest := share % 100; rest != 0 {
		s += n.Texts.Text(lang, "number.decimal", nil) + strings.TrimRight(fmt.Sprintf("%02d", rest), "0")
	}
	return n.Texts.Text(lang, "number.percent", map[string]any{"N": s})
}

// monthName is a month as "2006-01" in words.
func (n *Notifier) monthName(lang, month string) string {
	t, err := time.Parse("2006-01", month)
	if err != nil {
		return month
	}
	name := n.Texts.Text(lang, "month.m"+strconv.Itoa(int(t.Month())), nil)
	return n.Texts.Text(lang, "reports.month", map[string]any{"Month": name, "Year": t.Format("2006")})
}
