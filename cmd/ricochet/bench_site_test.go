//go:build bench

package main

import (
	"bufio"
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/content"
)

// process is a server that was started for the measurements.
type process struct {
	addr  string
	cmd   *exec.Cmd
	ready time.Duration // from its start to its first answer
	data  string
	stop  func()
}

// freeAddr is an address nobody listens on.
func freeAddr(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// startProcess runs cmd, which listens on addr, and waits for a 200 from path.
func startProcess(t *testing.T, addr, path string, cmd *exec.Cmd) *process {
	t.Helper()
	logs := &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = io.Discard, logs
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{addr: addr, cmd: cmd}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	p.stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
		select {
		case <-exited:
		case <-time.After(30 * time.Second):
			_ = cmd.Process.Kill()
			<-exited
		}
	}
	for {
		status, _, err := fetch(addr, getBytes(addr, path))
		if err == nil && status == http.StatusOK {
			break
		}
		if time.Since(start) > 2*time.Minute {
			p.stop()
			t.Fatalf("%s: no 200 from %s: %d %v\n%s", cmd.Path, path, status, err, logs)
		}
		time.Sleep(200 * time.Microsecond)
	}
	p.ready = time.Since(start)
	return p
}

// serveSite starts the real program on a content and a data folder; "" for
// content is the built-in articles.
func serveSite(t *testing.T, bin, contentDir, data string) *process {
	t.Helper()
	addr := freeAddr(t)
	args := []string{"serve", "--listen", addr, "--data", data, "--rate-limit", "off", "--log-level", "error"}
	if contentDir != "" {
		args = append(args, "--content", contentDir)
	}
	cmd := exec.Command(bin, args...)
	cmd.Dir = t.TempDir() // no ricochet.yaml
	p := startProcess(t, addr, "/fr/", cmd)
	p.data = data
	return p
}

// memory is a line of /proc/PID/status in MiB: VmRSS, VmHWM.
func (p *process) memory(t *testing.T, key string) float64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), key+":")
	fields := strings.Fields(rest)
	if !ok || len(fields) == 0 {
		t.Fatalf("no %s", key)
	}
	kib, err := strconv.Atoi(fields[0])
	if err != nil {
		t.Fatal(err)
	}
	return float64(kib) / 1024
}

// Variables through which the test program starts itself as the baseline.
const (
	benchChild = "RICOCHET_BENCH_CHILD" // address to listen on
	benchBody  = "RICOCHET_BENCH_BODY"  // file with the gzipped page
)

// startBaseline runs a bare Gin server beside the site, in its own process.
func startBaseline(t *testing.T, page []byte) *process {
	t.Helper()
	dir := t.TempDir()
	body := filepath.Join(dir, "page.gz")
	if err := os.WriteFile(body, page, 0o600); err != nil {
		t.Fatal(err)
	}
	addr := freeAddr(t)
	cmd := exec.Command(os.Args[0], "-test.run", "^TestBench$")
	cmd.Env = append(os.Environ(), benchChild+"="+addr, benchBody+"="+body)
	cmd.Dir = dir
	return startProcess(t, addr, "/page", cmd)
}

