package main

import "testing"

func TestGCPercent(t *testing.T) {
	for alive, want := range map[uint64]int{0: 200, 30 << 20: 200, 64 << 20: 200, 128 << 20: 100, 256 << 20: 50, 4 << 30: 25} {
		if got := gcPercent(alive); got != want {
			t.Errorf("%d MiB alive: %d, want %d", alive>>20, got, want)
		}
	}
}
