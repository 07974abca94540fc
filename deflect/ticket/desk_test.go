package ticket_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/store/storetest"
)

// staff makes an account and returns its id.
func (b bench) staff(name string) string {
	b.test.Helper()
	email := strings.ToLower(strings.ReplaceAll(name, " ", ".")) + "@vmcloud.example"
	id := "id-" + email
	err := b.db.CreateFirstStaff(b.test.Context(), ticket.Staff{ID: id, Email: email, Name: name, Lang: "fr", Role: "admin"})
	b.ok(err)
	return id
}

// another submits one more ticket from an address and returns its id.
func (b bench) another(email string, urgency ticket.Level) string {
	b.test.Helper()
	in := &intake.Service{
		Store:  store.As[intake.Tx]{DB: b.db, Cast: func(tx *store.Tx) intake.Tx { return tx }},
		Clocks: b.svc.Clocks, AccessHash: func(id string) string { return "hash-" + id },
	}
	r, err := in.Submit(b.test.Context(), intake.Submission{
		Channel: ticket.ByForm, FormToken: deflect.NewID(), Lang: "fr", Email: email, Body: "encore un souci", Urgency: urgency, Impact: ticket.Medium,
	})
	b.ok(err)
	return r.TicketID
}

func (b bench) byID(id string) ticket.Ticket {
	b.test.Helper()
	t, err := b.db.TicketByID(b.test.Context(), id)
	b.ok(err)
	return t
}

// rebuilt checks that the log of a ticket gives the stored one back (D-12).
func (b bench) rebuilt(id string) {
	b.test.Helper()
	log, err := b.db.EventsOf(b.test.Context(), id)
	b.ok(err)
	stored := b.byID(id)
	if d := cmp.Diff(stored, b.svc.Clocks.Rebuild(stored, log)); d != "" {
		b.test.Errorf("ticket %s rebuilt from its log (-stored +rebuilt):\n%s", stored.Number, d)
	}
}

// jobs are the payloads of the waiting jobs of a kind.
func (b bench) jobs(kind string) []string {
	b.test.Helper()
	all, err := b.db.ClaimJobs(b.test.Context(), "test", b.c.Now(), b.c.Now(), 100)
	b.ok(err)
	var payloads []string
	for _, j := range all {
		if j.Kind == kind {
			payloads = append(payloads, j.Payload)
		}
	}
	return payloads
}

var brief = ticket.Brief{Problem: "disque", Timeline: "10:00 panne", Impact: "tout le site", Attempts: "redémarrage", Help: "un SRE"}

// fields are the names of the wrong inputs an error speaks of.
func fields(err error) []string {
	var e *errs.Error
	var names []string
	if ok := errors.As(err, &e); ok {
		for _, f := range e.Fields {
			names = append(names, f.Name)
		}
	}
	return names
}

func TestAssignOpensANewTicketAndTellsTheOwner(t *testing.T) {
	run(t, func(b bench) {
		ctx, lea := b.test.Context(), b.staff("Léa Petit")
		if err := b.svc.Assign(ctx, b.id, 1, ticket.Actor{Kind: ticket.BySystem}, "nobody", ""); !errs.Is(err, errs.Invalid) {
			b.test.Errorf("an unknown owner: %v", err)
		}
		b.ok(b.svc.Assign(ctx, b.id, 1, ticket.Actor{Kind: ticket.BySystem}, lea, "réseau, français"))
		if tk := b.ticket(); tk.Assignee != lea || tk.State != ticket.Open {
			b.test.Errorf("%s, owner %q", tk.State, tk.Assignee)
		}
		b.ok(b.svc.Assign(ctx, b.id, 0, ticket.Actor{Kind: ticket.ByStaff, ID: lea}, "", "congés"))
		if tk := b.ticket(); tk.Assignee != "" || tk.State != ticket.Open {
			b.test.Errorf("back to the queue: %s, owner %q", tk.State, tk.Assignee)
		}
		if got := b.jobs(ticket.JobTellStaff); len(got) != 1 || !strings.Contains(got[0], `"about":"assigned"`) {
			b.test.Errorf("told: %v", got)
		}
		b.rebuilt(b.id)
	})
}

