package vector

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/vmcloud/ricochet/deflect/sla"
)

// kinds translates the schema's events. A vector's events apply in list order
// and a pause ends only when it says so, which is what sla.Replay does.
var kinds = map[string]sla.EventKind{
	"agent_reply": sla.AgentReply, "customer_reply": sla.CustomerMessage, "pending": sla.Waiting, "resumed": sla.Resumed,
	"resolved": sla.Resolved, "closed": sla.Closed, "reopened": sla.Reopened,
	"policy_changed": sla.Reclassified, "policy_removed": sla.Reclassified,
}

// runTicket replays a ticket and compares each target.
func (v Vector) runTicket(c *sla.Calendar) []Mismatch {
	log, book, err := v.ticket(c)
	if err != nil {
		return []Mismatch{{"input", "a readable input", err.Error()}}
	}
	now := v.Now.Time
	if now.IsZero() {
		now = log.Created
	}
	state := sla.Replay(log, book, now)
	var out []Mismatch
	for _, target := range sla.Targets {
		want, ok := v.Expect[string(target)]
		if !ok {
			continue
		}
		var expect map[string]json.RawMessage
		if err := json.Unmarshal(want, &expect); err != nil {
			return []Mismatch{{string(target), "an object", string(want)}}
		}
		cycle, _ := state.Current(target)
		out = append(out, compare(c, string(target)+".", expect, targetOutcome(cycle))...)
	}
	for key := range v.Expect {
		if !slices.Contains(sla.Targets, sla.Target(key)) {
			out = append(out, Mismatch{key, "a known target", key})
		}
	}
	return out
}

// ticket builds the log and the book of a vector: each policy it names is a
// tier of its own.
func (v Vector) ticket(c *sla.Calendar) (sla.Log, *sla.Book, error) {
	const none = "none"
	p := &sla.Policy{Name: v.ID, Tiers: []sla.Tier{{Name: none, Calendar: c}}, Cells: policy{}.cells(none, c)}
	add := func(from *policy) string {
		if from == nil {
			return none
		}
		name := fmt.Sprintf("policy %d", len(p.Tiers))
		p.Tiers = append(p.Tiers, sla.Tier{Name: name, Calendar: c})
		p.Cells = append(p.Cells, from.cells(name, c)...)
		return name
	}
	log := sla.Log{Created: v.CreatedAt.Time, Tier: add(v.Policy), Priority: sla.P3}
	for _, e := range v.Events {
		kind, ok := kinds[e.Type]
		if !ok {
			return sla.Log{}, nil, fmt.Errorf("unknown event %q", e.Type)
		}
		ev := sla.Event{At: e.At.Time, Kind: kind}
		if kind == sla.Reclassified {
			ev.Tier, ev.Priority = add(e.Policy), sla.P3
		}
		log.Events = append(log.Events, ev)
	}
	book, err := sla.NewBook(p)
	return log, book, err
}

func (p policy) cells(tier string, c *sla.Calendar) []sla.Cell {
	figures := map[sla.Target]time.Duration{
		sla.FirstResponse: p.FirstResponse.Duration, sla.NextResponse: p.NextResponse.Duration,
		sla.PeriodicUpdate: p.PeriodicUpdate.Duration, sla.Resolution: p.Resolution.Duration,
	}
	var out []sla.Cell
	for _, target := range sla.Targets {
		out = append(out, sla.Cell{
			Tier: tier, Priority: sla.P3, Target: target, Kind: sla.Contractual, Calendar: c,
			Figure: sla.Figure{Open: figures[target]}, Pauses: slices.Contains(p.PauseTargets, target),
		})
	}
	return out
}

// targetOutcome is a clock in the schema's terms: due is null when nothing is
// being timed, and the state is breached when elapsed exceeds the target. The
// engine itself also counts a reply as late in the closed hours after a target
// that ran out exactly at closing. A breach outlives the target it broke.
func targetOutcome(c sla.Cycle) outcome {
	due := result{c.Due, c.Ticking && !c.Due.IsZero()}
	status := c.Status
	if status == sla.Breached && c.Figure > 0 && c.Remaining == 0 {
		status = sla.Met
		if c.Ended.IsZero() {
			status = sla.Running
		}
	}
	return outcome{
		"due": due, "due_equivalent": due, "state": string(status),
		"elapsed_seconds": c.Elapsed, "elapsed_minutes": int64(c.Elapsed / time.Minute),
		"remaining_seconds": c.Remaining, "paused_seconds": c.Paused,
	}
}
