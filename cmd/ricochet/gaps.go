package main

import (
	"context"
	"time"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/gaps"
)

// gapFinder looks for the questions that no article answers.
func (a *app) gapFinder(zone *time.Location) *gaps.Finder {
	return &gaps.Finder{
		Store: a.db, Meanings: a.index, Clock: a.clock, Log: a.log, Avoided: deflect.Targets,
		Published: func(ctx context.Context, lang, pair string) (time.Time, error) {
			return a.published(ctx, lang, pair, zone)
		},
	}
}

// published is the day on which the site's article of a pair was first read. An
// author's date may be older, when the draft waited for its review, and moves
// with every edit; it stands in until somebody has read the article.
func (a *app) published(ctx context.Context, lang, pair string, zone *time.Location) (time.Time, error) {
	art := a.live.Current().ByPair(lang, pair)
	if art == nil {
		return time.Time{}, nil
	}
	day, err := a.db.FirstViewed(ctx, lang, pair)
	if day == "" {
		day = art.Updated.Format(time.DateOnly)
	}
	if err != nil {
		return time.Time{}, err
	}
	return time.ParseInLocation(time.DateOnly, day, zone)
}
