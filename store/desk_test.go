package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/store/storetest"
)

// seedTicket stores a ticket that is due after some minutes, never for 0.
func seedTicket(t *testing.T, db *store.DB, id string, due int, change func(*ticket.Ticket)) {
	t.Helper()
	k := ticket.Ticket{
		ID: id, Number: "VM-" + id, AccessHash: "hash-" + id, PersonID: "p", Channel: ticket.ByForm, Lang: "fr", Category: "technical",
		Tier: ticket.Standard, Priority: ticket.P3, State: ticket.New, Subject: "Sujet " + id, ReceivedAt: storetest.Start, UpdatedAt: storetest.Start, Version: 1,
		Queue: "general",
	}
	if due > 0 {
		k.SLA = []ticket.Target{{Name: "first_response", State: "running", Running: true, Kind: "contractual", Due: storetest.Start.Add(time.Duration(due) * time.Minute)}}
	}
	if change != nil {
		change(&k)
	}
	err := db.InTx(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.PersonByEmail(intake.Person{ID: "p", Email: "camille@example.org", Name: "Camille", Lang: "fr"}); err != nil {
			return err
		}
		_, err := tx.InsertTicket(k, "")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func numbers(rows []ticket.QueueRow) string {
	text := ""
	for _, r := range rows {
		text += r.ID
	}
	return text
}

func TestDeskQueue(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, _ *clock.Manual) {
		seedTicket(t, db, "a", 30, nil)
		seedTicket(t, db, "b", 10, func(k *ticket.Ticket) { k.Assignee, k.Priority = "sam", ticket.P1 })
		seedTicket(t, db, "c", 0, func(k *ticket.Ticket) { k.State = ticket.WaitingCustomer })
		seedTicket(t, db, "d", 20, func(k *ticket.Ticket) {
			k.Tier, k.Lang, k.Category, k.Queue = ticket.Business, "en", "billing", "billing"
			k.Tags = []string{"a_b", "remise"}
		})
		seedTicket(t, db, "e", 0, nil)
		seedTicket(t, db, "f", 0, func(k *ticket.Ticket) { k.State, k.UpdatedAt = ticket.Closed, storetest.Start.Add(time.Minute) })
		seedTicket(t, db, "g", 0, func(k *ticket.Ticket) { k.State = ticket.Resolved })
		for _, tt := range []struct {
			name string
			f    ticket.Filter
			want string
		}{
			{"active, by what is due next", ticket.Filter{}, "bdace"},
			{"all, by the last change", ticket.Filter{All: true}, "fgedcba"},
			{"one state", ticket.Filter{States: []ticket.State{ticket.WaitingCustomer}}, "c"},
			{"finished states", ticket.Filter{States: []ticket.State{ticket.Resolved, ticket.Closed}}, "fg"},
			{"nobody's", ticket.Filter{Assignee: ticket.AssigneeNone}, "dace"},
			{"somebody's", ticket.Filter{Assignee: "sam"}, "b"},
			{"tier", ticket.Filter{Tiers: []ticket.Tier{ticket.Business, ticket.Enterprise}}, "d"},
			{"priorities", ticket.Filter{Priorities: []ticket.Priority{ticket.P0, ticket.P1}}, "b"},
			{"category, language and queue", ticket.Filter{Category: "billing", Lang: "en", Queue: "billing"}, "d"},
			{"tag", ticket.Filter{Tag: "a_b"}, "d"},
			{"a tag that only looks alike", ticket.Filter{Tag: "axb"}, ""},
			{"nothing", ticket.Filter{Category: "account"}, ""},
		} {
			rows, err := db.Queue(t.Context(), tt.f, ticket.Cursor{}, 50)
			if err != nil {
				t.Fatal(err)
			}
			if got := numbers(rows); got != tt.want {
				t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
			}
			if n, err := db.CountQueue(t.Context(), tt.f, 3); err != nil || n != min(3, len(tt.want)) {
				t.Errorf("%s: counted %d %v", tt.name, n, err)
			}
			// The same in pages of two.
			var paged []ticket.QueueRow
			for after := (ticket.Cursor{}); ; {
				rows, err := db.Queue(t.Context(), tt.f, after, 2)
				if err != nil {
					t.Fatal(err)
				}
				paged = append(paged, rows...)
				if len(rows) < 2 {
					break
				}
				last := rows[1].Ticket
				after = ticket.Cursor{ID: last.ID}
				if after.Due, _ = last.NextDue(); !tt.f.ActiveOnly() {
					after.Due = last.UpdatedAt
				}
			}
			if got := numbers(paged); got != tt.want {
				t.Errorf("%s in pages: %s, want %s", tt.name, got, tt.want)
			}
		}
		rows, err := db.QueueRowsByID(t.Context(), []string{"a", "nope"})
		if err != nil || len(rows) != 1 || rows[0].Email != "camille@example.org" {
			t.Errorf("by id: %v %v", rows, err)
		}
	})
}

