package demo

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

// dice are the seeded random numbers of a year: the same seed rolls the same
// year.
type dice struct{ *rand.Rand }

func newDice(seed uint64) dice { return dice{rand.New(rand.NewPCG(seed, 0x7269636f63686574))} } // "ricochet"

func (d dice) chance(p float64) bool { return d.Float64() < p }

// times is a Poisson draw: how often something with this mean happens.
func (d dice) times(mean float64) int {
	n, p := 0, math.Exp(-mean)
	for u := d.Float64(); u > p; n++ {
		u *= d.Float64()
	}
	return n
}

// around is a log-normal duration: half of them are below median.
func (d dice) around(median time.Duration, sigma float64) time.Duration {
	return (time.Duration(float64(median) * math.Exp(sigma*d.NormFloat64()))).Truncate(time.Second)
}

func pick[T any](d dice, list []T) T { return list[d.IntN(len(list))] }

// weighted picks an index in proportion to its weight.
func (d dice) weighted(weights []float64) int {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	at := d.Float64() * sum
	for i, w := range weights {
		if at -= w; at < 0 {
			return i
		}
	}
	return len(weights) - 1
}

// Tag marks every id of the demo: a version 7 UUID (RFC 9562) whose random part
// begins with it. A real id has it with a chance of one in 2^36.
const Tag = "-8de0-de300d"

// ids makes the year's ids: they sort by the instant they are made for, and
// carry Tag.
type ids struct{ n uint64 }

func (i *ids) at(t time.Time) string {
	i.n++
	ms := fmt.Sprintf("%012x", t.UnixMilli())
	return fmt.Sprintf("%s-%s-7%03x%s%06x", ms[:8], ms[8:], i.n>>24&0xfff, Tag, i.n&0xffffff)
}

// hash is an opaque text like the keyed hashes of cookies and form tokens; it
// carries Tag so that it is known for the demo's.
func (i *ids) hash(kind string) string {
	i.n++
	return fmt.Sprintf("demo-%s%s%06x", kind, Tag, i.n)
}

const numberAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// number is a tracking number such as VM-7K3F-92 (Crockford's base 32).
func (d dice) number() string {
	var b strings.Builder
	b.WriteString("VM-")
	for i := range 6 {
		if i == 4 {
			b.WriteByte('-')
		}
		b.WriteByte(numberAlphabet[d.IntN(32)])
	}
	return b.String()
}

// freshNumber is a number that no ticket has. There are a billion: of years with
// a million events, and 21,000 tickets, one in five would draw one twice.
func (m *maker) freshNumber() string {
	n := m.number()
	for m.numbers[n] {
		n = m.number()
	}
	m.numbers[n] = true
	return n
}
