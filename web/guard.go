package web

import (
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/time/rate"

	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/internal/errs"
)

// crossOrigin refuses writes that another site's page makes a browser send.
var crossOrigin = http.NewCrossOriginProtection()

// guardWrite is what stands before every write: the cross-origin check, the
// rate limit and the size of the body.
func (s *Server) guardWrite(maxBody int64, h handler) handler {
	return func(c *gin.Context) error {
		if err := crossOrigin.Check(c.Request); err != nil {
			return errs.New(errs.Forbidden, "error.cross_origin", err)
		}
		if wait := s.limiter.wait(c.ClientIP()); wait > 0 {
			return &errs.Error{Kind: errs.RateLimited, RetryAfter: wait}
		}
		if c.Request.ContentLength > maxBody {
			return errs.Newf(errs.TooLarge, "", "body of %d bytes, at most %d", c.Request.ContentLength, maxBody)
		}
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxBody)
		return h(c)
	}
}

// limiter bounds the writes of one address. It forgets addresses that were
// quiet for long enough to have all their tokens back.
type limiter struct {
	perMinute int
	clock     clock.Clock
	mu        sync.Mutex
	buckets   map[string]*bucket
	swept     time.Time
}

type bucket struct {
	tokens *rate.Limiter
	seen   time.Time
}

// maxBuckets bounds the memory an attacker with many addresses can take. When
// it is full, new addresses share one bucket.
const maxBuckets = 50_000

func newLimiter(perMinute int, c clock.Clock) *limiter {
	return &limiter{perMinute: perMinute, clock: c, buckets: map[string]*bucket{}}
}

// wait takes one token of an address; more than zero means there was none and
// says when the next comes.
func (l *limiter) wait(address string) time.Duration {
	if l.perMinute <= 0 {
		return 0
	}
	now := l.clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep(now)
	if l.buckets[address] == nil && len(l.buckets) >= maxBuckets {
		address = "everybody else"
	}
	b := l.buckets[address]
	if b == nil {
		perSecond := rate.Limit(float64(l.perMinute) / 60)
		b = &bucket{tokens: rate.NewLimiter(perSecond, l.perMinute)}
		l.buckets[address] = b
	}
	b.seen = now
	taken := b.tokens.ReserveN(now, 1)
	wait := taken.DelayFrom(now)
	if wait > 0 {
		taken.CancelAt(now) // a refused request must not push the next one back
	}
	return wait
}

// sweep forgets quiet addresses once a minute; a minute fills every bucket.
func (l *limiter) sweep(now time.Time) {
	if now.Sub(l.swept) < time.Minute {
		return
	}
	l.swept = now
	for address, b := range l.buckets {
		if now.Sub(b.seen) > time.Minute {
			delete(l.buckets, address)
		}
	}
}
