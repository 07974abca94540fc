package search

import (
	"context"
	"math"
	"sync"
	"time"

	index "github.com/blevesearch/bleve_index_api"

	"github.com/vmcloud/ricochet/kb"
)

// snapshot is what queries see: Bleve's documents joined with the articles
// they were made from. It never changes; a Sync makes another.
type snapshot struct {
	reader   index.IndexReader
	library  *kb.Library
	docs     []doc // by Bleve's document number; art is nil for a removed one
	views    map[string]*view
	postings *cache[string, termList]
	scratch  sync.Pool
}

// doc is an article as the ranking sees it.
type doc struct {
	art     *kb.Article
	pair    int32              // number of the translation pair
	norms   [numFields]float32 // weight of one occurrence in each field, over the field's length
	lengths lengths
}

// lengths are the lengths of an article's fields in words.
type lengths [numFields]uint32

// view is one language of a snapshot.
type view struct {
	lang     string
	analyzer *analyzer
	lexicon  *lexicon
	vocab    vocab
	nums     []uint32           // document numbers
	byPair   []int32            // the document number of each translation pair, -1 for none
	avg      [numFields]float64 // mean length of each field, in words
	titles   *titleTable        // for type-ahead
	newest   time.Time          // the latest date of an article
}

// newSnapshot joins what r sees with the articles of lib.
func (x *Index) newSnapshot(r index.IndexReader, lib *kb.Library, before *snapshot) (*snapshot, error) {
	s := &snapshot{reader: r, library: lib, views: map[string]*view{}, postings: newCache[string, termList](48 << 20)}
	for _, lang := range lib.Langs() {
		v := &view{lang: lang, analyzer: x.analyzers[lang], lexicon: x.lexicons[lang], vocab: x.vocabs[lang], byPair: make([]int32, len(x.pairs))}
		for i := range v.byPair {
			v.byPair[i] = -1
		}
		s.views[lang] = v
	}
	size := lib.Len() + 64
	if before != nil {
		size = max(size, len(before.docs)+64)
	}
	s.docs = make([]doc, 0, size)
	unlisted := map[string][]*entry{}
	err := x.each(r, func(num uint32, e *entry) {
		if e.art == nil {
			return // of a file that is not an article any more
		}
		for uint32(len(s.docs)) <= num {
			s.docs = append(s.docs, doc{})
		}
		v := s.views[e.lang]
		e.num = num
		s.docs[num] = doc{art: e.art, pair: e.pair, lengths: e.lengths}
		v.add(num, e)
		if !e.listed {
			unlisted[e.lang] = append(unlisted[e.lang], e)
		}
	})
	if err != nil {
		return nil, err
	}
	for lang, v := range s.views {
		v.measure(s.docs)
		v.titles = x.titleTable(v, lib, before, unlisted[lang])
	}
	n := len(s.docs)
	s.scratch.New = func() any {
		return &scratch{total: make([]float32, n), part: make([]float32, n), sum: make([]float32, n), seen: make([]bool, n)}
	}
	return s, nil
}

// add notes a document of the view.
func (v *view) add(num uint32, e *entry) {
	v.nums = append(v.nums, num)
	v.byPair[e.pair] = int32(num)
	for f, l := range e.lengths {
		v.avg[f] += float64(l)
	}
	if e.updated.After(v.newest) {
		v.newest = e.updated
	}
}

// measure computes the field lengths' means and every document's norms.
func (v *view) measure(docs []doc) {
	for f := range v.avg {
		v.avg[f] /= math.Max(1, float64(len(v.nums)))
	}
	for _, n := range v.nums {
		d := &docs[n]
		for f := range numFields {
			rel := 1.0
			if v.avg[f] > 0 {
				rel = float64(d.lengths[f]) / v.avg[f]
			}
			d.norms[f] = float32(weights.field[f] / (1 - weights.b[f] + weights.b[f]*rel))
		}
	}
}

// termList is a term's postings and in how many of them it says what the
// article is about: stands in its title, questions, headings or description.
type termList struct {
	postings []posting
	heads    int
}

// aboutMask covers the counts of the fields that say what an article is about.
const aboutMask = ^uint32(1<<10 - 1)

// list is a term's postings in a language, kept while there is room: the long
// lists are the ones asked for most.
func (s *snapshot) list(ctx context.Context, lang, term string) (termList, error) {
	key := lang + "\x00" + term
	if l, ok := s.postings.get(key); ok {
		return l, nil
	}
	all, err := readPostings(ctx, s.reader, lang, term)
	if err != nil {
		return termList{}, err
	}
	l := termList{postings: all}
	for _, p := range all {
		if p.packed&aboutMask != 0 {
			l.heads++
		}
	}
	s.postings.put(key, l, 8*len(all)+len(key))
	return l, nil
}

// scratch is the memory one query works in.
type scratch struct {
	total   []float32 // score of each document
	part    []float32 // best alternative of the member at hand
	sum     []float32 // members of the group at hand
	seen    []bool
	touched []uint32 // documents with a total
	partial []uint32 // documents with a part
	summed  []uint32 // documents with a sum
}

func (s *snapshot) take() *scratch { return s.scratch.Get().(*scratch) }

func (s *snapshot) give(w *scratch) {
	for _, d := range w.touched {
		w.total[d], w.seen[d] = 0, false
	}
	for _, d := range w.partial {
		w.part[d] = 0
	}
	for _, d := range w.summed {
		w.sum[d] = 0
	}
	w.touched, w.partial, w.summed = w.touched[:0], w.partial[:0], w.summed[:0]
	s.scratch.Put(w)
}
