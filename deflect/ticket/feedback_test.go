package ticket_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/store"
)

func TestCustomerConfirmsOrNot(t *testing.T) {
	run(t, func(b bench) {
		ctx := b.test.Context()
		b.ok(b.svc.NotResolved(ctx, b.id)) // nothing to say: it is being worked on
		if got := b.ticket(); got.Version != 1 {
			b.test.Errorf("version %d", got.Version)
		}
		b.ok(b.svc.SetState(ctx, b.id, 0, "s", ticket.Resolved, ""))
		b.c.Advance(time.Hour)
		b.ok(b.svc.NotResolved(ctx, b.id))
		if got := b.ticket(); got.State != ticket.Reopened || !got.ResolvedAt.IsZero() {
			b.test.Errorf("%+v", got)
		}
		b.ok(b.svc.SetState(ctx, b.id, 0, "s", ticket.Resolved, ""))
		b.ok(b.svc.ConfirmResolved(ctx, b.id))
		b.ok(b.svc.ConfirmResolved(ctx, b.id))
		if got := b.ticket(); got.State != ticket.Closed || got.Ending != ticket.EndedConfirmed || !got.ClosedAt.Equal(b.c.Now()) {
			b.test.Errorf("%+v", got)
		}
		if err := b.svc.NotResolved(ctx, b.id); !errs.Is(err, errs.Conflict) {
			b.test.Errorf("not resolved after closing: %v", err)
		}
		b.rebuilt(b.id)
	})
}

// D-30: the link in the acknowledgement closes as self-solved, never P0 or P1.
func TestSelfSolved(t *testing.T) {
	run(t, func(b bench) {
		ctx := b.test.Context()
		urgent, answered := b.another("z@acme.example", ticket.High), b.another("z@acme.example", ticket.Low)
		if err := b.svc.SelfSolved(ctx, urgent); !errs.Is(err, errs.Conflict) {
			b.test.Errorf("a P1: %v", err)
		}
		b.ok(b.svc.Reply(ctx, answered, 0, "s", "voici", ""))
		b.ok(b.svc.SelfSolved(ctx, answered))
		b.ok(b.svc.SelfSolved(ctx, b.id))
		b.ok(b.svc.SelfSolved(ctx, b.id))
		if got := b.ticket(); got.State != ticket.Closed || got.Ending != ticket.EndedSelfSolved {
			b.test.Errorf("%+v", got)
		}
		if got := b.byID(answered); got.Ending != ticket.EndedConfirmed {
			b.test.Errorf("answered by the team first: %s", got.Ending)
		}
		b.rebuilt(b.id)
	})
}

// D-27: below 3 a review is mandatory.
func TestSurvey(t *testing.T) {
	run(t, func(b bench) {
		ctx := b.test.Context()
		if err := b.svc.AnswerSurvey(ctx, b.id, 5, true, ""); !errs.Is(err, errs.Conflict) {
			b.test.Errorf("before closing: %v", err)
		}
		b.ok(b.svc.SetState(ctx, b.id, 0, "s", ticket.Closed, ""))
		for _, score := range []int{0, 6, -1} {
			if err := b.svc.AnswerSurvey(ctx, b.id, score, true, ""); !errs.Is(err, errs.Invalid) {
				b.test.Errorf("score %d: %v", score, err)
			}
		}
		b.ok(b.svc.AnswerSurvey(ctx, b.id, 2, false, " trop long "))
		b.ok(b.svc.AnswerSurvey(ctx, b.id, 2, false, "trop long"))
		if err := b.svc.AnswerSurvey(ctx, b.id, 5, true, ""); !errs.Is(err, errs.Conflict) {
			b.test.Errorf("another answer: %v", err)
		}
		open, err := b.db.Surveys(ctx, true, 10, 0)
		if err != nil || len(open) != 1 || open[0].Number != b.ticket().Number || open[0].Comment != "trop long" || open[0].Solved {
			b.test.Errorf("%+v, %v", open, err)
		}
		if err := b.svc.ReviewSurvey(ctx, b.id, "lead", " "); !errs.Is(err, errs.Invalid) {
			b.test.Errorf("an empty review: %v", err)
		}
		b.ok(b.svc.ReviewSurvey(ctx, b.id, "lead", "rappelé, geste commercial"))
		if err := b.svc.ReviewSurvey(ctx, b.id, "lead", "encore"); !errs.Is(err, errs.Conflict) {
			b.test.Errorf("reviewed twice: %v", err)
		}
		if open, err = b.db.Surveys(ctx, true, 10, 0); err != nil || len(open) != 0 {
			b.test.Errorf("still open: %+v, %v", open, err)
		}
		all, err := b.db.Surveys(ctx, false, 10, 0)
		if err != nil || len(all) != 1 || all[0].Reviewer != "lead" || all[0].Review == "" {
			b.test.Errorf("%+v, %v", all, err)
		}
		b.rebuilt(b.id)
	})
}

