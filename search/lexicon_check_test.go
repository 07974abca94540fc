package search

import (
	"context"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// What we ship passes its own check.
func TestLexiconsAreSound(t *testing.T) {
	langs, err := LexiconLanguages(nil)
	if err != nil {
		t.Fatal(err)
	}
	if !cmp.Equal(langs, []string{"en", "fr"}) {
		t.Errorf("lexicons for %v", langs)
	}
	for _, lang := range langs {
		problems, err := CheckLexicon(context.Background(), nil, lang, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range problems {
			if p.Kind != "repeated" {
				t.Error(p)
			}
		}
	}
}

func TestCheckLexicon(t *testing.T) {
	tests := []struct{ name, yaml, want string }{
		{"nothing wrong", "- all: [server, host]\n- from: [box]\n  to: [server]", ""},
		{"a cross product is no mistake", "- from: [my invoices, billing]\n  to: [invoice, payment]", ""},
		{"same in every form", "- from: [invoices]\n  to: [invoice]", "self-cancelling"},
		{"one way and both ways", "- from: [box]\n  to: [host]\n- all: [box, host]", "contradictory"},
		{"one way and back", "- from: [box]\n  to: [host]\n- from: [host]\n  to: [box]", "contradictory"},
		{"noise as well", "- all: [hello, host]", "contradictory"},
		{"both kinds at once", "- all: [a1, b2]\n  from: [c3]\n  to: [d4]", "contradictory"},
		{"alone", "- all: [host]", "dead"},
		{"stop words only", "- all: [the, host]", "dead"},
		{"a target that loses its not", "- from: [serverless]\n  to: [without server, function]", "dead"},
		{"half a group", "- from: [host]", "dead"},
		{"said twice", "- all: [box, host]\n- all: [host, box, server]", "repeated"},
	}
	for _, tt := range tests {
		file := "version: 1\nnoise: {words: [hello]}\ngroups:\n" + tt.yaml + "\n"
		lex := fstest.MapFS{"en.yaml": &fstest.MapFile{Data: []byte(file)}}
		problems, err := CheckLexicon(context.Background(), lex, "en", nil)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		got := map[string]bool{}
		for _, p := range problems {
			got[p.Kind] = true
			if p.Line < 3 {
				t.Errorf("%s: no line in %v", tt.name, p)
			}
		}
		if tt.want == "" && len(got) > 0 || tt.want != "" && !got[tt.want] {
			t.Errorf("%s: want %q, got %v", tt.name, tt.want, problems)
		}
	}
}
