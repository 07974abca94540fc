package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/internal/jobs"
	"github.com/vmcloud/ricochet/search/tickets"
	"github.com/vmcloud/ricochet/store"
)

// people is the service for a person's data over an open database.
func people(db *store.DB, files *intake.Files, data string) *deflect.Privacy {
	return &deflect.Privacy{
		Store: peopleStore{store.As[deflect.PeopleTx]{DB: db, Cast: func(tx *store.Tx) deflect.PeopleTx { return tx }}},
		Files: files, Outbox: filepath.Join(data, "outbox"),
	}
}

// peopleStore adds the reading half to the transactions.
type peopleStore struct{ store.As[deflect.PeopleTx] }

// Holding reads what is held about the person with an address.
func (s peopleStore) Holding(ctx context.Context, email string) (deflect.Holding, error) {
	return s.DB.Holding(ctx, email)
}

// Scrub takes what was overwritten out of the engine's own files.
func (s peopleStore) Scrub(ctx context.Context) error { return s.DB.Scrub(ctx) }

// purge takes visitors and free text out of what is older than the retention.
func (a *app) purge(ctx context.Context) {
	did, err := a.retention.Sweep(jobs.Background(ctx), a.clock.Now())
	switch {
	case err != nil && ctx.Err() == nil:
		a.log.Error("purge old searches and texts", "err", err)
	case did:
		a.log.Debug("purged old searches and texts", "months", a.retention.Months)
	}
}

// privacyCmd groups what a person may ask for (D-36).
type privacyCmd struct {
	Show   privacyShowCmd   `cmd:"" help:"Say what is held about a person."`
	Export privacyExportCmd `cmd:"" help:"Write everything held about a person to a ZIP file."`
	Erase  privacyEraseCmd  `cmd:"" help:"Erase what identifies a person; rows and counts stay."`
}

type personFlags struct {
	dataFlags
	Email string `arg:"" help:"The person's e-mail address."`
}

// with opens the data and calls f with the service.
func (p personFlags) with(ctx context.Context, con console, f func(*deflect.Privacy) error) (err error) {
	db, err := p.open(ctx, con)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	files, err := intake.OpenFiles(filepath.Join(p.Data, "attachments"), 0)
	if err != nil {
		return err
	}
	return f(people(db, files, p.Data))
}

// named is what a person is called in the log and the tables.
func named(h deflect.Holding) string {
	if h.PersonID == "" {
		return "no person, messages held back alone"
	}
	return "person " + h.PersonID
}

type privacyShowCmd struct{ personFlags }

// Run prints how many rows of each table belong to the person.
func (cmd privacyShowCmd) Run(ctx context.Context, con console) error {
	return cmd.with(ctx, con, func(p *deflect.Privacy) error {
		h, err := p.Find(ctx, cmd.Email)
		if err != nil {
			return err
		}
		fmt.Fprintf(con.out, "%s: %d rows, %d attachments, %d tickets not closed\n", named(h), h.Count(), len(h.Files), len(h.Open))
		for _, t := range h.Tables {
			fmt.Fprintf(con.out, "  %-16s %d\n", t.Table, len(t.Rows))
		}
		return nil
	})
}

type privacyExportCmd struct {
	personFlags
	Out string `help:"The ZIP file to write; it must not exist." default:"export.zip" type:"path" placeholder:"FILE"`
}

// Run writes the archive; nothing is left of one that could not be finished.
func (cmd privacyExportCmd) Run(ctx context.Context, con console) error {
	return cmd.with(ctx, con, func(p *deflect.Privacy) (err error) {
		f, err := os.OpenFile(cmd.Out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		err = errors.Join(p.Export(ctx, cmd.Email, "", clock.System{}.Now(), f), f.Sync(), f.Close())
		if err != nil {
			return errors.Join(err, os.Remove(cmd.Out))
		}
		fmt.Fprintln(con.out, cmd.Out)
		return nil
	})
}

type privacyEraseCmd struct {
	personFlags
	Yes bool `help:"Do it: it cannot be undone, and older backups still hold the data."`
}

// Run erases only with --yes; without it, it says what would be erased.
func (cmd privacyEraseCmd) Run(ctx context.Context, con console) error {
	return cmd.with(ctx, con, func(p *deflect.Privacy) error {
		if !cmd.Yes {
			h, err := p.Find(ctx, cmd.Email)
			if err != nil {
				return err
			}
			return fmt.Errorf("%d rows and %d attachments would be erased for good; repeat with --yes", h.Count(), len(h.Files))
		}
		h, err := p.Erase(ctx, cmd.Email, "")
		if err != nil {
			return err
		}
		ok, err := tickets.Clear(ticketFolder(cmd.Data))
		if err == nil && !ok {
			fmt.Fprintln(con.err, "the index of tickets is in use; the process that has it open takes the person out of it")
		}
		if err == nil {
			fmt.Fprintf(con.out, "%s erased: %d rows, %d attachments\n", named(h), h.Count(), len(h.Files))
		}
		return err
	})
}
