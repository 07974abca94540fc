package kb

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// load makes a Library of files given as path and text; an article without
// front matter gets a correct one.
func load(t testing.TB, files map[string]string) *Library {
	t.Helper()
	lib, _, err := Load(t.Context(), folder(files), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

func folder(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		if isArticle(name) && !strings.HasPrefix(text, "---") && !strings.Contains(name, "raw") {
			text = "---\ntitle: " + name + "\nupdated: 2026-03-09\n---\n" + text
		}
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func messages(problems []Problem) []string {
	var out []string
	for _, p := range problems {
		out = append(out, p.String())
	}
	return out
}

func TestFrontMatterProblems(t *testing.T) {
	for name, tc := range map[string]struct {
		front string
		want  []string // after "en/a/b.md:"
	}{
		"right": {front: "title: A\nupdated: 2026-03-09\nrevision: 2\norder: 3\ntags: [x, 404]\ncategory: how-to\naliases:\n  - /fr/old\n"},
		"unknown key": {front: "title: A\nupdated: 2026-03-09\ndescripton: x\n",
			want: []string{"4: error: unknown key `descripton`; did you mean `description`?"}},
		"unknown without a neighbour": {front: "title: A\nupdated: 2026-03-09\nsidebar_position: 3\n",
			want: []string{"4: error: unknown key `sidebar_position`"}},
		"wrong types": {front: "title: [a]\nupdated: 2026-03-09\norder: many\ntags: one, two\nquestions:\n  - How: why\n",
			want: []string{"2: error: `title` must be a text, not a list", "4: error: `order` must be a whole number, not \"many\"",
				"5: error: `tags` must be a list: one `- entry` line each, or [a, b]",
				"7: error: `questions` has an entry that is not text; quote it if it contains a colon or a bracket"}},
		"category": {front: "title: A\nupdated: 2026-03-09\ncategory: biling\n",
			want: []string{"4: error: `category` is \"biling\"; it must be one of billing, how-to, account, technical; did you mean `billing`?"}},
		"revision": {front: "title: A\nupdated: 2026-03-09\nrevision: 0\n",
			want: []string{"4: error: `revision` is 0; it starts at 1 and is raised when the answer changes"}},
		"no updated":    {front: "title: A\n", want: []string{"1: error: `updated` is missing; write the day the article last changed, such as 2026-03-09"}},
		"empty updated": {front: "title: A\nupdated: \"\"\n", want: []string{"3: error: `updated` is empty; write the day the article last changed, such as 2026-03-09"}},
		"odd date":      {front: "title: A\nupdated: 05th May 2020\n", want: []string{"3: warning: `updated` \"05th May 2020\" is read as 2020-05-05; write it like that"}},
		"no date":       {front: "title: A\nupdated: soon\n", want: []string{"3: error: `updated` \"soon\" is not a date; write 2026-03-09"}},
		"alias":         {front: "title: A\nupdated: 2026-03-09\naliases: [https://x.example/a, ../b]\n", want: []string{"4: error: the alias \"https://x.example/a\" must be a site path such as /fr/old/address", "4: error: the alias \"../b\" must be a site path such as /fr/old/address"}},
		"lang":          {front: "title: A\nupdated: 2026-03-09\nlang: fr\n", want: []string{"1: warning: `lang` is \"fr\" but the file is in the folder \"en\", which counts"}},
		"no title":      {front: "updated: 2026-03-09\n", want: []string{"1: error: `title` is missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			lib := load(t, map[string]string{"en/a/b.md": "---\n" + tc.front + "---\nText.\n"})
			var want []string
			for _, w := range tc.want {
				want = append(want, "en/a/b.md:"+w)
			}
			if diff := cmp.Diff(want, messages(lib.Problems())); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if a := lib.Article("en", "a", "b"); a == nil || len(a.HTML()) == 0 {
				t.Error("the article is not served")
			}
		})
	}
}

func TestBrokenFilesAreServedAsWellAsTheyCan(t *testing.T) {
	lib := load(t, map[string]string{
		"en/a/yaml.md":       "---\ntitle: \"Unclosed\nupdated: 2026-03-09\ntags: [x, y]\n---\nText.\n",
		"en/a/open.md":       "---\ntitle: Never closed\nupdated: 2026-03-09\n\n# Heading\n\nText.\n",
		"en/a/raw-none.md":   "# Only a heading\n\nText.\n",
		"en/a/raw-my_doc.md": "Just text.\n",
		"en/a/empty.md":      "---\ntitle: Empty\nupdated: 2026-03-09\n---\n",
		"en/a/described.md":  "---\ntitle: Empty\ndescription: Words.\nupdated: 2026-03-09\n---\n",
		"en/a/comment.md":    article("Comment", "", "<!-- nothing -->"),
		"en/a/latin1.md":     "---\ntitle: Cl\xe9\nupdated: 2026-03-09\n---\nAcc\xe8s \x80.\n",
		"en/a/mojibake.md":   "---\ntitle: Clé\nupdated: 2026-03-09\n---\nRÃ©seau privÃ©, lâ€™adresse.\n",
		"en/a/control.md":    "---\ntitle: C\nupdated: 2026-03-09\n---\r\nA\x00B\u202e.\r\n",
		"en/a/list.md":       "---\n- a\n- b\n---\nText.\n",
		"en/a/raw-toml.md":   "+++\ntitle = \"Toml: a\"\nupdated = 2026-03-09\ntags = [\n  \"x\",\n  \"y\",\n]\nwheight = 3\n[menu]\n  name = \"m\"\n+++\nText.\n",
		"en/a/raw-plus.md":   "+++\n\nText.\n",
		"en/a/huge.md":       strings.Repeat("a ", maxFile/2+1),
	})
	type served struct{ Title, HTML string }
	got := map[string]served{}
	for _, a := range lib.Articles("en") {
		got[a.Slug] = served{a.Title, strings.TrimSpace(string(a.HTML()))}
	}
	want := map[string]served{
		"yaml": {"Unclosed", "<p>Text.</p>"}, "open": {"Never closed", "<h2 id=\"heading\">Heading</h2>\n<p>Text.</p>"},
		"raw-none": {"Only a heading", "<p>Text.</p>"}, "raw-my-doc": {"Raw my doc", "<p>Just text.</p>"}, "described": {"Empty", "<p>Words.</p>"},
		"latin1": {"Clé", "<p>Accès €.</p>"}, "mojibake": {"Clé", "<p>Réseau privé, l’adresse.</p>"}, "control": {"C", "<p>AB.</p>"},
		"list": {"List", "<p>Text.</p>"}, "raw-toml": {"Toml: a", "<p>Text.</p>"}, "raw-plus": {"Raw plus", "<p>+++</p>\n<p>Text.</p>"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("served (-want +got):\n%s", diff)
	}
	joined := strings.Join(messages(lib.Problems()), "\n")
	for _, want := range []string{
		"en/a/yaml.md:2: error: the front matter is not valid YAML", "en/a/open.md:1: error: the front matter is not closed",
		"en/a/raw-none.md:1: error: there is no front matter", "en/a/empty.md:5: error: the article has no text; it is not served",
		"en/a/described.md:6: error: the article has no text; its description", "en/a/comment.md:5: error: nothing of the article's text",
		"en/a/latin1.md:2: warning: the file is not valid UTF-8", "en/a/mojibake.md:5: warning: 3 letters were encoded twice",
		"en/a/raw-toml.md:1: error: the front matter is TOML", "en/a/raw-toml.md:8: error: unknown key `wheight`", "en/a/raw-plus.md:1: error: there is no front matter",
		"en/a/control.md:5: warning: control characters were removed", "en/a/huge.md: error: the file is larger than 2 MiB",
		"en/a/list.md:2: error: the front matter is not valid YAML: it must be a list of `key: value` lines",
	} {
		if !strings.Contains(joined, want) {
			t.Errorf("no problem %q in\n%s", want, joined)
		}
	}
}

func TestParseDate(t *testing.T) {
	for in, want := range map[string]string{
		"2026-03-09": "2026-03-09", "2020-04-16T10:00:00Z": "2020-04-16", "2020-04-16 10:00:00": "2020-04-16", "05th May 2020": "2020-05-05",
		"18/11/2019": "2019-11-18", "11/18/2019": "2019-11-18", "03/04/2020": "2020-04-03", "2020/04/03": "2020-04-03", "18.11.2019": "2019-11-18",
		"1er août 2021": "2021-08-01", "le mardi 3 décembre 2019": "2019-12-03", "May 5, 2020": "2020-05-05", "9 fév. 2020": "2020-02-09",
		"soon": "", "31/02/2020": "", "0202-03-09": "", "": "", "2020": "", "99/99/9999": "", strings.Repeat("1", 100): "",
	} {
		got, exact, ok := parseDate(in)
		switch {
		case want == "" && ok:
			t.Errorf("parseDate(%q) = %v, want none", in, got)
		case want != "" && (!ok || got.Format(time.DateOnly) != want):
			t.Errorf("parseDate(%q) = %v %v, want %s", in, got, ok, want)
		case exact != (want == in && ok):
			t.Errorf("parseDate(%q): exact = %v", in, exact)
		}
	}
}

func FuzzFrontMatter(f *testing.F) {
	for _, s := range []string{"---\ntitle: a\nupdated: 2026-03-09\n---\nx", "---\na: &a [*a, *a]\nb: {c: [", "---\n\xff\xfe\n---\n", "---\n? a\n: b\n---\n",
		"---\ntags:\n  - a: b\n---\n", "---\ntitle: |\n  x\n  y\n---\n# T", "\xff\xfe-\x00-\x00", "---\n!!binary x\n---\n", "---\ntitle: >-\n\n---"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		lib, problems, err := Load(t.Context(), fstest.MapFS{"en/a/b.md": {Data: src}}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, lang := range lib.Langs() {
			for _, a := range lib.Articles(lang) { // the front matter decides under which slug
				if a.Title == "" || len(a.HTML()) == 0 || !utf8.ValidString(a.Title) || !utf8.Valid(a.HTML()) || !utf8.Valid(a.Markdown()) {
					t.Errorf("empty or not valid UTF-8: %q %q", a.Title, a.HTML())
				}
			}
		}
		if lib.Len() == 0 && len(problems) == 0 {
			t.Error("not served and no problem")
		}
		for _, p := range problems {
			if p.Path == "" || p.Message == "" || strings.Contains(p.Message, "\n") || p.Line < 0 {
				t.Errorf("odd problem %q", p)
			}
		}
	})
}
