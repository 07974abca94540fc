package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/internal/jobs"
)

// JobSend is the job that delivers one outbox row.
const JobSend = "mail.send"

// The mails one address receives in an hour. Automatic mail beyond MaxAutomatic
// is suppressed, so that nobody can fill a stranger's mailbox through the
// form; what staff write is never dropped.
const (
	MaxAutomatic = 10
	perHour      = time.Hour
)

// Recipient is whom a mail goes to.
type Recipient struct {
	PersonID string
	Email    string
	Name     string
	Lang     string
}

// Tx is what the notifier needs from a transaction. Implemented by store.
type Tx interface {
	Now() time.Time
	TicketByID(id string) (ticket.Ticket, error)
	MessageByID(id string) (ticket.Message, error)
	RecipientOf(personID string) (Recipient, error)
	// StaffRecipients lists the staff who are told about customers' messages.
	StaffRecipients() ([]Recipient, error)
	// StaffRecipient is one of them; kind not_found when the account is gone.
	StaffRecipient(staffID string) (Recipient, error)
	// MergedInto lists the tickets that were merged into one, at any remove.
	MergedInto(ticketID string) ([]ticket.Ticket, error)
	// PeopleForNPS lists people to whom the question of a quarter has not been
	// mailed: of companies, with a confirmed address, and with a ticket closed
	// since.
	PeopleForNPS(quarter string, since time.Time, limit int) ([]Recipient, error)
	// CreditByID finds a credit that was claimed.
	CreditByID(id string) (ticket.Credit, error)
	// CountMails counts the mails to an address created since, sent or queued.
	CountMails(email string, since time.Time) (int, error)
	// InsertMail stores an outbox row; ok is false when its dedupe key exists.
	InsertMail(m Mail) (ok bool, err error)
	MailByID(id string) (Mail, error)
	MarkMail(id string, state MailState, at time.Time) error
	EventsOf(ticketID string) ([]ticket.Event, error)
	AppendEvent(ticketID string, e ticket.Event) error
	// EnqueueAt adds a job that is due at an instant, once per dedupe key.
	EnqueueAt(kind, dedupe, payload string, at time.Time) error

	// TeamByRole lists everybody whose account works.
	TeamByRole() (map[ticket.Role][]Recipient, error)
	// AbsentStaff is the set of people who are away at an instant by plan.
	AbsentStaff(at time.Time) (map[string]bool, error)
	// InsertAlert records an alert; ok is false when its dedupe key exists.
	InsertAlert(a Alert) (ok bool, err error)
	AlertByID(id string) (Alert, error)
	// CountPages counts the calls to on-call since an instant that were made
	// for unverified senders. Until the transaction ends nobody else counts.
	CountPages(since time.Time) (int, error)
	// InsertDelivery stores a channel's outbox row; ok is false when its dedupe
	// key exists.
	InsertDelivery(d Delivery) (ok bool, err error)
	DeliveryByID(id string) (Delivery, error)
	// MarkDelivery stores state, attempts, error and end of a delivery.
	MarkDelivery(d Delivery) error
}

// Store opens transactions.
type Store interface {
	InTx(ctx context.Context, fn func(Tx) error) error
}

// Texts says things in a language. Implemented over the locale files.
type Texts interface {
	// Text is the text of key with its placeholders filled.
	Text(lang, key string, data map[string]any) string
	// Instant is a point in time in words, with its time zone.
	Instant(lang string, t time.Time, zone string) string
}

// Notifier writes and sends mails. Its methods are job handlers and may run
// again after a crash: the outbox row's dedupe key makes them idempotent.
type Notifier struct {
	Store   Store
	Sender  Sender
	Texts   Texts
	BaseURL string
	Domain  string        // right side of Message-IDs
	Reply   *ReplyAddress // makes the addresses that customers answer to; nil: they answer to the sender
	Access  func(ticketID string) string
	Log     *slog.Logger

	Clock     clock.Clock
	Clocks    ticket.Clocks // says when the desk is staffed
	Channels  []Channel
	Poster    Poster
	Templates *Templates // the operator's texts, nil for none

	// Answers finds articles that may answer a new ticket; nil for none.
	Answers func(ctx context.Context, ticketID string) ([]Article, error)
	// NPSLink is the end of the link to the question of the quarter (D-27).
	NPSLink func(personID string) string
	// SolvedLink is the end of the link with which a ticket's author says that
	// an article solved it (D-30).
	SolvedLink func(t ticket.Ticket) string
}

// job is the payload of the ticket jobs.
type job struct {
	Ticket  string `json:"ticket"`
	Message string `json:"message"`
	Mail    string `json:"mail"`

	Delivery string `json:"delivery,omitempty"`
}

func decode(payload string) (job, error) {
	var j job
	if err := json.Unmarshal([]byte(payload), &j); err != nil {
		return j, fmt.Errorf("job payload: %w", err)
	}
	return j, nil
}

