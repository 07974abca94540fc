package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/store/storetest"
)

// submissions is how many people press "send" at once in each round.
const submissions = 200

// TestKill kills the program with SIGKILL at random moments of 200 concurrent
// submissions and starts it again on the same data. Each client repeats its
// form with the same token until it sees a tracking number, as a browser's
// reload does. RICOCHET_SOAK=1 does it hundreds of times.
func TestKill(t *testing.T) {
	rounds := map[string]int{"sqlite": 5, "postgres": 2}
	if os.Getenv("RICOCHET_SOAK") != "" {
		rounds = map[string]int{"sqlite": 250, "postgres": 50}
	}
	t.Run("sqlite", func(t *testing.T) {
		data := t.TempDir()
		k := &killing{t: t, data: data, args: []string{"--rate-limit", "off"}, acked: map[string]string{}}
		k.rounds(rounds["sqlite"])
		db := database(t, data, "mode=ro")
		if got := column[string](t, db, "PRAGMA integrity_check"); len(got) != 1 || got[0] != "ok" {
			t.Errorf("integrity_check: %v", got)
		}
		if got := column[string](t, db, `SELECT "table" FROM pragma_foreign_key_check`); len(got) > 0 {
			t.Errorf("foreign_key_check: %v", got)
		}
		k.judge(db)
	})
	t.Run("postgres", func(t *testing.T) {
		dsn := storetest.Postgres(t)
		k := &killing{t: t, data: t.TempDir(), args: []string{"--rate-limit", "off", "--database", dsn}, acked: map[string]string{}}
		k.rounds(rounds["postgres"])
		k.judge(open(t, "pgx", dsn))
	})
}

