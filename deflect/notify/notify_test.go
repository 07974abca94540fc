package notify_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-message/mail"
	"github.com/emersion/go-smtp"

	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/notify"
	"github.com/vmcloud/ricochet/deflect/policy"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/internal/jobs"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/store/storetest"
)

// words says keys instead of texts, with the data that a test looks for.
type words struct{}

func (words) Text(lang, key string, data map[string]any) string {
	return fmt.Sprintf("%s %s %v %v %v %v", lang, key, data["Number"], data["Due"], data["Message"], data["At"])
}

func (words) Instant(_ string, t time.Time, _ string) string { return t.Format(time.RFC3339) }

// memory is a sender that can be made to fail.
type memory struct {
	mu   sync.Mutex
	sent []notify.Mail
	fail error
}

func (m *memory) Send(_ context.Context, mail notify.Mail) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	m.sent = append(m.sent, mail)
	return nil
}

func (m *memory) Describe() string { return "memory" }

type desk struct {
	*testing.T
	db     *store.DB
	clock  *clock.Manual
	intake *intake.Service
	ticket *ticket.Service
	runner *jobs.Runner
	mails  *memory

	notifier *notify.Notifier
	timers   *notify.Timers
}

// timerStore narrows the database to what timers need.
type timerStore struct{ *store.DB }

func (s timerStore) InTx(ctx context.Context, fn func(notify.TimerTx) error) error {
	return s.DB.InTx(ctx, func(tx *store.Tx) error { return fn(tx) })
}

func run(t *testing.T, f func(d desk)) {
	t.Helper()
	set, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	clocks := ticket.Clocks{Book: set.Book}
	storetest.Run(t, func(t *testing.T, db *store.DB, c *clock.Manual) {
		m := &memory{}
		n := &notify.Notifier{
			Store:  store.As[notify.Tx]{DB: db, Cast: func(tx *store.Tx) notify.Tx { return tx }},
			Sender: m, Texts: words{}, BaseURL: "https://help.example.com", Domain: "help.example.com",
			Access: func(id string) string { return "secret-" + id }, Log: slog.New(slog.DiscardHandler),
			Clock: c, Clocks: clocks,
		}
		svc := &ticket.Service{Store: store.As[ticket.Tx]{DB: db, Cast: func(tx *store.Tx) ticket.Tx { return tx }}, Clocks: clocks}
		svc.Told = func(tx ticket.Tx, t ticket.Ticket, a ticket.Action) error { return n.Told(tx.(*store.Tx), t, a) }
		handler := func(f func(context.Context, string) error) jobs.Handler {
			return func(ctx context.Context, j jobs.Job) error { return f(ctx, j.Payload) }
		}
		f(desk{
			T: t, db: db, clock: c, mails: m,
			intake: &intake.Service{
				Store: store.As[intake.Tx]{DB: db, Cast: func(tx *store.Tx) intake.Tx { return tx }}, Clocks: clocks,
				AccessHash: func(id string) string { return id },
			},
			ticket: svc, notifier: n,
			timers: &notify.Timers{Store: timerStore{db}, Tickets: svc, Clock: c, Log: slog.New(slog.DiscardHandler)},
			runner: &jobs.Runner{Store: db, Clock: c, Log: slog.New(slog.DiscardHandler), Worker: "test", Handlers: map[string]jobs.Handler{
				intake.JobTicketCreated: handler(n.TicketCreated), ticket.JobStaffReplied: handler(n.StaffReplied),
				ticket.JobCustomerReplied: handler(n.CustomerReplied), notify.JobSend: n.Send, notify.JobDeliver: n.Deliver,
			}},
		})
	})
}

func (d desk) submit(email, token string) string {
	d.Helper()
	r, err := d.intake.Submit(d.Context(), intake.Submission{Channel: ticket.ByForm, FormToken: token, Lang: "fr", Email: email, Body: "bonjour"})
	if err != nil {
		d.Fatal(err)
	}
	return r.TicketID
}

// work runs jobs until none is due.
func (d desk) work() {
	for d.runner.Once(d.Context()) > 0 {
	}
}

func (d desk) to(email string) []notify.Mail {
	var got []notify.Mail
	for _, m := range d.mails.sent {
		if m.Recipient == email {
			got = append(got, m)
		}
	}
	return got
}

func TestAcknowledgementIsSentOnceAndThreadsTheAnswers(t *testing.T) {
	run(t, func(d desk) {
		id := d.submit("z@example.com", "form")
		d.submit("z@example.com", "form") // again: the same ticket, no second mail
		d.work()
		if err := d.ticket.Reply(d.Context(), id, 0, "staff", "voici", ""); err != nil {
			d.Fatal(err)
		}
		d.work()
		got := d.to("z@example.com")
		if len(got) != 2 {
			d.Fatalf("%d mails: %+v", len(got), got)
		}
		ack, answer := got[0], got[1]
		// Free: 24 opening hours from Monday 10:00 in Paris, 09:00-18:00: Wednesday 16:00.
		if !ack.Automatic || !strings.Contains(ack.Body, "2026-11-25T15:00:00Z") {
			d.Errorf("acknowledgement: %+v", ack)
		}
		if answer.Automatic || answer.InReplyTo != ack.MessageID || !strings.Contains(answer.Body, "voici") {
			d.Errorf("answer: %+v", answer)
		}
	})
}

