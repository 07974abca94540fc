package gaps

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/vmcloud/ricochet/kb"
)

func TestRedactLeavesNothingThatIdentifies(t *testing.T) {
	text := "Bonjour Mme Lefèvre-Martin,\n\nVotre serveur 51.15.20.7 (2001:db8:12::5) répond de nouveau. Écrivez à Zoé.Lefevre@exemple.fr ou au +33 6 12 34 56 78, 06 12 34 56 78.\n" +
		"Le ticket VM-7K3F-92, l'IBAN FR76 3000 6000 0112 3456 7890 189, la carte 4970 1012 3456 7890.\n" +
		"Mot de passe : hunter2! token=abcdef1234567890abcdef1234567890\n" +
		"https://console.vmcloud.com/reset?token=zzz\n" +
		"-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\n" +
		"Relancez `systemctl restart nginx` sur le port 8080, puis vérifiez /etc/fstab. Zoé peut confirmer.\n\nCordialement,\nPaul Durand\n01 02 03 04 05"
	got := Redact(text, "Zoé Lefèvre-Martin", "Paul Durand")
	for _, gone := range []string{"Lefèvre", "Zoé", "Paul", "Durand", "51.15", "2001:db8", "exemple.fr", "12 34 56 78", "7K3F", "FR76", "4970", "hunter2", "abcdef", "zzz", "OPENSSH"} {
		if strings.Contains(got, gone) {
			t.Errorf("%q is still there:\n%s", gone, got)
		}
	}
	for _, stays := range []string{"Bonjour,", "répond de nouveau", "systemctl restart nginx", "port 8080", "/etc/fstab"} {
		if !strings.Contains(got, stays) {
			t.Errorf("%q is gone:\n%s", stays, got)
		}
	}
}

func TestRedactTakesTheNameAfterThanks(t *testing.T) {
	for text, want := range map[string]string{
		"Où est ma facture ? Merci d'avance. Julien Leroy":         "Où est ma facture ? Merci d'avance.",
		"Où est ma facture ?\nMerci,\nJulien":                      "Où est ma facture ?\nMerci,",
		"Where is my invoice? Many thanks, Anne-Marie O’Neil\n":    "Where is my invoice? Many thanks,",
		"Where is my invoice? Thank you in advance\nJohn M. Smith": "Where is my invoice? Thank you in advance",
		"Merci de redémarrer Nginx":                                "Merci de redémarrer Nginx",
		"Merci. Redémarrez Nginx puis Apache":                      "Merci. Redémarrez Nginx puis Apache",
		"Thank you for the fast answer about Kubernetes":           "Thank you for the fast answer about Kubernetes",
	} {
		if got := Redact(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	g := Gap{Texts: []Text{{Source: Ticket, Lang: "fr", Text: "Ma facture au 06 12 34 56 78 ? Merci d'avance. Julien Leroy"}}}
	if got := g.Title(); got != "Ma facture au ‹phone› ? Merci d'avance." {
		t.Errorf("the title of a gap is %q", got)
	}
}

var frenchWords = DraftWords{Description: "À compléter.", Lead: "À compléter.", Answer: "Réponses déjà données", Steps: "Marche à suivre", Fails: "En cas d'échec"}

func draft() Draft {
	g := Gap{Category: "billing", Texts: []Text{
		{Source: Search, Lang: "fr", Text: `télécharger "toutes" les factures`},
		{Source: Ticket, Lang: "en", Text: "Where are all invoices?"},
		{Source: Ticket, Lang: "fr", Text: "Bonjour Paul. Notre comptable attend. Faut-il vraiment tout télécharger une par une ?\nMerci"},
	}}
	d := NewDraft(g, "fr", "faq", time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC),
		[]string{"Bonjour Zoé,\nOui : --- voici comment\n---\nfaire.\nCordialement\nPaul", "Bonjour Zoé,\nOui : --- voici comment\n---\nfaire.\nCordialement\nPaul", ""}, []string{"Zoé", "Paul"})
	d.Words = frenchWords
	return d
}

func TestDraftIsAnArticleThatLintAccepts(t *testing.T) {
	d := draft()
	if d.Path() != "fr/faq/telecharger-toutes-les-factures.md" {
		t.Errorf("path %s", d.Path())
	}
	if len(d.Answers) != 1 || len(d.Questions) != 2 || d.Questions[1] != "Faut-il vraiment tout télécharger une par une" {
		t.Errorf("questions %q, answers %q", d.Questions, d.Answers)
	}
	lib, problems, err := kb.Load(t.Context(), fstest.MapFS{d.Path(): {Data: []byte(d.Markdown())}}, kb.Options{Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%v", p)
	}
	a := lib.ByPair("fr", "faq/telecharger-toutes-les-factures")
	if a == nil || a.Category != "billing" || len(a.Questions) != 2 || a.Title != `Télécharger "toutes" les factures` {
		t.Fatalf("%+v\n%s", a, d.Markdown())
	}
}

func TestSlug(t *testing.T) {
	for in, want := range map[string]string{
		"Télécharger l’œuvre n° 2": "telecharger-l-oeuvre-n-2", "  ": "article", "漢字": "article", "../../etc/passwd": "etc-passwd", strings.Repeat("long ", 40): strings.Repeat("long-", 11) + "long",
	} {
		if got := Slug(in); !strings.HasPrefix(want, got) || len(got) < min(len(want), 55) {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestPatchIsAppliedByGit(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal("git is needed: apt-get install git")
	}
	dir := t.TempDir()
	d := draft()
	if err := os.WriteFile(filepath.Join(dir, "p.patch"), []byte(d.Patch("content", "Ricochet <ricochet@help.example>")), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"init", "-q"}, {"-c", "user.name=a", "-c", "user.email=a@b.example", "am", "-q", "p.patch"}} {
		cmd := exec.Command(git, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	got, err := os.ReadFile(filepath.Join(dir, "content", d.Path()))
	if err != nil || string(got) != d.Markdown() {
		t.Errorf("%v\n%s", err, got)
	}
}
