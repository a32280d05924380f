package calendar

import (
	"slices"
	"time"
)

// Definition is a calendar as people write it: the form that the options of
// [New] fill and that [Parse] reads. It is plain data; [Compile] makes a
// calendar of it.
type Definition struct {
	// Name is the calendar's own name, used in explanations and records.
	Name string `json:"name,omitempty"`
	// Zone is the IANA name of the time zone whose wall clock the hours follow.
	Zone string `json:"zone"`
	// Weekly lists the shifts of the ordinary week. Rules add up.
	Weekly []Hours `json:"weekly,omitempty"`
	// Holidays are civil days closed from 00:00 to 24:00.
	Holidays []Day `json:"holidays,omitempty"`
	// Overrides replace the shifts that start on their date.
	Overrides []Day `json:"overrides,omitempty"`
	// Breaks are cut out of the open time.
	Breaks []Day `json:"breaks,omitempty"`
}

// Hours gives the days From..To of every week, both included and wrapping
// around the end of the week, the same shifts.
type Hours struct {
	From, To time.Weekday
	Spans    []string // "09:00-12:00"
}

// Day says what is different on a date. Dates read
//
//	2026-12-25                    one date
//	12-25                         every year; 02-29 in leap years
//	easter-2, orthodox easter+1   days from Easter Sunday
//	last monday of may            or 1st to 4th; +1 at the end is the day after
//	monday on or before 05-24     or after
//
// A yearly rule may end in "or nearest weekday" (a Saturday is also observed on
// the Friday before it, a Sunday on the Monday after) or "or next weekday" (a
// weekend is also observed on the next weekday that is no holiday itself), then
// in "from 2021" and "until 2030", years included. Yearly rules hold in the years
// 1900 to 2099. Observed days are for holidays; an override of one date beats one
// of a yearly rule.
type Day struct {
	Date  string   `json:"date"`
	Name  string   `json:"name,omitempty"`  // "Christmas Day"
	Spans []string `json:"spans,omitempty"` // as in Hours; a holiday has none
}

// Option is one part of a calendar's definition. Options compose: each adds to
// what the ones before it said.
type Option func(*Definition)

// Named gives the calendar its own name, for explanations and records.
func Named(name string) Option {
	return func(d *Definition) { d.Name = name }
}

// Weekly opens the days from..to of every week, both included, during spans.
// The range may wrap around the week (Friday to Monday). Naming a day again
// adds shifts to it.
//
// A span reads "09:00-12:00", or "09:00:30-12:00" to the second. One that ends
// earlier than it starts ("22:00-06:00") crosses midnight and belongs to the
// day it starts. The end may be "24:00"; equal ends are an error.
func Weekly(from, to time.Weekday, spans ...string) Option {
	spans = slices.Clone(spans)
	return func(d *Definition) {
		d.Weekly = append(d.Weekly, Hours{From: from, To: to, Spans: spans})
	}
}

// Closed makes the date ("2026-12-25", or yearly: see [Day]) a holiday: the civil day is closed from
// 00:00 to 24:00, including what a night shift of the evening before would
// spill into it. The morning after, a night shift that started on the holiday
// is open again.
func Closed(date, name string) Option {
	return func(d *Definition) {
		d.Holidays = append(d.Holidays, Day{Date: date, Name: name})
	}
}

// Override replaces the shifts that start on the date; with no spans none
// start. What spills over from the evening before stays. A holiday on the same
// date still closes it. Two overrides of one date contradict each other and
// are an error.
func Override(date, name string, spans ...string) Option {
	spans = slices.Clone(spans)
	return func(d *Definition) {
		d.Overrides = append(d.Overrides, Day{Date: date, Name: name, Spans: spans})
	}
}

// Break cuts spans out of the open time of the date. A span that crosses
// midnight continues on the next day.
func Break(date, name string, spans ...string) Option {
	spans = slices.Clone(spans)
	return func(d *Definition) {
		d.Breaks = append(d.Breaks, Day{Date: date, Name: name, Spans: spans})
	}
}
