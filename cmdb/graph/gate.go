package graph

import (
	"fmt"
	"math"
	"strconv"
	"strings"
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

// ParseGate reads what [Gate.String] writes: "all", a number, or a percentage such
// as "60%". Empty text is all. Anything else is an error matching [ErrInvalid].
func ParseGate(text string) (Gate, error) {
	if text == "" || text == "all" {
		return 0, nil
	}
	digits, percent := strings.CutSuffix(text, "%")
	n, err := strconv.ParseUint(digits, 10, 31)
	switch {
	case err != nil || percent && (n < 1 || n > 100):
		return 0, fmt.Errorf("graph: need %.32q: want all, a number, or a percentage from 1%% to 100%%: %w", text, ErrInvalid)
	case percent:
		return NeedPercent(int(n)), nil
	}
	return Need(int(n)), nil
}

// MarshalText implements [encoding.TextMarshaler].
func (g Gate) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler], as [ParseGate] does.
func (g *Gate) UnmarshalText(text []byte) error {
	parsed, err := ParseGate(string(text))
	if err == nil {
		*g = parsed
	}
	return err
}

// Fixed is the number that the gate asks for, if it is one: not a percentage, and
// not all.
func (g Gate) Fixed() (n int, fixed bool) {
	switch {
	case g == none:
		return 0, true
	case g > 0:
		return int(g), true
	}
	return 0, false
}
