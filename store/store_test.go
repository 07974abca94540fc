package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/notify"
	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/store/storetest"
)

// The store's transaction is every domain's transaction.
var (
	_ deflect.Tx = (*store.Tx)(nil)
	_ intake.Tx  = (*store.Tx)(nil)
	_ ticket.Tx  = (*store.Tx)(nil)
	_ notify.Tx  = (*store.Tx)(nil)
)

// put stores a person and a ticket and returns the ticket.
func put(t *testing.T, db *store.DB, email, token string) ticket.Ticket {
	t.Helper()
	tk := ticket.Ticket{
		ID: deflect.NewID(), Number: ticket.NewNumber(), AccessHash: deflect.NewID(), Channel: ticket.ByForm, Lang: "fr",
		Category: "billing", Urgency: ticket.Low, Impact: ticket.High, Tier: ticket.Business, Priority: ticket.P2, State: ticket.New, Level: ticket.L1,
		Subject: "Facture « manquante » 🧾", ReceivedAt: storetest.Start, UpdatedAt: storetest.Start, Version: 1,
		SLA: []ticket.Target{{Name: "first_response", State: "running", Running: true, Due: storetest.Start.Add(2 * time.Hour), Kind: "contractual"}},
	}
	err := db.InTx(t.Context(), func(tx *store.Tx) error {
		p, err := tx.PersonByEmail(intake.Person{ID: deflect.NewID(), Email: email, Name: "Zoé", Lang: "fr"})
		if err != nil {
			return err
		}
		tk.PersonID = p.ID
		ok, err := tx.InsertTicket(tk, token)
		if err == nil && !ok {
			err = errors.New("number taken")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tk
}

func TestTicketRoundTrip(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, _ *clock.Manual) {
		want := put(t, db, "zoe@example.com", "token")
		got, err := db.TicketByID(t.Context(), want.ID)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		if _, err := db.TicketByID(t.Context(), "nothing"); !errs.Is(err, errs.NotFound) {
			t.Errorf("unknown id: %v, want not_found", err)
		}
		queue, err := db.Queue(t.Context(), ticket.Filter{}, ticket.Cursor{}, 10)
		if err != nil || len(queue) != 1 || queue[0].Email != "zoe@example.com" || queue[0].Name != "Zoé" {
			t.Errorf("queue: %+v, %v", queue, err)
		}
	})
}

func TestNumberTakenIsReported(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, _ *clock.Manual) {
		a := put(t, db, "a@example.com", "")
		b := a
		b.ID, b.AccessHash = deflect.NewID(), deflect.NewID()
		err := db.InTx(t.Context(), func(tx *store.Tx) error {
			ok, err := tx.InsertTicket(b, "")
			if ok {
				t.Error("a second ticket took the same number")
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestUpdateNeedsTheVersionSeen(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, _ *clock.Manual) {
		tk := put(t, db, "a@example.com", "")
		tk.State = ticket.Open
		for i, want := range []bool{true, false} {
			err := db.InTx(t.Context(), func(tx *store.Tx) error {
				ok, err := tx.UpdateTicket(tk)
				if ok != want {
					t.Errorf("update %d: ok = %v, want %v", i, ok, want)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

// A failing write in a group must take back its own changes and no others.
func TestConcurrentWritesFailAlone(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, _ *clock.Manual) {
		const n = 200
		boom := errors.New("boom")
		var wg sync.WaitGroup
		var failed atomic.Int64
		for i := range n {
			wg.Go(func() {
				err := db.InTx(context.Background(), func(tx *store.Tx) error {
					if err := tx.AppendLedger(deflect.Entry{ID: fmt.Sprint(i), AttemptID: "a", At: tx.Now()}); err != nil {
						return err
					}
					if i%3 == 0 {
						return boom
					}
					return nil
				})
				if errors.Is(err, boom) {
					failed.Add(1)
				} else if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		lines, err := db.LedgerOf(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		if int(failed.Load())+len(lines) != n || failed.Load() != (n+2)/3 {
			t.Errorf("%d failed, %d stored, want %d and %d", failed.Load(), len(lines), (n+2)/3, n-(n+2)/3)
		}
	})
}

func TestPanicInAWriteIsTheCallersAlone(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, _ *clock.Manual) {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = db.InTx(t.Context(), func(tx *store.Tx) error {
				_ = tx.AppendLedger(deflect.Entry{ID: "x", AttemptID: "a", At: tx.Now()})
				panic("boom")
			})
		}()
		if lines, err := db.LedgerOf(t.Context(), "a"); err != nil || len(lines) != 0 {
			t.Errorf("after the panic: %v, %v", lines, err)
		}
		put(t, db, "after@example.com", "")
	})
}

func TestEnqueuedJobsCommitWithTheirCauseAndRunOnce(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, c *clock.Manual) {
		woken := 0
		db.OnEnqueue(func() { woken++ })
		_ = db.InTx(t.Context(), func(tx *store.Tx) error {
			_ = tx.Enqueue("k", "lost", "{}")
			return errors.New("rolled back")
		})
		for range 2 {
			if err := db.InTx(t.Context(), func(tx *store.Tx) error { return tx.Enqueue("k", "once", "{}") }); err != nil {
				t.Fatal(err)
			}
		}
		if woken == 0 {
			t.Error("the runner was not woken")
		}
		var mu sync.Mutex
		claimed := map[string]int{}
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				js, err := db.ClaimJobs(context.Background(), fmt.Sprint(w), c.Now(), c.Now().Add(time.Minute), 5)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				for _, j := range js {
					claimed[j.ID]++
				}
			})
		}
		wg.Wait()
		if len(claimed) != 1 {
			t.Fatalf("claimed %v, want one job", claimed)
		}
		for id, n := range claimed {
			if n != 1 {
				t.Errorf("job %s handed out %d times", id, n)
			}
		}
		// Its worker dies: the lease runs out and somebody else gets it.
		c.Advance(2 * time.Minute)
		if n, err := db.RescueJobs(t.Context(), c.Now()); n != 1 || err != nil {
			t.Errorf("rescued %d, %v", n, err)
		}
		js, err := db.ClaimJobs(t.Context(), "w", c.Now(), c.Now().Add(time.Minute), 5)
		if err != nil || len(js) != 1 || js[0].Attempts != 2 {
			t.Fatalf("after the rescue: %+v, %v", js, err)
		}
		if err := db.RetryJob(t.Context(), js[0].ID, c.Now(), true, "no server"); err != nil {
			t.Fatal(err)
		}
		dead, err := db.DeadJobs(t.Context(), 10)
		if err != nil || len(dead) != 1 || dead[0].LastError != "no server" {
			t.Errorf("dead: %+v, %v", dead, err)
		}
	})
}

func TestLastVoteOfAVisitorCounts(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, c *clock.Manual) {
		for _, helpful := range []bool{true, true, false} {
			v := deflect.Vote{Lang: "fr", Article: "products/vps", Revision: 1, Voter: "v", Helpful: helpful}
			if err := db.SaveVote(t.Context(), v); err != nil {
				t.Fatal(err)
			}
		}
		other := deflect.Vote{Lang: "fr", Article: "products/vps", Revision: 2, Voter: "v", Helpful: true}
		if err := db.SaveVote(t.Context(), other); err != nil {
			t.Fatal(err)
		}
		got, err := db.Helpful(t.Context(), c.Now().Add(-time.Hour), c.Now().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		want := []report.HelpfulCounts{
			{Lang: "fr", Article: "products/vps", Revision: 1, No: 1, LastAt: c.Now()},
			{Lang: "fr", Article: "products/vps", Revision: 2, Yes: 1, LastAt: c.Now()},
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}

func TestOnlyOneFirstAccount(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, _ *clock.Manual) {
		var wg sync.WaitGroup
		var made atomic.Int64
		for i := range 10 {
			wg.Go(func() {
				s := ticket.Staff{ID: fmt.Sprint(i), Email: fmt.Sprintf("%d@example.com", i), Lang: "fr", Role: "admin", PasswordHash: "a hash"}
				switch err := db.CreateFirstStaff(context.Background(), s); {
				case err == nil:
					made.Add(1)
				case !errs.Is(err, errs.Conflict):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n, err := db.CountStaff(t.Context()); made.Load() != 1 || n != 1 || err != nil {
			t.Errorf("%d made, %d stored, %v", made.Load(), n, err)
		}
	})
}

func TestSecretIsMadeOnce(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, _ *clock.Manual) {
		a, err := db.Secret(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		b, err := db.Secret(t.Context())
		if err != nil || string(a) != string(b) || len(a) != 32 {
			t.Errorf("secrets of %d and %d bytes, equal %v, %v", len(a), len(b), string(a) == string(b), err)
		}
	})
}

func TestCustomerIsFoundByAddressBeforeDomain(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, _ *clock.Manual) {
		err := db.InTx(t.Context(), func(tx *store.Tx) error {
			if err := tx.SaveCustomer(intake.Customer{ID: "1", Company: "ACME", MRRCents: 60_000, Lookups: []string{"domain:acme.example"}}); err != nil {
				return err
			}
			if err := tx.SaveCustomer(intake.Customer{ID: "2", Company: "Chief", Contract: ticket.Enterprise, Lookups: []string{"email:boss@acme.example"}}); err != nil {
				return err
			}
			// The same company again keeps its id and takes the new figures.
			return tx.SaveCustomer(intake.Customer{ID: "3", Company: "ACME", MRRCents: 70_000, Lookups: []string{"domain:acme.test"}})
		})
		if err != nil {
			t.Fatal(err)
		}
		for email, want := range map[string]string{"boss@acme.example": "Chief", "x@acme.example": "ACME", "x@acme.test": "ACME", "x@gmail.com": ""} {
			err := db.InTx(t.Context(), func(tx *store.Tx) error {
				c, err := tx.CustomerOf(intake.LookupKeys(email))
				if c.Company != want {
					t.Errorf("%s belongs to %q, want %q", email, c.Company, want)
				}
				if want == "ACME" && c.MRRCents != 70_000 {
					t.Errorf("%s: revenue %d", email, c.MRRCents)
				}
				if errs.Is(err, errs.NotFound) {
					return nil
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestNewerSchemaIsRefused(t *testing.T) {
	dir := t.TempDir()
	db := storetest.Open(t, store.Options{Dir: dir, Clock: clock.System{}})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := sql.Open("sqlite", "file:"+filepath.Join(dir, store.FileName))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = raw.Close() }()
	if _, err := raw.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)"); err != nil {
		t.Fatal(err)
	}
	_, err = store.Open(t.Context(), store.Options{Dir: dir, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler)})
	if !errs.Is(err, errs.Unavailable) {
		t.Errorf("opening a newer schema: %v, want unavailable", err)
	}
}
