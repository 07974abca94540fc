package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/vmcloud/ricochet/deflect/notify"
	"github.com/vmcloud/ricochet/deflect/policy"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/internal/dial"
)

// maxFeed is the longest holiday feed that is read, in bytes.
const maxFeed = 4 << 20

// feedPeriod is how often the feeds are read again, so that new holidays count
// and a source that fails is noticed before its holidays are needed.
const feedPeriod = 6 * time.Hour

// feeds reads the policy and its holiday feeds, files beside the policy or
// addresses on the public Internet, keeps the last good copy of each feed, and
// remembers for the team's status page how the last reading went.
type feeds struct {
	dir    string // where copies are kept
	client *http.Client
	files  fs.FS
	clock  clock.Clock

	mu     sync.Mutex // never held while a feed is fetched
	last   reading
	status policy.Status
}

// reading is what the feeds said when they were read together.
type reading struct {
	sums  map[string][sha256.Size]byte // what each feed said
	stale map[string]error             // what could not be read
}

// newFeeds reads feeds for a policy file and keeps copies in a folder of the
// data.
func newFeeds(policyPath, data string, allow []netip.Prefix, c clock.Clock) *feeds {
	return &feeds{dir: filepath.Join(data, "feeds"), client: dial.Client(allow), files: os.DirFS(filepath.Dir(policyPath)), clock: c}
}

// fetch reads a feed from its source.
func (f *feeds) fetch(ref string) ([]byte, error) {
	if strings.HasPrefix(ref, "http://") || strings.HasPrefix(ref, "https://") {
		data, err := dial.Get(context.Background(), f.client, ref, maxFeed)
		return data, withoutAddress(ref, err)
	}
	return fs.ReadFile(f.files, ref)
}

// withoutAddress is err without the address that was asked: it may hold a key,
// and the team sees what is wrong.
func withoutAddress(ref string, err error) error {
	if u, bad := url.Parse(ref); err != nil && bad == nil {
		var asked *url.Error
		if errors.As(err, &asked) {
			err = asked.Err
		}
		return errors.New(strings.ReplaceAll(err.Error(), u.Redacted(), u.Host))
	}
	return err
}

// shownFeed is a feed as the team sees it: of an address, the host.
func shownFeed(ref string) string {
	if u, err := url.Parse(ref); err == nil && u.Host != "" {
		return u.Host
	}
	return ref
}

// read begins a reading: each feed that is asked for, or its last good copy,
// is noted in it.
func (f *feeds) read() (reading, policy.Feeds) {
	r := reading{map[string][sha256.Size]byte{}, map[string]error{}}
	cache := policy.FeedCache{Dir: f.dir, Fetch: f.fetch, Stale: func(ref string, err error) { r.stale[ref] = err }}
	return r, func(ref string) ([]byte, error) {
		data, err := cache.Get(ref)
		if err == nil {
			r.sums[ref] = sha256.Sum256(data)
		}
		return data, err
	}
}

// changed reads every feed again and says whether one says something else.
func (f *feeds) changed() bool {
	f.mu.Lock()
	was := f.last.sums
	f.mu.Unlock()
	now, get := f.read()
	other := false
	for ref, sum := range was {
		if _, err := get(ref); err != nil {
			now.stale[ref] = err
		} else if now.sums[ref] != sum {
			other = true
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last.stale = now.stale
	return other
}

// failed is what could not be read the last time.
func (f *feeds) failed() map[string]error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.last.stale)
}

// load reads the operator's policy with its feeds.
func (f *feeds) load(path string) (*policy.Set, error) {
	now := f.clock.Now()
	if path == "" {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.status = policy.Status{LoadedAt: now}
		return policy.Default()
	}
	file := filepath.Base(path)
	r, get := f.read()
	set, err := policy.Load(f.files, file, get)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		f.status = f.status.Refused(file, err, now)
		return nil, fmt.Errorf("the policy is refused:\n%w", err)
	}
	f.last, f.status = r, policy.Status{File: file, LoadedAt: now}
	return set, nil
}

// report says which policy is in force, for the team's status page.
func (f *feeds) report() policy.SetStatus {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := policy.SetStatus{Status: f.status}
	for _, ref := range slices.Sorted(maps.Keys(f.last.stale)) {
		s.Feeds = append(s.Feeds, policy.Problem{File: shownFeed(ref), Reason: f.last.stale[ref].Error()})
	}
	return s
}

// loadPolicy reads a policy beside the site's data, "" for the built-in one. A
// feed that cannot be had is the site's last good copy.
func (d dataFlags) loadPolicy(path string) (*policy.Set, error) {
	return newFeeds(path, d.Data, nil, clock.System{}).load(path)
}

// watchPolicy takes over what the holiday feeds say now, and on SIGHUP a
// changed policy file too. It tells whoever runs the site that a feed cannot be
// read, at the start and whenever it happens, once a day for each.
func (a *app) watchPolicy(ctx context.Context, path string) {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	t := time.NewTicker(feedPeriod)
	defer t.Stop()
	for {
		a.tellOfFeeds(ctx)
		select {
		case <-ctx.Done():
			return
		case <-hup:
			a.adoptPolicy(ctx, path)
		case <-t.C:
			if a.feeds.changed() {
				a.adoptPolicy(ctx, path)
			}
		}
	}
}

func (a *app) tellOfFeeds(ctx context.Context) {
	for ref, err := range a.feeds.failed() {
		a.log.Warn("holiday feed: the last good copy stays in use", "feed", ref, "err", err)
		key := ref + ":" + a.clock.Now().Format(time.DateOnly)
		if err := a.notifier.TellAdmins(ctx, notify.EventFeedFailed, key); err != nil && ctx.Err() == nil {
			a.log.Error("tell of a feed", "err", err)
		}
	}
}

// adoptPolicy reads the policy again. One with a mistake is refused whole, and
// the one in force stays. What it changes about stored promises, timers look at
// now: dates that were foreseen may come earlier.
func (a *app) adoptPolicy(ctx context.Context, path string) {
	if path == "" {
		return
	}
	set, err := a.feeds.load(path)
	if err != nil {
		a.log.Warn("policy refused, the one in force stays", "err", err)
		return
	}
	a.book.Adopt(set.Book)
	n, err := a.db.WakeTickets(ctx, a.clock.Now())
	if err != nil {
		if ctx.Err() == nil { // else the next start reckons them
			a.log.Error("reckon promises anew", "err", err)
		}
		return
	}
	a.log.Info("policy loaded", "file", path, "tickets", n)
}
