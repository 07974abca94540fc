package web

import (
	"compress/gzip"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/kb"
	"github.com/vmcloud/ricochet/search"
)

var update = flag.Bool("update", false, "write the golden files anew")

const baseURL = "https://aide.example.com"

// fixtureFiles is a small content folder: pairs, an article that only French
// has, aliases, contexts, and a title that tries to be markup.
var fixtureFiles = map[string]string{
	"fr/products/_index.md": "---\ntitle: Produits\ndescription: Le mode d’emploi de chaque produit.\norder: -1\n---\n",
	"en/products/_index.md": "---\ntitle: Products\ndescription: How to use each product.\norder: -1\n---\n",
	"fr/products/vps.md":    article("Choisir un VPS", "Comparer les tailles de VPS.", 1, "2026-11-20", "contexts: [vps.detail.network]\naliases: [/fr/ancien-vps]\n", "Le pare-feu protège le VPS.\n\n## Ouvrir un port\n\nOuvrez le port 443 dans le pare-feu.\n\n## Fermer un port\n\nSupprimez la règle.\n"),
	"en/products/vps.md":    article("Choose a VPS", "Compare VPS sizes.", 1, "2026-11-21", "contexts: [vps.detail]\n", "The firewall protects the VPS.\n\n## Open a port\n\nOpen port 443 in the firewall.\n\n## Close a port\n\nDelete the rule.\n"),
	"fr/products/gpu.md":    article("Lancer un GPU", "Démarrer une instance GPU.", 2, "2026-10-01", "", "Une instance GPU démarre en une minute.\n"),
	"fr/faq/billing.md":     article("Factures <b>& paiements</b>", "Où trouver une facture.", 1, "2026-11-01", "", "Les factures sont dans la console.\n"),
	"en/faq/billing.md":     article("Invoices and payments", "Where to find an invoice.", 1, "2026-11-01", "", "Invoices are in the console.\n"),
}

func article(title, description string, order int, updated, more, body string) string {
	return fmt.Sprintf("---\ntitle: %q\ndescription: %q\norder: %d\nupdated: %s\nrevision: 3\n%s---\n\n%s", title, description, order, updated, more, body)
}

func fixtureFS() fstest.MapFS {
	files := fstest.MapFS{}
	for name, text := range fixtureFiles {
		files[name] = &fstest.MapFile{Data: []byte(text), ModTime: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)}
	}
	return files
}

func fixtureLibrary(t testing.TB) *kb.Library {
	t.Helper()
	lib, _, err := kb.Load(context.Background(), fixtureFS(), kb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

func fixtureSearch(t testing.TB, lib *kb.Library) *search.Index {
	t.Helper()
	index, err := search.Open(search.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := index.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := index.Sync(context.Background(), lib); err != nil {
		t.Fatal(err)
	}
	return index
}

// fixtureOptions are the options of a server over the fixture; log may be nil.
func fixtureOptions(t testing.TB, log io.Writer) Options {
	t.Helper()
	if log == nil {
		log = io.Discard
	}
	lib := fixtureLibrary(t)
	return Options{
		Library: kb.NewStatic(lib), Search: fixtureSearch(t, lib), BaseURL: baseURL,
		Clock:  clock.NewManual(time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)),
		Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

func newServer(t testing.TB, opt Options) *Server {
	t.Helper()
	s, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func fixtureServer(t testing.TB) *Server {
	t.Helper()
	return newServer(t, fixtureOptions(t, nil))
}

// get asks for a path; headers are pairs of name and value. The body comes
// back inflated.
func get(t testing.TB, h http.Handler, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	return send(t, h, http.MethodGet, path, "", headers...)
}

func send(t testing.TB, h http.Handler, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Header().Get("Content-Encoding") == "gzip" && w.Body.Len() > 0 {
		zr, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := io.ReadAll(zr)
		if err != nil {
			t.Fatal(err)
		}
		w.Body.Reset()
		w.Body.Write(plain)
	}
	return w
}

// golden compares with testdata/name, or writes it with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (run with -update when that is right):\n%s", path, got)
	}
}
