package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/internal/jobs"
)

// Group commit for SQLite. One goroutine owns the only writing connection;
// writes that wait while it works are run in one transaction, each in its own
// savepoint, and none is answered before the one fsync of their commit. A
// write that fails rolls back its savepoint alone.

const (
	// maxGroup bounds one commit, and so the time its first member waits.
	maxGroup = 128
	// backgroundShare is how many writes that somebody waits for let one of
	// background work into their commit: it goes on, slowly, under any load.
	backgroundShare = 64
	// calm is how long nobody may have waited for a write before background
	// work gets commits of its own. Between two writes of a busy minute there
	// are moments without one, and a commit begun then makes the next one wait.
	calm = 20 * time.Millisecond
)

// request is one waiting write.
type request struct {
	ctx    context.Context
	fn     func(*Tx) error
	tx     *Tx
	err    error
	panick any
	done   chan struct{}
}

func (db *DB) startWriter(ctx context.Context) error {
	c, err := db.write.Conn(ctx)
	if err != nil {
		return fmt.Errorf("writer connection: %w", err)
	}
	w := &writer{db: db, conn: c, stmts: stmtCache{conn: c}}
	db.done.Add(1)
	go func() {
		defer db.done.Done()
		w.run()
	}()
	return nil
}

// InTx runs fn in a transaction that is durable when InTx returns nil. fn must
// use only its Tx, may be run again, and sees one instant as now. The error of fn is returned as it is.
func (db *DB) InTx(ctx context.Context, fn func(*Tx) error) error {
	if db.engine == Postgres {
		return db.inPostgresTx(ctx, fn)
	}
	r := &request{ctx: ctx, fn: fn, done: make(chan struct{})}
	queue := db.queue
	if jobs.IsBackground(ctx) {
		queue = db.later
	}
	select {
	case <-db.stop:
		return errs.Newf(errs.Unavailable, "", "database closed")
	case <-ctx.Done():
		return wrap(ctx.Err())
	case queue <- r:
	}
	select {
	case <-r.done:
	case <-db.stop:
		// The writer drains the queue before it ends; done tells whether it
		// still reached this request.
		db.done.Wait()
		select {
		case <-r.done:
		default:
			return errs.Newf(errs.Unavailable, "", "database closed")
		}
	}
	if r.panick != nil {
		panic(r.panick)
	}
	return wrap(r.err)
}

// writer is the goroutine that owns the writing connection.
type writer struct {
	db     *DB
	conn   *sql.Conn
	stmts  stmtCache
	earned int // writes done since background work had its share
}

func (w *writer) run() {
	defer func() {
		w.stmts.closeAll()
		if err := w.conn.Close(); err != nil && !errors.Is(err, sql.ErrConnDone) {
			w.db.log.Warn("close writer", "err", err)
		}
	}()
	quiet := time.NewTimer(calm)
	defer quiet.Stop()
	later := w.db.later
	for {
		select {
		case r := <-w.db.queue:
			w.db.traffic.come()
			w.group(w.collect(r))
			later = nil
			quiet.Reset(calm)
		case <-quiet.C:
			w.db.traffic.calm()
			later = w.db.later
		case r := <-later:
			w.group(take([]*request{r}, w.db.later, maxGroup))
		case <-w.db.stop:
			w.drain()
			return
		}
	}
}

// drain commits what still waits when the database is closed.
func (w *writer) drain() {
	for {
		select {
		case r := <-w.db.queue:
			w.group(w.collect(r))
		case r := <-w.db.later:
			w.group(take([]*request{r}, w.db.later, maxGroup))
		default:
			return
		}
	}
}

// collect takes what is waiting behind first, and the share of background
// work that the writes since the last one have earned.
func (w *writer) collect(first *request) []*request {
	// Requests that are about to ask for a write get to it, and share the fsync.
	runtime.Gosched()
	rs := take([]*request{first}, w.db.queue, maxGroup)
	urgent := len(rs)
	w.earned = min(w.earned+urgent, maxGroup)
	rs = take(rs, w.db.later, urgent+w.earned/backgroundShare)
	w.earned -= (len(rs) - urgent) * backgroundShare
	return rs
}

