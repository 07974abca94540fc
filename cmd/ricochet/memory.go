package main

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
)

const (
	// buildMemory is what loading and indexing may take before the collector
	// works harder: with what Bleve maps it leaves the program below 800 MiB.
	buildMemory = 576 << 20
	// spareMemory is the garbage that may gather while the site is served.
	spareMemory = 128 << 20
	// loadGrowth is by how many percent the heap may grow between two collections
	// while the site loads: at 100, a tenth of a start is spent collecting.
	loadGrowth = 200
)

// boundMemory lets the collector rest while the site loads, and keeps the heap
// within buildMemory, or half as much again as it has now when that is more:
// beyond it the collector would do nothing else. The operator's GOGC or
// GOMEMLIMIT, when set, decides instead.
func boundMemory() {
	if memoryIsSet() {
		return
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	debug.SetGCPercent(loadGrowth)
	debug.SetMemoryLimit(max(buildMemory, int64(m.HeapAlloc)*3/2))
}

// tuneMemory ends what boundMemory began and gives back to the system what
// loading left over. While a site is small, walking it at every doubling is most
// of what collecting costs: its heap may grow threefold. A large one may gather
// as much garbage and no more.
func tuneMemory() {
	if memoryIsSet() {
		return
	}
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	debug.SetGCPercent(gcPercent(m.HeapAlloc))
	debug.SetMemoryLimit(math.MaxInt64)
}

// gcPercent is by how much a heap with so many bytes alive may grow.
func gcPercent(alive uint64) int {
	return max(25, min(200, int(100*spareMemory/max(alive, 1))))
}

func memoryIsSet() bool { return os.Getenv("GOGC")+os.Getenv("GOMEMLIMIT") != "" }
