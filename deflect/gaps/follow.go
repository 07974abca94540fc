package gaps

import (
	"context"
	"time"
)

// Followed says whether a question was asked less after its article.
type Followed struct {
	Drafted
	Published time.Time // zero while the site has no such article
	// Before and After are what was written on the question in as many days
	// before the article was published as after it, in the order of the store.
	Before, After []Text
	Days          int
}

// Trend is what became of a question.
type Trend string

// The trends.
const (
	Fewer   Trend = "fewer"
	More    Trend = "more"
	Unknown Trend = "unknown" // the difference may be chance
)

// Trend says whether the question is written less often since its article. Of
// what is written in two equal spans of time, half falls into each unless
// something changed: the trend is known when 95 % of chance stays nearer to the
// half (score test of a share against one half).
func (f Followed) Trend() Trend {
	const z = 1.959963984540054 // of the normal distribution, 95 % two-sided
	before, after := float64(Times(f.Before)), float64(Times(f.After))
	switch d := after - before; {
	case d*d <= z*z*(before+after):
		return Unknown
	case d < 0:
		return Fewer
	}
	return More
}

// Times is how often texts were written.
func Times(texts []Text) (n int) {
	for _, t := range texts {
		n += max(t.Count, 1)
	}
	return n
}

const (
	// maxFollowed is how many drafts the page follows.
	maxFollowed = 20
	// maxCompared bounds the texts of a kind that are held against a draft. It is
	// wider than MaxTexts: what is cut off is the oldest, which would make the
	// time before the article look quieter than it was.
	maxCompared = 10_000
)

func (f *Finder) follow(ctx context.Context, now time.Time) ([]Followed, error) {
	drafts, err := f.Store.GapDrafts(ctx, maxFollowed)
	if err != nil || len(drafts) == 0 {
		return nil, err
	}
	var all []Followed
	for _, d := range drafts {
		v := Followed{Drafted: d}
		if v.Published, err = f.Published(ctx, d.Lang, d.Article); err != nil {
			return nil, err
		}
		if v.Published.Before(d.At.AddDate(0, 0, -1)) { // its date is a day; an older article is another one
			v.Published = time.Time{}
		}
		if !v.Published.IsZero() && v.Published.Before(now) {
			if err := f.compare(ctx, &v, now); err != nil {
				return nil, err
			}
		}
		all = append(all, v)
	}
	return all, nil
}

// compare gathers what was written on the question of a published draft.
func (f *Finder) compare(ctx context.Context, v *Followed, now time.Time) error {
	v.Days = min(int(now.Sub(v.Published).Hours()/24), Days)
	span := time.Duration(v.Days) * 24 * time.Hour
	texts, err := f.Store.GapTexts(ctx, v.Published.Add(-span), maxCompared)
	if err != nil {
		return err
	}
	same, err := Written(ctx, f.Meanings, v.Questions, texts)
	if err != nil {
		return err
	}
	for _, t := range same {
		switch {
		case t.At.Before(v.Published):
			v.Before = append(v.Before, t)
		case t.At.Before(v.Published.Add(span)):
			v.After = append(v.After, t)
		}
	}
	return nil
}
