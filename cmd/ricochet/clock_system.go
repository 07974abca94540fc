//go:build !simclock

package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/vmcloud/ricochet/internal/clock"
)

// pollEvery is how often due timers and jobs are looked for.
const pollEvery = time.Second

// programClock is what the site tells the time by.
func programClock() (clock.Clock, error) { return clock.System{}, nil }

// followClock has nothing to tell of a clock that moves by itself: what is due
// is polled for.
func followClock(context.Context, *slog.Logger, func()) {}
