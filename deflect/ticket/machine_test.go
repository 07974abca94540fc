package ticket_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/store"
)

// world is a few tickets on which anybody does anything.
type world struct {
	bench
	in       *intake.Service
	tickets  []string
	incident string
	person   int
}

// submit adds a ticket of one of three people; two are of one company.
func (w *world) submit(t *rapid.T) {
	levels := rapid.SampledFrom([]ticket.Level{ticket.High, ticket.Medium, ticket.Low})
	email := rapid.SampledFrom([]string{"a@acme.example", "b@acme.example", fmt.Sprintf("c%d@free.example", w.person)}).Draw(t, "author")
	r, err := w.in.Submit(context.Background(), intake.Submission{
		Channel: ticket.ByForm, FormToken: deflect.NewID(), Lang: "fr", Email: email, Body: "panne",
		Urgency: levels.Draw(t, "urgency"), Impact: levels.Draw(t, "impact"),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.tickets = append(w.tickets, r.TicketID)
}

// refused lets an action be refused, but not fail.
func refused(t *rapid.T, err error) {
	if err != nil && !errs.Is(err, errs.Conflict) && !errs.Is(err, errs.Invalid) {
		t.Fatal(err)
	}
}

// act does one random thing to a random ticket.
func (w *world) act(t *rapid.T) {
	ctx, svc := context.Background(), w.svc
	id := rapid.SampledFrom(w.tickets).Draw(t, "ticket")
	other := rapid.SampledFrom(w.tickets).Draw(t, "other")
	staff := rapid.SampledFrom([]string{"s1", "s2"}).Draw(t, "staff")
	by := ticket.Actor{Kind: ticket.ByStaff, ID: staff}
	level := rapid.SampledFrom(ticket.SupportLevels)
	switch rapid.IntRange(0, 21).Draw(t, "action") {
	case 0, 1:
		refused(t, svc.Reply(ctx, id, 0, staff, "bonjour", rapid.SampledFrom([]ticket.State{"", ticket.WaitingCustomer, ticket.Resolved}).Draw(t, "then")))
	case 2:
		refused(t, svc.Note(ctx, id, 0, staff, "@nobody vu"))
	case 3, 4:
		landed, err := svc.CustomerReply(ctx, id, ticket.CustomerMessage{Body: "encore"})
		refused(t, err)
		if landed.Opened {
			w.tickets = append(w.tickets, landed.TicketID)
		}
	case 5:
		refused(t, svc.SetState(ctx, id, 0, staff, rapid.SampledFrom([]ticket.State{
			ticket.Open, ticket.InProgress, ticket.WaitingCustomer, ticket.Resolved, ticket.Reopened, ticket.Closed,
		}).Draw(t, "state"), ""))
	case 6, 7:
		refused(t, svc.SetPriority(ctx, id, 0, staff, rapid.SampledFrom(ticket.Priorities).Draw(t, "priority"), "vu"))
	case 8:
		refused(t, svc.SetTier(ctx, id, 0, by, rapid.SampledFrom(ticket.Tiers).Draw(t, "tier"), "contrat"))
	case 9:
		refused(t, svc.Assign(ctx, id, 0, by, "", "file"))
	case 10:
		refused(t, svc.SetTags(ctx, id, 0, by, rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"}), 0, 7).Draw(t, "tags")))
	case 11:
		refused(t, svc.SetCategory(ctx, id, 0, by, ticket.Classification{Category: rapid.SampledFrom([]string{"", "billing"}).Draw(t, "category"), Component: "vps"}))
	case 12:
		refused(t, svc.Link(ctx, id, 0, staff, other, ticket.Related))
		refused(t, svc.Unlink(ctx, id, 0, staff, other, ticket.Related))
	case 13:
		refused(t, svc.LogTime(ctx, id, 0, staff, 5, "lecture"))
	case 14, 15:
		refused(t, svc.Merge(ctx, id, other, 0, staff, "même chose"))
	case 16:
		w.split(t, id, staff)
	case 17:
		_, err := svc.Escalate(ctx, id, 0, staff, level.Draw(t, "level"), brief)
		refused(t, err)
	case 18:
		refused(t, svc.HandBack(ctx, id, 0, staff, level.Draw(t, "level"), "à vous"))
	case 19:
		refused(t, svc.JoinIncident(ctx, id, 0, staff, w.incident))
		if rapid.Bool().Draw(t, "leave") {
			refused(t, svc.LeaveIncident(ctx, id, 0, staff))
		}
	case 20:
		refused(t, rapid.SampledFrom([]func(context.Context, string) error{svc.ConfirmResolved, svc.NotResolved, svc.SelfSolved}).Draw(t, "answer")(ctx, id))
	case 21:
		refused(t, svc.AnswerSurvey(ctx, id, rapid.IntRange(1, 5).Draw(t, "score"), true, ""))
	}
}

func (w *world) split(t *rapid.T, id, staff string) {
	messages, err := w.db.MessagesOf(context.Background(), id, true)
	if err != nil {
		t.Fatal(err)
	}
	if len(messages) == 0 {
		return
	}
	m := rapid.SampledFrom(messages).Draw(t, "message")
	part, err := w.svc.Split(context.Background(), id, 0, staff, ticket.Split{Messages: []string{m.ID}})
	refused(t, err)
	if err == nil {
		w.tickets = append(w.tickets, part)
	}
}

// tick does what timers would do on every ticket.
func (w *world) tick(t *rapid.T) {
	for _, id := range w.tickets {
		err := w.db.InTx(context.Background(), func(tx *store.Tx) error {
			return w.svc.Tick(tx, id)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// check compares every stored ticket with its log, byte for byte (D-12), and
// looks for what must never be.
func (w *world) check(t *rapid.T) {
	for _, id := range w.tickets {
		stored, err := w.db.TicketByID(context.Background(), id)
		if err != nil {
			t.Fatal(err)
		}
		log, err := w.db.EventsOf(context.Background(), id)
		if err != nil {
			t.Fatal(err)
		}
		have, err1 := json.Marshal(stored)
		want, err2 := json.Marshal(w.svc.Clocks.Rebuild(stored, log))
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		if string(have) != string(want) {
			t.Fatalf("stored  %s\nrebuilt %s\nlog %+v", have, want, log)
		}
		over := stored.State == ticket.Closed || stored.State == ticket.Merged
		if over == stored.ClosedAt.IsZero() || (stored.Ending != "") != (stored.State == ticket.Closed) {
			t.Fatalf("%s, closed at %s as %q", stored.State, stored.ClosedAt, stored.Ending)
		}
		for i, e := range log {
			if e.Seq != int64(i)+1 || e.Actor.Kind == "" {
				t.Fatalf("event %d: %+v", i, e)
			}
		}
		for _, g := range stored.SLA {
			if over && g.Running {
				t.Fatalf("a %s ticket's clock runs: %+v", stored.State, g)
			}
		}
	}
}

// Whatever people and timers do, the log alone gives the stored tickets back.
func TestAnythingCanBeRebuiltFromTheLog(t *testing.T) {
	run(t, func(b bench) {
		w := &world{bench: b, in: &intake.Service{
			Store:  store.As[intake.Tx]{DB: b.db, Cast: func(tx *store.Tx) intake.Tx { return tx }},
			Clocks: b.svc.Clocks, AccessHash: func(id string) string { return "hash-" + id },
		}}
		var err error
		w.incident, err = b.svc.OpenIncident(b.test.Context(), "s1", "panne", "")
		b.ok(err)
		rapid.Check(b.test, func(t *rapid.T) {
			w.person++
			w.tickets = nil
			for range 3 {
				w.submit(t)
			}
			for range rapid.IntRange(1, 12).Draw(t, "steps") {
				if rapid.IntRange(0, 2).Draw(t, "wait") == 0 {
					minutes := rapid.SampledFrom([]int{1, 30, 90, 600, 3 * 24 * 60, 8 * 24 * 60}).Draw(t, "minutes")
					w.c.Advance(time.Duration(minutes) * time.Minute)
					if rapid.Bool().Draw(t, "timers") {
						w.tick(t)
					}
				}
				w.act(t)
			}
			w.check(t)
		})
	})
}
