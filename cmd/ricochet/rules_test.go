package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// rules runs a command of `ricochet rules`.
func rulesCommand(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(t.Context(), append([]string{"rules"}, args...), &out, &errs)
	return code, out.String() + errs.String()
}

func writeRules(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func TestRulesFileFromCheckToReload(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rules.yaml")
	writeRules(t, file, "rules:\n  - {name: a, when: {tier: gold}, then: {queue: nowhere}}\n")
	if code, out := rulesCommand(t, "check", file); code != 1 || !strings.Contains(out, "rules.yaml:2: rule a when tier") || !strings.Contains(out, `"nowhere"`) {
		t.Errorf("check of a bad file: %d %s", code, out)
	}
	writeRules(t, file, "rules:\n  - {name: all-to-billing, when: {}, then: {queue: billing}}\n")
	if code, out := rulesCommand(t, "check", file); code != 0 || !strings.Contains(out, "1 rules") {
		t.Errorf("check of a good file: %d %s", code, out)
	}

	data := t.TempDir()
	s := serve(t, data, "--rate-limit", "off", "--rules", file)
	token := s.apiToken("tickets:write")
	queueOf := func(subject string) string {
		t.Helper()
		p := s.api("/api/v1/tickets", token, "", `{"email":"a@b.fr","lang":"fr","subject":"`+subject+`","message":"Bonjour, merci."}`)
		p.want(t, "a ticket", http.StatusCreated)
		return p.ticket(t).Queue
	}
	if q := queueOf("un"); q != "billing" {
		t.Errorf("queue %s, want billing", q)
	}
	staff := s.staff("en")
	writeRules(t, file, "rules:\n  - {name: broken, when: {}, then: {}}\n")
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	until(t, "the refused file on the status page", func() bool {
		return strings.Contains(staff.get("/staff/status").body, "rule broken then: the rule does nothing")
	})
	if q := queueOf("deux"); q != "billing" {
		t.Errorf("after a refused file: queue %s, want billing", q)
	}
	writeRules(t, file, "rules:\n  - {name: all-to-cre, when: {subject: [trois]}, then: {queue: cre, tags: [x]}}\n")
	until(t, "the new file without a signal", func() bool { return strings.Contains(s.log.String(), "rules loaded") })
	if q := queueOf("trois"); q != "cre" {
		t.Errorf("after a good file: queue %s, want cre", q)
	}
	code, out := rulesCommand(t, "dry-run", "--data", data, file)
	if code != 0 || strings.Count(out, "billing -> general") != 2 || !strings.Contains(out, "all-to-cre") || !strings.Contains(out, "would have started otherwise") {
		t.Errorf("dry-run: %d\n%s", code, out)
	}
	if code, out := rulesCommand(t, "print"); code != 0 || !strings.Contains(out, "name: marked-urgent") {
		t.Errorf("print: %d %.100s", code, out)
	}
}
