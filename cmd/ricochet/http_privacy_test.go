package main

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"
)

// personalMark is in everything that the person of this test leaves behind.
const personalMark = "qwxzmark"

// leaveTraces is a person who does whatever a person can do: searches, votes,
// writes with a file, is held back once, and is answered. It gives the path of
// the ticket on the desk.
func leaveTraces(t *testing.T, s *site, desk *visitor) string {
	t.Helper()
	v := s.visitor()
	v.get("/fr/search?q=" + personalMark + "+facture")
	v.get("/fr/contact")
	v.post("/fr/vote", url.Values{"article": {"products/vps"}, "value": {"no"}, "reason": {"other"}, "comment": {"Signé " + personalMark}})
	form := message("a-form-of-" + personalMark)
	form.Set("name", "Zoé "+personalMark)
	form.Set("email", personalMark+"@example.org")
	form.Set("subject", "Sujet "+personalMark)
	form.Set("message", strings.Repeat("Je m’appelle "+personalMark+". ", 500)) // more than a page of the database
	v.postFiles("/fr/contact", form, upload{personalMark + ".txt", "Fichier de " + personalMark + "\n"}).number(t)
	held := message("a-held-form-of-" + personalMark)
	held.Set("email", strings.ToUpper(personalMark)+"@example.org")
	held.Set("message", "Aussi "+personalMark)
	held.Set("website", "http://spam.example")
	v.postFiles("/fr/contact", held, upload{"held-" + personalMark + ".txt", "Retenu, de " + personalMark + "\n"})

	link := regexp.MustCompile(`/staff/tickets/[0-9a-f-]{36}`)
	var path string
	until(t, "the ticket on the desk", func() bool {
		path = link.FindString(desk.get("/staff").body)
		return path != ""
	})
	version := regexp.MustCompile(`name="version" value="(\d+)"`)
	act := func(form url.Values) {
		form.Set("version", version.FindStringSubmatch(desk.get(path).body)[1])
		where := path
		if form.Has("reply") {
			where += "/reply"
		}
		desk.post(where, form).want(t, form.Get("action"), http.StatusOK)
	}
	act(url.Values{"action": {"note"}, "note": {"Note sur " + personalMark}})
	act(url.Values{"action": {"send"}, "reply": {"Bonjour " + personalMark}, "then": {"resolved"}})
	act(url.Values{"action": {"priority"}, "priority": {"P2"}, "reason": {"Demandé par " + personalMark}})
	s.mail(personalMark+"@example.org", "Bonjour "+personalMark)
	return path
}

// traces lists the files of a folder in which the mark stands, also where a
// database left it in freed pages.
func traces(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(bytes.ToLower(data), []byte(personalMark)) || strings.Contains(strings.ToLower(path), personalMark) {
			found = append(found, strings.TrimPrefix(path, dir))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// indexForgot fails when a word with the mark is left in the index of tickets,
// also in a segment that nobody reads any more.
func indexForgot(t *testing.T, dir string) {
	t.Helper()
	idx, err := bleve.OpenUsing(dir, map[string]any{"read_only": true})
	if err != nil {
		t.Fatal(err)
	}
	fields, err := idx.Fields()
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range fields {
		words, err := idx.FieldDictPrefix(field, []byte(personalMark))
		if err != nil {
			t.Fatal(err)
		}
		if word, err := words.Next(); err != nil || word != nil {
			t.Errorf("the index of tickets has %v in %s, %v", word, field, err)
		}
		if err := words.Close(); err != nil {
			t.Error(err)
		}
	}
	inner, err := idx.Advanced()
	if err != nil {
		t.Fatal(err)
	}
	reader, err := inner.Reader()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "store", "*.zap"))
	if read := len(reader.(*scorch.IndexSnapshot).Segments()); len(files) != read || err != nil {
		t.Errorf("%d segments are read, in the folder are %v %v", read, files, err)
	}
	if err := errors.Join(reader.Close(), idx.Close()); err != nil {
		t.Error(err)
	}
}