func TestNPS(t *testing.T) {
	run(t, func(b bench) {
		ctx, person := b.test.Context(), b.ticket().PersonID
		if err := b.svc.AnswerNPS(ctx, person, 11, ""); !errs.Is(err, errs.Invalid) {
			b.test.Errorf("11: %v", err)
		}
		b.ok(b.svc.AnswerNPS(ctx, person, 10, ""))
		b.ok(b.svc.AnswerNPS(ctx, person, 3, "trop de pannes"))
		rows, err := b.db.NPSAnswers(ctx, "2026-Q4", 10, 0)
		if err != nil || len(rows) != 1 || rows[0].Score != 3 || !rows[0].Detractor() || rows[0].Company != "ACME" {
			b.test.Fatalf("%+v, %v", rows, err)
		}
		b.ok(b.svc.ContactDetractor(ctx, person, "2026-Q4", "s", "appelée le 24"))
		for what, err := range map[string]error{
			"contacted twice":    b.svc.ContactDetractor(ctx, person, "2026-Q4", "s", "encore"),
			"changed after that": b.svc.AnswerNPS(ctx, person, 9, ""),
			"no answer":          b.svc.ContactDetractor(ctx, person, "2026-Q3", "s", "x"),
		} {
			if !errs.Is(err, errs.Conflict) {
				b.test.Errorf("%s: %v", what, err)
			}
		}
		// In Paris it is already January.
		b.c.Set(time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC))
		b.ok(b.svc.AnswerNPS(ctx, person, 9, ""))
		if rows, err = b.db.NPSAnswers(ctx, "2027-Q1", 10, 0); err != nil || len(rows) != 1 || !rows[0].Promoter() {
			b.test.Errorf("%+v, %v", rows, err)
		}
	})
}

// D-28: a tenth, at least 5 of each agent's when there are that many, the same
// again for the same seed.
func TestDrawnSample(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var closed []ticket.ClosedTicket
		had := map[string]int{}
		for agent := range rapid.IntRange(0, 5).Draw(t, "agents") {
			name := fmt.Sprintf("agent %d", agent)
			had[name] = rapid.IntRange(1, 120).Draw(t, "tickets")
			for i := range had[name] {
				closed = append(closed, ticket.ClosedTicket{ID: fmt.Sprintf("%d-%d", agent, i), Staff: name})
			}
		}
		seed := rapid.String().Draw(t, "seed")
		got := ticket.Draw(closed, seed)
		slices.Reverse(closed)
		if d := cmp.Diff(got, ticket.Draw(closed, seed)); d != "" {
			t.Fatalf("another order gives another sample: %s", d)
		}
		if 10*len(got) < len(closed) {
			t.Fatalf("%d of %d drawn", len(got), len(closed))
		}
		drawn, seen := map[string]int{}, map[string]bool{}
		for _, x := range got {
			drawn[x.Staff]++
			if seen[x.ID] {
				t.Fatalf("%s drawn twice", x.ID)
			}
			seen[x.ID] = true
		}
		lacking := 0
		for agent, n := range had {
			if drawn[agent] < min(5, n) {
				t.Fatalf("%s had %d tickets, %d drawn", agent, n, drawn[agent])
			}
			lacking += 5
		}
		if len(got) > (len(closed)+9)/10+lacking {
			t.Fatalf("%d of %d drawn: too many", len(got), len(closed))
		}
	})
}

