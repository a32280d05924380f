package calendar

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Limits on the text that Parse reads.
const (
	maxJSON      = 4 << 20 // bytes
	maxCalendars = 1000    // in one text
	maxDepth     = 16      // of composed calendars within each other
)

// Parse compiles the JSON form of a [Definition]. Unknown fields, anything after
// the definition and texts over 4 MiB are errors; all errors match [ErrInvalid].
//
//	{
//	  "name": "Berlin office",
//	  "zone": "Europe/Berlin",
//	  "weekly": [{"days": "monday-friday", "spans": ["09:00-12:00", "13:00-17:30"]}],
//	  "holidays": [{"date": "12-25", "name": "Christmas Day"}],
//	  "overrides": [{"date": "2026-12-24", "name": "Christmas Eve", "spans": ["09:00-12:00"]}],
//	  "breaks": [{"date": "2026-12-18", "name": "Town hall", "spans": ["15:00-16:00"]}]
//	}
//
// A composed calendar has a name and one of these, with calendars in the place of
// the dots:
//
//	{"name": "either", "union": [...]}
//	{"name": "both", "intersection": [...]}
//	{"name": "slots", "base": ..., "without": [...]}
//	{"name": "hours", "versions": [{"calendar": ...}, {"from": "2027-01-01T00:00:00Z", "calendar": ...}]}
func Parse(data []byte) (*Calendar, error) {
	p := parser{left: maxCalendars}
	c, err := p.parse(data, 0)
	if err != nil && !errors.Is(err, ErrInvalid) {
		err = fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return c, err
}

// decode reads exactly one value and no field it does not know.
func decode(data []byte, into any) error {
	if len(data) > maxJSON {
		return fmt.Errorf("more than %d bytes", maxJSON)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more text after the end")
	}
	return nil
}

// Definition returns a copy of what the calendar was compiled from; of a composed
// calendar only name and zone.
func (c *Calendar) Definition() Definition { return c.def.clone() }

// MarshalJSON writes what [Parse] reads: the calendar's definition or that of
// its parts.
func (c *Calendar) MarshalJSON() ([]byte, error) {
	if c.mix == nil {
		return json.Marshal(c.def)
	}
	return json.Marshal(struct {
		Name string `json:"name,omitempty"`
		composition[*Calendar]
	}{c.def.Name, c.mix.form})
}

// UnmarshalJSON makes c the calendar that [Parse] reads. It is for decoding into
// a new value: a calendar in use never changes.
func (c *Calendar) UnmarshalJSON(data []byte) error {
	parsed, err := Parse(data)
	if err != nil {
		return err
	}
	*c = *parsed
	return nil
}

func (d Definition) clone() Definition {
	d.Weekly = slices.Clone(d.Weekly)
	for i, h := range d.Weekly {
		d.Weekly[i].Spans = slices.Clone(h.Spans)
	}
	for _, days := range []*[]Day{&d.Holidays, &d.Overrides, &d.Breaks} {
		*days = slices.Clone(*days)
		for i, day := range *days {
			(*days)[i].Spans = slices.Clone(day.Spans)
		}
	}
	return d
}

// hoursJSON is the written form of Hours.
type hoursJSON struct {
	Days  string   `json:"days"`
	Spans []string `json:"spans"`
}

// MarshalJSON writes {"days": "monday-friday", "spans": [...]}.
func (h Hours) MarshalJSON() ([]byte, error) {
	if !validDay(h.From) || !validDay(h.To) {
		return nil, fmt.Errorf("%w: unknown day of the week", ErrInvalid)
	}
	days := h.From.String()
	if h.To != h.From {
		days += "-" + h.To.String()
	}
	return json.Marshal(hoursJSON{strings.ToLower(days), h.Spans})
}

// UnmarshalJSON reads what MarshalJSON writes; days may be cut to three letters.
func (h *Hours) UnmarshalJSON(data []byte) error {
	var in hoursJSON
	if err := decode(data, &in); err != nil {
		return err
	}
	first, last, ok := strings.Cut(in.Days, "-")
	if !ok {
		last = first
	}
	from, ok1 := parseWeekday(first)
	to, ok2 := parseWeekday(last)
	if !ok1 || !ok2 {
		return fmt.Errorf("days %q: want a day such as \"monday\" or a range such as \"monday-friday\"", clip(in.Days))
	}
	*h = Hours{From: from, To: to, Spans: in.Spans}
	return nil
}
