package intake_test

import (
	"context"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/store/storetest"
)

func TestChoose(t *testing.T) {
	who := func(id string, load int, langs, areas []string) intake.Candidate {
		return intake.Candidate{StaffID: id, Load: load, Skills: ticket.Skills{Langs: langs, Areas: areas}}
	}
	fr, both := []string{"fr"}, []string{"fr", "en"}
	there := []intake.Candidate{
		who("ann", 9, both, []string{"technical", "network"}), who("bob", 1, fr, []string{"technical"}),
		who("cyd", 1, fr, []string{"technical"}), who("dan", 0, fr, []string{"billing"}), who("eve", 0, nil, nil),
	}
	for _, tt := range []struct {
		what, contact, lang string
		areas               []string
		want, why           string
	}{
		{"skill first, whatever the load", "", "fr", []string{"technical", "network"}, "ann", "fr, technical, network"},
		{"then the lowest load, then the id", "", "fr", []string{"technical"}, "bob", "fr, technical"},
		{"the language is a skill", "", "en", []string{"technical"}, "ann", "en, technical"},
		{"nobody knows it", "", "fr", []string{"gpu"}, "", ""},
		{"nobody speaks it", "", "de", []string{"billing"}, "", ""},
		{"no area: the language decides", "", "fr", nil, "dan", "fr"},
		{"the named contact", "eve", "fr", []string{"technical"}, "eve", intake.NamedContact},
		{"the named contact is away", "zoe", "fr", []string{"billing"}, "dan", "fr, billing"},
	} {
		if to, why := intake.Choose(there, tt.contact, tt.lang, tt.areas); to != tt.want || why != tt.why {
			t.Errorf("%s: %q because %q, want %q because %q", tt.what, to, why, tt.want, tt.why)
		}
	}
}

// assignStore opens the transactions of assignment.
type assignStore struct{ *store.DB }

func (s assignStore) InTx(ctx context.Context, fn func(intake.AssignTx) error) error {
	return s.DB.InTx(ctx, func(tx *store.Tx) error { return fn(tx) })
}

func TestAssignmentPassesOverTheAbsentAndHappensOnce(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, c *clock.Manual) {
		ctx, s := t.Context(), service(t, db)
		tickets := &ticket.Service{Store: store.As[ticket.Tx]{DB: db, Cast: func(tx *store.Tx) ticket.Tx { return tx }}, Clocks: s.Clocks}
		a := intake.Assigner{Store: assignStore{db}, Tickets: tickets}
		submit := func(token string) string {
			t.Helper()
			sub := submission(token)
			sub.Category = "technical"
			r, err := s.Submit(ctx, sub)
			if err != nil {
				t.Fatal(err)
			}
			if err := a.Assign(ctx, r.TicketID); err != nil {
				t.Fatal(err)
			}
			return r.TicketID
		}
		owner := func(id string) string {
			t.Helper()
			got, err := db.TicketByID(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			return got.Assignee
		}
		if got := owner(submit("nobody has skills")); got != "" {
			t.Errorf("owner %q without a team", got)
		}
		err := db.InTx(ctx, func(tx *store.Tx) error {
			for _, id := range []string{"ann", "bob"} {
				m := ticket.Staff{ID: id, Email: id + "@example.com", Lang: "fr", Role: ticket.Agent, PasswordHash: "x", Skills: ticket.Skills{Langs: []string{"fr"}, Areas: []string{"technical"}}}
				if err := tx.InsertStaff(m); err != nil {
					return err
				}
			}
			return tx.InsertAbsence(ticket.Absence{ID: "1", StaffID: "ann", From: c.Now(), Until: c.Now().Add(time.Hour)})
		})
		if err != nil {
			t.Fatal(err)
		}
		one, two := submit("one"), submit("two")
		c.Advance(time.Hour) // ann is back, and has nothing to do
		three := submit("three")
		if owner(one) != "bob" || owner(two) != "bob" || owner(three) != "ann" {
			t.Errorf("owners %s, %s, %s; want bob, bob, ann", owner(one), owner(two), owner(three))
		}
		if err := tickets.Assign(ctx, one, 0, ticket.Actor{Kind: ticket.ByStaff, ID: "ann"}, "", "back to the queue"); err != nil {
			t.Fatal(err)
		}
		if err := a.Assign(ctx, one); err != nil || owner(one) != "" {
			t.Errorf("assigned against the team's will: %q, %v", owner(one), err)
		}
	})
}
