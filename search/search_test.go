package search

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/kb"
)

// page is a test article.
func page(title, body string, questions ...string) *fstest.MapFile {
	var b strings.Builder
	b.WriteString("---\ntitle: \"" + title + "\"\nupdated: 2026-01-02\n")
	if len(questions) > 0 {
		b.WriteString("questions:\n")
		for _, q := range questions {
			b.WriteString("  - \"" + q + "\"\n")
		}
	}
	b.WriteString("---\n" + body + "\n")
	return &fstest.MapFile{Data: []byte(b.String()), Mode: 0o444}
}

func testFiles() fstest.MapFS {
	return fstest.MapFS{
		"fr/compte/password.md":  page("Réinitialiser un mot de passe oublié", "Cliquez sur le lien reçu.\n\n## Délai\n\nLe lien expire après une heure."),
		"en/compte/password.md":  page("Reset a forgotten password", "Click the link you received.\n\n## Delay\n\nThe link expires after one hour."),
		"fr/vps/rescue.md":       page("Démarrer un VPS en mode secours", "Le serveur ne répond plus : ouvrez la console.\n\n## Monter le disque\n\nÉditez `/etc/fstab` puis montez la partition.\n\n```bash\nmount /dev/sda1 /mnt\n```"),
		"en/vps/rescue.md":       page("Boot a VPS in rescue mode", "The server does not answer: open the console.\n\n## Mount the disk\n\nEdit `/etc/fstab`, then mount the partition."),
		"fr/facturation/card.md": page("Ajouter un moyen de paiement", "Enregistrez une carte bancaire dans la facturation.", "comment payer mes factures ?"),
		"en/facturation/card.md": page("Add a payment method", "Register a credit card under billing."),
		"fr/web/ssl.md":          page("Activer le certificat HTTPS", "Le certificat est gratuit. L'erreur ERR_CERT_COMMON_NAME_INVALID vient du sous-domaine."),
		"en/web/ssl.md":          page("Enable the HTTPS certificate", "The certificate is free. The error ERR_CERT_COMMON_NAME_INVALID comes from the subdomain."),
		"fr/web/only.md":         page("Particularité française", "Article sans traduction sur le téléversement."),
	}
}

