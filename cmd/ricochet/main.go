// Command ricochet serves a bilingual help centre, answers before a ticket is
// written, and holds the tickets that get through to their SLA.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // D-1: times are right on machines without zone data

	"github.com/alecthomas/kong"

	"github.com/vmcloud/ricochet/internal/errs"
)

// cli lists the subcommands, one file each.
type cli struct {
	Serve     serveCmd     `cmd:"" help:"Serve the site."`
	Lint      lintCmd      `cmd:"" help:"Check a content folder."`
	Search    searchCmd    `cmd:"" help:"Ask, explain and evaluate the search."`
	Taxonomy  taxonomyCmd  `cmd:"" help:"Print the shipped taxonomy of questions, or check one."`
	Sla       slaCmd       `cmd:"" name:"sla" help:"Check policies, verify vectors, explain clocks."`
	Deflect   deflectCmd   `cmd:"" help:"Estimate and simulate deflection."`
	Rules     rulesCmd     `cmd:"" help:"Check and try the rules that sort new tickets."`
	Report    reportCmd    `cmd:"" help:"Rebuild and print the figures of support."`
	Demo      demoCmd      `cmd:"" help:"Fill a fresh instance with a made-up year, or remove it."`
	Customers customersCmd `cmd:"" help:"Import the customer list that decides the tiers."`
	Token     tokenCmd     `cmd:"" help:"Make a token for the API."`
	Privacy   privacyCmd   `cmd:"" help:"Show, export or erase one person's data."`
	Backup    backupCmd    `cmd:"" help:"Write a consistent copy of the data, also while the site runs."`
	Restore   restoreCmd   `cmd:"" help:"Check a backup and restore it into an empty data folder or database."`
	Version   versionCmd   `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// console is where a subcommand prints.
type console struct{ out, err io.Writer }

// run is the whole program with its surroundings passed in, so that a test can
// start it in its own process. It returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fail := func(err error) int {
		var known *errs.Error
		if errors.As(err, &known) && known.Err != nil && known == err {
			err = known.Err // the person at the terminal needs the cause, not its kind
		}
		fmt.Fprintln(stderr, "ricochet:", err)
		return 1
	}
	var c cli
	var file *fileResolver
	opts := []kong.Option{
		kong.Name("ricochet"), kong.Description("A help centre that answers before the ticket."),
		kong.Writers(stdout, stderr), kong.DefaultEnvars("RICOCHET"),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(console{stdout, stderr}),
	}
	path, err := configPath()
	if err != nil {
		return fail(err)
	}
	if path != "" {
		if file, err = readConfig(path); err != nil {
			return fail(err)
		}
		opts = append(opts, kong.Resolvers(file))
	}
	done := exit{}
	opts = append(opts, kong.Exit(func(code int) { panic(exit{code}) }))
	code, exited := catchExit(&done, func() int {
		k, err := kong.New(&c, opts...)
		if err != nil {
			return fail(err)
		}
		parsed, err := k.Parse(args)
		if err != nil {
			return fail(file.where(err))
		}
		if err := parsed.Run(); err != nil {
			var status exitStatus
			if errors.As(err, &status) {
				return int(status)
			}
			return fail(file.where(err))
		}
		return 0
	})
	if exited {
		return done.code
	}
	return code
}

// exitStatus is an error that only sets the exit status: the command has
// printed what there is to say.
type exitStatus int

// Error says the status.
func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// exit carries kong's wish to end (after --help) up to run.
type exit struct{ code int }

func catchExit(e *exit, f func() int) (code int, exited bool) {
	defer func() {
		if v := recover(); v != nil {
			got, ok := v.(exit)
			if !ok {
				panic(v)
			}
			*e, exited = got, true
		}
	}()
	return f(), false
}
