//go:build bench

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"github.com/vmcloud/ricochet/content"
	"github.com/vmcloud/ricochet/kb"
	"github.com/vmcloud/ricochet/search"
)

// searching loads 2,000 articles from nothing and queries them.
func (b *bench) searching(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, 1000)
	alone := markdownAlone(t, dir)
	site := serveSite(t, b.bin, dir, t.TempDir())
	defer site.stop()
	b.row("2,000 articles loaded, rendered, indexed", fmt.Sprintf("%.2f s (goldmark alone)", alone.Seconds()), fmt.Sprintf("%.2f s", site.ready.Seconds()),
		fmt.Sprintf("%.1f", site.ready.Seconds()/alone.Seconds()), "<= 3.5 s", site.ready <= 3500*time.Millisecond)
	b.row("  memory at its peak", "", fmt.Sprintf("%.0f MiB", site.memory(t, "VmHWM")), "", "", true)

	b.queries(t, site, dir, "2,000", 3)
}

// searchingLarge queries 20,000 articles.
func (b *bench) searchingLarge(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, 10_000)
	site := serveSite(t, b.bin, dir, t.TempDir())
	defer site.stop()
	b.row("20,000 articles loaded, rendered, indexed", "", fmt.Sprintf("%.2f s", site.ready.Seconds()), "", "", true)
	b.queries(t, site, dir, "20,000", 10)
	rss := site.memory(t, "VmRSS")
	b.row("  resident memory", "", fmt.Sprintf("%.0f MiB, peak %.0f", rss, site.memory(t, "VmHWM")), "", "<= 800 MiB", rss <= 800)
}

// queries measures searches over HTTP beside the same inside a program.
func (b *bench) queries(t *testing.T, site *process, dir, size string, goal float64) {
	t.Helper()
	questions, typed := asked(t)
	inside := insideSearch(t, dir, questions)
	var find, complete []string
	for _, q := range questions {
		find = append(find, "/api/v1/search?lang=fr&q="+url.QueryEscape(q))
	}
	for _, q := range typed {
		complete = append(complete, "/api/v1/search?lang=fr&typing=1&q="+url.QueryEscape(q))
	}
	run := func(paths []string) volley {
		measure(t, load{addr: site.addr, conns: 1, status: 200, next: deal(pick(site.addr, paths, 300), 1)})
		return measure(t, load{addr: site.addr, conns: 1, status: 200, next: deal(pick(site.addr, paths, 1500), 1)})
	}
	ms := func(d time.Duration) float64 { return d.Seconds() * 1000 }
	found, completed := run(find), run(complete)
	b.row("search over HTTP, "+size+" articles", fmt.Sprintf("p95 %.2f ms (inside the program)", ms(inside.p(95))), fmt.Sprintf("p50 %.2f, p95 %.2f ms", ms(found.p(50)), ms(found.p(95))),
		fmt.Sprintf("%.2f", ms(found.p(95))/ms(inside.p(95))), fmt.Sprintf("p95 <= %.0f ms", goal), ms(found.p(95)) <= goal)
	b.row("type-ahead over HTTP, "+size+" articles", "", fmt.Sprintf("p50 %.2f, p95 %.2f ms", ms(completed.p(50)), ms(completed.p(95))), "", "p95 <= 15 ms", ms(completed.p(95)) <= 15)
	b.row("memory at "+size+" articles, after queries", "", fmt.Sprintf("%.0f MiB", site.memory(t, "VmRSS")), "", "", true)
}

// markdownAlone is the time goldmark takes for the same files on one processor.
func markdownAlone(t *testing.T, dir string) time.Duration {
	t.Helper()
	md := goldmark.New(goldmark.WithExtensions(extension.GFM))
	files := must[[]string](t)(filepath.Glob(filepath.Join(dir, "*", "*", "*.md")))
	start := time.Now()
	for _, f := range files {
		if err := md.Convert(must[[]byte](t)(os.ReadFile(f)), io.Discard); err != nil {
			t.Fatal(err)
		}
	}
	return time.Since(start)
}

