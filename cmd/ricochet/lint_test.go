package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLint(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "en", "a", "one.md")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("---\ntitel: One\nupdated: 2026-03-09\n---\n[x](gone.md)\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var out, errOut bytes.Buffer
	if code := run(t.Context(), []string{"lint", "--content", dir}, &out, &errOut); code != 1 {
		t.Errorf("exit status %d with errors in the folder: %s", code, errOut.String())
	}
	for _, want := range []string{file + ":2: error: unknown key `titel`; did you mean `title`?\n", file + ":5: error: the link \"gone.md\" is broken"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	out.Reset()
	if code := run(t.Context(), []string{"lint", "--content", dir, "--format", "json"}, &out, &errOut); code != 1 {
		t.Errorf("exit status %d", code)
	}
	var lines []lintLine
	if err := json.Unmarshal(out.Bytes(), &lines); err != nil || len(lines) < 3 || lines[2].Line != 2 || lines[2].Severity != "error" {
		t.Errorf("%v %+v", err, lines)
	}
	out.Reset()
	if code := run(t.Context(), []string{"lint"}, &out, &errOut); code != 0 {
		t.Errorf("the built-in articles: exit status %d\n%s", code, out.String())
	}
}
