package main

import (
	"context"
	"time"

	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/kb"
	"github.com/vmcloud/ricochet/search"
	"github.com/vmcloud/ricochet/store"
)

const (
	learnPeriod = 5 * time.Minute
	// learnDays is how far back searches are completions for others.
	learnDays = 90
	// learnVisitors is how many must have searched the same with success before
	// it is offered to everybody (D-36).
	learnVisitors = 3
	learnQueries  = 10_000 // of all languages
)

// learn keeps the search informed of what visitors did: the queries that led
// somewhere become completions, and votes break ties (D-34).
func (a *app) learn(ctx context.Context) {
	t := time.NewTicker(learnPeriod)
	defer t.Stop()
	for {
		if err := teach(ctx, a.index, a.db, a.live.Current(), a.clock); err != nil && ctx.Err() == nil {
			a.log.Error("what visitors did does not reach the search", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// teach tells the index what the database knows of searches and votes.
func teach(ctx context.Context, x *search.Index, db *store.DB, library *kb.Library, c clock.Clock) error {
	now := c.Now()
	queries, err := db.SuccessfulQueries(ctx, now.AddDate(0, 0, -learnDays), learnVisitors, learnQueries)
	if err != nil {
		return err
	}
	byLang := map[string][]string{}
	for _, q := range queries {
		byLang[q.Lang] = append(byLang[q.Lang], q.Query)
	}
	for _, lang := range library.Langs() {
		x.SetQueries(lang, byLang[lang])
	}
	votes, err := db.Helpful(ctx, time.UnixMilli(0), now.Add(time.Second))
	if err != nil {
		return err
	}
	helpful := report.Helpfulness(votes, articleMetas(library))
	x.SetHelpfulness(func(art *kb.Article) float64 {
		if h, ok := helpful[report.ArticleKey{Lang: art.Lang, Article: art.Pair}]; ok {
			return h
		}
		return 0.5 // written since: nothing is known of it
	})
	return nil
}

// articleMetas are the library's articles as the reports know them.
func articleMetas(library *kb.Library) []report.ArticleMeta {
	var out []report.ArticleMeta
	for _, lang := range library.Langs() {
		for _, art := range library.Articles(lang) {
			out = append(out, report.ArticleMeta{
				Lang: lang, Article: art.Pair, Title: art.Title, Section: art.Section, Updated: art.Updated, Revision: art.Revision,
			})
		}
	}
	return out
}
