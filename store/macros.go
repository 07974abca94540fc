package store

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/vmcloud/ricochet/deflect/team"
)

const selectMacros = "SELECT id, texts, state, tags, uses, used_at, version, archived, updated_by, updated_at FROM macros "

func scanMacro(r rowScanner) (team.Macro, error) {
	var m team.Macro
	var texts, tags string
	var used sql.NullInt64
	var archived, updated int64
	if err := r.Scan(&m.ID, &texts, &m.State, &tags, &m.Uses, &used, &m.Version, &archived, &m.UpdatedBy, &updated); err != nil {
		return m, err
	}
	m.UsedAt, m.Archived, m.UpdatedAt = optInstant(used), archived == 1, instant(updated)
	if err := json.Unmarshal([]byte(texts), &m.Texts); err != nil {
		return m, err
	}
	return m, json.Unmarshal([]byte(tags), &m.Tags)
}

// Macros lists all macros, archived ones included, the most used first.
func (db *DB) Macros(ctx context.Context) ([]team.Macro, error) {
	rows, err := db.get(ctx, selectMacros+"ORDER BY uses DESC, id")
	return collect(rows, err, scanMacro)
}

// MacroByID finds a macro; kind not_found when there is none.
func (db *DB) MacroByID(ctx context.Context, id string) (team.Macro, error) {
	rows, err := db.get(ctx, selectMacros+"WHERE id = $1", id)
	return first(rows, err, scanMacro)
}

// MacroByID finds a macro; kind not_found when there is none.
func (tx *Tx) MacroByID(id string) (team.Macro, error) {
	rows, err := tx.query(selectMacros+"WHERE id = $1", id)
	return first(rows, err, scanMacro)
}

func macroJSON(m team.Macro) (texts, tags string, err error) {
	if m.Tags == nil {
		m.Tags = []string{}
	}
	t, err := json.Marshal(m.Texts)
	if err != nil {
		return "", "", err
	}
	g, err := json.Marshal(m.Tags)
	return string(t), string(g), err
}

// InsertMacro stores a new macro; ok is false when its id exists.
func (tx *Tx) InsertMacro(m team.Macro) (ok bool, err error) {
	texts, tags, err := macroJSON(m)
	if err != nil {
		return false, err
	}
	n, err := tx.exec(`INSERT INTO macros (id, texts, state, tags, uses, version, archived, updated_by, updated_at)
		VALUES ($1, $2, $3, $4, 0, 1, $5, $6, $7) ON CONFLICT (id) DO NOTHING`,
		m.ID, texts, m.State, tags, flag(m.Archived), m.UpdatedBy, millis(m.UpdatedAt))
	return n > 0, err
}

// UpdateMacro stores a macro if its version is still m.Version, and raises
// it; ok is false when somebody else was faster.
func (tx *Tx) UpdateMacro(m team.Macro) (ok bool, err error) {
	texts, tags, err := macroJSON(m)
	if err != nil {
		return false, err
	}
	n, err := tx.exec(`UPDATE macros SET texts = $1, state = $2, tags = $3, archived = $4, updated_by = $5, updated_at = $6, version = version + 1
		WHERE id = $7 AND version = $8`, texts, m.State, tags, flag(m.Archived), m.UpdatedBy, millis(m.UpdatedAt), m.ID, m.Version)
	return n > 0, err
}

// CountMacroUse notes that a reply was sent that was made from a macro.
func (db *DB) CountMacroUse(ctx context.Context, id string) error {
	return db.InTx(ctx, func(tx *Tx) error {
		_, err := tx.exec("UPDATE macros SET uses = uses + 1, used_at = $1 WHERE id = $2", millis(tx.now), id)
		return err
	})
}
