// Package notify is how people are told: it writes the mails of a ticket,
// keeps exactly one outbox row per message, and hands them to SMTP or, when
// none is configured, to files.
package notify

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Mail is one outbox row: a message that must be sent once. Its MessageID is
// fixed when the row is made, so that a receiver can recognise a repetition
// after a power cut.
type Mail struct {
	ID        string
	Dedupe    string // what the mail is about, e.g. "ack:<ticket>": one row each
	TicketID  string
	PersonID  string
	Lang      string
	Kind      MailKind
	Recipient string
	Subject   string
	Body      string // plain text
	MessageID string // without angle brackets
	InReplyTo string // MessageID of the thread's first mail, "" for none
	ReplyTo   string // address that takes an answer to the ticket, "" for the sender's
	Automatic bool   // marked Auto-Submitted (RFC 3834)
	AlertID   string // the alert it tells the team of, ""
	State     MailState
	SendAt    time.Time // not before; zero: at once
	CreatedAt time.Time
	SentAt    time.Time
}

// MailKind says what a mail is for.
type MailKind string

// The kinds of mail.
const (
	Acknowledgement MailKind = "acknowledgement"
	StaffNotice     MailKind = "staff_notice"
	Answer          MailKind = "answer"
)

// autoSubmitted is the word of RFC 3834: a receipt answers what a person sent,
// everything else happens by itself.
func (k MailKind) autoSubmitted() string {
	if k == Acknowledgement {
		return "auto-replied"
	}
	return "auto-generated"
}

// MailState is where an outbox row stands.
type MailState string

// The states of an outbox row. Suppressed rows were never sent, because their
// address had received its share of the hour.
const (
	Queued     MailState = "queued"
	Sent       MailState = "sent"
	Suppressed MailState = "suppressed"
)

// Sender delivers one mail. It may be called again for the same mail after a
// crash.
type Sender interface {
	Send(ctx context.Context, m Mail) error
	// Describe says where mails go, for the start-up log and the staff page.
	Describe() string
}

// message builds the MIME message; from is "Name <address>".
func message(m Mail, from string) (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithCharset(gomail.CharsetUTF8), gomail.WithEncoding(gomail.EncodingQP), gomail.WithNoDefaultUserAgent())
	if err := msg.From(from); err != nil {
		return nil, fmt.Errorf("mail sender %q: %w", from, err)
	}
	if err := msg.To(m.Recipient); err != nil {
		return nil, fmt.Errorf("mail recipient: %w", err)
	}
	msg.Subject(strings.Join(strings.Fields(m.Subject), " "))
	msg.SetMessageIDWithValue(m.MessageID)
	msg.SetDateWithValue(m.CreatedAt)
	if m.InReplyTo != "" {
		msg.SetGenHeader(gomail.HeaderInReplyTo, "<"+m.InReplyTo+">")
		msg.SetGenHeader(gomail.HeaderReferences, "<"+m.InReplyTo+">")
	}
	if m.ReplyTo != "" {
		if err := msg.ReplyTo(m.ReplyTo); err != nil {
			return nil, fmt.Errorf("mail reply address: %w", err)
		}
	}
	if m.Automatic {
		msg.SetGenHeader("Auto-Submitted", m.Kind.autoSubmitted())
		msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	}
	msg.SetGenHeader(gomail.HeaderContentLang, m.Lang)
	msg.SetBodyString(gomail.TypeTextPlain, m.Body)
	return msg, nil
}

// Outbox writes every mail to a file instead of sending it: what a first
// start without SMTP does.
type Outbox struct {
	Dir  string
	From string
}

// Send writes DIR/<mail id>.eml. The file appears complete or not at all.
func (o Outbox) Send(_ context.Context, m Mail) error {
	msg, err := message(m, o.From)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	f, err := os.CreateTemp(o.Dir, ".eml-*")
	if err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already once renamed
	if _, err = msg.WriteTo(f); err != nil {
		_ = f.Close() // the write error is the one that matters
		return fmt.Errorf("outbox: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	return os.Rename(f.Name(), filepath.Join(o.Dir, filepath.Base(m.ID)+".eml"))
}

// Describe names the files. It is a path and no sentence: pages in any language show it.
func (o Outbox) Describe() string { return filepath.Join(o.Dir, "*.eml") }
