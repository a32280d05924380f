package holidays

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/teambition/rrule-go"
)

// moment is a DATE or DATE-TIME as it is written.
type moment struct {
	wall  time.Time // the reading of the clock, in UTC whatever the zone
	whole bool      // a DATE
	zone  string    // TZID or "UTC"; "" is floating
}

// event is a VEVENT.
type event struct {
	where, uid, name string
	start            moment
	length           time.Duration
	rule             *rrule.ROption // nil for none
	plus, minus      []moment       // RDATE and EXDATE
	replaces         *moment        // RECURRENCE-ID: the occurrence that this one stands for
	cancelled        bool
}

// readEvents reads the events that are not cancelled, and those that cancel an
// occurrence of another one.
func readEvents(list []*ics.VEvent, bad *problems) []*event {
	var out []*event
	rules := 0
	for i, v := range list {
		p := properties{event: v, where: fmt.Sprintf("event %d", i+1), bad: bad}
		e := p.read()
		if e == nil || e.cancelled && e.replaces == nil {
			continue
		}
		if e.rule != nil {
			if rules++; rules > maxRules {
				bad.add("events", "more than %d with an RRULE", maxRules)
				return nil
			}
		}
		out = append(out, e)
	}
	return out
}

// properties are those of one event, with what is wrong about them.
type properties struct {
	event *ics.VEvent
	where string
	bad   *problems
}

func (p *properties) add(format string, args ...any) { p.bad.add(p.where, format, args...) }

// one returns the property that an event has at most once, or nil.
func (p *properties) one(name ics.ComponentProperty) *ics.IANAProperty {
	all := p.event.GetProperties(name)
	if len(all) > 1 {
		p.add("has %d times %s", len(all), name)
	}
	if len(all) == 0 {
		return nil
	}
	return all[0]
}

func (p *properties) text(name ics.ComponentProperty) string {
	if v := p.one(name); v != nil {
		return v.Value
	}
	return ""
}

// read reads the event; nil if that fails.
func (p *properties) read() *event {
	known := len(*p.bad)
	e := &event{uid: p.text(ics.ComponentPropertyUniqueId), name: p.text(ics.ComponentPropertySummary)}
	if e.uid != "" {
		p.where = fmt.Sprintf("event %q", clip(e.uid))
	}
	if e.name != "" {
		p.where += fmt.Sprintf(" (%s)", clip(e.name))
	}
	e.where = p.where
	e.cancelled = p.text(ics.ComponentPropertyStatus) == string(ics.ObjectStatusCancelled)
	p.readReplaced(e)
	if e.cancelled {
		return e
	}
	if problem := textProblem(e.name); problem != "" {
		p.add("%s", problem)
	}
	start := p.one(ics.ComponentPropertyDtStart)
	if start == nil {
		p.add("has no DTSTART")
		return nil
	}
	e.start = p.moment(start, start.Value)
	p.readLength(e)
	p.readRepetition(e)
	if len(*p.bad) > known {
		return nil
	}
	return e
}

func (p *properties) readReplaced(e *event) {
	id := p.one(ics.ComponentPropertyRecurrenceId)
	if id == nil {
		return
	}
	m := p.moment(id, id.Value)
	e.replaces = &m
	if len(id.ICalParameters["RANGE"]) > 0 {
		p.add("RECURRENCE-ID with a RANGE is not supported; write an event that ends and another")
	}
	if e.uid == "" {
		p.add("has a RECURRENCE-ID and no UID")
	}
}

// readLength reads DTEND or DURATION. Without them an event lasts a day or, at a
// time of day, no time.
func (p *properties) readLength(e *event) {
	end, duration := p.one(ics.ComponentPropertyDtEnd), p.one(ics.ComponentPropertyDuration)
	switch {
	case end != nil && duration != nil:
		p.add("has a DTEND and a DURATION")
	case end != nil:
		m := p.moment(end, end.Value)
		if m.whole != e.start.whole || m.zone != e.start.zone {
			p.add("DTEND %s and DTSTART are not both dates or times of one zone", clip(end.Value))
			return
		}
		if e.length = m.wall.Sub(e.start.wall); e.length <= 0 {
			p.add("ends on %s and does not start earlier", clip(end.Value))
		}
	case duration != nil:
		var ok bool
		if e.length, ok = parseDuration(duration.Value); !ok || e.length <= 0 {
			p.add("DURATION %q does not read like P1D or PT8H", clip(duration.Value))
		}
	case e.start.whole:
		e.length = day
	}
	if e.start.whole && e.length%day != 0 {
		p.add("DURATION is not one of whole days")
	}
	if e.length > maxSpan*day {
		p.add("lasts more than %d days", maxSpan)
	}
}

