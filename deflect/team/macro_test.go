package team_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/internal/errs"
)

func TestRender(t *testing.T) {
	values := map[string]string{"customer_name": "Zoé", "company": "", "ticket_number": "VM-1"}
	for body, want := range map[string]string{
		"Bonjour {{customer_name}},":         "Bonjour Zoé,",
		"Bonjour {{ company }},":             "Bonjour,",
		"{{company}}{{company}} fin":         " fin",
		"{{ticket_number}} et {{due}}.":      "VM-1 et [due].",
		"sans variable } { {":                "sans variable } { {",
		"«\u00a0{{company}}\u00a0» non":      "«\u00a0» non",
		"{{customer_name}}{{ticket_number}}": "ZoéVM-1",
	} {
		if got, err := team.Render(body, values); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", body, got, err, want)
		}
	}
}

func TestUnknownVariablesAreNamedWithTheirLine(t *testing.T) {
	for body, want := range map[string]string{
		"un\ndeux {{client}}":        "error.macro.variable 2 {{client}}",
		"{{customer_name}}\n\n{{ }}": "error.macro.variable 3 {{}}",
		"un\n{{due\n}}":              "error.macro.unclosed 2 <nil>",
		"{{due":                      "error.macro.unclosed 1 <nil>",
	} {
		m := team.Macro{Texts: map[string]team.MacroText{"fr": {Name: "n", Body: body}}}
		var e *errs.Error
		if !errors.As(m.Clean([]string{"fr", "en"}), &e) || len(e.Fields) != 1 {
			t.Errorf("%q: %v", body, e)
			continue
		}
		f := e.Fields[0]
		if got := fmt.Sprintf("%s %v %v", f.Key, f.Args["Line"], f.Args["Name"]); got != want || f.Name != "body_fr" {
			t.Errorf("%q: %s: %s, want %s", body, f.Name, got, want)
		}
	}
}

func TestMacroFields(t *testing.T) {
	long := strings.Repeat("é", 5001)
	for name, tt := range map[string]struct {
		m    team.Macro
		want string
	}{
		"nothing":           {team.Macro{}, "body_fr"},
		"a name alone":      {team.Macro{Texts: map[string]team.MacroText{"en": {Name: "x"}}}, "body_en"},
		"a body alone":      {team.Macro{Texts: map[string]team.MacroText{"fr": {Body: "x"}}}, "name_fr"},
		"too long":          {team.Macro{Texts: map[string]team.MacroText{"fr": {Name: long, Body: long}}}, "name_fr body_fr"},
		"a state of no use": {team.Macro{State: "merged", Texts: map[string]team.MacroText{"fr": {Name: "x", Body: "x"}}}, "state"},
		"six tags":          {team.Macro{Tags: strings.Fields("a b c d e f"), Texts: map[string]team.MacroText{"fr": {Name: "x", Body: "x"}}}, "tags"},
		"right":             {team.Macro{Tags: []string{"A", "a"}, State: "resolved", Texts: map[string]team.MacroText{"fr": {Name: "x", Body: "x"}}}, ""},
	} {
		var got []string
		var e *errs.Error
		if errors.As(tt.m.Clean([]string{"fr", "en"}), &e) {
			for _, f := range e.Fields {
				got = append(got, f.Name)
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %v, want %s", name, got, tt.want)
		}
	}
}

func TestUnfinished(t *testing.T) {
	for body, want := range map[string]string{
		"fini":                              " 0",
		"un\n\ncause : [à compléter] [due]": "[à compléter] 3",
		"au plus tard : [due].":             "[due] 1",
		"{{agent_name}}":                    "{{agent_name}} 1",
		"tableau[0] et [autre]":             " 0",
	} {
		if mark, line := team.Unfinished(body); fmt.Sprint(mark, " ", line) != want {
			t.Errorf("%q: %s %d, want %s", body, mark, line, want)
		}
	}
}

// Every shipped macro is whole in both languages, speaks to the customer by
// name and signs, and both texts leave the same things to fill in.
func TestShippedMacros(t *testing.T) {
	all, err := team.ShippedMacros()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Errorf("%d macros", len(all))
	}
	variable := regexp.MustCompile(`\{\{[a-z_]+\}\}`)
	for _, m := range all {
		fr, en := m.Texts["fr"], m.Texts["en"]
		for lang, text := range m.Texts {
			if !strings.Contains(text.Body, "{{customer_name}},\n") || !strings.HasSuffix(text.Body, "{{agent_name}}") {
				t.Errorf("%s in %s does not greet or sign", m.ID, lang)
			}
		}
		if strings.Count(fr.Body, "[à compléter]") != strings.Count(en.Body, "[to fill in]") || strings.Count(fr.Body, "\n\n") != strings.Count(en.Body, "\n\n") {
			t.Errorf("%s: the two languages differ in shape", m.ID)
		}
		if a, b := variable.FindAllString(fr.Body, -1), variable.FindAllString(en.Body, -1); fmt.Sprint(a) != fmt.Sprint(b) {
			t.Errorf("%s: variables %v and %v", m.ID, a, b)
		}
		if wrong := regexp.MustCompile(`[^\x{202f}][;!?]|[^\x{a0}]:\s|[^\x{a0}]»|«[^\x{a0}]|'|"`).FindString(fr.Body); wrong != "" {
			t.Errorf("%s: %q is not how French is set", m.ID, wrong)
		}
	}
}
