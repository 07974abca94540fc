package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/jobs"
)

// JobDeliver is the job that delivers one row to its channel.
const JobDeliver = "channel.deliver"

// Delivery is one message to a channel. ID is what the receiver dedupes by.
type Delivery struct {
	ID        string
	Dedupe    string
	AlertID   string
	TicketID  string
	Event     string
	Channel   string
	Body      []byte
	State     DeliveryState
	StandsFor string // "mail:" and the alert whose mails did not arrive, or ""
	Attempts  int
	LastError string
	SendAt    time.Time // not before
	CreatedAt time.Time
	Finished  time.Time
}

// DeliveryState is where a delivery stands.
type DeliveryState string

// The states of a delivery. An undelivered one is still tried until the job
// is given up.
const (
	Waiting     DeliveryState = "queued"
	Delivered   DeliveryState = "delivered"
	Undelivered DeliveryState = "undelivered"
)

// announcement is one event on its way to the channels that want it.
type announcement struct {
	Event     string
	Ticket    *ticket.Ticket
	Alert     *Alert
	Key       string // what makes it this event and no other
	At        time.Time
	SendAt    time.Time
	Data      map[string]any // more for webhooks
	StandsFor string
	Only      string // the channel, "" for all that want it
}

// announce puts one row per channel in the outbox.
func (n *Notifier) announce(tx Tx, a announcement) error {
	for i := range n.Channels {
		c := &n.Channels[i]
		if a.Only != "" && a.Only != c.Name || a.Only == "" && !c.wants(a.Event, a.Ticket) {
			continue
		}
		d := Delivery{
			ID: "msg_" + uuid.Must(uuid.NewV7()).String(), Dedupe: a.Key + ":" + c.Name, Event: a.Event, Channel: c.Name, State: Waiting,
			StandsFor: a.StandsFor, SendAt: a.SendAt, CreatedAt: tx.Now(),
		}
		if a.StandsFor != "" {
			d.Dedupe = "instead:" + a.StandsFor + ":" + c.Name
		}
		if a.Alert != nil {
			d.AlertID = a.Alert.ID
		}
		if a.Ticket != nil {
			d.TicketID = a.Ticket.ID
		}
		var err error
		if d.Body, err = n.body(c, a); err != nil {
			return err
		}
		ok, err := tx.InsertDelivery(d)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		payload, err := json.Marshal(job{Delivery: d.ID})
		if err != nil {
			return err
		}
		if err := tx.EnqueueAt(JobDeliver, JobDeliver+":"+d.ID, string(payload), d.SendAt); err != nil {
			return err
		}
	}
	return nil
}

// body is what the channel is sent.
func (n *Notifier) body(c *Channel, a announcement) ([]byte, error) {
	alert := a.Alert
	if alert == nil {
		alert = &Alert{Event: a.Event}
	}
	if c.Slack {
		d := n.alertData(a.Ticket, alert, c.Lang)
		headline, facts := d["What"].(string), ""
		if a.Ticket != nil {
			headline, facts = a.Ticket.Number+" – "+headline, n.Texts.Text(c.Lang, "alert.facts", d)
		}
		return slackBody(headline, facts, d["Link"].(string), n.Texts.Text(c.Lang, "alert.open", nil))
	}
	e := Event{Type: a.Event, Timestamp: a.At, Data: map[string]any{}}
	for k, v := range a.Data {
		e.Data[k] = v
	}
	if t := a.Ticket; t != nil {
		e.Data["ticket"] = map[string]any{
			"id": t.ID, "number": t.Number, "tier": t.Tier, "priority": t.Priority, "state": t.State,
			"url": n.BaseURL + "/staff/tickets/" + t.ID,
		}
	}
	if alert.Target != "" {
		e.Data["target"], e.Data["cycle"], e.Data["due"] = alert.Target, alert.Cycle, alert.Due
	}
	return json.Marshal(e)
}

