package web

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
)

// What fails because the visitor has gone is no error of the site's.
func TestAVisitorWhoLeavesIsNoError(t *testing.T) {
	for _, gone := range []bool{false, true} {
		var log bytes.Buffer
		s := &Server{log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		c, _ := gin.CreateTestContext(httptest.NewRecorder())
		c.Request = httptest.NewRequestWithContext(ctx, "GET", "/en/search?q=x", nil)
		if gone {
			leave()
		}
		s.mishap(c, "search", errors.New("context canceled"), "lang", "en")
		if isError := strings.Contains(log.String(), "level=ERROR"); isError == gone || !strings.Contains(log.String(), "lang=en") {
			t.Errorf("the visitor is gone: %v; the log: %s", gone, log.String())
		}
	}
}
