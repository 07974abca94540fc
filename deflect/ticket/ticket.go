// Package ticket is the life of a support request: its states, its events and
// the pure machine that moves it. A ticket is what its events say; stored
// fields are caches of that log (D-12, D-20).
package ticket

import (
	"crypto/rand"
	"time"

	"github.com/vmcloud/ricochet/internal/errs"
)

// State is where a ticket stands (D-20).
type State string

// The states of D-20.
const (
	New             State = "new"
	Open            State = "open"
	WaitingCustomer State = "waiting_customer"
	InProgress      State = "in_progress"
	Escalated       State = "escalated"
	Resolved        State = "resolved"
	Reopened        State = "reopened"
	Closed          State = "closed"
	Merged          State = "merged"
)

// Active says whether work is still owed on the ticket.
func (s State) Active() bool { return s != Resolved && s != Closed && s != Merged }

// Priority is P0 (platform-wide outage, set by staff only) to P4 (D-5).
type Priority string

// The priorities of D-5.
const (
	P0 Priority = "P0"
	P1 Priority = "P1"
	P2 Priority = "P2"
	P3 Priority = "P3"
	P4 Priority = "P4"
)

// Priorities lists them, most urgent first.
var Priorities = []Priority{P0, P1, P2, P3, P4}

// Tier is the customer's service level (D-6).
type Tier string

// The tiers of D-6.
const (
	Free       Tier = "free"
	Standard   Tier = "standard"
	Business   Tier = "business"
	Enterprise Tier = "enterprise"
)

// Tiers lists them, lowest first.
var Tiers = []Tier{Free, Standard, Business, Enterprise}

// Level is an answer to "how urgent" and "how many are affected".
type Level string

// The levels of impact and urgency. The form says them in plain words.
const (
	High   Level = "high"
	Medium Level = "medium"
	Low    Level = "low"
)

// Propose is the priority for an impact and an urgency (D-11: the matrix of
// the general guide; the column is urgency, the row impact). Anything unknown
// counts as low. P0 is never proposed.
func Propose(impact, urgency Level) Priority {
	n := rank(impact) + rank(urgency) // 0: both high ... 4: both low
	switch {
	case n <= 1:
		return P1
	case n == 2:
		return P2
	case n == 3:
		return P3
	}
	return P4
}

func rank(l Level) int {
	switch l {
	case High:
		return 0
	case Medium:
		return 1
	}
	return 2
}

// Channel is how a ticket came in.
type Channel string

// The channels.
const (
	ByForm Channel = "form"
	ByAPI  Channel = "api"
)

// Channels lists them.
var Channels = []Channel{ByForm, ByAPI}

// Ticket is the current shape of a request.
type Ticket struct {
	ID         string
	Number     string // "VM-7K3F-92", what people quote
	AccessHash string // hash of the secret in the "my request" link
	PersonID   string
	Visitor    string // measurement cookie's hash, "" when there was none
	Channel    Channel
	Lang       string
	Category   string // "" when not chosen (D-30: unknown)
	Urgency    Level
	Impact     Level
	Tier       Tier
	Priority   Priority
	State      State
	Subject    string
	Assignee   string // staff id, "" for nobody yet
	Queue      Queue  // where it waits for an owner (D-23)
	ReceivedAt time.Time
	UpdatedAt  time.Time
	Version    int64 // raised by every change; guards against lost updates
	SLA        []Target
	WakeAt     time.Time // when a timer must look at it next, zero for never; a cache like SLA (D-12)

	Subcategory string       // second level of the taxonomy, "" when not chosen (D-23)
	Component   string       // third level: the part of the product, "" when not chosen
	Tags        []string     // at most MaxTags, sorted (D-23)
	Watchers    []string     // staff ids, sorted
	Level       SupportLevel // who works on it (D-24)
	Incident    string       // the known issue it belongs to, "" for none
	ResolvedAt  time.Time    // last became resolved; zero while it is not
	ClosedAt    time.Time    // zero until it is closed
	Ending      Ending       // why it was closed, "" until then

	Fingerprint string // hash of the form or API request that made it, "" for mail and what has no key
}

// Ending says why a ticket was closed.
type Ending string

// The endings of D-21 and D-30.
const (
	EndedByStaff    Ending = "staff"       // on a team member's word
	EndedConfirmed  Ending = "confirmed"   // the customer said that it is solved
	EndedSilence    Ending = "silence"     // resolved, and nobody objected in time
	EndedNoAnswer   Ending = "no_answer"   // waited for the customer too long
	EndedSelfSolved Ending = "self_solved" // closed by its author through the acknowledgement
)

// SupportLevel is who works on a ticket (D-24).
type SupportLevel string

// The levels of D-24, lowest first.
const (
	L1         SupportLevel = "L1"
	L2         SupportLevel = "L2"
	L3         SupportLevel = "L3"
	Management SupportLevel = "management"
)

// SupportLevels lists them, lowest first.
var SupportLevels = []SupportLevel{L1, L2, L3, Management}

// Queue is where a ticket waits for whoever looks after its kind (D-23).
type Queue string

