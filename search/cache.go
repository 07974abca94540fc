package search

import "sync"

// cache keeps the values used lately within a budget of bytes: two
// generations, and when the young one fills its half, it becomes the old one.
type cache[K comparable, V any] struct {
	mu        sync.Mutex
	young     map[K]V
	old       map[K]V
	used      int
	halfBytes int
}

func newCache[K comparable, V any](bytes int) *cache[K, V] {
	return &cache[K, V]{young: map[K]V{}, halfBytes: bytes / 2}
}

func (c *cache[K, V]) get(k K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if v, ok := c.young[k]; ok {
		return v, true
	}
	v, ok := c.old[k]
	return v, ok
}

// put keeps v, which takes about size bytes.
func (c *cache[K, V]) put(k K, v V, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.used += size + 64; c.used > c.halfBytes {
		c.old, c.young, c.used = c.young, map[K]V{}, size+64
	}
	c.young[k] = v
}
