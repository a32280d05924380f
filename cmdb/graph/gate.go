package graph

import (
	"fmt"
	"math"
)

// Gate says how many of the items that an item requires must not be down for it
// to work. The zero Gate is all of them.
type Gate int32

// none is the gate of an item that works without any of them.
const none Gate = math.MinInt32

// Need is the gate of an item that works while at least n of the items that it
// requires are not down. An n of less than zero is none, as zero is.
func Need(n int) Gate {
	switch {
	case n <= 0:
		return none
	case n > math.MaxInt32:
		return math.MaxInt32
	}
	return Gate(n)
}

// NeedPercent is the gate of an item that works while at least so many percent of
// the items that it requires, rounded up, are not down. Percentages outside of 1 to
// 100 are taken as the nearer of the two.
func NeedPercent(p int) Gate { return -Gate(min(max(p, 1), 100)) }

// of is how many of m must not be down.
func (g Gate) of(m int) int {
	switch {
	case g == 0:
		return m
	case g == none:
		return 0
	case g < 0:
		return (m*int(-g) + 99) / 100
	}
	return int(g)
}

// String reads "all", "2" or "60%".
func (g Gate) String() string {
	switch {
	case g == 0:
		return "all"
	case g == none:
		return "0"
	case g < 0:
		return fmt.Sprintf("%d%%", -g)
	}
	return fmt.Sprint(int32(g))
}