func loadFiles(t testing.TB, files fstest.MapFS) *kb.Library {
	t.Helper()
	lib, _, err := kb.Load(context.Background(), files, kb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

func openTest(t testing.TB, o Options, files fstest.MapFS) *Index {
	t.Helper()
	x, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := x.Sync(context.Background(), loadFiles(t, files)); err != nil {
		t.Fatal(err)
	}
	return x
}

func first(t testing.TB, x *Index, q Query) (string, *Results) {
	t.Helper()
	res, err := x.Search(context.Background(), q)
	if err != nil {
		t.Fatalf("Search(%q): %v", q.Text, err)
	}
	if len(res.Hits) == 0 {
		return "", res
	}
	return res.Hits[0].Article.Pair, res
}

func TestSearch(t *testing.T) {
	lex := fstest.MapFS{"fr.yaml": &fstest.MapFile{Data: []byte(`version: 1
noise: {phrases: ["merci d'avance"], words: [bonjour]}
groups:
  - all: [mot de passe, mdp]
  - from: [carte bleue]
    to: [moyen de paiement]
  - from: [disque abîmé]
    to: [mode secours]
`)}}
	x := openTest(t, Options{Lexicon: lex}, testFiles())
	tests := []struct{ name, lang, text, want string }{
		{"plain", "fr", "mot de passe oublié", "compte/password"},
		{"unaccented", "fr", "reinitialiser", "compte/password"},
		{"elision and plural", "fr", "l'activation des certificats", "web/ssl"},
		{"typo", "fr", "certifciat", "web/ssl"},
		{"prefix", "en", "forgot", "compte/password"},
		{"two-way lexicon", "fr", "mdp", "compte/password"},
		{"one-way lexicon", "fr", "carte bleue", "facturation/card"},
		{"a phrase of the lexicon, its words apart", "fr", "abîmé, le nouveau disque ?", "vps/rescue"},
		{"a word of the family", "fr", "réinitialisation", "compte/password"},
		{"technical path", "fr", "/etc/fstab", "vps/rescue"},
		{"error code", "en", "ERR_CERT_COMMON_NAME_INVALID", "web/ssl"},
		{"compound in two words", "fr", "sous domaine", "web/ssl"},
		{"code", "fr", "mount /dev/sda1", "vps/rescue"},
		{"the other language", "fr", "forgotten password", "compte/password"},
		{"the other language", "en", "moyen de paiement", "facturation/card"},
		{"own question", "fr", "comment payer mes factures ?", "facturation/card"},
		{"message", "fr", "Bonjour, mon VPS ne démarre plus et je dois monter le disque. Merci d'avance", "vps/rescue"},
		{"nothing", "fr", "xyzzy plugh", ""},
		{"empty", "fr", "   ", ""},
		{"unknown language", "zz", "password", ""},
	}
	for _, tt := range tests {
		if got, _ := first(t, x, Query{Lang: tt.lang, Text: tt.text}); got != tt.want {
			t.Errorf("%s: %s %q found %q, want %q", tt.name, tt.lang, tt.text, got, tt.want)
		}
	}
}

func TestSearchSaysWhatItDid(t *testing.T) {
	x := openTest(t, Options{}, testFiles())
	_, res := first(t, x, Query{Lang: "fr", Text: "certifciat gratuit"})
	if res.Corrected != "certificat gratuit" {
		t.Errorf("Corrected = %q", res.Corrected)
	}
	if _, res = first(t, x, Query{Lang: "fr", Text: "certifciat gratuit", Exact: true}); res.Corrected != "" {
		t.Errorf("an exact query was corrected to %q", res.Corrected)
	}
	if _, res = first(t, x, Query{Lang: "fr", Text: "forgotten password reset"}); res.FromLang != "en" {
		t.Errorf("FromLang = %q, want en", res.FromLang)
	}
	_, res = first(t, x, Query{Lang: "fr", Text: "le lien expire quand"})
	h := res.Hits[0]
	if h.Heading != "Délai" || h.Anchor == "" {
		t.Errorf("passage %q #%s, want the one under Délai", h.Heading, h.Anchor)
	}
	marked := ""
	for _, s := range h.Excerpt {
		if s.Match {
			marked += s.Text + "|"
		}
	}
	if marked != "lien|expire|" {
		t.Errorf("marked %q in %v", marked, h.Excerpt)
	}
}

func TestSuggest(t *testing.T) {
	x := openTest(t, Options{}, testFiles())
	ctx := context.Background()
	got, err := x.Suggest(ctx, Message{Lang: "fr", Subject: "mot de passe", Body: "Bonjour, j'ai oublié mon mot de passe, comment le réinitialiser ?"}, 3)
	if err != nil || len(got) == 0 {
		t.Fatalf("no suggestion (%v)", err)
	}
	if s := got[0]; s.Article.Pair != "compte/password" || s.Passage == "" || s.Confidence < minConfidence || s.Confidence > 1 {
		t.Errorf("suggested %s with confidence %.2f, passage %q", s.Article.Pair, s.Confidence, s.Passage)
	}
	for _, body := range []string{"", "Bonjour", "Quels sont les horaires de la piscine municipale ?", "recette de crêpes au sarrasin"} {
		if got, err := x.Suggest(ctx, Message{Lang: "fr", Body: body}, 3); err != nil || len(got) != 0 {
			t.Errorf("%q got %d suggestions (%v)", body, len(got), err)
		}
	}
}

func TestComplete(t *testing.T) {
	x := openTest(t, Options{}, testFiles())
	x.SetQueries("fr", []string{"mot de passe perdu", "moyen de paiement refusé"})
	c, err := x.Complete(context.Background(), "fr", "mo", 5)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Queries) != 2 || c.Queries[0] != "mot de passe perdu" {
		t.Errorf("queries %v", c.Queries)
	}
	if c, err = x.Complete(context.Background(), "fr", "monter le di", 5); err != nil || len(c.Articles) != 1 || c.Articles[0].Heading != "Monter le disque" {
		t.Errorf("articles %+v (%v)", c, err)
	}
	if c, err = x.Complete(context.Background(), "fr", "factur", 5); err != nil || len(c.Sections) != 1 {
		t.Errorf("sections %+v (%v)", c, err)
	}
	if c, err = x.Complete(context.Background(), "fr", "", 5); err != nil || len(c.Articles)+len(c.Sections)+len(c.Queries) != 0 {
		t.Errorf("nothing typed completes to %+v (%v)", c, err)
	}
}

func TestHelpfulnessBreaksTies(t *testing.T) {
	files := fstest.MapFS{
		"en/a/one.md": page("Resize a volume", "Resize the volume now."),
		"en/a/two.md": page("Resize a volume", "Resize the volume now."),
	}
	x := openTest(t, Options{}, files)
	for _, want := range []string{"a/one", "a/two"} {
		x.SetHelpfulness(func(a *kb.Article) float64 {
			if a.Pair == want {
				return 0.9
			}
			return 0.2
		})
		if got, _ := first(t, x, Query{Lang: "en", Text: "resize volume"}); got != want {
			t.Errorf("first is %q, want the helpful %q", got, want)
		}
	}
}

// Of two articles that answer equally well the newer comes first, and no date
// puts an article before a better answer.
func TestFreshnessBreaksTies(t *testing.T) {
	old := func(f *fstest.MapFile) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte(strings.Replace(string(f.Data), "2026-01-02", "2019-01-02", 1)), Mode: 0o444}
	}
	twin := func() *fstest.MapFile { return page("Resize a volume", "Resize the volume now.") }
	x := openTest(t, Options{}, fstest.MapFS{
		"en/a/one.md":   old(twin()),
		"en/a/two.md":   twin(),
		"en/a/other.md": page("Attach a disk", "A volume is a disk."),
	})
	got, res := first(t, x, Query{Lang: "en", Text: "resize volume"})
	if got != "a/two" || res.Hits[1].Article.Pair != "a/one" {
		t.Errorf("first is %q, then %q; want the newer twin, the older, and the rest", got, res.Hits[1].Article.Pair)
	}
}

