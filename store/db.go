// Package store is the SQL of Ricochet: one hand-written text for SQLite (the
// default) and PostgreSQL. It is dumb on purpose; rules live in the domain
// packages, whose small Store and Tx interfaces it implements.
//
// Placeholders are $1, $2 ... and appear in that order in every statement:
// SQLite numbers them by first appearance, PostgreSQL by name.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"modernc.org/sqlite"

	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/internal/errs"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Engine names the database in use.
type Engine string

// The engines.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// Options says which database to open.
type Options struct {
	Dir      string // data folder of the SQLite file, created when missing
	Database string // postgres://...; "" means SQLite in Dir
	Clock    clock.Clock
	Log      *slog.Logger
	Schema   int64 // to migrate no further than this, for a copy made by an older program; 0 for the newest
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	engine Engine
	read   *sql.DB
	write  *sql.DB
	clock  clock.Clock
	log    *slog.Logger
	wake   func()    // set by OnEnqueue before the first write
	stmts  stmtCache // prepared statements of the read pool
	period atomic.Pointer[knownPeriod]

	traffic traffic

	queue  chan *request // SQLite: writes waiting for the next group commit
	later  chan *request // SQLite: writes of background work, which let the others go first
	wrote  chan struct{} // SQLite: something was committed since the last checkpoint
	waited chan struct{} // SQLite: and somebody waited for it
	stop   chan struct{}
	done   sync.WaitGroup
	close  sync.Once
}

// FileName is the SQLite database inside the data folder.
const FileName = "ricochet.db"

// Open opens the database, creates it when missing and brings its schema up
// to date. A schema newer than this program is refused.
func Open(ctx context.Context, o Options) (*DB, error) {
	db := &DB{clock: o.Clock, log: o.Log, stop: make(chan struct{}), queue: make(chan *request, 1024), later: make(chan *request, 64), wrote: make(chan struct{}, 1), waited: make(chan struct{}, 1)}
	var err error
	if o.Database != "" {
		err = db.openPostgres(o.Database)
	} else {
		err = db.openSQLite(o.Dir)
	}
	if err != nil {
		return nil, err
	}
	db.stmts.db = db.read
	if err := db.migrate(ctx, o.Schema); err != nil {
		if db.engine == SQLite {
			err = fmt.Errorf("%s: %w", filepath.Join(o.Dir, FileName), err)
		}
		return nil, errors.Join(err, db.closePools())
	}
	if db.engine == SQLite {
		if err := db.startCheckpoints(ctx, filepath.Join(o.Dir, FileName)); err != nil {
			return nil, errors.Join(err, db.closePools())
		}
		if err := db.startWriter(ctx); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	return db, nil
}

func (db *DB) openPostgres(dsn string) error {
	db.engine = Postgres
	if u, err := url.Parse(dsn); err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return errs.Newf(errs.Invalid, "", "database: want a URL such as postgres://user:password@host/name")
	}
	pool, err := sql.Open("pgx", dsn)
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	pool.SetMaxOpenConns(32)
	pool.SetMaxIdleConns(32)
	db.read, db.write = pool, pool
	return nil
}

