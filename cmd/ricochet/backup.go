package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/store"
)

// A backup is a gzipped tar: tables/NAME.jsonl with one row a line, the
// attachments, and at the end manifest.json with a checksum of each member. It
// is the same for both engines, so that a copy taken from SQLite can be
// restored into PostgreSQL.
const manifestName = "manifest.json"

type manifest struct {
	Program string           `json:"program"`
	Schema  int64            `json:"schema"`
	At      time.Time        `json:"at"`
	Members map[string]entry `json:"members"`
}

type entry struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	Rows   int    `json:"rows,omitempty"`
}

type backupCmd struct {
	dataFlags
	File string `arg:"" help:"Where to write the copy (.tar.gz); it must not exist." type:"path"`
}

// Run writes the copy under a temporary name and renames it when it is whole
// and on disk.
func (cmd backupCmd) Run(ctx context.Context, con console) (err error) {
	if _, err := os.Lstat(cmd.File); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("backup: %s exists already; choose another name", cmd.File)
	}
	if cmd.Database == "" && os.Getenv("RICOCHET_DATABASE_FILE") == "" {
		if _, err := os.Stat(filepath.Join(cmd.Data, store.FileName)); err != nil {
			return fmt.Errorf("backup: no data in %s: %w", cmd.Data, err)
		}
	}
	db, err := cmd.open(ctx, con)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tmp, err := os.CreateTemp(filepath.Dir(cmd.File), ".backup-*")
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer func() {
		_ = tmp.Close()           // closed already when all went well
		_ = os.Remove(tmp.Name()) // renamed already when all went well
	}()
	m, err := cmd.write(ctx, db, tmp)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := errors.Join(tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := os.Rename(tmp.Name(), cmd.File); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	fmt.Fprintf(con.out, "%s: %d members, %d tickets\n", cmd.File, len(m.Members), m.Members["tables/tickets.jsonl"].Rows)
	return nil
}

func (cmd backupCmd) write(ctx context.Context, db *store.DB, to io.Writer) (manifest, error) {
	m := manifest{Program: "ricochet", At: clock.System{}.Now(), Members: map[string]entry{}}
	dump, err := db.Dump(ctx)
	if err != nil {
		return m, err
	}
	defer func() { _ = dump.Close() }() // nothing was written to it
	if m.Schema, err = dump.SchemaVersion(ctx); err != nil {
		return m, err
	}
	zw := gzip.NewWriter(to)
	tw := tar.NewWriter(zw)
	for _, table := range dump.Tables() {
		if err := addTable(ctx, tw, dump, table, &m); err != nil {
			return m, fmt.Errorf("table %s: %w", table, err)
		}
	}
	// Files are on disk before the row that names them commits, so every file
	// of the view above is here.
	dir := filepath.Join(cmd.Data, "attachments")
	files, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return m, err
	}
	for _, f := range files {
		if strings.HasPrefix(f.Name(), ".") {
			continue // still being uploaded
		}
		if err := addFile(tw, filepath.Join(dir, f.Name()), "attachments/"+f.Name(), &m); err != nil {
			return m, err
		}
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return m, err
	}
	err = tw.WriteHeader(&tar.Header{Name: manifestName, Mode: 0o600, Size: int64(len(text)), ModTime: m.At})
	if err == nil {
		_, err = tw.Write(text)
	}
	return m, errors.Join(err, tw.Close(), zw.Close())
}

// addTable spools a table to a file first: tar wants its size beforehand.
func addTable(ctx context.Context, tw *tar.Writer, d *store.Dump, table string, m *manifest) error {
	f, err := os.CreateTemp("", "ricochet-*")
	if err != nil {
		return err
	}
	defer func() {
		_ = f.Close() // read to the end by then
		_ = os.Remove(f.Name())
	}()
	rows, err := d.Write(ctx, table, f)
	if err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return addMember(tw, f, "tables/"+table+".jsonl", rows, m)
}

func addFile(tw *tar.Writer, from, name string, m *manifest) error {
	f, err := os.Open(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // an upload that was given up meanwhile
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it is only read
	return addMember(tw, f, name, 0, m)
}

func addMember(tw *tar.Writer, f *os.File, name string, rows int, m *manifest) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := tw.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: info.Size(), ModTime: m.At}); err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(tw, sum), f)
	m.Members[name] = entry{Size: n, SHA256: hex.EncodeToString(sum.Sum(nil)), Rows: rows}
	return err
}

type restoreCmd struct {
	dataFlags
	File  string `arg:"" help:"A copy made by ricochet backup." type:"existingfile"`
	Check bool   `help:"Only check the copy; restore nothing."`
}

