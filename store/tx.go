package store

import (
	"context"
	"database/sql"
	"time"
)

// querier is what a *sql.Conn, *sql.Tx and *sql.DB have in common.
type querier interface {
	ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}

// Tx is a running transaction. It implements the Tx interfaces that the
// domain packages declare. It is not safe for concurrent use and must not
// outlive the function it was given to.
type Tx struct {
	ctx   context.Context
	db    *DB
	q     querier
	stmts *stmtCache // nil on PostgreSQL: the driver caches by itself
	now   time.Time
	after []func()
}

// Now is the instant of the transaction.
func (tx *Tx) Now() time.Time { return tx.now }

// AfterCommit runs f once the transaction is durable.
func (tx *Tx) AfterCommit(f func()) { tx.after = append(tx.after, f) }

func (tx *Tx) committed() {
	for _, f := range tx.after {
		f()
	}
}

// exec runs a statement and says how many rows it touched.
func (tx *Tx) exec(text string, args ...any) (int64, error) {
	var res sql.Result
	var err error
	if tx.stmts != nil {
		s, perr := tx.stmts.prepare(tx.ctx, text)
		if perr != nil {
			return 0, perr
		}
		res, err = s.ExecContext(tx.ctx, args...)
	} else {
		res, err = tx.q.ExecContext(tx.ctx, text, args...)
	}
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (tx *Tx) query(text string, args ...any) (*sql.Rows, error) {
	if tx.stmts != nil {
		s, err := tx.stmts.prepare(tx.ctx, text)
		if err != nil {
			return nil, err
		}
		return s.QueryContext(tx.ctx, args...)
	}
	return tx.q.QueryContext(tx.ctx, text, args...)
}

// rowScanner reads the columns of the current row.
type rowScanner interface{ Scan(dest ...any) error }

// collect reads every row with scan and closes rows.
func collect[T any](rows *sql.Rows, err error, scan func(rowScanner) (T, error)) ([]T, error) {
	if err != nil {
		return nil, wrap(err)
	}
	defer func() { _ = rows.Close() }() // its error is in rows.Err
	var all []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, wrap(err)
		}
		all = append(all, v)
	}
	return all, wrap(rows.Err())
}

// first reads one row, or reports sql.ErrNoRows as not found.
func first[T any](rows *sql.Rows, err error, scan func(rowScanner) (T, error)) (T, error) {
	var none T
	all, err := collect(rows, err, scan)
	if err != nil {
		return none, err
	}
	if len(all) == 0 {
		return none, wrap(sql.ErrNoRows)
	}
	return all[0], nil
}

// get reads outside a transaction, from the reading pool.
func (db *DB) get(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	s, err := db.stmts.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

// As narrows the database to the Store interface of a domain package: cast
// turns the transaction into the domain's own Tx interface.
type As[T any] struct {
	DB   *DB
	Cast func(*Tx) T
}

// InTx runs fn in a durable transaction; see DB.InTx.
func (a As[T]) InTx(ctx context.Context, fn func(T) error) error {
	return a.DB.InTx(ctx, func(tx *Tx) error { return fn(a.Cast(tx)) })
}
