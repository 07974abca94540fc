package search

import (
	"fmt"

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
	lengths [numFields]int
	art     *kb.Article // of the library synchronised last; nil when that has none
	num     uint32      // in the snapshot made last
	round   uint64      // the Sync that saw it last
}

// entry is the entry of a document, made when there is none.
func (x *Index) entry(name string) *entry {
	prefix, lengths, ok := parseDocName(name)
	if !ok {
		prefix = name // foreign: matches no article, gets removed
	}
	if e := x.entries[prefix]; e != nil {
		return e
	}
	e := &entry{prefix: prefix, name: name, lengths: lengths}
	x.entries[prefix] = e
	return e
}

// readEntries lists Bleve's documents.
func (x *Index) readEntries() error {
	r, err := x.store.idx.Reader()
	if err != nil {
		return errs.New(errs.Unavailable, "", err)
	}
	defer r.Close()
	x.entries, x.byArt, x.segments = map[string]*entry{}, map[*kb.Article]*entry{}, nil
	return x.eachEntry(r, func(uint32, *entry) {})
}

// compare says which articles of lib are not indexed yet, which are, and which
// documents have no article any more. Articles that were there before are
// recognised by their pointer, others by their file.
func (x *Index) compare(lib *kb.Library) (fresh, kept []*kb.Article, gone []*entry) {
	x.round++
	byArt := make(map[*kb.Article]*entry, lib.Len())
	for _, lang := range lib.Langs() {
		for _, art := range lib.Articles(lang) {
			e := x.byArt[art]
			if e == nil {
				e = x.entries[docPrefix(art)]
			}
			if e == nil {
				fresh = append(fresh, art)
				continue
			}
			e.art, e.round = art, x.round
			byArt[art] = e
			kept = append(kept, art)
		}
	}
	x.byArt = byArt
	if len(kept) < len(x.entries) {
		for _, e := range x.entries {
			if e.round != x.round {
				gone = append(gone, e)
			}
		}
	}
	return fresh, kept, gone
}

// eachEntry calls f for the documents that a reader sees, with their numbers.
// Segments do not change, so the names of each are read once.
func (x *Index) eachEntry(r index.IndexReader, f func(num uint32, e *entry)) error {
	snap, ok := r.(*scorch.IndexSnapshot)
	if !ok {
		return errs.New(errs.Internal, "", fmt.Errorf("the search index gives a %T to read from", r))
	}
	known := make(map[uint64][]*entry, len(snap.Segments()))
	offset := uint32(0)
	for _, seg := range snap.Segments() {
		n := int(seg.FullSize())
		list := x.segments[seg.Id()]
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
				list[i] = x.entry(string(id))
			}
			f(offset+uint32(i), list[i])
		}
		known[seg.Id()] = list
		offset += uint32(n)
	}
	x.segments = known
	return nil
}
