package search

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/vmcloud/ricochet/kb"
)

// What a text is about, in a form that can be compared across languages: its
// words, what the lexicons call the same thing, and the articles it resembles.
// The last is explicit semantic analysis (Gabrilovich & Markovitch 2007): an
// article and its translation are one dimension, so that two texts that share
// no word meet in what they resemble.

// The kinds of features of a meaning, as prefixes of their names.
const (
	featureWord    = "w:"
	featureConcept = "c:"
	featureArticle = "a:"
	featurePassage = "p:"
)

// meaningArticles is how many of the best articles describe a text.
const meaningArticles = 8

// Meaning describes what a text is about: weights of features, whose names mean
// the same in every language. Words and concepts weigh up to 1, the articles
// and passages that the text resembles share a sum of squares of 1 each. An
// unknown language, or a text without meaning, gives none.
func (x *Index) Meaning(ctx context.Context, lang, text string) (map[string]float64, error) {
	s, release, err := x.acquire()
	if err != nil {
		return nil, err
	}
	defer release()
	v := s.views[lang]
	if v == nil {
		return nil, nil
	}
	text = v.question(Message{Lang: lang, Body: text})
	m := map[string]float64{}
	f, err := x.find(ctx, s, v, text, false)
	if err != nil {
		return nil, err
	}
	own := v
	if f.from != "" {
		own = s.views[f.from]
	}
	if err := x.conceptFeatures(m, own, own.units(text)); err != nil {
		return nil, err
	}
	s.articleFeatures(m, f)
	return m, nil
}

// conceptFeatures adds the words of a text and what the lexicons know of them.
func (x *Index) conceptFeatures(m map[string]float64, v *view, units []unit) error {
	book, err := x.concepts()
	if err != nil {
		return err
	}
	a := v.analyzer
	terms := make([]string, len(units))
	for i, u := range units {
		terms[i] = a.term(u.text)
		if terms[i] == "" {
			continue
		}
		weight := 1.0
		if a.function[u.text] || a.light[terms[i]] {
			weight = 0.3
		}
		key := featureWord + fold(terms[i])
		m[key] = max(m[key], weight)
	}
	for i, t := range terms {
		for _, p := range book[v.lang][t] {
			if i+len(p.terms) <= len(terms) && slices.Equal(terms[i:i+len(p.terms)], p.terms) {
				for _, id := range p.ids {
					m[featureConcept+id] = max(m[featureConcept+id], p.weight)
				}
			}
		}
	}
	return nil
}

// articleFeatures adds the pairs and passages that a text resembles.
func (s *snapshot) articleFeatures(m map[string]float64, f *found) {
	top := f.top[:min(len(f.top), meaningArticles)]
	sum := 0.0
	for _, c := range top {
		sum += c.score * c.score
	}
	if sum == 0 {
		return
	}
	norm := math.Sqrt(sum)
	for _, c := range top {
		art := s.docs[c.num].art
		m[featureArticle+art.Pair] = max(m[featureArticle+art.Pair], c.score/norm)
		if c.best >= 0 && s.aligned(art) {
			key := featurePassage + art.Pair + "#" + strconv.Itoa(c.best)
			m[key] = max(m[key], c.score/norm)
		}
	}
}

// aligned says whether the passages of an article and its translations stand
// for each other.
func (s *snapshot) aligned(art *kb.Article) bool {
	for lang := range s.views {
		if o := s.library.Translation(art, lang); o != nil && len(o.Passages) != len(art.Passages) {
			return false
		}
	}
	return true
}

// naming is a phrase of a lexicon and the concepts it names.
type naming struct {
	terms  []string
	ids    []string
	weight float64
}

// concepts are the lexicons' groups by language and first term of each phrase.
// Groups of different languages that share a phrase are one: the French
// lexicon lists the English words that French customers use.
func (x *Index) concepts() (map[string]map[string][]naming, error) {
	x.bookOnce.Do(func() { x.book, x.bookErr = x.readConcepts() })
	return x.book, x.bookErr
}

type conceptBook struct {
	bookOnce sync.Once
	book     map[string]map[string][]naming
	bookErr  error
}

func (x *Index) readConcepts() (map[string]map[string][]naming, error) {
	files := map[string]*lexiconFile{}
	called := map[string][]string{} // phrase -> groups of any language that list it
	for lang := range x.analyzers {
		f, _, err := readLexicon(x.lexFS, lang)
		if err != nil {
			return nil, err
		}
		files[lang] = f
		for i, g := range f.Groups {
			for _, p := range g.All {
				key := fold(lower(strings.TrimSpace(p)))
				called[key] = append(called[key], groupID(lang, i))
			}
		}
	}
	book := map[string]map[string][]naming{}
	for lang, f := range files {
		book[lang] = map[string][]naming{}
		for i, g := range f.Groups {
			x.name(book[lang], lang, g.All, idsOf(groupID(lang, i), g.All, called), 1)
			x.name(book[lang], lang, g.From, idsOf("", g.To, called), 0.6)
		}
	}
	return book, nil
}

func groupID(lang string, i int) string { return lang + strconv.Itoa(i) }

// idsOf are a group's own concept and those that list one of its phrases.
func idsOf(own string, phrases []string, called map[string][]string) []string {
	var ids []string
	if own != "" {
		ids = append(ids, own)
	}
	for _, p := range phrases {
		ids = append(ids, called[fold(lower(strings.TrimSpace(p)))]...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (x *Index) name(to map[string][]naming, lang string, phrases, ids []string, weight float64) {
	if len(ids) == 0 {
		return
	}
	for _, p := range phrases {
		if terms := x.analyzers[lang].phrase(p); len(terms) > 0 {
			to[terms[0]] = append(to[terms[0]], naming{terms: terms, ids: ids, weight: weight})
		}
	}
}
