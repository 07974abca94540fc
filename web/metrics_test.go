package web

import (
	"net/http/httptest"
	"testing"
)

// A proxy on the same machine must not open the metrics to the world.
func TestFromThisMachine(t *testing.T) {
	for _, c := range []struct {
		remote, host string
		header       string
		want         bool
	}{
		{"127.0.0.1:5000", "127.0.0.1:8080", "", true},
		{"127.0.0.1:5000", "localhost:8080", "", true},
		{"[::1]:5000", "[::1]:8080", "", true},
		{"[::ffff:127.0.0.1]:5000", "127.0.0.1", "", true},
		{"127.0.0.1:5000", "help.example.com", "", false},
		{"127.0.0.1:5000", "127.0.0.1:8080", "X-Forwarded-For", false},
		{"127.0.0.1:5000", "127.0.0.1:8080", "Via", false},
		{"203.0.113.9:5000", "127.0.0.1:8080", "", false},
		{"nonsense", "127.0.0.1:8080", "", false},
	} {
		r := httptest.NewRequest("GET", "/metrics", nil)
		r.RemoteAddr, r.Host = c.remote, c.host
		if c.header != "" {
			r.Header.Set(c.header, "203.0.113.9")
		}
		if got := fromThisMachine(r); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
