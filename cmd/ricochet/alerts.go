package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/vmcloud/ricochet/deflect/notify"
	"github.com/vmcloud/ricochet/deflect/policy"
	"github.com/vmcloud/ricochet/deflect/sla"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/dial"
	"github.com/vmcloud/ricochet/store"
)

// openAlerts gives the notifier its channels and texts, and makes the timers
// that use it.
func (a *app) openAlerts(s *serveCmd, clocks ticket.Clocks, list *policy.Channels) error {
	n := a.notifier
	n.Clock, n.Clocks = a.clock, clocks
	var err error
	n.Poster = notify.Poster{Doer: dial.Client(list.Allow)}
	if n.Channels, err = channels(list, s.DefaultLang, a.langs(), a.book.At(a.clock.Now())); err != nil {
		return fmt.Errorf("the channels are refused:\n%w", err)
	}
	for _, c := range list.List {
		a.log.Info("channel", "is", c.Describe())
	}
	if s.MailTexts != "" {
		if n.Templates, err = notify.LoadTemplates(os.DirFS(s.MailTexts), a.langs()); err != nil {
			return fmt.Errorf("--mail-texts %s: %w", s.MailTexts, err)
		}
	}
	a.ticketing.Substitute = substitute
	a.ticketing.Told = func(tx ticket.Tx, t ticket.Ticket, done ticket.Action) error { return n.Told(tx.(*store.Tx), t, done) }
	a.timers = &notify.Timers{Store: timerStore{a.db}, Tickets: a.ticketing, Clock: a.clock, Log: a.log, Poll: pollEvery}
	return nil
}

// timerStore narrows the database to what the timers need.
type timerStore struct{ db *store.DB }

// InTx runs fn in a durable transaction.
func (s timerStore) InTx(ctx context.Context, fn func(notify.TimerTx) error) error {
	return s.db.InTx(ctx, func(tx *store.Tx) error { return fn(tx) })
}

// TimerDue says whether a ticket's timer has run out.
func (s timerStore) TimerDue(ctx context.Context, now time.Time) (bool, error) {
	return s.db.TimerDue(ctx, now)
}

// channels reads the channels file and describes each channel without its
// secrets.
func (s *serveCmd) channels() (*policy.Channels, []string, error) {
	list, err := readChannels(s.Channels)
	if err != nil {
		return nil, nil, err
	}
	var described []string
	for _, c := range list.List {
		described = append(described, c.Describe())
	}
	return list, described, nil
}

// readChannels reads the channels file, "" for none.
func readChannels(path string) (*policy.Channels, error) {
	if path == "" {
		return &policy.Channels{}, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--channels: %w", err)
	}
	list, err := policy.ParseChannels(path, data, func(kind, name string) (string, error) {
		if kind == "env" {
			return os.Getenv(name), nil
		}
		return readSecret(name)
	})
	if err != nil {
		return nil, fmt.Errorf("the channels are refused:\n%w", err)
	}
	return list, nil
}

// channels makes of the file's channels those of the notifier. It finds what
// the file alone does not show: a language of no site, a secret that signs
// nothing, and a tier without promises, whose channel would be silent for ever.
func channels(list *policy.Channels, defaultLang string, langs []string, promises *sla.Policy) ([]notify.Channel, error) {
	var out []notify.Channel
	var wrong []error
	for _, c := range list.List {
		fail := func(format string, args ...any) {
			wrong = append(wrong, fmt.Errorf("line %d: channel %s: "+format, append([]any{c.Line, c.Name}, args...)...))
		}
		n := notify.Channel{Name: c.Name, Slack: c.Kind == policy.ChannelSlack, URL: c.URL, Lang: c.Lang, Events: c.Events}
		for _, t := range c.Tiers {
			if _, ok := promises.Tier(t); !ok {
				fail("the policy has no tier %q", t)
			}
			n.Tiers = append(n.Tiers, ticket.Tier(t))
		}
		for _, p := range c.Priorities {
			n.Priorities = append(n.Priorities, ticket.Priority(p))
		}
		if n.Lang == "" {
			n.Lang = defaultLang
		}
		if !slices.Contains(langs, n.Lang) {
			fail("the site does not speak %q, but %s", n.Lang, strings.Join(langs, ", "))
		}
		if !n.Slack {
			var err error
			if n.Secret, err = notify.WebhookKey(c.Secret); err != nil {
				fail("%w", err)
			}
		}
		out = append(out, n)
	}
	return out, errors.Join(wrong...)
}

// substitute is who takes over from an owner who is away: "" while the owner
// is there, or when nobody else is (D-18, D-22).
func substitute(tx ticket.Tx, t ticket.Ticket) (string, error) {
	stored := tx.(*store.Tx)
	away, err := stored.AbsentStaff(stored.Now())
	if err != nil || !away[t.Assignee] {
		return "", err
	}
	team, err := stored.Team()
	if err != nil {
		return "", err
	}
	load, err := stored.LoadByAssignee()
	return ticket.Substitute(team, away, load, t), err
}