func TestFollower(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, _ *clock.Manual) {
		f := ticket.NewFollower(db, storetest.Start.Add(-time.Hour))
		read := func() string {
			t.Helper()
			text := ""
			for {
				changes, more, err := f.Next(t.Context(), 2)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range changes {
					text += fmt.Sprint(c.ID, c.Version)
				}
				if !more {
					return text
				}
			}
		}
		at := func(seconds int) func(*ticket.Ticket) {
			return func(k *ticket.Ticket) { k.UpdatedAt = storetest.Start.Add(time.Duration(seconds) * time.Second) }
		}
		seedTicket(t, db, "a", 0, at(0))
		seedTicket(t, db, "c", 0, at(10))
		seedTicket(t, db, "e", 0, at(10))
		if got := read(); got != "a1c1e1" {
			t.Errorf("first look: %s", got)
		}
		seedTicket(t, db, "b", 0, at(9)) // committed late, by another process
		seedTicket(t, db, "d", 0, at(10))
		if got := read(); got != "b1d1" {
			t.Errorf("second look: %s", got)
		}
		err := db.InTx(t.Context(), func(tx *store.Tx) error {
			k, err := tx.TicketByID("a")
			if err != nil {
				return err
			}
			k.UpdatedAt = storetest.Start.Add(11 * time.Second)
			_, err = tx.UpdateTicket(k)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := read(); got != "a2" {
			t.Errorf("after a change: %s", got)
		}
		if got := read(); got != "" {
			t.Errorf("nothing changed: %s", got)
		}
	})
}

func TestViewsAndPresence(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, c *clock.Manual) {
		if err := db.CreateFirstStaff(t.Context(), ticket.Staff{ID: "sam", Email: "sam@example.org", Name: "Sam", Lang: "fr", Role: "admin"}); err != nil {
			t.Fatal(err)
		}
		mine := ticket.View{ID: "1", StaffID: "sam", Name: "À moi", Filter: ticket.Filter{Assignee: ticket.AssigneeMe}}
		shared := ticket.View{ID: "2", StaffID: "sam", Name: "Tous", Shared: true, Filter: ticket.Filter{Priorities: []ticket.Priority{ticket.P0, ticket.P1}, Tag: "a b&c"}}
		for _, v := range []ticket.View{mine, shared} {
			if err := db.SaveView(t.Context(), v); err != nil {
				t.Fatal(err)
			}
		}
		list := func(staff string) []ticket.View {
			t.Helper()
			all, err := db.ViewsOf(t.Context(), staff)
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		if got := list("other"); !cmp.Equal(got, []ticket.View{shared}) {
			t.Errorf("another sees %+v", got)
		}
		if got := list("sam"); len(got) != 2 {
			t.Errorf("the owner sees %+v", got)
		}
		if err := db.DeleteView(t.Context(), "2", "other"); !errs.Is(err, errs.NotFound) {
			t.Errorf("another deletes: %v", err)
		}
		if err := db.DeleteView(t.Context(), "2", "sam"); err != nil || len(list("other")) != 0 {
			t.Errorf("the owner deletes: %v", err)
		}

		there := func() []ticket.Presence {
			t.Helper()
			all, err := db.Presences(t.Context(), c.Now())
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		renew := func(page string, writing bool, lease time.Duration) {
			t.Helper()
			p := ticket.Presence{TicketID: "t", StaffID: "sam", Writing: writing}
			if err := db.RenewPresence(t.Context(), page, p, c.Now().Add(lease)); err != nil {
				t.Fatal(err)
			}
		}
		sam := []ticket.Presence{{TicketID: "t", StaffID: "sam"}}
		writing := []ticket.Presence{{TicketID: "t", StaffID: "sam", Writing: true}}
		end := func(page string) {
			t.Helper()
			if err := db.EndPresence(t.Context(), page); err != nil {
				t.Fatal(err)
			}
		}
		renew("one", false, time.Second)
		renew("one", true, 10*time.Second)
		renew("two", false, 10*time.Second)
		if got := there(); !cmp.Equal(got, writing) {
			t.Errorf("present on two pages: %+v", got)
		}
		end("one")
		if got := there(); !cmp.Equal(got, sam) {
			t.Errorf("after one page was closed: %+v", got)
		}
		c.Advance(11 * time.Second)
		if got := there(); len(got) != 0 {
			t.Errorf("after the lease: %+v", got)
		}
		renew("two", false, time.Second)
		end("two")
		if got := there(); len(got) != 0 {
			t.Errorf("after leaving: %+v", got)
		}
	})
}
