package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/vmcloud/ricochet/internal/htmlcheck"
	"github.com/vmcloud/ricochet/store"
)

// unavailable wants 503 and the form with what was typed.
func unavailable(t testing.TB, what string, p page) {
	t.Helper()
	p.want(t, what, http.StatusServiceUnavailable)
	if n := ticketNumber.FindString(p.body); n != "" {
		t.Errorf("%s: acknowledged as %s", what, n)
	}
	p.check(t, htmlcheck.In("textarea", htmlcheck.HasText("pouvez-vous m’aider")), htmlcheck.In("#f-email", htmlcheck.HasAttr("value", "camille.martin@example.org")),
		htmlcheck.In(".form-errors"))
}

// TestFullDisk gives the program a disk of its own that is a few MiB large,
// fills it while people send, and makes room again.
func TestFullDisk(t *testing.T) {
	data := t.TempDir()
	// A user namespace may mount without being root.
	small := []string{"unshare", "-Urm", "sh", "-c", `mount -t tmpfs -o size=24m,mode=700 tmpfs "$0" && mkdir "$0/tmp" && TMPDIR="$0/tmp" exec "$@"`, data}
	if out, err := exec.Command(small[0], append(small[1:], "true")...).CombinedOutput(); err != nil {
		skip(t, "a small disk cannot be mounted here (unshare -Urm): %v %s", err, out)
	}
	s := serveBy(t, data, small, "--rate-limit", "off")
	s.mishaps = true
	disk := fmt.Sprintf("/proc/%d/root%s", s.cmd.Process.Pid, data) // as the program sees it
	v := s.visitor()
	acked := map[string]bool{v.post("/fr/contact", message("full-disk-before-it")).number(t): true}

	ballast := filepath.Join(disk, "ballast")
	fill(t, ballast)
	form := message("full-disk-while-it-is")
	form.Set("message", "Bonjour, pouvez-vous m’aider ? "+strings.Repeat("Le disque est plein. ", 900))
	var refused page
	for i := range 400 { // what is left in the log's pages takes some messages still
		form.Set("form_token", fmt.Sprintf("full-disk-while-it-is-%d", i))
		refused = v.post("/fr/contact", form)
		if refused.status != http.StatusOK {
			break
		}
		acked[refused.number(t)] = true
	}
	unavailable(t, "a message on a full disk", refused)
	unavailable(t, "a file on a full disk", v.postFiles("/fr/contact", message("full-disk-with-a-file"), upload{"a.txt", strings.Repeat("a", 4<<20)}))
	v.get("/fr/products/vps").want(t, "reading on a full disk", http.StatusOK)
	v.get("/fr/search?q=vps").want(t, "searching on a full disk", http.StatusOK)

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	acked[v.post("/fr/contact", form).number(t)] = true
	acked[v.postFiles("/fr/contact", message("full-disk-with-a-file"), upload{"a.txt", strings.Repeat("a", 4<<20)}).number(t)] = true

	// What is on that disk ends with the program: a backup brings it here.
	copied, here := filepath.Join(t.TempDir(), "copy.tar.gz"), t.TempDir()
	inside := []string{"nsenter", "-t", fmt.Sprint(s.cmd.Process.Pid), "-U", "-m", "--preserve-credentials"}
	if out, err := ricochetBy(t, inside, "backup", copied, "--data", data); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := ricochet(t, "restore", copied, "--data", here); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	stored(t, here, acked)
	(&killing{t: t, data: here}).files(database(t, here, "mode=ro"))
}

