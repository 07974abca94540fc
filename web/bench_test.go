package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/kb"
)

// silence takes an answer without keeping it, so that the pair below measures
// handlers and not a recorder.
type silence struct{ header http.Header }

func (s *silence) Header() http.Header         { return s.header }
func (s *silence) Write(b []byte) (int, error) { return len(b), nil }
func (s *silence) WriteHeader(int)             {}

// bench sends one GET over and over, as a client that takes gzip.
func bench(b *testing.B, h http.Handler, path string) {
	b.Helper()
	b.ReportAllocs()
	b.ResetTimer() // the server's start is not what is measured
	b.RunParallel(func(pb *testing.PB) {
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("Accept-Encoding", "gzip, deflate, br, zstd")
		w := &silence{http.Header{}}
		for pb.Next() {
			clear(w.header)
			h.ServeHTTP(w, r)
		}
	})
}

// articleServer counts views as the real one does and gives the ready bytes.
func articleServer(b *testing.B) (*Server, []byte) {
	b.Helper()
	opt := fixtureOptions(b, nil)
	var views atomic.Int64
	opt.OnArticleView = func(*kb.Article, *http.Request) { views.Add(1) }
	s := newServer(b, opt)
	if w := get(b, s, "/fr/products/vps"); w.Code != 200 {
		b.Fatal(w.Code)
	}
	return s, s.current().pages["/fr/products/vps"].bytes.Load().gz
}

// bareGin is what the machine allows: Gin with one handler that writes the
// same gzipped bytes.
func bareGin(gz []byte) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	bare := gin.New()
	bare.GET("/:lang/:section/:slug", func(c *gin.Context) {
		c.Header("Content-Encoding", "gzip")
		c.Header("Vary", "Accept-Encoding")
		c.Data(http.StatusOK, "text/html; charset=utf-8", gz)
	})
	return bare
}

// BenchmarkArticle and BenchmarkArticleBareGin are a pair: over HTTP the first
// must reach 80 % of the second.
func BenchmarkArticle(b *testing.B) {
	s, _ := articleServer(b)
	bench(b, s, "/fr/products/vps")
}

func BenchmarkArticleBareGin(b *testing.B) {
	_, gz := articleServer(b)
	bench(b, bareGin(gz), "/fr/products/vps")
}

// The same pair through a real connection.
func BenchmarkArticleHTTP(b *testing.B) {
	s, _ := articleServer(b)
	benchHTTP(b, s)
}

func BenchmarkArticleBareGinHTTP(b *testing.B) {
	_, gz := articleServer(b)
	benchHTTP(b, bareGin(gz))
}

func benchHTTP(b *testing.B, h http.Handler) {
	b.Helper()
	server := httptest.NewServer(h)
	b.Cleanup(server.Close)
	transport := &http.Transport{MaxIdleConnsPerHost: 32, DisableCompression: true}
	b.Cleanup(transport.CloseIdleConnections)
	b.SetParallelism(16)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		buf := make([]byte, 64<<10)
		for pb.Next() {
			r, err := http.NewRequest("GET", server.URL+"/fr/products/vps", nil)
			if err != nil {
				b.Error(err)
				return
			}
			r.Header.Set("Accept-Encoding", "gzip")
			resp, err := transport.RoundTrip(r)
			if err != nil {
				b.Error(err)
				return
			}
			for err == nil {
				_, err = resp.Body.Read(buf)
			}
			if err := resp.Body.Close(); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkFirstHit is what the first reader of a page after a change waits:
// rendering, compressing, hashing.
func BenchmarkFirstHit(b *testing.B) {
	s, _ := articleServer(b)
	sh := s.current()
	p := sh.pages["/fr/products/vps"]
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.fill(sh, p); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkShelf is what the first request after a change of a big library
// waits: 4,000 pages are laid out anew.
func BenchmarkShelf(b *testing.B) {
	files := fixtureFS()
	one := files["fr/products/gpu.md"]
	for i := range 2000 {
		for _, lang := range []string{"fr", "en"} {
			name := fmt.Sprintf("%s/section-%d/article-%d.md", lang, i%50, i)
			file := *one
			file.Data = []byte(strings.Replace(string(one.Data), "Lancer un GPU", fmt.Sprintf("Article %d", i), 1))
			files[name] = &file
		}
	}
	opt := fixtureOptions(b, nil)
	library, _, err := kb.Load(b.Context(), files, kb.Options{})
	if err != nil {
		b.Fatal(err)
	}
	opt.Library = kb.NewStatic(library)
	s := newServer(b, opt)
	b.ReportAllocs()
	for b.Loop() {
		s.newShelf(library)
	}
}

func BenchmarkSearchPage(b *testing.B) {
	s, _ := articleServer(b)
	bench(b, s, "/fr/search?q=pare-feu")
}
