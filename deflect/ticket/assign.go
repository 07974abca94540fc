package ticket

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/vmcloud/ricochet/internal/errs"
)

// Assign gives the ticket an owner, "" for the general queue (D-22). Who takes
// a new ticket opens it. The new owner is told, unless they did it themselves.
func (s *Service) Assign(ctx context.Context, id string, version int64, by Actor, to, reason string) error {
	reason = strings.TrimSpace(reason)
	if reason != "" {
		var err error
		if reason, err = checkReason(reason); err != nil {
			return err
		}
	}
	return s.act(ctx, id, version, func(w work) (change, error) {
		if w.t.Assignee == to {
			return change{}, nil
		}
		if err := w.editable(); err != nil {
			return change{}, err
		}
		if err := w.member("assignee", to); err != nil {
			return change{}, err
		}
		c := change{events: []Event{{Kind: Assigned, Actor: by, Reason: reason, Data: EventData{From: w.t.Assignee, To: to}}}}
		if w.t.State == New && to != "" {
			c.events = append(c.events, stateEvents(by, New, Open, "")...)
		}
		if to != "" && to != by.ID {
			c.tell = []tell{w.tellStaff("assigned", to, "")}
		}
		return c, nil
	})
}

// member refuses a staff id that is nobody's; "" passes.
func (w work) member(field, id string) error {
	if id == "" {
		return nil
	}
	team, err := w.tx.Team()
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(team, func(m Staff) bool { return m.ID == id }) {
		return errs.InvalidFields(errs.Field{Name: field, Key: "error.field.choice"})
	}
	return nil
}

// Classification is a ticket's place in the taxonomy (D-23).
type Classification struct {
	Category    string // "" when unknown (D-30)
	Subcategory string
	Component   string
}

// SetCategory puts the ticket into the taxonomy; closed tickets too, since the
// sums of a month are read after it (D-23).
func (s *Service) SetCategory(ctx context.Context, id string, version int64, by Actor, c Classification) error {
	if s.Taxonomy != nil && !s.Taxonomy.Known(c.Category, c.Subcategory, c.Component) {
		return errs.InvalidFields(errs.Field{Name: "category", Key: "error.field.choice"})
	}
	return s.act(ctx, id, version, func(w work) (change, error) {
		if (Classification{w.t.Category, w.t.Subcategory, w.t.Component}) == c {
			return change{}, nil
		}
		return change{events: []Event{{Kind: Categorised, Actor: by, Data: EventData{
			From: w.t.Category, To: c.Category, Category: c.Category, Subcategory: c.Subcategory, Component: c.Component,
		}}}}, nil
	})
}

// MaxTags is how many free tags a ticket may have (D-23), maxTag how long one
// may be, in characters.
const (
	MaxTags = 5
	maxTag  = 40
)

// SetTags replaces the ticket's free tags. They are normalised: lower case,
// words joined by hyphens, sorted, each once.
func (s *Service) SetTags(ctx context.Context, id string, version int64, by Actor, tags []string) error {
	tags, err := NormaliseTags(tags)
	if err != nil {
		return err
	}
	return s.act(ctx, id, version, func(w work) (change, error) {
		if slices.Equal(w.t.Tags, tags) {
			return change{}, nil
		}
		return change{events: []Event{{Kind: Tagged, Actor: by, Data: EventData{Tags: tags}}}}, nil
	})
}

// NormaliseTags is the stored form of free tags: letters, digits and single
// hyphens in lower case, each once, sorted, none empty; nil for none. More than
// MaxTags, or one too long, is refused (D-23).
func NormaliseTags(tags []string) ([]string, error) {
	var out []string
	for _, tag := range tags {
		tag = strings.Join(strings.FieldsFunc(strings.ToLower(strings.ToValidUTF8(tag, "")), func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
		}), "-")
		if tag == "" {
			continue
		}
		if utf8.RuneCountInString(tag) > maxTag {
			return nil, errs.InvalidFields(errs.Field{Name: "tags", Key: "error.field.tag_long", Args: map[string]any{"Limit": maxTag}})
		}
		out = with(out, tag)
	}
	if len(out) > MaxTags {
		return nil, errs.InvalidFields(errs.Field{Name: "tags", Key: "error.field.tags", Args: map[string]any{"Limit": MaxTags}})
	}
	return out, nil
}

// SetTier changes the service level on which the ticket's clocks run, with a
// reason (D-6, D-16): a contract signed meanwhile, or a customer not recognised
// by the address.
func (s *Service) SetTier(ctx context.Context, id string, version int64, by Actor, tier Tier, reason string) error {
	if !slices.Contains(Tiers, tier) {
		return errs.InvalidFields(errs.Field{Name: "tier", Key: "error.field.choice"})
	}
	return s.act(ctx, id, version, func(w work) (change, error) {
		if w.t.Tier == tier {
			return change{}, nil
		}
		if err := w.editable(); err != nil {
			return change{}, err
		}
		reason, err := checkReason(reason)
		return change{events: []Event{{Kind: TierChanged, Actor: by, Reason: reason, Data: EventData{From: string(w.t.Tier), To: string(tier)}}}}, err
	})
}

// Watch lets a staff member follow the ticket.
func (s *Service) Watch(ctx context.Context, id, staffID string) error {
	return s.act(ctx, id, 0, func(w work) (change, error) {
		if slices.Contains(w.t.Watchers, staffID) {
			return change{}, nil
		}
		if err := w.member("staff", staffID); err != nil {
			return change{}, err
		}
		return change{events: []Event{{Kind: Watched, Actor: Actor{ByStaff, staffID}, Data: EventData{Staff: staffID}}}}, nil
	})
}

// Unwatch ends Watch.
func (s *Service) Unwatch(ctx context.Context, id, staffID string) error {
	return s.act(ctx, id, 0, func(w work) (change, error) {
		if !slices.Contains(w.t.Watchers, staffID) {
			return change{}, nil
		}
		return change{events: []Event{{Kind: Unwatched, Actor: Actor{ByStaff, staffID}, Data: EventData{Staff: staffID}}}}, nil
	})
}