func TestSyncIsIncremental(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	files := testFiles()
	x, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	sync := func(x *Index, want SyncStats) {
		t.Helper()
		got, err := x.Sync(ctx, loadFiles(t, files))
		if err != nil {
			t.Fatal(err)
		}
		if got.Took = 0; got != want {
			t.Errorf("Sync = %+v, want %+v", got, want)
		}
	}
	n := len(files)
	sync(x, SyncStats{Added: n})
	sync(x, SyncStats{Kept: n})
	files = maps.Clone(files)
	files["en/web/ssl.md"] = page("Enable the HTTPS certificate", "Now about quokkas.")
	delete(files, "fr/web/only.md")
	sync(x, SyncStats{Added: 1, Removed: 2, Kept: n - 2})
	check := func(x *Index) {
		t.Helper()
		if got, _ := first(t, x, Query{Lang: "en", Text: "quokkas"}); got != "web/ssl" {
			t.Errorf("the edit is not found: %q", got)
		}
		if got, _ := first(t, x, Query{Lang: "fr", Text: "téléversement"}); got == "web/only" {
			t.Error("the removed article is found")
		}
		if _, res := first(t, x, Query{Lang: "en", Text: "quokkaz"}); res.Corrected != "quokkas" {
			t.Errorf("the new word does not correct: %q", res.Corrected)
		}
	}
	check(x)
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}

	x, err = Open(Options{Dir: dir, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	sync(x, SyncStats{Kept: n - 1})
	check(x)
	files["en/web/ssl.md"] = page("Changed", "again")
	if _, err := x.Sync(ctx, loadFiles(t, files)); !errs.Is(err, errs.Conflict) {
		t.Errorf("a read-only index took a change: %v", err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Search(ctx, Query{Lang: "en", Text: "x"}); !errs.Is(err, errs.Unavailable) {
		t.Errorf("a closed index answered: %v", err)
	}
	if err := x.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}

func TestCancelledSync(t *testing.T) {
	x, err := Open(Options{Clock: clock.NewManual(time.Unix(0, 0))})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := x.Sync(ctx, loadFiles(t, testFiles())); !errors.Is(err, context.Canceled) {
		t.Errorf("Sync = %v", err)
	}
	if _, err := x.Sync(context.Background(), loadFiles(t, testFiles())); err != nil {
		t.Errorf("Sync after a cancelled one = %v", err)
	}
	if got, _ := first(t, x, Query{Lang: "en", Text: "payment"}); got != "facturation/card" {
		t.Errorf("found %q", got)
	}
}

// A language is a row of the analyzer table and a lexicon.
func TestAnotherLanguage(t *testing.T) {
	lex := fstest.MapFS{"de.yaml": &fstest.MapFile{Data: []byte("version: 1\nnoise: {phrases: [], words: [hallo]}\ngroups:\n  - all: [passwort, kennwort]\n")}}
	x := openTest(t, Options{Lexicon: lex}, fstest.MapFS{
		"de/konto/passwort.md": page("Passwort zurücksetzen", "Öffnen Sie den Link in der E-Mail."),
		"de/server/starten.md": page("Server neu starten", "Die Rechnungen finden Sie anderswo."),
		"de/konto/rechnung.md": page("Rechnungen herunterladen", "Alle Rechnungen als PDF."),
		"en/konto/passwort.md": page("Reset a password", "Open the link in the e-mail."),
		"en/server/starten.md": page("Restart a server", "Invoices are elsewhere."),
		"en/konto/rechnung.md": page("Download invoices", "All invoices as PDF."),
		"fr/konto/passwort.md": page("Réinitialiser un mot de passe", "Ouvrez le lien."),
	})
	for text, want := range map[string]string{
		"Kennwort vergessen":     "konto/passwort",
		"zurucksetzen":           "konto/passwort",
		"Rechnung":               "konto/rechnung",
		"Hallo, Servers starten": "server/starten",
		"Pasword":                "konto/passwort",
		"download the invoices":  "konto/rechnung",
	} {
		if got, _ := first(t, x, Query{Lang: "de", Text: text}); got != want {
			t.Errorf("%q found %q, want %q", text, got, want)
		}
	}
}

// A language without a row is split into words, folded, and has a lexicon like
// any other.
func TestLanguageWithoutARow(t *testing.T) {
	lex := fstest.MapFS{"pt.yaml": &fstest.MapFile{Data: []byte("version: 1\ngroups:\n  - from: [senha perdida]\n    to: [redefinir]\n")}}
	x := openTest(t, Options{Lexicon: lex}, fstest.MapFS{
		"pt/conta/senha.md":  page("Redefinir o acesso", "Abra a ligação."),
		"pt/conta/fatura.md": page("Transferir faturas", "Faturação mensal."),
		"en/conta/senha.md":  page("Reset your access", "Open the link."),
	})
	for text, want := range map[string]string{
		"senha perdida": "conta/senha",
		"faturacao":     "conta/fatura",
		"fatruas":       "conta/fatura",
		"reset access":  "conta/senha",
	} {
		if got, _ := first(t, x, Query{Lang: "pt", Text: text}); got != want {
			t.Errorf("%q found %q, want %q", text, got, want)
		}
	}
}

func TestHostileQueries(t *testing.T) {
	x := openTest(t, Options{}, testFiles())
	ctx := context.Background()
	for _, text := range []string{
		strings.Repeat("a", 10_000), strings.Repeat("mot ", 5_000), strings.Repeat("certifciat", 1_000),
		"\x00\x01\x02\xff\xfe", "* ? [a-z]+ (.*)+$ ~2 ^3 +x -y title:vps \"", strings.Repeat("/", 10_000),
		strings.Repeat("'", 3_000), strings.Repeat("a-", 5_000), strings.Repeat("é\u0301", 4_000), "mot\u200bde\u202epasse",
	} {
		for _, exact := range []bool{false, true} {
			if _, err := x.Search(ctx, Query{Lang: "fr", Text: text, Exact: exact, Limit: 1 << 30, Offset: -1}); err != nil {
				t.Errorf("Search(%.20q): %v", text, err)
			}
		}
		if _, err := x.Suggest(ctx, Message{Lang: "fr", Subject: text, Body: text}, -1); err != nil {
			t.Errorf("Suggest(%.20q): %v", text, err)
		}
		if _, err := x.Complete(ctx, "fr", text, 1<<30); err != nil {
			t.Errorf("Complete(%.20q): %v", text, err)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
