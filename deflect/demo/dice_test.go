package demo

import "testing"

func TestFreshNumberIsDrawnAgainWhenATicketHasIt(t *testing.T) {
	first := newDice(7).number()
	m := &maker{dice: newDice(7), numbers: map[string]bool{first: true}}
	if got := m.freshNumber(); got == first || !m.numbers[got] {
		t.Errorf("drawn %s, which a ticket has", got)
	}
}
