package store_test

import (
	"slices"
	"testing"

	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/store/storetest"
)

// Whoever types an address sees nothing of what its owner asked before the
// owner has acted on a mailed link, and then no more than asked for.
func TestOtherTicketsWaitForAConfirmedAddress(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, _ *clock.Manual) {
		first := put(t, db, "zoe@example.com", "one")
		second := put(t, db, "zoe@example.com", "two")
		third := put(t, db, "zoe@example.com", "three")
		put(t, db, "else@example.com", "four")
		others := func(limit int) []string {
			t.Helper()
			all, err := db.OtherTickets(t.Context(), first, limit)
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, o := range all {
				ids = append(ids, o.ID)
			}
			slices.Sort(ids)
			return ids
		}
		if got := others(20); got != nil {
			t.Errorf("before the address is confirmed: %v", got)
		}
		if err := db.InTx(t.Context(), func(tx *store.Tx) error { return tx.ConfirmPerson(first.PersonID) }); err != nil {
			t.Fatal(err)
		}
		want := []string{second.ID, third.ID}
		slices.Sort(want)
		if got := others(20); !slices.Equal(got, want) {
			t.Errorf("afterwards: %v, want %v", got, want)
		}
		if got := others(1); len(got) != 1 {
			t.Errorf("one asked for: %v", got)
		}
	})
}

func TestStepsAreChangesOfStateAndMerges(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, c *clock.Manual) {
		tk := put(t, db, "zoe@example.com", "one")
		kinds := []ticket.EventKind{ticket.Created, ticket.StateChanged, ticket.StaffReplied, ticket.StateChanged, ticket.MergedInto}
		err := db.InTx(t.Context(), func(tx *store.Tx) error {
			for i, kind := range kinds {
				if err := tx.AppendEvent(tk.ID, ticket.Event{Seq: int64(i + 1), At: c.Now(), Kind: kind, Data: ticket.EventData{Other: "x"}}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		steps, err := db.StepsOf(t.Context(), tk.ID)
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		for _, e := range steps {
			got = append(got, e.Seq)
			if e.Data.Other != "x" {
				t.Errorf("event %d has lost its data", e.Seq)
			}
		}
		if want := []int64{2, 4, 5}; !slices.Equal(got, want) {
			t.Errorf("steps %v, want %v", got, want)
		}
	})
}
