package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/internal/htmlcheck"
)

// TestLiveReload edits, adds, removes and breaks articles while people read:
// no request fails, and what was written is found within a second.
func TestLiveReload(t *testing.T) {
	content := t.TempDir()
	for _, lang := range []string{"fr", "en"} {
		article(t, content, lang+"/guides/un.md", "Premier guide", "Comment ouvrir un port.")
		article(t, content, lang+"/guides/deux.md", "Second guide", "Comment fermer un port.")
	}
	s := serve(t, t.TempDir(), "--content", content)
	s.mishaps = true
	ctx, stop := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	var served atomic.Int64
	for _, path := range []string{"/fr/", "/fr/guides/", "/fr/guides/un", "/en/guides/un", "/fr/search?q=guide", "/sitemap.xml"} {
		readers.Go(func() {
			v := s.visitor()
			for ctx.Err() == nil {
				p, err := v.try("GET", path, "", nil)
				if err != nil || p.status != http.StatusOK {
					t.Errorf("%s while the content changes: %d %v", path, p.status, err)
					return
				}
				served.Add(1)
			}
		})
	}
	v := s.visitor()
	within := func(what, path string, ok func(page) bool) {
		t.Helper()
		start := time.Now()
		until(t, what, func() bool { return ok(v.get(path)) })
		t.Logf("%s after %v", what, time.Since(start).Round(time.Millisecond))
	}
	has := func(text string) func(page) bool {
		return func(p page) bool { return p.status == http.StatusOK && strings.Contains(p.body, text) }
	}

	article(t, content, "fr/guides/un.md", "Premier guide", "Comment ouvrir un port avec la commande crapahuter.")
	within("an edit is served", "/fr/guides/un", has("crapahuter"))
	within("an edit is found", "/api/v1/search?lang=fr&q=crapahuter", has("/fr/guides/un"))
	article(t, content, "fr/guides/trois.md", "Troisième guide", "Comment déplacer un zygomatique.")
	within("an addition is served", "/fr/guides/trois", has("zygomatique"))
	within("an addition is found", "/api/v1/search?lang=fr&q=zygomatique", has("/fr/guides/trois"))
	within("an addition is in the sitemap", "/sitemap.xml", has("/fr/guides/trois"))
	if err := os.Remove(filepath.Join(content, "fr", "guides", "trois.md")); err != nil {
		t.Fatal(err)
	}
	within("a removal is gone", "/fr/guides/trois", func(p page) bool { return p.status == http.StatusNotFound })
	within("a removal is not found", "/api/v1/search?lang=fr&q=zygomatique", func(p page) bool { return p.status == http.StatusOK && !strings.Contains(p.body, "/fr/guides/trois") })

	// A broken edit keeps the last good version and says so.
	broken := "---\ntitle: [\n---\n\nTexte cassé.\n"
	put(t, content, "fr/guides/un.md", broken)
	until(t, "the log names the broken file", func() bool { return strings.Contains(s.log.String(), "fr/guides/un.md") })
	v.get("/fr/guides/un").check(t, htmlcheck.In("article", htmlcheck.HasText("crapahuter")))
	desk := s.staff("fr")
	desk.get("/staff/status").check(t, htmlcheck.In("main", htmlcheck.HasText(`fr/guides/un\.md`)))
	article(t, content, "fr/guides/un.md", "Premier guide", "Comment réparer une farandole.")
	within("the mended file is served", "/fr/guides/un", has("farandole"))
	until(t, "the status page forgets it", func() bool { return !strings.Contains(desk.get("/staff/status").body, "fr/guides/un.md") })
	stop()
	readers.Wait()
	if served.Load() == 0 {
		t.Error("no page was read meanwhile")
	}
	t.Logf("%d pages read meanwhile", served.Load())
}
