package store_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/internal/jobs"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/store/storetest"
)

// Writes of background work go on while others never stop coming, and a batch
// of finished jobs goes at once.
func TestBackgroundWritesUnderLoad(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, _ *clock.Manual) {
		var over atomic.Bool
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Go(func() {
				for n := 0; !over.Load(); n++ {
					if err := db.InTx(t.Context(), func(tx *store.Tx) error { return tx.Enqueue("k", fmt.Sprint(w, " ", n), "{}") }); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		for range 20 {
			if err := db.InTx(jobs.Background(t.Context()), func(tx *store.Tx) error { return tx.Enqueue("later", "", "{}") }); err != nil {
				t.Error(err)
			}
		}
		over.Store(true)
		wg.Wait()
		const due = 10_000
		js, err := db.ClaimJobs(t.Context(), "w", storetest.Start, storetest.Start.Add(time.Hour), due)
		later, ids := 0, []string{}
		for _, j := range js {
			if j.Kind == "later" {
				later++
			}
			ids = append(ids, j.ID)
		}
		if err != nil || len(js) < due && later != 20 {
			t.Errorf("%d background jobs among %d, want 20; %v", later, len(js), err)
		}
		if err := db.FinishJobs(t.Context(), ids); err != nil {
			t.Fatal(err)
		}
		if n, err := db.RescueJobs(t.Context(), storetest.Start.Add(2*time.Hour)); n != 0 || err != nil {
			t.Errorf("%d finished jobs are still there, %v", n, err)
		}
	})
}

// Background work waits until nobody wants to write, and not for ever.
func TestGiveWay(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, _ *clock.Manual) {
		write := func() {
			if err := db.InTx(t.Context(), func(tx *store.Tx) error { return tx.Enqueue("k", "", "{}") }); err != nil {
				t.Error(err)
			}
		}
		if db.Busy() {
			t.Error("busy before anybody came")
		}
		db.GiveWay(t.Context(), time.Hour)
		if err := db.InTx(jobs.Background(t.Context()), func(tx *store.Tx) error { return tx.Enqueue("later", "", "{}") }); err != nil || db.Busy() {
			t.Errorf("busy with background work, %v", err)
		}
		write()
		db.GiveWay(t.Context(), time.Hour)
		if db.Busy() {
			t.Error("still busy after it gave way")
		}
		var over atomic.Bool
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				for !over.Load() {
					write()
				}
			})
		}
		write()
		db.GiveWay(t.Context(), 50*time.Millisecond) // writes never stop: it goes on all the same
		over.Store(true)
		wg.Wait()
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		write()
		db.GiveWay(ended, time.Hour)
	})
}
