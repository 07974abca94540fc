package main

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/search/tickets"
)

// ticketIndex gives the index of tickets the words of the domain.
type ticketIndex struct{ *tickets.Index }

// Put adds tickets to the index, or replaces them.
func (x ticketIndex) Put(texts []ticket.Text, since time.Time) error {
	docs := make([]tickets.Doc, len(texts))
	for i, t := range texts {
		docs[i] = tickets.Doc{
			ID: t.ID, Number: t.Number, Lang: t.Lang, Texts: append([]string{t.Subject}, t.Bodies...), Who: []string{t.Name, t.Email, t.Company},
			State: string(t.State), Tier: string(t.Tier), Priority: string(t.Priority), Assignee: t.Assignee, Category: t.Category,
			Queue: string(t.Queue), Tags: t.Tags, Erased: strings.HasPrefix(t.Email, deflect.ErasedPrefix),
		}
	}
	return x.Index.Put(docs, since)
}

// ticketFolder is where the index of tickets is within the data folder.
func ticketFolder(data string) string { return filepath.Join(data, "search-tickets") }

// openTicketIndex opens this process's own index of tickets.
func (a *app) openTicketIndex(data string) error {
	var err error
	a.texts, err = tickets.Open(ticketFolder(data), a.log)
	return err
}

// indexTickets keeps it up to date until ctx ends.
func (a *app) indexTickets(ctx context.Context) {
	x := &ticket.Indexer{Store: a.db, Index: ticketIndex{a.texts}, Log: a.log, Now: a.clock.Now, GiveWay: a.db.GiveWay}
	x.Run(ctx)
}