func TestTags(t *testing.T) {
	run(t, func(b bench) {
		ctx, by := b.test.Context(), ticket.Actor{Kind: ticket.ByStaff, ID: "s"}
		b.ok(b.svc.SetTags(ctx, b.id, 1, by, []string{" Panne DNS!", "été", "panne-dns", ""}))
		if d := cmp.Diff([]string{"panne-dns", "été"}, b.ticket().Tags); d != "" {
			b.test.Error(d)
		}
		before := b.ticket().Version
		b.ok(b.svc.SetTags(ctx, b.id, 0, by, []string{"été", "Panne dns"}))
		if b.ticket().Version != before {
			b.test.Error("the same tags again raised the version")
		}
		if err := b.svc.SetTags(ctx, b.id, 0, by, []string{"a", "b", "c", "d", "e", "f"}); !errs.Is(err, errs.Invalid) {
			b.test.Errorf("six tags (D-23): %v", err)
		}
		if err := b.svc.SetTags(ctx, b.id, 0, by, []string{strings.Repeat("x", 41)}); !errs.Is(err, errs.Invalid) {
			b.test.Errorf("a long tag: %v", err)
		}
		b.ok(b.svc.SetTags(ctx, b.id, 0, by, nil))
		b.rebuilt(b.id)
	})
}

// D-19: the survivor takes the earliest creation and the stricter policy, the
// source's clocks end, a message on the source goes to the survivor.
func TestMerge(t *testing.T) {
	run(t, func(b bench) {
		ctx := b.test.Context()
		b.c.Advance(30 * time.Minute)
		late := b.another("colleague@acme.example", ticket.High) // P1
		b.ok(b.svc.Merge(ctx, b.id, late, 1, "s", "même panne"))
		source, survivor := b.ticket(), b.byID(late)
		if source.State != ticket.Merged || source.ClosedAt.IsZero() {
			b.test.Errorf("source: %+v", source)
		}
		for _, g := range source.SLA {
			if g.State != "cancelled_merged" || g.Running {
				b.test.Errorf("source's %+v", g)
			}
		}
		for _, g := range survivor.SLA {
			// P1 since the first creation: half an hour, just over.
			if g.Name == "first_response" && !g.Due.Equal(storetest.Start.Add(30*time.Minute)) {
				b.test.Errorf("survivor's first response: %+v", g)
			}
		}
		landed, err := b.svc.CustomerReply(ctx, b.id, ticket.CustomerMessage{Body: "et encore"})
		if err != nil || landed.TicketID != late || landed.Opened {
			b.test.Errorf("a message on the source: %+v, %v", landed, err)
		}
		said, err := b.db.MessagesOf(ctx, late, false)
		i := slices.IndexFunc(said, func(m ticket.Message) bool { return m.ID == landed.MessageID })
		if err != nil || i < 0 || said[i].PersonID != source.PersonID || source.PersonID == survivor.PersonID {
			b.test.Errorf("on the survivor %+v, %v: want a message of the source's author", said, err)
		}
		if err := b.svc.Reply(ctx, b.id, 0, "s", "bonjour", ""); !errs.Is(err, errs.Conflict) {
			b.test.Errorf("a reply on the source: %v", err)
		}
		links, err := b.db.LinksOf(ctx, late)
		if err != nil || len(links) != 1 || !links[0].Reverse || links[0].Kind != ticket.MergedTo || links[0].ID != b.id {
			b.test.Errorf("links %+v, %v", links, err)
		}
		b.rebuilt(b.id)
		b.rebuilt(late)
	})
}

