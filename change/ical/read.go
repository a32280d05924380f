package ical

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	ics "github.com/arran4/golang-ical"
)

// Event is a change or a window as a calendar has it.
type Event struct {
	UID         string
	Change      string // the id of the change; empty: it is none
	Summary     string
	Description string
	Categories  []string
	Location    string
	Start, End  time.Time // in UTC
	Stamp       time.Time // DTSTAMP
	Sequence    int
	Status      string // TENTATIVE, CONFIRMED or CANCELLED
	Transparent bool   // it takes nobody's time
}

// Read reads the events of a calendar that [Write] wrote, in the order in which they
// stand there: to look at what subscribers get, and in tests. It is not for calendars
// of others: an event that repeats, lasts whole days, or is not in UTC is an error, as
// is all that cannot be read. The error lists everything that is wrong and matches
// [ErrInvalid], unless r itself fails. Read are up to 32 MiB and 10,000 events.
func Read(r io.Reader) ([]Event, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxInput+1))
	if err != nil {
		return nil, fmt.Errorf("reading iCalendar: %w", err)
	}
	var p problems
	check(&p, data)
	if err := p.err(); err != nil {
		return nil, err
	}
	object, err := ics.ParseCalendarWithOptions(bytes.NewReader(data), ics.WithUnknownPropertyHandler(ics.AcceptUnknownPropertyHandler))
	if err != nil {
		p.addf("%w", err)
		return nil, p.err()
	}
	var list []Event
	uids := map[string]bool{}
	for i, v := range object.Events() {
		e := readEvent(&p, fmt.Sprintf("event %d", i+1), v)
		if uids[e.UID] && e.UID != "" {
			p.addf("event %d: there is an event before it with UID %s", i+1, clip(e.UID))
		}
		uids[e.UID] = true
		list = append(list, e)
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	return list, nil
}

// check finds what would cost the parser a lot of time, or would let it take a part
// for the whole.
func check(p *problems, data []byte) {
	switch {
	case len(data) > maxInput:
		p.addf("more than %d bytes", maxInput)
		return
	case !utf8.Valid(data):
		p.addf("it is not UTF-8")
		return
	}
	var open []string
	begun, events := false, 0
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	text = strings.NewReplacer("\n ", "", "\n\t", "").Replace(text)
	for i, line := range strings.Split(text, "\n") {
		head, value, found := strings.Cut(line, ":")
		head, value = strings.ToUpper(head), strings.ToUpper(value)
		switch {
		case line == "":
		case !found || head == "":
			p.addf("line %d, folded lines joined, does not read NAME:value", i+1)
		case len(head) > maxHead:
			p.addf("line %d, folded lines joined, has parameters of more than %d bytes", i+1, maxHead)
		case len(open) == 0 && (begun || line != "BEGIN:VCALENDAR"):
			p.addf("line %d, folded lines joined, is outside of the calendar", i+1)
			return
		case head == "BEGIN":
			if !slices.Contains([]string{"", "VCALENDAR"}, strings.Join(open, "/")) {
				p.addf("line %d, folded lines joined: there is no %s in %s", i+1, clip(value), clip(open[len(open)-1]))
				return
			}
			if value == "VEVENT" {
				events++
			}
			open, begun = append(open, value), true
		case head == "END":
			if open[len(open)-1] != value {
				p.addf("line %d, folded lines joined, ends %s within %s", i+1, clip(value), clip(open[len(open)-1]))
				return
			}
			open = open[:len(open)-1]
		}
	}
	if !begun || len(open) > 0 {
		p.addf("the calendar is not complete")
	}
	if events > maxEvents {
		p.addf("there are %d events, more than %d", events, maxEvents)
	}
}

func readEvent(p *problems, where string, v *ics.VEvent) Event {
	one := func(name ics.ComponentProperty) string {
		switch all := v.GetProperties(name); len(all) {
		case 0:
			return ""
		case 1:
			return all[0].Value
		}
		p.addf("%s: %s is there more than once", where, name)
		return ""
	}
	e := Event{UID: one(ics.ComponentPropertyUniqueId), Change: one(changeID), Summary: one(ics.ComponentPropertySummary),
		Description: one(ics.ComponentPropertyDescription), Location: one(ics.ComponentPropertyLocation), Status: one(ics.ComponentPropertyStatus)}
	for _, c := range v.GetProperties(ics.ComponentPropertyCategories) {
		e.Categories = append(e.Categories, c.Value)
	}
	if e.UID == "" {
		p.addf("%s has no UID", where)
	}
	if !slices.Contains([]string{"TENTATIVE", "CONFIRMED", "CANCELLED"}, e.Status) {
		p.addf("%s: STATUS %q", where, clip(e.Status))
	}
	for _, name := range []ics.ComponentProperty{ics.ComponentPropertyRrule, ics.ComponentPropertyRdate, ics.ComponentPropertyExdate, ics.ComponentPropertyRecurrenceId, ics.ComponentPropertyDuration} {
		if v.HasProperty(name) {
			p.addf("%s has %s", where, name)
		}
	}
	at := func(name ics.ComponentProperty) time.Time {
		t, err := time.Parse("20060102T150405Z", one(name))
		if err != nil {
			p.addf("%s: %s %q is no time in UTC", where, name, clip(one(name)))
		}
		return t
	}
	e.Start, e.End, e.Stamp = at(ics.ComponentPropertyDtStart), at(ics.ComponentPropertyDtEnd), at(ics.ComponentPropertyDtstamp)
	if !e.Start.Before(e.End) {
		p.addf("%s ends at %v, not after its start at %v", where, e.End, e.Start)
	}
	if text := one(ics.ComponentPropertySequence); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			p.addf("%s: SEQUENCE %q", where, clip(text))
		}
		e.Sequence = n
	}
	switch text := one(ics.ComponentPropertyTransp); text {
	case "TRANSPARENT":
		e.Transparent = true
	case "", "OPAQUE":
	default:
		p.addf("%s: TRANSP %q", where, clip(text))
	}
	return e
}
