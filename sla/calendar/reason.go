package calendar

import (
	"fmt"
	"time"
)

// Kind says which part of a calendar decides about an instant.
type Kind int

// The kinds, by rising precedence: a holiday or break beats an override, an
// override beats the week, and an excluded calendar beats them all.
const (
	KindOutside  Kind = iota + 1 // closed: no shift covers it
	KindHours                    // open: a weekly shift covers it
	KindOverride                 // open or closed by the shifts of that date
	KindBreak                    // closed: cut out of a shift
	KindHoliday                  // closed: the civil day is a holiday
	KindExcluded                 // closed: another calendar is excluded from this one
)

// String returns "outside hours", "hours", "override", "break", "holiday" or
// "excluded".
func (k Kind) String() string {
	switch k {
	case KindOutside:
		return "outside hours"
	case KindHours:
		return "hours"
	case KindOverride:
		return "override"
	case KindBreak:
		return "break"
	case KindHoliday:
		return "holiday"
	case KindExcluded:
		return "excluded"
	}
	return fmt.Sprintf("Kind(%d)", int(k))
}

// MarshalText writes what String returns; an unknown kind is an error.
func (k Kind) MarshalText() ([]byte, error) {
	if k < KindOutside || k > KindExcluded {
		return nil, fmt.Errorf("calendar: unknown %v", k)
	}
	return []byte(k.String()), nil
}

// UnmarshalText reads what MarshalText writes and nothing else.
func (k *Kind) UnmarshalText(text []byte) error {
	for known := KindOutside; known <= KindExcluded; known++ {
		if string(text) == known.String() {
			*k = known
			return nil
		}
	}
	return fmt.Errorf("calendar: unknown kind of reason %q", clip(string(text)))
}

// Reason explains why a calendar is open or closed at an instant.
type Reason struct {
	Open bool `json:"open"`
	Kind Kind `json:"kind"`
	// Name is the name of the holiday, override or break; for hours and outside
	// hours it is the calendar's own.
	Name string `json:"name,omitempty"`
}

// String reads "closed: holiday Christmas Day".
func (r Reason) String() string {
	s := "closed: "
	if r.Open {
		s = "open: "
	}
	if r.Kind == KindOutside && r.Name != "" {
		return s + "outside " + r.Name
	}
	s += r.Kind.String()
	if r.Name != "" {
		s += " " + r.Name
	}
	return s
}

// Reason returns why the calendar is open or closed at t.
func (c *Calendar) Reason(t time.Time) Reason {
	outside := Reason{Kind: KindOutside, Name: c.def.Name}
	at := t.Unix()
	if at < minUnix || at >= maxUnix {
		return outside
	}
	if c.mix != nil {
		return c.mix.reason(t)
	}
	wall := at + c.offset(at)
	day := floorDay(wall)
	in := wall - day*daySeconds
	today, yesterday := c.open.rules.on(day), c.open.rules.on(day-1)
	if today.closed {
		return Reason{Kind: KindHoliday, Name: today.holiday}
	}
	hours, open := today.covering(in)
	if !open {
		hours, open = yesterday.covering(in + daySeconds)
	}
	switch {
	case open:
		if name, ok := today.breaking(in); ok {
			return Reason{Kind: KindBreak, Name: name}
		}
		if name, ok := yesterday.breaking(in + daySeconds); ok {
			return Reason{Kind: KindBreak, Name: name}
		}
		if hours.Kind == KindHours {
			hours.Name = c.def.Name
		}
		return hours
	case today.overridden:
		return Reason{Kind: KindOverride, Name: today.override}
	}
	return outside
}

// on returns what holds for the civil day: its own rule over the week's.
func (r *rules) on(day int64) dayRule {
	var rule dayRule
	if d := r.dates[day]; d != nil {
		rule = *d
	}
	if !rule.overridden {
		rule.shifts = r.weekly[(day+origin/daySeconds+1)%7]
	}
	return rule
}

// covering returns the reason for which a second of the day is in a shift.
func (d *dayRule) covering(sec int64) (Reason, bool) {
	kind, name := KindHours, ""
	if d.overridden {
		kind, name = KindOverride, d.override
	}
	for _, s := range d.shifts {
		if s.from <= sec && sec < s.to {
			return Reason{Open: true, Kind: kind, Name: name}, true
		}
	}
	return Reason{}, false
}

// breaking returns the name of the break that covers a second of the day.
func (d *dayRule) breaking(sec int64) (string, bool) {
	for i, b := range d.breaks {
		if b.from <= sec && sec < b.to {
			return d.breakNames[i], true
		}
	}
	return "", false
}
