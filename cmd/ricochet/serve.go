package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/vmcloud/ricochet/internal/errs"
)

// serveCmd is the site. Every flag is also an environment variable
// RICOCHET_NAME and a key of ricochet.yaml.
type serveCmd struct {
	Content        string   `help:"Folder with {fr,en}/**/*.md; the built-in articles when left out." type:"existingdir" placeholder:"DIR"`
	Data           string   `help:"Folder of the database, the search index, attachments and outbox." default:"data" placeholder:"DIR"`
	Listen         string   `help:"Address to listen on." default:"127.0.0.1:8080" placeholder:"ADDR"`
	Theme          string   `help:"Folder whose templates, styles, scripts, images and locales replace the built-in ones, file by file." type:"existingdir" placeholder:"DIR"`
	Database       string   `help:"PostgreSQL to use instead of SQLite, postgres://user:password@host/name. Also RICOCHET_DATABASE_FILE." placeholder:"URL"`
	BaseURL        string   `name:"base-url" help:"Scheme and host visitors use; http:// and the listening address when left out." placeholder:"URL"`
	DefaultLang    string   `help:"Language of visitors who want none of the site's." default:"fr" placeholder:"LANG"`
	Zone           string   `help:"Time zone in which times are shown." default:"Europe/Paris" placeholder:"ZONE"`
	SMTP           string   `name:"smtp" help:"Mail server, smtp://user:password@host:port; without one, mails become files in the data folder. Also RICOCHET_SMTP_FILE." placeholder:"URL"`
	MailFrom       string   `help:"Sender of all mail." default:"VMCloud Support <support@vmcloud.com>" placeholder:"ADDRESS"`
	ReplyTo        string   `help:"Mailbox that takes answers to mails; its mail server must deliver name+anything@ to name@. Left out, answers go to the sender." placeholder:"ADDRESS"`
	Channels       string   `help:"File of the chat rooms and webhooks that are told of alerts." type:"existingfile" placeholder:"FILE"`
	MailTexts      string   `help:"Folder with LANG/KIND.txt: texts of customers' mails that replace the built-in ones (see /staff/mails)." type:"existingdir" placeholder:"DIR"`
	Taxonomy       string   `help:"Taxonomy of questions; the built-in one when left out (see ricochet taxonomy)." type:"existingfile" placeholder:"FILE"`
	Policy         string   `help:"SLA policy file; the built-in policy when left out (see ricochet sla policy). Read again on SIGHUP; its holiday feeds every six hours too." type:"existingfile" placeholder:"FILE"`
	Holdout        float64  `help:"Share of visitors, 0 to 0.9, who write without suggestions so that their effect can be measured: the first period's; later ones are set on /staff/experiment." default:"0.2" placeholder:"SHARE"`
	Rules          string   `help:"Rules that sort new tickets; the built-in ones when left out (see ricochet rules print). Read again when the file changes, and on SIGHUP." type:"existingfile" placeholder:"FILE"`
	Retention      int      `help:"Months after which searches, comments and old mails lose their text and their visitor; 0 keeps them." default:"13" placeholder:"N"`
	RateLimit      string   `help:"Writes a minute from one address, or off." default:"60" placeholder:"N"`
	TrustedProxies []string `help:"Addresses or networks whose X-Forwarded-For counts." placeholder:"CIDR,..."`
	AttachmentMiB  int64    `name:"attachment-mib" help:"MiB that all attachments together may take." default:"10240" placeholder:"N"`
	LogLevel       string   `help:"debug, info, warn or error." default:"info" enum:"debug,info,warn,error"`
}

// shutdownGrace is how long open requests may take once the site is told to
// stop.
const shutdownGrace = 10 * time.Second

// Run serves until the process is told to stop.
func (s *serveCmd) Run(ctx context.Context, con console) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.LogLevel)); err != nil {
		return fmt.Errorf("--log-level: %w", err)
	}
	log := slog.New(slog.NewTextHandler(con.err, &slog.HandlerOptions{Level: level}))
	var err error
	if s.Database, err = secretFile("RICOCHET_DATABASE", s.Database); err != nil {
		return err
	}
	if s.SMTP, err = secretFile("RICOCHET_SMTP", s.SMTP); err != nil {
		return err
	}
	ln, err := net.Listen("tcp", s.Listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", s.Listen, err)
	}
	defer func() { _ = ln.Close() }() // Serve has closed it in the ordinary case
	if s.BaseURL == "" {
		s.BaseURL = "http://" + reachable(ln.Addr())
	}
	now, err := programClock()
	if err != nil {
		return err
	}
	a, err := s.open(ctx, now, log)
	if err != nil {
		return err
	}
	srv := &http.Server{
		Handler: a.web, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 2 * time.Minute, WriteTimeout: 2 * time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	srv.RegisterOnShutdown(a.web.StopLive)
	go tuneMemory()
	a.start(ctx)
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	s.greet(ctx, con, a, ln.Addr())
	select {
	case err = <-failed:
	case <-ctx.Done():
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
		defer cancel()
		err = srv.Shutdown(stop)
	}
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, a.close())
}

// reachable is an address a browser on this machine can open.
func reachable(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// greet prints where to go, and the one-time link while nobody has an account.
func (s *serveCmd) greet(ctx context.Context, con console, a *app, at net.Addr) {
	fmt.Fprintf(con.out, "Ricochet listens on %s\n\n", at)
	for _, lang := range a.langs() {
		fmt.Fprintf(con.out, "  Help centre (%s)  %s/%s/\n", lang, s.BaseURL, lang)
	}
	fmt.Fprintf(con.out, "  Contact form      %s/%s/contact\n", s.BaseURL, s.DefaultLang)
	fmt.Fprintf(con.out, "  Team pages        %s/staff\n", s.BaseURL)
	fmt.Fprintf(con.out, "  Mail goes to      %s\n", a.mailTo)
	link, err := a.setupLink(ctx, s.BaseURL)
	if err != nil {
		a.log.Error("setup link", "err", err)
	}
	if link != "" {
		fmt.Fprintf(con.out, "\nNo team account yet. Create the first one here; the link works once:\n  %s\n", link)
	}
	fmt.Fprintln(con.out)
}

// rateLimit reads "off" or a number of writes a minute.
func rateLimit(text string) (int, error) {
	if text == "off" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, errs.Newf(errs.Invalid, "", "--rate-limit %q: want a number of writes a minute, or off", text)
	}
	return n, nil
}

// messageDomain is the right side of Message-IDs: the site's host.
func messageDomain(baseURL string) string {
	host := strings.TrimPrefix(strings.TrimPrefix(baseURL, "https://"), "http://")
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if net.ParseIP(host) != nil {
		return "ricochet.invalid" // an address literal is no domain (RFC 5322)
	}
	return host
}

// versionCmd prints what was built.
type versionCmd struct{}

// Run prints the version of the module and the commit it was built from.
func (versionCmd) Run(con console) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return errors.New("this program was built without build information")
	}
	version := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			version += " " + s.Value[:min(12, len(s.Value))]
		}
	}
	_, err := fmt.Fprintln(con.out, "ricochet", version, info.GoVersion)
	return err
}
