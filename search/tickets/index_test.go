package tickets

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func openTest(t testing.TB, dir string) *Index {
	t.Helper()
	x, err := Open(dir, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	})
	return x
}

var samples = []Doc{
	{ID: "1", Number: "VM-7K3F-92", Lang: "fr", Texts: []string{"Connexion SSH refusée", "Depuis ce matin, l’accès à mes instances est refusé : « Connection refused »."},
		Who: []string{"Noël Dupont", "noel@acme.example", "Acme"}, State: "open", Tier: "business", Priority: "P2", Category: "technical", Queue: "cre", Tags: []string{"ssh", "réseau"}},
	{ID: "2", Number: "VM-7K3F-11", Lang: "en", Texts: []string{"Invoice missing", "I cannot download the invoices of last month."},
		Who: []string{"Ann Lee", "ann@lee.example"}, State: "closed", Tier: "free", Priority: "P4", Assignee: "sam", Category: "billing", Queue: "billing"},
	{ID: "3", Number: "VM-0000-00", Lang: "fr", Texts: []string{"Facture introuvable", "Je ne trouve pas ma facture. The customer called: urgent."},
		Who: []string{"Zoé"}, State: "new", Tier: "standard", Priority: "P3", Queue: "general"},
}

func TestSearch(t *testing.T) {
	x := openTest(t, "")
	if err := x.Put(samples, time.UnixMilli(42)); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		q    Query
		want string
	}{
		{"a word, without its accent", Query{Words: []string{"refusee"}}, "1"},
		{"another form of the word", Query{Words: []string{"factures"}}, "3"},
		{"English", Query{Words: []string{"invoice"}}, "2"},
		{"an English word in a French ticket", Query{Words: []string{"customer"}}, "3"},
		{"all words", Query{Words: []string{"connexion", "facture"}}, ""},
		{"stop words are no hindrance", Query{Words: []string{"je", "ne", "trouve", "pas", "the", "facture"}}, "3"},
		{"a phrase", Query{Phrases: []string{"Connection refused"}}, "1"},
		{"the words of a phrase in another order", Query{Phrases: []string{"refused connection"}}, ""},
		{"three words", Query{Phrases: []string{"accès à mes instances est refusé"}}, "1"},
		{"pairs that stand apart", Query{Phrases: []string{"introuvable trouve facture"}}, ""},
		{"a phrase of one word", Query{Phrases: []string{"invoices"}}, "2"},
		{"a phrase over a stop word", Query{Phrases: []string{"download the invoices"}}, "2"},
		{"the number", Query{Words: []string{"vm-7k3f-92"}}, "1"},
		{"the beginning of a number", Query{Words: []string{"VM-7K3F"}}, "12"},
		{"the customer", Query{Words: []string{"noel"}}, "1"},
		{"the company", Query{Words: []string{"ACME"}}, "1"},
		{"the address", Query{Words: []string{"ann@lee.example"}}, "2"},
		{"not a word", Query{Words: []string{"VM-7K3F"}, Not: []string{"ssh"}}, "2"},
		{"conditions", Query{Words: []string{"facture"}, Where: map[string][]string{"state": {"new", "open"}, "tier": {"standard"}}}, "3"},
		{"a condition that fails", Query{Words: []string{"facture"}, Where: map[string][]string{"state": {"closed"}}}, ""},
		{"a tag", Query{Where: map[string][]string{"tag": {"réseau"}}}, "1"},
		{"nobody's", Query{Where: map[string][]string{"assignee": {None}}}, "13"},
		{"nothing asked", Query{}, "123"},
		{"only punctuation", Query{Words: []string{"?", "—"}}, ""},
	} {
		h, err := x.Search(t.Context(), withLimit(tt.q))
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(h.IDs)
		if got := strings.Join(h.IDs, ""); got != tt.want || h.Total != len(tt.want) {
			t.Errorf("%s: %s of %d, want %s", tt.name, got, h.Total, tt.want)
		}
	}
}

func withLimit(q Query) Query {
	q.Limit = 10
	return q
}

