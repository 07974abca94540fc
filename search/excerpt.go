package search

import (
	"strings"
	"unicode/utf8"
)

const (
	excerptLen = 200 // bytes of an excerpt, about
	maxMatches = 200 // words of the query that are looked at for it

	excerptScan = 6_000 // bytes of a passage that are looked through for it
)

// mark cuts a text into spans that match the query and spans that do not.
func (w *wanted) mark(a *analyzer, text string) []Span {
	var out []Span
	at := 0
	a.tokenize(text, func(t token) {
		if t.start < at || !w.has(a, t) {
			return
		}
		if t.start > at {
			out = append(out, Span{Text: text[at:t.start]})
		}
		out = append(out, Span{Text: text[t.start:t.end], Match: true})
		at = t.end
	})
	if at < len(text) {
		out = append(out, Span{Text: text[at:]})
	}
	return out
}

func (w *wanted) has(a *analyzer, t token) bool {
	h := a.look(t.text).hash
	return h != 0 && len(w.terms[h]) > 0
}

// excerpt cuts the stretch of a text that has most of the query, at words.
func (w *wanted) excerpt(a *analyzer, text string) []Span {
	text = clip(text, excerptScan)
	if len(text) <= excerptLen {
		return w.mark(a, oneLine(text))
	}
	type match struct {
		start int
		worth float64
		h     uint32
	}
	var ms []match
	a.tokenize(text, func(t token) {
		h := a.look(t.text).hash
		if h == 0 || w.sieve[h>>6&63]>>(h&63)&1 == 0 || len(ms) == maxMatches {
			return
		}
		worth := 0.0
		for _, x := range w.terms[h] {
			worth += x.share * w.worth[x.group]
		}
		if worth > 0 {
			ms = append(ms, match{t.start, worth, h})
		}
	})
	from, best := 0, 0.0
	for i := range ms {
		sum := 0.0
		for j := i; j < len(ms) && j < i+24 && ms[j].start < ms[i].start+excerptLen-40; j++ {
			fresh := true
			for k := i; k < j; k++ {
				fresh = fresh && ms[k].h != ms[j].h
			}
			if fresh {
				sum += ms[j].worth
			}
		}
		if sum > best {
			best, from = sum, ms[i].start
		}
	}
	return w.mark(a, cutAround(text, from))
}

// cutAround cuts about excerptLen bytes of a text that show what stands at
// from, starting at a sentence when one is near.
func cutAround(text string, from int) string {
	start := max(0, from-60)
	for start > 0 && !utf8.RuneStart(text[start]) {
		start--
	}
	if start > 0 {
		if i := strings.LastIndexAny(text[start:from], "\n.?!"); i >= 0 {
			start += i + 1
		} else if i := strings.IndexAny(text[start:from], " "); i >= 0 {
			start += i + 1
		}
	}
	end := min(len(text), start+excerptLen)
	for end < len(text) && !utf8.RuneStart(text[end]) {
		end++
	}
	cut := text[start:end]
	if end < len(text) {
		if i := strings.LastIndexAny(cut, " \n"); i > excerptLen/2 {
			cut = cut[:i]
		}
	}
	cut = oneLine(cut)
	if start > 0 && text[start-1] != '\n' && text[start-1] != '.' {
		cut = "… " + cut
	}
	if end < len(text) {
		cut += " …"
	}
	return cut
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
