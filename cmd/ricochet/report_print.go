package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/kb"
)

// reportPrintCmd prints one of the reports.
type reportPrintCmd struct {
	dataFlags
	Report  string `arg:"" help:"deflection, search, articles, support or sla." enum:"deflection,search,articles,support,sla"`
	From    string `help:"First day, YYYY-MM-DD; 30 days before the last one when left out." placeholder:"DAY"`
	To      string `help:"Last day; today when left out." placeholder:"DAY"`
	Format  string `help:"json, or csv: its tables one after the other." enum:"json,csv" default:"json"`
	Content string `help:"Folder of the articles; the built-in ones when left out." type:"existingdir" placeholder:"DIR"`
	Zone    string `help:"Time zone of the days." default:"Europe/Paris" placeholder:"ZONE"`
}

// Run prints the report as of the last time the sums were made.
func (cmd reportPrintCmd) Run(ctx context.Context, con console) (err error) {
	zone, err := time.LoadLocation(cmd.Zone)
	if err != nil {
		return fmt.Errorf("--zone: %w", err)
	}
	period, err := cmd.period(zone)
	if err != nil {
		return err
	}
	db, err := cmd.open(ctx, con)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	s := &report.Service{Store: db, Clock: clock.System{}, Zone: zone, Config: report.DefaultConfig()}
	r, err := cmd.make(ctx, s, period)
	if err != nil {
		return err
	}
	if cmd.Format == "json" {
		return report.WriteJSON(con.out, r)
	}
	for i, t := range r.Tables() {
		if i > 0 {
			fmt.Fprintln(con.out)
		}
		fmt.Fprintln(con.out, "# "+t.Name)
		if err := t.WriteCSV(con.out); err != nil {
			return err
		}
	}
	return nil
}

func (cmd reportPrintCmd) period(zone *time.Location) (report.Period, error) {
	p := report.LastDays(30, clock.System{}.Now(), zone)
	if cmd.To != "" {
		to, err := report.ParseDay(cmd.To)
		if err != nil {
			return p, fmt.Errorf("--to: %w", err)
		}
		p.From, p.To = to.Add(-29), to
	}
	if cmd.From != "" {
		from, err := report.ParseDay(cmd.From)
		if err != nil {
			return p, fmt.Errorf("--from: %w", err)
		}
		p.From = from
	}
	if p.From > p.To {
		return p, fmt.Errorf("--from %s comes after --to %s", p.From, p.To)
	}
	return report.NewPeriod(string(p.From), string(p.To), zone)
}

func (cmd reportPrintCmd) make(ctx context.Context, s *report.Service, p report.Period) (report.Exporter, error) {
	switch cmd.Report {
	case "deflection":
		return s.Deflection(ctx, p)
	case "search":
		return s.Search(ctx, p)
	case "articles":
		lib, err := loadArticles(ctx, cmd.Content)
		if err != nil {
			return nil, err
		}
		return s.Articles(ctx, p, articleMeta(lib))
	case "sla":
		return s.SLA(ctx, p)
	}
	return s.Support(ctx, p)
}

// articleMeta is what the reports need to know of the articles.
func articleMeta(lib *kb.Library) []report.ArticleMeta {
	var all []report.ArticleMeta
	for _, lang := range lib.Langs() {
		for _, a := range lib.Articles(lang) {
			all = append(all, report.ArticleMeta{
				Lang: lang, Article: a.Pair, Title: a.Title, Section: a.Section, Updated: a.Updated, Revision: a.Revision,
			})
		}
	}
	return all
}