// TestSimilar: telling words decide, whatever the language of the rest; the
// ticket itself and what the conditions leave out do not come.
func TestSimilar(t *testing.T) {
	x := openTest(t, "")
	docs := slices.Clone(samples)
	for i := range 60 { // a word that everybody uses
		docs = append(docs, Doc{ID: fmt.Sprintf("common%d", i), Lang: "fr", Texts: []string{"Un serveur lent, mes instances"}, State: "closed"})
	}
	docs = append(docs,
		Doc{ID: "en", Lang: "en", Texts: []string{"SSH refused", "Connection refused on port 22"}, State: "closed"},
		Doc{ID: "fr", Lang: "fr", Texts: []string{"SSH refusée ce matin"}, State: "closed"},
		Doc{ID: "one", Lang: "fr", Texts: []string{"matin"}, State: "closed"},
	)
	if err := x.Put(docs, time.Time{}); err != nil {
		t.Fatal(err)
	}
	ids, err := x.Similar(t.Context(), Likeness{
		ID: "1", Text: strings.Join(samples[0].Texts, " "), Where: map[string][]string{"state": {"closed"}}, Limit: 10,
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(ids)
	if got := strings.Join(ids, " "); got != "en fr" {
		t.Errorf("like ticket 1: %q", got)
	}
	if ids, err = x.Similar(t.Context(), Likeness{Text: "? — ", Limit: 3}); err != nil || len(ids) > 0 {
		t.Errorf("like nothing: %v, %v", ids, err)
	}
}

// A ticket that changed is found by what it says now, and by nothing it said
// before: that is how an erased person leaves the index (D-36).
func TestReplaceAndReopen(t *testing.T) {
	dir := t.TempDir() + "/tickets"
	x := openTest(t, dir)
	since := time.UnixMilli(1_700_000_000_000).UTC()
	if err := x.Put(samples, since.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	gone := samples[0]
	gone.Texts, gone.Who, gone.Erased = []string{"…"}, nil, true
	for _, word := range []string{"noel", "dupont"} { // or what follows shows nothing
		if !holds(t, x, "who", word) {
			t.Fatalf("%s is not in the index to begin with", word)
		}
	}
	if err := x.Put([]Doc{gone}, since); err != nil {
		t.Fatal(err)
	}
	if left := segments(t, dir); len(left) != 1 {
		t.Errorf("segments after an erasure: %v", left)
	}
	for _, again := range []bool{false, true} {
		if again {
			if err := x.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := x.Search(t.Context(), Query{}); err == nil {
				t.Error("a closed index answers")
			}
			x = openTest(t, dir)
		}
		for _, w := range []string{"noel", "refusee"} {
			if h, err := x.Search(t.Context(), Query{Words: []string{w}, Limit: 5}); err != nil || h.Total != 0 {
				t.Errorf("%s is still found: %v %v", w, h, err)
			}
		}
		for _, field := range []string{"who", "fr"} {
			for _, word := range []string{"noel", "dupont", "acme", "instance", "connection"} {
				if holds(t, x, field, word) {
					t.Errorf("%s still knows %s", field, word)
				}
			}
		}
		if n, err := x.Count(); err != nil || n != 3 {
			t.Errorf("%d tickets, %v", n, err)
		}
		if at, err := x.Since(); err != nil || !at.Equal(since) {
			t.Errorf("since %v %v", at, err)
		}
	}
}

// holds says whether a segment of the index has a word that begins so, be it of
// a ticket that was replaced.
func holds(t *testing.T, x *Index, field, word string) bool {
	t.Helper()
	words, err := x.idx.FieldDictPrefix(field, []byte(word))
	if err != nil {
		t.Fatal(err)
	}
	first, err := words.Next()
	return errors.Join(err, words.Close()) == nil && first != nil
}

// segments are the files of the index that hold words.
func segments(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "store", "*.zap"))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// An index whose process ended before an erased person was out of its folder
// is made anew, and one that nobody has open can be emptied.
func TestForgetOrMakeAnew(t *testing.T) {
	dir := t.TempDir() + "/tickets"
	x := openTest(t, dir)
	if err := x.Put(samples, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if ok, err := Clear(dir); ok || err != nil {
		t.Fatalf("an open index: %v %v", ok, err)
	}
	if n, err := x.Count(); n != 3 || err != nil {
		t.Fatalf("an open index was emptied: %d tickets, %v", n, err)
	}
	if err := x.idx.SetInternal(keyForget, []byte{1}); err != nil {
		t.Fatal(err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	x = openTest(t, dir)
	if n, err := x.Count(); n != 0 || err != nil {
		t.Errorf("%d tickets in an index that is made anew, %v", n, err)
	}
	if err := errors.Join(x.Put(samples, time.Time{}), x.Close()); err != nil {
		t.Fatal(err)
	}
	if ok, err := Clear(dir); !ok || err != nil {
		t.Fatalf("a closed index: %v %v", ok, err)
	}
	if left := segments(t, dir); len(left) > 0 {
		t.Errorf("left after Clear: %v", left)
	}
	if n, err := openTest(t, dir).Count(); n != 0 || err != nil {
		t.Errorf("%d tickets after Clear, %v", n, err)
	}
}

func TestExcerpt(t *testing.T) {
	q := Query{Words: []string{"factures"}, Phrases: []string{"mot de passe"}}
	text := strings.Repeat("Rien à voir ici. ", 20) + "Je cherche ma facture de mars. " + strings.Repeat("Suite. ", 40)
	var shown, marked string
	for _, s := range q.Excerpt("fr", []string{"Bonjour", text}) {
		shown += s.Text
		if s.Match {
			marked += "[" + s.Text + "]"
		}
	}
	if marked != "[facture]" || !strings.HasPrefix(shown, "…") || !strings.HasSuffix(shown, "…") || len(shown) > 300 {
		t.Errorf("%q, marked %s", shown, marked)
	}
	if got := q.Excerpt("fr", []string{"Bonjour"}); got != nil {
		t.Errorf("an excerpt of nothing: %v", got)
	}
}

func FuzzQuery(f *testing.F) {
	x := openTest(f, "")
	if err := x.Put(samples, time.Time{}); err != nil {
		f.Fatal(err)
	}
	f.Add("facture", "mot de passe", "ssh")
	f.Add("l'", "\x00 \xff", "-")
	f.Add("c2-15/etc/fstab", "the of", "vm-")
	f.Fuzz(func(t *testing.T, word, phrase, not string) {
		q := Query{Words: strings.Fields(word), Phrases: []string{phrase}, Not: []string{not}, Limit: 3}
		if _, err := x.Search(t.Context(), q); err != nil {
			t.Errorf("%+v: %v", q, err)
		}
		for _, text := range []string{word, phrase + word} {
			shown := ""
			for _, s := range q.Excerpt("fr", []string{text}) {
				shown += s.Text
			}
			if len(shown) > len(text)+20 {
				t.Errorf("%q shows more than %q", shown, text)
			}
		}
	})
}
