// Package storetest opens throw-away databases for tests, on both engines.
package storetest

import (
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"log/slog"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/store"
)

// PostgresEnv names the variable with the URL of a PostgreSQL server on which
// tests may create databases. `make test` sets it.
const PostgresEnv = "RICOCHET_TEST_POSTGRES"

// Start is the instant at which the tests' clocks begin: a Monday morning.
var Start = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// Run runs f as a subtest on SQLite and on PostgreSQL, each with a fresh
// database and a clock that stands at Start. Without a server the PostgreSQL
// half is skipped, and fails when CI=true.
func Run(t *testing.T, f func(t *testing.T, db *store.DB, c *clock.Manual)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		c := clock.NewManual(Start)
		f(t, Open(t, store.Options{Dir: t.TempDir(), Clock: c}), c)
	})
	t.Run("postgres", func(t *testing.T) {
		c := clock.NewManual(Start)
		f(t, Open(t, store.Options{Database: Postgres(t), Clock: c}), c)
	})
}

// Open opens a database that is closed when the test ends.
func Open(t testing.TB, o store.Options) *store.DB {
	t.Helper()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	db, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// Postgres creates an empty database on the test server and returns its URL;
// the database is dropped when the test ends.
func Postgres(t testing.TB) string {
	t.Helper()
	server := os.Getenv(PostgresEnv)
	if server == "" {
		msg := PostgresEnv + " is not set; `make test` starts a server where it may install one"
		if os.Getenv("CI") == "true" {
			t.Fatal(msg)
		}
		t.Skip(msg)
	}
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	var b [6]byte
	_, _ = rand.Read(b[:])
	name := "ricochet_test_" + hex.EncodeToString(b[:])
	if _, err := admin.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
		if err := admin.Close(); err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}
