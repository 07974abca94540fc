//go:build bench

package search

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
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
	files := m.files(n/2, 600)
	start := time.Now()
	lib, _, err := kb.Load(ctx, files, kb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	load := time.Since(start)
	before := heapMiB()
	dir := t.TempDir()
	start = time.Now()
	x := must(Open(Options{Dir: dir}))
	if _, err := x.Sync(ctx, lib); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d articles: load+render %v, index from nothing %v", n, load.Round(time.Millisecond), time.Since(start).Round(time.Millisecond))
	for _, lang := range []string{"fr", "en"} { // warm up, as a server does by serving
		for i := range 50 {
			if _, err := x.Search(ctx, Query{Lang: lang, Text: m.typed(lang, i)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	measure := func(name string, count int, f func(i int) error) {
		var l latency
		var mem, mem2 runtime.MemStats
		runtime.ReadMemStats(&mem)
		begin := time.Now()
		for i := range count {
			s := time.Now()
			if err := f(i); err != nil {
				t.Fatal(err)
			}
			l = append(l, time.Since(s))
		}
		took := time.Since(begin)
		runtime.ReadMemStats(&mem2)
		t.Logf("  %-12s %v, %.0f/s, %d KiB a query", name, l, float64(count)/took.Seconds(), (mem2.TotalAlloc-mem.TotalAlloc)/uint64(count)/1024)
	}
	langs := []string{"fr", "en"}
	texts := make([]string, 2000)
	for i := range texts {
		texts[i] = m.typed(langs[i%2], i)
	}
	measure("typed", len(texts), func(i int) error {
		_, err := x.Search(ctx, Query{Lang: langs[i%2], Text: texts[i]})
		return err
	})
	measure("message", 500, func(i int) error {
		_, err := x.Suggest(ctx, Message{Lang: langs[i%2], Body: m.message(langs[i%2])}, 3)
		return err
	})
	measure("type-ahead", len(texts), func(i int) error {
		r := []rune(texts[i])
		_, err := x.Complete(ctx, langs[i%2], string(r[:max(1, len(r)*2/3)]), 5)
		return err
	})
	measure("hostile", 40, func(i int) error {
		text := strings.Repeat("z", 10_000)
		switch i % 4 {
		case 1:
			text = strings.Repeat(texts[i]+" ", 400)
		case 2:
			text = strings.Repeat("*?~[a-z]+\x00(", 900)
		case 3:
			text = strings.Repeat("abcdefghijklmn opqrstuvwx ", 400)
		}
		_, err := x.Search(ctx, Query{Lang: langs[i%2], Text: text})
		return err
	})
	t.Logf("  heap of the index %.0f MiB (library %.0f MiB), on disk %.1f KiB an article", heapMiB()-before, before, float64(dirBytes(t, dir))/1024/float64(n))

	name := "fr/section0/article-00000.md"
	files[name] = &fstest.MapFile{Data: append(slices.Clone(files[name].Data), "\n\nzyxwvut einzigartig\n"...), Mode: 0o444}
	lib2, _, err := kb.Load(ctx, files, kb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	start = time.Now()
	st, err := x.Sync(ctx, lib2)
	if err != nil {
		t.Fatal(err)
	}
	res, err := x.Search(ctx, Query{Lang: "fr", Text: "zyxwvut"})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("  an edit reindexed and found (%d) in %v: %+v", res.Total, time.Since(start).Round(time.Millisecond), st)
	var edits latency
	for i := range 10 {
		l := lib
		if i%2 == 1 {
			l = lib2
		}
		start = time.Now()
		if _, err := x.Sync(ctx, l); err != nil {
			t.Fatal(err)
		}
		edits = append(edits, time.Since(start))
	}
	t.Logf("  edits: %v", edits)
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	start = time.Now()
	x = must(Open(Options{Dir: dir}))
	if st, err = x.Sync(ctx, lib2); err != nil {
		t.Fatal(err)
	}
	t.Logf("  reopened in %v: %+v, %.1f KiB an article", time.Since(start).Round(time.Millisecond), st, float64(dirBytes(t, dir))/1024/float64(n))
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
}