// Whoever wrote one ticket must not be shown the other one's messages.
func TestMergeNeedsTheSameAuthorOrCompany(t *testing.T) {
	run(t, func(b bench) {
		ctx := b.test.Context()
		stranger, colleague := b.another("eve@other.example", ticket.Low), b.another("y@acme.example", ticket.Low)
		if err := b.svc.Merge(ctx, b.id, stranger, 0, "s", ""); !errs.Is(err, errs.Conflict) {
			b.test.Errorf("with a stranger's ticket: %v", err)
		}
		b.ok(b.svc.Merge(ctx, b.id, colleague, 0, "s", ""))
		if err := b.svc.Merge(ctx, colleague, colleague, 0, "s", ""); !errs.Is(err, errs.Invalid) {
			b.test.Errorf("with itself: %v", err)
		}
		if err := b.svc.ConfirmResolved(ctx, b.id); !errs.Is(err, errs.Conflict) {
			b.test.Errorf("the source's author closes a colleague's ticket: %v", err)
		}
	})
}

func TestSplit(t *testing.T) {
	run(t, func(b bench) {
		ctx := b.test.Context()
		b.ok(b.svc.Reply(ctx, b.id, 0, "s", "on regarde", ""))
		b.c.Advance(20 * time.Minute)
		b.ok(b.customer("au fait, ma facture est fausse"))
		asked := b.c.Now()
		b.c.Advance(10 * time.Minute)
		messages, err := b.db.MessagesOf(ctx, b.id, true)
		b.ok(err)
		for _, wrong := range [][]string{nil, {messages[0].ID}, {messages[1].ID}, {"nothing"}} {
			if _, err := b.svc.Split(ctx, b.id, 0, "s", ticket.Split{Messages: wrong}); !errs.Is(err, errs.Invalid) {
				b.test.Errorf("split %v: %v", wrong, err)
			}
		}
		id, err := b.svc.Split(ctx, b.id, 0, "s", ticket.Split{Messages: []string{messages[2].ID}, Subject: "Facture fausse"})
		b.ok(err)
		got := b.byID(id)
		if got.Subject != "Facture fausse" || !got.ReceivedAt.Equal(asked) || got.Assignee != "s" || got.State != ticket.Open {
			b.test.Errorf("%+v", got)
		}
		for _, g := range got.SLA {
			if g.Name == "first_response" && !g.Due.Equal(asked.Add(2*time.Hour)) {
				b.test.Errorf("fresh clock: %+v", g)
			}
		}
		moved, err := b.db.MessagesOf(ctx, id, true)
		if err != nil || len(moved) != 1 || moved[0].Body != messages[2].Body {
			b.test.Errorf("moved: %+v, %v", moved, err)
		}
		b.rebuilt(b.id)
		b.rebuilt(id)
	})
}

// D-15: a message on a closed ticket opens a linked one with fresh clocks.
func TestMessageAfterClosing(t *testing.T) {
	run(t, func(b bench) {
		ctx := b.test.Context()
		b.ok(b.svc.SetState(ctx, b.id, 0, "s", ticket.Closed, "doublon"))
		b.c.Advance(30 * 24 * time.Hour)
		opened := 0
		b.svc.Opened = func(_ ticket.Tx, t ticket.Ticket) error { opened++; return nil }
		landed, err := b.svc.CustomerReply(ctx, b.id, ticket.CustomerMessage{Body: "ça recommence"})
		b.ok(err)
		got := b.byID(landed.TicketID)
		if !landed.Opened || opened != 1 || got.ID == b.id || got.State != ticket.New || !got.ReceivedAt.Equal(b.c.Now()) {
			b.test.Errorf("%+v, ledger told %d times: %+v", landed, opened, got)
		}
		if old := b.ticket(); old.State != ticket.Closed || old.Ending != ticket.EndedByStaff {
			b.test.Errorf("the closed one: %+v", old)
		}
		b.rebuilt(b.id)
		b.rebuilt(got.ID)
	})
}

