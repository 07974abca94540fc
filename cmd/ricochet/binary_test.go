package main

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The tests of this package run the program as people do: the built binary,
// started in a folder of its own, asked over HTTP and in a browser.

// testFolder holds the binary and whatever else lives as long as the run.
var testFolder string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "ricochet-test-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	testFolder = dir
	code := m.Run()
	closeBrowser()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// binary builds the program once and gives its path.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(testFolder, "ricochet")
	cmd := exec.Command("go", "build", "-trimpath", "-o", path, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// need gives a variable that the test environment sets. Without it the test
// is skipped, saying how to get it; CI=true promises a complete run, so there
// a skip is a failure.
func need(t testing.TB, name, how string) string {
	t.Helper()
	if v := os.Getenv(name); v != "" {
		return v
	}
	skip(t, "%s is not set: %s, or run `make test` where it may install packages", name, how)
	return ""
}

func skip(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("skipped although CI=true: "+format, args...)
	}
	t.Skipf(format, args...)
}

// patience is how long a test waits for what must come: a wait ends as soon as
// it has, so only a failure takes this long, however busy the machine is.
const patience = 2 * time.Minute

// until waits for a condition and fails the test when it does not come true.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("after %v still not: %s", patience, what)
		}
		<-tick.C
	}
}

// quick wants a question to be answered within 3 s in one of some tries: a
// machine that is busy elsewhere may hold one of them up, not all.
func quick(t testing.TB, what string, ask func()) {
	t.Helper()
	var took []time.Duration
	for range 5 {
		start := time.Now()
		ask()
		took = append(took, time.Since(start))
		if took[len(took)-1] <= 3*time.Second {
			return
		}
	}
	t.Errorf("%s took %v", what, took)
}

// output collects what a process prints.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// site is a running ricochet.
type site struct {
	t       testing.TB
	base    string // "http://127.0.0.1:41234"
	data    string
	out     output
	log     output
	cmd     *exec.Cmd
	ended   chan struct{}
	exit    error   // after ended
	db      *sql.DB // of its data; nil until somebody looked
	mishaps bool    // the test provokes errors: the log may have some
}

// cleanEnv is the environment without settings of ours.
func cleanEnv() []string {
	env := []string{"RICOCHET_HOLDOUT=0"} // or suggestions would be there for some visitors only
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "RICOCHET_") {
			env = append(env, v)
		}
	}
	return env
}

// ricochet runs a subcommand to its end.
func ricochet(t testing.TB, args ...string) (stdout string, err error) {
	t.Helper()
	return ricochetBy(t, nil, args...)
}

// ricochetBy is ricochet with a command in front of it.
func ricochetBy(t testing.TB, before []string, args ...string) (stdout string, err error) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	line := append(append(append([]string{}, before...), path), args...)
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Dir, cmd.Env = t.TempDir(), cleanEnv()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("ricochet %s: %w: %s", strings.Join(args, " "), err, stderr.String())
	}
	return string(out), err
}

// serve starts the program on a free port and waits until it answers. It is
// stopped, and its log judged, when the test ends.
func serve(t testing.TB, data string, args ...string) *site {
	t.Helper()
	return serveBy(t, data, nil, args...)
}

// serveBy is serve with a command in front of the program, such as one that
// gives it a small disk.
func serveBy(t testing.TB, data string, before []string, args ...string) *site {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return serveBinary(t, path, data, before, args...)
}

// serveBinary is serveBy for another build of the program.
func serveBinary(t testing.TB, path, data string, before []string, args ...string) *site {
	t.Helper()
	line := append(append([]string{}, before...), path, "serve", "--data", data, "--listen", "127.0.0.1:0")
	line = append(line, args...)
	s := &site{t: t, data: data, ended: make(chan struct{})}
	s.cmd = exec.Command(line[0], line[1:]...)
	s.cmd.Dir, s.cmd.Env = t.TempDir(), cleanEnv()
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		s.exit = s.cmd.Wait()
		close(s.ended)
	}()
	t.Cleanup(s.close)
	listens := regexp.MustCompile(`Team pages +(http://[^/\s]+)/staff`)
	until(t, "the greeting on standard output", func() bool {
		if m := listens.FindStringSubmatch(s.out.String()); m != nil {
			s.base = m[1]
			return true
		}
		if !s.running() {
			t.Fatalf("ricochet ended at once: %v\n%s", s.exit, s.log.String())
		}
		return false
	})
	until(t, "an answer of /healthz", func() bool {
		res, err := http.Get(s.base + "/healthz")
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	return s
}

func (s *site) running() bool {
	select {
	case <-s.ended:
		return false
	default:
		return true
	}
}

// stop ends the program as a service manager does and wants it to end well.
func (s *site) stop() {
	s.t.Helper()
	if s.running() {
		if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			s.t.Fatal(err)
		}
	}
	select {
	case <-s.ended:
	case <-time.After(patience):
		s.kill()
		s.t.Fatalf("ricochet did not end within %v of SIGTERM", patience)
	}
	if s.exit != nil {
		s.t.Errorf("ricochet ended with %v\n%s", s.exit, s.log.String())
	}
}

// kill is what the power supply does.
func (s *site) kill() {
	if err := s.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.t.Error(err)
	}
	<-s.ended
}

func (s *site) close() {
	if s.running() {
		s.stop()
	}
	log := s.log.String()
	if !s.mishaps && strings.Contains(log, "level=ERROR") {
		s.t.Error("the log has errors")
	}
	if strings.Contains(log, "panic:") {
		s.t.Error("the log has a panic")
	}
	if s.t.Failed() {
		s.t.Logf("log of %s:\n%s", s.base, withoutImages(log))
	}
}

// withoutImages leaves out what the log says about pictures of the shipped
// articles that nobody has drawn yet.
func withoutImages(log string) string {
	var lines []string
	for line := range strings.Lines(log) {
		if !strings.Contains(line, "is not there; the page shows a framed place") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

var setupLink = regexp.MustCompile(`http://\S+/staff/setup\?token=\S+`)

// setup is the one-time link of the first start.
func (s *site) setup() string {
	s.t.Helper()
	var link string
	until(s.t, "the setup link on standard output", func() bool {
		link = setupLink.FindString(s.out.String())
		return link != ""
	})
	return link
}

// mails are the messages written instead of sent, by file name.
func (s *site) mails() map[string]string {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.data, "outbox", "*.eml"))
	if err != nil {
		s.t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			s.t.Fatal(err)
		}
		all[filepath.Base(f)] = readMail(s.t, text)
	}
	return all
}

// mail waits for the message to an address in which all the texts stand.
func (s *site) mail(to string, texts ...string) string {
	s.t.Helper()
	var found string
	until(s.t, fmt.Sprintf("a mail to %s with %q", to, texts), func() bool {
	next:
		for _, m := range s.mails() {
			if !strings.Contains(m, "To: <"+to+">") {
				continue
			}
			for _, text := range texts {
				if !strings.Contains(m, text) {
					continue next
				}
			}
			found = m
			return true
		}
		return false
	})
	return found
}

// readMail gives the headers that matter and the decoded text of a mail.
func readMail(t testing.TB, raw []byte) string {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("mail: %v\n%s", err, raw)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("To: %s\nSubject: %s\n\n%s", m.Header.Get("To"), subject, strings.ReplaceAll(string(body), "\r\n", "\n"))
}
