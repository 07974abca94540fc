package team

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// InviteAge is how long the one-time link of an invitation works.
const InviteAge = 7 * 24 * time.Hour

// ContactRevenue is the monthly revenue, in euro cents, above which a customer
// is Enterprise and has a named contact (D-6, D-22).
const ContactRevenue = 2000_00

// Limits of what an account holds, in characters and entries.
const (
	MaxName   = 120
	maxSkill  = 40
	maxSkills = 20
)

// Session is a sign-in of a person, as the person's own list shows it.
type Session struct {
	ID            string // hash of its cookie
	Agent         string // the browser in a few words
	Created, Seen time.Time
}

// ContactCustomer is a customer who may have a named contact (D-22).
type ContactCustomer struct {
	ID, Company string
	Contract    ticket.Tier
	MRRCents    int64
	ContactID   string // staff id, "" for nobody yet
}

// Tx is what accounts need from a transaction. Implemented by store.
type Tx interface {
	Now() time.Time
	Staff() ([]ticket.Staff, error)
	StaffByID(id string) (ticket.Staff, error)
	InsertStaff(ticket.Staff) error
	UpdateStaff(ticket.Staff) error
	InsertInvite(hash, staffID string, expires time.Time) error
	TakeInvite(hash string) (staffID string, err error)
	InsertSession(hash, staffID, agent string, expires time.Time) error
	DeleteSession(staffID, hash string) error
	DeleteSessions(staffID, keep string) error
	UseTOTPStep(staffID string, step int64) (ok bool, err error)
	CodeFailures(staffID string) (n int, last time.Time, err error)
	FailCode(staffID string) error
	ReplaceRecovery(staffID string, hashes []string) error
	UseRecovery(staffID, hash string) (ok bool, err error)
	InsertAbsence(ticket.Absence) error
	AbsenceByID(id string) (ticket.Absence, error)
	DeleteAbsence(id string) error
	SetNamedContact(customerID, staffID string) error
	SetSetting(name, value string) error
	InsertCost(Cost) error
	MacroByID(id string) (Macro, error)
	InsertMacro(m Macro) (ok bool, err error)
	UpdateMacro(m Macro) (ok bool, err error)
	Audit(actor, action, object string, data map[string]string) error
}

// Store opens transactions.
type Store interface {
	InTx(ctx context.Context, fn func(Tx) error) error
}