// asked is what people ask, from the built-in articles, and how they type it.
func asked(t *testing.T) (questions, typed []string) {
	t.Helper()
	lib, _, err := kb.Load(context.Background(), content.FS, kb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range lib.Articles("fr") {
		for _, q := range append(a.Questions, a.Title) {
			questions = append(questions, q)
			r := []rune(q)
			for _, n := range []int{2, 4, 7, 12} {
				typed = append(typed, string(r[:min(n, len(r))]))
			}
		}
	}
	return questions, typed
}

// insideSearch is the same queries without HTTP and JSON.
func insideSearch(t *testing.T, dir string, questions []string) volley {
	t.Helper()
	lib, _, err := kb.Load(context.Background(), os.DirFS(dir), kb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	x := must[*search.Index](t)(search.Open(search.Options{Dir: t.TempDir()}))
	defer x.Close()
	must[search.SyncStats](t)(x.Sync(context.Background(), lib))
	return timed(t, 2, func(q string) error {
		_, err := x.Search(context.Background(), search.Query{Text: q, Lang: "fr", Limit: 10})
		return err
	}, questions)
}

// starting measures an ordinary start with 200 pairs, and what the program
// weighs.
func (b *bench) starting(t *testing.T) {
	dir, data := t.TempDir(), t.TempDir()
	writeSite(t, dir, 200)
	serveSite(t, b.bin, dir, data).stop() // makes the index
	var bare, ours []time.Duration
	for range 7 {
		p := startBaseline(t, []byte("page"))
		bare = append(bare, p.ready)
		p.stop()
		p = serveSite(t, b.bin, dir, data)
		ours = append(ours, p.ready)
		p.stop()
	}
	x, y := median(bare), median(ours)
	b.row("start to the first 200, 200 pairs indexed", fmt.Sprintf("%d ms (empty Gin)", x.Milliseconds()), fmt.Sprintf("%d ms", y.Milliseconds()),
		fmt.Sprintf("%.1f", float64(y)/float64(x)), "<= 300 ms", y <= 300*time.Millisecond)
	empty := startBaseline(t, []byte("page"))
	defer empty.stop()
	site := serveSite(t, b.bin, dir, data)
	defer site.stop()
	idle := site.settled(t)
	b.row("idle memory, 200 pairs", fmt.Sprintf("%.0f MiB (empty Gin)", empty.memory(t, "VmRSS")), fmt.Sprintf("%.0f MiB, peak %.0f", idle, site.memory(t, "VmHWM")),
		"", "<= 100 MiB", idle <= 100)
	info := must[os.FileInfo](t)(os.Stat(b.bin))
	size := float64(info.Size()) / 1e6
	b.row("binary", "", fmt.Sprintf("%.1f MB", size), "", "<= 50 MB", size <= 50)
}

// settled is the resident memory once it has not moved for a second.
func (p *process) settled(t *testing.T) float64 {
	t.Helper()
	last := p.memory(t, "VmRSS")
	for range 30 {
		time.Sleep(time.Second)
		now := p.memory(t, "VmRSS")
		if now > last*0.99 {
			return now
		}
		last = now
	}
	return last
}

// editing changes an article's file and asks until the change is served, and
// then until search finds it.
func (b *bench) editing(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, 200)
	site := serveSite(t, b.bin, dir, t.TempDir())
	defer site.stop()
	file := filepath.Join(dir, "fr", "guides", "setup-ssl.md")
	text := must[[]byte](t)(os.ReadFile(file))
	page := getBytes(site.addr, "/fr/guides/setup-ssl")
	var served, findable []time.Duration
	for i := range 9 {
		word := benchWord(100_000 + i)
		edited := append(bytes.Clone(text), "\n\n"+word+"\n"...)
		query := getBytes(site.addr, "/api/v1/search?lang=fr&q="+word)
		if err := os.WriteFile(file, edited, 0o600); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		served = append(served, appears(t, start, site.addr, getWithout(page), word))
		findable = append(findable, appears(t, start, site.addr, query, "setup-ssl"))
	}
	x, y := median(served), median(findable)
	b.row("edit to served", "", fmt.Sprintf("%d ms", x.Milliseconds()), "", "<= 50 ms", x <= 50*time.Millisecond)
	b.row("edit to found", "", fmt.Sprintf("%d ms", y.Milliseconds()), "", "<= 100 ms", y <= 100*time.Millisecond)
}

// getWithout is the request without compression, so that words can be seen.
func getWithout(req []byte) []byte {
	return bytes.Replace(req, []byte("gzip, deflate, br"), []byte("identity"), 1)
}

// appears asks until the answer holds text, and says how long after start.
func appears(t *testing.T, start time.Time, addr string, req []byte, text string) time.Duration {
	t.Helper()
	req = getWithout(req)
	for time.Since(start) < 10*time.Second {
		status, answer, err := fetch(addr, req)
		if err != nil || status != http.StatusOK {
			t.Fatalf("status %d: %v", status, err)
		}
		if bytes.Contains(answer, []byte(text)) {
			return time.Since(start)
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("%q did not appear in:\n%s", text, req)
	return 0
}

var linked = regexp.MustCompile(`(?:<link[^>]+rel="(?:stylesheet|modulepreload|preload|icon)"[^>]*href|<(?:script|img)[^>]+src)="?([^" >]+)`)

// onTheWire counts what a browser fetches for an article.
func (b *bench) onTheWire(t *testing.T) {
	site := serveSite(t, b.bin, "", t.TempDir())
	defer site.stop()
	get := func(path string) (body []byte, wire int) {
		status, answer, err := fetch(site.addr, getBytes(site.addr, path))
		if err != nil || status != http.StatusOK {
			t.Fatalf("%s: status %d: %v", path, status, err)
		}
		return answer[strings.Index(string(answer), "\r\n\r\n")+4:], len(answer)
	}
	page, first := get(benchArticle)
	_, plain, err := fetch(site.addr, getWithout(getBytes(site.addr, benchArticle)))
	if err != nil {
		t.Fatal(err)
	}
	total, requests, scripts := first, 1, 0
	seen := map[string]bool{}
	for _, m := range linked.FindAllSubmatch(plain, -1) {
		path := string(m[1])
		if seen[path] || strings.HasPrefix(path, "data:") {
			continue
		}
		seen[path] = true
		if !strings.HasPrefix(path, "/") {
			t.Errorf("the page fetches %s from another host", path)
			continue
		}
		body, wire := get(path)
		total, requests = total+wire, requests+1
		if strings.HasSuffix(path, ".js") {
			scripts += len(body)
		}
	}
	b.row("article on the wire, everything", fmt.Sprintf("%.1f KB (the page, no headers)", float64(len(page))/1000), fmt.Sprintf("%.1f KB", float64(total)/1000),
		"", "<= 25 KB", total <= 25_000)
	b.row("  requests", "", fmt.Sprint(requests), "", "<= 5", requests <= 5)
	b.row("  scripts", "", fmt.Sprintf("%.1f KB", float64(scripts)/1000), "", "<= 10 KB", scripts <= 10_000)
}

// timed calls f with every text, rounds times, and keeps the last round.
func timed(t *testing.T, rounds int, f func(string) error, texts []string) volley {
	t.Helper()
	var all volley
	for range rounds {
		all = volley{}
		for _, q := range texts {
			start := time.Now()
			if err := f(q); err != nil {
				t.Fatal(err)
			}
			all.waits = append(all.waits, time.Since(start))
		}
	}
	all.n = len(all.waits)
	slices.Sort(all.waits)
	return all
}