func TestQualityReview(t *testing.T) {
	run(t, func(b bench) {
		ctx := b.test.Context()
		b.ok(b.svc.Reply(ctx, b.id, 0, "agent", "voici", ""))
		b.ok(b.svc.SetState(ctx, b.id, 0, "agent", ticket.Closed, ""))
		if err := b.svc.DrawQA(ctx, "2026-11", "seed"); !errs.Is(err, errs.Conflict) {
			b.test.Errorf("before the month is over: %v", err)
		}
		if err := b.svc.DrawQA(ctx, "2026-13", "seed"); !errs.Is(err, errs.Invalid) {
			b.test.Errorf("month 13: %v", err)
		}
		b.c.Set(time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC))
		for range 2 {
			b.ok(b.svc.DrawQA(ctx, "2026-11", "seed"))
		}
		rows, err := b.db.QAReviews(ctx, "2026-11")
		if err != nil || len(rows) != 1 || rows[0].Staff != "agent" || !rows[0].ScoredAt.IsZero() {
			b.test.Fatalf("%+v, %v", rows, err)
		}
		scores := map[string]int{"response": 100, "tone": 100, "solution": 50, "documentation": 0, "outcome": 100}
		if err := b.svc.ScoreQA(ctx, "2026-11", b.id, "agent", scores, ""); !errs.Is(err, errs.Forbidden) {
			b.test.Errorf("their own work: %v", err)
		}
		if err := b.svc.ScoreQA(ctx, "2026-11", b.id, "lead", map[string]int{"tone": 101}, ""); len(fields(err)) != 5 {
			b.test.Errorf("wrong scores: %v", err)
		}
		b.ok(b.svc.ScoreQA(ctx, "2026-11", b.id, "lead", scores, "article à écrire"))
		if rows, err = b.db.QAReviews(ctx, "2026-11"); err != nil || rows[0].Total != 70 || rows[0].Reviewer != "lead" {
			b.test.Errorf("%+v, %v", rows, err)
		}
	})
}

func TestCriteriaGiveAHundredPoints(t *testing.T) {
	sum := 0
	for _, c := range ticket.QACriteria {
		sum += c.Points
	}
	if sum != 100 {
		t.Errorf("%d points", sum)
	}
}

// An incident answers its tickets together, each once, however often the job
// runs.
func TestIncidentAnswersItsTicketsOnce(t *testing.T) {
	run(t, func(b bench) {
		ctx := b.test.Context()
		if _, err := b.svc.OpenIncident(ctx, "s", "  ", ""); !errs.Is(err, errs.Invalid) {
			b.test.Errorf("without a title: %v", err)
		}
		inc, err := b.svc.OpenIncident(ctx, "s", "Réseau de Paris", "commutateur en panne")
		b.ok(err)
		other, closed, gone := b.another("a@x.example", ticket.Low), b.another("b@y.example", ticket.Low), b.another("c@z.example", ticket.Low)
		for _, id := range []string{b.id, other, closed, gone} {
			b.ok(b.svc.JoinIncident(ctx, id, 0, "s", inc))
		}
		b.ok(b.svc.SetState(ctx, closed, 0, "s", ticket.Closed, ""))
		b.ok(b.svc.LeaveIncident(ctx, gone, 0, "s"))
		b.ok(b.svc.AnswerIncident(ctx, inc, 1, "s", b.ticket().Lang, "C’est réparé.", ticket.Resolved))
		if err := b.svc.AnswerIncident(ctx, inc, 1, "s", "", "C’est réparé.", ticket.Resolved); !errs.Is(err, errs.Conflict) {
			b.test.Errorf("a second click: %v", err)
		}
		payloads := b.jobs(ticket.JobIncidentAnswered)
		b.ok(b.svc.PostIncidentAnswer(ctx, strings.Replace(payloads[0], `"lang":"`+b.ticket().Lang, `"lang":"xx`, 1))) // customers of another language
		if messages, err := b.db.MessagesOf(ctx, other, true); err != nil || len(messages) != 1 {
			b.test.Errorf("%d messages, %v: answered in a language that is not theirs", len(messages), err)
		}
		if len(payloads) != 1 {
			b.test.Fatalf("jobs %v", payloads)
		}
		for range 2 {
			b.ok(b.svc.PostIncidentAnswer(ctx, payloads[0]))
		}
		for id, want := range map[string]int{b.id: 2, other: 2, closed: 1, gone: 1} {
			messages, err := b.db.MessagesOf(ctx, id, true)
			if err != nil || len(messages) != want {
				b.test.Errorf("%d messages, %v, want %d", len(messages), err, want)
			}
			b.rebuilt(id)
		}
		if got := b.ticket(); got.State != ticket.Resolved || got.Incident != inc {
			b.test.Errorf("%+v", got)
		}
		rows, err := b.db.Incidents(ctx, false, 10)
		if err != nil || len(rows) != 1 || rows[0].Tickets != 3 || !rows[0].Open() {
			b.test.Fatalf("%+v, %v", rows, err)
		}
		b.ok(b.svc.EditIncident(ctx, inc, rows[0].Version, "Réseau de Paris", "réparé", true))
		if err := b.svc.EditIncident(ctx, inc, rows[0].Version, "x", "", false); !errs.Is(err, errs.Conflict) {
			b.test.Errorf("an old version: %v", err)
		}
		if err := b.svc.JoinIncident(ctx, gone, 0, "s", inc); !errs.Is(err, errs.Conflict) {
			b.test.Errorf("joined after its end: %v", err)
		}
		if err := b.svc.JoinIncident(ctx, gone, 0, "s", "nothing"); !errs.Is(err, errs.Invalid) {
			b.test.Errorf("joined nothing: %v", err)
		}
	})
}