// TicketCreated acknowledges a new ticket to the customer, with its number,
// the due dates in words and the link to "my request", and tells the staff.
func (n *Notifier) TicketCreated(ctx context.Context, payload string) error {
	j, err := decode(payload)
	if err != nil {
		return err
	}
	found := n.find(ctx, j.Ticket)
	return n.Store.InTx(ctx, func(tx Tx) error {
		t, err := tx.TicketByID(j.Ticket)
		if err != nil {
			return err
		}
		to, err := tx.RecipientOf(t.PersonID)
		if err != nil {
			return err
		}
		data := n.data(t, to)
		data["Due"], data["Answers"] = n.dueLines(t), n.answers(t, found)
		subject, body := n.write(t.Lang, Acknowledgement, data)
		ack := Mail{
			Dedupe: "ack:" + t.ID, TicketID: t.ID, Kind: Acknowledgement, Automatic: true, Subject: subject, Body: tidy(body),
			MessageID: n.threadID(t.ID), ReplyTo: n.replyTo(t),
		}
		if err := n.post(tx, ack, to, t.Lang); err != nil {
			return err
		}
		if err := n.tellStaff(tx, t, "created:"+t.ID, "mail.staff_new", to, nil); err != nil {
			return err
		}
		return n.announce(tx, announcement{Event: EventCreated, Ticket: &t, Key: "created:" + t.ID, At: t.ReceivedAt, SendAt: n.sendAt(tx, t)})
	})
}

