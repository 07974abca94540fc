package main

import (
	"time"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/gaps"
)

// gapFinder looks for the questions that no article answers.
func (a *app) gapFinder() *gaps.Finder {
	return &gaps.Finder{
		Store: a.db, Meanings: a.index, Clock: a.clock, Log: a.log, Avoided: deflect.Targets,
		Published: func(lang, pair string) time.Time {
			if art := a.live.Current().ByPair(lang, pair); art != nil {
				return art.Updated
			}
			return time.Time{}
		},
	}
}