// D-28: a month is drawn by itself once, whoever asks, and is not drawn again
// when a ticket of it is closed later; nothing is drawn before the month is over.
func TestMonthIsDrawnOnce(t *testing.T) {
	run(t, func(b bench) {
		ctx := b.test.Context()
		b.ok(b.svc.Reply(ctx, b.id, 0, "s", "voici", ticket.Resolved))
		b.ok(b.svc.SetState(ctx, b.id, 0, "s", ticket.Closed, "fait"))
		month := b.c.Now().Format("2006-01")
		if err := b.svc.DrawMonth(ctx, month, "seed"); !errs.Is(err, errs.Conflict) {
			b.test.Errorf("drawn before its end: %v", err)
		}
		b.c.Advance(31 * 24 * time.Hour)
		if got := b.svc.LastMonth(b.c.Now()); got != month {
			b.test.Fatalf("the last month is %s, want %s", got, month)
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if err := b.svc.DrawMonth(ctx, month, "seed"); err != nil {
					b.test.Error(err)
				}
			})
		}
		wg.Wait()
		rows, err := b.db.QAReviews(ctx, month)
		if err != nil || len(rows) != 1 || rows[0].Ticket != b.id || rows[0].QAReview.Staff != "s" {
			b.test.Fatalf("%+v, %v", rows, err)
		}
		if done, err := b.db.QADrawn(ctx, month); err != nil || !done {
			b.test.Errorf("drawn: %v, %v", done, err)
		}
		b.ok(b.db.InTx(ctx, func(tx *store.Tx) error {
			if fresh, err := tx.BeginQADraw(month); err != nil || fresh {
				b.test.Errorf("begun again: %v, %v", fresh, err)
			}
			return nil
		}))
	})
}

func TestRootCauseNote(t *testing.T) {
	run(t, func(b bench) {
		ctx := b.test.Context()
		err := b.svc.SaveRCA(ctx, "s", ticket.RCA{Subject: b.id, Cause: "x", Actions: []ticket.CorrectiveAction{{What: "a", Due: "demain"}}})
		if d := cmp.Diff([]string{"actions", "impact", "timeline"}, fields(err)); d != "" {
			b.test.Error(d)
		}
		note := ticket.RCA{
			Subject: b.id, Cause: "câble", Impact: "40 clients", Timeline: "10:00 coupure",
			Actions: []ticket.CorrectiveAction{{What: "doubler le lien", Owner: "s", Due: "2026-12-15"}, {What: " "}},
		}
		if err := b.svc.SaveRCA(ctx, "s", ticket.RCA{Subject: "nothing", Cause: "a", Impact: "b", Timeline: "c"}); !errs.Is(err, errs.NotFound) {
			b.test.Errorf("about nothing: %v", err)
		}
		b.ok(b.svc.SaveRCA(ctx, "s", note))
		if err := b.svc.SaveRCA(ctx, "s", note); !errs.Is(err, errs.Conflict) {
			b.test.Errorf("written twice at once: %v", err)
		}
		got, err := b.db.RCAOf(ctx, b.id)
		if err != nil || len(got.Actions) != 1 || got.Version != 1 || got.Cause != "câble" {
			b.test.Fatalf("%+v, %v", got, err)
		}
		got.Actions[0].Done = true
		b.ok(b.svc.SaveRCA(ctx, "t", got))
		got, err = b.db.RCAOf(ctx, b.id)
		if err != nil || got.Version != 2 || !got.Actions[0].Done || got.Staff != "t" {
			b.test.Errorf("%+v, %v", got, err)
		}
		log, err := b.db.EventsOf(ctx, b.id)
		if last := log[len(log)-1]; err != nil || last.Kind != ticket.CauseWritten || last.Actor.ID != "t" {
			b.test.Errorf("the log ends with %+v, %v", last, err)
		}
		inc, err := b.svc.OpenIncident(ctx, "s", "Réseau", "")
		b.ok(err)
		b.ok(b.svc.SaveRCA(ctx, "s", ticket.RCA{Subject: inc, Cause: "a", Impact: "b", Timeline: "c"}))
		audit, err := b.db.AuditEntries(ctx, team.AuditFilter{Action: ticket.AuditCause, Limit: 10})
		if err != nil || len(audit) != 1 || audit[0].Object != inc || audit[0].Actor != "s" {
			b.test.Errorf("%+v, %v", audit, err)
		}
	})
}
