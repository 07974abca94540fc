package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestKeptArticles starts again with the same content, with a damaged file of
// rendered articles, and with other content.
func TestKeptArticles(t *testing.T) {
	content, data := t.TempDir(), t.TempDir()
	article(t, content, "fr/guides/un.md", "Premier guide", "Voir le [second](deux.md#fin).")
	article(t, content, "fr/guides/deux.md", "Second guide", "## Fin\n\nComment fermer un port.")
	kept := filepath.Join(data, "articles.kept")
	// start is the article as a start serves it, what the log says, and the file
	// that the start leaves.
	start := func() (page, string, []byte, time.Time) {
		t.Helper()
		s := serve(t, data, "--content", content)
		p := s.visitor().get("/fr/guides/un")
		s.stop()
		file, err := os.ReadFile(kept)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(kept)
		if err != nil {
			t.Fatal(err)
		}
		return p, s.log.String(), file, info.ModTime()
	}
	served := func(p page) string { return p.header.Get("Content-Type") + p.header.Get("Link") + withoutPort(p.body) }

	first, _, file, written := start()
	again, log, _, then := start()
	if served(again) != served(first) || strings.Contains(log, "kept articles") || !then.Equal(written) {
		t.Errorf("the second start serves another page, warns or wrote again (%v, %v):\n%s\n%s", written, then, log, again.body)
	}
	if err := os.WriteFile(kept, file[:len(file)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	again, log, mended, _ := start()
	if served(again) != served(first) || strings.Count(log, "the kept articles are damaged") != 1 || !bytes.Equal(mended, file) {
		t.Errorf("with a damaged file, mended %v:\n%s\n%s", bytes.Equal(mended, file), log, again.body)
	}
	article(t, content, "fr/guides/un.md", "Premier guide", "Autre chose.")
	if changed, _, _, _ := start(); !strings.Contains(changed.body, "Autre chose.") {
		t.Errorf("the page of before: %s", changed.body)
	}
}

var localAddress = regexp.MustCompile(`127\.0\.0\.1:[0-9]+`)

// withoutPort leaves the address out of which a page makes its full links.
func withoutPort(html string) string { return localAddress.ReplaceAllString(html, "") }