const day = 24 * time.Hour

func (p *properties) readRepetition(e *event) {
	if v := p.one(ics.ComponentPropertyRrule); v != nil {
		rule, err := parseRule(v.Value)
		if err != nil {
			p.add("RRULE %s: %v", clip(v.Value), err)
		}
		e.rule = rule
	}
	if p.event.HasProperty(ics.ComponentPropertyExrule) {
		p.add("EXRULE is not supported; RFC 5545 has taken it out")
	}
	e.plus, e.minus = p.moments(ics.ComponentPropertyRdate), p.moments(ics.ComponentPropertyExdate)
	for _, m := range append(e.plus[:len(e.plus):len(e.plus)], e.minus...) {
		if m.whole != e.start.whole {
			p.add("RDATE and EXDATE are not dates or times as DTSTART is")
			return
		}
	}
	if e.replaces == nil {
		return
	}
	if e.replaces.whole != e.start.whole {
		p.add("RECURRENCE-ID is not a date or time as DTSTART is")
	}
	if e.rule != nil || len(e.plus)+len(e.minus) > 0 {
		p.add("stands for one occurrence and repeats")
	}
}

// moments reads the lists of RDATE or EXDATE.
func (p *properties) moments(name ics.ComponentProperty) []moment {
	var out []moment
	for _, v := range p.event.GetProperties(name) {
		for _, text := range strings.Split(v.Value, ",") {
			if len(out) == maxDays {
				p.add("more than %d dates in %s", maxDays, name)
				return nil
			}
			out = append(out, p.moment(v, text))
		}
	}
	return out
}

// moment reads a DATE or DATE-TIME of a property.
func (p *properties) moment(v *ics.IANAProperty, text string) moment {
	m, err := parseMoment(text)
	switch kind := parameter(v, "VALUE"); {
	case err != nil:
		p.add("%s %q: %v", v.IANAToken, clip(text), err)
	case kind == "DATE" && !m.whole, kind == "DATE-TIME" && m.whole, kind == "PERIOD":
		p.add("%s %q is no %s", v.IANAToken, clip(text), clip(kind))
	case m.wall.Year() < firstYear || m.wall.Year() > lastYear+1: // DTEND may be the day after
		p.add("%s %s: the year must lie in %d..%d", v.IANAToken, clip(text), firstYear, lastYear)
	}
	if zone := parameter(v, "TZID"); zone != "" && m.zone == "" && !m.whole {
		m.zone = zone
	}
	return m
}

func parameter(v *ics.IANAProperty, name string) string {
	return strings.Join(v.ICalParameters[name], ",")
}

// parseMoment reads 20261225, 20261225T090000 or 20261225T090000Z.
func parseMoment(s string) (m moment, err error) {
	if m.wall, err = time.Parse("20060102", s); err == nil {
		m.whole = true
		return m, nil
	}
	local, utc := strings.CutSuffix(s, "Z")
	if utc {
		m.zone = "UTC"
	}
	if m.wall, err = time.Parse("20060102T150405", local); err != nil || len(local) != len("20060102T150405") {
		return m, errors.New("does not read like 20261225 or 20261225T090000")
	}
	return m, nil
}

// parseDuration reads P1D, P2W, PT8H30M and the like.
func parseDuration(s string) (time.Duration, bool) {
	s, ok := strings.CutPrefix(strings.TrimPrefix(s, "+"), "P")
	if !ok || s == "" {
		return 0, false
	}
	days, clock, timed := strings.Cut(s, "T")
	if timed && clock == "" {
		return 0, false
	}
	units := map[byte]time.Duration{'W': 7 * day, 'D': day}
	total := time.Duration(0)
	for _, part := range []string{days, clock} {
		for part != "" {
			i := strings.IndexFunc(part, func(r rune) bool { return r < '0' || r > '9' })
			if i < 1 || i > 6 || units[part[i]] == 0 { // seven digits of weeks would overflow
				return 0, false
			}
			n, _ := strconv.Atoi(part[:i])
			total += time.Duration(n) * units[part[i]]
			delete(units, part[i])
			part = part[i+1:]
		}
		units = map[byte]time.Duration{'H': time.Hour, 'M': time.Minute, 'S': time.Second}
	}
	return total, true
}
