package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// FeedCache reads holiday feeds and keeps the last good copy of each on disk,
// so that a source which fails, or sends rubbish, changes no due date.
type FeedCache struct {
	Dir   string                      // where copies are kept
	Fetch Feeds                       // the source
	Stale func(ref string, err error) // told when an old copy stands in; may be nil
}

// Get is the feed, fresh if the source gives a readable one, else the last
// good copy; an error when there is neither. It is a Feeds.
func (c *FeedCache) Get(ref string) ([]byte, error) {
	data, err := c.Fetch(ref)
	if err == nil {
		if _, err = ParseFeed(data); err == nil {
			return data, c.keep(ref, data)
		}
	}
	old, readErr := os.ReadFile(c.path(ref))
	if readErr != nil {
		// Who asks knows the reference, and an address may hold a key.
		return nil, fmt.Errorf("%w, and no earlier copy can be read: %w", err, readErr)
	}
	if c.Stale != nil {
		c.Stale(ref, err)
	}
	return old, nil
}

func (c *FeedCache) path(ref string) string {
	sum := sha256.Sum256([]byte(ref))
	return filepath.Join(c.Dir, hex.EncodeToString(sum[:])+".ics")
}

// keep replaces the copy in one step: a crash leaves the old or the new one.
func (c *FeedCache) keep(ref string, data []byte) error {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(c.Dir, "feed-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), c.path(ref))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