// sqliteURI opens with busy_timeout first: every later pragma may meet a lock.
// synchronous=FULL makes an acknowledged ticket survive a power cut.
func sqliteURI(path, mode string) string {
	q := url.Values{"_pragma": {
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)",
		"cache_size(-16000)", "temp_store(MEMORY)", fmt.Sprintf("wal_autocheckpoint(%d)", maxLogPages),
	}, "_txlock": {"immediate"}}
	if mode != "" {
		q.Set("mode", mode)
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

func (db *DB) openSQLite(dir string) error {
	db.engine = SQLite
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	// What SQLite says of a folder it cannot write to names neither the folder
	// nor the reason.
	probe, err := os.CreateTemp(dir, ".writable-*")
	if err == nil {
		err = errors.Join(probe.Close(), os.Remove(probe.Name()))
	}
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	path := filepath.Join(dir, FileName)
	if db.write, err = sql.Open("sqlite", sqliteURI(path, "")); err != nil {
		return fmt.Errorf("database: %w", err)
	}
	db.write.SetMaxOpenConns(1)
	if db.read, err = sql.Open("sqlite", sqliteURI(path, "")); err != nil {
		return fmt.Errorf("database: %w", err)
	}
	db.read.SetMaxOpenConns(8)
	db.read.SetMaxIdleConns(8)
	return nil
}

// NewestSchema is the schema that this program works with.
func NewestSchema() (int64, error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || len(files) == 0 {
		return 0, fmt.Errorf("migrations: %d files: %w", len(files), err)
	}
	return goose.NumericComponent(files[len(files)-1])
}

func (db *DB) migrate(ctx context.Context, schema int64) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	dialect := database.DialectSQLite3
	if db.engine == Postgres {
		dialect = database.DialectPostgres
		unlock, err := db.lockMigrations(ctx)
		if err != nil {
			return err
		}
		defer unlock()
	}
	p, err := goose.NewProvider(dialect, db.write, dir)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	has, err := p.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("schema version: %w", err)
	}
	sources := p.ListSources()
	if newest := sources[len(sources)-1].Version; has > newest {
		return errs.Newf(errs.Unavailable, "", "the database has schema %d, this program knows %d: run the newer ricochet", has, newest)
	}
	if schema > 0 {
		_, err = p.UpTo(ctx, schema)
	} else {
		_, err = p.Up(ctx)
	}
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// lockMigrations makes several processes that start at once on one PostgreSQL
// migrate one after the other.
func (db *DB) lockMigrations(ctx context.Context) (func(), error) {
	c, err := db.write.Conn(ctx)
	if err != nil {
		return nil, errs.New(errs.Unavailable, "", fmt.Errorf("connect to the database: %w", err))
	}
	const key = 0x7269636f // "rico"
	if _, err := c.ExecContext(ctx, "SELECT pg_advisory_lock($1)", key); err != nil {
		return nil, errors.Join(fmt.Errorf("lock migrations: %w", err), c.Close())
	}
	return func() {
		// The lock ends with the session whatever happens here.
		if _, err := c.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", key); err != nil {
			db.log.Warn("unlock migrations", "err", err)
		}
		if err := c.Close(); err != nil {
			db.log.Warn("close migration connection", "err", err)
		}
	}, nil
}

// Engine is the database in use.
func (db *DB) Engine() Engine { return db.engine }

// Ping says whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.read.PingContext(ctx); err != nil {
		return errs.New(errs.Unavailable, "", err)
	}
	return nil
}

// Close finishes the waiting writes and closes the database.
func (db *DB) Close() error {
	var err error
	db.close.Do(func() {
		close(db.stop)
		db.done.Wait()
		err = db.closePools()
	})
	return err
}

func (db *DB) closePools() error {
	db.stmts.closeAll()
	if db.read == db.write {
		return db.write.Close()
	}
	return errors.Join(db.read.Close(), db.write.Close())
}

// millis is the stored form of an instant.
func millis(t time.Time) int64 { return t.UnixMilli() }

// instant is the Go form of a stored instant.
func instant(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// optInstant is the Go form of a nullable instant: the zero time for NULL.
func optInstant(v sql.NullInt64) time.Time {
	if !v.Valid {
		return time.Time{}
	}
	return instant(v.Int64)
}

// optMillis is the stored form of an instant that may be zero.
func optMillis(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMilli(), Valid: !t.IsZero()}
}

// optText stores "" as NULL, for unique and foreign keys.
func optText(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// primary result codes of SQLite that mean "the storage cannot do it now":
// BUSY, LOCKED, NOMEM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL.
var unavailableSQLite = map[int]bool{5: true, 6: true, 7: true, 8: true, 10: true, 11: true, 13: true, 14: true, 15: true}

// wrap gives a driver's error its kind, so that a full disk or a locked
// database becomes 503 and everything else stays a defect of ours.
func wrap(err error) error {
	if err == nil {
		return nil
	}
	var known *errs.Error
	if errors.As(err, &known) {
		return err
	}
	if errors.Is(err, sql.ErrNoRows) {
		return errs.New(errs.NotFound, "", err)
	}
	var se *sqlite.Error
	if errors.As(err, &se) && unavailableSQLite[se.Code()&0xff] {
		return errs.New(errs.Unavailable, "", err)
	}
	if isPostgresUnavailable(err) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.Is(err, sql.ErrConnDone) {
		return errs.New(errs.Unavailable, "", err)
	}
	return err
}
