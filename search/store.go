package search

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/blevesearch/bleve/v2/document"
	"github.com/blevesearch/bleve/v2/index/scorch"
	index "github.com/blevesearch/bleve_index_api"

	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/kb"
)

// schema names how articles are analysed and laid out in the index. An index
// written under another schema is thrown away and made anew.
const schema = "3"

var schemaKey = []byte("ricochet.schema")

// store is the Bleve index. Each language has a field "t.LANG" in it that holds
// the terms with their packed counts. Of an article, Bleve stores its name and
// the rows that its passages are looked at by, not its text.
type store struct {
	dir   string
	queue *index.AnalysisQueue
	idx   index.Index
}

func openStore(dir string, readOnly bool) (*store, error) {
	s, err := tryStore(dir, readOnly)
	if err != nil {
		return nil, err
	}
	if dir == "" || readOnly {
		return s, nil
	}
	ok, err := s.hasSchema()
	if err != nil {
		return nil, fmt.Errorf("search index %s: %w", dir, err)
	}
	if ok {
		return s, nil
	}
	if err := s.close(); err != nil {
		return nil, fmt.Errorf("search index %s: %w", dir, err)
	}
	// Derived data: whatever it was, it is made anew from the articles.
	for _, name := range []string{"root.bolt"} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return nil, errs.New(errs.Unavailable, "", fmt.Errorf("search index %s: %w", dir, err))
		}
	}
	segments, err := filepath.Glob(filepath.Join(dir, "*.zap"))
	if err != nil {
		return nil, fmt.Errorf("search index %s: %w", dir, err)
	}
	for _, f := range segments {
		if err := os.Remove(f); err != nil {
			return nil, errs.New(errs.Unavailable, "", fmt.Errorf("search index %s: %w", dir, err))
		}
	}
	if s, err = tryStore(dir, readOnly); err != nil {
		return nil, err
	}
	return s, s.idx.SetInternal(schemaKey, []byte(schema))
}

// lockWait is how long an index that another process has open is waited for:
// one that is just stopping lets go within it.
const lockWait = 2 * time.Second

// smallSegment is how many documents a segment has that is merged first. Bleve's
// own 2,000 takes an edited article for as large as what a batch made, and
// rewrites thousands of articles after a few edits.
const smallSegment = 100

func tryStore(dir string, readOnly bool) (*store, error) {
	q := index.NewAnalysisQueue(2)
	// Batches are not waited for one by one: whoever writes waits for the last
	// one to be on disk, and what a crash loses is derived from the articles.
	config := map[string]any{"path": dir, "read_only": readOnly, "create_if_missing": !readOnly,
		"bolt_timeout": lockWait.String(), "numSnapshotsToKeep": 1, "unsafe_batch": true, "scorchMergePlanOptions": map[string]any{"FloorSegmentSize": smallSegment}}
	idx, err := scorch.NewScorch(scorch.Name, config, q)
	if err == nil {
		err = idx.Open()
	}
	if err != nil && err.Error() == "timeout" { // what bbolt says when it does not get the lock
		err = errors.New("another process works in this folder: stop it, or use another folder")
	}
	if err != nil {
		q.Close()
		return nil, errs.New(errs.Unavailable, "", fmt.Errorf("search index %q: %w", dir, err))
	}
	return &store{dir: dir, queue: q, idx: idx}, nil
}

func (s *store) hasSchema() (bool, error) {
	r, err := s.idx.Reader()
	if err != nil {
		return false, err
	}
	defer r.Close()
	v, err := r.GetInternal(schemaKey)
	return string(v) == schema, err
}

func (s *store) close() error {
	err := s.idx.Close()
	s.queue.Close()
	return err
}

// docName is the name of an article's document. It carries the language, the
// path, the hash of the file and the length of each field, so that opening an
// index reads names and nothing else.
func docName(art *kb.Article, l lengths) string {
	var b []byte
	for _, n := range l {
		b = binary.AppendUvarint(b, uint64(n))
	}
	return docPrefix(art) + base64.RawURLEncoding.EncodeToString(b)
}

// docPrefix is the name without the lengths: equal as long as the file is.
func docPrefix(art *kb.Article) string {
	return art.Lang + "\x00" + art.Path + "\x00" + shortHash(art.Hash) + "\x00"
}