func TestEscalationNeedsTheBrief(t *testing.T) {
	run(t, func(b bench) {
		ctx := b.test.Context()
		_, err := b.svc.Escalate(ctx, b.id, 1, "s", ticket.L2, ticket.Brief{Problem: "disque", Attempts: " "})
		if d := cmp.Diff([]string{"timeline", "impact", "attempts", "help"}, fields(err)); d != "" {
			b.test.Error(d)
		}
		if err := b.svc.SetState(ctx, b.id, 1, "s", ticket.Escalated, ""); !errs.Is(err, errs.Conflict) {
			b.test.Errorf("escalated without a brief: %v", err)
		}
		to, err := b.svc.Escalate(ctx, b.id, 1, "s", ticket.L2, brief)
		if err != nil || to != ticket.L2 || b.ticket().Level != ticket.L2 || b.ticket().State != ticket.Escalated {
			b.test.Errorf("%s, %v, %+v", to, err, b.ticket())
		}
		all, err := b.db.EscalationsOf(ctx, b.id)
		if err != nil || len(all) != 1 || all[0].Brief != brief || all[0].Tier != ticket.Business || all[0].WrittenAt.IsZero() {
			b.test.Errorf("%+v, %v", all, err)
		}
		b.rebuilt(b.id)
	})
}

// D-24: the third bounce goes up the hierarchy by itself.
func TestThirdBounceGoesUp(t *testing.T) {
	run(t, func(b bench) {
		ctx := b.test.Context()
		_, err := b.svc.Escalate(ctx, b.id, 0, "s", ticket.L2, brief)
		b.ok(err)
		b.ok(b.svc.HandBack(ctx, b.id, 0, "s", ticket.L1, "rien à voir avec le réseau"))
		if tk := b.ticket(); tk.Level != ticket.L1 || tk.State != ticket.InProgress {
			b.test.Errorf("handed back: %s at %s", tk.State, tk.Level)
		}
		to, err := b.svc.Escalate(ctx, b.id, 0, "s", ticket.L2, brief)
		if err != nil || to != ticket.Management || b.ticket().Level != ticket.Management {
			b.test.Errorf("the third bounce: %s, %v", to, err)
		}
		b.ok(b.svc.HandBack(ctx, b.id, 0, "s", ticket.L3, "à vous"))
		if tk := b.ticket(); tk.Level != ticket.L3 {
			b.test.Errorf("management's word: %s", tk.Level)
		}
		b.rebuilt(b.id)
	})
}

// D-5: P0 goes straight to management, and somebody owes the brief.
func TestOutageGoesToManagement(t *testing.T) {
	run(t, func(b bench) {
		ctx := b.test.Context()
		b.ok(b.svc.SetPriority(ctx, b.id, 1, "s", ticket.P0, "toute la région"))
		if tk := b.ticket(); tk.Level != ticket.Management || tk.State != ticket.Escalated {
			b.test.Errorf("%s at %s", tk.State, tk.Level)
		}
		owed, err := b.db.OwedBriefs(ctx, 10)
		if err != nil || len(owed) != 1 || !owed[0].Automatic || owed[0].Reason != ticket.ReasonOutage {
			b.test.Fatalf("%+v, %v", owed, err)
		}
		b.ok(b.svc.WriteBrief(ctx, b.id, 0, "s", owed[0].ID, brief))
		if err := b.svc.WriteBrief(ctx, b.id, 0, "s", owed[0].ID, brief); !errs.Is(err, errs.Conflict) {
			b.test.Errorf("a second brief: %v", err)
		}
		if owed, err = b.db.OwedBriefs(ctx, 10); err != nil || len(owed) != 0 {
			b.test.Errorf("%+v, %v", owed, err)
		}
		b.rebuilt(b.id)
	})
}

func TestNoteTellsWhomItNames(t *testing.T) {
	run(t, func(b bench) {
		lea := b.staff("Léa Petit")
		b.ok(b.svc.Note(b.test.Context(), b.id, 1, "s", "@léa petit peux-tu voir ? pas a@b.c"))
		if got := b.jobs(ticket.JobTellStaff); len(got) != 1 || !strings.Contains(got[0], lea) {
			b.test.Errorf("told: %v", got)
		}
	})
}

