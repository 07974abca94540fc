package web

import (
	"net/netip"
	"strconv"
	"sync"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/kb"
)

// voters keeps somebody without the cookie from voting twice on a revision in
// one day: the second vote takes the first one's place. What an address voted
// is known by a keyed hash, in memory alone, and forgotten with the day (D-36);
// a process that starts anew has forgotten it, too.
type voters struct {
	mu   sync.Mutex
	day  string
	seen map[string]string // keyed hash of address, article and revision -> voter
}

// maxVoters bounds the memory; past it, a day's further votes are each their
// own, within the limit on writes.
const maxVoters = 50_000

// voterWithoutCookie is the voter of a request that brought no cookie. fresh is
// the cookie it is given now, "" for one who refuses it.
func (s *Server) voterWithoutCookie(address string, a *kb.Article, fresh string) string {
	if fresh == "" {
		fresh = "anonymous:" + deflect.NewID()
	}
	day := s.opt.Clock.Now().Format("2006-01-02")
	key := s.sign("vote", day+" "+network(address)+" "+a.Lang+" "+a.Pair+" "+strconv.Itoa(a.Revision))
	v := &s.voters
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.day != day {
		v.day, v.seen = day, map[string]string{}
	}
	if before := v.seen[key]; before != "" {
		return before
	}
	if len(v.seen) < maxVoters {
		v.seen[key] = fresh
	}
	return fresh
}

// network is what one household has of addresses: an IPv4 address, or the first
// half of an IPv6 address.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if ip = ip.Unmap(); ip.Is4() {
		return ip.String()
	}
	prefix, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return prefix.String()
}
