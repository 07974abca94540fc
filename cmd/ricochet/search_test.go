package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vmcloud/ricochet/search"
)

// tree writes files into a new folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const (
	rescueFr = "---\ntitle: Démarrer en mode secours\nslug: rescue\nupdated: 2026-01-02\n---\nLe serveur ne répond plus : démarrez-le en mode secours.\n"
	rescueEn = "---\ntitle: Boot in rescue mode\nslug: rescue\nupdated: 2026-01-02\n---\nThe server does not answer: boot it in rescue mode.\n"
)

// `search run` answers whatever it is given: one line a query, a list in each,
// nothing else on stdout, exit status 0.
func TestSearchRun(t *testing.T) {
	const odd = "\ufeff" + `{"id":"bom","lang":"fr","query":"mode secours","relevant":{"rescue":3},"family":"keyword"}` + "\r\n\r\n" +
		`{"id":"unknown","lang":"zz","query":"rescue"}` + "\r\n" +
		`{"id":"none","query":"rescue"}` + "\n" +
		`{"id":"empty","lang":"en","query":""}` + "\n" +
		"not a query\n" +
		`{"id":"upper","lang":"EN","query":"rescue mode","more":[1]}`
	ids := []string{"bom", "unknown", "none", "empty", "upper"}
	tests := []struct {
		name    string
		files   map[string]string
		queries string
		want    []string // ids of the queries
		found   []string // those that find the article
	}{
		{"odd lines", map[string]string{"fr/a.md": rescueFr, "en/a.md": rescueEn}, odd, ids, []string{"bom", "upper"}},
		{"no query", map[string]string{"fr/a.md": rescueFr}, "", nil, nil},
		{"one language", map[string]string{"fr/deep/er/a.md": rescueFr}, odd, ids, []string{"bom"}},
		{"no language folder", map[string]string{"a.md": rescueFr}, odd, ids, nil},
		{"no article", map[string]string{"fr/readme.txt": "x"}, odd, ids, nil},
		{"one slug for three files", map[string]string{"fr/a.md": rescueFr, "fr/b.md": rescueFr, "fr/c/a.md": rescueFr, "en/a.md": rescueEn}, odd, ids, []string{"bom", "upper"}},
	}
	for _, tt := range tests {
		for _, flags := range [][]string{nil, {"--suggest"}} {
			content := tree(t, tt.files)
			file := filepath.Join(tree(t, map[string]string{"q.jsonl": tt.queries}), "q.jsonl")
			var out, errOut bytes.Buffer
			if code := run(t.Context(), append([]string{"search", "run", "--content", content, "--queries", file}, flags...), &out, &errOut); code != 0 {
				t.Errorf("%s: exit status %d: %s", tt.name, code, errOut.String())
			}
			checkRun(t, tt.name, out.String(), tt.want, tt.found, flags == nil)
		}
	}
}

func checkRun(t *testing.T, name, out string, want, found []string, typed bool) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if out == "" {
		lines = nil
	}
	if len(lines) != len(want) {
		t.Errorf("%s: %d lines for %d queries:\n%s", name, len(lines), len(want), out)
		return
	}
	for i, line := range lines {
		var r search.RunLine
		if err := json.Unmarshal([]byte(line), &r); err != nil || r.ID != want[i] || !strings.Contains(line, `"ranked":[`) {
			t.Errorf("%s: line %d is %s (%v), want %q", name, i+1, line, err, want[i])
		}
		if should := strings.Contains(strings.Join(found, " "), r.ID); typed && should != (len(r.Ranked) == 1) {
			t.Errorf("%s: %s found %v", name, r.ID, r.Ranked)
		}
	}
}

func TestSearchEval(t *testing.T) {
	content := tree(t, map[string]string{"fr/a.md": rescueFr, "en/a.md": rescueEn})
	dir := tree(t, map[string]string{
		"q.jsonl":    `{"id":"a","lang":"fr","query":"mode secours","relevant":{"rescue":3},"family":"keyword"}` + "\n",
		"run.jsonl":  `{"id":"a","ranked":[["other",2.5]],"ms":1}` + "\n",
		"none.jsonl": "",
	})
	for _, file := range []string{"q.jsonl", "none.jsonl"} {
		var out, errOut bytes.Buffer
		args := []string{"search", "eval", "--content", content, "--queries", filepath.Join(dir, file), "--baseline", filepath.Join(dir, "run.jsonl")}
		if code := run(t.Context(), args, &out, &errOut); code != 0 {
			t.Errorf("%s: exit status %d: %s", file, code, errOut.String())
		}
		if file == "q.jsonl" && (!strings.Contains(out.String(), "1 queries got better, 0 worse") || !strings.Contains(out.String(), "1.000")) {
			t.Errorf("got\n%s", out.String())
		}
	}
}