func open(t testing.TB, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
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

// database opens the SQLite file in a data folder; options are of its name, as
// in "mode=ro". It waits for the program's locks.
func database(t testing.TB, data, options string) *sql.DB {
	t.Helper()
	return open(t, "sqlite", fmt.Sprintf("file:%s?_pragma=busy_timeout(%d)&%s", filepath.Join(data, store.FileName), patience.Milliseconds(), options))
}

// column reads a query's only column.
func column[T any](t testing.TB, db *sql.DB, query string) []T {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }() // its error is in rows.Err
	var all []T
	for rows.Next() {
		var v T
		if err := rows.Scan(&v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// killing is the people who send and whoever kills.
type killing struct {
	t    *testing.T
	data string
	args []string
	site atomic.Pointer[site] // the one that runs, for the clients

	mu    sync.Mutex
	acked map[string]string // form token -> tracking number
	early int               // acknowledged before the kill of their round
}

func (k *killing) rounds(n int) {
	s := serve(k.t, k.data, k.args...)
	s.mishaps = true // a killed client's connection may be logged
	k.site.Store(s)
	for round := range n {
		s = k.round(round, s)
		if k.t.Failed() {
			return
		}
	}
	k.repeat()
	s.stop()
	k.t.Logf("%d rounds: %d submissions, %d of them acknowledged before the kill of their round", n, len(k.acked), k.early)
	if k.early == 0 {
		k.t.Error("no kill came after an acknowledgement: the rounds prove nothing")
	}
}

// round sends, kills in the middle, starts again and waits for everybody. A
// file goes with every tenth message.
func (k *killing) round(round int, s *site) *site {
	ctx, cancel := context.WithTimeout(k.t.Context(), 2*patience)
	defer cancel()
	before := len(k.acked)
	var people sync.WaitGroup
	for i := range submissions {
		people.Go(func() { k.send(ctx, round, i) })
	}
	// The kill comes at a random moment between the first acknowledgement
	// and the last one.
	at := before + rand.IntN(submissions*3/4)
	until(k.t, "acknowledgements", func() bool { return k.count() > at })
	s.kill()
	k.early += k.count() - before
	next := serve(k.t, k.data, k.args...)
	next.mishaps = true
	k.site.Store(next)
	people.Wait()
	if got := k.count() - before; got != submissions {
		k.t.Fatalf("round %d: %d of %d acknowledged", round, got, submissions)
	}
	return next
}

func (k *killing) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.acked)
}

// send is one person, who tries until there is a number.
func (k *killing) send(ctx context.Context, round, i int) {
	token := fmt.Sprintf("kill-round-%04d-person-%03d", round, i)
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	for ctx.Err() == nil {
		if number := k.try(round, i, token); number != "" {
			k.mu.Lock()
			k.acked[token] = number
			k.mu.Unlock()
			return
		}
		<-pause.C
	}
}

// try sends the form once and gives the number that was acknowledged, "" for
// none: the program is down, or on its way there.
func (k *killing) try(round, i int, token string) string {
	v := k.site.Load().visitor()
	form := message(token)
	form.Set("email", fmt.Sprintf("person%d@round%d.example", i, round))
	form.Set("subject", token)
	var files []upload
	if i%10 == 0 {
		files = append(files, upload{"journal.txt", strings.Repeat(token+"\n", 200+i)})
	}
	contentType, body := multipartForm(form, files...)
	p, err := v.try(http.MethodPost, "/fr/contact", contentType, bytes.NewReader(body))
	if err != nil {
		return ""
	}
	if p.status != http.StatusOK && p.status != http.StatusServiceUnavailable {
		k.t.Errorf("%s: status %d", token, p.status)
	}
	return ticketNumber.FindString(p.body)
}

// repeat sends some acknowledged forms once more: a reload after the restart.
func (k *killing) repeat() {
	n := 0
	for token, number := range k.acked {
		if n++; n > 20 {
			return
		}
		var round, i int
		if _, err := fmt.Sscanf(token, "kill-round-%d-person-%d", &round, &i); err != nil {
			k.t.Fatal(err)
		}
		if again := k.try(round, i, token); again != number {
			k.t.Errorf("token %s: first %s, after a reload %s", token, number, again)
		}
	}
}

// judge compares what was acknowledged with what is stored.
func (k *killing) judge(db *sql.DB) {
	t := k.t
	stored := map[string]int{}
	for _, pair := range column[string](t, db, "SELECT number || ' ' || subject FROM tickets") {
		stored[pair]++
	}
	for token, number := range k.acked {
		if n := stored[number+" "+token]; n != 1 {
			t.Errorf("acknowledged %s of %s is stored %d times", number, token, n)
		}
	}
	if len(stored) != len(k.acked) {
		t.Errorf("%d tickets for %d form tokens", len(stored), len(k.acked))
	}
	for what, query := range map[string]string{
		"a token with two tickets":          "SELECT subject FROM tickets GROUP BY subject HAVING COUNT(*) > 1",
		"a ticket without its first event":  "SELECT number FROM tickets WHERE id NOT IN (SELECT ticket_id FROM ticket_events WHERE seq = 1)",
		"a ticket without one message":      "SELECT number FROM tickets t WHERE 1 <> (SELECT COUNT(*) FROM messages m WHERE m.ticket_id = t.id)",
		"a ticket without its attempt":      "SELECT number FROM tickets WHERE id NOT IN (SELECT ticket_id FROM attempts WHERE outcome = 'ticket')",
		"a ticket nobody will be told of":   "SELECT number FROM tickets t WHERE 'ack:' || t.id NOT IN (SELECT dedupe FROM mails) AND 'ticket.created:' || t.id NOT IN (SELECT dedupe FROM jobs)",
		"a mail that is written twice":      "SELECT dedupe FROM mails GROUP BY dedupe HAVING COUNT(*) > 1",
		"a message of a file without a row": "SELECT subject FROM tickets WHERE subject LIKE '%0' AND id NOT IN (SELECT ticket_id FROM attachments)",
	} {
		if got := column[string](t, db, query); len(got) > 0 {
			t.Errorf("%s: %v", what, got)
		}
	}
	k.files(db)
}

// files compares the attachments' rows with the files.
func (k *killing) files(db *sql.DB) {
	rows := column[string](k.t, db, "SELECT id || ' ' || sha256 || ' ' || size FROM attachments")
	if len(rows) == 0 {
		k.t.Error("no attachment was stored")
	}
	for _, row := range rows {
		var id, sum string
		var size int
		if _, err := fmt.Sscan(row, &id, &sum, &size); err != nil {
			k.t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(k.data, "attachments", id))
		if err != nil {
			k.t.Error(err)
			continue
		}
		if got := sha256.Sum256(data); hex.EncodeToString(got[:]) != sum || len(data) != size {
			k.t.Errorf("attachment %s is not what was sent", id)
		}
	}
}