// fill writes a file until the disk is full.
func fill(t testing.TB, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	block := bytes.Repeat([]byte("x"), 4096)
	for err == nil {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// stored wants the tickets of a data folder to be the acknowledged ones.
func stored(t testing.TB, data string, acked map[string]bool) {
	t.Helper()
	db := database(t, data, "mode=ro")
	there := map[string]bool{}
	for _, n := range column[string](t, db, "SELECT number FROM tickets") {
		there[n] = true
		if !acked[n] {
			t.Errorf("%s is stored and was never acknowledged", n)
		}
	}
	for n := range acked {
		if !there[n] {
			t.Errorf("%s was acknowledged and is not stored", n)
		}
	}
	if got := column[string](t, db, "PRAGMA integrity_check"); len(got) != 1 || got[0] != "ok" {
		t.Errorf("integrity_check: %v", got)
	}
}

// TestLockedDatabase lets another process hold the write lock for longer than
// the program waits.
func TestLockedDatabase(t *testing.T) {
	data := t.TempDir()
	s := serve(t, data, "--rate-limit", "off")
	s.mishaps = true
	other := database(t, data, "_txlock=immediate")
	// SQLite answers "busy" at once, timeout or not, while the program's own
	// first writes and their checkpoint are under way.
	var tx *sql.Tx
	until(t, "the write lock", func() (ok bool) {
		var err error
		tx, err = other.Begin()
		return err == nil
	})
	v := s.visitor()
	form := message("locked-database-token")
	done := make(chan page)
	go func() {
		p, err := v.try("POST", "/fr/contact", "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
		if err != nil {
			t.Error(err)
		}
		done <- p
	}()
	reader := s.visitor()
	for _, path := range []string{"/fr/", "/fr/products/vps", "/fr/search?q=vps", "/fr/contact"} {
		what := path + " while the database is locked"
		quick(t, what, func() { reader.get(path).want(t, what, http.StatusOK) }) // readers do not need the lock
	}
	unavailable(t, "a message while the database is locked", <-done)
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	acked := map[string]bool{v.post("/fr/contact", form).number(t): true}
	stored(t, data, acked)
}

// crowd sends messages until told to stop and notes every number it was given.
type crowd struct {
	s     *site
	stop  context.CancelFunc
	group sync.WaitGroup
	mu    sync.Mutex
	acked map[string]bool
}

func newCrowd(s *site, people int) *crowd {
	ctx, stop := context.WithCancel(context.Background())
	c := &crowd{s: s, stop: stop, acked: map[string]bool{}}
	for i := range people {
		c.group.Go(func() {
			v := s.visitor()
			for n := 0; ctx.Err() == nil; n++ {
				form := message(fmt.Sprintf("crowd-person-%d-message-%d", i, n))
				form.Set("email", fmt.Sprintf("crowd%d@example.org", i))
				p, err := v.try("POST", "/fr/contact", "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
				if err != nil {
					return // the site is gone
				}
				if number := ticketNumber.FindString(p.body); number != "" {
					c.mu.Lock()
					c.acked[number] = true
					c.mu.Unlock()
				}
			}
		})
	}
	return c
}

func (c *crowd) seen() map[string]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := map[string]bool{}
	for n := range c.acked {
		all[n] = true
	}
	return all
}

// TestShutdown stops the program while people send: what was acknowledged is
// stored, what was not may come again.
func TestShutdown(t *testing.T) {
	data := t.TempDir()
	s := serve(t, data, "--rate-limit", "off")
	c := newCrowd(s, 20)
	until(t, "100 acknowledgements", func() bool { return len(c.seen()) >= 100 })
	s.stop()
	c.stop()
	c.group.Wait()
	db := database(t, data, "mode=ro")
	there := map[string]bool{}
	for _, n := range column[string](t, db, "SELECT number FROM tickets") {
		there[n] = true
	}
	for n := range c.seen() {
		if !there[n] {
			t.Errorf("%s was acknowledged and is not stored", n)
		}
	}
	if extra := len(there) - len(c.seen()); extra > 20 {
		t.Errorf("%d tickets whose sender was never told, with 20 people", extra)
	}
}

// TestBackup copies the data while people write, checks and restores the
// copy, and refuses damaged ones.
func TestBackup(t *testing.T) {
	data, copies := t.TempDir(), t.TempDir()
	s := serve(t, data, "--rate-limit", "off")
	v := s.visitor()
	v.postFiles("/fr/contact", message("backup-with-a-file-1"), upload{"journal.txt", strings.Repeat("a line\n", 10_000)}).number(t)
	c := newCrowd(s, 8)
	until(t, "50 acknowledgements", func() bool { return len(c.seen()) >= 50 })
	before := c.seen()
	file := filepath.Join(copies, "copy.tar.gz")
	if out, err := ricochet(t, "backup", file, "--data", data); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	c.stop()
	c.group.Wait()
	if _, err := ricochet(t, "backup", file, "--data", data); err == nil {
		t.Error("a second backup overwrote the first")
	}
	if out, err := ricochet(t, "restore", "--check", file); err != nil || !strings.Contains(out, "sound") {
		t.Errorf("check: %v\n%s", err, out)
	}
	restored := t.TempDir()
	if out, err := ricochet(t, "restore", file, "--data", restored); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if _, err := ricochet(t, "restore", file, "--data", data); err == nil || !strings.Contains(err.Error(), "holds data already") {
		t.Errorf("restoring over data: %v", err)
	}
	db := database(t, restored, "mode=ro")
	there := map[string]bool{}
	for _, n := range column[string](t, db, "SELECT number FROM tickets") {
		there[n] = true
	}
	for n := range before {
		if !there[n] {
			t.Errorf("%s was acknowledged before the backup and is not in it", n)
		}
	}
	(&killing{t: t, data: restored}).files(db)
	if got := column[string](t, db, `SELECT "table" FROM pragma_foreign_key_check`); len(got) > 0 {
		t.Errorf("foreign_key_check of the restored data: %v", got)
	}
	// The restored site is the same: old forms and sent messages are known.
	again := serve(t, restored)
	sent := message("crowd-person-0-message-0")
	sent.Set("email", "crowd0@example.org")
	if got := again.visitor().post("/fr/contact", sent).number(t); !there[got] {
		t.Errorf("a message that had been sent before became %s after the restore", got)
	}
	damaged(t, file)
}

// A copy made by an older program is restored as it was and migrated then; one
// of a newer program is refused before anything is made.
func TestRestoreOfAnotherVersion(t *testing.T) {
	newest, err := store.NewestSchema()
	if err != nil {
		t.Fatal(err)
	}
	into := t.TempDir()
	if out, err := ricochet(t, "restore", copyOf(t, 1), "--data", into); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	db := database(t, into, "mode=ro")
	if got := column[int64](t, db, "SELECT MAX(version_id) FROM goose_db_version"); got[0] != newest {
		t.Errorf("the restored data has schema %d, want %d", got[0], newest)
	}
	if got := column[string](t, db, "SELECT value FROM settings WHERE name = 'kept'"); len(got) != 1 || got[0] != "still here" {
		t.Errorf("the setting of the copy: %q", got)
	}
	for _, schema := range []int64{0, newest + 1} {
		into = filepath.Join(t.TempDir(), "new")
		if _, err := ricochet(t, "restore", copyOf(t, schema), "--data", into); err == nil || !strings.Contains(err.Error(), "with the version that made it") {
			t.Errorf("schema %d: %v", schema, err)
		}
		if _, err := os.Stat(into); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("schema %d: the refused restore left something (%v)", schema, err)
		}
	}
}

// copyOf is a copy of a schema with a single setting in it.
func copyOf(t *testing.T, schema int64) string {
	t.Helper()
	row := []byte(`{"name":"kept","value":"still here"}` + "\n")
	sum := sha256.Sum256(row)
	const name = "tables/settings.jsonl"
	m, err := json.Marshal(manifest{Program: "ricochet", Schema: schema, Members: map[string]entry{
		name: {Size: int64(len(row)), SHA256: hex.EncodeToString(sum[:]), Rows: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	zw := gzip.NewWriter(&out)
	tw := tar.NewWriter(zw)
	for _, f := range []struct {
		name string
		data []byte
	}{{name, row}, {manifestName, m}} {
		err = errors.Join(err, tw.WriteHeader(&tar.Header{Name: f.name, Mode: 0o600, Size: int64(len(f.data))}))
		_, wrong := tw.Write(f.data)
		err = errors.Join(err, wrong)
	}
	file := filepath.Join(t.TempDir(), "copy.tar.gz")
	if err = errors.Join(err, tw.Close(), zw.Close(), os.WriteFile(file, out.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	return file
}

// damaged wants every broken copy to be refused.
func damaged(t *testing.T, file string) {
	sound, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"cut in half": sound[:len(sound)/2], "its end missing": sound[:len(sound)-20], "empty": nil, "something else": []byte("hello"),
		"a byte changed": flipped(sound, len(sound)/2), "a byte near the end changed": flipped(sound, len(sound)-200),
	} {
		broken := filepath.Join(t.TempDir(), "broken.tar.gz")
		if err := os.WriteFile(broken, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := ricochet(t, "restore", "--check", broken); err == nil {
			t.Errorf("%s: the check finds it sound: %s", name, out)
		}
		into := t.TempDir()
		if _, err := ricochet(t, "restore", broken, "--data", into); err == nil {
			t.Errorf("%s: restored", name)
		}
		if left, err := os.ReadDir(into); err != nil || len(left) > 0 {
			t.Errorf("%s: the refused restore left %v (%v)", name, left, err)
		}
	}
}

func flipped(data []byte, at int) []byte {
	changed := bytes.Clone(data)
	changed[at] ^= 0x55
	return changed
}

// TestInterruptedUpload leaves in the middle of a file: nothing is kept of it.
func TestInterruptedUpload(t *testing.T) {
	data := t.TempDir()
	s := serve(t, data)
	contentType, body := multipartForm(message("interrupted-upload-1"), upload{"a.txt", strings.Repeat("a", 3<<20)})
	r, w := io.Pipe()
	go func() {
		_, _ = w.Write(body[:2<<20])
		_ = w.CloseWithError(errors.New("the line is cut"))
	}()
	if _, err := s.visitor().try("POST", "/fr/contact", contentType, r); err == nil {
		t.Error("the cut upload was answered")
	}
	until(t, "the half file is gone", func() bool {
		left, err := os.ReadDir(filepath.Join(data, "attachments"))
		return err == nil && len(left) == 0
	})
	stored(t, data, nil)
}
