package ticket

import (
	"slices"
	"time"

	"github.com/vmcloud/ricochet/deflect/sla"
)

// EventKind says what happened.
type EventKind string

// The kinds of events.
const (
	Created         EventKind = "created"
	CustomerReplied EventKind = "customer_replied"
	StaffReplied    EventKind = "staff_replied"
	Noted           EventKind = "noted"
	StateChanged    EventKind = "state_changed"
	PriorityChanged EventKind = "priority_changed"
	TierChanged     EventKind = "tier_changed"
	Assigned        EventKind = "assigned"
	MailSuppressed  EventKind = "mail_suppressed"

	// What timers did, so that the log says what has been told (D-18, D-21, D-24).
	AlertFired    EventKind = "alert"          // Target, Cycle, Percent
	BreachNoted   EventKind = "breach"         // Target, Cycle
	Paged         EventKind = "paged"          // on-call was called, or would have been (D-22)
	CustomerTold  EventKind = "customer_told"  // MailKind
	EscalationDue EventKind = "escalation_due" // To: the level

	Categorised    EventKind = "categorised"
	Tagged         EventKind = "tagged"
	Watched        EventKind = "watched"
	Unwatched      EventKind = "unwatched"
	Linked         EventKind = "linked"
	Unlinked       EventKind = "unlinked"
	TimeLogged     EventKind = "time_logged"
	LevelChanged   EventKind = "level_changed"   // escalated or handed back (D-24)
	BriefWritten   EventKind = "brief_written"   // of an escalation that came by itself
	MergedInto     EventKind = "merged_into"     // this ticket went into Data.Other (D-19)
	Absorbed       EventKind = "absorbed"        // Data.Other was merged into this one (D-19)
	SplitOff       EventKind = "split_off"       // messages became the ticket Data.Other
	FollowedUp     EventKind = "followed_up"     // a message after closing opened Data.Other (D-15)
	IncidentJoined EventKind = "incident_joined" // belongs to the known issue Data.Other
	IncidentLeft   EventKind = "incident_left"
	SurveyAnswered EventKind = "survey_answered" // D-27
	SurveyReviewed EventKind = "survey_reviewed" // D-27
	CreditAsked    EventKind = "credit_asked"    // claimed by the customer (D-26)
	CreditDecided  EventKind = "credit_decided"  // D-26
	CauseWritten   EventKind = "cause_written"   // the note on the root cause was written or changed (D-18)
)

// ActorKind says who acted.
type ActorKind string

// The kinds of actors.
const (
	ByCustomer ActorKind = "customer"
	ByStaff    ActorKind = "staff"
	BySystem   ActorKind = "system"
)

// Actor is who did something: an opaque person or staff id.
type Actor struct {
	Kind ActorKind
	ID   string
}

// Event is one entry of a ticket's append-only log: who, when, why (D-20).
// It holds ids and names of states, never personal data (D-36).
type Event struct {
	Seq    int64
	At     time.Time
	Kind   EventKind
	Actor  Actor
	Reason string
	Data   EventData
}

// EventData is what an event changed. Only the fields of its kind are set.
type EventData struct {
	MessageID string   `json:"message,omitempty"`
	From      string   `json:"from,omitempty"`
	To        string   `json:"to,omitempty"`
	Tier      Tier     `json:"tier,omitempty"`     // Created
	Priority  Priority `json:"priority,omitempty"` // Created
	Channel   Channel  `json:"channel,omitempty"`  // Created
	MailKind  string   `json:"mail,omitempty"`     // MailSuppressed, CustomerTold
	Target    string   `json:"target,omitempty"`   // AlertFired, BreachNoted
	Cycle     int      `json:"cycle,omitempty"`    // AlertFired, BreachNoted
	Percent   int      `json:"percent,omitempty"`  // AlertFired
	Routing   *Routing `json:"routing,omitempty"`  // Created by the intake

	Category    string   `json:"category,omitempty"`    // Created, Categorised
	Subcategory string   `json:"subcategory,omitempty"` // Categorised
	Component   string   `json:"component,omitempty"`   // Categorised
	Tags        []string `json:"tags,omitempty"`        // Tagged: all of them, as they are now
	Ending      Ending   `json:"ending,omitempty"`      // StateChanged to closed
	Staff       string   `json:"staff,omitempty"`       // Watched, Unwatched
	Other       string   `json:"other,omitempty"`       // the other ticket, or the incident
	Link        LinkKind `json:"link,omitempty"`        // Linked, Unlinked
	Record      string   `json:"record,omitempty"`      // id of the row beside the ticket: brief, time entry, answer to an incident
	Minutes     int      `json:"minutes,omitempty"`     // TimeLogged
	Messages    []string `json:"messages,omitempty"`    // SplitOff: the messages that moved
	Automatic   bool     `json:"automatic,omitempty"`   // LevelChanged by a rule, not by a person (D-24)
	// Source is what the clocks need to know of an absorbed ticket, frozen when
	// it was merged, so that the log alone explains the survivor (D-12, D-19).
	Source *sla.Log `json:"source,omitempty"`
}

