package main

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/notify"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/jobs"
	"github.com/vmcloud/ricochet/search"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/web"
)

// maxAnswers is how many articles an acknowledgement proposes.
const maxAnswers = 3

// acknowledge lets acknowledgements propose articles, and a link to say that
// one of them solved the problem (D-30).
func (a *app) acknowledge(n *notify.Notifier) *notify.Notifier {
	var one sync.Mutex
	n.NPSLink = func(personID string) string { return web.NPSLink(a.secret, personID, a.clock.Now()) }
	n.SolvedLink = func(t ticket.Ticket) string { return web.SolvedLink(a.secret, t.ID, a.clock.Now()) }
	n.Answers = func(ctx context.Context, ticketID string) ([]notify.Article, error) {
		t, err := a.db.TicketByID(ctx, ticketID)
		if err != nil {
			return nil, err
		}
		messages, err := a.db.MessagesOf(ctx, ticketID, false)
		if err != nil || len(messages) == 0 {
			return nil, err
		}
		// One at a time: nobody waits for it, and a batch of jobs at once would
		// take the processors from people who do.
		one.Lock()
		defer one.Unlock()
		found, err := a.index.Suggest(ctx, search.Message{Lang: t.Lang, Subject: t.Subject, Body: messages[0].Body}, maxAnswers)
		if err != nil {
			return nil, err
		}
		var all []notify.Article
		for _, f := range found {
			all = append(all, notify.Article{Title: f.Article.Title, URL: n.BaseURL + f.Article.URL()})
		}
		return all, nil
	}
	return n
}

// assignStore opens the transactions of assignment.
type assignStore struct {
	store.As[intake.AssignTx]
	*store.DB
}

// InTx runs fn in a durable transaction.
func (s assignStore) InTx(ctx context.Context, fn func(intake.AssignTx) error) error {
	return s.As.InTx(ctx, fn)
}

// ticketCreated gives a new ticket its owner and then tells people.
func (a *app) ticketCreated(n *notify.Notifier, tickets *ticket.Service) jobs.Handler {
	assigner := intake.Assigner{
		Store:   assignStore{store.As[intake.AssignTx]{DB: a.db, Cast: func(tx *store.Tx) intake.AssignTx { return tx }}, a.db},
		Tickets: tickets,
	}
	return func(ctx context.Context, j jobs.Job) error {
		var about struct {
			Ticket string `json:"ticket"`
		}
		if err := json.Unmarshal([]byte(j.Payload), &about); err != nil {
			return err
		}
		if err := assigner.Assign(ctx, about.Ticket); err != nil {
			return err
		}
		return n.TicketCreated(ctx, j.Payload)
	}
}
