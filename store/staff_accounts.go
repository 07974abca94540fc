package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

const selectStaff = "SELECT " + staffColumns + " FROM staff s "

// Staff lists every account, those that are disabled or still invited included.
func (db *DB) Staff(ctx context.Context) ([]ticket.Staff, error) {
	rows, err := db.get(ctx, selectStaff+"ORDER BY s.name, s.id")
	return collect(rows, err, scanStaff)
}

// StaffByID finds an account; kind not_found when there is none.
func (db *DB) StaffByID(ctx context.Context, id string) (ticket.Staff, error) {
	rows, err := db.get(ctx, selectStaff+"WHERE s.id = $1", id)
	return first(rows, err, scanStaff)
}

// Staff lists every account, those that are disabled or still invited included.
func (tx *Tx) Staff() ([]ticket.Staff, error) {
	rows, err := tx.query(selectStaff + "ORDER BY s.name, s.id")
	return collect(rows, err, scanStaff)
}

// StaffByID finds an account; kind not_found when there is none.
func (tx *Tx) StaffByID(id string) (ticket.Staff, error) {
	rows, err := tx.query(selectStaff+"WHERE s.id = $1", id)
	return first(rows, err, scanStaff)
}

// StaffByEmail finds an account; kind not_found when there is none.
func (tx *Tx) StaffByEmail(email string) (ticket.Staff, error) {
	rows, err := tx.query(selectStaff+"WHERE s.email = $1", email)
	return first(rows, err, scanStaff)
}

// StaffWithRole lists the people with a role whose accounts work: those whom
// the alerts of D-18 go to.
func (tx *Tx) StaffWithRole(role ticket.Role) ([]ticket.Staff, error) {
	rows, err := tx.query(selectStaff+"WHERE s.role = $1 AND s.disabled_at IS NULL AND s.password_hash <> '' ORDER BY s.id", role)
	return collect(rows, err, scanStaff)
}

// InsertStaff stores a new account; kind conflict when the address has one.
func (tx *Tx) InsertStaff(s ticket.Staff) error {
	skills, err := json.Marshal(s.Skills)
	if err != nil {
		return err
	}
	n, err := tx.exec(`INSERT INTO staff (id, email, name, lang, role, password_hash, skills, totp_secret, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (email) DO NOTHING`,
		s.ID, s.Email, s.Name, s.Lang, s.Role, s.PasswordHash, string(skills), s.TOTPSecret, millis(tx.now))
	if err == nil && n == 0 {
		err = errs.Newf(errs.Conflict, "error.staff.email_taken", "an account with this address exists")
	}
	return err
}

// UpdateStaff stores everything about an account but its address.
func (tx *Tx) UpdateStaff(s ticket.Staff) error {
	skills, err := json.Marshal(s.Skills)
	if err != nil {
		return err
	}
	disabled := optMillis(time.Time{})
	if s.Disabled {
		disabled = optMillis(tx.now)
	}
	_, err = tx.exec(`UPDATE staff SET name = $1, lang = $2, role = $3, password_hash = $4, skills = $5, disabled_at = $6, totp_secret = $7 WHERE id = $8`,
		s.Name, s.Lang, s.Role, s.PasswordHash, string(skills), disabled, s.TOTPSecret, s.ID)
	return err
}

// InsertInvite stores the hash of a one-time link; earlier ones of the
// account stop working.
func (tx *Tx) InsertInvite(hash, staffID string, expires time.Time) error {
	if _, err := tx.exec("DELETE FROM staff_invites WHERE staff_id = $1 OR expires_at < $2", staffID, millis(tx.now)); err != nil {
		return err
	}
	_, err := tx.exec("INSERT INTO staff_invites (token_hash, staff_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
		hash, staffID, millis(tx.now), millis(expires))
	return err
}

// InvitedStaff is the account a one-time link was made for; kind not_found
// when the link is unknown, used or too old.
func (db *DB) InvitedStaff(ctx context.Context, hash string, now time.Time) (ticket.Staff, error) {
	rows, err := db.get(ctx, "SELECT "+staffColumns+" FROM staff_invites i JOIN staff s ON s.id = i.staff_id WHERE i.token_hash = $1 AND i.expires_at > $2", hash, millis(now))
	return first(rows, err, scanStaff)
}

// TakeInvite uses up a one-time link and gives its account; kind not_found
// when the link is unknown, used or too old.
func (tx *Tx) TakeInvite(hash string) (staffID string, err error) {
	rows, err := tx.query("DELETE FROM staff_invites WHERE token_hash = $1 AND expires_at > $2 RETURNING staff_id", hash, millis(tx.now))
	return first(rows, err, scanText)
}

// InsertSession stores a sign-in under the hash of its cookie. agent names
// the browser in a few words.
func (tx *Tx) InsertSession(hash, staffID, agent string, expires time.Time) error {
	if _, err := tx.exec("DELETE FROM staff_sessions WHERE expires_at < $1", millis(tx.now)); err != nil {
		return err
	}
	_, err := tx.exec("INSERT INTO staff_sessions (token_hash, staff_id, created_at, expires_at, seen_at, agent) VALUES ($1, $2, $3, $4, $5, $6)",
		hash, staffID, millis(tx.now), millis(expires), millis(tx.now), agent)
	return err
}

