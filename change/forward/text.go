package forward

import (
	"encoding/xml"
	"strings"
	"time"
	"unicode"
)

const (
	fullTime = "Mon 2 Jan 2006 15:04 MST"
	zoned    = "MST -0700"
)

// span tells a time from start to end: the date of the end only if it is another, and
// the zone of the start only if there is another at the end.
func span(start, end time.Time) string {
	if start.Format(time.DateOnly) != end.Format(time.DateOnly) {
		return start.Format(fullTime) + " to " + end.Format(fullTime)
	}
	first := fullTime
	if start.Format(zoned) == end.Format(zoned) {
		first = "Mon 2 Jan 2006 15:04"
	}
	return start.Format(first) + " to " + end.Format("15:04 MST")
}

// oneLine makes text fit to be shown: no line breaks, no control characters, and
// nothing that turns the direction of what stands around it.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), r == 0xFFFE, r == 0xFFFF:
			return unicode.ReplacementChar
		case unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
	return strings.Join(strings.Fields(text), " ")
}

// lines is all of them, each as one line.
func lines(texts []string) []string {
	clean := make([]string, len(texts))
	for i, t := range texts {
		clean[i] = oneLine(t)
	}
	return clean
}

// markup is text as it is written in XML and HTML.
func markup(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(oneLine(text))) // a Builder never fails
	return b.String()
}

// short cuts text so that it is at most so wide, in pixels, when it is set in that
// size.
func short(text string, size, width float64) string {
	text = oneLine(text)
	if measure(text)*size <= width {
		return text
	}
	room := width/size - advance('…')
	for i, r := range text {
		if room -= advance(r); room < 0 {
			if i == 0 && width/size < advance('…') {
				return ""
			}
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

// advance is that of the widest sans-serif fonts in common use, such as Verdana, so
// that text set in any other is narrower.
func advance(r rune) float64 {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case r == '…':
		return 1
	case r >= 0x1100: // most of what stands above is as wide as it is high
		return 1.05
	case strings.ContainsRune("ijlI.,:;'|!() []-/ftr", r):
		return .46
	case strings.ContainsRune("mwMW@%&", r):
		return 1
	case unicode.IsUpper(r) || r >= 0x80:
		return .78
	}
	return .645
}
