package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/store"
)

// dataFlags say where the data is, for commands that work beside the site.
type dataFlags struct {
	Data     string `help:"Folder of the data." default:"data" placeholder:"DIR"`
	Database string `help:"PostgreSQL to use instead of SQLite. Also RICOCHET_DATABASE_FILE." placeholder:"URL"`
}

func (d dataFlags) open(ctx context.Context, con console) (*store.DB, error) {
	return d.openSchema(ctx, con, 0)
}

// openSchema is open for a database that is migrated no further than schema.
func (d dataFlags) openSchema(ctx context.Context, con console, schema int64) (*store.DB, error) {
	dsn, err := secretFile("RICOCHET_DATABASE", d.Database)
	if err != nil {
		return nil, err
	}
	return store.Open(ctx, store.Options{Dir: d.Data, Database: dsn, Clock: clock.System{}, Log: slog.New(slog.NewTextHandler(con.err, nil)), Schema: schema})
}

// customersCmd groups the tools for the customer list.
type customersCmd struct {
	Import customersImportCmd `cmd:"" help:"Read a CSV list: match (e-mail or domain), company, contract, mrr (euros a month), credit_cap (percent, optional)."`
}

type customersImportCmd struct {
	dataFlags
	File string `arg:"" help:"CSV file." type:"existingfile"`
}

// Run imports the whole list or, when a line is wrong, nothing.
func (cmd customersImportCmd) Run(ctx context.Context, con console) error {
	f, err := os.Open(cmd.File)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it is only read
	list, err := intake.ReadCustomers(f)
	if err != nil {
		return fmt.Errorf("%s: %w", cmd.File, err)
	}
	db, err := cmd.open(ctx, con)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // the import is committed or reported by then
	err = db.SaveCustomers(ctx, list)
	if err == nil {
		fmt.Fprintf(con.out, "%d companies imported\n", len(list))
	}
	return err
}
