package web

import (
	"strconv"
	"strings"
	"testing"
)

func TestReadyAnswers(t *testing.T) {
	s := fixtureServer(t)
	for _, path := range []string{"/fr/", "/fr/products/", "/fr/products/vps", "/fr/products/vps.md", "/sitemap.xml", "/robots.txt", s.assets.urls["site.css"]} {
		t.Run(path, func(t *testing.T) {
			plain := get(t, s, path)
			zipped := get(t, s, path, "Accept-Encoding", "br, gzip;q=0.8")
			if plain.Header().Get("Content-Encoding") != "" || zipped.Header().Get("Content-Encoding") != "gzip" {
				t.Fatalf("encodings %q and %q", plain.Header().Get("Content-Encoding"), zipped.Header().Get("Content-Encoding"))
			}
			if plain.Body.String() != zipped.Body.String() {
				t.Error("gzip holds another text")
			}
			if plain.Header().Get("Content-Length") != strconv.Itoa(plain.Body.Len()) {
				t.Errorf("Content-Length %s, body %d", plain.Header().Get("Content-Length"), plain.Body.Len())
			}
			a, b := plain.Header().Get("Etag"), zipped.Header().Get("Etag")
			if a == b || strings.HasPrefix(a, "W/") || len(a) < 10 {
				t.Errorf("ETags %s and %s: want two strong ones", a, b)
			}
			if !strings.Contains(plain.Header().Get("Vary"), "Accept-Encoding") {
				t.Error("no Vary: Accept-Encoding")
			}
			for _, match := range []string{a, "W/" + a, `"other", ` + a, "*"} {
				w := get(t, s, path, "If-None-Match", match)
				if w.Code != 304 || w.Body.Len() != 0 {
					t.Errorf("If-None-Match %s: %d with %d bytes, want 304 with none", match, w.Code, w.Body.Len())
				}
				if w.Header().Get("Etag") != a || w.Header().Get("Vary") == "" || w.Header().Get("Cache-Control") == "" {
					t.Errorf("a 304 needs ETag, Vary and Cache-Control: %v", w.Header())
				}
			}
			for _, match := range []string{b, `"other"`, "nonsense"} {
				if w := get(t, s, path, "If-None-Match", match); w.Code != 200 {
					t.Errorf("If-None-Match %s: %d, want 200", match, w.Code)
				}
			}
		})
	}
}

func TestAcceptsGzip(t *testing.T) {
	for header, want := range map[string]bool{
		"": false, "gzip": true, "gzip, deflate, br": true, "br;q=1.0, gzip;q=0.5": true, "gzip;q=0": false, "gzip; q=0.0": false,
		"*": true, "identity": false, "xgzip": false, "deflate,gzip": true, "gzip;q=x": true,
	} {
		if got := acceptsGzip(map[string][]string{"Accept-Encoding": {header}}); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
}

func TestAssetsAreForEver(t *testing.T) {
	s := fixtureServer(t)
	for name, url := range s.assets.urls {
		w := get(t, s, url)
		if w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s at %s: %d %s", name, url, w.Code, w.Header().Get("Cache-Control"))
		}
	}
}

// The promise of an article page with everything: 25 KB on the wire, scripts
// 10 KB, five requests, nothing from another host.
func TestWeight(t *testing.T) {
	s := fixtureServer(t)
	page := get(t, s, "/fr/products/vps")
	total, scripts, requests := 0, 0, 1
	add := func(url string) int {
		r := s.assets.byURL[url]
		if r == nil {
			t.Fatalf("the page loads %s, which is not ours", url)
		}
		requests++
		return len(r.gz)
	}
	total += len(newReady(page.Body.Bytes(), typeHTML, cacheRevalidate).gz)
	for _, want := range []struct{ selector, attr string }{{"link[rel=\"stylesheet\"]", "href"}, {"link[rel=\"icon\"]", "href"}, {"script[src]", "src"}} {
		for _, url := range attributes(t, page.Body.Bytes(), want.selector, want.attr) {
			n := add(url)
			total += n
			if want.attr == "src" {
				scripts += n
			}
		}
	}
	t.Logf("%d bytes in %d requests, scripts %d", total, requests, scripts)
	if total > 25<<10 || scripts > 10<<10 || requests > 5 {
		t.Errorf("%d bytes in %d requests, scripts %d; promised 25 KB, 5, 10 KB", total, requests, scripts)
	}
}
