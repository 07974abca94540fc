package kb

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// synthetic makes n articles in two languages, 500 words each, with the blocks
// a help article has; the seed is fixed.
func synthetic(n int) fstest.MapFS {
	rnd := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("server volume snapshot invoice network address firewall key console region restore attach billing quota " +
		"serveur réseau clé sauvegarde facture région adresse compte accès disque l’offre déjà configuré erreur")
	sentence := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteString(words[rnd.IntN(len(words))])
			b.WriteByte(' ')
		}
		return b.String()
	}
	fsys := fstest.MapFS{}
	for i := range n / 2 {
		for _, lang := range []string{"fr", "en"} {
			var b strings.Builder
			fmt.Fprintf(&b, "---\ntitle: %sarticle %d\ndescription: %s\norder: %d\ntags: [a, b]\nquestions:\n  - %s\nupdated: 2026-03-09\n---\n",
				sentence(3), i, sentence(12), i%7, sentence(6))
			for s := range 5 {
				fmt.Fprintf(&b, "%s\n\n## %spart %d\n\n%s**bold** and `code`, see [other](article-%d.md).\n\n1. %s\n\n   %s\n2. %s\n\n",
					sentence(30), sentence(3), s, sentence(25), i%20+20*rnd.IntN(n/2/20), sentence(8), sentence(6), sentence(8))
			}
			fmt.Fprintf(&b, "> [!WARNING]\n> %s\n\n```bash\nvmc server create --name web-%d --image debian-13 --size %d\nsudo systemctl restart nginx # %s\n```\n\n| A | B |\n|---|---|\n| %s | %s |\n",
				sentence(10), i, rnd.IntN(1000), sentence(3), sentence(2), sentence(2))
			fsys[fmt.Sprintf("%s/section-%d/article-%d.md", lang, i%20, i)] = &fstest.MapFile{Data: []byte(b.String())}
		}
	}
	return fsys
}

// BenchmarkLoad2000 reads, checks and renders 2,000 articles.
func BenchmarkLoad2000(b *testing.B) {
	fsys := synthetic(2000)
	b.ReportAllocs()
	for b.Loop() {
		lib, problems, err := Load(b.Context(), fsys, Options{})
		if err != nil || lib.Len() != 2000 || len(problems) != 0 {
			b.Fatal(lib.Len(), problems, err)
		}
	}
}

// BenchmarkEdit measures from writing a file to the new version being served,
// among 2,000 articles on disk.
func BenchmarkEdit(b *testing.B) {
	dir := b.TempDir()
	for name, f := range synthetic(2000) {
		write(b, filepath.Join(dir, name), string(f.Data))
	}
	live, err := OpenLive(b.Context(), dir, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer live.Close()
	served := make(chan Change, 100)
	live.Subscribe(func(c Change) { served <- c })
	go live.Run(b.Context()) //nolint:errcheck // ends with the benchmark
	target := "fr/section-7/article-7.md"
	var worst time.Duration
	i := 0
	edit := func() {
		i++
		write(b, filepath.Join(dir, target), article("Seven", "", fmt.Sprintf("edit %d.", i)))
		want := fmt.Sprintf("edit %d.", i)
		for {
			select {
			case c := <-served:
				if strings.Contains(bodyOf(c.New, target), want) {
					return
				}
			case <-time.After(10 * time.Second):
				b.Fatal("the edit was never served")
			}
		}
	}
	edit() // the watch is on
	for b.Loop() {
		start := time.Now()
		edit()
		worst = max(worst, time.Since(start))
	}
	b.ReportMetric(float64(worst.Microseconds())/1000, "worst-ms")
}
