package team

import (
	"time"

	"github.com/vmcloud/ricochet/deflect/ticket"
)

// The actions of the audit log. Object is given behind each.
const (
	SignedIn         = "sign_in"           // staff id
	SignInFailed     = "sign_in_failed"    // staff id
	SignedOut        = "sign_out"          // staff id
	SignedOutAll     = "sign_out_all"      // staff id
	PasswordChanged  = "password_changed"  // staff id
	TOTPEnabled      = "totp_enabled"      // staff id
	TOTPDisabled     = "totp_disabled"     // staff id
	RecoveryUsed     = "recovery_used"     // staff id
	Invited          = "invited"           // staff id
	InviteAccepted   = "invite_accepted"   // staff id
	RoleChanged      = "role_changed"      // staff id
	SkillsChanged    = "skills_changed"    // staff id
	AccountDisabled  = "account_disabled"  // staff id
	AccountEnabled   = "account_enabled"   // staff id
	AbsencePlanned   = "absence_planned"   // staff id
	AbsenceCancelled = "absence_cancelled" // staff id
	ContactChanged   = "contact_changed"   // customer id
	SettingChanged   = "setting_changed"   // name of the setting
	MacroSaved       = "macro_saved"       // macro id
	MacroArchived    = "macro_archived"    // macro id
	CreditDecided    = ticket.AuditCredit  // credit id
	CauseWritten     = ticket.AuditCause   // incident id
	DataExported     = "data_exported"     // person id, or the name of the table
	DataErased       = "data_erased"       // person id
)

// Actions lists them in the order of the filter.
var Actions = []string{
	SignedIn, SignInFailed, SignedOut, SignedOutAll, PasswordChanged, TOTPEnabled, TOTPDisabled, RecoveryUsed,
	Invited, InviteAccepted, RoleChanged, SkillsChanged, AccountDisabled, AccountEnabled, AbsencePlanned, AbsenceCancelled,
	ContactChanged, SettingChanged, MacroSaved, MacroArchived, CreditDecided, CauseWritten, DataExported, DataErased,
}

// AuditEntry is one row of the audit log: who did what to what, when. It holds
// ids and short values, never personal data (D-36), and is never changed.
type AuditEntry struct {
	ID     string
	At     time.Time
	Actor  string // staff id, "" for the system and the command line
	Action string
	Object string
	Data   map[string]string
}

// AuditFilter selects entries; zero fields select all. To is exclusive.
type AuditFilter struct {
	From, To time.Time
	Actor    string
	Action   string
	Object   string
	Before   string // only entries older than the one with this id, for paging
	Limit    int
}
