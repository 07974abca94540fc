package notify

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/vmcloud/ricochet/deflect/ticket"
)

// Alert is one thing the team was told, or should have been (D-18, D-22,
// D-24). It holds ids only (D-36).
type Alert struct {
	ID         string
	Dedupe     string // ticket, target, cycle and threshold: each is told once (D-18)
	TicketID   string // "" when it is about the installation
	Event      string // "alert.75", "page", "escalation.L3" ...
	Target     string
	Cycle      int
	Due        time.Time // the promise, zero when none is meant
	Audience   []ticket.Role
	Unverified bool // nobody has proved to read the sender's address
	Held       bool // nobody was called: an unverified sender had been within the hour (D-22)
	FiredAt    time.Time
	CreatedAt  time.Time
}

// The events the team is told of.
const (
	EventCreated    = "ticket.created"
	EventClosed     = "ticket.closed"
	EventPage       = "page"
	EventBreach     = "breach"
	EventFeedFailed = "feed.failed"
	EventCredit     = "credit" // decided (D-26): what billing needs
)

// AlertMail tells a member of the team of an alert.
const AlertMail MailKind = "alert"

// pageEvery is how often unverified senders together may call on-call (D-22).
const pageEvery = time.Hour

// raise records an alert and tells its audience and the channels that want it;
// both wait until the desk is staffed unless at once is said. It does nothing
// when the alert is there already.
func (n *Notifier) raise(tx Tx, t *ticket.Ticket, a Alert, to []Recipient, atOnce bool) error {
	a.ID, a.CreatedAt = uuid.Must(uuid.NewV7()).String(), tx.Now()
	if t != nil {
		a.TicketID = t.ID
	}
	ok, err := tx.InsertAlert(a)
	if err != nil || !ok || a.Held {
		return err
	}
	sendAt := tx.Now()
	if !atOnce {
		sendAt = n.Clocks.Staffed(sendAt)
	}
	for _, r := range to {
		if err := n.post(tx, n.alertMail(t, a, r, sendAt), r, r.Lang); err != nil {
			return err
		}
	}
	return n.announce(tx, announcement{Event: a.Event, Ticket: t, Alert: &a, Key: a.Dedupe, At: a.FiredAt, SendAt: sendAt})
}

// TellAdmins records something about the installation and tells the admins and
// the channels that want it. key makes it this event and no other.
func (n *Notifier) TellAdmins(ctx context.Context, event, key string) error {
	return n.Store.InTx(ctx, func(tx Tx) error {
		to, err := audience(tx, ticket.Admin)
		if err != nil {
			return err
		}
		a := Alert{Dedupe: event + ":" + key, Event: event, FiredAt: tx.Now(), Audience: []ticket.Role{ticket.Admin}}
		return n.raise(tx, nil, a, to, false)
	})
}

// alertMail writes the mail of an alert.
func (n *Notifier) alertMail(t *ticket.Ticket, a Alert, to Recipient, sendAt time.Time) Mail {
	data := n.alertData(t, &a, to.Lang)
	m := Mail{
		Dedupe: "alert:" + a.ID + ":" + to.PersonID, Kind: AlertMail, Automatic: true, AlertID: a.ID, SendAt: sendAt,
		Subject: n.Texts.Text(to.Lang, "mail.alert.subject", data), Body: n.Texts.Text(to.Lang, "mail.alert.body", data),
	}
	if t != nil {
		m.TicketID, m.InReplyTo = t.ID, n.threadID(t.ID)
	} else {
		m.Subject, m.Body = n.Texts.Text(to.Lang, "mail.alert.subject_site", data), n.Texts.Text(to.Lang, "mail.alert.body_site", data)
	}
	return m
}

// alertData are the words of an alert. The ticket's subject is left to the
// mail: chat rooms are told no customer's words.
func (n *Notifier) alertData(t *ticket.Ticket, a *Alert, lang string) map[string]any {
	text := func(key string) string { return n.Texts.Text(lang, key, nil) }
	data := map[string]any{"Due": "–", "Target": "", "Link": n.BaseURL + "/staff/alerts", "Number": "", "Subject": "", "Tier": "", "Priority": "", "State": ""}
	if a.Target != "" {
		data["Target"] = text("target." + a.Target)
	}
	if !a.Due.IsZero() {
		data["Due"] = n.Texts.Instant(lang, a.Due, "")
	}
	if t != nil {
		data["Link"] = n.BaseURL + "/staff/tickets/" + t.ID
		data["Number"], data["Subject"], data["Priority"] = t.Number, t.Subject, string(t.Priority)
		data["Tier"], data["State"] = text("tier."+string(t.Tier)), text("state."+string(t.State))
	}
	key, more := EventText(a.Event)
	maps.Copy(data, more)
	data["What"] = n.Texts.Text(lang, key, data)
	return data
}

// EventText is the text key of an event and what it says besides target and
// priority.
func EventText(event string) (key string, data map[string]any) {
	data = map[string]any{}
	key = strings.ReplaceAll(event, ".", "_")
	if percent, ok := strings.CutPrefix(event, "alert."); ok && percent != "100" {
		key, data["Percent"] = "share", percent
	}
	return "alert.event." + key, data
}

// audience is everybody who has one of the roles and is there at the instant.
// Where nobody is, the next role up is asked, so that an alert always reaches
// somebody; if all are away, all of the first role are told.
func audience(tx Tx, roles ...ticket.Role) ([]Recipient, error) {
	team, err := tx.TeamByRole()
	if err != nil {
		return nil, err
	}
	away, err := tx.AbsentStaff(tx.Now())
	if err != nil {
		return nil, err
	}
	var all, absent []Recipient
	for _, role := range roles {
		for at := slices.Index(ticket.Roles, role); at < len(ticket.Roles); at++ {
			there := slices.DeleteFunc(slices.Clone(team[ticket.Roles[at]]), func(r Recipient) bool { return away[r.PersonID] })
			if len(there) > 0 {
				all = append(all, there...)
				break
			}
			if absent == nil {
				absent = team[ticket.Roles[at]]
			}
		}
	}
	if len(all) == 0 {
		all = absent
	}
	slices.SortFunc(all, func(a, b Recipient) int { return strings.Compare(a.PersonID, b.PersonID) })
	return slices.CompactFunc(all, func(a, b Recipient) bool { return a.PersonID == b.PersonID }), nil
}
