package search

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"time"

	"github.com/blevesearch/bleve/v2/index/scorch"
	index "github.com/blevesearch/bleve_index_api"

	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/kb"
)

// entry is a document of the index. There is one for each, kept from Sync to
// Sync, so that an edit costs what it changes and not what the library weighs.
type entry struct {
	prefix  string // the same as long as the article's file is
	name    string // in Bleve
	lengths lengths
	art     *kb.Article // of the library synchronised last; nil when that has none
	lang    string      // of art
	pair    int32       // number of art's translation pair
	updated time.Time   // of art
	num     uint32      // in the snapshot made last
	listed  bool        // in the title table of its language
}

// catalogue is what is known of Bleve's documents and of the articles they were
// made from.
type catalogue struct {
	entries  map[string]*entry      // by prefix; nil until read
	byArt    map[*kb.Article]*entry // those of the library synchronised last
	library  *kb.Library            // synchronised last; nil for none
	segments map[uint64][]*entry    // the documents of each of Bleve's segments, which never change
	pairs    map[string]int32       // numbers of the translation pairs
	sum      uint64                 // of the entries' names
}

// open empties the catalogue.
func (c *catalogue) open() {
	*c = catalogue{entries: map[string]*entry{}, byArt: map[*kb.Article]*entry{}, pairs: map[string]int32{}}
}

// entry is the entry of a document, made when there is none.
func (c *catalogue) entry(name string) *entry {
	prefix, lengths, ok := parseDocName(name)
	if !ok {
		prefix = name // foreign: matches no article, gets removed
	}
	if e := c.entries[prefix]; e != nil {
		return e
	}
	e := &entry{prefix: prefix, name: name, lengths: lengths}
	c.entries[prefix] = e
	c.sum += nameSum(name)
	return e
}

// remove forgets a document.
func (c *catalogue) remove(e *entry) {
	if c.entries[e.prefix] == e {
		delete(c.entries, e.prefix)
		c.sum -= nameSum(e.name)
	}
}

func nameSum(name string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name)) // a hash never fails
	return h.Sum64()
}

// fingerprint names the set of documents; the vocabulary file carries that of
// the documents it was counted from.
func (c *catalogue) fingerprint() string {
	return schema + "-" + strconv.Itoa(len(c.entries)) + "-" + strconv.FormatUint(c.sum, 16)
}

// join says that a document was made from an article.
func (c *catalogue) join(e *entry, art *kb.Article) {
	pair, ok := c.pairs[art.Pair]
	if !ok {
		pair = int32(len(c.pairs))
		c.pairs[art.Pair] = pair
	}
	e.art, e.lang, e.pair, e.updated = art, art.Lang, pair, art.Updated
	c.byArt[art] = e
}

// read lists Bleve's documents.
func (c *catalogue) read(s *store) error {
	r, err := s.idx.Reader()
	if err != nil {
		return errs.New(errs.Unavailable, "", err)
	}
	defer r.Close()
	c.open()
	return c.each(r, func(uint32, *entry) {})
}

// departed is a document whose article changed or is gone; art is nil when a run
// before this one indexed it.
type departed struct {
	*entry
	art *kb.Article
}

// compare says which articles of lib are not indexed yet and which documents
// have no article any more. After the first time it looks only at what differs
// from the library before.
func (c *catalogue) compare(lib *kb.Library) (fresh []*kb.Article, gone []departed) {
	if c.library == nil {
		for _, lang := range lib.Langs() {
			fresh = c.match(lib.Articles(lang), fresh)
		}
		for _, e := range c.entries {
			if e.art == nil {
				gone = append(gone, departed{e, nil})
			}
		}
		return fresh, gone
	}
	d := kb.Compare(c.library, lib)
	var left []departed
	leave := func(art *kb.Article) {
		e := c.byArt[art]
		delete(c.byArt, art)
		e.art = nil
		left = append(left, departed{e, art})
	}
	for _, art := range d.Removed {
		leave(art)
	}
	for _, art := range d.Updated {
		leave(c.library.ByPath(art.Path))
	}
	fresh = c.match(d.Updated, c.match(d.Added, nil))
	for _, g := range left {
		if g.entry.art == nil { // else rendered again from the same file
			gone = append(gone, g)
		}
	}
	return fresh, gone
}

// match joins the articles that are indexed already and appends the others to
// fresh.
func (c *catalogue) match(arts, fresh []*kb.Article) []*kb.Article {
	for _, art := range arts {
		if e := c.entries[docPrefix(art)]; e != nil {
			c.join(e, art)
		} else {
			fresh = append(fresh, art)
		}
	}
	return fresh
}

// each calls f for the documents that a reader sees, with their numbers.
// Segments do not change, so the names of each are read once.
func (c *catalogue) each(r index.IndexReader, f func(num uint32, e *entry)) error {
	snap, ok := r.(*scorch.IndexSnapshot)
	if !ok {
		return errs.New(errs.Internal, "", fmt.Errorf("the search index gives a %T to read from", r))
	}
	known := make(map[uint64][]*entry, len(snap.Segments()))
	offset := uint32(0)
	for _, seg := range snap.Segments() {
		n := int(seg.FullSize())
		list := c.segments[seg.Id()]
		deleted := seg.Deleted()
		if len(list) != n {
			list = make([]*entry, n)
		}
		for i := range n {
			if deleted != nil && deleted.Contains(uint32(i)) {
				list[i] = nil
				continue
			}
			if list[i] == nil {
				id, err := seg.DocID(uint64(i))
				if err != nil {
					return errs.New(errs.Unavailable, "", fmt.Errorf("read the search index: %w", err))
				}
				list[i] = c.entry(string(id))
			}
			f(offset+uint32(i), list[i])
		}
		known[seg.Id()] = list
		offset += uint32(n)
	}
	c.segments = known
	return nil
}
