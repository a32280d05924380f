package holidays

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	ics "github.com/arran4/golang-ical"
)

// Limits on what is read, so that no feed takes more than some seconds.
const (
	maxInput  = 4 << 20 // bytes
	maxHead   = 256     // bytes of a line before its value
	maxEvents = 10000
	maxRules  = 500   // events with an RRULE
	maxDays   = 10000 // as in package calendar
	maxDepth  = 8     // of components within each other
	maxSpan   = 366   // days of one event
)

// feed is an iCalendar object.
type feed struct {
	name, zone string // of the calendar, "" if it says none
	events     []*ics.VEvent
}

// readFeed reads the text of an iCalendar object. What it says is judged later.
func readFeed(r io.Reader) (*feed, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxInput+1))
	if err != nil {
		return nil, fmt.Errorf("reading iCalendar: %w", err)
	}
	var bad problems
	text := unfold(data, &bad)
	if err := bad.err(unnamed); err != nil {
		return nil, err
	}
	object, err := ics.ParseCalendarWithOptions(strings.NewReader(text),
		ics.WithUnknownPropertyHandler(ics.AcceptUnknownPropertyHandler))
	if err != nil {
		bad.add("text", "%v", err)
		return nil, bad.err(unnamed)
	}
	f := &feed{events: object.Events()}
	for _, p := range object.CalendarProperties {
		switch p.IANAToken {
		case "NAME":
			f.name = p.Value
		case "X-WR-CALNAME":
			if f.name == "" {
				f.name = p.Value
			}
		case "X-WR-TIMEZONE":
			f.zone = p.Value
		}
	}
	if len(f.events) > maxEvents {
		bad.add("events", "more than %d", maxEvents)
	}
	if problem := nameProblem(f.name); problem != "" {
		bad.add("name", "%s", problem)
	}
	return f, bad.err(f.label())
}

// unnamed stands for the name of a feed in errors.
const unnamed = "iCalendar"

// label names the feed in errors.
func (f *feed) label() string {
	if f.name == "" {
		return unnamed
	}
	return f.name
}

// unfold joins folded lines, keeps those that matter here and checks what the
// parser leaves to chance: that every line begins with a name, that components do
// not nest without end, that the text does not stop in the middle of one, and that
// no line has so many parameters that they take forever.
func unfold(data []byte, bad *problems) string {
	if len(data) > maxInput {
		bad.add("text", "more than %d bytes", maxInput)
		return ""
	}
	if !utf8.Valid(data) {
		bad.add("text", "is not UTF-8")
		return ""
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\n ", ""), "\n\t", "")
	var out strings.Builder
	depth := 0
	for i, line := range strings.Split(text, "\n") {
		name := line[:len(line)-len(strings.TrimLeftFunc(line, isNameRune))]
		where := fmt.Sprintf("line %d, folded lines joined", i+1)
		switch {
		case line == "":
			continue
		case name == "" || name == line:
			bad.add(where, "%q does not read NAME:value", clip(line))
		case !matters(name):
			continue
		case head(line) > maxHead:
			bad.add(where, "%s has parameters of more than %d bytes", name, maxHead)
		case name == "BEGIN":
			if depth++; depth > maxDepth {
				bad.add(where, "components within each other, deeper than %d", maxDepth)
				return ""
			}
		case name == "END":
			depth--
		}
		out.WriteString(line)
		out.WriteByte('\n')
	}
	switch {
	case out.Len() == 0:
		bad.add("text", "has no BEGIN:VCALENDAR")
	case depth != 0:
		bad.add("text", "is cut off: %d components do not end", depth)
	}
	return out.String()
}

// head returns where the value of a line begins, as the parser finds it.
func head(line string) int {
	quoted := false
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '"':
			quoted = !quoted
		case ':':
			if !quoted {
				return i
			}
		}
	}
	return len(line)
}

// matters reports whether a property is read. Others, such as an ATTACH with a
// picture in it, need not get to the parser.
func matters(name string) bool {
	switch name {
	case "BEGIN", "END", "NAME", "X-WR-CALNAME", "X-WR-TIMEZONE",
		"UID", "SUMMARY", "STATUS", "DTSTART", "DTEND", "DURATION",
		"RRULE", "EXRULE", "RDATE", "EXDATE", "RECURRENCE-ID":
		return true
	}
	return false
}

func isNameRune(r rune) bool {
	return r == '-' || r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// nameProblem tells what is wrong with the name of a day or a calendar, "" if
// nothing is. Text in iCalendar may break lines and holds no other control
// characters.
func nameProblem(name string) string {
	if len(name) > maxName {
		return fmt.Sprintf("the name is longer than %d bytes", maxName)
	}
	return textProblem(name)
}

// textProblem is nameProblem whatever the length.
func textProblem(name string) string {
	switch {
	case !utf8.ValidString(name):
		return "the name is not UTF-8"
	case strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }):
		return "the name has control characters"
	}
	return ""
}
