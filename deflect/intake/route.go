package intake

import (
	"strings"

	"github.com/vmcloud/ricochet/deflect/policy"
	"github.com/vmcloud/ricochet/deflect/ticket"
)

// Vocabulary is what rules may say about tickets: all three levels of the
// taxonomy (D-23), not only what the form offers.
func Vocabulary(x *policy.Taxonomy) policy.Vocabulary {
	return policy.Vocabulary{
		Categories: x.CategoryNames(), Components: x.ComponentNames(), Queues: words(ticket.Queues), Tiers: words(ticket.Tiers), Langs: []string{"fr", "en"},
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
	out.Category, out.Subcategory, out.Component, out.Queue = t.Category, t.Subcategory, t.Component, t.Queue
	return out
}

// CaseOf is what rules see of a ticket; category is the one the person chose
// and proposed the priority from impact and urgency.
func CaseOf(t *ticket.Ticket, category string, proposed ticket.Priority, unverified bool) policy.Case {
	return policy.Case{
		Category: category, Component: t.Component, Tier: string(t.Tier), Lang: t.Lang, Channel: string(t.Channel), Priority: string(proposed), Unverified: unverified,
	}
}

// Apply does to a ticket what the rules decided, and notes what was before.
func Apply(d policy.Decision, t *ticket.Ticket, note *ticket.Routing) {
	note.Rules, note.Tags, note.Skills, note.Page = d.Fired, d.Tags, d.Skills, d.Page
	t.Category, t.Subcategory, _ = strings.Cut(d.Category, "/")
	t.Component, t.Priority = d.Component, ticket.Priority(d.Priority)
	if d.Queue != "" {
		t.Queue = ticket.Queue(d.Queue)
	}
}
