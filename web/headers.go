package web

import (
	"net/http"
	"slices"
	"strings"
)

// securityHeaders are the values every answer carries, made once.
type securityHeaders struct {
	csp         []string
	nosniff     []string
	referrer    []string
	permissions []string
	opener      []string
	hsts        []string // nil on plain HTTP
}

// contentPolicy allows what the pages are made of and nothing else: no inline
// script or style, no other host. The frames are those of an article's
// videos, which load after a click.
func contentPolicy(frames []string) string {
	policy := "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
		"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
	if len(frames) > 0 {
		slices.Sort(frames)
		policy += "; frame-src " + strings.Join(slices.Compact(frames), " ")
	}
	return policy
}

func newSecurityHeaders(https bool) securityHeaders {
	h := securityHeaders{
		csp:         []string{contentPolicy(nil)},
		nosniff:     []string{"nosniff"},
		referrer:    []string{"strict-origin-when-cross-origin"},
		permissions: []string{"camera=(), geolocation=(), microphone=(), payment=()"},
		opener:      []string{"same-origin"},
	}
	if https {
		h.hsts = []string{"max-age=31536000; includeSubDomains"}
	}
	return h
}

// secure sets the security headers; csp nil means the site's own policy. Maps
// are written directly because the values are shared and the keys canonical.
func (s *Server) secure(h http.Header, csp []string) {
	if csp == nil {
		csp = s.headers.csp
	}
	h["Content-Security-Policy"] = csp
	h["X-Content-Type-Options"] = s.headers.nosniff
	h["Referrer-Policy"] = s.headers.referrer
	h["Permissions-Policy"] = s.headers.permissions
	h["Cross-Origin-Opener-Policy"] = s.headers.opener
	if s.headers.hsts != nil {
		h["Strict-Transport-Security"] = s.headers.hsts
	}
}
