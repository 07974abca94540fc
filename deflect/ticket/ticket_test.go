package ticket_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/policy"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/store/storetest"
)

// D-11: the matrix of the general guide.
func TestPropose(t *testing.T) {
	want := map[ticket.Level]map[ticket.Level]ticket.Priority{ // impact -> urgency
		ticket.High:   {ticket.High: ticket.P1, ticket.Medium: ticket.P1, ticket.Low: ticket.P2},
		ticket.Medium: {ticket.High: ticket.P1, ticket.Medium: ticket.P2, ticket.Low: ticket.P3},
		ticket.Low:    {ticket.High: ticket.P2, ticket.Medium: ticket.P3, ticket.Low: ticket.P4},
	}
	for impact, row := range want {
		for urgency, p := range row {
			if got := ticket.Propose(impact, urgency); got != p {
				t.Errorf("impact %s, urgency %s: %s, want %s", impact, urgency, got, p)
			}
		}
	}
}

func TestNumbersAreReadableAndDiffer(t *testing.T) {
	form := regexp.MustCompile(`^VM-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{2}$`)
	seen := map[string]bool{}
	for range 1000 {
		n := ticket.NewNumber()
		if !form.MatchString(n) {
			t.Fatalf("%q", n)
		}
		seen[n] = true
	}
	if len(seen) < 995 {
		t.Errorf("%d different numbers of 1000", len(seen))
	}
}

func TestImpossibleMoveNamesTheAllowedOnes(t *testing.T) {
	_, err := ticket.Move(ticket.Ticket{Number: "VM-1", State: ticket.Resolved}, ticket.WaitingCustomer)
	if !errs.Is(err, errs.Conflict) || !regexp.MustCompile(`reopened closed`).MatchString(err.Error()) {
		t.Errorf("%v", err)
	}
}

func TestMergedAndClosedTicketsTakeNothing(t *testing.T) {
	for _, s := range []ticket.State{ticket.Closed, ticket.Merged} {
		if _, err := ticket.AfterCustomerReply(ticket.Ticket{State: s}); !errs.Is(err, errs.Conflict) {
			t.Errorf("customer on %s: %v", s, err)
		}
		if _, err := ticket.AfterStaffReply(ticket.Ticket{State: s}); !errs.Is(err, errs.Conflict) {
			t.Errorf("staff on %s: %v", s, err)
		}
		if len(ticket.NextStates(s)) != 0 {
			t.Errorf("%s leads to %v", s, ticket.NextStates(s))
		}
	}
}

// bench is a ticket of a Business customer with its services.
type bench struct {
	db   *store.DB
	c    *clock.Manual
	svc  *ticket.Service
	id   string
	test *testing.T
}

func run(t *testing.T, f func(b bench)) {
	t.Helper()
	set, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	clocks := ticket.Clocks{Book: set.Book}
	storetest.Run(t, func(t *testing.T, db *store.DB, c *clock.Manual) {
		err := db.InTx(t.Context(), func(tx *store.Tx) error {
			return tx.SaveCustomer(intake.Customer{ID: "c", Company: "ACME", Contract: ticket.Business, Lookups: []string{"domain:acme.example"}})
		})
		if err != nil {
			t.Fatal(err)
		}
		in := &intake.Service{
			Store:  store.As[intake.Tx]{DB: db, Cast: func(tx *store.Tx) intake.Tx { return tx }},
			Clocks: clocks, AccessHash: func(id string) string { return "hash-" + id },
		}
		r, err := in.Submit(t.Context(), intake.Submission{
			Channel: ticket.ByForm, FormToken: deflect.NewID(), Lang: "fr", Email: "z@acme.example", Body: "la VM ne démarre plus",
			Urgency: ticket.Medium, Impact: ticket.Medium,
		})
		if err != nil {
			t.Fatal(err)
		}
		svc := &ticket.Service{
			Store:  store.As[ticket.Tx]{DB: db, Cast: func(tx *store.Tx) ticket.Tx { return tx }},
			Clocks: clocks, AccessHash: func(id string) string { return "hash-" + id },
		}
		f(bench{db, c, svc, r.TicketID, t})
	})
}

func (b bench) ticket() ticket.Ticket {
	b.test.Helper()
	t, err := b.db.TicketByID(b.test.Context(), b.id)
	if err != nil {
		b.test.Fatal(err)
	}
	return t
}

func (b bench) target(name string) ticket.Target {
	b.test.Helper()
	for _, g := range b.ticket().SLA {
		if g.Name == name {
			return g
		}
	}
	b.test.Fatalf("no target %s in %+v", name, b.ticket().SLA)
	return ticket.Target{}
}

// customer writes on the ticket.
func (b bench) customer(body string) error {
	_, err := b.svc.CustomerReply(b.test.Context(), b.id, ticket.CustomerMessage{Body: body})
	return err
}

func (b bench) ok(err error) {
	b.test.Helper()
	if err != nil {
		b.test.Fatal(err)
	}
}

