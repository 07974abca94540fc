package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/deflect/demo"
	"github.com/vmcloud/ricochet/deflect/policy"
	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/internal/jobs"
	"github.com/vmcloud/ricochet/store"
)

// Periodic reports go to those they are written for, each once, in the
// reader's language.
func TestReportsAreIssuedOnce(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	c := clock.NewManual(time.Date(2026, 11, 23, 7, 30, 0, 0, zone)) // a Monday
	s := &serveCmd{
		Data: t.TempDir(), BaseURL: "https://help.example", DefaultLang: "fr", Zone: "Europe/Paris", RateLimit: "off",
		MailFrom: "Support <support@help.example>", AttachmentMiB: 1,
	}
	a, err := s.open(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.close(); err != nil {
			t.Error(err)
		}
	}()
	fillDemo(t, a, zone)
	if err := a.issueDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(reportMails(t, a)); n != 0 {
		t.Fatalf("%d reports before the sums were made", n)
	}
	if err := a.rollup(t.Context(), jobs.Job{}); err != nil {
		t.Fatal(err)
	}
	for range 3 { // the minutes after
		if err := a.issueDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		for a.runner.Once(t.Context()) > 0 {
		}
		c.Advance(time.Minute)
	}
	mails := reportMails(t, a)
	// The lead reads all four, the manager all but the daily one; the agent none.
	if len(mails) != 7 {
		t.Errorf("%d reports were mailed, want 7:\n%s", len(mails), strings.Join(mails, "\n"))
	}
	all := strings.Join(mails, "\n")
	for _, want := range []string{
		`report:daily-2026-11-22:lead`, `report:weekly-2026-11-16:manager`, `report:monthly-2026-10-01:lead`, `report:quarterly-2026-07-01:manager`,
		`https://help.example/staff/reports/weekly/2026-11-16`, `Rapport hebdomadaire`, `Weekly report`, `SLA compliance`, `(objectif`,
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no mail has %q", want)
		}
	}
	if strings.Contains(all, "<no value>") || strings.Contains(all, "NaN") {
		t.Error("a mail has a hole in it")
	}
}

// fillDemo stores a short year and a team with accounts that work.
func fillDemo(t *testing.T, a *app, zone *time.Location) {
	t.Helper()
	set, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	y, err := demo.Generate(demo.Options{
		Seed: 1, Until: report.DayOf(a.clock.Now(), zone).Start(zone), Days: 150, Scale: 0.1, Zone: zone, Articles: demoArticles(a.live.Current()),
		Clocks: ticket.Clocks{Book: set.Book}, Desk: set.Calendars["business"], AccessHash: func(id string) string { return id },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.db.FillDemo(t.Context(), y); err != nil {
		t.Fatal(err)
	}
	err = a.db.InTx(t.Context(), func(tx *store.Tx) error {
		for _, m := range []ticket.Staff{
			{ID: "lead", Email: "lead@help.example", Name: "Léa", Lang: "fr", Role: ticket.Lead, PasswordHash: "a hash"},
			{ID: "manager", Email: "manager@help.example", Name: "Max", Lang: "en", Role: ticket.Manager, PasswordHash: "a hash"},
			{ID: "agent", Email: "agent@help.example", Name: "Ana", Lang: "fr", Role: ticket.Agent, PasswordHash: "a hash"},
		} {
			if err := tx.InsertStaff(m); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// reportMails are the outbox rows of reports, as JSON lines.
func reportMails(t *testing.T, a *app) []string {
	t.Helper()
	d, err := a.db.Dump(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	var buf bytes.Buffer
	if _, err := d.Write(t.Context(), "mails", &buf); err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(buf.String()) {
		if strings.Contains(line, `"kind":"report"`) {
			all = append(all, strings.ReplaceAll(line, "\u00a0", " "))
		}
	}
	return all
}
