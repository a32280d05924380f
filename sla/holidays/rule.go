package holidays

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// Limits on an RRULE: beyond them its library would count for very long.
const (
	maxRule     = 1000 // bytes
	maxInterval = 1000
)

// parseRule reads an RRULE and holds it to what RFC 5545, section 3.3.10, allows
// for whole days, since the library reads more and stumbles over some of it.
func parseRule(text string) (*rrule.ROption, error) {
	if len(text) > maxRule {
		return nil, fmt.Errorf("longer than %d bytes", maxRule)
	}
	seen := make(map[string]bool)
	for _, part := range strings.Split(text, ";") {
		key, value, _ := strings.Cut(part, "=")
		switch {
		case seen[key]:
			return nil, fmt.Errorf("%s comes twice", key)
		case key == "COUNT" || key == "INTERVAL":
			if n, err := strconv.Atoi(value); err != nil || n < 1 || key == "INTERVAL" && n > maxInterval {
				return nil, fmt.Errorf("%s must be a number from 1, INTERVAL up to %d", key, maxInterval)
			}
		case key == "DTSTART" || key == "BYEASTER":
			return nil, fmt.Errorf("%s is not part of a rule", key)
		}
		seen[key] = true
	}
	o, err := rrule.StrToROption(text)
	if err != nil {
		return nil, err
	}
	if err := checkRule(o); err != nil {
		return nil, err
	}
	_, err = rrule.NewRRule(withStart(*o, date(2000, time.January, 1)))
	return o, err
}

func withStart(o rrule.ROption, start time.Time) rrule.ROption {
	o.Dtstart = start
	return o
}

func checkRule(o *rrule.ROption) error {
	parts := len(o.Bymonth) + len(o.Byweekno) + len(o.Byyearday) + len(o.Bymonthday) + len(o.Byweekday)
	switch {
	case o.Freq > rrule.DAILY:
		return fmt.Errorf("repeats within a day: FREQ=%v", o.Freq)
	case len(o.Byhour)+len(o.Byminute)+len(o.Bysecond) > 0:
		return errors.New("BYHOUR, BYMINUTE and BYSECOND are not for days")
	case o.Count > 0 && !o.Until.IsZero():
		return errors.New("COUNT and UNTIL exclude each other")
	case o.Freq != rrule.YEARLY && len(o.Byweekno)+len(o.Byyearday) > 0:
		return errors.New("BYWEEKNO and BYYEARDAY are for FREQ=YEARLY")
	case o.Freq == rrule.WEEKLY && len(o.Bymonthday) > 0:
		return errors.New("BYMONTHDAY is not for FREQ=WEEKLY")
	case len(o.Bysetpos) > 0 && parts == 0:
		return errors.New("BYSETPOS needs another BY rule")
	}
	limit := 0 // of the numbers before weekdays
	switch {
	case o.Freq == rrule.MONTHLY || o.Freq == rrule.YEARLY && len(o.Bymonth) > 0:
		limit = 5
	case o.Freq == rrule.YEARLY && len(o.Byweekno) == 0:
		limit = 53
	}
	for _, w := range o.Byweekday {
		if n := w.N(); n > limit || n < -limit {
			return fmt.Errorf("BYDAY=%v goes beyond the period", w)
		}
	}
	return nil
}

// dates calls use with the dates on which an all-day event starts, until the end
// of a year, until use returns false. The first is always DTSTART, whether the
// rule has it or not.
func (e *event) dates(until int, use func(time.Time) bool) {
	if !use(e.start.wall) {
		return
	}
	for _, m := range e.plus {
		if !use(m.wall) {
			return
		}
	}
	if e.rule == nil {
		return
	}
	// The library looks for a next date up to the year 9999, however long ago the
	// rule has ended. The Gregorian calendar repeats after 400 years, so the rule
	// may as well run shortly before that.
	const late = 19 * 400
	end := date(until, time.December, 31)
	o := withStart(*e.rule, e.start.wall.AddDate(late, 0, 0))
	if !o.Until.IsZero() && o.Until.Before(end) {
		end = o.Until
	}
	o.Until = end.AddDate(late, 0, 0)
	rule, err := rrule.NewRRule(o)
	if err != nil {
		return // parseRule has seen that it is none
	}
	next := rule.Iterator()
	for t, ok := next(); ok; t, ok = next() {
		if !use(t.AddDate(-late, 0, 0)) {
			return
		}
	}
}
