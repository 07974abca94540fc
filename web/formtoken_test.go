package web

import (
	"strings"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/internal/clock"
)

func TestFormTokenCarriesTheConsolesScreen(t *testing.T) {
	s := &Server{opt: Options{Support: &Support{Secret: []byte("0123456789abcdef0123456789abcdef")}, Clock: clock.NewManual(time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC))}}
	for _, route := range []string{"", "billing.invoices", "vps.detail.network-v2"} {
		text := s.newFormToken(route)
		got := s.readFormToken(text)
		if got.route != route || got.issued.IsZero() || got.hash == "" {
			t.Errorf("route %q came back as %+v", route, got)
		}
		// A screen that was put there by somebody else is not believed.
		forged := s.readFormToken(strings.Replace(text, ".", ".x", 1))
		if forged.route != "" || !forged.issued.IsZero() || forged.hash == got.hash {
			t.Errorf("a forged token was read as %+v", forged)
		}
	}
	if a, b := s.readFormToken("a token of a program that brings its own"), s.readFormToken("a token of a program that brings its own"); a != b || a.hash == "" {
		t.Errorf("a foreign token: %+v, %+v", a, b)
	}
	for in, want := range map[string]string{"vps.list": "vps.list", "../x": "", "a b": "", strings.Repeat("a", 81): "", "<b>": ""} {
		if got := consoleRoute(in); got != want {
			t.Errorf("route %q: %q, want %q", in, got, want)
		}
	}
}
