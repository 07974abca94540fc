package deflect

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestArmStaysPut: assignment outlives restarts and releases. A change here
// would move visitors between the arms of a running experiment.
func TestArmStaysPut(t *testing.T) {
	for unit, want := range map[string]float64{
		"visitor-1": 0.5799132101893795, "visitor-2": 0.50435720902623, "": 0.0812676058942351,
	} {
		near(t, unit, point("seed", unit), want, 1e-15)
	}
}

func TestArmIsUniform(t *testing.T) {
	const n, cells = 200_000, 100
	var seen [cells]int
	held := 0
	for i := range n {
		unit := fmt.Sprint("unit-", i)
		seen[int(point("2026", unit)*cells)]++
		count(&held, Arm("2026", unit, .2) == Holdout)
	}
	chi := 0.0
	for _, k := range seen {
		d := float64(k) - n/cells
		chi += d * d / (n / cells)
	}
	if chi > 148.2 { // 99.9 % quantile with 99 degrees of freedom
		t.Errorf("chi-square %.1f over %d cells", chi, cells)
	}
	if share := float64(held) / n; math.Abs(share-.2) > .003 {
		t.Errorf("held %.4f, want 0.2", share)
	}
}

func TestArmSeedsAreIndependent(t *testing.T) {
	const n = 100_000
	both := 0
	for i := range n {
		unit := fmt.Sprint(i)
		count(&both, Arm("a", unit, .5) == Holdout && Arm("b", unit, .5) == Holdout)
	}
	if share := float64(both) / n; math.Abs(share-.25) > .005 {
		t.Errorf("%.4f held under both seeds, want 0.25", share)
	}
	if point("ab", "c") == point("a", "bc") {
		t.Error("seed and unit run together")
	}
}

// TestArmMovesFew: a larger share only adds to the hold-out.
func TestArmMovesFew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed, unit := rapid.String().Draw(t, "seed"), rapid.String().Draw(t, "unit")
		small, large := rapid.Float64Range(0, 1).Draw(t, "small"), rapid.Float64Range(0, 1).Draw(t, "large")
		if small > large {
			small, large = large, small
		}
		if Arm(seed, unit, small) == Holdout && Arm(seed, unit, large) == Treatment {
			t.Fatal("left the hold-out when the share grew")
		}
		if again := Arm(seed, unit, small); again != Arm(seed, unit, small) {
			t.Fatal("not stable")
		}
		for _, never := range []float64{0, -1, math.NaN()} {
			if Arm(seed, unit, never) != Treatment {
				t.Fatalf("held out at share %g", never)
			}
		}
		if Arm(seed, unit, 1) != Holdout {
			t.Fatal("not held out at share 1")
		}
	})
}
