package gaps

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/vmcloud/ricochet/internal/clock"
)

// The time that is looked at, and how often.
const (
	Days         = 90
	refreshEvery = 6 * time.Hour
)

// Store has what was written and what was drafted.
type Store interface {
	// GapTexts are the searches without a result or a click (equal ones counted
	// together), the comments of "no" votes and the tickets since from, at most
	// limit of each kind.
	GapTexts(ctx context.Context, from time.Time, limit int) ([]Text, error)
	// FailedSearches counts the searches without a result or a click of known
	// visitors since from, and those whose visitor sent a ticket within 72 h.
	FailedSearches(ctx context.Context, from time.Time) (n, wrote int, err error)
	// GapAnswers are the last public replies to these tickets that were
	// resolved, and the names of the people on them, which a draft must not have.
	GapAnswers(ctx context.Context, tickets []string) (answers, names []string, err error)
	SaveGapDraft(ctx context.Context, d Drafted) error
	// GapDrafts lists what was drafted, latest first.
	GapDrafts(ctx context.Context, limit int) ([]Drafted, error)
}

// Drafted is an article that was drafted for a gap.
type Drafted struct {
	ID        string
	At        time.Time
	StaffID   string
	Lang      string
	Article   string // the pair: section/slug
	Title     string
	Questions []Text // redacted; Lang and Text alone
}

// Found is the result of a look.
type Found struct {
	At       time.Time
	From     time.Time
	Gaps     []Gap
	Rates    Rates
	Texts    int // what was gathered
	Followed []Followed
}

// Finder looks for gaps now and then and keeps the latest result: gathering a
// quarter's texts takes seconds, which no page should wait for.
type Finder struct {
	Store    Store
	Meanings Meanings
	Clock    clock.Clock
	Log      *slog.Logger
	// Avoided is the share of tickets that an article avoids, by category
	// (D-33); "" for the others.
	Avoided map[string]float64
	// Published says since when the site has an article of a pair, true to the
	// day; zero for not.
	Published func(ctx context.Context, lang, pair string) (time.Time, error)

	mu     sync.Mutex
	latest *Found
	wake   chan struct{}
	once   sync.Once
}

func (f *Finder) init() { f.once.Do(func() { f.wake = make(chan struct{}, 1) }) }

// Latest is the last result, nil before the first.
func (f *Finder) Latest() *Found {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.latest
}

// Forget drops the last result, which holds people's words, and asks for a new
// look.
func (f *Finder) Forget() {
	f.mu.Lock()
	f.latest = nil
	f.mu.Unlock()
	f.Refresh()
}

// Refresh asks for a new look soon. It never blocks.
func (f *Finder) Refresh() {
	f.init()
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// Run looks when it is asked to and every six hours, until ctx ends. Nothing
// is looked at before somebody opens the page.
func (f *Finder) Run(ctx context.Context) {
	f.init()
	var again <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.wake:
		case <-again:
		}
		if err := f.Look(ctx); err != nil && ctx.Err() == nil {
			f.Log.Error("look for content gaps", "err", err)
		}
		again = time.After(refreshEvery)
	}
}

// Look gathers the texts of the last 90 days anew.
func (f *Finder) Look(ctx context.Context) error {
	now := f.Clock.Now()
	from := now.AddDate(0, 0, -Days)
	texts, err := f.Store.GapTexts(ctx, from, MaxTexts)
	if err != nil {
		return err
	}
	n, wrote, err := f.Store.FailedSearches(ctx, from)
	if err != nil {
		return err
	}
	// Few searches say little: a prior of one in twenty, worth twenty searches.
	rates := Rates{PerSearch: (float64(wrote) + 1) / (float64(n) + 20), Avoided: f.Avoided}
	found := &Found{At: now, From: from, Rates: rates}
	for _, t := range texts {
		found.Texts += max(t.Count, 1)
	}
	if found.Gaps, err = Find(ctx, f.Meanings, texts, rates); err != nil {
		return err
	}
	if found.Followed, err = f.follow(ctx, now); err != nil {
		return err
	}
	f.mu.Lock()
	f.latest = found
	f.mu.Unlock()
	return nil
}
