package policy_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vmcloud/ricochet/deflect/policy"
	"github.com/vmcloud/ricochet/internal/clock"
)

var vocabulary = policy.Vocabulary{
	Categories: []string{"technical", "how-to", "billing", "account"}, Queues: []string{"general", "priority", "enterprise", "billing", "cre"},
	Tiers: []string{"free", "standard", "business", "enterprise"}, Langs: []string{"fr", "en"}, Channels: []string{"form", "api"},
	Priorities: []string{"P0", "P1", "P2", "P3", "P4"},
}

func rulesOf(t testing.TB, text string) *policy.Rules {
	t.Helper()
	r, err := policy.ParseRules("rules.yaml", []byte(text), vocabulary)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestShippedRules(t *testing.T) {
	rules := rulesOf(t, string(policy.DefaultRulesYAML))
	for _, tt := range []struct {
		what, subject, body string
		c                   policy.Case
		category, priority  string
		queue               string
		page                bool
		tags                []string
	}{
		{"nothing known", "Bonjour", "Une question.", policy.Case{Lang: "fr", Tier: "free", Priority: "P4"}, "", "P4", "", false, nil},
		{"[URGENT] in the subject", "[Urgent] tout est cassé", "vite", policy.Case{Lang: "fr", Tier: "standard", Priority: "P3", Category: "technical"}, "technical", "P1", "priority", true, []string{"urgent"}},
		{"the word alone is no mark", "Pas urgent", "Ce n'est pas [URGENT].", policy.Case{Lang: "fr", Tier: "standard", Priority: "P4", Category: "how-to"}, "how-to", "P4", "", false, nil},
		{"billing in French", "Ma FACTURE", "Le montant de ma facture me semble faux.", policy.Case{Lang: "fr", Tier: "free", Priority: "P4"}, "billing", "P4", "billing", false, nil},
		{"billing in English through the French form", "Wrong amount", "The invoice you sent is wrong and I want a refund for it.", policy.Case{Lang: "fr", Tier: "free", Priority: "P4"}, "billing", "P4", "billing", false, nil},
		{"accents and case", "RESEAU", "mon VPS ne repond plus depuis ce matin", policy.Case{Lang: "fr", Tier: "business", Priority: "P3"}, "technical", "P1", "priority", true, []string{"service-down"}},
		{"data loss", "Help", "We have lost all our data since the migration.", policy.Case{Lang: "en", Tier: "enterprise", Priority: "P2", Category: "technical"}, "technical", "P1", "enterprise", true, []string{"data-loss"}},
		{"degraded", "Slow", "The server is very slow since this morning.", policy.Case{Lang: "en", Tier: "standard", Priority: "P3", Category: "technical"}, "technical", "P2", "cre", false, nil},
		{"never lowered", "Slow", "The server is very slow.", policy.Case{Lang: "en", Tier: "standard", Priority: "P1", Category: "technical"}, "technical", "P1", "priority", true, nil},
		{"a password that is only mentioned", "Ajouter une clé SSH", "Je voudrais me connecter au serveur sans mot de passe.", policy.Case{Lang: "fr", Tier: "free", Priority: "P4"}, "technical", "P4", "cre", false, nil},
		{"a password that is the question", "Aide, merci", "J'ai un mot de passe oublié pour ma console, que faire ?", policy.Case{Lang: "fr", Tier: "free", Priority: "P4"}, "account", "P4", "", false, nil},
		{"a person's category stays", "Facture", "Ma facture", policy.Case{Lang: "fr", Tier: "free", Priority: "P4", Category: "account"}, "account", "P4", "", false, nil},
	} {
		d := rules.Decide(rules.Read(tt.subject, tt.body, tt.c.Lang), tt.c)
		got := fmt.Sprint(d.Category, d.Priority, d.Queue, d.Page, d.Tags)
		if want := fmt.Sprint(tt.category, tt.priority, tt.queue, tt.page, tt.tags); got != want {
			t.Errorf("%s: %s, want %s (fired %v)", tt.what, got, want, d.Fired)
		}
	}
}

func TestRulesSeeWhatEarlierOnesChanged(t *testing.T) {
	rules := rulesOf(t, `
rules:
  - {name: one, when: {category: unknown, regex: '(?i)\bserver-\d+'}, then: {category: technical, tags: [a, b, c]}}
  - {name: two, when: {category: technical, unverified: true}, then: {raise: 2, tags: [c, d, e, f]}}
  - {name: three, when: {priority: P2, channel: [api], lang: fr}, then: {priority: P3, skills: [x], queue: cre}, stop: true}
  - {name: four, when: {}, then: {queue: general}}
`)
	read := rules.Read("About SERVER-12", "", "fr")
	d := rules.Decide(read, policy.Case{Lang: "fr", Channel: "api", Priority: "P4", Unverified: true})
	want := policy.Decision{
		Fired: []string{"one", "two", "three"}, Category: "technical", Priority: "P3", Queue: "cre", Tags: []string{"a", "b", "c", "d", "e"}, Skills: []string{"x"},
	}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Error(diff)
	}
	d = rules.Decide(read, policy.Case{Lang: "fr", Channel: "form", Priority: "P2", Unverified: true})
	if d.Priority != "P1" || d.Queue != "general" {
		t.Errorf("raised beyond P1, or stopped: %+v", d)
	}
}

