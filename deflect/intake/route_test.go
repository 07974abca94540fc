package intake_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/policy"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/store/storetest"
)

// What the rules decide is on the ticket, and in its first event how.
func TestRulesSortNewTickets(t *testing.T) {
	taxonomy, err := policy.DefaultTaxonomy()
	if err != nil {
		t.Fatal(err)
	}
	rules, err := policy.ParseRules("routing.yaml", append(policy.DefaultRulesYAML, `
  - name: console-down
    when: {category: technical, subject: ["[URGENT]"]}
    then: {category: technical/outage, component: console}
  - name: after-it
    when: {category: technical/outage, component: console}
    then: {tags: [console]}
`...), intake.Vocabulary(taxonomy))
	if err != nil {
		t.Fatal(err)
	}
	storetest.Run(t, func(t *testing.T, db *store.DB, _ *clock.Manual) {
		s := service(t, db)
		s.Rules = func() *policy.Rules { return rules }
		sub := submission("urgent")
		sub.Subject = "[URGENT] plus rien"
		r, err := s.Submit(t.Context(), sub)
		if err != nil {
			t.Fatal(err)
		}
		got, err := db.TicketByID(t.Context(), r.TicketID)
		if err != nil {
			t.Fatal(err)
		}
		if got.Subcategory != "outage" || got.Component != "console" {
			t.Errorf("below the category: %q, %q", got.Subcategory, got.Component)
		}
		if got.Priority != ticket.P1 || got.Category != "technical" || got.Queue != ticket.PriorityQueue {
			t.Errorf("%s, %s, %s", got.Priority, got.Category, got.Queue)
		}
		log, err := db.EventsOf(t.Context(), r.TicketID)
		if err != nil {
			t.Fatal(err)
		}
		want := &ticket.Routing{
			Rules: []string{"about-a-service", "marked-urgent", "service-down", "to-the-cre", "to-priority", "console-down", "after-it"}, Category: "technical",
			Subcategory: "outage", Component: "console",
			Queue: ticket.PriorityQueue, Proposed: ticket.P4, Tags: []string{"console", "service-down", "urgent"}, Page: true, Unverified: true,
		}
		if diff := cmp.Diff(want, log[0].Data.Routing); diff != "" {
			t.Error(diff)
		}
		if log[0].Data.Priority != ticket.P1 {
			t.Errorf("the clocks start at %s", log[0].Data.Priority)
		}
	})
}