// Routing is what was known and decided when a ticket came in: what the
// person chose, and what the rules made of it (D-11, D-23).
type Routing struct {
	Rules       []string `json:"rules,omitempty"`       // names of the rules that fired, in their order
	Category    string   `json:"category,omitempty"`    // the ticket's at the start
	Subcategory string   `json:"subcategory,omitempty"` // when a rule knew it, as the component
	Component   string   `json:"component,omitempty"`
	Chosen      string   `json:"chosen,omitempty"`     // what the person chose, "" for nothing
	Queue       Queue    `json:"queue,omitempty"`      // the ticket's at the start
	Proposed    Priority `json:"proposed,omitempty"`   // from impact and urgency
	Tags        []string `json:"tags,omitempty"`       // at most 5 (D-23)
	Skills      []string `json:"skills,omitempty"`     // product areas that the owner should know (D-22)
	Page        bool     `json:"page,omitempty"`       // on-call is to be told at once (D-22)
	Unverified  bool     `json:"unverified,omitempty"` // nobody has proved to read the sender's address yet
}

// apply is what an event does to the stored fields: the one place where they
// change, so that the log alone gives them back (D-12). MailSuppressed and the
// records kept beside the ticket move nothing but UpdatedAt.
func (t *Ticket) apply(e Event) {
	d := e.Data
	switch e.Kind {
	case Created:
		t.State, t.Level, t.Queue = New, L1, GeneralQueue
		t.Tier, t.Priority, t.Category = d.Tier, d.Priority, d.Category
		if r := d.Routing; r != nil {
			t.Category, t.Subcategory, t.Component = r.Category, r.Subcategory, r.Component
			t.Queue, t.Tags = r.Queue, r.Tags
		}
	case StateChanged, MergedInto:
		t.enter(State(d.To), e.At, d.Ending)
	case PriorityChanged:
		t.Priority = Priority(d.To)
	case TierChanged:
		t.Tier = Tier(d.To)
	case Absorbed:
		t.Tier, t.Priority = d.Tier, d.Priority
	case Assigned:
		t.Assignee = d.To
	case Categorised:
		t.Category, t.Subcategory, t.Component = d.Category, d.Subcategory, d.Component
	case Tagged:
		t.Tags = d.Tags
	case Watched:
		t.Watchers = with(t.Watchers, d.Staff)
	case Unwatched:
		t.Watchers = without(t.Watchers, d.Staff)
	case LevelChanged:
		t.Level = SupportLevel(d.To)
	case IncidentJoined:
		t.Incident = d.Other
	case IncidentLeft:
		t.Incident = ""
	}
	if e.Kind != MailSuppressed && e.At.After(t.UpdatedAt) {
		t.UpdatedAt = e.At
	}
}

// enter puts the ticket into a state and keeps when it was solved and closed.
func (t *Ticket) enter(s State, at time.Time, ending Ending) {
	t.State = s
	switch s {
	case Resolved:
		t.ResolvedAt = at
	case Closed:
		t.ClosedAt, t.Ending = at, ending
		if t.ResolvedAt.IsZero() {
			t.ResolvedAt = at
		}
	case Merged:
		t.ClosedAt = at
	case Reopened:
		t.ResolvedAt = time.Time{}
	}
}

func with(list []string, s string) []string {
	if i, found := slices.BinarySearch(list, s); !found {
		return slices.Insert(slices.Clone(list), i, s)
	}
	return list
}

func without(list []string, s string) []string {
	out := slices.DeleteFunc(slices.Clone(list), func(x string) bool { return x == s })
	if len(out) == 0 {
		return nil
	}
	return out
}

// Rebuild makes the stored ticket again from its log (D-12). stored gives what
// no event holds: who asked, in which words, the ids, the lock's version, and
// UpdatedAt, the instant at which the promises were last looked at. Everything
// else of it is ignored; the result must equal stored.
func (c Clocks) Rebuild(stored Ticket, log []Event) Ticket {
	t := Ticket{
		ID: stored.ID, Number: stored.Number, AccessHash: stored.AccessHash, PersonID: stored.PersonID, Visitor: stored.Visitor,
		Channel: stored.Channel, Lang: stored.Lang, Urgency: stored.Urgency, Impact: stored.Impact, Subject: stored.Subject, Fingerprint: stored.Fingerprint,
		ReceivedAt: stored.ReceivedAt, UpdatedAt: stored.UpdatedAt, Version: stored.Version,
	}
	for _, e := range log {
		t.apply(e)
	}
	t.SLA, t.WakeAt = c.Schedule(log, t.UpdatedAt)
	return t
}
