package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/store/storetest"
)

func TestMetTellsWhatIsKnownOfASubmission(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, c *clock.Manual) {
		put(t, db, "known@example.org", "ticket-form")
		err := db.InTx(t.Context(), func(tx *store.Tx) error {
			if err := tx.SaveCustomer(intake.Customer{ID: "1", Company: "ACME", Lookups: []string{"domain:acme.example", "email:boss@other.example"}}); err != nil {
				return err
			}
			return tx.InsertAttempt(deflect.Attempt{
				ID: deflect.NewID(), FormToken: "attempt-form", Unit: "v1", Visitor: "v1", Lang: "fr", StartedAt: c.Now(), ActiveAt: c.Now(),
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			form, visitor, email string
			want                 intake.Met
		}{
			{"new", "new", "x@gmail.com", intake.Met{}},
			{"", "", "x@example.org", intake.Met{}},
			{"ticket-form", "", "x@gmail.com", intake.Met{Ticket: true}},
			{"attempt-form", "new", "x@gmail.com", intake.Met{Attempt: true}},
			{"new", "v1", "x@gmail.com", intake.Met{Visitor: true}},
			{"new", "", "x@acme.example", intake.Met{Customer: true}},
			{"new", "", "boss@other.example", intake.Met{Customer: true}},
			{"new", "", "clerk@other.example", intake.Met{}},
		} {
			err := db.InTx(t.Context(), func(tx *store.Tx) error {
				got, err := tx.Met(tt.form, tt.visitor, intake.LookupKeys(tt.email))
				if diff := cmp.Diff(tt.want, got); err == nil && diff != "" {
					t.Errorf("form %q, visitor %q, %s (-want +got):\n%s", tt.form, tt.visitor, tt.email, diff)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}
