package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/vmcloud/ricochet/content"
	"github.com/vmcloud/ricochet/deflect/demo"
	"github.com/vmcloud/ricochet/deflect/policy"
	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/kb"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/web"
)

// demoCmd fills a fresh instance with a made-up year.
type demoCmd struct {
	dataFlags
	Seed    uint64  `help:"The same seed makes the same year." default:"1" placeholder:"N"`
	Days    int     `help:"How many days, ending with yesterday." default:"365" placeholder:"N"`
	Scale   float64 `help:"How busy the year is: 1 makes some 20,000 visits and 1,600 tickets." default:"1" placeholder:"N"`
	Until   string  `help:"The last day, YYYY-MM-DD; yesterday when left out." placeholder:"DAY"`
	Content string  `help:"Folder of the articles; the built-in ones when left out." type:"existingdir" placeholder:"DIR"`
	Policy  string  `help:"SLA policy file; the built-in one when left out." type:"existingfile" placeholder:"FILE"`
	Zone    string  `help:"Time zone of the days." default:"Europe/Paris" placeholder:"ZONE"`
	Remove  bool    `help:"Remove the demo year instead, and what was done to its tickets since."`
}

// Run fills or cleans the instance. The site should not be running.
func (cmd demoCmd) Run(ctx context.Context, con console) (err error) {
	zone, err := time.LoadLocation(cmd.Zone)
	if err != nil {
		return fmt.Errorf("--zone: %w", err)
	}
	set, err := cmd.loadPolicy(cmd.Policy)
	if err != nil {
		return err
	}
	db, err := cmd.open(ctx, con)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	roller := &report.Roller{Store: db, Book: set.Book, Clock: clock.System{}, Zone: zone, Log: slog.New(slog.NewTextHandler(con.err, nil))}
	if cmd.Remove {
		n, err := db.RemoveDemo(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(con.out, "demo removed: %d rows\n", n)
		return roller.Rebuild(ctx, nil)
	}
	if ok, err := db.Untouched(ctx); err == nil && !ok {
		return errors.New("this instance is in use: a demo year wants a fresh data folder (--data DIR)")
	} else if err != nil {
		return err
	}
	year, err := cmd.year(ctx, db, set, zone)
	if err != nil {
		return err
	}
	if err := db.FillDemo(ctx, year); err != nil {
		return fmt.Errorf("%w; ricochet demo --remove takes out what was stored", err)
	}
	if err := roller.Rebuild(ctx, nil); err != nil {
		return err
	}
	_, err = fmt.Fprintf(con.out, "a demo year from %s to %s: %d visits, %d searches, %d votes, %d attempts, %d tickets\nremove it with: ricochet demo --remove\n",
		report.DayOf(year.From, zone), report.DayOf(year.Until.Add(-time.Second), zone), len(year.Activity.Visits), len(year.Activity.Searches),
		len(year.Votes), len(year.Attempts), len(year.Tickets))
	return err
}

// year makes the year; nothing is stored yet.
func (cmd demoCmd) year(ctx context.Context, db *store.DB, set *policy.Set, zone *time.Location) (*demo.Year, error) {
	today := report.DayOf(clock.System{}.Now(), zone)
	if cmd.Until != "" {
		last, err := report.ParseDay(cmd.Until)
		if err != nil || last >= today {
			return nil, fmt.Errorf("--until %q: want a day before today, YYYY-MM-DD", cmd.Until)
		}
		today = last.Add(1)
	}
	secret, err := db.Secret(ctx)
	if err != nil {
		return nil, err
	}
	lib, err := loadArticles(ctx, cmd.Content)
	if err != nil {
		return nil, err
	}
	desk := set.Calendars["business"]
	if desk == nil {
		return nil, errors.New("the policy has no calendar named business, by which the demo's team works")
	}
	return demo.Generate(demo.Options{
		Seed: cmd.Seed, Until: today.Start(zone), Days: cmd.Days, Scale: cmd.Scale, Zone: zone, Articles: demoArticles(lib),
		Clocks: ticket.Clocks{Book: set.Book}, Desk: desk, AccessHash: func(id string) string { return web.AccessHash(secret, id) },
	})
}

// loadArticles reads a content folder, "" for the built-in articles.
func loadArticles(ctx context.Context, dir string) (*kb.Library, error) {
	fsys := fs.FS(content.FS)
	if dir != "" {
		fsys = os.DirFS(dir)
	}
	lib, _, err := kb.Load(ctx, fsys, kb.Options{})
	return lib, err
}

// demoArticles lists what the year's readers can read.
func demoArticles(lib *kb.Library) []demo.Article {
	var all []demo.Article
	for _, lang := range lib.Langs() {
		for _, a := range lib.Articles(lang) {
			all = append(all, demo.Article{
				Lang: lang, Pair: a.Pair, Title: a.Title, Category: string(a.Category), Questions: a.Questions, Contexts: a.Contexts, Revision: a.Revision,
			})
		}
	}
	return all
}
