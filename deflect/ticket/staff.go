package ticket

import "time"

// Role is what a member of the staff is to the team; package team says what
// each role may do.
type Role string

// The roles. Alerts go up them in this order (D-18); an admin also runs the
// installation.
const (
	Agent    Role = "agent"
	Lead     Role = "lead"
	Manager  Role = "manager"
	Director Role = "director"
	Admin    Role = "admin"
)

// Roles lists them, those who may do least first.
var Roles = []Role{Agent, Lead, Manager, Director, Admin}

// Staff is a member of the support team.
type Staff struct {
	ID           string
	Email        string
	Name         string
	Lang         string
	Role         Role
	PasswordHash string // argon2id, in the PHC string format; "" until an invitation is accepted
	Skills       Skills
	Disabled     bool
	TOTPSecret   string // base32, "" while no second factor is set
}

// Active says whether the person can sign in and be given work.
func (s Staff) Active() bool { return !s.Disabled && s.PasswordHash != "" }

// Skills are what assignment goes by (D-22).
type Skills struct {
	Langs []string `json:"langs,omitempty"` // languages the person answers in, "fr"
	Areas []string `json:"areas,omitempty"` // product areas: the first level of the taxonomy, lower case
}

// Absence is a planned time away; the interval is half-open (D-3).
type Absence struct {
	ID          string
	StaffID     string
	From, Until time.Time
	CreatedBy   string
}

// Past is another ticket of a customer, on the page of one of them.
type Past struct {
	ID, Number, Subject, Lang string
	State                     State
	Priority                  Priority
	ReceivedAt                time.Time
	Colleague                 bool // somebody else of the same customer wrote it
}

// Read is an article that the author of a ticket read before writing and
// agreed to share.
type Read struct {
	Article string // pair id
	Lang    string
	At      time.Time
}