// D-6, D-7: Business P2, received Monday 10:00 in Paris: first response in two
// hours, resolution in twelve opening hours (08:00-20:00): that evening 22:00
// is closed, so the next day at 10:00.
func TestDueDatesOfANewTicket(t *testing.T) {
	run(t, func(b bench) {
		start := storetest.Start
		if got := b.target("first_response"); !got.Due.Equal(start.Add(2*time.Hour)) || !got.Running || got.Kind != "contractual" {
			b.test.Errorf("first response: %+v", got)
		}
		if got := b.target("resolution"); !got.Due.Equal(start.Add(24 * time.Hour)) {
			b.test.Errorf("resolution: %+v", got)
		}
		if tk := b.ticket(); tk.Tier != ticket.Business || tk.Priority != ticket.P2 || tk.State != ticket.New {
			b.test.Errorf("%+v", tk)
		}
	})
}

// D-13, D-14, D-17: a note is no answer; a reply exactly at the due instant
// meets it; waiting pauses the resolution and the customer's message ends it.
func TestReplyAndPause(t *testing.T) {
	run(t, func(b bench) {
		ctx := b.test.Context()
		b.ok(b.svc.Note(ctx, b.id, 1, "staff", "je regarde"))
		if got := b.target("first_response"); got.State != "running" {
			b.test.Errorf("after a note: %+v", got)
		}
		b.c.Advance(2 * time.Hour)
		b.ok(b.svc.Reply(ctx, b.id, 2, "staff", "Quelle VM ?", ticket.WaitingCustomer))
		if got := b.target("first_response"); got.State != "met" {
			b.test.Errorf("answered at the due instant: %+v", got)
		}
		if got := b.target("resolution"); got.State != "paused" || !got.Due.IsZero() {
			b.test.Errorf("while waiting: %+v", got)
		}
		if tk := b.ticket(); tk.State != ticket.WaitingCustomer || tk.Assignee != "staff" {
			b.test.Errorf("%s owned by %q", tk.State, tk.Assignee)
		}
		b.c.Advance(3 * time.Hour)
		b.ok(b.customer("vm_12"))
		// Three opening hours were paused.
		if got := b.target("resolution"); got.State != "running" || !got.Due.Equal(storetest.Start.Add(27*time.Hour)) {
			b.test.Errorf("after the customer's answer: %+v", got)
		}
		if b.ticket().State != ticket.Open {
			b.test.Errorf("state %s", b.ticket().State)
		}
	})
}

func TestTwoAgentsSavingAtOnce(t *testing.T) {
	run(t, func(b bench) {
		ctx := b.test.Context()
		b.ok(b.svc.SetState(ctx, b.id, 1, "first", ticket.InProgress, ""))
		if err := b.svc.Reply(ctx, b.id, 1, "second", "bonjour", ""); !errs.Is(err, errs.Conflict) {
			b.test.Errorf("the second agent: %v, want conflict", err)
		}
		messages, err := b.db.MessagesOf(ctx, b.id, true)
		if err != nil || len(messages) != 1 {
			b.test.Errorf("%d messages, %v; the refused reply must leave none", len(messages), err)
		}
	})
}

func TestPriorityNeedsAReason(t *testing.T) {
	run(t, func(b bench) {
		ctx := b.test.Context()
		if err := b.svc.SetPriority(ctx, b.id, 1, "s", ticket.P1, "  "); !errs.Is(err, errs.Invalid) {
			b.test.Errorf("without a reason: %v", err)
		}
		b.ok(b.svc.SetPriority(ctx, b.id, 1, "s", ticket.P1, "perte de données"))
		// P1 of a Business customer: 30 minutes, around the clock (D-6, D-8).
		if got := b.target("first_response"); !got.Due.Equal(storetest.Start.Add(30 * time.Minute)) {
			b.test.Errorf("after the change: %+v", got)
		}
		events, err := b.db.EventsOf(ctx, b.id)
		if err != nil || len(events) != 2 || events[1].Reason != "perte de données" || events[1].Actor.ID != "s" {
			b.test.Errorf("%+v, %v", events, err)
		}
	})
}

// D-12: what is stored is a cache that the log reproduces.
func TestStoredStateIsRebuiltFromTheLog(t *testing.T) {
	run(t, func(b bench) {
		ctx := b.test.Context()
		b.c.Advance(time.Hour)
		b.ok(b.svc.Reply(ctx, b.id, 0, "s", "un", ""))
		b.c.Advance(26 * time.Hour)
		b.ok(b.customer("deux"))
		b.ok(b.svc.SetState(ctx, b.id, 0, "s", ticket.Resolved, "redémarrée"))
		events, err := b.db.EventsOf(ctx, b.id)
		b.ok(err)
		stored := b.ticket()
		if d := cmp.Diff(stored, b.svc.Clocks.Rebuild(stored, events)); d != "" {
			b.test.Error(d)
		}
	})
}
