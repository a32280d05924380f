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

// advance is how wide a character is at most in the fonts that a picture is likely to
// be seen in: Roboto, Helvetica, Arial, and Verdana or DejaVu Sans where the system
// takes one of these, which are the widest. What fits by it fits in all of them.
func advance(r rune) float64 {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case r < utf8.RuneSelf:
		return latin(r)
	case r < 0x530: // further Latin, Greek and Cyrillic letters
		switch {
		case strings.ContainsRune("ǄǱǅǲǆǳ", r):
			return 1.42
		case strings.ContainsRune("ÆŒŴÞœæ©®¼½¾ЉЊЖШЩЮѨѬѼҖҦӁӜԈԊԔԠԢ", r):
			return 1.18
		case unicode.IsUpper(r), strings.ContainsRune("ŉŵωώжфшщыюљњ", r):
			return .95
		case unicode.IsLower(r):
			return .76
		}
		return .86
	case strings.ContainsRune("…–—←→", r):
		return 1
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul), r >= 0x3000 && r < 0x3040, r >= 0xff00 && r < 0xff61:
		return 1 // as wide as high
	case r < 0x2000:
		return 1.22
	case r < 0x2190: // punctuation, and signs of several letters
		return 1.37
	}
	return 1.6 // arrows, signs and emoji
}

// latin is the advance of a character of ASCII.
func latin(r rune) float64 {
	switch {
	case strings.ContainsRune("'ijl", r):
		return .35
	case strings.ContainsRune(" ,.fI!t:;-/|\\()[]\"r", r):
		return .46
	case strings.ContainsRune("szcLJ?", r):
		return .57
	case strings.ContainsRune("MwW#+<=>^~&", r):
		return 1
	case strings.ContainsRune("m@%", r):
		return 1.08
	case strings.ContainsRune("EFPTSY", r):
		return .69
	case unicode.IsUpper(r):
		return .79
	}
	return .64 // digits, and most letters
}
