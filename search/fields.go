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

// tally is an article counted: its terms, its words as written, and the length
// of each field in words.
type tally struct {
	terms   map[string]*counts
	words   map[string]counted
	lengths [numFields]int
	rows    rows
}

// counted is a word of an article: where its term is counted, and its hash; c
// is nil for a stop word.
type counted struct {
	c    *counts
	hash uint32
}

// count analyses an article.
func (a *analyzer) count(art *kb.Article) *tally {
	t := &tally{terms: make(map[string]*counts, 256), words: make(map[string]counted, 256)}
	add := func(f field, text string, to *[]byte) {
		a.tokenize(text, func(tok token) {
			w, seen := t.words[tok.text]
			if !seen {
				w = t.meet(tok.text, a.look(tok.text))
			}
			if w.c == nil {
				return
			}
			if w.c[f] < 1<<15 {
				w.c[f]++
			}
			if to != nil {
				*to = appendHash(*to, w.hash)
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
	for i := range art.Passages {
		p := &art.Passages[i]
		add(fHeadings, p.Heading, &t.rows.head)
		add(fBody, p.Text, &t.rows.text)
		add(fCode, p.Code, &t.rows.text)
		t.rows.closePassage()
	}
	return t
}

// meet notes a word that the article has not had yet.
func (t *tally) meet(word string, k known) counted {
	w := counted{hash: k.hash}
	if k.hash != 0 {
		if w.c = t.terms[k.term]; w.c == nil {
			w.c = new(counts)
			t.terms[k.term] = w.c
		}
	}
	t.words[word] = w
	return w
}
