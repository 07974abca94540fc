//go:build simclock

package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/vmcloud/ricochet/internal/clock"
)

// A program built with the tag simclock lives in a time that a test sets. No
// build that people use has the tag.

// pollEvery is how often due timers and jobs are looked for when the clock
// stands.
const pollEvery = 100 * time.Millisecond

// clockFile is a clock that stands where a file says, in milliseconds UTC. The
// file is replaced as a whole, so that what is read is a number.
type clockFile string

// programClock is the clock named by RICOCHET_TEST_CLOCK.
func programClock() (clock.Clock, error) {
	f := clockFile(os.Getenv("RICOCHET_TEST_CLOCK"))
	_, err := f.read()
	return f, err
}

// followClock calls wake whenever the file is written, be it with the same
// instant, until ctx ends.
func followClock(ctx context.Context, log *slog.Logger, wake func()) {
	w, err := fsnotify.NewWatcher()
	if err == nil {
		err = w.Add(filepath.Dir(os.Getenv("RICOCHET_TEST_CLOCK")))
	}
	if err != nil {
		log.Error("watch the clock", "err", err)
		return
	}
	for {
		select {
		case <-ctx.Done():
			_ = w.Close() // nothing is lost with it
			return
		case <-w.Events:
			wake()
		case err := <-w.Errors:
			log.Error("watch the clock", "err", err)
		}
	}
}

// Now is the instant in the file. A program whose clock cannot be read has
// nothing to go on.
func (f clockFile) Now() time.Time {
	t, err := f.read()
	if err != nil {
		panic(err)
	}
	return t
}

func (f clockFile) read() (time.Time, error) {
	data, err := os.ReadFile(string(f))
	if err != nil {
		return time.Time{}, fmt.Errorf("RICOCHET_TEST_CLOCK: %w", err)
	}
	ms, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
	return time.UnixMilli(ms).UTC(), err
}