func TestMentioned(t *testing.T) {
	team := []ticket.Staff{
		{ID: "1", Name: "Zoé Martin", Email: "zmartin@vmcloud.example"}, {ID: "2", Name: "Zoé Durand", Email: "zoe.durand@vmcloud.example"},
		{ID: "3", Name: "Ali", Email: "ali@vmcloud.example"},
	}
	for text, want := range map[string][]string{
		"":                                nil,
		"@ali":                            {"3"},
		"@Ali, et @ali.":                  {"3"},
		"@alice @alix":                    nil,
		"ali@vmcloud.example":             nil,
		"@zoé regarde":                    nil, // two have that first name
		"@Zoé Durand et @zoé.martin !":    {"2", "1"},
		"(@zmartin)\n@ZMARTIN":            {"1"},
		"@zmartin.":                       {"1"},
		strings.Repeat("@", 300) + "@ali": {"3"},
	} {
		if got := ticket.Mentioned(text, team); !slices.Equal(got, want) {
			t.Errorf("%q names %v, want %v", text, got, want)
		}
	}
}

func TestLinksAndTime(t *testing.T) {
	run(t, func(b bench) {
		ctx, other := b.test.Context(), b.another("x@acme.example", ticket.Low)
		b.ok(b.svc.Link(ctx, b.id, 0, "s", other, ticket.Duplicate))
		b.ok(b.svc.Link(ctx, b.id, 0, "s", other, ticket.Duplicate))
		if err := b.svc.Link(ctx, b.id, 0, "s", "nothing", ticket.Related); !slices.Equal(fields(err), []string{"other"}) {
			b.test.Errorf("with a ticket that is not there: %v", err)
		}
		links, err := b.db.LinksOf(ctx, b.id)
		if err != nil || len(links) != 1 || links[0].Reverse || links[0].ID != other {
			b.test.Errorf("%+v, %v", links, err)
		}
		b.ok(b.svc.Unlink(ctx, b.id, 0, "s", other, ticket.Duplicate))
		b.ok(b.svc.Link(ctx, b.id, 0, "s", other, ticket.Duplicate))
		if links, err = b.db.LinksOf(ctx, b.id); err != nil || len(links) != 1 {
			b.test.Errorf("linked again: %+v, %v", links, err)
		}
		for _, minutes := range []int{0, -5, 1441} {
			if err := b.svc.LogTime(ctx, b.id, 0, "s", minutes, ""); !errs.Is(err, errs.Invalid) {
				b.test.Errorf("%d minutes: %v", minutes, err)
			}
		}
		b.ok(b.svc.LogTime(ctx, b.id, 0, "s", 25, "lecture des journaux"))
		entries, err := b.db.TimeOf(ctx, b.id)
		if err != nil || len(entries) != 1 || entries[0].Minutes != 25 || entries[0].MessageID == "" {
			b.test.Errorf("%+v, %v", entries, err)
		}
		b.rebuilt(b.id)
	})
}

func TestWatchersAreTold(t *testing.T) {
	run(t, func(b bench) {
		ctx, lea := b.test.Context(), b.staff("Léa Petit")
		b.ok(b.svc.Watch(ctx, b.id, lea))
		b.ok(b.svc.SetState(ctx, b.id, 0, "s", ticket.Resolved, ""))
		b.ok(b.svc.Unwatch(ctx, b.id, lea))
		b.ok(b.svc.SetState(ctx, b.id, 0, "s", ticket.Reopened, ""))
		if got := b.jobs(ticket.JobTellStaff); len(got) != 1 || !strings.Contains(got[0], `"about":"watched"`) {
			b.test.Errorf("told: %v", got)
		}
		b.rebuilt(b.id)
	})
}
