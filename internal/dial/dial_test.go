package dial_test

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/vmcloud/ricochet/internal/dial"
)

func TestPublic(t *testing.T) {
	for _, a := range []string{"8.8.8.8", "2a00:1450::1", "1.1.1.1", "193.0.0.1", "2606:4700::1111"} {
		if !dial.Public(netip.MustParseAddr(a)) {
			t.Errorf("%s is refused", a)
		}
	}
	for _, a := range []string{
		"127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "0.1.2.3", "255.255.255.255",
		"224.0.0.1", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
		"2002:7f00:1::", "::127.0.0.1", "ff02::1", "2001:db8::1", "fec0::1",
	} {
		if dial.Public(netip.MustParseAddr(a)) {
			t.Errorf("%s passes", a)
		}
	}
}

func TestOnlyPublicUnlessAllowed(t *testing.T) {
	inside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("secret")) }))
	defer inside.Close()
	if _, err := dial.Get(t.Context(), dial.Client(nil), inside.URL, 100); !errors.Is(err, dial.ErrPrivate) {
		t.Errorf("loopback by address: %v", err)
	}
	byName := strings.Replace(inside.URL, "127.0.0.1", "localhost", 1)
	if _, err := dial.Get(t.Context(), dial.Client(nil), byName, 100); !errors.Is(err, dial.ErrPrivate) {
		t.Errorf("loopback by name: %v", err)
	}
	allow := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	data, err := dial.Get(t.Context(), dial.Client(allow), inside.URL, 100)
	if err != nil || string(data) != "secret" {
		t.Errorf("allowed: %q, %v", data, err)
	}
	if _, err := dial.Get(t.Context(), dial.Client(allow), inside.URL, 3); err == nil {
		t.Error("more bytes than the limit were taken")
	}
}

// A public address may send the client on to a private one.
func TestRedirectsAreJudgedToo(t *testing.T) {
	inside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("secret")) }))
	defer inside.Close()
	hop := httptest.NewUnstartedServer(http.RedirectHandler(inside.URL, http.StatusFound))
	var err error
	if err = hop.Listener.Close(); err != nil {
		t.Fatal(err)
	}
	if hop.Listener, err = net.Listen("tcp", "127.0.0.2:0"); err != nil {
		t.Fatal(err)
	}
	hop.Start()
	defer hop.Close()
	allow := []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")} // the first hop, not where it leads
	if _, err := dial.Get(t.Context(), dial.Client(allow), hop.URL, 100); !errors.Is(err, dial.ErrPrivate) || !strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("%v", err)
	}
	var loop *httptest.Server
	loop = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, loop.URL, http.StatusFound) }))
	defer loop.Close()
	allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	if _, err := dial.Get(t.Context(), dial.Client(allow), loop.URL, 100); err == nil || !strings.Contains(err.Error(), "redirects") {
		t.Errorf("a loop of redirects: %v", err)
	}
}
