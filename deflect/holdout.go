package deflect

import (
	"crypto/sha256"
	"encoding/binary"
)

// Group is the arm of the experiment that a unit is assigned to.
type Group string

// The arms: who may see suggestions and who sees the form without (D-32).
const (
	Treatment Group = "treatment"
	Holdout   Group = "holdout"
)

// Arm assigns a unit (D-29) to an arm: the hold-out with probability share
// (0 or less: nobody, 1 or more: everybody; not a number: nobody). The same
// seed, unit and share always give the same arm, on any machine. A unit is a
// fixed point between 0 and 1, drawn by SHA-256 from seed and unit, and is held
// out when share lies above it: so a larger share only adds units to the
// hold-out, a smaller one only releases some, and nobody else moves. A new seed
// draws anew, independently of the old one.
func Arm(seed, unit string, share float64) Group {
	if point(seed, unit) < share {
		return Holdout
	}
	return Treatment
}

// point maps a unit to [0, 1) uniformly, with 53 bits. The seed's length comes
// first, so that no two pairs of seed and unit are hashed as the same text.
func point(seed, unit string) float64 {
	text := binary.BigEndian.AppendUint64(make([]byte, 0, 128), uint64(len(seed)))
	text = append(append(text, seed...), unit...)
	sum := sha256.Sum256(text)
	return float64(binary.BigEndian.Uint64(sum[:])>>11) / (1 << 53)
}
