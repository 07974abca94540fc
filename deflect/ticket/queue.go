package ticket

import (
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vmcloud/ricochet/internal/errs"
)

// States lists every state in the order of a ticket's life (D-20).
var States = []State{New, Open, InProgress, Escalated, WaitingCustomer, Reopened, Resolved, Closed, Merged}

// Who a filter's assignee may be besides a staff id.
const (
	AssigneeMe   = "me"   // whoever looks; resolved by Filter.For
	AssigneeNone = "none" // nobody yet
)

// Filter selects tickets of the desk. The zero value is every ticket on which
// work is owed. Fields are joined by "and", values of one field by "or".
type Filter struct {
	All        bool    // without States: every state instead of the active ones
	States     []State // empty: see All
	Assignee   string  // a staff id, AssigneeMe, AssigneeNone, "" for anybody
	Tiers      []Tier
	Priorities []Priority
	Category   string
	Queue      string
	Tag        string
	Lang       string
}

// maxFilterValue bounds a category, queue, tag or id in a filter, in bytes.
const maxFilterValue = 100

// ParseFilter reads a filter from the parameters of an address. What it does
// not know is left out: an old bookmark still shows tickets.
func ParseFilter(v url.Values) Filter {
	one := func(name string) string {
		s := strings.TrimSpace(v.Get(name))
		if len(s) > maxFilterValue || !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
			return ""
		}
		return s
	}
	f := Filter{
		All: v.Get("all") == "1" || v.Get("state") == "*", Assignee: one("assignee"), Category: one("category"), Queue: one("queue"), Tag: one("tag"), Lang: one("lang"),
		States: known(v["state"], States), Tiers: known(v["tier"], Tiers), Priorities: known(v["priority"], Priorities),
	}
	return f
}

// known keeps the values that are in all, in all's order, each once.
func known[T ~string](values []string, all []T) []T {
	var out []T
	for _, candidate := range all {
		for _, v := range values {
			if slices.Contains(strings.Split(v, ","), string(candidate)) {
				out = append(out, candidate)
				break
			}
		}
	}
	return out
}

// Values are the parameters that ParseFilter reads back.
func (f Filter) Values() url.Values {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	if f.All && len(f.States) == 0 {
		v.Set("all", "1")
	}
	set("state", join(f.States))
	set("assignee", f.Assignee)
	set("tier", join(f.Tiers))
	set("priority", join(f.Priorities))
	set("category", f.Category)
	set("queue", f.Queue)
	set("tag", f.Tag)
	set("lang", f.Lang)
	return v
}

func join[T ~string](values []T) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v)
	}
	return strings.Join(texts, ",")
}

// Encode is the filter as the query of an address, "" for the zero filter.
func (f Filter) Encode() string { return f.Values().Encode() }

// For resolves AssigneeMe to whoever looks.
func (f Filter) For(staffID string) Filter {
	if f.Assignee == AssigneeMe {
		f.Assignee = staffID
	}
	return f
}

// ActiveOnly says that only tickets on which work is owed can match, which
// are the ones ordered by their next due date.
func (f Filter) ActiveOnly() bool {
	if len(f.States) == 0 {
		return !f.All
	}
	return !slices.ContainsFunc(f.States, func(s State) bool { return !s.Active() })
}

// View is a filter that somebody gave a name.
type View struct {
	ID      string
	StaffID string // who made it, and alone may remove it
	Name    string
	Shared  bool // the whole team sees it
	Filter  Filter
}

// MaxViewName is the longest name of a view, in characters; MaxViews how many
// a member of the staff may keep.
const (
	MaxViewName = 60
	MaxViews    = 50
)

// CheckView trims a view's name and refuses an empty or overlong one.
func CheckView(v View) (View, error) {
	v.Name = oneLine(v.Name)
	switch {
	case v.Name == "":
		return v, errs.InvalidFields(errs.Field{Name: "name", Key: "error.field.view_name"})
	case utf8.RuneCountInString(v.Name) > MaxViewName:
		return v, errs.InvalidFields(errs.Field{Name: "name", Key: "error.field.too_long", Args: map[string]any{"Limit": MaxViewName}})
	}
	return v, nil
}

// Cursor is a place in the desk's list: after the ticket with this due date
// (zero: not being timed) and id. The zero Cursor is the beginning.
type Cursor struct {
	Due time.Time
	ID  string
}

// Change says that a ticket is now at a version.
type Change struct {
	ID        string
	Version   int64
	UpdatedAt time.Time
}

// Presence says that somebody of the staff has a ticket before them.
type Presence struct {
	TicketID string
	StaffID  string
	Writing  bool
}