func shortHash(h string) string {
	b, err := hex.DecodeString(h)
	if err != nil || len(b) < 12 {
		return h
	}
	return base64.RawURLEncoding.EncodeToString(b[:12])
}

// parseDocName takes a name apart; ok is false for a foreign one.
func parseDocName(name string) (prefix string, l lengths, ok bool) {
	cut := strings.LastIndexByte(name, 0)
	if cut < 0 {
		return "", l, false
	}
	b, err := base64.RawURLEncoding.DecodeString(name[cut+1:])
	if err != nil {
		return "", l, false
	}
	for f := range l {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			return "", l, false
		}
		l[f], b = uint32(v), b[n:]
	}
	return name[:cut+1], l, true
}

// posting is a word in an article: the article's number in the snapshot and
// the packed counts.
type posting struct {
	doc    uint32
	packed uint32
}

// readPostings decodes a term's list from Bleve; limit bounds its length.
func readPostings(ctx context.Context, r index.IndexReader, lang, term string) ([]posting, error) {
	tfr, err := r.TermFieldReader(ctx, []byte(term), "t."+lang, true, false, false)
	if err != nil {
		return nil, err
	}
	defer tfr.Close()
	n := tfr.Count()
	if n == 0 {
		return nil, nil
	}
	list := make([]posting, 0, n)
	var doc index.TermFieldDoc
	for {
		d, err := tfr.Next(&doc)
		if err != nil {
			return nil, err
		}
		if d == nil {
			return list, nil
		}
		list = append(list, posting{doc: uint32(d.ID.Value()), packed: uint32(d.Freq)})
	}
}

// termField gives Bleve words that are already counted.
type termField struct {
	name  string
	value []byte
	freqs index.TokenFrequencies
	opts  index.FieldIndexingOptions
}

// termMemory is what the documents of a batch keep their terms in. Bleve is done
// with it when it has taken the batch, and the next one gets it.
type termMemory struct {
	parts []termPart
	used  int
}

type termPart struct {
	terms index.TokenFrequencies
	freqs []index.TokenFreq
}

// take gives room for the n terms of a document.
func (m *termMemory) take(n int) termPart {
	if m.used == len(m.parts) {
		m.parts = append(m.parts, termPart{terms: make(index.TokenFrequencies, n)})
	}
	p := &m.parts[m.used]
	m.used++
	clear(p.terms)
	p.freqs = slices.Grow(p.freqs[:0], n)[:n]
	return *p
}

// newDocument makes an article's document, whose terms are in m.
func newDocument(lang string, art *kb.Article, t *tally, m *termMemory) index.Document {
	d := document.NewDocument(docName(art, t.lengths))
	p := m.take(len(t.terms))
	for i, c := range t.terms {
		p.freqs[i] = index.TokenFreq{Term: c.term}
		p.freqs[i].SetFrequency(c.counts.pack())
		p.terms[c.name] = &p.freqs[i]
	}
	d.AddField(&termField{name: "t." + lang, freqs: p.terms, opts: index.IndexField})
	d.AddField(&termField{name: rowsField, value: t.rows.encode(), opts: index.StoreField})
	return d
}

// rowsField stores an article's rows.
const rowsField = "rows"

// readRows reads what is stored of a document, nil when there is nothing.
func readRows(r index.IndexReader, name string) ([]byte, error) {
	d, err := r.Document(name)
	if err != nil || d == nil {
		return nil, err
	}
	var out []byte
	d.VisitFields(func(f index.Field) {
		if f.Name() == rowsField {
			out = f.Value()
		}
	})
	return out, nil
}

func (f *termField) Name() string                                     { return f.name }
func (f *termField) Value() []byte                                    { return f.value }
func (f *termField) ArrayPositions() []uint64                         { return nil }
func (f *termField) EncodedFieldType() byte                           { return 't' }
func (f *termField) Analyze()                                         {}
func (f *termField) Options() index.FieldIndexingOptions              { return f.opts }
func (f *termField) AnalyzedLength() int                              { return 1 }
func (f *termField) AnalyzedTokenFrequencies() index.TokenFrequencies { return f.freqs }
func (f *termField) NumPlainTextBytes() uint64                        { return 0 }
func (f *termField) Size() int                                        { return 64 * len(f.freqs) }
