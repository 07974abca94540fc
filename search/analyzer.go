package search

import (
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/blevesearch/snowballstem"
)

// analyzer turns words of one language into index terms. It is safe for
// concurrent use and remembers the words it has seen.
type analyzer struct {
	lang     language
	elision  map[string]bool
	suffix   map[string]bool
	clitic   map[string]bool
	negation map[string]bool
	stop     map[string]bool
	function map[string]bool
	light    map[string]bool   // terms
	forms    map[string]string // an inflection's base form
	endings  []string          // what derivation hangs on a stem, longest first
	kin      map[string]string // terms of irregular families and their root
	mu       sync.RWMutex
	memo     map[string]known
}

// maxMemo bounds the words remembered per language: beyond it a stranger is
// typing random letters, and the memory starts over.
const maxMemo = 300_000

func newAnalyzer(tag string) *analyzer {
	l, ok := languages[tag]
	if !ok {
		l = language{tag: tag}
	}
	a := &analyzer{
		lang:     l,
		elision:  wordSet(l.elisions),
		suffix:   wordSet(l.suffixes),
		clitic:   wordSet(l.clitics),
		negation: wordSet(l.negation),
		stop:     wordSet(string(l.stop)),
		function: wordSet(l.function),
		light:    map[string]bool{},
		forms:    baseForms(l.forms),
		memo:     map[string]known{},
	}
	for _, w := range strings.Fields(l.keep) {
		delete(a.stop, w)
	}
	for _, w := range strings.Fields(l.light) {
		a.light[a.term(w)] = true
	}
	delete(a.light, "")
	a.endings = strings.Fields(l.endings)
	slices.SortFunc(a.endings, func(a, b string) int { return len(b) - len(a) })
	a.kin = a.families(l.families)
	delete(a.kin, "")
	return a
}

// known is a word's index term and its hash, 0 for a stop word.
type known struct {
	term string
	hash uint32
}

// term is the index term of a word: stemmed with its accents, then folded. It
// is "" for a stop word and for a lone letter.
func (a *analyzer) term(word string) string { return a.look(word).term }

func (a *analyzer) look(word string) known {
	a.mu.RLock()
	k, ok := a.memo[word]
	a.mu.RUnlock()
	if ok {
		return k
	}
	k.term = a.makeTerm(word)
	k.hash = termHash(k.term)
	word = strings.Clone(word)
	a.mu.Lock()
	if len(a.memo) >= maxMemo {
		clear(a.memo)
	}
	a.memo[word] = k
	a.mu.Unlock()
	return k
}

// termHash is a term in 24 bits (FNV-1a, folded), 0 for none: enough to find a
// query's few words in an article, and a third of the space of the words.
func termHash(term string) uint32 {
	if term == "" {
		return 0
	}
	h := uint32(2166136261)
	for i := range len(term) {
		h = (h ^ uint32(term[i])) * 16777619
	}
	return max(1, (h>>24^h)&0xffffff)
}

func (a *analyzer) makeTerm(word string) string {
	if a.stop[word] || len(word) == 1 && (word[0] < '0' || word[0] > '9') {
		return ""
	}
	if a.lang.stem == nil || len(word) < 3 || !stemmable(word) {
		return strings.Clone(fold(word))
	}
	if base, ok := a.forms[word]; ok {
		word = base
	} else if a.lang.spell != nil {
		word = a.lang.spell(word)
	}
	env := snowballstem.NewEnv(word)
	a.lang.stem(env)
	return strings.Clone(fold(env.Current()))
}

// stemmable says that a word is made of letters only: ipv6, c2-15 and
// /etc/fstab keep their shape.
func stemmable(word string) bool {
	for _, r := range word {
		if !unicode.IsLetter(r) {
			return false
		}
	}
	return true
}
