//go:build bench

package search

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/vmcloud/ricochet/kb"
)

// corpusMaker writes articles that behave like real ones: words by Zipf's law,
// a vocabulary that grows with the corpus, headings, code, translations.
type corpusMaker struct {
	rnd   *rand.Rand
	words map[string][]string
}

func newCorpusMaker(size int) *corpusMaker {
	m := &corpusMaker{rnd: rand.New(rand.NewPCG(1, 2)), words: map[string][]string{}}
	syllables := map[string][]string{
		"fr": strings.Fields("ser veur con fi gu ra tion ré seau mé moire dis que clé ac cès pa ge hé ber ge ment sau ve gar de lo gi ciel cer ti fi cat do mai ne ban de pas sante fac tu re paie ment comp te u ti li sa teur"),
		"en": strings.Fields("ser ver con fig net work mem ory disk key ac cess page host ing back up soft ware cer ti fi cate do main band width bill pay ment ac count u ser load bal anc er stor age im age"),
	}
	for lang, syl := range syllables {
		seen := map[string]bool{}
		for len(m.words[lang]) < size {
			var b strings.Builder
			for range 2 + m.rnd.IntN(3) {
				b.WriteString(syl[m.rnd.IntN(len(syl))])
			}
			if w := b.String(); !seen[w] {
				seen[w] = true
				m.words[lang] = append(m.words[lang], w)
			}
		}
	}
	return m
}

// word draws by Zipf's law.
func (m *corpusMaker) word(lang string) string {
	list := m.words[lang]
	z := rand.NewZipf(m.rnd, 1.07, 4, uint64(len(list)-1))
	return list[z.Uint64()]
}

func (m *corpusMaker) text(b *strings.Builder, lang string, z *rand.Zipf, words int) {
	stops := map[string][]string{"fr": {"le", "de", "la", "et", "pour", "sur"}, "en": {"the", "of", "and", "to", "for", "on"}}[lang]
	list := m.words[lang]
	for i := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		if m.rnd.IntN(3) == 0 {
			b.WriteString(stops[m.rnd.IntN(len(stops))])
		} else {
			b.WriteString(list[z.Uint64()])
		}
		if i%14 == 13 {
			b.WriteByte('.')
		}
	}
	b.WriteString(".\n\n")
}

// files are pairs articles in two languages.
func (m *corpusMaker) files(pairs, words int) fstest.MapFS {
	out := fstest.MapFS{}
	for _, lang := range []string{"fr", "en"} {
		z := rand.NewZipf(m.rnd, 1.07, 4, uint64(len(m.words[lang])-1))
		for i := range pairs {
			var b, title strings.Builder
			m.text(&title, lang, z, 5)
			t := strings.TrimRight(title.String(), ".\n")
			fmt.Fprintf(&b, "---\ntitle: %q\ndescription: %q\nupdated: 2026-01-02\n---\n", t, t)
			for s := range 6 {
				fmt.Fprintf(&b, "## ")
				m.text(&b, lang, z, 4)
				m.text(&b, lang, z, words/6)
				if s == 2 {
					fmt.Fprintf(&b, "```bash\nssh root@host%d.example.net -p 22%d\ncat /etc/app%d.conf\n```\n\n", i, i%100, i%300)
				}
			}
			name := fmt.Sprintf("%s/section%d/article-%05d.md", lang, i%40, i)
			out[name] = &fstest.MapFile{Data: []byte(b.String()), Mode: 0o444}
		}
	}
	return out
}

func heapMiB() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / (1 << 20)
}