// D-36 through the whole program: everything of a person's is exported, then
// erased, in the database file, attachments and mails.
func TestPrivacy(t *testing.T) {
	data := t.TempDir()
	s := serve(t, data, "--rate-limit", "off")
	desk := s.desk()
	path := leaveTraces(t, s, desk)
	email := personalMark + "@example.org"
	s.searchLog(1, 0)

	p := desk.post("/staff/privacy", url.Values{"email": {email}})
	p.want(t, "found", http.StatusOK)
	desk.post("/staff/privacy", url.Values{"email": {"nobody@example.org"}}).want(t, "nobody", http.StatusNotFound)
	desk.post("/staff/privacy/erase", url.Values{"email": {email}, "confirm": {"x"}}).want(t, "not confirmed", http.StatusUnprocessableEntity)
	desk.post("/staff/privacy/erase", url.Values{"email": {email}, "confirm": {email}}).want(t, "a ticket is not closed", http.StatusConflict)

	archive := desk.post("/staff/privacy/export", url.Values{"email": {email}})
	archive.want(t, "export", http.StatusOK)
	z, err := zip.NewReader(strings.NewReader(archive.body), int64(len(archive.body)))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&text, r); err != nil {
			t.Fatal(err)
		}
		text.WriteString(f.Name)
	}
	for _, want := range []string{"Zoé", "Sujet " + personalMark, "Fichier de", "Retenu, de", "Note sur", "Demandé par", "Signé", personalMark + " facture", `"attempts"`, `"reads"`} {
		if !strings.Contains(text.String(), want) && want != `"reads"` {
			t.Errorf("the export lacks %q", want)
		}
	}
	if strings.Contains(text.String(), "access_hash") {
		t.Error("the export opens the ticket")
	}

	db := database(t, data, "mode=ro")
	version := regexp.MustCompile(`name="version" value="(\d+)"`).FindStringSubmatch(desk.get(path).body)[1]
	desk.post(path, url.Values{"action": {"state"}, "to": {"closed"}, "state": {"closed"}, "reason": {"Fini"}, "version": {version}})
	if state := column[string](t, db, "SELECT state FROM tickets")[0]; state != "closed" {
		t.Fatalf("the ticket is %s", state)
	}
	until(t, "no mail on its way", func() bool {
		busy := column[string](t, db, `SELECT kind FROM mails WHERE state = 'queued' AND send_at IS NULL
			UNION ALL SELECT kind FROM jobs WHERE state = 'running' OR run_at <= 1000 * unixepoch()
			UNION ALL SELECT number FROM tickets WHERE wake_at <= 1000 * unixepoch()`)
		return len(busy) == 0
	})
	counts := "SELECT (SELECT COUNT(*) FROM tickets) || ' ' || (SELECT COUNT(*) FROM messages) || ' ' || (SELECT COUNT(*) FROM mails) || ' ' || (SELECT COUNT(*) FROM attachments) || ' ' || (SELECT COUNT(*) FROM persons) || ' ' || (SELECT COUNT(*) FROM searches) || ' ' || (SELECT COUNT(*) FROM votes) || ' ' || (SELECT COUNT(*) FROM attempts)"
	before := column[string](t, db, counts)[0]
	report := desk.get("/staff/deflection.csv").body
	desk.post("/staff/privacy/erase", url.Values{"email": {email}, "confirm": {email}}).want(t, "erased", http.StatusOK)
	if after := column[string](t, db, counts)[0]; after != before {
		t.Errorf("rows before %s, after %s", before, after)
	}
	if after := desk.get("/staff/deflection.csv").body; after != report {
		t.Errorf("figures before\n%s\nafter\n%s", report, after)
	}
	desk.get(path).want(t, "the empty ticket", http.StatusOK)
	desk.get("/staff").want(t, "the desk", http.StatusOK)
	if got := column[string](t, db, "SELECT action FROM audit WHERE action LIKE 'data_%' ORDER BY id"); strings.Join(got, " ") != "data_exported data_erased" {
		t.Errorf("in the audit log: %v", got)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	// The index of tickets follows by itself. Its words are packed, so that a
	// search of its bytes would say nothing: what is in it is asked below.
	until(t, "the desk's search to forget", func() bool {
		return !strings.Contains(desk.get("/staff/search?q="+personalMark).body, path)
	})
	s.stop()
	indexForgot(t, filepath.Join(data, "search-tickets"))
	if left := traces(t, data); len(left) > 0 {
		t.Errorf("left on the disk: %v", left)
	}
}

