package tickets

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"
)

// errUnforgotten says that a process ended before words that must be forgotten
// were out of its folder.
var errUnforgotten = errors.New("words of an erased person may be left in it")

func unforgotten(idx bleve.Index) bool {
	v, err := idx.GetInternal(keyForget)
	return err == nil && len(v) > 0
}

// forget takes the words of replaced tickets off the disk (D-36). A segment
// keeps them until it is merged with others, which may be never: so all are
// merged into one. Until that is done, the index is marked, and made anew
// should the process end meanwhile.
func (x *Index) forget() error {
	x.unsure.Wait() // only what is on disk is merged
	inner, err := x.idx.Advanced()
	if err != nil {
		return err
	}
	s, ok := inner.(*scorch.Scorch)
	if !ok {
		return fmt.Errorf("index of tickets: %T cannot be merged", inner)
	}
	if err := s.ForceMerge(context.Background(), nil); err != nil {
		return fmt.Errorf("merge the index of tickets: %w", err)
	}
	for range cleanTries {
		clean, err := x.clean(s)
		if err != nil {
			return err
		}
		if clean {
			b := x.idx.NewBatch()
			b.DeleteInternal(keyForget)
			x.keep(b)
			return x.idx.Batch(b)
		}
		<-time.After(cleanWait)
		// Files are removed after the next change has been written.
		if err := x.idx.SetInternal(keyForget, []byte{1}); err != nil {
			return err
		}
	}
	x.log.Warn("old segments of the index of tickets are still read; it will be made anew at the next start")
	return nil
}

// How long to wait for readers of old segments: each step writes a change.
const (
	cleanTries = 250
	cleanWait  = 20 * time.Millisecond
)

// clean says whether the folder holds no segment but those that are read.
func (x *Index) clean(s *scorch.Scorch) (bool, error) {
	if x.dir == "" {
		return true, nil
	}
	r, err := s.Reader()
	if err != nil {
		return false, err
	}
	now, ok := r.(*scorch.IndexSnapshot)
	if !ok {
		return false, errors.Join(fmt.Errorf("index of tickets: a %T has no segments", r), r.Close())
	}
	files, err := filepath.Glob(filepath.Join(x.dir, "store", "*.zap"))
	return len(files) <= len(now.Segments()), errors.Join(err, r.Close())
}

// Clear empties the index in a folder; the next process fills it again. ok is
// false when it could not be opened: a process that has it open takes erased
// people out of it by itself, and one that is broken is made anew.
func Clear(dir string) (ok bool, err error) {
	meta := filepath.Join(dir, "index_meta.json")
	if _, err := os.Stat(meta); errors.Is(err, os.ErrNotExist) {
		return true, nil
	}
	idx, err := bleve.OpenUsing(dir, settings)
	if err != nil {
		return false, nil //nolint:nilerr // see above
	}
	return true, errors.Join(idx.Close(), os.RemoveAll(meta), os.RemoveAll(filepath.Join(dir, "store")))
}
