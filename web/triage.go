package web

import (
	"context"
	"strings"

	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/search"
)

// triageView is what the rules made of a ticket, and what rules and search
// engine propose to whoever reads it (D-11).
type triageView struct {
	Routing  *ticket.Routing // nil for a ticket that no rule has seen
	Rules    []string        // what the rules that fired say
	Priority ticket.Priority // proposed, "" when it is the ticket's
	Category string          // proposed, "" when the ticket has one
	Topic    string          // Category in words
	Articles []articleLink   // that may answer
	Similar  []similarView   // solved tickets of others that asked the same
}

// maxTriage is how many articles are proposed to the team.
const maxTriage = 3

// triage proposes a priority by the rules in force, a category by rules or by
// the articles that answer, and those articles. A search that fails costs the
// page its proposals, nothing else.
func (s *Server) triage(ctx context.Context, loc *Locale, t ticket.Ticket, log []ticket.Event) (triageView, error) {
	var v triageView
	var chosen string
	proposed, unverified, first := ticket.Propose(t.Impact, t.Urgency), false, ""
	rules := s.opt.Support.Rules.Current()
	if len(log) > 0 {
		first = log[0].Data.MessageID
		v.Routing = log[0].Data.Routing
	}
	if r := v.Routing; r != nil {
		chosen, unverified = r.Chosen, r.Unverified
		for _, name := range r.Rules {
			v.Rules = append(v.Rules, rules.Says(name, loc.Lang))
		}
	}
	if !t.State.Active() {
		return v, nil
	}
	messages, err := s.opt.Support.Store.MessagesOf(ctx, t.ID, false)
	if err != nil {
		return v, err
	}
	body := ""
	for _, m := range messages {
		if m.ID == first {
			body = m.Body
		}
	}
	d := rules.Decide(rules.Read(t.Subject, body, t.Lang), intake.CaseOf(&t, chosen, proposed, unverified))
	if p := ticket.Priority(d.Priority); p != t.Priority && t.Priority != ticket.P0 {
		v.Priority = p
	}
	found, err := s.opt.Support.Suggester.Suggest(ctx, search.Message{Lang: t.Lang, Subject: t.Subject, Body: body}, maxTriage)
	if err != nil {
		s.log.Warn("articles for a ticket", "ticket", t.ID, "err", err)
	}
	for _, f := range found {
		v.Articles = append(v.Articles, articleLink{f.Article.Title, f.Article.URL()})
	}
	v.Similar = s.similar(ctx, t, body)
	v.Category = proposedCategory(t, d.Category, found)
	if v.Category != "" {
		v.Topic = s.categoryPath(loc, v.Category)
	}
	return v, nil
}

// proposedCategory is what a ticket may be about: what the rules say, when
// that is more than the ticket says, or what the articles that answer are
// about, "" for nothing new.
func proposedCategory(t ticket.Ticket, ruled string, found []search.Suggestion) string {
	category, kind, _ := strings.Cut(ruled, "/")
	switch {
	case t.Category == "" && ruled != "":
		return ruled
	case t.Category == "":
		return commonCategory(found)
	case category == t.Category && kind != "" && t.Subcategory == "":
		return ruled
	}
	return ""
}

// categoryPath is a category in words, with its kind behind it.
func (s *Server) categoryPath(loc *Locale, name string) string {
	category, kind, _ := strings.Cut(name, "/")
	text := categoryName(loc, category)
	for _, c := range s.opt.Support.Taxonomy.Categories {
		if c.ID != category {
			continue
		}
		text = c.Label(loc.Lang)
		for _, k := range c.Kinds {
			if k.ID == kind {
				text += " › " + k.Label(loc.Lang)
			}
		}
	}
	return text
}

// commonCategory is the category for which the articles that answer speak
// most, "" when they say nothing.
func commonCategory(found []search.Suggestion) string {
	weight := map[string]float64{}
	best := ""
	for _, f := range found {
		c := string(f.Article.Category)
		if c == "" {
			continue
		}
		if weight[c] += f.Confidence; best == "" || weight[c] > weight[best] {
			best = c
		}
	}
	return best
}
