// Package intake is how a ticket comes in, by whatever channel: it checks
// what was written, finds the customer and the tier, and stores the ticket,
// its event, its attempt and its jobs in one transaction.
package intake

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/mail"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// Limits of a submission, in characters, files and bytes.
const (
	MaxName        = 120
	MaxEmail       = 254
	MaxSubject     = 200
	MaxBody        = 20_000
	MaxAttachments = 5
	MaxAttachment  = 10 << 20
)

// Submission is what a person sent.
type Submission struct {
	Channel     ticket.Channel
	FormToken   string // hash of the form token or idempotency key: the same one gives the same ticket
	Fingerprint string // hash of what was asked under the form token; that of a form is made when it is submitted
	Visitor     string // hash of the measurement cookie, "" when there is none
	Script      bool   // the browser ran our script
	Route       string // the console screen the form was opened from, ""
	Uncounted   bool   // from a robot or the staff: a ticket, but no attempt (D-29)
	Lang        string
	Name        string
	Email       string
	Category    string
	Urgency     ticket.Level
	Impact      ticket.Level
	Subject     string
	Body        string
	Attachments []Attachment
	ReceivedAt  time.Time // when the message arrived; zero means now (D-13)
	Share       bool      // the person asks to share the articles read before writing
	Suspicion   string    // why the robot check doubts it; "" when it does not
}

// content is the fingerprint of a form: a repetition has the same one, a form
// that was changed after it had been sent has another.
func (s *Submission) content() string {
	h := sha256.New()
	part := func(text string) {
		_, _ = io.WriteString(h, strconv.Itoa(len(text))+":"+text) // a hash does not fail
	}
	for _, text := range []string{s.Email, s.Category, string(s.Urgency), string(s.Impact), s.Subject, s.Body} {
		part(text)
	}
	for _, a := range s.Attachments {
		part(a.Name)
		part(a.SHA256)
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:12])
}

// changed is the text for a form or request that reuses the token of another.
func (s *Submission) changed() string {
	if s.Channel == ticket.ByForm {
		return "error.sent_before"
	}
	return "error.idempotency"
}

// Attachment is a file that was stored under its id and awaits its ticket.
type Attachment struct {
	ID        string
	Name      string // base name as given, cleaned
	MediaType string // from the content, never from the sender
	Size      int64
	SHA256    string // hex
}

// StoredAttachment is the record of a file that came with a message.
type StoredAttachment struct {
	Attachment
	TicketID  string
	MessageID string
	CreatedAt time.Time
}

// Receipt answers a submission.
type Receipt struct {
	TicketID    string
	Number      string
	Quarantined bool // held for a person to look at; it has no number yet
	Repeated    bool // the token had been used: this is the earlier ticket
	Ticket      ticket.Ticket
}

// categories of a question, the ones of D-33; "" is "not chosen".
var categories = map[string]bool{"": true, "billing": true, "how-to": true, "account": true, "technical": true}

// Categories lists what a person can choose, in the order of the form.
var Categories = []string{"technical", "how-to", "billing", "account"}

// Clean trims what people and browsers add, derives a missing subject, and
// checks every field. The error names each wrong field.
func (s *Submission) Clean() error {
	s.Name = oneLine(s.Name)
	s.Email = strings.ToLower(strings.TrimSpace(s.Email))
	s.Subject = oneLine(s.Subject)
	s.Body = strings.TrimSpace(plain(s.Body))
	var wrong []errs.Field
	add := func(name, key string, args map[string]any) {
		wrong = append(wrong, errs.Field{Name: name, Key: key, Args: args})
	}
	tooLong := func(name, v string, limit int) {
		if utf8.RuneCountInString(v) > limit {
			add(name, "error.field.too_long", map[string]any{"Limit": limit})
		}
	}
	tooLong("name", s.Name, MaxName)
	switch {
	case s.Email == "":
		add("email", "error.field.email_missing", nil)
	case !ValidEmail(s.Email):
		add("email", "error.field.email", nil)
	}
	if s.Body == "" {
		add("message", "error.field.message_missing", nil)
	}
	tooLong("message", s.Body, MaxBody)
	if s.Subject == "" {
		s.Subject = firstWords(s.Body)
	}
	tooLong("subject", s.Subject, MaxSubject)
	if !categories[s.Category] {
		add("category", "error.field.choice", nil)
	}
	if !level(&s.Urgency) {
		add("urgency", "error.field.choice", nil)
	}
	if !level(&s.Impact) {
		add("impact", "error.field.choice", nil)
	}
	if len(s.Attachments) > MaxAttachments {
		add("attachments", "error.field.too_many_files", map[string]any{"Limit": MaxAttachments})
	}
	if len(wrong) > 0 {
		return errs.InvalidFields(wrong...)
	}
	return nil
}

// level makes "nothing chosen" low and says whether the value is known.
func level(l *ticket.Level) bool {
	switch *l {
	case "":
		*l = ticket.Low
		return true
	case ticket.High, ticket.Medium, ticket.Low:
		return true
	}
	return false
}

// ValidEmail says whether s is one plain address with a dotted domain.
func ValidEmail(s string) bool {
	if len(s) > MaxEmail || strings.ContainsFunc(s, func(r rune) bool { return r < '!' || r == 0x7f }) {
		return false
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || a.Name != "" {
		return false
	}
	at := strings.LastIndexByte(s, '@')
	local, domain := s[:at], s[at+1:]
	return len(local) <= 64 && strings.Contains(domain, ".") && !strings.ContainsAny(domain, "[]\"") &&
		!strings.HasPrefix(domain, ".") && !strings.HasSuffix(domain, ".")
}

// plain drops control characters except line breaks and tabs, and the marks
// that reverse the direction of text, which could disguise what is shown.
func plain(s string) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\r\n", "\n"), "\uFFFD")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r), r >= '\u202A' && r <= '\u202E', r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, s)
}

func oneLine(s string) string { return strings.Join(strings.Fields(plain(s)), " ") }

// firstWords makes a subject of the first line of a message.
func firstWords(body string) string {
	line, _, _ := strings.Cut(body, "\n")
	line = oneLine(line)
	r := []rune(line)
	if len(r) <= 80 {
		return line
	}
	cut := string(r[:80])
	if i := strings.LastIndexByte(cut, ' '); i > 40 {
		cut = cut[:i]
	}
	return cut + "…"
}