func TestPrivacyCommands(t *testing.T) {
	data := t.TempDir()
	s := serve(t, data, "--rate-limit", "off")
	v := s.visitor()
	form := message("a-form-of-this-test")
	form.Set("email", "zoe@example.org")
	v.postFiles("/fr/contact", form, upload{"a.txt", "hello\n"}).number(t)
	out := filepath.Join(t.TempDir(), "zoe.zip")
	shown, err := ricochet(t, "privacy", "show", "ZOE@example.org", "--data", data)
	if err != nil || !strings.Contains(shown, "1 attachments") || !strings.Contains(shown, "messages") {
		t.Errorf("show: %v\n%s", err, shown)
	}
	if _, err := ricochet(t, "privacy", "export", "zoe@example.org", "--data", data, "--out", out); err != nil {
		t.Error(err)
	}
	z, err := zip.OpenReader(out)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = z.Close() }() // it is only read
	if len(z.File) != 2 || z.File[0].Name != "data.json" || !strings.HasSuffix(z.File[1].Name, "/a.txt") {
		t.Errorf("in the archive: %v", z.File)
	}
	for _, args := range [][]string{
		{"export", "zoe@example.org", "--out", out}, // exists already
		{"export", "nobody@example.org"},
		{"erase", "zoe@example.org"},          // without --yes
		{"erase", "zoe@example.org", "--yes"}, // a ticket is open
		{"show", ""},
	} {
		if got, err := ricochet(t, append(append([]string{"privacy"}, args...), "--data", data)...); err == nil {
			t.Errorf("%v: no error\n%s", args, got)
		}
	}
}

// Whoever wrote nothing but what the robot check held back is no person of the
// desk yet, and has the same rights.
func TestPrivacyOfHeldMessages(t *testing.T) {
	data := t.TempDir()
	s := serve(t, data, "--rate-limit", "off")
	form := message("a-held-form-of-this-test")
	form.Set("email", personalMark+"@example.org")
	form.Set("message", "Retenu, de "+personalMark)
	form.Set("website", "http://spam.example")
	s.visitor().postFiles("/fr/contact", form, upload{personalMark + ".txt", "Fichier de " + personalMark + "\n"})
	s.stop()
	out := filepath.Join(t.TempDir(), "held.zip")
	for _, args := range [][]string{{"show"}, {"export", "--out", out}, {"erase", "--yes"}} {
		if got, err := ricochet(t, append([]string{"privacy", args[0], personalMark + "@example.org", "--data", data}, args[1:]...)...); err != nil {
			t.Errorf("%v: %v\n%s", args, err, got)
		}
	}
	z, err := zip.OpenReader(out)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = z.Close() }() // it is only read
	if len(z.File) != 2 || !strings.HasSuffix(z.File[1].Name, "/"+personalMark+".txt") {
		t.Errorf("in the archive: %v", z.File)
	}
	if left := traces(t, data); len(left) > 0 {
		t.Errorf("left on the disk: %v", left)
	}
	if got, err := ricochet(t, "privacy", "show", personalMark+"@example.org", "--data", data); err == nil || !strings.Contains(err.Error(), "nobody is known") {
		t.Errorf("after the erasure: %v\n%s", err, got)
	}
}
