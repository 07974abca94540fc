package kb

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// watched is a folder under watch, with a channel of its changes.
type watched struct {
	t       *testing.T
	dir     string
	live    *Live
	changes chan Change
}

func watch(t *testing.T, files map[string]string) *watched {
	w := &watched{t: t, dir: t.TempDir(), changes: make(chan Change, 1000)}
	for name, text := range files {
		write(t, filepath.Join(w.dir, name), text)
	}
	live, err := OpenLive(t.Context(), w.dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.live = live
	live.Subscribe(func(c Change) { w.changes <- c })
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- live.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := live.Close(); err != nil {
			t.Error(err)
		}
	})
	w.write("en/zz-watching.md", article("Ready", "", "x"))
	w.until("the watch is on", func(c Change) bool { return c.New.ByPath("en/zz-watching.md") != nil })
	return w
}

// write puts a file there at once, as git does: half of one is another text.
func (w *watched) write(name, text string) {
	w.t.Helper()
	half, to := filepath.Join(w.t.TempDir(), "new.md"), filepath.Join(w.dir, name)
	write(w.t, half, text)
	if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Rename(half, to); err != nil {
		w.t.Fatal(err)
	}
}

// until waits for a change that satisfies ok.
func (w *watched) until(what string, ok func(Change) bool) Change {
	w.t.Helper()
	deadline := time.After(time.Minute)
	for {
		select {
		case c := <-w.changes:
			if ok(c) {
				return c
			}
		case <-deadline:
			w.t.Fatalf("not within a minute: %s", what)
		}
	}
}

func bodyOf(l *Library, path string) string {
	if a := l.ByPath(path); a != nil {
		return string(a.HTML())
	}
	return ""
}

func TestLiveReload(t *testing.T) {
	w := watch(t, map[string]string{
		"en/a/one.md": article("One", "", "first [two](two.md) [later](later.md) ![p](p.png)"),
		"en/a/two.md": article("Two", "", "second"),
	})
	path := filepath.Join(w.dir, "en/a/one.md")

	// An edit, by writing over the file and by renaming a new one over it.
	w.write("en/a/two.md", article("Two", "", "edited"))
	c := w.until("an edit", func(c Change) bool { return strings.Contains(bodyOf(c.New, "en/a/two.md"), "edited") })
	if len(c.Updated) != 1 || c.Updated[0].Path != "en/a/two.md" || len(c.Added)+len(c.Removed) != 0 {
		t.Errorf("change: +%v ~%v -%v", slugs(c.Added), slugs(c.Updated), slugs(c.Removed))
	}
	if c.Old.ByPath("en/a/one.md") != c.New.ByPath("en/a/one.md") {
		t.Error("an untouched article was rendered again")
	}
	w.write("en/a/one.md.tmp", article("One", "", "renamed over [later](later.md) ![p](p.png)"))
	if err := os.Rename(path, path+"~"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		t.Fatal(err)
	}
	w.until("a save by renaming", func(c Change) bool {
		if c.New.ByPath("en/a/one.md") == nil {
			t.Error("the article was away while it was being saved")
		}
		return strings.Contains(bodyOf(c.New, "en/a/one.md"), "renamed over")
	})

	// A new article mends the link to it; a new image shows.
	w.write("en/a/later.md", article("Later", "", "third"))
	w.until("a link to a new article", func(c Change) bool {
		return strings.Contains(bodyOf(c.New, "en/a/one.md"), `href="/en/a/later"`)
	})
	w.write("en/a/p.png", onePixel)
	w.until("a new image", func(c Change) bool { return strings.Contains(bodyOf(c.New, "en/a/one.md"), `width="1"`) })

	// A new language, folder and section, moved in at once.
	elsewhere := filepath.Join(t.TempDir(), "fr")
	write(t, filepath.Join(elsewhere, "b/c/x.md"), article("X", "", "x"))
	if err := os.Rename(elsewhere, filepath.Join(w.dir, "fr")); err != nil {
		t.Fatal(err)
	}
	w.until("a new folder", func(c Change) bool { return c.New.Article("fr", "b", "c-x") != nil })
	w.write("fr/b/c/y.md", article("Y", "", "y"))
	w.until("a file in the new folder", func(c Change) bool { return c.New.Article("fr", "b", "c-y") != nil })

	// Removals, of a file and of a folder.
	if err := os.Remove(filepath.Join(w.dir, "en/a/later.md")); err != nil {
		t.Fatal(err)
	}
	c = w.until("a removal", func(c Change) bool { return c.New.ByPath("en/a/later.md") == nil })
	if slugs(c.Removed) != "later" || strings.Contains(bodyOf(c.New, "en/a/one.md"), "/en/a/later") {
		t.Errorf("removed %q, html %s", slugs(c.Removed), bodyOf(c.New, "en/a/one.md"))
	}
	if err := os.RemoveAll(filepath.Join(w.dir, "fr")); err != nil {
		t.Fatal(err)
	}
	w.until("a removed folder", func(c Change) bool { return len(c.New.Langs()) == 1 })
}

func TestLiveKeepsTheLastGoodVersion(t *testing.T) {
	good := article("One", "", "good text")
	w := watch(t, map[string]string{"en/a/one.md": good})
	for name, broken := range map[string]string{
		"YAML": "---\ntitle: \"x\nupdated: [\n---\nbroken", "unclosed": "---\ntitle: x\nbroken", "empty": "", "no body": "---\ntitle: x\nupdated: 2026-03-09\n---\n",
		"huge": strings.Repeat("a", maxFile+1),
	} {
		w.write("en/a/one.md", broken)
		c := w.until(name, func(c Change) bool {
			return strings.Contains(strings.Join(messages(c.New.Problems()), "\n"), "the last good version stays")
		})
		if !strings.Contains(bodyOf(c.New, "en/a/one.md"), "good text") {
			t.Errorf("%s: the broken version is served", name)
		}
		w.write("en/a/one.md", good)
		w.until("mended", func(c Change) bool { return len(c.New.Problems()) == 0 })
	}
	if len(w.live.Problems()) != 0 {
		t.Errorf("problems stay: %v", w.live.Problems())
	}
}

// TestLiveUnderLoad: readers find a complete snapshot whatever happens, and a
// file written without pause does not hold up another.
func TestLiveUnderLoad(t *testing.T) {
	files := map[string]string{}
	for i := range 50 {
		files["en/a/f"+string(rune('a'+i%26))+string(rune('a'+i/26))+".md"] = article("F", "", "text")
	}
	w := watch(t, files)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				write(t, filepath.Join(w.dir, "en/a/busy.md"), article("Busy", "", "text"))
			}
		}
	})
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			lib := w.live.Current()
			for _, a := range lib.Articles("en") {
				if lib.ByURL(a.URL()) != a || len(a.HTML()) == 0 {
					t.Errorf("incomplete snapshot: %s", a.Path)
					return
				}
			}
		}
	})
	w.write("en/a/faa.md", article("F", "", "edited"))
	w.until("the edit beside a busy file", func(c Change) bool { return strings.Contains(bodyOf(c.New, "en/a/faa.md"), "edited") })
	close(stop)
	wg.Wait()
}

func TestSubscriptionEnds(t *testing.T) {
	live := NewStatic(&Library{})
	n := 0
	cancel := live.Subscribe(func(Change) { n++ })
	live.publish(&Library{})
	cancel()
	live.publish(&Library{})
	if n != 1 {
		t.Errorf("called %d times", n)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := live.Run(ctx); err != nil {
		t.Error(err)
	}
}
