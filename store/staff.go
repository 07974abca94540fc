package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/json"

	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

func scanStaff(r rowScanner) (ticket.Staff, error) {
	var s ticket.Staff
	var skills string
	var disabled sql.NullInt64
	if err := r.Scan(&s.ID, &s.Email, &s.Name, &s.Lang, &s.Role, &s.PasswordHash, &skills, &disabled, &s.TOTPSecret); err != nil {
		return s, err
	}
	s.Disabled = disabled.Valid
	return s, json.Unmarshal([]byte(skills), &s.Skills)
}

const staffColumns = "s.id, s.email, s.name, s.lang, s.role, s.password_hash, s.skills, s.disabled_at, s.totp_secret"

// CountStaff counts the accounts that somebody can sign in with; none means
// that the first start is not over. Those of a made-up year have no password.
func (db *DB) CountStaff(ctx context.Context) (int, error) {
	rows, err := db.get(ctx, "SELECT COUNT(*) FROM staff WHERE password_hash <> ''")
	n, err := first(rows, err, scanInt)
	return int(n), err
}

// StaffByEmail finds an account; kind not_found when there is none.
func (db *DB) StaffByEmail(ctx context.Context, email string) (ticket.Staff, error) {
	rows, err := db.get(ctx, "SELECT "+staffColumns+" FROM staff s WHERE s.email = $1", email)
	return first(rows, err, scanStaff)
}

// StaffNames maps staff ids to names, for timelines.
func (db *DB) StaffNames(ctx context.Context) (map[string]string, error) {
	rows, err := db.get(ctx, "SELECT id, name FROM staff")
	names := map[string]string{}
	_, err = collect(rows, err, func(r rowScanner) (struct{}, error) {
		var id, name string
		err := r.Scan(&id, &name)
		names[id] = name
		return struct{}{}, err
	})
	return names, err
}

// Team lists the accounts in use, for mentions and assignments.
func (tx *Tx) Team() ([]ticket.Staff, error) {
	rows, err := tx.query("SELECT " + staffColumns + " FROM staff s WHERE s.disabled_at IS NULL ORDER BY s.id")
	return collect(rows, err, scanStaff)
}

// CreateFirstStaff stores the very first account; kind conflict when there is
// one already, however many ask at once.
func (db *DB) CreateFirstStaff(ctx context.Context, s ticket.Staff) error {
	return db.InTx(ctx, func(tx *Tx) error {
		// The row in settings decides between several that ask at once.
		n, err := tx.exec("INSERT INTO settings (name, value) VALUES ('first_staff', $1) ON CONFLICT (name) DO NOTHING", s.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.Newf(errs.Conflict, "error.staff.exists", "a staff account exists already")
		}
		return tx.InsertStaff(s)
	})
}

// Setting reads a stored setting; kind not_found when it was never set.
func (db *DB) Setting(ctx context.Context, name string) (string, error) {
	rows, err := db.get(ctx, "SELECT value FROM settings WHERE name = $1", name)
	return first(rows, err, scanText)
}

// SetSetting stores a setting.
func (db *DB) SetSetting(ctx context.Context, name, value string) error {
	return db.InTx(ctx, func(tx *Tx) error { return tx.SetSetting(name, value) })
}

// SetSetting stores a setting.
func (tx *Tx) SetSetting(name, value string) error {
	_, err := tx.exec("INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)
	return err
}

// Secret is the random key of this installation, made on first use and shared
// by all processes on the database. Links and form tokens are derived from it.
func (db *DB) Secret(ctx context.Context) ([]byte, error) {
	const name = "secret"
	var text string
	err := db.InTx(ctx, func(tx *Tx) error {
		var fresh [32]byte
		_, _ = rand.Read(fresh[:]) // never fails
		rows, err := tx.query(`INSERT INTO settings (name, value) VALUES ($1, $2)
			ON CONFLICT (name) DO UPDATE SET value = settings.value RETURNING value`, name, base64.StdEncoding.EncodeToString(fresh[:]))
		text, err = first(rows, err, scanText)
		return err
	})
	if err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(text)
}

// InsertToken stores an API token under its hash.
func (db *DB) InsertToken(ctx context.Context, hash, name, scope string) error {
	return db.InTx(ctx, func(tx *Tx) error {
		_, err := tx.exec("INSERT INTO api_tokens (token_hash, name, scope, created_at) VALUES ($1, $2, $3, $4)", hash, name, scope, millis(tx.now))
		return err
	})
}

// TokenScope is what an API token may do; kind not_found when it is unknown.
func (db *DB) TokenScope(ctx context.Context, hash string) (string, error) {
	rows, err := db.get(ctx, "SELECT scope FROM api_tokens WHERE token_hash = $1", hash)
	return first(rows, err, scanText)
}
