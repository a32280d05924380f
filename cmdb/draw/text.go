package draw

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// oneLine makes text fit to be shown: no line breaks, and nothing that a reader
// cannot see.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "\ufffd")), " ")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '\ufffd'
		}
		return r
	}, text)
}

// short cuts text so that it is at most so wide when it is set in that size.
func short(text string, size, width float64) string {
	text = oneLine(text)
	if measure(text)*size <= width {
		return text
	}
	room := width/size - measure("…")
	for i, r := range text {
		if room -= advance(r); room < 0 {
			return strings.TrimSpace(text[:i]) + "…"
		}
	}
	return text
}

// measure estimates how wide text is, in units of the font's size.
func measure(text string) float64 {
	sum := 0.0
	for _, r := range text {
		sum += advance(r)
	}
	return sum
}

// advance is that of a common sans-serif font, rather a little too wide.
func advance(r rune) float64 {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case r >= 0x1100: // most of what stands above is as wide as it is high
		return 1
	case strings.ContainsRune("ijlI.,:;'|!() []-/ftr", r):
		return .32
	case strings.ContainsRune("mwMW@%&", r):
		return .9
	case unicode.IsUpper(r) || r >= utf8.RuneSelf:
		return .7
	}
	return .56
}