// The queues of D-23; the general one is the fallback (D-22).
const (
	GeneralQueue    Queue = "general"
	PriorityQueue   Queue = "priority"
	EnterpriseQueue Queue = "enterprise"
	BillingQueue    Queue = "billing"
	CREQueue        Queue = "cre"
)

// Queues lists them, the one to look at first at the head.
var Queues = []Queue{PriorityQueue, EnterpriseQueue, CREQueue, BillingQueue, GeneralQueue}

// Target is the cached state of one SLA promise of a ticket (D-12).
type Target struct {
	Name       string    `json:"name"`              // first_response, next_response, periodic_update, resolution
	Due        time.Time `json:"due,omitzero"`      // zero while paused and without a figure
	State      string    `json:"state"`             // running, paused, met, breached, late (best effort)
	Running    bool      `json:"running,omitempty"` // being timed now, breached or not
	Kind       string    `json:"kind"`              // contractual, internal (D-7, D-10), best_effort (D-9)
	Calendar   string    `json:"calendar,omitempty"`
	Zone       string    `json:"zone,omitempty"`    // IANA zone of the calendar
	BreachedAt time.Time `json:"breached,omitzero"` // the due date that was missed (D-17)
}

// Internal says that the target is the team's goal and not promised to the
// customer (D-7, D-10).
func (t Target) Internal() bool { return t.Kind == "internal" }

// BestEffort says that the target is measured and never a breach (D-9).
func (t Target) BestEffort() bool { return t.Kind == "best_effort" }

// NextDue is the earliest due date still being timed, which orders the desk's
// queue, and its target's name; zero and "" when nothing is timed. Best-effort
// promises count too: they order the work (D-9).
func (t *Ticket) NextDue() (time.Time, string) {
	var at time.Time
	var name string
	for _, g := range t.SLA {
		if !g.Running || g.Due.IsZero() {
			continue
		}
		if at.IsZero() || g.Due.Before(at) {
			at, name = g.Due, g.Name
		}
	}
	return at, name
}

// numberAlphabet is Crockford's base 32: no I, L, O, U to misread.
const numberAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// NewNumber makes a tracking number such as VM-7K3F-92: 30 random bits, so
// that nobody can count tickets or guess the next one. Uniqueness is the
// store's to check.
func NewNumber() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
	s := make([]byte, 0, 10)
	s = append(s, "VM-"...)
	for i, v := range b {
		if i == 4 {
			s = append(s, '-')
		}
		s = append(s, numberAlphabet[v&31])
	}
	return string(s)
}

// next lists the states a person or a timer may choose from each state. New
// is left by the first action; Merged and Closed are left by nothing: a
// message on a closed ticket opens a linked new one (D-15). Escalated is
// entered by Escalate alone, which demands the brief (D-24).
var next = map[State][]State{
	New:             {Open, InProgress, WaitingCustomer, Resolved, Closed},
	Open:            {InProgress, WaitingCustomer, Resolved, Closed},
	InProgress:      {Open, WaitingCustomer, Resolved, Closed},
	WaitingCustomer: {Open, InProgress, Resolved, Closed},
	Escalated:       {InProgress, WaitingCustomer, Resolved, Closed},
	Resolved:        {Reopened, Closed},
	Reopened:        {Open, InProgress, WaitingCustomer, Resolved, Closed},
}

// NextStates lists where a ticket in state s may go.
func NextStates(s State) []State { return next[s] }

// Move changes the state, or refuses and names what would be allowed.
func Move(t Ticket, to State) (Ticket, error) {
	for _, s := range next[t.State] {
		if s == to {
			t.State = to
			return t, nil
		}
	}
	return t, transitionError(t, to)
}

// transitionError refuses a change of state and names those possible.
func transitionError(t Ticket, to State) error {
	key := "error.ticket.transition"
	if len(next[t.State]) == 0 {
		key = "error.ticket.final"
	}
	e := errs.Newf(errs.Conflict, key, "ticket %s: %s cannot become %s; allowed: %v", t.Number, t.State, to, next[t.State])
	allowed := make(errs.Texts, len(next[t.State]))
	for i, s := range next[t.State] {
		allowed[i] = "state." + string(s)
	}
	e.Args = map[string]any{"From": errs.Texts{"state." + string(t.State)}, "Allowed": allowed}
	return e
}

// AfterCustomerReply is the state once the customer wrote: waiting resumes
// (D-14), resolved reopens (D-15); closed and merged tickets take no message
// themselves (Service.CustomerReply says where it goes).
func AfterCustomerReply(t Ticket) (Ticket, error) {
	switch t.State {
	case WaitingCustomer:
		t.State = Open
	case Resolved:
		t.State = Reopened
	case Closed, Merged:
		return t, errs.Newf(errs.Conflict, "error.ticket.closed", "ticket %s is %s", t.Number, t.State)
	}
	return t, nil
}

// AfterStaffReply is the state once staff answered publicly: a new or
// reopened ticket is in progress.
func AfterStaffReply(t Ticket) (Ticket, error) {
	switch t.State {
	case New, Open, Reopened:
		t.State = InProgress
	case Closed, Merged:
		return t, errs.Newf(errs.Conflict, "error.ticket.closed", "ticket %s is %s", t.Number, t.State)
	}
	return t, nil
}
