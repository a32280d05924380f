package rca

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

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

// markup is text as it is written in XML.
func markup(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(oneLine(text))) // a Builder never fails
	return b.String()
}

// wrap breaks text into lines that are at most so wide, in pixels, when they are set in
// that size. Behind the last line that there is room for, an ellipsis takes the place of
// the rest.
func wrap(text string, size, width float64, most int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(oneLine(text)) {
		for len(lines) <= most { // the rest is not seen
			longer := word
			if line != "" {
				longer = line + " " + word
			}
			if measure(longer)*size <= width {
				line = longer
				break
			}
			if line != "" {
				lines, line = append(lines, line), ""
				continue
			}
			head := cut(word, size, width) // a word that is too long for a line
			lines, word = append(lines, head), word[len(head):]
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	if len(lines) > most {
		lines = lines[:most]
		last := lines[most-1]
		for last != "" && measure(last+"…")*size > width {
			r := []rune(last)
			last = strings.TrimSpace(string(r[:len(r)-1]))
		}
		lines[most-1] = last + "…"
	}
	return lines
}

// cut returns as much of a word as fits, one character at least.
func cut(word string, size, width float64) string {
	room := width / size
	for i, r := range word {
		if room -= advance(r); room < 0 && i > 0 {
			return word[:i]
		}
	}
	return word
}

// measure estimates how wide text is, in units of the font's size.
func measure(text string) float64 {
	sum := 0.0
	for _, r := range text {
		sum += advance(r)
	}
	return sum
}

// advance is that of the wider sans-serif fonts in common use, so that text set in any
// other is narrower.
func advance(r rune) float64 {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case r == '…':
		return 1
	case r >= 0x1100: // most of what stands above is as wide as it is high
		return 1.05
	case strings.ContainsRune("ijlI.,:;'|!() []-/ftr", r):
		return .4
	case strings.ContainsRune("mwMW@%&", r):
		return .95
	case unicode.IsUpper(r) || r >= 0x80:
		return .74
	}
	return .6
}

// chance is a probability for people.
func chance(p float64) string { return strconv.FormatFloat(p, 'g', 3, 64) }

// lasted is a duration for people, in its two greatest units.
func lasted(d time.Duration) string {
	if d < 0 {
		return "−" + lasted(-d)
	}
	units := []struct {
		name string
		of   time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"min", time.Minute}, {"s", time.Second}}
	for i, u := range units {
		n := d / u.of
		if n == 0 {
			continue
		}
		text := fmt.Sprintf("%d %s", n, u.name)
		if i+1 < len(units) {
			if rest := (d - n*u.of) / units[i+1].of; rest > 0 {
				text += fmt.Sprintf(" %d %s", rest, units[i+1].name)
			}
		}
		return text
	}
	if d == 0 {
		return "0 s"
	}
	return d.String()
}
