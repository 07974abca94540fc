// Package dial makes HTTP clients for addresses that an operator configures:
// webhooks and holiday feeds. A name in a configuration may lead anywhere, and
// may lead elsewhere tomorrow, so the address is judged when the connection is
// made, after the name was resolved and again for every redirect.
package dial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// ErrPrivate says that a name led to an address inside somebody's network.
var ErrPrivate = errors.New("not a public address")

// special are the blocks that netip calls neither private nor local and that
// are not the public Internet either (the IANA special-purpose registries).
// Those that embed an IPv4 address are refused whole: what they lead to is
// decided by a gateway.
var special = prefixes(
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
	"203.0.113.0/24", "240.0.0.0/4",
	"::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23", "2001:db8::/32",
	"2002::/16", "3fff::/20", "5f00::/16", "fec0::/10",
)

func prefixes(all ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(all))
	for i, s := range all {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

// Public says whether an address belongs to the public Internet.
func Public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	return !within(a, special)
}

func within(a netip.Addr, blocks []netip.Prefix) bool {
	for _, p := range blocks {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// Limits of one exchange.
const (
	timeout      = 15 * time.Second
	maxRedirects = 3
)

// Client is an HTTP client that connects to public addresses and to those in
// allow, and to nothing else. It uses no proxy: a proxy would resolve names by
// itself.
func Client(allow []netip.Prefix) *http.Client {
	d := &net.Dialer{Timeout: 5 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		return check(address, allow)
	}}
	return &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			DialContext: d.DialContext, TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: 10 * time.Second,
			MaxResponseHeaderBytes: 64 << 10, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return fmt.Errorf("more than %d redirects", maxRedirects)
			}
			if r.URL.Scheme != "https" && via[0].URL.Scheme == "https" {
				return errors.New("redirected from https to " + r.URL.Scheme)
			}
			return nil
		},
	}
}

// check judges the address that a name was resolved to.
func check(address string, allow []netip.Prefix) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("address %q: %w", address, err)
	}
	a := at.Addr().Unmap().WithZone("")
	if Public(a) || within(a, allow) {
		return nil
	}
	return fmt.Errorf("%s: %w; allow it by name of its network if it is meant", a, ErrPrivate)
}

// Get reads what an address answers, at most limit bytes; more is an error, and
// so is any status but 200.
func Get(ctx context.Context, c *http.Client, url string, limit int64) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	res, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }() // it was only read
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", req.URL.Redacted(), res.Status)
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s has more than %d bytes", req.URL.Redacted(), limit)
	}
	return data, err
}
