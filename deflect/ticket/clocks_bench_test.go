package ticket_test

import (
	"testing"

	"github.com/vmcloud/ricochet/deflect/policy"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/store/storetest"
)

// What the clocks of a new ticket cost: a person waits for it.
func BenchmarkEvaluateNewTicket(b *testing.B) {
	set, err := policy.Default()
	if err != nil {
		b.Fatal(err)
	}
	clocks := ticket.Clocks{Book: set.Book}
	log := []ticket.Event{{Seq: 1, At: storetest.Start, Kind: ticket.Created, Data: ticket.EventData{Tier: ticket.Business, Priority: ticket.P2}}}
	for b.Loop() {
		clocks.Schedule(log, storetest.Start)
	}
}
