package main

import (
	"context"
	"net/http"
	"time"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/internal/jobs"
	"github.com/vmcloud/ricochet/kb"
	"github.com/vmcloud/ricochet/search"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/web"
)

// experimenter changes the hold-out of a database.
func experimenter(db *store.DB) *deflect.Experimenter {
	return &deflect.Experimenter{Store: store.As[deflect.ExperimentTx]{DB: db, Cast: func(tx *store.Tx) deflect.ExperimentTx { return tx }}}
}

// openLedger wires the ledger and begins the hold-out's first period.
func (a *app) openLedger(ctx context.Context, s *serveCmd, zone *time.Location) error {
	a.ledger = &deflect.Ledger{Store: store.As[deflect.Tx]{DB: a.db, Cast: func(tx *store.Tx) deflect.Tx { return tx }}, Periods: a.db}
	a.trial = experimenter(a.db)
	a.retention = &deflect.Retention{Store: a.db, Months: s.Retention, Zone: zone}
	return a.trial.Begin(ctx, s.Holdout)
}

const (
	judgeBatch = 200
	// judgeAgain is how often a sweep looks at all attempts, instead of those
	// that began after the last one judged.
	judgeAgain = time.Hour
)

// judge records for attempts that are old enough whether a ticket followed
// them (D-32).
func (a *app) judge(ctx context.Context) {
	ctx = jobs.Background(ctx)
	now := a.clock.Now()
	from := a.judged
	if now.Sub(a.judgedAll) >= judgeAgain {
		from, a.judgedAll = time.Time{}, now
	}
	for {
		n, next, err := a.ledger.Judge(ctx, from, judgeBatch)
		if err != nil && ctx.Err() == nil {
			a.log.Error("judge attempts", "err", err)
		}
		if err != nil || n < judgeBatch {
			a.judged = next
			return
		}
		from = next
	}
}

// viewed counts a page view by a person, and follows their visit when they
// accept the cookie.
func (a *app) viewed(art *kb.Article, r *http.Request) {
	if web.IsRobot(r) {
		return
	}
	a.recorder.View(art.Lang, art.Pair)
	visitor := a.web.Visitor(r)
	if visitor == "" || web.MayBeStaff(r) {
		return
	}
	query := a.web.SearchedBefore(r)
	if query != "" {
		query = search.Normalise(query)
	}
	a.recorder.Read(visitor, art.Lang, art.Pair, query)
}

// searched logs a search by a person: normalised and masked (D-36).
func (a *app) searched(s web.SearchServed) {
	a.recorder.Search(deflect.Found{
		Lang: s.Lang, Query: search.Normalise(s.Query), Results: s.Total, Visitor: s.Visitor, Offset: s.Offset, Articles: s.Articles, Chosen: s.Chosen,
	})
}