func TestEveryMistakeOfARulesFileIsNamed(t *testing.T) {
	const text = `rules:
  - name: One Rule
    when: {tier: [gold], text: {de: [x]}, colour: red}
    then: {priority: P0, queue: nowhere}
  - name: two
    says: {xx: "?"}
    when: {regex: '(', unverified: maybe}
    then: {raise: 9, tags: [a, b, c, d, e, f]}
  - name: two
    when: {regex: 'a*', subject: [], category: [spam]}
    then: {}
  - when: {}
    then: {at_least: P2, raise: 1, page: perhaps}
    stop: 7
  - name: five
`
	_, err := policy.ParseRules("r.yaml", []byte(text), vocabulary)
	problems, ok := err.(policy.Problems)
	if !ok {
		t.Fatalf("error %v", err)
	}
	for _, want := range []string{
		`r.yaml:2: rule 1 name: "One Rule"`, `:3: rule 1 when tier: unknown value "gold"`, `:3: rule 1 when text: unknown value "de"`, `:3: rule 1 when: unknown key "colour"`,
		`:4: rule 1 then priority: unknown value "P0"`, `:4: rule 1 then queue: unknown value "nowhere"`, `:6: rule two says: unknown value "xx"`,
		`:7: rule two when regex: error parsing regexp`, `:7: rule two when unverified: want true or false`, `:8: rule two then raise: want 1, 2 or 3`,
		`:8: rule two then: 6 tags`, `:9: rule two: the name is taken by the rule on line 5`, `:10: rule two when regex: "a*" matches every text`,
		`:10: rule two when subject: the list is empty`, `:10: rule two when category: unknown value "spam"`, `:11: rule two then: the rule does nothing`,
		`:12: rule 4: name is missing`, `exclude each other`, `:13: rule 4 then page: want true or false`, `:14: rule 4 stop: want true or false`,
		`:15: rule five: when is missing`, `:15: rule five: then is missing`,
	} {
		if !strings.Contains(problems.Error(), want) {
			t.Errorf("no %q in\n%s", want, problems)
		}
	}
	for _, bad := range []string{"", "rules", "rules: {a: b}", "rule: []", "rules: [1]", "rules:\n  - [", strings.Repeat("[", 100)} {
		if _, err := policy.ParseRules("r.yaml", []byte(bad), vocabulary); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestRefusedRulesLeaveTheOldOnesInForce(t *testing.T) {
	files := fstest.MapFS{"r.yaml": {Data: []byte("rules:\n  - {name: a, when: {}, then: {queue: cre}}\n")}}
	var log bytes.Buffer
	c := clock.NewManual(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
	live, err := policy.OpenRules(files, "r.yaml", vocabulary, c, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	queue := func() string { return live.Current().Decide(live.Current().Read("", "", "fr"), policy.Case{}).Queue }
	change := func(text string) { files["r.yaml"] = &fstest.MapFile{Data: []byte(text)} }
	change("rules:\n  - {name: a, when: {}, then: {queue: nowhere}}\n")
	c.Advance(time.Minute)
	if err := live.Reload(); err == nil || queue() != "cre" {
		t.Errorf("reload %v, queue %s", err, queue())
	}
	if s := live.Status(); len(s.Problems) != 1 || s.Problems[0].Line != 2 || !s.TriedAt.After(s.LoadedAt) || s.Rules != 1 {
		t.Errorf("status %+v", s)
	}
	if err := live.Reload(); err != nil || strings.Count(log.String(), "rules refused") != 1 {
		t.Errorf("the same bad file again: %v\n%s", err, log.String())
	}
	if live.Status().Problems == nil {
		t.Error("the problem was forgotten")
	}
	delete(files, "r.yaml")
	if err := live.Reload(); err == nil || queue() != "cre" {
		t.Errorf("a missing file: %v, %s", err, queue())
	}
	change("rules:\n  - {name: b, when: {}, then: {queue: billing}}\n")
	ctx, stop := context.WithCancel(t.Context())
	now, done := make(chan struct{}), make(chan struct{})
	go func() { live.Run(ctx, now); close(done) }()
	now <- struct{}{}
	now <- struct{}{} // the first has been handled
	stop()
	<-done
	if queue() != "billing" || live.Status().Problems != nil {
		t.Errorf("queue %s, status %+v", queue(), live.Status())
	}
}

func TestSays(t *testing.T) {
	rules := rulesOf(t, "rules:\n  - {name: a, says: {fr: Bonjour}, when: {}, then: {page: true}}\n")
	if rules.Says("a", "fr") != "Bonjour" || rules.Says("a", "en") != "a" || rules.Says("gone", "fr") != "gone" {
		t.Error("wrong words")
	}
}

func FuzzRules(f *testing.F) {
	f.Add("rules:\n  - {name: a, when: {text: [x]}, then: {page: true}}\n", "sujet", "message")
	f.Add(string(policy.DefaultRulesYAML), "[URGENT] Œuvre naïve", "’\xff é̂")
	f.Fuzz(func(t *testing.T, file, subject, body string) {
		rules, err := policy.ParseRules("r.yaml", []byte(file), vocabulary)
		if err != nil {
			return
		}
		d := rules.Decide(rules.Read(subject, body, "fr"), policy.Case{Priority: "P4"})
		if d.Priority == "P0" || len(d.Tags) > policy.MaxTags || len(d.Fired) > rules.Len() {
			t.Errorf("%+v", d)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	rules := rulesOf(b, string(policy.DefaultRulesYAML))
	body := strings.Repeat("Depuis 8 h mon serveur répond mal au ping et la console affiche « erreur 504 ». ", 4)
	for b.Loop() {
		rules.Decide(rules.Read("Mon VPS ne répond plus depuis ce matin", body, "fr"), policy.Case{Priority: "P3", Tier: "free", Lang: "fr"})
	}
}
