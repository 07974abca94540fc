package search

import "sync"

// Term is an index term of a text with where it stood.
type Term struct {
	Text       string // stemmed and folded; "" for a stop word
	Plain      string // folded only: whoever types no accents finds words by it; "" for a stop word
	Start, End int    // bytes of the text
	Pos        int    // number of the word, from 0; the parts of a compound share theirs
	Whole      bool   // a compound as it was written, beside its parts
}

// termAnalyzers serve Terms: the site's articles have their own.
var termAnalyzers struct {
	mu     sync.Mutex
	byLang map[string]*analyzer
}

// Terms cuts a text into the index terms of a language, in order, for other
// indexes of the site than that of the articles. A language that is not known,
// "" among them, folds accents and stems nothing.
func Terms(lang, text string) []Term {
	termAnalyzers.mu.Lock()
	a := termAnalyzers.byLang[lang]
	if a == nil {
		if _, ok := languages[lang]; !ok {
			lang = ""
		}
		if termAnalyzers.byLang == nil {
			termAnalyzers.byLang = map[string]*analyzer{}
		}
		if a = termAnalyzers.byLang[lang]; a == nil {
			a = newAnalyzer(lang)
			termAnalyzers.byLang[lang] = a
		}
	}
	termAnalyzers.mu.Unlock()
	var out []Term
	a.tokenize(text, func(t token) {
		k := Term{Text: a.term(t.text), Start: t.start, End: t.end, Pos: t.pos, Whole: t.whole}
		if k.Text != "" {
			k.Plain = fold(t.text)
		}
		out = append(out, k)
	})
	return out
}
