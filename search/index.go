package search

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	index "github.com/blevesearch/bleve_index_api"
	"golang.org/x/sync/errgroup"

	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/kb"
)

// Options says where an index lives and what it works with. The zero value is
// an index in memory with the built-in lexicon.
type Options struct {
	Dir      string       // folder of the index; "" keeps it in memory
	Lexicon  fs.FS        // {lang}.yaml files that replace the built-in ones, language by language; may be nil
	ReadOnly bool         // open an existing folder without writing, beside a running server
	Logger   *slog.Logger // nil logs nothing
	Clock    clock.Clock  // nil is the machine's clock
}

// Index answers queries over the articles it was last synchronised with. It is
// safe for concurrent use.
type Index struct {
	log   *slog.Logger
	clock clock.Clock
	ro    bool
	lexFS fs.FS

	sync      sync.Mutex // one Sync at a time
	store     *store
	analyzers map[string]*analyzer
	lexicons  map[string]*lexicon
	tokens    *cache[*kb.Article, *articleTokens]
	catalogue                  // of Bleve's documents
	vocabs    map[string]vocab // nil until read
	words     wordsFile        // that keeps them

	mu   sync.RWMutex // guards snap against being closed under a query
	snap *snapshot

	queries     atomic.Pointer[map[string]*knownQueries]
	helpfulness atomic.Pointer[func(*kb.Article) float64]

	conceptBook // read once, by the first Meaning
}

// Open opens the index in o.Dir or makes it. It knows no articles until Sync.
func Open(o Options) (*Index, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	st, err := openStore(o.Dir, o.ReadOnly)
	if err != nil {
		return nil, err
	}
	return &Index{log: o.Logger, clock: o.Clock, ro: o.ReadOnly, lexFS: o.Lexicon, store: st,
		analyzers: map[string]*analyzer{}, lexicons: map[string]*lexicon{},
		tokens: newCache[*kb.Article, *articleTokens](64 << 20), words: wordsFile{dir: o.Dir}}, nil
}

// Close releases the index. Queries that come later are refused as
// unavailable.
func (x *Index) Close() error {
	x.sync.Lock()
	defer x.sync.Unlock()
	x.mu.Lock()
	snap := x.snap
	x.snap = nil
	x.mu.Unlock()
	if x.store == nil {
		return nil
	}
	var first error
	if snap != nil {
		first = snap.reader.Close()
	}
	if err := x.store.close(); err != nil && first == nil {
		first = err
	}
	x.store = nil
	return first
}

// SetHelpfulness sets the tie-breaker between articles that answer equally
// well: a share between 0 and 1, already shrunk for small samples (D-34). It
// moves a score by 1 % at most, as the article's date does by half of that.
func (x *Index) SetHelpfulness(f func(*kb.Article) float64) { x.helpfulness.Store(&f) }

// SyncStats says what a Sync did.
type SyncStats struct {
	Added, Removed, Kept int           // documents; an edited article is one added and one removed
	Took                 time.Duration // from the call to the new articles being findable
}

// syncBatch is how many articles go to Bleve at once: enough to keep segments
// large, few enough to keep memory small.
const syncBatch = 1000

// writers is how many batches are made at a time.
const writers = 2

// Sync makes the index answer for lib: articles whose file changed are
// analysed again, articles that are gone are removed, nothing else is touched.
// Queries keep seeing the old articles until it is done.
func (x *Index) Sync(ctx context.Context, lib *kb.Library) (SyncStats, error) {
	x.sync.Lock()
	defer x.sync.Unlock()
	var stats SyncStats
	working := clock.Start()
	if x.store == nil {
		return stats, errs.New(errs.Unavailable, "", fmt.Errorf("the search index is closed"))
	}
	lexicons := x.addLanguages(lib.Langs())
	var saved sync.WaitGroup
	changed, err := x.update(ctx, lib, &stats, &saved)
	if err := errors.Join(err, lexicons()); err != nil {
		x.entries, x.library, x.vocabs = nil, nil, nil // whatever was written is read again
		return stats, err
	}
	if err := x.renew(lib); err != nil {
		return stats, err
	}
	saved.Wait() // findable before it is on disk, returned when it is
	if !x.ro {
		if err := x.words.save(x.fingerprint(), x.vocabs, changed); err != nil {
			return stats, err
		}
	}
	stats.Took = working.Elapsed()
	x.log.Info("search index synchronised", "added", stats.Added, "removed", stats.Removed,
		"kept", stats.Kept, "took", stats.Took)
	return stats, nil
}

// addLanguages makes the analyzers of languages and reads their lexicons. The
// lexicons are there once the function it returns was called: queries need them,
// indexing does not.
func (x *Index) addLanguages(langs []string) (wait func() error) {
	var g errgroup.Group
	read := make([]*lexicon, len(langs))
	for i, lang := range langs {
		if x.analyzers[lang] == nil {
			x.analyzers[lang] = newAnalyzer(lang)
		}
		if read[i] = x.lexicons[lang]; read[i] == nil {
			a := x.analyzers[lang]
			g.Go(func() (err error) {
				read[i], err = loadLexicon(x.lexFS, lang, a)
				return err
			})
		}
	}
	return func() error {
		if err := g.Wait(); err != nil {
			return err
		}
		for i, lang := range langs {
			x.lexicons[lang] = read[i]
		}
		return nil
	}
}