// Service changes what belongs to the team. Every change is checked against
// the actor's role and leaves an entry in the audit log, in one transaction.
type Service struct {
	Store Store
	// Invited sends an account's one-time link to its owner, in the transaction
	// that makes it; nil: the link is only shown.
	Invited func(tx Tx, to ticket.Staff, secret string) error
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func newSecret() string {
	var b [24]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// HashSecret is what the database keeps of a one-time link or a recovery
// code: both are random enough for a plain hash.
func HashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// act runs f in a transaction with the account that acts, if its role has the
// permission.
func (s *Service) act(ctx context.Context, actor string, p Permission, f func(tx Tx, me ticket.Staff) error) error {
	return s.Store.InTx(ctx, func(tx Tx) error {
		me, err := tx.StaffByID(actor)
		if err != nil {
			return err
		}
		if me.Disabled {
			return errs.Newf(errs.Forbidden, "", "account %s is disabled", actor)
		}
		if err := Require(me.Role, p); err != nil {
			return err
		}
		return f(tx, me)
	})
}

// Profile is what an admin says about an account.
type Profile struct {
	Email  string
	Name   string
	Lang   string
	Role   ticket.Role
	Skills ticket.Skills
}

// clean trims a profile and names its wrong fields. Addresses are checked by
// valid.
func (p *Profile) clean(valid func(email string) bool) error {
	p.Email = strings.ToLower(strings.TrimSpace(p.Email))
	p.Name = strings.Join(strings.Fields(p.Name), " ")
	var wrong []errs.Field
	if !valid(p.Email) {
		wrong = append(wrong, errs.Field{Name: "email", Key: "error.field.email"})
	}
	if p.Name == "" || utf8.RuneCountInString(p.Name) > MaxName {
		wrong = append(wrong, errs.Field{Name: "name", Key: "error.field.name"})
	}
	if !slices.Contains(ticket.Roles, p.Role) {
		wrong = append(wrong, errs.Field{Name: "role", Key: "error.field.choice"})
	}
	p.Skills = cleanSkills(p.Skills)
	if len(wrong) > 0 {
		return errs.InvalidFields(wrong...)
	}
	return nil
}

func cleanSkills(s ticket.Skills) ticket.Skills {
	return ticket.Skills{Langs: cleanList(s.Langs), Areas: cleanList(s.Areas)}
}

func cleanList(all []string) []string {
	var out []string
	for _, v := range all {
		v = strings.ToLower(strings.TrimSpace(v))
		if v != "" && utf8.RuneCountInString(v) <= maxSkill && !slices.Contains(out, v) && len(out) < maxSkills {
			out = append(out, v)
		}
	}
	return out
}

// Invite makes an account that waits for its owner and gives it with the
// secret of a one-time link, which is shown once: only its hash is kept. Kind
// conflict when the address has an account.
func (s *Service) Invite(ctx context.Context, actor string, p Profile, validEmail func(string) bool) (made ticket.Staff, secret string, err error) {
	if err := p.clean(validEmail); err != nil {
		return made, "", err
	}
	err = s.act(ctx, actor, ManageAccounts, func(tx Tx, _ ticket.Staff) error {
		made = ticket.Staff{ID: newID(), Email: p.Email, Name: p.Name, Lang: p.Lang, Role: p.Role, Skills: p.Skills}
		if err := tx.InsertStaff(made); err != nil {
			return err
		}
		secret, err = s.invite(tx, actor, made)
		return err
	})
	return made, secret, err
}

// InviteAgain makes a fresh one-time link for an account whose owner has not
// come yet, or has lost the password; earlier links stop working.
func (s *Service) InviteAgain(ctx context.Context, actor, staffID string) (secret string, err error) {
	err = s.act(ctx, actor, ManageAccounts, func(tx Tx, _ ticket.Staff) error {
		m, err := tx.StaffByID(staffID)
		if err != nil {
			return err
		}
		if m.Disabled {
			return errs.Newf(errs.Conflict, "error.staff.disabled", "account %s is disabled", staffID)
		}
		secret, err = s.invite(tx, actor, m)
		return err
	})
	return secret, err
}

func (s *Service) invite(tx Tx, actor string, m ticket.Staff) (string, error) {
	secret := newSecret()
	if err := tx.InsertInvite(HashSecret(secret), m.ID, tx.Now().Add(InviteAge)); err != nil {
		return "", err
	}
	if s.Invited != nil {
		if err := s.Invited(tx, m, secret); err != nil {
			return "", err
		}
	}
	return secret, tx.Audit(actor, Invited, m.ID, map[string]string{"role": string(m.Role)})
}

// AcceptInvite uses up a one-time link: the owner of the account has chosen a
// password. Open sessions of the account end.
func (s *Service) AcceptInvite(ctx context.Context, secret, passwordHash string) (ticket.Staff, error) {
	var m ticket.Staff
	err := s.Store.InTx(ctx, func(tx Tx) error {
		id, err := tx.TakeInvite(HashSecret(secret))
		if err != nil {
			return err
		}
		if m, err = tx.StaffByID(id); err != nil {
			return err
		}
		if m.Disabled {
			return errs.Newf(errs.NotFound, "", "account %s is disabled", id)
		}
		m.PasswordHash = passwordHash
		if err := tx.UpdateStaff(m); err != nil {
			return err
		}
		if err := tx.DeleteSessions(id, ""); err != nil {
			return err
		}
		return tx.Audit(id, InviteAccepted, id, nil)
	})
	return m, err
}

// lastAdmin refuses a change that would leave nobody who may manage accounts.
func lastAdmin(tx Tx, m ticket.Staff) error {
	if m.Role != ticket.Admin || !m.Active() {
		return nil
	}
	all, err := tx.Staff()
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.ID != m.ID && other.Role == ticket.Admin && other.Active() {
			return nil
		}
	}
	return errs.Newf(errs.Conflict, "error.staff.last_admin", "account %s is the last admin", m.ID)
}

// SaveProfile changes name, language, role and skills of an account. The last
// admin keeps the role.
func (s *Service) SaveProfile(ctx context.Context, actor, staffID string, p Profile) error {
	return s.act(ctx, actor, ManageAccounts, func(tx Tx, _ ticket.Staff) error {
		m, err := tx.StaffByID(staffID)
		if err != nil {
			return err
		}
		p.Email = m.Email // an account keeps its address
		if err := p.clean(func(string) bool { return true }); err != nil {
			return err
		}
		before := m
		m.Name, m.Role, m.Skills = p.Name, p.Role, p.Skills
		if p.Lang != "" {
			m.Lang = p.Lang
		}
		if before.Role != m.Role {
			if err := lastAdmin(tx, before); err != nil {
				return err
			}
			if err := tx.Audit(actor, RoleChanged, staffID, map[string]string{"from": string(before.Role), "to": string(m.Role)}); err != nil {
				return err
			}
		}
		if !slices.Equal(before.Skills.Langs, m.Skills.Langs) || !slices.Equal(before.Skills.Areas, m.Skills.Areas) {
			data := map[string]string{"langs": strings.Join(m.Skills.Langs, " "), "areas": strings.Join(m.Skills.Areas, " ")}
			if err := tx.Audit(actor, SkillsChanged, staffID, data); err != nil {
				return err
			}
		}
		return tx.UpdateStaff(m)
	})
}

// SetDisabled switches an account off, which ends its sessions, or on again.
// The last admin stays.
func (s *Service) SetDisabled(ctx context.Context, actor, staffID string, disabled bool) error {
	return s.act(ctx, actor, ManageAccounts, func(tx Tx, _ ticket.Staff) error {
		m, err := tx.StaffByID(staffID)
		if err != nil || m.Disabled == disabled {
			return err
		}
		action := AccountEnabled
		if disabled {
			action = AccountDisabled
			if err := lastAdmin(tx, m); err != nil {
				return err
			}
			if err := tx.DeleteSessions(staffID, ""); err != nil {
				return err
			}
		}
		m.Disabled = disabled
		if err := tx.UpdateStaff(m); err != nil {
			return err
		}
		return tx.Audit(actor, action, staffID, nil)
	})
}

// SetNamedContact says who looks after a customer (D-22); staffID "" for
// nobody.
func (s *Service) SetNamedContact(ctx context.Context, actor, customerID, staffID string) error {
	return s.act(ctx, actor, ManageAccounts, func(tx Tx, _ ticket.Staff) error {
		if staffID != "" {
			if m, err := tx.StaffByID(staffID); err != nil {
				return err
			} else if !m.Active() {
				return errs.InvalidFields(errs.Field{Name: "contact", Key: "error.field.choice"})
			}
		}
		if err := tx.SetNamedContact(customerID, staffID); err != nil {
			return err
		}
		return tx.Audit(actor, ContactChanged, customerID, map[string]string{"contact": staffID})
	})
}

// SaveOwn changes a person's own name and language.
func (s *Service) SaveOwn(ctx context.Context, staffID, name, lang string) error {
	return s.Store.InTx(ctx, func(tx Tx) error {
		m, err := tx.StaffByID(staffID)
		if err != nil {
			return err
		}
		p := Profile{Name: name, Role: m.Role}
		if err := p.clean(func(string) bool { return true }); err != nil {
			return err
		}
		m.Name, m.Lang = p.Name, lang
		return tx.UpdateStaff(m)
	})
}
