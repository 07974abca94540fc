package gaps

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vmcloud/ricochet/internal/clock"
)

// shelf is a store for tests.
type shelf struct {
	texts  []Text
	drafts []Drafted
}

func (s shelf) GapTexts(_ context.Context, from time.Time, _ int) ([]Text, error) {
	var all []Text
	for _, t := range s.texts {
		if !t.At.Before(from) {
			all = append(all, t)
		}
	}
	return all, nil
}
func (shelf) FailedSearches(context.Context, time.Time) (n, wrote int, err error) { return 0, 0, nil }
func (shelf) GapAnswers(context.Context, []string) (answers, names []string, err error) {
	return nil, nil, nil
}
func (shelf) SaveGapDraft(context.Context, Drafted) error         { return nil }
func (s shelf) GapDrafts(context.Context, int) ([]Drafted, error) { return s.drafts, nil }

// A published draft is followed over equal spans of time; one that the site
// does not have, or that is older than its draft, is not.
func TestDraftsAreFollowed(t *testing.T) {
	now := time.Date(2026, 11, 21, 15, 0, 0, 0, time.UTC)
	published := time.Date(2026, 11, 11, 0, 0, 0, 0, time.UTC) // ten whole days ago
	day := 24 * time.Hour
	on := func(at time.Time, text string, n int) Text {
		return Text{Source: Search, Lang: "fr", Text: text, Count: n, At: at}
	}
	questions := []Text{{Lang: "fr", Text: "abc"}}
	store := shelf{
		texts: []Text{
			on(published.Add(-10*day-time.Second), "abc", 100), on(published.Add(-10*day), "abc", 9), on(published.Add(-time.Second), "abcd", 1),
			on(published.Add(-day), "xyz", 50), on(published, "abc", 2), on(published.Add(10*day-time.Second), "abc", 0), on(published.Add(10*day), "abc", 100),
		},
		drafts: []Drafted{
			{ID: "out", Article: "faq/out", Lang: "fr", At: published.Add(-3 * day), Questions: questions},
			{ID: "waits", Article: "faq/waits", Lang: "fr", At: published, Questions: questions},
			{ID: "older", Article: "faq/out", Lang: "fr", At: published.Add(2 * day), Questions: questions},
			{ID: "tomorrow", Article: "faq/tomorrow", Lang: "fr", At: published, Questions: questions},
		},
	}
	f := &Finder{Store: store, Meanings: words{}, Clock: clock.NewManual(now), Log: slog.New(slog.DiscardHandler), Published: func(_ context.Context, _, pair string) (time.Time, error) {
		return map[string]time.Time{"faq/out": published, "faq/tomorrow": now.Add(day)}[pair], nil
	}}
	if err := f.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	type row struct {
		ID            string
		Before, After int
		Days          int
		Trend         Trend
	}
	var got []row
	for _, x := range f.Latest().Followed {
		got = append(got, row{x.ID, Times(x.Before), Times(x.After), x.Days, x.Trend()})
	}
	want := []row{{"out", 10, 3, 10, Unknown}, {"waits", 0, 0, 0, Unknown}, {"older", 0, 0, 0, Unknown}, {"tomorrow", 0, 0, 0, Unknown}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if f.Forget(); f.Latest() != nil { // as when a person is erased
		t.Error("words that were to be forgotten are still shown")
	}
}

// A trend is named only beyond what chance explains: of 20, 5 after the article
// are fewer, 6 may be chance.
func TestTrendOfAQuestion(t *testing.T) {
	for _, x := range []struct {
		before, after int
		want          Trend
	}{{0, 0, Unknown}, {1, 0, Unknown}, {4, 0, Fewer}, {14, 6, Unknown}, {15, 5, Fewer}, {6, 14, Unknown}, {5, 15, More}, {50, 50, Unknown}, {500, 400, Fewer}} {
		f := Followed{Before: []Text{{Count: x.before}}, After: []Text{{Count: x.after}}}
		if x.before == 0 {
			f.Before = nil
		}
		if x.after == 0 {
			f.After = nil
		}
		if got := f.Trend(); got != x.want {
			t.Errorf("%d, then %d: %s, want %s", x.before, x.after, got, x.want)
		}
	}
}
