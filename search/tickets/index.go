// Package tickets finds tickets by their words: subject, messages, notes,
// customer and number. The index is derived from the database and kept in a
// folder of the process; whatever is wrong with it, it is made anew.
package tickets

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/index/scorch"
	"github.com/blevesearch/bleve/v2/mapping"
	"github.com/blevesearch/bleve/v2/registry"

	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/search"
)

// schema names how tickets are analysed and laid out. An index written under
// another one is thrown away.
const schema = "1"

// Doc is what one may find a ticket by.
type Doc struct {
	ID       string
	Number   string
	Lang     string
	Texts    []string // subject, messages, notes
	Who      []string // name, address and company of the customer
	State    string
	Tier     string
	Priority string
	Assignee string // staff id, None for nobody
	Category string
	Queue    string
	Tags     []string
	Erased   bool // what was known of the customer is gone, and must be from here (D-36)
}

// None stands for a field without a value in a condition.
const None = "none"

// Langs are the languages that texts are analysed in; a ticket in another one
// is analysed as the first.
var Langs = []string{"fr", "en"}

// Index answers queries over tickets. It is safe for concurrent use.
type Index struct {
	log *slog.Logger
	dir string

	mu     sync.RWMutex
	idx    bleve.Index    // nil once closed
	unsure sync.WaitGroup // batches that are not on disk yet
}

// Open opens the index in dir or makes it, in memory for "".
func Open(dir string, log *slog.Logger) (*Index, error) {
	x := &Index{dir: dir, log: log}
	idx, err := open(dir)
	if err == nil && !current(idx) {
		err = errors.Join(errOld, idx.Close())
	}
	if err == nil && unforgotten(idx) {
		err = errors.Join(errUnforgotten, idx.Close())
	}
	if err != nil {
		if dir == "" {
			return nil, errs.New(errs.Unavailable, "", err)
		}
		log.Info("the index of tickets is made anew", "why", err)
		if idx, err = remake(dir); err != nil {
			return nil, errs.New(errs.Unavailable, "", fmt.Errorf("index of tickets %s: %w", dir, err))
		}
	}
	x.idx = idx
	return x, nil
}

var errOld = errors.New("it is missing or of another version")

// settings of the storage: batches need not be on disk before the next one,
// since the database has everything in them; a folder that another process
// has open is refused at once.
var settings = map[string]any{"unsafe_batch": true, "numSnapshotsToKeep": 1, "bolt_timeout": "2s"}

func open(dir string) (bleve.Index, error) {
	if dir == "" {
		return fresh("")
	}
	if _, err := os.Stat(filepath.Join(dir, "index_meta.json")); err != nil {
		return nil, errOld
	}
	return bleve.OpenUsing(dir, settings)
}

func fresh(dir string) (bleve.Index, error) {
	m, err := layout()
	if err != nil {
		return nil, err
	}
	var idx bleve.Index
	if dir == "" {
		idx, err = bleve.NewUsing("", m, scorch.Name, scorch.Name, map[string]any{"unsafe_batch": true})
	} else {
		idx, err = bleve.NewUsing(dir, m, scorch.Name, scorch.Name, settings)
	}
	if err != nil {
		return nil, err
	}
	return idx, idx.SetInternal(keySchema, []byte(schema))
}

// remake replaces the folder by an empty index. Only what bleve wrote there is
// removed.
func remake(dir string) (bleve.Index, error) {
	for _, name := range []string{"index_meta.json", "store"} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("something else is in the folder: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return nil, err
	}
	return fresh(dir)
}

var (
	keySchema = []byte("ricochet.schema")
	keySince  = []byte("ricochet.since")
	keyForget = []byte("ricochet.forget")
)

func current(idx bleve.Index) bool {
	v, err := idx.GetInternal(keySchema)
	return err == nil && string(v) == schema
}

// analyzer gives bleve the terms of package search.
type analyzer struct{ lang string }

// Analyze cuts a text into terms; stop words leave a gap.
func (a analyzer) Analyze(text []byte) analysis.TokenStream {
	terms := search.Terms(a.lang, string(text))
	out := make(analysis.TokenStream, 0, 2*len(terms))
	add := func(t search.Term, text string) {
		out = append(out, &analysis.Token{Term: []byte(text), Start: t.Start, End: t.End, Position: t.Pos + 1, Type: analysis.AlphaNumeric})
	}
	for _, t := range terms {
		if t.Text == "" {
			continue
		}
		add(t, t.Text)
		if t.Plain != t.Text {
			add(t, t.Plain)
		}
	}
	return out
}

