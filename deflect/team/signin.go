package team

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// SecondFactorSetting is the setting that lists the roles that must have a
// second factor, as a JSON array.
const SecondFactorSetting = "second_factor_roles"

// freeTries is how many wrong codes in a row cost nothing; each further one
// doubles the wait, from one minute up to an hour. Whoever guesses codes has
// the password already, so waiting harms nobody else.
const (
	freeTries = 5
	maxWait   = time.Hour
)

// codeWait is how long after the last of n wrong codes the next may be tried.
func codeWait(n int) time.Duration {
	if n < freeTries {
		return 0
	}
	return min(time.Minute<<min(n-freeTries, 10), maxWait)
}

// StartSession stores a sign-in that is complete.
func (s *Service) StartSession(ctx context.Context, staffID, hash, agent string, age time.Duration) error {
	return s.Store.InTx(ctx, func(tx Tx) error {
		if err := tx.InsertSession(hash, staffID, agent, tx.Now().Add(age)); err != nil {
			return err
		}
		return tx.Audit(staffID, SignedIn, staffID, nil)
	})
}

// EndSession ends one sign-in of a person.
func (s *Service) EndSession(ctx context.Context, staffID, hash string) error {
	return s.Store.InTx(ctx, func(tx Tx) error {
		if err := tx.DeleteSession(staffID, hash); err != nil {
			return err
		}
		return tx.Audit(staffID, SignedOut, staffID, nil)
	})
}

// EndSessions signs a person out everywhere but in the session to keep.
func (s *Service) EndSessions(ctx context.Context, staffID, keep string) error {
	return s.Store.InTx(ctx, func(tx Tx) error {
		if err := tx.DeleteSessions(staffID, keep); err != nil {
			return err
		}
		return tx.Audit(staffID, SignedOutAll, staffID, nil)
	})
}

// ChangePassword stores a person's new password and signs the other sessions
// out.
func (s *Service) ChangePassword(ctx context.Context, staffID, passwordHash, keep string) error {
	return s.Store.InTx(ctx, func(tx Tx) error {
		m, err := tx.StaffByID(staffID)
		if err != nil {
			return err
		}
		m.PasswordHash = passwordHash
		if err := tx.UpdateStaff(m); err != nil {
			return err
		}
		if err := tx.DeleteSessions(staffID, keep); err != nil {
			return err
		}
		return tx.Audit(staffID, PasswordChanged, staffID, nil)
	})
}

// CheckCode takes the second step of a sign-in: a time-based code, or one of
// the recovery codes, each of which works once. Kind rate_limited after too
// many wrong ones in a row, invalid when the code is wrong.
func (s *Service) CheckCode(ctx context.Context, staffID, code string) error {
	var refused error
	err := s.Store.InTx(ctx, func(tx Tx) error {
		m, err := tx.StaffByID(staffID)
		if err != nil {
			return err
		}
		n, last, err := tx.CodeFailures(staffID)
		if err != nil {
			return err
		}
		if wait := last.Add(codeWait(n)).Sub(tx.Now()); n >= freeTries && wait > 0 {
			return &errs.Error{Kind: errs.RateLimited, RetryAfter: wait}
		}
		ok, err := useCode(tx, m, code)
		if err != nil || ok {
			return err
		}
		// The failure must be kept, so it is no error of the transaction.
		refused = errs.InvalidFields(errs.Field{Name: "code", Key: "error.field.code"})
		if err := tx.FailCode(staffID); err != nil {
			return err
		}
		return tx.Audit("", SignInFailed, staffID, map[string]string{"step": "code"})
	})
	if err == nil {
		err = refused
	}
	return err
}

func useCode(tx Tx, m ticket.Staff, code string) (bool, error) {
	if step, ok := CheckTOTP(m.TOTPSecret, code, tx.Now()); ok {
		return tx.UseTOTPStep(m.ID, step)
	}
	plain := plainRecovery(code)
	if plain == "" {
		return false, nil
	}
	ok, err := tx.UseRecovery(m.ID, HashSecret(plain))
	if err == nil && ok {
		err = tx.Audit(m.ID, RecoveryUsed, m.ID, nil)
	}
	return ok, err
}

// EnableTOTP sets the second factor once its first code is right, and gives
// fresh recovery codes, which are shown once: only their hashes are kept.
func (s *Service) EnableTOTP(ctx context.Context, staffID, secret, code string) (recovery []string, err error) {
	err = s.Store.InTx(ctx, func(tx Tx) error {
		m, err := tx.StaffByID(staffID)
		if err != nil {
			return err
		}
		step, ok := CheckTOTP(secret, code, tx.Now())
		if ok {
			ok, err = tx.UseTOTPStep(staffID, step)
		}
		if err != nil {
			return err
		}
		if !ok {
			return errs.InvalidFields(errs.Field{Name: "code", Key: "error.field.code"})
		}
		m.TOTPSecret = secret
		if err := tx.UpdateStaff(m); err != nil {
			return err
		}
		recovery = newRecoveryCodes()
		hashes := make([]string, len(recovery))
		for i, c := range recovery {
			hashes[i] = HashSecret(plainRecovery(c))
		}
		if err := tx.ReplaceRecovery(staffID, hashes); err != nil {
			return err
		}
		return tx.Audit(staffID, TOTPEnabled, staffID, nil)
	})
	return recovery, err
}

// DisableTOTP takes the second factor off: one's own, or, for an admin,
// somebody's who lost phone and codes.
func (s *Service) DisableTOTP(ctx context.Context, actor, staffID string) error {
	return s.Store.InTx(ctx, func(tx Tx) error {
		me, err := tx.StaffByID(actor)
		if err != nil {
			return err
		}
		if actor != staffID {
			if err := Require(me.Role, ManageAccounts); err != nil {
				return err
			}
		}
		m, err := tx.StaffByID(staffID)
		if err != nil {
			return err
		}
		m.TOTPSecret = ""
		if err := tx.UpdateStaff(m); err != nil {
			return err
		}
		if err := tx.ReplaceRecovery(staffID, nil); err != nil {
			return err
		}
		return tx.Audit(actor, TOTPDisabled, staffID, nil)
	})
}

// SetSecondFactorRoles says which roles must have a second factor.
func (s *Service) SetSecondFactorRoles(ctx context.Context, actor string, roles []ticket.Role) error {
	for _, r := range roles {
		if !slices.Contains(ticket.Roles, r) {
			return errs.InvalidFields(errs.Field{Name: "roles", Key: "error.field.choice"})
		}
	}
	value, err := json.Marshal(roles)
	if err != nil {
		return err
	}
	return s.act(ctx, actor, ManageSettings, func(tx Tx, _ ticket.Staff) error {
		if err := tx.SetSetting(SecondFactorSetting, string(value)); err != nil {
			return err
		}
		return tx.Audit(actor, SettingChanged, SecondFactorSetting, map[string]string{"to": string(value)})
	})
}

// NeedsSecondFactor says whether a role must have one, by the stored value of
// SecondFactorSetting ("" for never set).
func NeedsSecondFactor(setting string, role ticket.Role) (bool, error) {
	if setting == "" {
		return false, nil
	}
	var roles []ticket.Role
	err := json.Unmarshal([]byte(setting), &roles)
	return slices.Contains(roles, role), err
}
