package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/vmcloud/ricochet/deflect/notify"
	"github.com/vmcloud/ricochet/deflect/policy"
	"github.com/vmcloud/ricochet/internal/dial"
)

// maxFeed is the longest holiday feed that is read, in bytes.
const maxFeed = 4 << 20

// feedPeriod is how often the feeds are read again, so that new holidays count
// and a source that fails is noticed before its holidays are needed.
const feedPeriod = 6 * time.Hour

// feeds reads the policy's holiday feeds, files beside the policy or addresses
// on the public Internet, and keeps the last good copy of each.
type feeds struct {
	cache  policy.FeedCache
	client *http.Client
	files  fs.FS

	mu    sync.Mutex
	read  map[string][sha256.Size]byte // what each feed of the policy said
	stale map[string]error             // what could not be read the last time
}

// newFeeds reads feeds for a policy file and keeps copies in a folder of the
// data.
func newFeeds(policyPath, data string, allow []netip.Prefix) *feeds {
	f := &feeds{client: dial.Client(allow), files: os.DirFS(filepath.Dir(policyPath)), read: map[string][sha256.Size]byte{}, stale: map[string]error{}}
	f.cache = policy.FeedCache{Dir: filepath.Join(data, "feeds"), Fetch: f.fetch, Stale: func(ref string, err error) { f.stale[ref] = err }}
	return f
}

// fetch reads a feed from its source.
func (f *feeds) fetch(ref string) ([]byte, error) {
	if strings.HasPrefix(ref, "http://") || strings.HasPrefix(ref, "https://") {
		return dial.Get(context.Background(), f.client, ref, maxFeed)
	}
	return fs.ReadFile(f.files, ref)
}

// Get is the feed, or its last good copy. It is a policy.Feeds.
func (f *feeds) Get(ref string) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	data, err := f.cache.Get(ref)
	if err == nil {
		f.read[ref] = sha256.Sum256(data)
	}
	return data, err
}

// changed reads every feed again and says whether one says something else.
func (f *feeds) changed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.stale)
	other := false
	for ref, was := range f.read {
		data, err := f.cache.Get(ref)
		if err != nil {
			f.stale[ref] = err
		} else if sha256.Sum256(data) != was {
			other = true
		}
	}
	return other
}

// failed is what could not be read the last time.
func (f *feeds) failed() map[string]error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.stale)
}

// load reads the operator's policy with its feeds.
func (f *feeds) load(path string) (*policy.Set, error) {
	if path == "" {
		return policy.Default()
	}
	set, err := policy.Load(f.files, filepath.Base(path), f.Get)
	if err != nil {
		return nil, fmt.Errorf("the policy is refused:\n%w", err)
	}
	return set, nil
}

// loadPolicy reads a policy beside the site's data, "" for the built-in one. A
// feed that cannot be had is the site's last good copy.
func (d dataFlags) loadPolicy(path string) (*policy.Set, error) {
	return newFeeds(path, d.Data, nil).load(path)
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
		a.log.Error("reckon promises anew", "err", err)
		return
	}
	a.log.Info("policy loaded", "file", path, "tickets", n)
}
