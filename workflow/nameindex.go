package workflow

import "math/bits"

// nameIndex finds the place of a name in a list. It does what a map would in
// about two thirds of the time, because it guesses the slot by the length and
// three bytes of the name; names that collide stand in the next free slot.
type nameIndex struct {
	slots []nameSlot // at least four times as many as names, a power of two
	shift uint
}

type nameSlot struct {
	name string
	id   uint16
}

// newNameIndex indexes names that are not empty and all different.
func newNameIndex(n int, name func(int) string) nameIndex {
	size := bits.Len(uint(4*n + 3))
	x := nameIndex{slots: make([]nameSlot, 1<<size), shift: uint(64 - size)}
	for id := range n {
		s := name(id)
		i := x.guess(s)
		for x.slots[i].name != "" {
			i = (i + 1) & (len(x.slots) - 1)
		}
		x.slots[i] = nameSlot{s, uint16(id)}
	}
	return x
}

func (x *nameIndex) guess(s string) int {
	n := len(s)
	key := uint64(n)<<24 | uint64(s[0])<<16 | uint64(s[n/2])<<8 | uint64(s[n-1])
	return int(key * 0x9E3779B97F4A7C15 >> (x.shift & 63))
}

func (x *nameIndex) find(s string) (uint16, bool) {
	if s == "" {
		return 0, false
	}
	for i := x.guess(s); ; i = (i + 1) & (len(x.slots) - 1) {
		if e := &x.slots[i]; e.name == s {
			return e.id, true
		} else if e.name == "" {
			return 0, false
		}
	}
}
