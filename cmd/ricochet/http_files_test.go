package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vmcloud/ricochet/internal/htmlcheck"
)

const pngHead = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"

func TestAttachmentTypes(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	v := s.visitor()
	script := `<!doctype html><script>alert(document.domain)</script>`
	form := message("attachments-accepted")
	p := v.postFiles("/fr/contact", form,
		upload{"../../../../etc/cron.d/picture.png", script}, upload{"page.svg", `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`},
		upload{"..\\..\\picture.gif", pngHead}, upload{"\u202Egnp.exe.txt", "plain text"})
	number := p.number(t)
	link := requestLink.FindString(s.mail("camille.martin@example.org", number))
	request := v.get(strings.TrimPrefix(link, s.base))
	request.want(t, "my request", http.StatusOK)
	if got := request.header.Get("Referrer-Policy"); got != "no-referrer" {
		t.Errorf("Referrer-Policy of my request: %q", got)
	}
	if got := request.header.Get("X-Robots-Tag"); !strings.Contains(got, "noindex") {
		t.Errorf("X-Robots-Tag of my request: %q", got)
	}
	files := regexp.MustCompile(`<a href="([^"]+/files/[^"]+)" download>([^<]+)</a>`).FindAllStringSubmatch(request.body, -1)
	if len(files) != 4 {
		t.Fatalf("%d files in %s", len(files), request.body)
	}
	for i, want := range []struct{ name, mediaType, content string }{
		{"picture.png", "text/plain", script}, {"page.svg", "text/plain", "<svg"}, {"picture.gif", "image/png", pngHead}, {"gnp.exe.txt", "text/plain", "plain text"},
	} {
		if files[i][2] != want.name {
			t.Errorf("file %d is named %q, want %q", i, files[i][2], want.name)
		}
		f := v.get(files[i][1])
		f.want(t, want.name, http.StatusOK)
		if got := f.header.Get("Content-Type"); got != want.mediaType {
			t.Errorf("%s: type %q, want %q", want.name, got, want.mediaType)
		}
		if got := f.header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment") {
			t.Errorf("%s: %q: not a download", want.name, got)
		}
		if !strings.HasPrefix(f.body, want.content) {
			t.Errorf("%s: content %.40q", want.name, f.body)
		}
	}
	// The file of a ticket is reached through that ticket alone.
	other := v.post("/fr/contact", message("attachments-of-another"))
	link = requestLink.FindString(s.mail("camille.martin@example.org", other.number(t)))
	file := files[0][1][strings.LastIndex(files[0][1], "/"):]
	v.get(strings.TrimPrefix(link, s.base)+"/files"+file).want(t, "another ticket's file", http.StatusNotFound)
}

func TestAttachmentsRefused(t *testing.T) {
	data := t.TempDir()
	s := serve(t, data, "--rate-limit", "off")
	v := s.visitor()
	text := upload{"notes.txt", "notes"}
	for _, tt := range []struct {
		what  string
		files []upload
		says  string
		kept  int // good files that need not be chosen again
	}{
		{"a Windows program", []upload{{"photo.png", "MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00\xb8"}}, "photo.png", 0},
		{"a Linux program beside notes", []upload{text, {"photo.jpg", "\x7fELF\x02\x01\x01\x00" + strings.Repeat("\x00", 60)}}, "photo.jpg", 1},
		{"an empty file", []upload{{"vide.txt", ""}}, "vide.txt", 0},
		{"six files", []upload{text, text, text, text, text, text}, "5 fichiers au plus", 5},
		{"eleven MiB", []upload{text, {"grand.txt", strings.Repeat("a", 11<<20)}}, "grand.txt", 1},
		{"no text", []upload{{"x.txt", "a\x00b"}}, "x.txt", 0},
	} {
		t.Run(tt.what, func(t *testing.T) {
			form := message("refused-" + strings.ReplaceAll(tt.what, " ", "-"))
			p := v.postFiles("/fr/contact", form, tt.files...)
			p.want(t, tt.what, http.StatusUnprocessableEntity)
			p.check(t, htmlcheck.In("#e-attachments", htmlcheck.HasText(regexp.QuoteMeta(tt.says))), htmlcheck.Count("input[name=kept]", tt.kept),
				htmlcheck.In("textarea", htmlcheck.HasText("pouvez-vous m’aider")))
			if tt.kept == 0 {
				return
			}
			kept, err := htmlcheck.All([]byte(p.body), "input[name=kept]", "value")
			if err != nil {
				t.Fatal(err)
			}
			form["kept"] = append(kept, kept[0]+"x", "forged.token") // what was not signed is not taken
			number := v.post("/fr/contact", form).number(t)
			link := requestLink.FindString(s.mail("camille.martin@example.org", number))
			v.get(strings.TrimPrefix(link, s.base)).check(t, htmlcheck.Count(".files a", tt.kept))
		})
	}
	partial, err := filepath.Glob(filepath.Join(data, "attachments", ".new-*"))
	if err != nil || len(partial) > 0 {
		t.Errorf("refused files left %v (%v)", partial, err)
	}
}

func TestAttachmentQuota(t *testing.T) {
	data := t.TempDir()
	s := serve(t, data, "--rate-limit", "off", "--attachment-mib", "1")
	s.mishaps = true
	v := s.visitor()
	v.postFiles("/fr/contact", message("quota-is-reached-1"), upload{"a.txt", strings.Repeat("a", 1<<20)}).number(t)
	form := message("quota-is-reached-2")
	p := v.postFiles("/fr/contact", form, upload{"b.txt", "b"})
	p.want(t, "a file over the quota", http.StatusServiceUnavailable)
	p.check(t, htmlcheck.In(".form-errors", htmlcheck.HasText("sans elles")), htmlcheck.In("textarea", htmlcheck.HasText("pouvez-vous m’aider")))
	v.post("/fr/contact", form).number(t) // without the file it goes through

	files, err := os.ReadDir(filepath.Join(data, "attachments"))
	if err != nil || len(files) != 1 {
		t.Errorf("%d files (%v)", len(files), err)
	}
	if got, err := os.ReadFile(filepath.Join(data, "attachments", files[0].Name())); err != nil || !bytes.Equal(got, bytes.Repeat([]byte("a"), 1<<20)) {
		t.Errorf("the stored file is not what was sent (%v)", err)
	}
}
