package notify

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/vmcloud/ricochet/internal/errs"
)

// sendTimeout bounds one delivery; it stays below a job's lease.
const sendTimeout = 45 * time.Second

// SMTP delivers through a mail server, one connection per mail. wneessen's
// go-mail does the protocol: STARTTLS, authentication and encodings are no
// place for our own code.
type SMTP struct {
	host string
	opts []gomail.Option
	from string
}

// NewSMTP reads a URL such as smtp://user:password@mail.example.com:587.
// smtps:// means TLS from the first byte (port 465). With smtp://, STARTTLS
// is used when the server offers it and required when a password is given;
// ?tls=required and ?tls=off decide otherwise. from is the sender of all mail.
func NewSMTP(raw, from string) (*SMTP, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || (u.Scheme != "smtp" && u.Scheme != "smtps") {
		return nil, errs.Newf(errs.Invalid, "", "smtp: want smtp://[user:password@]host[:port] or smtps://...")
	}
	s := &SMTP{host: u.Hostname(), from: from, opts: []gomail.Option{gomail.WithTimeout(15 * time.Second)}}
	port := 25
	_, hasPassword := u.User.Password()
	policy := gomail.TLSOpportunistic
	if hasPassword {
		port, policy = 587, gomail.TLSMandatory
	}
	switch tls := u.Query().Get("tls"); tls {
	case "":
	case "required":
		policy = gomail.TLSMandatory
	case "off":
		policy = gomail.NoTLS
	default:
		return nil, errs.Newf(errs.Invalid, "", "smtp: tls=%s: want required or off", tls)
	}
	if u.Scheme == "smtps" {
		port = 465
		s.opts = append(s.opts, gomail.WithSSL())
	} else {
		s.opts = append(s.opts, gomail.WithTLSPolicy(policy))
	}
	if p := u.Port(); p != "" {
		if port, err = strconv.Atoi(p); err != nil || port < 1 || port > 65535 {
			return nil, errs.Newf(errs.Invalid, "", "smtp: port %s: want 1 to 65535", p)
		}
	}
	s.opts = append(s.opts, gomail.WithPort(port))
	if hasPassword {
		password, _ := u.User.Password()
		auth := gomail.SMTPAuthAutoDiscover
		if policy == gomail.NoTLS && u.Scheme == "smtp" {
			auth = gomail.SMTPAuthPlainNoEnc
		}
		s.opts = append(s.opts, gomail.WithSMTPAuth(auth), gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
	}
	// One empty message finds a wrong sender address at start, not at night.
	if _, err := message(Mail{Recipient: "probe@example.com", MessageID: "probe@example.com", CreatedAt: time.Unix(0, 0)}, from); err != nil {
		return nil, errs.New(errs.Invalid, "", err)
	}
	return s, nil
}

// Send delivers m and returns once the server has taken it.
func (s *SMTP) Send(ctx context.Context, m Mail) error {
	msg, err := message(m, s.from)
	if err != nil {
		return err
	}
	c, err := gomail.NewClient(s.host, s.opts...)
	if err != nil {
		return fmt.Errorf("smtp: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	if err := c.DialAndSendWithContext(ctx, msg); err != nil {
		return fmt.Errorf("smtp: %w", err)
	}
	return nil
}

// Describe names the server, never the password.
func (s *SMTP) Describe() string { return "smtp://" + s.host }