// update brings Bleve's documents and the vocabularies up to date. It gives by
// how many articles more or fewer each word stands in; saved is done when Bleve
// is on disk.
func (x *Index) update(ctx context.Context, lib *kb.Library, stats *SyncStats, saved *sync.WaitGroup) (wordCounts, error) {
	if x.entries == nil {
		if err := x.catalogue.read(x.store); err != nil {
			return nil, err
		}
	}
	print := x.fingerprint() // of the documents that were counted
	fresh, gone := x.compare(lib)
	stats.Added, stats.Removed, stats.Kept = len(fresh), len(gone), lib.Len()-len(fresh)
	words := wordCounts{}
	if x.vocabs == nil {
		var ok bool
		if x.vocabs, ok = x.words.load(print); !ok {
			x.vocabs = map[string]vocab{}
			x.recount(words)
		}
	}
	if len(fresh)+len(gone) > 0 {
		if x.ro {
			return nil, errs.New(errs.Conflict, "", fmt.Errorf("the search index is open for reading only and %d articles changed since it was written; let the server index them first", len(fresh)+len(gone)))
		}
		if err := x.write(ctx, fresh, gone, words, saved); err != nil {
			return nil, err
		}
	}
	for lang, w := range words {
		x.vocabs[lang] = x.vocabs[lang].with(w)
	}
	x.library = lib
	return words, nil
}

// write gives Bleve the fresh articles and takes the gone ones from it, two
// batches at a time.
func (x *Index) write(ctx context.Context, fresh []*kb.Article, gone []departed, words wordCounts, saved *sync.WaitGroup) error {
	if len(gone) > 0 {
		batch := index.NewBatch()
		lost := x.counters()
		for _, g := range gone {
			batch.Delete(g.name)
			x.remove(g.entry)
			if g.art != nil { // else a run before this one indexed it, and its words stay
				lost[g.art.Lang].count(g.art)
			}
		}
		lost.addTo(words, -1)
		if len(fresh) <= syncBatch { // an edit is one batch: never neither version
			won := x.counters()
			x.add(batch, fresh, won, &termMemory{}, &sync.Mutex{})
			won.addTo(words, 1)
			return x.commit(batch, saved)
		}
		if err := x.commit(batch, saved); err != nil {
			return err
		}
	}
	parts := make(chan []*kb.Article)
	g, ctx := errgroup.WithContext(ctx)
	var mu sync.Mutex
	for range writers {
		g.Go(func() error {
			counters, memory := x.counters(), &termMemory{}
			for part := range parts {
				batch := index.NewBatch()
				memory.used = 0
				x.add(batch, part, counters, memory, &mu)
				if err := x.commit(batch, saved); err != nil {
					return err
				}
			}
			mu.Lock()
			defer mu.Unlock()
			counters.addTo(words, 1)
			return nil
		})
	}
	g.Go(func() error {
		defer close(parts)
		for part := range slices.Chunk(fresh, min(syncBatch, 1+len(fresh)/writers)) {
			select {
			case parts <- part:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return ctx.Err()
	})
	return g.Wait()
}

// counters has a counter for each language.
type counters map[string]*counter

func (x *Index) counters() counters {
	out := counters{}
	for lang, a := range x.analyzers {
		out[lang] = newCounter(a)
	}
	return out
}

// addTo adds what all the counters counted.
func (c counters) addTo(words wordCounts, by int32) {
	for _, one := range c {
		one.addTo(words, by)
	}
}

// add counts articles into a batch; mu guards the catalogue.
func (x *Index) add(batch *index.Batch, arts []*kb.Article, c counters, memory *termMemory, mu *sync.Mutex) {
	docs := make([]index.Document, len(arts))
	for i, art := range arts {
		docs[i] = newDocument(art.Lang, art, c[art.Lang].count(art), memory)
		batch.Update(docs[i])
	}
	mu.Lock()
	defer mu.Unlock()
	for i, art := range arts {
		x.join(x.entry(docs[i].ID()), art)
	}
}

// commit hands a batch to Bleve, to be on disk when saved is done.
func (x *Index) commit(batch *index.Batch, saved *sync.WaitGroup) error {
	if x.store.dir != "" {
		saved.Add(1)
		batch.SetPersistedCallback(func(error) { saved.Done() })
	}
	if err := x.store.idx.Batch(batch); err != nil {
		return errs.New(errs.Unavailable, "", fmt.Errorf("write the search index: %w", err))
	}
	return nil
}

// renew makes queries see lib through a fresh snapshot of Bleve.
func (x *Index) renew(lib *kb.Library) error {
	r, err := x.store.idx.Reader()
	if err != nil {
		return errs.New(errs.Unavailable, "", fmt.Errorf("read the search index: %w", err))
	}
	x.mu.RLock()
	before := x.snap
	x.mu.RUnlock()
	s, err := x.newSnapshot(r, lib, before)
	if err != nil {
		return errors.Join(err, r.Close())
	}
	x.mu.Lock()
	x.snap = s
	x.mu.Unlock()
	if before != nil {
		if err := before.reader.Close(); err != nil {
			return fmt.Errorf("release the old search snapshot: %w", err)
		}
	}
	return nil
}

// acquire hands the snapshot to a query, which must call the release it gets.
func (x *Index) acquire() (*snapshot, func(), error) {
	x.mu.RLock()
	if x.snap == nil {
		x.mu.RUnlock()
		return nil, nil, errs.New(errs.Unavailable, "", fmt.Errorf("the search index has no articles yet"))
	}
	return x.snap, x.mu.RUnlock, nil
}