// analyzerName is the name under which bleve knows the analyzer of a language.
func analyzerName(lang string) string { return "ricochet_" + lang }

var register = sync.OnceValue(func() error {
	for _, lang := range append([]string{"who"}, Langs...) {
		err := registry.RegisterAnalyzer(analyzerName(lang), func(map[string]any, *registry.Cache) (analysis.Analyzer, error) {
			return analyzer{lang}, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
})

func init() {
	if err := register(); err != nil {
		panic(err) // two analyzers of one name: a defect of ours
	}
}

// keywords are the fields of conditions.
var keywords = []string{"number", "state", "tier", "priority", "assignee", "category", "queue", "lang", "tag"}

// layout says how each field is indexed. Nothing is stored: what is shown
// comes from the database, where it can be erased (D-36).
func layout() (mapping.IndexMapping, error) {
	doc := bleve.NewDocumentStaticMapping()
	for _, name := range append([]string{"who"}, Langs...) {
		f := bleve.NewTextFieldMapping()
		f.Analyzer, f.Store, f.IncludeInAll, f.DocValues = analyzerName(name), false, false, false
		f.IncludeTermVectors = name != "who" // phrases need positions
		doc.AddFieldMappingsAt(name, f)
	}
	for _, name := range keywords {
		f := bleve.NewKeywordFieldMapping()
		f.Store, f.IncludeInAll, f.DocValues, f.IncludeTermVectors = false, false, false, false
		doc.AddFieldMappingsAt(name, f)
	}
	m := bleve.NewIndexMapping()
	m.DefaultMapping = doc
	m.StoreDynamic, m.IndexDynamic, m.DocValuesDynamic = false, false, false
	return m, m.Validate()
}

// fields is a document as bleve takes it.
func (d Doc) fields() map[string]any {
	lang := d.Lang
	if lang != Langs[1] {
		lang = Langs[0]
	}
	or := func(s string) string {
		if s == "" {
			return None
		}
		return s
	}
	return map[string]any{
		lang: strings.Join(d.Texts, " \n "), "who": strings.Join(d.Who, " \n "), "number": strings.ToLower(d.Number),
		"state": d.State, "tier": d.Tier, "priority": d.Priority, "assignee": or(d.Assignee), "category": or(d.Category),
		"queue": d.Queue, "lang": d.Lang, "tag": d.Tags,
	}
}

// Put adds documents, replaces those that are known, and remembers since when
// the database may have changed.
func (x *Index) Put(docs []Doc, since time.Time) error {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.idx == nil {
		return errClosed
	}
	b := x.idx.NewBatch()
	forget := false
	for _, d := range docs {
		if d.Erased {
			known, err := x.idx.Document(d.ID)
			if err != nil {
				return fmt.Errorf("index ticket %s: %w", d.ID, err)
			}
			forget = forget || known != nil
		}
		if err := b.Index(d.ID, d.fields()); err != nil {
			return fmt.Errorf("index ticket %s: %w", d.ID, err)
		}
	}
	b.SetInternal(keySince, binary.BigEndian.AppendUint64(nil, uint64(since.UnixMilli())))
	x.keep(b)
	if forget {
		b.SetInternal(keyForget, []byte{1})
	}
	if err := x.idx.Batch(b); err != nil || !forget {
		return err
	}
	return x.forget()
}

// keep makes Close wait until b is on disk.
func (x *Index) keep(b *bleve.Batch) {
	if x.dir == "" {
		return
	}
	x.unsure.Add(1)
	b.SetPersistedCallback(func(err error) {
		if err != nil {
			x.log.Warn("keep the index of tickets", "err", err)
		}
		x.unsure.Done()
	})
}

var errClosed = errs.Newf(errs.Unavailable, "", "the index of tickets is closed")

// Since is the instant last given to Put; zero for a new index.
func (x *Index) Since() (time.Time, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.idx == nil {
		return time.Time{}, errClosed
	}
	v, err := x.idx.GetInternal(keySince)
	if err != nil || len(v) != 8 {
		return time.Time{}, err
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(v))).UTC(), nil
}

// Count is the number of tickets in the index.
func (x *Index) Count() (int, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.idx == nil {
		return 0, errClosed
	}
	n, err := x.idx.DocCount()
	return int(n), err
}

// Close waits until what was put is on disk and releases the index.
func (x *Index) Close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.idx == nil {
		return nil
	}
	x.unsure.Wait()
	err := x.idx.Close()
	x.idx = nil
	return err
}