// take moves what waits in queue to rs until it has room members.
func take(rs []*request, queue <-chan *request, room int) []*request {
	for len(rs) < room {
		select {
		case r := <-queue:
			rs = append(rs, r)
		default:
			return rs
		}
	}
	return rs
}

// group commits rs together, at first without savepoints, which cost a tenth
// of the time and are needed only when a member fails: then the group is
// rolled back and run again, each member in a savepoint of its own. When the
// engine itself ends the transaction (a full disk does that), all that were
// not answered fail; nothing half-done is kept.
func (w *writer) group(rs []*request) {
	err := w.exec("BEGIN IMMEDIATE")
	if err == nil {
		if !w.runPlain(rs) {
			w.rollback()
			if err = w.exec("BEGIN IMMEDIATE"); err == nil {
				err = w.runApart(rs)
			}
		}
		if err == nil {
			err = w.exec("COMMIT")
		}
		if err != nil {
			w.rollback()
		}
	} else if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) {
		w.reconnect()
	}
	w.db.noteWrite(slices.ContainsFunc(rs, func(r *request) bool { return !jobs.IsBackground(r.ctx) }))
	for _, r := range rs {
		if r.err == nil && err != nil {
			r.err = err
		} else if r.err == nil && r.panick == nil {
			r.tx.committed()
		}
		close(r.done)
	}
}

// runPlain runs the members one after the other and stops at the first that
// fails. A member whose caller has left is passed over.
func (w *writer) runPlain(rs []*request) bool {
	for _, r := range rs {
		if r.err = r.ctx.Err(); r.err != nil {
			continue
		}
		if w.call(r); r.err != nil || r.panick != nil {
			return false
		}
	}
	return true
}

// runApart runs each member in its savepoint; an error means the whole
// transaction is gone.
func (w *writer) runApart(rs []*request) error {
	for _, r := range rs {
		r.panick = nil
		if r.err = r.ctx.Err(); r.err != nil {
			continue
		}
		if err := w.exec("SAVEPOINT one"); err != nil {
			return err
		}
		if w.call(r); r.err != nil || r.panick != nil {
			if err := w.exec("ROLLBACK TO one"); err != nil {
				return errors.Join(r.err, err)
			}
		}
		if err := w.exec("RELEASE one"); err != nil {
			return err
		}
	}
	return nil
}

// call runs a member with a fresh Tx. A cancelled request must not interrupt a
// statement: SQLite would roll back the others with it.
func (w *writer) call(r *request) {
	defer func() { r.panick = recover() }()
	r.tx = &Tx{ctx: context.WithoutCancel(r.ctx), db: w.db, q: w.conn, stmts: &w.stmts, now: w.db.clock.Now()}
	r.err = r.fn(r.tx)
}

func (w *writer) exec(stmt string) error {
	s, err := w.stmts.prepare(context.Background(), stmt)
	if err != nil {
		return err
	}
	_, err = s.Exec()
	return err
}

func (w *writer) rollback() {
	// Fails when the engine has already rolled back, which is what is wanted.
	if _, err := w.conn.ExecContext(context.Background(), "ROLLBACK"); err != nil {
		w.db.log.Debug("roll back group", "err", err)
	}
}

func (w *writer) reconnect() {
	w.stmts.closeAll()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	c, err := w.db.write.Conn(ctx)
	if err != nil {
		w.db.log.Error("reopen database", "err", err)
		return
	}
	w.conn = c
	w.stmts.conn = c
}

// stmtCache keeps prepared statements of one connection or pool.
type stmtCache struct {
	mu   sync.Mutex
	conn *sql.Conn
	db   *sql.DB
	m    map[string]*sql.Stmt
}

func (c *stmtCache) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.m[text]; s != nil {
		return s, nil
	}
	var s *sql.Stmt
	var err error
	if c.conn != nil {
		s, err = c.conn.PrepareContext(ctx, text)
	} else {
		s, err = c.db.PrepareContext(ctx, text)
	}
	if err != nil {
		return nil, err
	}
	if c.m == nil {
		c.m = map[string]*sql.Stmt{}
	}
	c.m[text] = s
	return s, nil
}

func (c *stmtCache) closeAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.m {
		// A statement of a lost connection cannot be closed; nothing is left to do.
		_ = s.Close()
	}
	c.m = nil
}
