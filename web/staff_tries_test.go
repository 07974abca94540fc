package web

import (
	"fmt"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/internal/clock"
)

// TestTries: strangers who guess fill their own count and nobody else's, the
// wait grows up to a quarter of an hour and ends, and a right password ends it.
func TestTries(t *testing.T) {
	now := clock.NewManual(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))
	x := newTries(now)
	for i := range freeTries {
		if wait := x.begin("sam"); wait != 0 {
			t.Fatalf("try %d waits %v", i, wait)
		}
	}
	if wait := x.begin("sam"); wait != time.Minute {
		t.Errorf("after %d wrong ones: %v", freeTries, wait)
	}
	if wait := x.begin("sam known-browser"); wait != 0 {
		t.Errorf("the person's own browser waits %v", wait)
	}
	for i := range 10 {
		now.Advance(maxTryWait)
		if wait := x.begin("sam"); wait != 0 {
			t.Errorf("try %d after a quarter of an hour: %v", i, wait)
		}
	}
	if wait := x.begin("sam"); wait != maxTryWait {
		t.Errorf("the longest wait is %v", wait)
	}
	x.right("sam")
	if wait := x.begin("sam"); wait != 0 {
		t.Errorf("after a right password: %v", wait)
	}
	for i := range maxBuckets + 10 {
		x.begin(fmt.Sprintf("nobody%d", i))
	}
	if n := len(x.by); n > maxBuckets+1 {
		t.Errorf("%d counts are kept", n)
	}
	now.Advance(2 * forgetTries)
	x.begin("sam")
	if n := len(x.by); n != 1 {
		t.Errorf("%d counts are kept after two days", n)
	}
}