// Run checks the whole copy first and restores nothing when anything in it is
// wrong or the destination is not empty. A copy made by an older program is
// restored as that program had it, and migrated then.
func (cmd restoreCmd) Run(ctx context.Context, con console) (err error) {
	m, err := checkBackup(cmd.File)
	if err != nil {
		return fmt.Errorf("restore: %s: %w", cmd.File, err)
	}
	tickets := m.Members["tables/tickets.jsonl"].Rows
	if cmd.Check {
		fmt.Fprintf(con.out, "%s: sound; made %s, schema %d, %d tickets\n", cmd.File, m.At.Format(time.RFC3339), m.Schema, tickets)
		return nil
	}
	newest, err := store.NewestSchema()
	if err != nil {
		return err
	}
	if m.Schema < 1 || m.Schema > newest {
		return fmt.Errorf("restore: the copy has schema %d, this program knows 1 to %d: restore it with the version that made it", m.Schema, newest)
	}
	if err := cmd.fill(ctx, con, m); err != nil {
		return err
	}
	db, err := cmd.open(ctx, con)
	if err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return err
	}
	fmt.Fprintf(con.out, "restored %d tickets from %s\n", tickets, cmd.File)
	return nil
}

// fill loads the copy into an empty destination of the same schema.
func (cmd restoreCmd) fill(ctx context.Context, con console, m manifest) (err error) {
	db, err := cmd.openSchema(ctx, con, m.Schema)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if empty, err := db.Empty(ctx); err != nil || !empty {
		return errors.Join(err, errors.New("restore: the destination holds data already; name an empty --data folder or --database"))
	}
	schema, err := db.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	if schema != m.Schema {
		return fmt.Errorf("restore: the copy has schema %d, the destination already %d: name a new --data folder or --database", m.Schema, schema)
	}
	if err := cmd.attachments(); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	err = db.Restore(ctx, func(load func(string, io.Reader) (int, error)) error {
		return eachMember(cmd.File, func(name string, r io.Reader) error {
			table, ok := strings.CutSuffix(strings.TrimPrefix(name, "tables/"), ".jsonl")
			if !ok {
				return nil
			}
			n, err := load(table, r)
			if err == nil && n != m.Members[name].Rows {
				err = fmt.Errorf("table %s: %d rows, want %d", table, n, m.Members[name].Rows)
			}
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return nil
}

// attachments writes the files of the copy.
func (cmd restoreCmd) attachments() error {
	dir := filepath.Join(cmd.Data, "attachments")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return eachMember(cmd.File, func(name string, r io.Reader) error {
		base, ok := strings.CutPrefix(name, "attachments/")
		if !ok {
			return nil
		}
		f, err := os.OpenFile(filepath.Join(dir, base), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, r)
		return errors.Join(err, f.Sync(), f.Close())
	})
}

// checkBackup reads the whole copy and compares every member with the manifest.
func checkBackup(file string) (manifest, error) {
	var m manifest
	seen := map[string]entry{}
	err := eachMember(file, func(name string, r io.Reader) error {
		if name == manifestName {
			return json.NewDecoder(r).Decode(&m)
		}
		sum := sha256.New()
		n, err := io.Copy(sum, r)
		seen[name] = entry{Size: n, SHA256: hex.EncodeToString(sum.Sum(nil))}
		return err
	})
	if err != nil {
		return m, err
	}
	if m.Program != "ricochet" {
		return m, errors.New("not a copy made by ricochet backup, or cut short: it has no manifest")
	}
	for name, want := range m.Members {
		got, ok := seen[name]
		if !ok {
			return m, fmt.Errorf("%s is missing", name)
		}
		if got.Size != want.Size || got.SHA256 != want.SHA256 {
			return m, fmt.Errorf("%s is damaged: its checksum differs", name)
		}
	}
	if len(seen) != len(m.Members) {
		return m, fmt.Errorf("%d members, the manifest names %d", len(seen), len(m.Members))
	}
	return m, nil
}

// eachMember calls f for every file of the tar. Names that would lead out of
// the folder are refused.
func eachMember(file string, f func(name string, r io.Reader) error) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it is only read
	zr, err := gzip.NewReader(in)
	if err != nil {
		return fmt.Errorf("not a copy made by ricochet backup: %w", err)
	}
	tr := tar.NewReader(zr)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		dir, base := path.Split(h.Name)
		if h.Typeflag != tar.TypeReg || !filepath.IsLocal(h.Name) || base == "" || dir != "" && dir != "tables/" && dir != "attachments/" {
			return fmt.Errorf("unexpected member %q", h.Name)
		}
		if err := f(h.Name, tr); err != nil {
			return err
		}
	}
}
