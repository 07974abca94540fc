package main

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"net/mail"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/vmcloud/ricochet/content"
	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/notify"
	"github.com/vmcloud/ricochet/deflect/policy"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/kb"
	"github.com/vmcloud/ricochet/search"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/web"
)

// settings are what the configuration and the files it names say, read and
// checked before anything is opened.
type settings struct {
	limit     int // writes a minute; 0 for no limit
	zone      *time.Location
	channels  *policy.Channels
	described []string // the channels, without their secrets
	taxonomy  *policy.Taxonomy
	sender    notify.Sender
}

// settings reads them.
func (s *serveCmd) settings() (settings, error) {
	var set settings
	var err error
	if set.limit, err = rateLimit(s.RateLimit); err != nil {
		return set, err
	}
	if set.zone, err = time.LoadLocation(s.Zone); err != nil {
		return set, fmt.Errorf("--zone %s: want a name such as Europe/Paris: %w", s.Zone, err)
	}
	if set.channels, set.described, err = s.channels(); err != nil {
		return set, err
	}
	if set.taxonomy, err = loadTaxonomy(s.Taxonomy); err != nil {
		return set, err
	}
	if set.sender, err = s.sender(); err != nil {
		return set, err
	}
	return set, s.check()
}

// check refuses what would only be found wrong later: when data is open, or
// when the first mail is not sent.
func (s *serveCmd) check() error {
	s.BaseURL = strings.TrimSuffix(s.BaseURL, "/") // links are this and a path
	if _, err := web.ParseBase(s.BaseURL); err != nil {
		return fmt.Errorf("--base-url: %w", err)
	}
	if _, err := mail.ParseAddress(s.MailFrom); err != nil {
		return fmt.Errorf("--mail-from %q: want an address such as Support <support@example.com>: %w", s.MailFrom, err)
	}
	if s.ReplyTo != "" {
		if _, err := notify.NewReplyAddress(s.ReplyTo, nil); err != nil {
			return fmt.Errorf("--reply-to: %w", err)
		}
	}
	for _, p := range s.TrustedProxies {
		if _, err := netip.ParsePrefix(p); err == nil {
			continue
		}
		if _, err := netip.ParseAddr(p); err != nil {
			return fmt.Errorf("--trusted-proxies %q: want an address or a network such as 10.0.0.0/8", p)
		}
	}
	if s.Retention < 0 {
		return fmt.Errorf("--retention %d: want a number of months, or 0 to keep everything", s.Retention)
	}
	if !(s.Holdout >= 0 && s.Holdout <= deflect.MaxShare) {
		return fmt.Errorf("--holdout %g: want a share from 0 to %g", s.Holdout, deflect.MaxShare)
	}
	if s.AttachmentMiB < 0 || s.AttachmentMiB > math.MaxInt64>>20 {
		return fmt.Errorf("--attachment-mib %d: want a number of MiB, 0 to take no files", s.AttachmentMiB)
	}
	return nil
}

// build opens everything in the order in which one needs the other.
func (a *app) build(ctx context.Context, s *serveCmd) error {
	set, err := s.settings()
	if err != nil {
		return err
	}
	if err := a.openData(ctx, s); err != nil {
		return err
	}
	if err := a.openContent(ctx, s); err != nil {
		return err
	}
	if err := a.openTicketIndex(s.Data); err != nil {
		return err
	}
	if err := a.openDesk(ctx, s, set); err != nil {
		return err
	}
	if err := a.openWeb(s, set); err != nil {
		return err
	}
	if err := a.openNotifier(s, set); err != nil {
		return err
	}
	a.jobs(a.ticketing, a.notifier)
	return nil
}

// openData opens what the site must keep: the database, the secret in it, the
// attached files.
func (a *app) openData(ctx context.Context, s *serveCmd) error {
	var err error
	if a.db, err = store.Open(ctx, store.Options{Dir: s.Data, Database: s.Database, Clock: a.clock, Log: a.log}); err != nil {
		return err
	}
	if a.secret, err = a.db.Secret(ctx); err != nil {
		return err
	}
	a.files, err = intake.OpenFiles(filepath.Join(s.Data, "attachments"), s.AttachmentMiB<<20)
	return err
}

// openDesk makes the services behind the pages: the promises and the rules in
// force, the tickets, the ledger, the gaps and the reports.
func (a *app) openDesk(ctx context.Context, s *serveCmd, set settings) error {
	a.feeds = newFeeds(s.Policy, s.Data, set.channels.Allow, a.clock)
	promises, err := a.feeds.load(s.Policy)
	if err != nil {
		return err
	}
	a.policy, a.book = s.Policy, promises.Book
	if err := a.team().Seed(ctx); err != nil {
		return err
	}
	if err := a.openRules(s, set.taxonomy); err != nil {
		return err
	}
	a.ticketing = a.tickets(a.clocks(), set.taxonomy)
	if err := a.openLedger(ctx, s, set.zone); err != nil {
		return err
	}
	a.recorder = deflect.NewRecorder(a.db, a.clock, set.zone, a.log)
	a.gaps = a.gapFinder(set.zone)
	a.openReports(a.book, set.zone, s.BaseURL)
	return nil
}

// clocks reckon promises by the policy in force.
func (a *app) clocks() ticket.Clocks { return ticket.Clocks{Book: a.book} }

