package intake

import (
	"github.com/vmcloud/ricochet/deflect/policy"
	"github.com/vmcloud/ricochet/deflect/ticket"
)

// Vocabulary is what rules may say about tickets.
func Vocabulary() policy.Vocabulary {
	return policy.Vocabulary{
		Categories: Categories, Queues: words(ticket.Queues), Tiers: words(ticket.Tiers), Langs: []string{"fr", "en"},
		Channels: words(ticket.Channels), Priorities: words(ticket.Priorities),
	}
}

func words[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

// read looks for the rules' words in a submission. It happens before the
// transaction, which every other ticket waits for.
func (s *Service) read(sub *Submission) reading {
	if s.Rules == nil {
		return reading{}
	}
	rules := s.Rules()
	return reading{rules, rules.Read(sub.Subject, sub.Body, sub.Lang)}
}

// reading is what the rules found in the texts of a submission.
type reading struct {
	rules *policy.Rules
	texts policy.Reading
}

// route decides by the rules where a ticket goes, changes it, and says what
// was decided (D-11, D-23).
func (r reading) route(t *ticket.Ticket, unverified bool) *ticket.Routing {
	out := &ticket.Routing{Unverified: unverified, Chosen: t.Category, Proposed: t.Priority}
	if r.rules != nil {
		d := r.rules.Decide(r.texts, CaseOf(t, t.Category, t.Priority, unverified))
		Apply(d, t, out)
	}
	out.Category, out.Queue = t.Category, t.Queue
	return out
}

// CaseOf is what rules see of a ticket; category is the one the person chose
// and proposed the priority from impact and urgency.
func CaseOf(t *ticket.Ticket, category string, proposed ticket.Priority, unverified bool) policy.Case {
	return policy.Case{
		Category: category, Tier: string(t.Tier), Lang: t.Lang, Channel: string(t.Channel), Priority: string(proposed), Unverified: unverified,
	}
}

// Apply does to a ticket what the rules decided, and notes what was before.
func Apply(d policy.Decision, t *ticket.Ticket, note *ticket.Routing) {
	note.Rules, note.Tags, note.Skills, note.Page = d.Fired, d.Tags, d.Skills, d.Page
	t.Category, t.Priority = d.Category, ticket.Priority(d.Priority)
	if d.Queue != "" {
		t.Queue = ticket.Queue(d.Queue)
	}
}
