package notify

import (
	"context"

	"github.com/vmcloud/ricochet/deflect/ticket"
)

// NPSQuestion is the mail with the question of the quarter (D-27).
const NPSQuestion MailKind = "nps"

// npsBatch is how many people are asked in one transaction.
const npsBatch = 50

// AskNPS mails the question of the quarter (D-27) in its last month, once to
// everybody of a company who had a ticket closed in the quarter; it goes out
// when the desk is staffed. It returns how many were asked; fewer than a full
// batch means that nobody is left.
func (n *Notifier) AskNPS(ctx context.Context, tickets *ticket.Service) (asked int, err error) {
	err = n.Store.InTx(ctx, func(tx Tx) error {
		now := tx.Now()
		quarter, start := tickets.Quarter(now), tickets.QuarterStart(now)
		if !tickets.QuarterEnds(now) {
			return nil
		}
		people, err := tx.PeopleForNPS(quarter, start, npsBatch)
		if err != nil {
			return err
		}
		for _, p := range people {
			data := map[string]any{"Name": p.Name, "Link": n.BaseURL + "/" + p.Lang + "/nps/" + n.NPSLink(p.PersonID)}
			err := n.post(tx, Mail{
				Dedupe: NPSKey(quarter, p.PersonID), Kind: NPSQuestion, Automatic: true, SendAt: n.Clocks.Staffed(now),
				Subject: n.Texts.Text(p.Lang, "mail.nps.subject", data), Body: n.Texts.Text(p.Lang, "mail.nps.body", data),
			}, p, p.Lang)
			if err != nil {
				return err
			}
		}
		asked = len(people)
		return nil
	})
	return asked, err
}

// NPSKey is the dedupe key of a quarter's question to a person.
func NPSKey(quarter, personID string) string { return "nps:" + quarter + ":" + personID }