// StaffBySession finds who signed in with a cookie that has not expired, and
// when the session was last noted as used.
func (db *DB) StaffBySession(ctx context.Context, hash string, now time.Time) (ticket.Staff, time.Time, error) {
	type found struct {
		staff ticket.Staff
		seen  int64
	}
	rows, err := db.get(ctx, "SELECT t.seen_at, "+staffColumns+` FROM staff_sessions t JOIN staff s ON s.id = t.staff_id
		WHERE t.token_hash = $1 AND t.expires_at > $2 AND s.disabled_at IS NULL`, hash, millis(now))
	f, err := first(rows, err, func(r rowScanner) (found, error) {
		var f found
		var err error
		f.staff, err = scanStaff(after{r, &f.seen})
		return f, err
	})
	return f.staff, instant(f.seen), err
}

// after scans a first column into its own place and hands on the rest.
type after struct {
	rowScanner
	first any
}

// Scan reads the first column into after.first and the others into dest.
func (a after) Scan(dest ...any) error { return a.rowScanner.Scan(append([]any{a.first}, dest...)...) }

// TouchSession notes that a session was used.
func (db *DB) TouchSession(ctx context.Context, hash string) error {
	return db.InTx(ctx, func(tx *Tx) error {
		_, err := tx.exec("UPDATE staff_sessions SET seen_at = $1 WHERE token_hash = $2", millis(tx.now), hash)
		return err
	})
}

// SessionsOf lists the sign-ins of a person that have not expired, the last
// used first.
func (db *DB) SessionsOf(ctx context.Context, staffID string, now time.Time) ([]team.Session, error) {
	rows, err := db.get(ctx, `SELECT token_hash, agent, created_at, seen_at FROM staff_sessions
		WHERE staff_id = $1 AND expires_at > $2 ORDER BY seen_at DESC`, staffID, millis(now))
	return collect(rows, err, func(r rowScanner) (team.Session, error) {
		var s team.Session
		var created, seen int64
		err := r.Scan(&s.ID, &s.Agent, &created, &seen)
		s.Created, s.Seen = instant(created), instant(seen)
		return s, err
	})
}

// DeleteSession ends one sign-in of a person.
func (tx *Tx) DeleteSession(staffID, hash string) error {
	_, err := tx.exec("DELETE FROM staff_sessions WHERE staff_id = $1 AND token_hash = $2", staffID, hash)
	return err
}

// DeleteSessions ends the sign-ins of a person but the one to keep, "" for none.
func (tx *Tx) DeleteSessions(staffID, keep string) error {
	_, err := tx.exec("DELETE FROM staff_sessions WHERE staff_id = $1 AND token_hash <> $2", staffID, keep)
	return err
}

// UseTOTPStep notes that a code of a time step was used; ok is false when
// that step or a later one was used before, so each code works once.
func (tx *Tx) UseTOTPStep(staffID string, step int64) (ok bool, err error) {
	n, err := tx.exec("UPDATE staff SET totp_step = $1, code_failures = 0 WHERE id = $2 AND totp_step < $3", step, staffID, step)
	return n > 0, err
}

// CodeFailures is how many wrong codes in a row were given for an account, and
// when the last one was.
func (tx *Tx) CodeFailures(staffID string) (n int, last time.Time, err error) {
	type row struct{ n, at int64 }
	rows, err := tx.query("SELECT code_failures, code_failed_at FROM staff WHERE id = $1", staffID)
	f, err := first(rows, err, func(r rowScanner) (row, error) {
		var f row
		err := r.Scan(&f.n, &f.at)
		return f, err
	})
	return int(f.n), instant(f.at), err
}

// FailCode counts a wrong code.
func (tx *Tx) FailCode(staffID string) error {
	_, err := tx.exec("UPDATE staff SET code_failures = code_failures + 1, code_failed_at = $1 WHERE id = $2", millis(tx.now), staffID)
	return err
}

// ReplaceRecovery stores the hashes of fresh recovery codes; the old codes
// stop working. No hashes leave none.
func (tx *Tx) ReplaceRecovery(staffID string, hashes []string) error {
	if _, err := tx.exec("DELETE FROM staff_recovery WHERE staff_id = $1", staffID); err != nil {
		return err
	}
	for _, h := range hashes {
		if _, err := tx.exec("INSERT INTO staff_recovery (staff_id, code_hash) VALUES ($1, $2)", staffID, h); err != nil {
			return err
		}
	}
	return nil
}

// UseRecovery uses up a recovery code; ok is false when there is none with
// that hash left.
func (tx *Tx) UseRecovery(staffID, hash string) (ok bool, err error) {
	n, err := tx.exec("UPDATE staff_recovery SET used_at = $1 WHERE staff_id = $2 AND code_hash = $3 AND used_at IS NULL", millis(tx.now), staffID, hash)
	if err != nil || n == 0 {
		return false, err
	}
	_, err = tx.exec("UPDATE staff SET code_failures = 0 WHERE id = $1", staffID)
	return true, err
}

// RecoveryLeft counts the recovery codes a person has left.
func (db *DB) RecoveryLeft(ctx context.Context, staffID string) (int, error) {
	rows, err := db.get(ctx, "SELECT COUNT(*) FROM staff_recovery WHERE staff_id = $1 AND used_at IS NULL", staffID)
	n, err := first(rows, err, scanInt)
	return int(n), err
}
