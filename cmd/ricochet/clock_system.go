//go:build !simclock

package main

import (
	"time"

	"github.com/vmcloud/ricochet/internal/clock"
)

// pollEvery is how often due timers and jobs are looked for.
const pollEvery = time.Second

// programClock is what the site tells the time by.
func programClock() (clock.Clock, error) { return clock.System{}, nil }