// StaffReplied sends a staff answer to the customer, and to colleagues whose
// tickets were merged into this one: nobody who asked goes without an answer
// (D-19). Each gets the link to their own ticket.
func (n *Notifier) StaffReplied(ctx context.Context, payload string) error {
	return n.aboutMessage(ctx, payload, func(tx Tx, t ticket.Ticket, m ticket.Message, to Recipient) error {
		if err := n.answer(tx, t, m, to, "reply:"+m.ID); err != nil {
			return err
		}
		merged, err := tx.MergedInto(t.ID)
		if err != nil {
			return err
		}
		told := map[string]bool{t.PersonID: true}
		for _, source := range merged {
			if told[source.PersonID] {
				continue
			}
			told[source.PersonID] = true
			colleague, err := tx.RecipientOf(source.PersonID)
			if err != nil {
				return err
			}
			if err := n.answer(tx, source, m, colleague, "reply:"+m.ID+":"+source.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// answer is the mail of a staff answer to the author of t.
func (n *Notifier) answer(tx Tx, t ticket.Ticket, m ticket.Message, to Recipient, dedupe string) error {
	data := n.data(t, to)
	data["Message"] = m.Body
	subject, body := n.write(t.Lang, Answer, data)
	return n.post(tx, Mail{
		Dedupe: dedupe, TicketID: t.ID, Kind: Answer, ReplyTo: n.replyTo(t), Subject: subject, Body: body, InReplyTo: n.threadID(t.ID),
	}, to, t.Lang)
}

// CustomerReplied tells the staff that the customer wrote again.
func (n *Notifier) CustomerReplied(ctx context.Context, payload string) error {
	return n.aboutMessage(ctx, payload, func(tx Tx, t ticket.Ticket, m ticket.Message, to Recipient) error {
		return n.tellStaff(tx, t, "customer:"+m.ID, "mail.staff_reply", to, &m)
	})
}

func (n *Notifier) aboutMessage(ctx context.Context, payload string, f func(Tx, ticket.Ticket, ticket.Message, Recipient) error) error {
	j, err := decode(payload)
	if err != nil {
		return err
	}
	return n.Store.InTx(ctx, func(tx Tx) error {
		t, err := tx.TicketByID(j.Ticket)
		if err != nil {
			return err
		}
		m, err := tx.MessageByID(j.Message)
		if err != nil {
			return err
		}
		to, err := tx.RecipientOf(t.PersonID)
		if err != nil {
			return err
		}
		return f(tx, t, m, to)
	})
}

// Send delivers one outbox row. The row is marked after the server took it: a
// crash in between repeats the delivery under the same Message-ID.
func (n *Notifier) Send(ctx context.Context, j jobs.Job) error {
	p, err := decode(j.Payload)
	if err != nil {
		return err
	}
	var m Mail
	if err := n.Store.InTx(ctx, func(tx Tx) error {
		m, err = tx.MailByID(p.Mail)
		return err
	}); err != nil {
		return err
	}
	if m.State != Queued {
		return nil
	}
	if err := n.Sender.Send(ctx, m); err != nil {
		if j.Attempts < UndeliveredAfter {
			return err
		}
		return errors.Join(err, n.Store.InTx(context.WithoutCancel(ctx), func(tx Tx) error { return n.insteadOfMail(tx, m) }))
	}
	return n.Store.InTx(context.WithoutCancel(ctx), func(tx Tx) error { return tx.MarkMail(m.ID, Sent, tx.Now()) })
}

// post puts m in the outbox, or records why it stays there.
func (n *Notifier) post(tx Tx, m Mail, to Recipient, lang string) error {
	if !strings.Contains(to.Email, "@") {
		return nil // the person was erased meanwhile (D-36)
	}
	m.ID = uuid.Must(uuid.NewV7()).String()
	m.PersonID, m.Recipient, m.Lang, m.State, m.CreatedAt = to.PersonID, to.Email, lang, Queued, tx.Now()
	if m.MessageID == "" {
		m.MessageID = m.ID + "@" + n.Domain
	}
	if m.Automatic && m.AlertID == "" { // the team is told, however often
		sent, err := tx.CountMails(to.Email, tx.Now().Add(-perHour))
		if err != nil {
			return err
		}
		if sent >= MaxAutomatic {
			m.State = Suppressed
		}
	}
	ok, err := tx.InsertMail(m)
	if err != nil || !ok {
		return err
	}
	if m.State == Suppressed {
		n.Log.Warn("mail suppressed: the address has had its share of the hour", "mail", m.ID, "ticket", m.TicketID)
		if m.TicketID == "" {
			return nil
		}
		return suppressedEvent(tx, m)
	}
	payload, err := json.Marshal(job{Mail: m.ID})
	if err != nil {
		return err
	}
	return tx.EnqueueAt(JobSend, JobSend+":"+m.ID, string(payload), later(m.SendAt, tx.Now()))
}

// suppressedEvent puts the missing mail on the ticket, so that staff see it.
func suppressedEvent(tx Tx, m Mail) error {
	log, err := tx.EventsOf(m.TicketID)
	if err != nil {
		return err
	}
	return tx.AppendEvent(m.TicketID, ticket.Event{
		Seq: int64(len(log)) + 1, At: tx.Now(), Kind: ticket.MailSuppressed, Actor: ticket.Actor{Kind: ticket.BySystem},
		Data: ticket.EventData{MailKind: string(m.Kind)},
	})
}

// later is at, or now when at is past or zero.
func later(at, now time.Time) time.Time {
	if at.Before(now) {
		return now
	}
	return at
}

// sendAt is when the team may be told about a ticket: P0 and P1 at once, the
// rest once the desk is staffed (D-22).
func (n *Notifier) sendAt(tx Tx, t ticket.Ticket) time.Time {
	if t.Urgent() {
		return tx.Now()
	}
	return n.Clocks.Staffed(tx.Now())
}

func (n *Notifier) tellStaff(tx Tx, t ticket.Ticket, about, key string, from Recipient, m *ticket.Message) error {
	staff, err := tx.StaffRecipients()
	if err != nil {
		return err
	}
	for _, to := range staff {
		data := n.data(t, from)
		data["Link"] = n.BaseURL + "/staff/tickets/" + t.ID
		data["Tier"] = n.Texts.Text(to.Lang, "tier."+string(t.Tier), nil)
		data["Priority"] = string(t.Priority)
		if m != nil {
			data["Message"] = m.Body
		}
		if at, _ := t.NextDue(); !at.IsZero() {
			data["Due"] = n.Texts.Instant(to.Lang, at, "")
		} else {
			data["Due"] = "–"
		}
		err := n.post(tx, Mail{
			Dedupe: about + ":" + to.PersonID, TicketID: t.ID, Kind: StaffNotice, SendAt: n.sendAt(tx, t),
			Subject: n.Texts.Text(to.Lang, key+".subject", data), Body: n.Texts.Text(to.Lang, key+".body", data),
			InReplyTo: n.threadID(t.ID),
		}, to, to.Lang)
		if err != nil {
			return err
		}
	}
	return nil
}

// threadID is the Message-ID of a ticket's first mail; later mails refer to
// it so that mail programs show one conversation.
func (n *Notifier) threadID(ticketID string) string { return "ticket." + ticketID + "@" + n.Domain }

// replyTo is where the customer's answer to a mail about t goes.
func (n *Notifier) replyTo(t ticket.Ticket) string {
	if n.Reply == nil {
		return ""
	}
	return n.Reply.For(t.Number)
}

func (n *Notifier) data(t ticket.Ticket, to Recipient) map[string]any {
	return map[string]any{
		"Name": to.Name, "Number": t.Number, "Subject": t.Subject,
		"Link": n.BaseURL + "/" + t.Lang + "/request/" + n.Access(t.ID),
	}
}

// dueLines writes what was promised to the customer: each target with its due
// date in words and time zone, internal goals left out (D-7, D-10).
func (n *Notifier) dueLines(t ticket.Ticket) string {
	var b strings.Builder
	for _, g := range t.SLA {
		if g.Internal() || g.Due.IsZero() || (g.Name != "first_response" && g.Name != "resolution") {
			continue
		}
		key := "mail.due." + g.Name
		if g.BestEffort() {
			key = "mail.due.best_effort"
		}
		b.WriteString(n.Texts.Text(t.Lang, key, map[string]any{"At": n.Texts.Instant(t.Lang, g.Due, g.Zone)}))
		b.WriteByte('\n')
	}
	return strings.TrimRight(b.String(), "\n")
}
