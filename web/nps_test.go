package web

import (
	"testing"
	"time"
)

// Links of mails cannot be made by anybody else, nor used for another purpose
// or after their time.
func TestLinksOfMails(t *testing.T) {
	secret, now := []byte("secret"), time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	if SolvedLink(secret, "id", now) == NPSLink(secret, "id", now) || SolvedLink(secret, "id", now) == SolvedLink([]byte("other"), "id", now) {
		t.Error("two purposes or two secrets give one link")
	}
	if SolvedLink(secret, "id", now) == SolvedLink(secret, "id", now.Add(time.Hour)) {
		t.Error("the instant is not in the link")
	}
}