func dirBytes(t testing.TB, dir string) int64 {
	var n int64
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			n += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// typed makes queries: two to four words, every third with a typo, every
// fourth with an unfinished last word.
func (m *corpusMaker) typed(lang string, i int) string {
	var ws []string
	for range 2 + m.rnd.IntN(3) {
		ws = append(ws, m.word(lang))
	}
	k := m.rnd.IntN(len(ws))
	switch r := []rune(ws[k]); {
	case i%3 == 0 && len(r) > 4:
		p := 1 + m.rnd.IntN(len(r)-2)
		r[p], r[p+1] = r[p+1], r[p]
		if i%2 == 0 {
			r[p] = 'x'
		}
		ws[k] = string(r)
	case i%4 == 0:
		last := []rune(ws[len(ws)-1])
		ws[len(ws)-1] = string(last[:max(2, len(last)/2)])
	}
	return strings.Join(ws, " ")
}

func (m *corpusMaker) message(lang string) string {
	var b strings.Builder
	z := rand.NewZipf(m.rnd, 1.07, 4, uint64(len(m.words[lang])-1))
	m.text(&b, lang, z, 50)
	return b.String()
}

type latency []time.Duration

func (l latency) at(p float64) time.Duration {
	s := slices.Clone(l)
	slices.Sort(s)
	return s[min(len(s)-1, int(p*float64(len(s))))]
}

func (l latency) String() string {
	return fmt.Sprintf("p50 %v p95 %v p99 %v max %v", l.at(.5).Round(10*time.Microsecond), l.at(.95).Round(10*time.Microsecond),
		l.at(.99).Round(10*time.Microsecond), l.at(1).Round(10*time.Microsecond))
}

// TestBenchSearch prints latency, throughput, memory and index size. It runs
// when RICOCHET_BENCH lists the numbers of articles: RICOCHET_BENCH=200,2000.
func TestBenchSearch(t *testing.T) {
	sizes := os.Getenv("RICOCHET_BENCH")
	if sizes == "" {
		t.Fatal("RICOCHET_BENCH does not list numbers of articles; make bench-search sets it")
	}
	for _, s := range strings.Split(sizes, ",") {
		var n int
		if _, err := fmt.Sscan(s, &n); err != nil {
			t.Fatal(err)
		}
		benchSize(t, n)
	}
}

func benchSize(t *testing.T, n int) {
	ctx := context.Background()
	m := newCorpusMaker(2_000 + 3*n)
	content := t.TempDir()
	writeFiles(t, content, m.files(n/2, 600))
	hugo, hugoCPU, said := hugoBuild(t, content)

	start, spent := time.Now(), cpuTime(t)
	live, err := kb.OpenLive(ctx, content, kb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	load := time.Since(start)
	before := heapMiB()
	dir := t.TempDir()
	indexing := time.Now()
	x := must(Open(Options{Dir: dir}))
	if _, err := x.Sync(ctx, live.Current()); err != nil {
		t.Fatal(err)
	}
	index := time.Since(indexing)
	spent = cpuTime(t) - spent
	t.Logf("%d articles: load and render %v, index %v, together %v (%v of processor)", n, load.Round(time.Millisecond),
		index.Round(time.Millisecond), (load + index).Round(time.Millisecond), spent.Round(time.Millisecond))
	if said == "" {
		t.Logf("  Hugo builds the same files in %v (%v of processor); ours is %.2f of that (goal 0.50), of the processor %.2f",
			hugo.Round(time.Millisecond), hugoCPU.Round(time.Millisecond), (load+index).Seconds()/hugo.Seconds(), spent.Seconds()/hugoCPU.Seconds())
	} else {
		t.Logf("  not compared with Hugo: %s", said)
	}
	benchQueries(t, x, m)
	t.Logf("  heap of the index %.0f MiB, of the library %.0f MiB (goal 800 together), %.1f KiB an article on disk (goal 8)",
		heapMiB()-before, before, float64(dirBytes(t, dir))/1024/float64(n))
	benchEdits(t, x, live, content)
	last := live.Current()
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	start = time.Now()
	x = must(Open(Options{Dir: dir}))
	st, err := x.Sync(ctx, last)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("  reopened in %v: %+v, %.1f KiB an article", time.Since(start).Round(time.Millisecond), st, float64(dirBytes(t, dir))/1024/float64(n))
	if st.Added+st.Removed > 0 {
		t.Errorf("reopening indexed %d articles again", st.Added+st.Removed)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
}

// cpuTime is what this process has used of the processors: on a busy machine it
// says more than the clock.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func writeFiles(t *testing.T, dir string, files fstest.MapFS) {
	t.Helper()
	for name, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// hugoBuild is the time Hugo takes for the same files with a plain layout of
// documentation: the section's navigation, the table of contents, neighbours
// and translations. said is why there is none.
func hugoBuild(t *testing.T, content string) (took, cpu time.Duration, said string) {
	t.Helper()
	bin, err := exec.LookPath("hugo")
	if err != nil {
		return 0, 0, "it is not installed (apt-get install hugo)"
	}
	site := t.TempDir()
	files := fstest.MapFS{
		"config.toml": {Data: fmt.Appendf(nil, "baseURL = \"https://example.com/\"\ntitle = \"bench\"\ndefaultContentLanguage = \"fr\"\n"+
			"[languages.fr]\ncontentDir = %q\n[languages.en]\ncontentDir = %q\n", filepath.Join(content, "fr"), filepath.Join(content, "en"))},
		"layouts/_default/baseof.html": {Data: []byte(`<!doctype html><html lang="{{.Site.Language.Lang}}"><head><meta charset="utf-8"><title>{{.Title}} | {{.Site.Title}}</title>` +
			`<meta name="description" content="{{.Description}}"><link rel="canonical" href="{{.Permalink}}">{{range .AllTranslations}}<link rel="alternate" hreflang="{{.Language.Lang}}" href="{{.Permalink}}">{{end}}` +
			`</head><body>{{block "main" .}}{{end}}</body></html>`)},
		"layouts/_default/single.html": {Data: []byte(`{{define "main"}}{{$here := .}}<nav><ul>{{range .CurrentSection.RegularPages}}<li><a href="{{.RelPermalink}}"{{if eq . $here}} aria-current="page"{{end}}>{{.Title}}</a></li>{{end}}</ul></nav>` +
			`<main><h1>{{.Title}}</h1>{{.TableOfContents}}{{.Content}}{{with .PrevInSection}}<a href="{{.RelPermalink}}">{{.Title}}</a>{{end}}{{with .NextInSection}}<a href="{{.RelPermalink}}">{{.Title}}</a>{{end}}</main>{{end}}`)},
		"layouts/_default/list.html": {Data: []byte(`{{define "main"}}<h1>{{.Title}}</h1><ul>{{range .Pages}}<li><a href="{{.RelPermalink}}">{{.Title}}</a></li>{{end}}</ul>{{end}}`)},
	}
	writeFiles(t, site, files)
	cmd := exec.Command(bin, "--quiet", "--source", site, "--destination", filepath.Join(site, "public"))
	start := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, 0, fmt.Sprintf("%v: %.300s", err, out)
	}
	took = time.Since(start)
	pages, err := filepath.Glob(filepath.Join(site, "public", "*", "*", "*", "index.html"))
	if err != nil || len(pages) == 0 {
		return 0, 0, "it wrote no pages"
	}
	return took, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), ""
}

// benchQueries prints how long queries take and what they allocate.
func benchQueries(t *testing.T, x *Index, m *corpusMaker) {
	ctx := context.Background()
	langs := []string{"fr", "en"}
	for _, lang := range langs { // warm up, as a server does by serving
		for i := range 50 {
			if _, err := x.Search(ctx, Query{Lang: lang, Text: m.typed(lang, i)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	measure := func(name, goal string, count int, f func(i int) error) {
		var l latency
		var mem, mem2 runtime.MemStats
		runtime.ReadMemStats(&mem)
		begin, spent := time.Now(), cpuTime(t)
		for i := range count {
			s := time.Now()
			if err := f(i); err != nil {
				t.Fatal(err)
			}
			l = append(l, time.Since(s))
		}
		took := time.Since(begin)
		spent = cpuTime(t) - spent
		runtime.ReadMemStats(&mem2)
		t.Logf("  %-12s %v (goal %s), %.0f/s, %v of processor and %d KiB a query", name, l, goal, float64(count)/took.Seconds(), (spent / time.Duration(count)).Round(time.Microsecond), (mem2.TotalAlloc-mem.TotalAlloc)/uint64(count)/1024)
	}
	texts := make([]string, 2000)
	for i := range texts {
		texts[i] = m.typed(langs[i%2], i)
	}
	measure("typed", "p95 5 ms, p99 15 ms", len(texts), func(i int) error {
		_, err := x.Search(ctx, Query{Lang: langs[i%2], Text: texts[i]})
		return err
	})
	messages := make([]string, 500)
	for i := range messages {
		messages[i] = m.message(langs[i%2])
	}
	measure("message", "p95 20 ms", len(messages), func(i int) error {
		_, err := x.Suggest(ctx, Message{Lang: langs[i%2], Body: messages[i]}, 3)
		return err
	})
	measure("type-ahead", "p95 10 ms", len(texts), func(i int) error {
		r := []rune(texts[i])
		_, err := x.Complete(ctx, langs[i%2], string(r[:max(1, len(r)*2/3)]), 5)
		return err
	})
	hostile := hostileTexts(texts)
	for _, text := range hostile {
		limits(t, x, text)
	}
	measure("hostile", "max 100 ms", 10*len(hostile), func(i int) error { return x.ask(ctx, langs[i%2], hostile[i%len(hostile)]) })
}

// limits fails when a query takes long, at its best of five runs, or allocates
// much.
func limits(t *testing.T, x *Index, text string) {
	t.Helper()
	ctx := context.Background()
	for name, ask := range map[string]func() error{
		"search": func() error { _, err := x.Search(ctx, Query{Lang: "fr", Text: text, Limit: 50}); return err },
		"suggest": func() error {
			_, err := x.Suggest(ctx, Message{Lang: "fr", Subject: text, Body: text}, 10)
			return err
		},
		"complete": func() error { _, err := x.Complete(ctx, "fr", text, 20); return err },
	} {
		best, allocated := time.Hour, uint64(0)
		for range 5 {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			if err := ask(); err != nil {
				t.Fatal(err)
			}
			best = min(best, time.Since(start))
			runtime.ReadMemStats(&after)
			allocated = max(allocated, after.TotalAlloc-before.TotalAlloc)
		}
		if best > 100*time.Millisecond || allocated > maxAllocated {
			t.Errorf("%s of %.30q takes %v and %d KiB, at most 100 ms and %d KiB", name, text, best, allocated/1024, maxAllocated/1024)
		}
	}
}

// benchEdits writes files of a folder that is watched, and waits until the new
// words are found. The first edit is not measured: when it is found, all
// folders are under watch.
func benchEdits(t *testing.T, x *Index, live *kb.Live, content string) {
	ctx, cancel := context.WithCancel(context.Background())
	synced := make(chan SyncStats, 1)
	stop := live.Subscribe(func(c kb.Change) {
		st, err := x.Sync(ctx, c.New)
		if err != nil {
			t.Error(err)
		}
		synced <- st
	})
	var running sync.WaitGroup
	running.Go(func() {
		if err := live.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	defer running.Wait()
	defer cancel()
	defer stop()
	var found, disk latency
	for i := range 21 {
		name := filepath.Join(content, "fr", fmt.Sprintf("section%d", i), fmt.Sprintf("article-%05d.md", i))
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		word := fmt.Sprintf("zyxwvut%dq", i)
		start := time.Now()
		if err := os.WriteFile(name, append(data, "\n\n"+word+" einzigartig\n"...), 0o644); err != nil {
			t.Fatal(err)
		}
		for n := 0; n == 0; time.Sleep(time.Millisecond) {
			res, err := x.Search(ctx, Query{Lang: "fr", Text: word, Exact: true})
			if err != nil {
				t.Fatal(err)
			}
			if n = len(res.Hits); n == 0 && time.Since(start) > time.Minute {
				t.Fatal("the edit is not found")
			}
		}
		took := time.Since(start)
		st := <-synced // when it is on disk, too
		if st.Added != 1 || st.Removed != 1 {
			t.Errorf("an edit was %+v", st)
		}
		if i > 0 { // the first waits for the watch, and pays for what later ones keep
			found, disk = append(found, took), append(disk, time.Since(start))
		}
	}
	t.Logf("  edit, from the file to the result: %v (goal 100 ms); until it is on disk %v", found, disk)
}
