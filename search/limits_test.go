package search

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
)

// hostileTexts are texts that would cost most, some made of the words of
// ordinary ones.
func hostileTexts(ordinary []string) []string {
	all := strings.Join(ordinary[:min(len(ordinary), 500)], " ")
	return []string{
		strings.Repeat("z", 10_000),
		clip(all, 16_000),
		strings.Repeat(ordinary[0]+" ", 400),
		strings.Repeat("*?~[a-z]+\x00(", 900),
		strings.Repeat("abcdefghijklmn opqrstuvwx ", 400),
		strings.Repeat("a-b/c.d_e:", 1_500),
		strings.Repeat("é\u0301", 4_000),
		strings.Repeat("qu'l'd'", 2_000),
		"s", "se", "a b c d e f g h i j k l m n o p q r s t u v w x y z",
	}
}

// questions are what takes a text, each one question to the index.
func (x *Index) questions(ctx context.Context, lang, text string) []func() error {
	search := func(exact bool) func() error {
		return func() error {
			_, err := x.Search(ctx, Query{Lang: lang, Text: text, Exact: exact, Limit: 50})
			return err
		}
	}
	return []func() error{search(false), search(true),
		func() error {
			_, err := x.Suggest(ctx, Message{Lang: lang, Subject: text, Body: text}, 10)
			return err
		},
		func() error {
			_, err := x.Complete(ctx, lang, text, 20)
			return err
		},
	}
}

// ask puts a text to everything that takes one.
func (x *Index) ask(ctx context.Context, lang, text string) error {
	for _, query := range x.questions(ctx, lang, text) {
		if err := query(); err != nil {
			return err
		}
	}
	return nil
}

// maxAllocated is what a query may allocate, in bytes.
const maxAllocated = 8 << 20

// No query allocates more than maxAllocated, however it is written.
func TestQueriesAllocateLittle(t *testing.T) {
	files := fstest.MapFS{}
	m := newWordMaker(400)
	for range 300 {
		name := "en/s/" + m.word() + m.word() + ".md"
		files[name] = page(m.sentence(5), m.sentence(200)+"\n\n## "+m.sentence(4)+"\n\n"+m.sentence(100))
	}
	x := openTest(t, Options{}, files)
	var ordinary []string
	for range 200 {
		ordinary = append(ordinary, m.sentence(3))
	}
	for _, text := range append(hostileTexts(ordinary), ordinary[:20]...) {
		for i, query := range x.questions(context.Background(), "en", text) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if err := query(); err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			if n := after.TotalAlloc - before.TotalAlloc; n > maxAllocated {
				t.Errorf("%.40q, query %d: allocates %d KiB, at most %d may be", text, i, n/1024, maxAllocated/1024)
			}
		}
	}
}

// wordMaker makes words and sentences, always the same.
type wordMaker struct {
	words []string
	state uint32
}

func newWordMaker(n int) *wordMaker {
	m := &wordMaker{state: 1}
	for range n {
		var b strings.Builder
		for range 2 + m.below(3) {
			b.WriteByte("bcdfglmnprstv"[m.below(13)])
			b.WriteByte("aeiou"[m.below(5)])
		}
		m.words = append(m.words, b.String())
	}
	return m
}

func (m *wordMaker) below(n int) int {
	m.state = m.state*1664525 + 1013904223
	return int(m.state>>16) % n
}

// word draws the first words most often.
func (m *wordMaker) word() string { return m.words[m.below(m.below(len(m.words))+1)] }

func (m *wordMaker) sentence(n int) string {
	words := make([]string, n)
	for i := range words {
		words[i] = m.word()
	}
	return strings.Join(words, " ")
}