// Announce tells the channels of an event that no alert stands for, such as a
// decision about a credit. key makes it this event and no other: however often
// it is announced, it is told once.
func (n *Notifier) Announce(tx Tx, event, key string, t *ticket.Ticket, data map[string]any) error {
	return n.announce(tx, announcement{Event: event, Ticket: t, Key: event + ":" + key, At: tx.Now(), SendAt: tx.Now(), Data: data})
}

// Deliver makes one attempt to deliver a row. The row is marked after the
// receiver took it: a crash in between repeats the delivery under the same id.
func (n *Notifier) Deliver(ctx context.Context, j jobs.Job) error {
	p, err := decode(j.Payload)
	if err != nil {
		return err
	}
	var d Delivery
	if err := n.Store.InTx(ctx, func(tx Tx) error {
		d, err = tx.DeliveryByID(p.Delivery)
		return err
	}); err != nil || d.State == Delivered {
		return err
	}
	c := n.channel(d.Channel)
	if c == nil {
		err = fmt.Errorf("there is no channel %s any more", d.Channel)
	} else {
		err = n.Poster.post(ctx, c, d.ID, d.Body, n.Clock.Now())
	}
	failed := n.Store.InTx(context.WithoutCancel(ctx), func(tx Tx) error {
		d.Attempts = j.Attempts
		if err == nil {
			d.State, d.LastError, d.Finished = Delivered, "", tx.Now()
			return tx.MarkDelivery(d)
		}
		d.LastError = err.Error()
		if d.State == Undelivered || j.Attempts < UndeliveredAfter && c != nil {
			return tx.MarkDelivery(d)
		}
		d.State = Undelivered
		if ferr := tx.MarkDelivery(d); ferr != nil {
			return ferr
		}
		return n.insteadOfChannel(tx, d)
	})
	if failed != nil {
		return failed
	}
	if c == nil {
		return nil // no later attempt could do better
	}
	return err
}

func (n *Notifier) channel(name string) *Channel {
	for i := range n.Channels {
		if n.Channels[i].Name == name {
			return &n.Channels[i]
		}
	}
	return nil
}

// insteadOfChannel mails the leads what a channel did not take.
func (n *Notifier) insteadOfChannel(tx Tx, d Delivery) error {
	if d.StandsFor != "" || d.AlertID == "" { // nothing replaces what was a replacement
		return nil
	}
	a, t, err := n.told(tx, d.AlertID)
	if err != nil {
		return err
	}
	to, err := audience(tx, ticket.Lead)
	if err != nil {
		return err
	}
	for _, r := range to {
		m := n.alertMail(t, a, r, tx.Now())
		m.Dedupe = "instead:" + d.ID + ":" + r.PersonID
		m.Body += "\n" + n.Texts.Text(r.Lang, "mail.alert.instead", map[string]any{"Channel": d.Channel})
		if err := n.post(tx, m, r, r.Lang); err != nil {
			return err
		}
	}
	return nil
}

// insteadOfMail tells of an alert whose mails do not leave by the channels that
// had not been told of it, once however many mails there are.
func (n *Notifier) insteadOfMail(tx Tx, m Mail) error {
	if m.AlertID == "" {
		return nil
	}
	a, t, err := n.told(tx, m.AlertID)
	if err != nil {
		return err
	}
	for i := range n.Channels {
		c := &n.Channels[i]
		if c.wants(a.Event, t) {
			continue
		}
		err := n.announce(tx, announcement{
			Event: a.Event, Ticket: t, Alert: &a, At: a.FiredAt, SendAt: tx.Now(), StandsFor: "mail:" + a.ID, Only: c.Name,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// told is an alert and the ticket it is about, nil for none.
func (n *Notifier) told(tx Tx, alertID string) (Alert, *ticket.Ticket, error) {
	a, err := tx.AlertByID(alertID)
	if err != nil || a.TicketID == "" {
		return a, nil, err
	}
	t, err := tx.TicketByID(a.TicketID)
	return a, &t, err
}
