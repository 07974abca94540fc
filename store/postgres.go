package store

import (
	"context"
	"database/sql"
	"errors"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
)

// isPostgresUnavailable recognises a server that is gone, full, or shutting
// down: SQLSTATE classes 08, 53, 57 and errors before any answer.
func isPostgresUnavailable(err error) bool {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return len(pe.Code) == 5 && (pe.Code[:2] == "08" || pe.Code[:2] == "53" || pe.Code[:2] == "57")
	}
	var ce *pgconn.ConnectError
	var ne net.Error
	return errors.As(err, &ce) || errors.As(err, &ne)
}

// isPostgresRetry recognises a transaction that lost against another and may
// succeed when run again: serialization failure, deadlock, and a unique key
// that somebody else took after this transaction had looked for it.
func isPostgresRetry(err error) bool {
	var pe *pgconn.PgError
	return errors.As(err, &pe) && (pe.Code == "40001" || pe.Code == "40P01" || pe.Code == "23505")
}

const postgresTries = 5

func (db *DB) inPostgresTx(ctx context.Context, fn func(*Tx) error) error {
	for try := 1; ; try++ {
		err := db.oncePostgres(ctx, fn)
		if err == nil || try == postgresTries || !isPostgresRetry(err) {
			return wrap(err)
		}
	}
}

func (db *DB) oncePostgres(ctx context.Context, fn func(*Tx) error) error {
	t, err := db.write.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return err
	}
	tx := &Tx{ctx: ctx, db: db, q: t, now: db.clock.Now()}
	finished := false
	defer func() {
		// Also reached by a panic in fn: the connection must not keep the locks.
		if !finished {
			if err := t.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
				db.log.Warn("roll back", "err", err)
			}
		}
	}()
	if err := fn(tx); err != nil {
		return err
	}
	finished = true
	if err := t.Commit(); err != nil {
		return err
	}
	tx.committed()
	return nil
}