func TestFailedDeliveryIsTriedAgainUnderTheSameMessageID(t *testing.T) {
	run(t, func(d desk) {
		d.submit("z@example.com", "form")
		d.mails.fail = errors.New("server away")
		d.work()
		if len(d.mails.sent) != 0 {
			d.Fatal("sent while the server was away")
		}
		d.mails.fail = nil
		d.work()
		if len(d.mails.sent) != 0 {
			d.Fatal("tried again at once, without back-off")
		}
		d.clock.Advance(time.Minute)
		d.work()
		counts, err := d.db.MailCounts(d.Context())
		if err != nil || len(d.mails.sent) != 1 || counts[notify.Sent] != 1 || counts[notify.Queued] != 0 {
			d.Errorf("%d sent, %v, %v", len(d.mails.sent), counts, err)
		}
	})
}

// Anybody can type a stranger's address: it gets a bounded number of mails.
func TestOneAddressGetsABoundedNumberOfMailsAnHour(t *testing.T) {
	run(t, func(d desk) {
		var ids []string
		for i := range notify.MaxAutomatic + 5 {
			ids = append(ids, d.submit("victim@example.com", fmt.Sprintf("form %d", i)))
		}
		d.work()
		if n := len(d.to("victim@example.com")); n != notify.MaxAutomatic {
			d.Errorf("%d mails, want %d", n, notify.MaxAutomatic)
		}
		marked := 0
		for _, id := range ids {
			events, err := d.db.EventsOf(d.Context(), id)
			if err != nil {
				d.Fatal(err)
			}
			for _, e := range events {
				if e.Kind == ticket.MailSuppressed {
					marked++
				}
			}
		}
		if marked != 5 {
			d.Errorf("%d tickets say that their mail was held back, want 5", marked)
		}
		d.clock.Advance(time.Hour + time.Second)
		d.submit("victim@example.com", "later")
		d.work()
		if n := len(d.to("victim@example.com")); n != notify.MaxAutomatic+1 {
			d.Errorf("an hour later: %d mails", n)
		}
	})
}

func TestStaffAreToldOfTicketsAndReplies(t *testing.T) {
	run(t, func(d desk) {
		if err := d.db.CreateFirstStaff(d.Context(), ticket.Staff{ID: "s", Email: "alice@vmcloud.example", Lang: "en", Role: "admin", PasswordHash: "x"}); err != nil {
			d.Fatal(err)
		}
		id := d.submit("z@example.com", "form")
		d.work()
		if _, err := d.ticket.CustomerReply(d.Context(), id, ticket.CustomerMessage{Body: "encore moi"}); err != nil {
			d.Fatal(err)
		}
		d.work()
		got := d.to("alice@vmcloud.example")
		if len(got) != 2 || got[0].Lang != "en" || !strings.Contains(got[1].Body, "encore moi") {
			d.Errorf("%+v", got)
		}
	})
}

func TestOutboxWritesWholeFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "outbox")
	m := notify.Mail{ID: "id1", Recipient: "z@example.com", Subject: "Reçu\r\nBcc: x@y.z", Body: "été", MessageID: "a@b.c", CreatedAt: storetest.Start, Lang: "fr", Automatic: true}
	if err := (notify.Outbox{Dir: dir, From: "S <s@example.com>"}).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "id1.eml"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r, err := mail.CreateReader(f)
	if err != nil {
		t.Fatal(err)
	}
	subject, _ := r.Header.Subject()
	if subject != "Reçu Bcc: x@y.z" || r.Header.Get("Bcc") != "" || r.Header.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("subject %q, headers %v", subject, r.Header)
	}
	p, err := r.NextPart()
	if err != nil {
		t.Fatal(err)
	}
	if body, _ := io.ReadAll(p.Body); string(body) != "été" {
		t.Errorf("body %q", body)
	}
}

// backend is a mail server that keeps what it receives.
type backend struct {
	mu   sync.Mutex
	data []string
}

func (b *backend) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{b: b}, nil }

type session struct{ b *backend }

func (s *session) Mail(string, *smtp.MailOptions) error { return nil }
func (s *session) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (s *session) Reset()                               {}
func (s *session) Logout() error                        { return nil }
func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	s.b.data = append(s.b.data, string(data))
	return err
}

func TestSMTPDelivers(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &backend{}
	srv := smtp.NewServer(b)
	srv.Domain = "localhost"
	go func() { _ = srv.Serve(ln) }() // ends with Close below
	defer func() { _ = srv.Close() }()
	s, err := notify.NewSMTP("smtp://"+ln.Addr().String(), "Support <s@example.com>")
	if err != nil {
		t.Fatal(err)
	}
	m := notify.Mail{ID: "1", Recipient: "z@example.com", Subject: "é", Body: "corps", MessageID: "mid@example.com", InReplyTo: "first@example.com", CreatedAt: storetest.Start, Lang: "fr"}
	if err := s.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.data) != 1 || !strings.Contains(b.data[0], "<mid@example.com>") || !strings.Contains(b.data[0], "References: <first@example.com>") {
		t.Errorf("received %q", b.data)
	}
}

func TestSMTPAddressIsChecked(t *testing.T) {
	for _, c := range []struct{ url, from, want string }{
		{"http://x", "a@b.c", "smtp://"}, {"smtp://h:x", "a@b.c", "smtp://"}, {"smtp://h?tls=maybe", "a@b.c", "required or off"}, {"smtp://h", "nobody", "nobody"},
	} {
		if _, err := notify.NewSMTP(c.url, c.from); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, %s: %v, want %q", c.url, c.from, err, c.want)
		}
	}
	s, err := notify.NewSMTP("smtps://me:hunter2@mail.example.com", "a@b.c")
	if err != nil || strings.Contains(s.Describe(), "hunter2") {
		t.Errorf("%v, %v", s, err)
	}
}
