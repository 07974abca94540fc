package search

import (
	"github.com/vmcloud/ricochet/kb"
)

// field is a part of an article that words are counted in.
type field int

// The fields, in the order of their weight's effect.
const (
	fBody field = iota
	fCode
	fHeadings
	fMeta // description, tags, topic
	fQuestions
	fTitle
	numFields
)

var fieldNames = [numFields]string{"body", "code", "headings", "description", "questions", "title"}

// How many bits of a posting's frequency count the word in a field, lowest
// bits first. Bleve keeps one number a posting; packing the six counts in it
// costs one byte for a word of the body and makes one posting list enough for
// a ranking over fields.
var (
	fieldBits  = [numFields]uint{6, 4, 4, 3, 3, 3}
	fieldShift = func() (s [numFields]uint) {
		for f := 1; f < int(numFields); f++ {
			s[f] = s[f-1] + fieldBits[f-1]
		}
		return s
	}()
)

// counts is how often a word stands in each field.
type counts [numFields]uint16

func (c *counts) pack() int {
	p := 0
	for f, n := range c {
		p |= min(int(n), 1<<fieldBits[f]-1) << fieldShift[f]
	}
	return p
}

// inField is the packed count of one field.
func inField(packed uint32, f field) uint32 {
	return packed >> fieldShift[f] & (1<<fieldBits[f] - 1)
}

// tally is an article counted: its terms, the length of each field in words,
// and its rows. The terms are the counter's and hold until the next article.
type tally struct {
	terms   []*termCount
	lengths lengths
	rows    rows
}

// counter counts the words of articles of one language, one article after the
// other. What it learns of a word with one article it need not look up for the
// next: most words are in many.
type counter struct {
	a       *analyzer
	words   map[string]*wordCount // as written
	terms   map[string]*termCount
	article int // number of the one at hand
	touched []*termCount
}

// wordCount is a word as written.
type wordCount struct {
	term    *termCount // nil for a stop word, which is not in the index
	hash    uint32
	article int   // that had it last
	df      int32 // articles that have it
}

// termCount is an index term and where the article at hand has it.
type termCount struct {
	name    string
	term    []byte // name, shared by the documents that have it
	article int
	counts  counts
}

func newCounter(a *analyzer) *counter {
	return &counter{a: a, words: map[string]*wordCount{}, terms: map[string]*termCount{}}
}

// meet looks up a word that the counter has not had yet.
func (c *counter) meet(word string) *wordCount {
	k := c.a.look(word)
	w := &wordCount{hash: k.hash}
	if k.hash != 0 {
		if w.term = c.terms[k.term]; w.term == nil {
			w.term = &termCount{name: k.term, term: []byte(k.term)}
			c.terms[k.term] = w.term
		}
	}
	c.words[word] = w
	return w
}

// word counts a word of the article at hand in a field, and gives its hash, 0
// for a stop word.
func (c *counter) word(text string, f field) uint32 {
	w := c.words[text]
	if w == nil {
		w = c.meet(text)
	}
	t := w.term
	if t == nil {
		return 0
	}
	if w.article != c.article {
		w.article = c.article
		w.df++
	}
	if t.article != c.article {
		t.article, t.counts = c.article, counts{}
		c.touched = append(c.touched, t)
	}
	if t.counts[f] < 1<<15 {
		t.counts[f]++
	}
	return w.hash
}

// count analyses an article.
func (c *counter) count(art *kb.Article) *tally {
	c.article++
	c.touched = c.touched[:0]
	t := &tally{}
	add := func(f field, text string, to *[]byte) {
		c.a.tokenize(text, func(tok token) {
			hash := c.word(tok.text, f)
			if hash == 0 {
				return
			}
			if to != nil {
				*to = appendHash(*to, hash)
			}
			if !tok.whole {
				t.lengths[f]++
			}
		})
	}
	add(fTitle, art.Title, &t.rows.title)
	add(fMeta, art.Description, nil)
	add(fMeta, art.Topic, nil)
	for _, s := range art.Tags {
		add(fMeta, s, nil)
	}
	for _, s := range art.Questions {
		add(fQuestions, s, nil)
	}
	for i, p := range art.Texts() {
		add(fHeadings, art.Passages[i].Heading, &t.rows.head)
		add(fBody, p.Text, &t.rows.text)
		add(fCode, p.Code, &t.rows.text)
		t.rows.closePassage()
	}
	t.terms = c.touched
	return t
}

// addTo adds in how many of the counted articles each word stands, times by:
// -1 takes them back.
func (c *counter) addTo(words wordCounts, by int32) {
	lang := c.a.lang.tag
	m := words[lang]
	if m == nil {
		m = map[string]int32{}
		words[lang] = m
	}
	for text, w := range c.words {
		if w.df > 0 {
			m[text] += by * w.df
		}
	}
}