// openWeb makes the pages.
func (a *app) openWeb(s *serveCmd, set settings) error {
	a.mailTo = set.sender.Describe()
	var theme fs.FS
	if s.Theme != "" {
		theme = os.DirFS(s.Theme)
	}
	var err error
	a.web, err = web.New(web.Options{
		Library: a.live, Search: a.index, Theme: theme, BaseURL: s.BaseURL, Clock: a.clock, Logger: a.log, Zone: set.zone,
		DefaultLang: s.DefaultLang, TrustedProxies: s.TrustedProxies, RateLimit: set.limit,
		Popular:       a.popular,
		OnArticleView: a.viewed,
		OnSearch:      a.searched,
		Support:       a.support(s, set),
	})
	return err
}

// support is what the pages need of the desk.
func (a *app) support(s *serveCmd, set settings) *web.Support {
	return &web.Support{
		Intake: &intake.Service{
			Store: store.As[intake.Tx]{DB: a.db, Cast: func(tx *store.Tx) intake.Tx { return tx }}, Clocks: a.clocks(),
			Rules:      a.rules.Current,
			AccessHash: func(id string) string { return web.AccessHash(a.secret, id) },
		},
		Store: a.db, Files: a.files, Secret: a.secret, Suggester: a.index,
		Tickets: a.ticketing, Taxonomy: set.taxonomy, TicketSearch: a.texts, Rules: a.rules, Policy: a.feeds.report,
		Team: a.team(), Privacy: people(a.db, a.files, s.Data),
		Ledger: a.ledger, Trial: a.trial, Gaps: a.gaps, Reports: a.rolling.reports,
		MailTo: a.mailTo, MailFiles: s.SMTP == "", Problems: a.problems, Channels: set.described,
		Previews: func(lang string) []notify.Preview { return a.notifier.Previews(lang) },
	}
}

// openNotifier makes what tells people, in the pages' words.
func (a *app) openNotifier(s *serveCmd, set settings) error {
	reply, err := s.replyAddress(a.secret)
	if err != nil {
		return err
	}
	a.notifier = a.acknowledge(&notify.Notifier{
		Store:  store.As[notify.Tx]{DB: a.db, Cast: func(tx *store.Tx) notify.Tx { return tx }},
		Sender: set.sender, Texts: a.web.Texts(), BaseURL: s.BaseURL, Domain: messageDomain(s.BaseURL), Log: a.log, Reply: reply,
		Access: func(id string) string { return web.AccessToken(a.secret, id) },
	})
	return a.openAlerts(s, a.clocks(), set.channels)
}

// openContent loads the articles and brings the index up to date with them.
func (a *app) openContent(ctx context.Context, s *serveCmd) error {
	boundMemory()
	a.keep = keepArticles(s.Data, a.log)
	lexicon := fs.FS(nil)
	if s.Content == "" {
		// What is known about the built-in articles is for their authors and
		// `ricochet lint`, not for whoever runs them.
		lib, _, err := kb.Load(ctx, content.FS, kb.Options{Keep: a.keep})
		if err != nil {
			return err
		}
		a.live = kb.NewStatic(lib)
		a.problems = func() []kb.Problem { return nil }
	} else {
		var err error
		if a.live, err = kb.OpenLive(ctx, s.Content, kb.Options{Logger: a.log, Keep: a.keep}); err != nil {
			return err
		}
		a.problems = a.live.Problems
		if dir := filepath.Join(s.Content, "lexicon"); isDir(dir) {
			lexicon = os.DirFS(dir)
		}
	}
	if a.live.Current().Len() == 0 {
		a.log.Warn("there are no articles: want files such as fr/guides/first.md and en/guides/first.md", "content", s.Content)
	}
	boundMemory()
	var err error
	if a.index, err = search.Open(search.Options{Dir: filepath.Join(s.Data, "search"), Lexicon: lexicon, Logger: a.log, Clock: a.clock}); err != nil {
		return err
	}
	stats, err := a.index.Sync(ctx, a.live.Current())
	if err != nil {
		return err
	}
	a.log.Info("search index ready", "articles", a.live.Current().Len(), "stats", fmt.Sprintf("%+v", stats))
	a.live.Subscribe(func(c kb.Change) {
		if _, err := a.index.Sync(context.WithoutCancel(ctx), c.New); err != nil {
			a.log.Error("bring the search index up to date", "err", err)
		}
	})
	return nil
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func (s *serveCmd) sender() (notify.Sender, error) {
	if s.SMTP == "" {
		return notify.Outbox{Dir: filepath.Join(s.Data, "outbox"), From: s.MailFrom}, nil
	}
	sender, err := notify.NewSMTP(s.SMTP, s.MailFrom)
	if err != nil {
		return nil, fmt.Errorf("--smtp: %w", err)
	}
	return sender, nil
}

// replyAddress makes the addresses that customers answer to; nil when no
// mailbox takes them.
func (s *serveCmd) replyAddress(secret []byte) (*notify.ReplyAddress, error) {
	if s.ReplyTo == "" {
		return nil, nil
	}
	r, err := notify.NewReplyAddress(s.ReplyTo, secret)
	if err != nil {
		return nil, fmt.Errorf("--reply-to: %w", err)
	}
	return r, nil
}
