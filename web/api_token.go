package web

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/internal/errs"
)

// NewAPIToken makes a token and the hash that the database keeps of it.
func NewAPIToken(secret []byte) (token, hash string) {
	token = "rt_" + randomText(30)
	s := &Server{opt: Options{Support: &Support{Secret: secret}}}
	return token, s.sign("api-token", token)
}

// authorize demands a bearer token of a scope and returns its hash, which
// names the program that calls.
func (s *Server) authorize(c *gin.Context, scope string) (string, error) {
	token, ok := strings.CutPrefix(c.GetHeader("Authorization"), "Bearer ")
	if !ok {
		c.Header("WWW-Authenticate", `Bearer realm="ricochet"`)
		return "", errs.Newf(errs.Unauthorized, "error.token", "no bearer token")
	}
	hash := s.sign("api-token", token)
	has, err := s.tokens.scope(c.Request.Context(), s.opt.Support.Store, hash, s.opt.Clock.Now())
	if errs.Is(err, errs.NotFound) {
		c.Header("WWW-Authenticate", `Bearer realm="ricochet", error="invalid_token"`)
		return "", errs.New(errs.Unauthorized, "error.token", err)
	}
	if err == nil && has != scope {
		err = errs.Newf(errs.Forbidden, "error.token_scope", "token has scope %q, want %q", has, scope)
	}
	return hash, err
}

// tokens remembers what a token may do for a moment, so that a program that
// calls often does not cost a query each time. A token that is withdrawn works
// for at most tokenMemory longer.
type tokens struct {
	mu    sync.Mutex
	known map[string]knownToken
}

type knownToken struct {
	scope string
	until time.Time
}

const (
	tokenMemory = 5 * time.Second
	maxTokens   = 1000 // only good ones are kept, so an attacker cannot fill it
)

func (k *tokens) scope(ctx context.Context, db SupportStore, hash string, now time.Time) (string, error) {
	k.mu.Lock()
	t, ok := k.known[hash]
	k.mu.Unlock()
	if ok && now.Before(t.until) {
		return t.scope, nil
	}
	scope, err := db.TokenScope(ctx, hash)
	if err != nil {
		return "", err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.known) >= maxTokens {
		clear(k.known)
	}
	k.known[hash] = knownToken{scope, now.Add(tokenMemory)}
	return scope, nil
}
