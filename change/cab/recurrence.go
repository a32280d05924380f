package cab

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Recurrence says on which days a board meets, and when. Either every so many weeks
// on some weekdays, or on the nth weekdays of every month.
type Recurrence struct {
	On []string `json:"on"` // weekdays: "monday"

	// EveryWeeks: 1 is every week, 2 every other. Weeks begin on Monday (ISO 8601).
	EveryWeeks int `json:"every_weeks,omitempty"`
	// Nth of the month, instead: 1 to 5, or -1 for the last. A month that has no
	// fifth Monday has no meeting on it.
	Nth []int `json:"nth,omitempty"`

	// From is the first date on which there can be a meeting. The weeks are counted
	// from the one it lies in, so it is needed when they are not all alike.
	From  string `json:"from,omitempty"`  // "2026-01-06"
	Until string `json:"until,omitempty"` // the last date

	// At is what the clock on the wall reads in the board's zone when a meeting
	// begins, summer and winter: "14:00". A reading that the clock leaves out on that
	// day is as far behind the gap as it would have been inside it; one that comes
	// twice is the first.
	At string `json:"at"`
	// ClosedDays says what becomes of a meeting on a day that the board's calendar
	// closes. Default: [Skip].
	ClosedDays ClosedDays `json:"closed_days,omitempty"`
}

// ClosedDays is what becomes of a meeting on a closed day.
type ClosedDays string

// What becomes of it. A meeting is moved by at most [MaxMove] days; if there is no
// open day it is skipped. One that is moved to a day on which the board meets anyway
// is that meeting.
const (
	Skip     ClosedDays = "skip"
	Next     ClosedDays = "next"     // moved to the next open day
	Previous ClosedDays = "previous" // moved to the last open day before
)

// MaxMove is by how many days a meeting is moved at most.
const MaxMove = 14

// maxWeeks is the longest time between two meetings.
const maxWeeks = 52

func (r Recurrence) clone() Recurrence {
	r.On, r.Nth = slices.Clone(r.On), slices.Clone(r.Nth)
	return r
}

func (r Recurrence) validate(p *workflow.Problems) {
	if len(r.On) == 0 || len(r.On) > 7 {
		p.Addf("meets: on names 1 to 7 weekdays, not %d", len(r.On))
	}
	for i, name := range r.On[:min(len(r.On), 7)] {
		if _, ok := parseWeekday(name); !ok || slices.Contains(r.On[:i], name) {
			p.Addf("meets: on %.64q must be a weekday such as monday, named once", name)
		}
	}
	switch {
	case (r.EveryWeeks != 0) == (len(r.Nth) != 0):
		p.Addf("meets: needs either every_weeks or nth")
	case len(r.Nth) > 6:
		p.Addf("meets: nth has at most 6 entries, not %d", len(r.Nth))
	case r.EveryWeeks < 0 || r.EveryWeeks > maxWeeks:
		p.Addf("meets: every_weeks %d, must be 1 to %d", r.EveryWeeks, maxWeeks)
	case r.EveryWeeks > 1 && r.From == "":
		p.Addf("meets: every %d weeks needs from, to know in which", r.EveryWeeks)
	}
	for i, n := range r.Nth[:min(len(r.Nth), 6)] {
		if n != -1 && (n < 1 || n > 5) || slices.Contains(r.Nth[:i], n) {
			p.Addf("meets: nth %d, must be 1 to 5, or -1 for the last, named once", n)
		}
	}
	from, until := r.date(p, "from", r.From), r.date(p, "until", r.Until)
	if !until.IsZero() && until.Before(from) {
		p.Addf("meets: until %s is before from %s", r.Until, r.From)
	}
	if _, ok := parseClock(r.At); !ok {
		p.Addf(`meets: at %.64q must be a time of day such as "14:00"`, r.At)
	}
	switch r.ClosedDays {
	case "", Skip, Next, Previous:
	default:
		p.Addf("meets: closed_days %.64q, must be skip, next or previous", r.ClosedDays)
	}
}

func (r Recurrence) date(p *workflow.Problems, what, text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || t.Year() < 1 {
		p.Addf("meets: %s %.64q must be a date such as 2026-01-06", what, text)
		return time.Time{}
	}
	return t
}

// String writes the recurrence in words.
func (r Recurrence) String() string {
	days := strings.Join(r.On, ", ")
	switch {
	case len(r.Nth) > 0:
		names := map[int]string{1: "1st", 2: "2nd", 3: "3rd", 4: "4th", 5: "5th", -1: "last"}
		var nth []string
		for _, n := range r.Nth {
			nth = append(nth, names[n])
		}
		days = strings.Join(nth, ", ") + " " + days + " of the month"
	case r.EveryWeeks == 1:
		days = "every " + days
	default:
		days = fmt.Sprintf("%s of every %d weeks", days, r.EveryWeeks)
	}
	return days + " at " + r.At
}

// plan is a recurrence made ready to be asked about dates. Dates are midnights in
// UTC: they stand for a day in the board's zone, and are never an instant.
type plan struct {
	weekdays    [7]bool
	weeks       int
	nth         []int
	anchor      time.Time // the Monday from which weeks are counted
	from, until time.Time // zero = no limit
	clock       time.Duration
}

// compile reads a recurrence; false if it is not a valid one.
func (r Recurrence) compile() (plan, bool) {
	var p workflow.Problems
	r.validate(&p)
	if p.Err("") != nil {
		return plan{}, false
	}
	pl := plan{weeks: r.EveryWeeks, nth: r.Nth, from: r.date(&p, "from", r.From), until: r.date(&p, "until", r.Until)}
	for _, name := range r.On {
		w, _ := parseWeekday(name)
		pl.weekdays[w] = true
	}
	pl.anchor = monday(pl.from)
	pl.clock, _ = parseClock(r.At)
	return pl, true
}

// on reports whether the plan has a meeting on a date, before closed days are looked
// at.
func (pl plan) on(date time.Time) bool {
	switch {
	case !pl.weekdays[date.Weekday()]:
		return false
	case date.Before(pl.from) || !pl.until.IsZero() && date.After(pl.until):
		return false
	case pl.weeks > 1:
		return int(monday(date).Sub(pl.anchor)/week)%pl.weeks == 0
	case pl.weeks == 1:
		return true
	}
	n := (date.Day()-1)/7 + 1
	last := date.AddDate(0, 0, 7).Month() != date.Month()
	return slices.Contains(pl.nth, n) || last && slices.Contains(pl.nth, -1)
}

const (
	day  = 24 * time.Hour // between two dates, which are midnights in UTC
	week = 7 * day
)

// monday is the first day of the week that a date lies in.
func monday(date time.Time) time.Time {
	return date.AddDate(0, 0, -(int(date.Weekday())+6)%7)
}

func parseWeekday(name string) (time.Weekday, bool) {
	for w := time.Sunday; w <= time.Saturday; w++ {
		if strings.ToLower(w.String()) == name {
			return w, true
		}
	}
	return 0, false
}

// parseClock reads "14:00" as the time since midnight.
func parseClock(text string) (time.Duration, bool) {
	t, err := time.Parse("15:04", text)
	if err != nil || len(text) != len("15:04") {
		return 0, false
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, true
}
