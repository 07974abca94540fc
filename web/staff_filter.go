package web

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/vmcloud/ricochet/deflect/ticket"
)

// contactCategories are what the contact form lets one choose from.
var contactCategories = []string{"technical", "how-to", "billing", "account"}

// filterChoices is the form of a filter, in words.
func filterChoices(loc *Locale, f ticket.Filter, names map[string]string) filterForm {
	form := filterForm{Tag: f.Tag, Queue: chosen(f.Queue, textChoices(loc, "queue.", ticket.Queues))}
	states := []choice{{Value: "", Text: loc.T("staff.filter.active")}, {Value: "*", Text: loc.T("staff.filter.all")}}
	for _, st := range ticket.States {
		states = append(states, choice{Value: string(st), Text: loc.T("state." + string(st))})
	}
	form.State = states
	for i := range form.State {
		c := &form.State[i]
		c.Selected = c.Value == joined(f.States) || c.Value == "*" && f.All && len(f.States) == 0
	}
	form.Assignee = chosen(f.Assignee, assigneeChoices(loc, names, true))
	form.Tier = chosen(joined(f.Tiers), textChoices(loc, "tier.", ticket.Tiers))
	form.Priority = chosen(joined(f.Priorities), append([]choice{{Value: "P0,P1", Text: loc.T("staff.view.urgent")}}, priorityChoices(loc)...))
	form.Category = chosen(f.Category, textChoices(loc, "category.", contactCategories))
	form.Lang = chosen(f.Lang, textChoices(loc, "staff.filter.lang_", []string{"fr", "en"}))
	return form
}

func joined[T ~string](values []T) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v)
	}
	return strings.Join(texts, ",")
}

// textChoices are values whose texts stand below a key.
func textChoices[T ~string](loc *Locale, prefix string, values []T) []choice {
	var all []choice
	for _, v := range values {
		all = append(all, choice{Value: string(v), Text: loc.T(prefix + string(v))})
	}
	return all
}

func priorityChoices(loc *Locale) []choice {
	var all []choice
	for _, p := range ticket.Priorities {
		all = append(all, choice{Value: string(p), Text: string(p) + " – " + loc.T("priority."+string(p))})
	}
	return all
}

// assigneeChoices are the members of the staff by name, after "nobody" and,
// for filters, "me".
func assigneeChoices(loc *Locale, names map[string]string, me bool) []choice {
	var all []choice
	if me {
		all = append(all, choice{Value: ticket.AssigneeMe, Text: loc.T("staff.filter.me")}, choice{Value: ticket.AssigneeNone, Text: loc.T("staff.filter.nobody")})
	}
	for _, id := range slices.SortedFunc(maps.Keys(names), func(a, b string) int { return cmp.Or(cmp.Compare(names[a], names[b]), cmp.Compare(a, b)) }) {
		all = append(all, choice{Value: id, Text: names[id]})
	}
	return all
}

// chosen marks the option that has the value; a value that no option has
// becomes one, so that sending the form again changes nothing.
func chosen(value string, all []choice) []choice {
	found := value == ""
	for i := range all {
		if all[i].Value == value && value != "" {
			all[i].Selected, found = true, true
		}
	}
	if !found {
		all = append(all, choice{Value: value, Text: strings.ReplaceAll(value, ",", ", "), Selected: true})
	}
	return all
}

// filterChips says a filter's conditions in words.
func filterChips(loc *Locale, f ticket.Filter, names map[string]string) []chip {
	var all []chip
	add := func(text string, without ticket.Filter) {
		all = append(all, chip{Text: text, Drop: queuePath(without, "")})
	}
	without := func(drop func(*ticket.Filter)) ticket.Filter {
		g := f
		drop(&g)
		return g
	}
	if f.All && len(f.States) == 0 {
		add(loc.T("staff.filter.all"), without(func(g *ticket.Filter) { g.All = false }))
	}
	if len(f.States) > 0 {
		add(texts(loc, "state.", f.States), without(func(g *ticket.Filter) { g.States = nil }))
	}
	switch f.Assignee {
	case "":
	case ticket.AssigneeMe:
		add(loc.T("staff.filter.me"), without(func(g *ticket.Filter) { g.Assignee = "" }))
	case ticket.AssigneeNone:
		add(loc.T("staff.filter.nobody"), without(func(g *ticket.Filter) { g.Assignee = "" }))
	default:
		add(cmp.Or(names[f.Assignee], f.Assignee), without(func(g *ticket.Filter) { g.Assignee = "" }))
	}
	if len(f.Tiers) > 0 {
		add(texts(loc, "tier.", f.Tiers), without(func(g *ticket.Filter) { g.Tiers = nil }))
	}
	if len(f.Priorities) > 0 {
		add(strings.ReplaceAll(joined(f.Priorities), ",", ", "), without(func(g *ticket.Filter) { g.Priorities = nil }))
	}
	if f.Category != "" {
		add(categoryName(loc, f.Category), without(func(g *ticket.Filter) { g.Category = "" }))
	}
	if f.Queue != "" {
		add(loc.T("staff.filter.queue")+" "+queueName(loc, f.Queue), without(func(g *ticket.Filter) { g.Queue = "" }))
	}
	if f.Tag != "" {
		add("#"+f.Tag, without(func(g *ticket.Filter) { g.Tag = "" }))
	}
	if f.Lang != "" {
		add(languageName(loc, f.Lang), without(func(g *ticket.Filter) { g.Lang = "" }))
	}
	return all
}

func texts[T ~string](loc *Locale, prefix string, values []T) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = loc.T(prefix + string(v))
	}
	return strings.Join(out, ", ")
}

// categoryName is a category in words; one that has no text is shown as it is.
func categoryName(loc *Locale, category string) string {
	if key := "category." + category; loc.Has(key) {
		return loc.T(key)
	}
	return category
}

// queueName is a queue in words; one that has no text is shown as it is.
func queueName(loc *Locale, queue string) string {
	if key := "queue." + queue; loc.Has(key) {
		return loc.T(key)
	}
	return queue
}