// baseline is the child process of TestBench: what the machine gives a Gin server
// that only writes a ready page, and one that reads a row and fills a template.
func baseline(t *testing.T, addr string) {
	t.Helper()
	page, err := os.ReadFile(os.Getenv(benchBody))
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:row.db?_pragma=journal_mode(WAL)")
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{"CREATE TABLE rows (id INTEGER PRIMARY KEY, title TEXT, body TEXT)", "INSERT INTO rows VALUES (1, 'A request', '" + strings.Repeat("Some words about it. ", 100) + "')"} {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	row, err := db.Prepare("SELECT title, body FROM rows WHERE id = ?")
	if err != nil {
		t.Fatal(err)
	}
	tpl := template.Must(template.New("").Parse(`<!doctype html><title>{{.Title}}</title><h1>{{.Title}}</h1>{{range .List}}<p>{{$.Body}} {{.}}</p>{{end}}`))
	gin.SetMode(gin.ReleaseMode)
	g := gin.New()
	length := strconv.Itoa(len(page))
	g.GET("/page", func(c *gin.Context) {
		c.Header("Content-Encoding", "gzip")
		c.Header("Content-Length", length)
		c.Data(http.StatusOK, "text/html; charset=utf-8", page)
	})
	g.GET("/row", func(c *gin.Context) {
		var v struct {
			Title, Body string
			List        []int
		}
		if err := row.QueryRow(1).Scan(&v.Title, &v.Body); err != nil {
			c.Status(http.StatusInternalServerError)
			return
		}
		v.List = []int{1, 2, 3, 4}
		var b bytes.Buffer
		if err := tpl.Execute(&b, v); err != nil {
			c.Status(http.StatusInternalServerError)
			return
		}
		c.Header("Content-Length", strconv.Itoa(b.Len()))
		c.Data(http.StatusOK, "text/html; charset=utf-8", b.Bytes())
	})
	if err := http.ListenAndServe(addr, g); err != nil && !errors.Is(err, http.ErrServerClosed) {
		t.Fatal(err)
	}
}

// writeSite fills dir with pairs of articles: the built-in ones, then new ones
// whose sections are drawn from them, so that words, code, tables and links
// occur as often as in real ones. It returns a word that only article i has,
// for each i.
func writeSite(t *testing.T, dir string, pairs int) {
	t.Helper()
	if err := os.CopyFS(dir, content.FS); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "content.go")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	have := 0
	for _, lang := range []string{"fr", "en"} {
		folders := map[string][]string{} // sections of articles by folder: their links stay good
		have = 0
		err := fs.WalkDir(content.FS, lang, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || path.Ext(name) != ".md" || path.Base(name) == "_index.md" {
				return err
			}
			text, err := fs.ReadFile(content.FS, name)
			folders[path.Dir(name)] = append(folders[path.Dir(name)], splitSections(string(text))...)
			have++
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		names := []string{"products", "guides", "faq", "troubleshooting", "getting-started", "api"}
		rng := rand.New(rand.NewPCG(1, 2)) // both languages draw alike
		for i := have; i < pairs; i++ {
			folder := lang + "/" + names[rng.IntN(len(names))]
			if err := os.WriteFile(filepath.Join(dir, folder, fmt.Sprintf("topic-%04d.md", i)), newArticle(rng, i, folders[folder]), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// splitSections cuts an article at its level-two headings.
func splitSections(text string) []string {
	_, text, _ = strings.Cut(strings.TrimPrefix(text, "---\n"), "\n---\n")
	var parts []string
	var b strings.Builder
	fenced := false
	sc := bufio.NewScanner(strings.NewReader(text))
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		line := sc.Text()
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
		}
		if !fenced && strings.HasPrefix(line, "## ") && b.Len() > 0 {
			parts = append(parts, b.String())
			b.Reset()
		}
		b.WriteString(line + "\n")
	}
	return append(parts, b.String())
}

// newArticle is about 21 KB of HTML, the page that the peers were measured with.
func newArticle(rng *rand.Rand, i int, sections []string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "---\ntitle: \"Topic %04d\"\ndescription: \"Article %04d of the measurement.\"\norder: %d\nupdated: 2026-01-02\n---\n\n%s\n\n", i, i, i, benchWord(i))
	for range 6 {
		b.WriteString(sections[rng.IntN(len(sections))] + "\n")
	}
	return b.Bytes()
}

// benchWord is a word that stands in article i alone.
func benchWord(i int) string {
	word := []byte("zyxxv")
	for n := i; ; n /= 20 {
		word = append(word, "bcdfghjklmnpqrstvwxz"[n%20])
		if n < 20 {
			return string(append(word, "omatu"...))
		}
	}
}
