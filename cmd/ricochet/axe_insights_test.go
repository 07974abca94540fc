package main

import (
	"strconv"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/internal/clock"
)

// TestInsightsAccessibility looks at the pages of figures and at the reports:
// over a made-up season, where nothing was counted yet, over days of which
// nothing is known, and where the dates cannot be read.
func TestInsightsAccessibility(t *testing.T) {
	pages := []string{"deflection", "search", "articles", "support"}
	t.Run("full", func(t *testing.T) {
		for lang, cadences := range map[string][]string{"fr": {"daily", "quarterly"}, "en": {"weekly", "monthly"}} {
			t.Run(lang, func(t *testing.T) {
				data := t.TempDir()
				if _, err := ricochet(t, "demo", "--data", data, "--days", "130", "--scale", "0.3"); err != nil {
					t.Fatal(err)
				}
				now := clock.System{}.Now()
				e := serve(t, data, "--content", publishedDraft(t, data, now.AddDate(0, 0, -20))).insights(lang)
				for _, page := range pages {
					e.look("insights "+page, "/staff/insights/"+page+"?days=90")
				}
				until(t, "the questions without an answer", func() bool {
					e.open("/staff/insights/gaps")
					return eval[bool](e.tab, `!!document.querySelector('main table a[href^="/staff/insights/gaps/"]')`)
				})
				e.judge("gaps")
				e.click(`main table a[href^="/staff/insights/gaps/"]`)
				e.arrive("/staff/insights/gaps/")
				e.judge("gap")
				e.look("question of a draft", "/staff/insights/drafts/published?part=before")
				span := "&from=" + now.AddDate(0, 0, -40).Format(time.DateOnly) + "&to=" + now.Format(time.DateOnly)
				e.look("rows of tickets", "/staff/rows/tickets?field=met&of=decided"+span)
				e.look("rows of votes", "/staff/rows/votes?field=no"+span)
				e.look("rows of nothing", "/staff/rows/searches?field=searches&from=2020-01-01&to=2020-01-02")
				e.look("costs", "/staff/costs")
				e.follow("credit with evidence", "/staff/credits?state=", `main .held a[href^="/staff/credits/"]`)
				e.look("owed", "/staff/owed")
				e.see(".owed li")
				e.look("reports", "/staff/reports")
				for _, cadence := range cadences {
					e.open("/staff/reports")
					e.click(`main table a[href^="/staff/reports/` + cadence + `/"]`)
					e.arrive("/staff/reports/" + cadence + "/")
					e.judge("report " + cadence)
				}
			})
		}
	})
	t.Run("without data", func(t *testing.T) {
		e := serve(t, t.TempDir()).insights("en")
		for _, page := range pages {
			e.look("insights "+page+" empty", "/staff/insights/"+page)
		}
		e.look("insights before", "/staff/insights/support?from=2020-01-01&to=2020-01-31")
		e.look("insights wrong", "/staff/insights/search?from=2020-02-01&to=2020-01-31")
		e.look("gaps empty", "/staff/insights/gaps")
		month := clock.System{}.Now().AddDate(0, -1, 0).Format("2006-01-") + "01"
		e.look("report empty", "/staff/reports/monthly/"+month)
	})
}

// follow judges the page behind a link of another one.
func (e *eye) follow(name, path, link string) {
	e.t.Helper()
	e.open(path)
	to := eval[string](e.tab, `document.querySelector(`+strconv.Quote(link)+`)?.getAttribute("href") ?? ""`)
	if to == "" {
		e.t.Fatalf("%s: %s has no %s", name, path, link)
	}
	e.look(name, to)
}

// insights signs somebody in who may see the figures.
func (s *site) insights(lang string) *eye {
	s.t.Helper()
	e := s.tab(lang).eye()
	e.theme("light")
	signUp(e.tab, s.setup())
	return e
}
