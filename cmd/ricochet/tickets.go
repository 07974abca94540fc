package main

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/alecthomas/kong"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/notify"
	"github.com/vmcloud/ricochet/deflect/policy"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/jobs"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/web"
)

// tickets is the service that changes tickets.
func (a *app) tickets(clocks ticket.Clocks, taxonomy *policy.Taxonomy) *ticket.Service {
	return &ticket.Service{
		Store:      store.As[ticket.Tx]{DB: a.db, Cast: func(tx *store.Tx) ticket.Tx { return tx }},
		Clocks:     clocks,
		Taxonomy:   taxonomy,
		AccessHash: func(id string) string { return web.AccessHash(a.secret, id) },
		Opened:     openedByMessage,
	}
}

// ticketJobs is the work that the ticket service leaves for the background.
func ticketJobs(tickets *ticket.Service, n *notify.Notifier) map[string]jobs.Handler {
	return map[string]jobs.Handler{
		ticket.JobCreditDecided:    func(ctx context.Context, j jobs.Job) error { return n.CreditDecided(ctx, j.Payload) },
		ticket.JobIncidentAnswered: func(ctx context.Context, j jobs.Job) error { return tickets.PostIncidentAnswer(ctx, j.Payload) },
	}
}

// askEvery is how often it is looked whether somebody is to be asked the
// question of the quarter.
const askEvery = time.Hour

// askNPS sends the question of the quarter to whoever is to be asked (D-27).
func (a *app) askNPS(ctx context.Context) {
	now := a.clock.Now()
	if now.Sub(a.asked) < askEvery {
		return
	}
	a.asked = now
	for {
		n, err := a.notifier.AskNPS(ctx, a.ticketing)
		if err != nil && ctx.Err() == nil {
			a.log.Error("ask the question of the quarter", "err", err)
		}
		if err != nil || n == 0 {
			return
		}
		a.log.Info("asked the question of the quarter", "people", n)
	}
}

// openedByMessage tells the ledger that a message on a closed ticket made a
// new one: what its author had claimed before is revoked (D-31).
func openedByMessage(tx ticket.Tx, t ticket.Ticket) error {
	return deflect.Ticket(tx.(*store.Tx), deflect.Visit{Lang: t.Lang, Category: t.Category}, t.ID, t.PersonID, deflect.Traces{Person: true})
}

// loadTaxonomy reads the operator's taxonomy, or the built-in one for "".
func loadTaxonomy(path string) (*policy.Taxonomy, error) {
	if path == "" {
		return policy.DefaultTaxonomy()
	}
	return policy.LoadTaxonomy(os.DirFS(filepath.Dir(path)), filepath.Base(path))
}

// taxonomyCmd prints the shipped taxonomy, ready to be edited, or checks one.
type taxonomyCmd struct {
	Check string `help:"Check this file instead." type:"existingfile" placeholder:"FILE"`
}

// Run prints or checks; every mistake of a file is named.
func (c taxonomyCmd) Run(k *kong.Kong) error {
	if c.Check != "" {
		_, err := loadTaxonomy(c.Check)
		return err
	}
	_, err := k.Stdout.Write(policy.TaxonomyYAML)
	return err
}
