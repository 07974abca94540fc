package policy

import (
	"errors"
	"strings"
	"testing"
)

func TestShippedTaxonomy(t *testing.T) {
	tax, err := DefaultTaxonomy()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		category, kind, component string
		want                      bool
	}{
		{"", "", "", true}, {"billing", "", "", true}, {"billing", "invoice", "payments", true}, {"", "", "vps", true},
		{"billing", "outage", "", false}, {"", "invoice", "", false}, {"nothing", "", "", false}, {"billing", "", "nothing", false},
	} {
		if got := tax.Known(tc.category, tc.kind, tc.component); got != tc.want {
			t.Errorf("%+v: %v", tc, got)
		}
	}
	if c, _ := find(tax.Categories, "account"); c.Label("fr") != "Compte et accès" || c.Label("en") != "Account and access" {
		t.Errorf("%+v", c)
	}
}

// Every mistake is named with its line (D-3).
func TestTaxonomyMistakes(t *testing.T) {
	_, err := ParseTaxonomy("t.yaml", []byte(`categories:
  - {id: a, fr: A, en: A, kinds: [{id: B b, fr: B, en: B}]}
  - {id: a, fr: A}
  - {id: c, fr: C, en: C, colour: red}
`))
	var p Problems
	if !errors.As(err, &p) {
		t.Fatalf("%v", err)
	}
	for _, want := range []string{"components is missing", `t.yaml:2: category a: id "B b"`, "t.yaml:3: category: en is missing",
		`t.yaml:3: category: "a" is given twice`, `t.yaml:4: category: unknown key "colour"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in\n%v", want, err)
		}
	}
	for _, bad := range []string{"", "[", "- a\n", "categories: 3\ncomponents: x"} {
		if _, err := ParseTaxonomy("t.yaml", []byte(bad)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
