package routing

import (
	"cmp"
	"strings"
)

// number is a plain decimal, cut into what comparing needs; zeros that say nothing are
// not in it. It compares without allocating, which the decimals of a library do not.
type number struct {
	negative        bool
	whole, fraction string
}

// readNumber reads "12" or "-0.50". Exponents are not taken: what people type as a number
// has none, and a configuration item "1e5" is a name.
func readNumber(s string) (number, bool) {
	digits, negative := strings.CutPrefix(s, "-")
	whole, fraction, dot := strings.Cut(digits, ".")
	if len(s) > 64 || !onlyDigits(whole) || dot && !onlyDigits(fraction) {
		return number{}, false
	}
	n := number{negative, strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")}
	if n.whole == "" && n.fraction == "" {
		n.negative = false
	}
	return n, true
}

func onlyDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func (n number) compare(o number) int {
	if n.negative != o.negative {
		if n.negative {
			return -1
		}
		return 1
	}
	c := cmp.Or(cmp.Compare(len(n.whole), len(o.whole)), strings.Compare(n.whole, o.whole), strings.Compare(n.fraction, o.fraction))
	if n.negative {
		return -c
	}
	return c
}
