package calendar

import (
	"fmt"
	"strings"
	"time"
)

// Limits on what a definition may hold. They keep compiling and every lookup
// bounded and catch typing mistakes such as the year 20226.
const (
	maxName     = 200
	maxRules    = 1000
	maxDates    = 10000 // of each kind
	maxYearly   = 200   // of each kind
	maxSpans    = 100   // of one day
	maxProblems = 1000
	firstYear   = 1900
	lastYear    = 2099
)

// interval is time from..to in seconds, half-open.
type interval struct{ from, to int64 }

// dayRule is what the definition says about one date.
type dayRule struct {
	closed     bool
	holiday    string
	overridden bool
	override   string
	shifts     []interval
	breaks     []interval
	breakNames []string // of the same length
}

// rules are a definition that has been read: shifts by weekday and the dates
// that differ, all in wall-clock seconds from the midnight of their day. A
// shift across midnight ends beyond 24:00.
type rules struct {
	weekly [7][]interval // by time.Weekday
	dates  map[int64]*dayRule
}

// date returns the rule of a civil day, creating it.
func (r *rules) date(day int64) *dayRule {
	d := r.dates[day]
	if d == nil {
		d = new(dayRule)
		r.dates[day] = d
	}
	return d
}

// readRules reads everything but the zone and notes every problem.
func readRules(def *Definition, bad *problems) *rules {
	r := &rules{dates: make(map[int64]*dayRule)}
	if len(def.Name) > maxName {
		bad.add("name", "longer than %d bytes", maxName)
	}
	if len(def.Weekly) > maxRules {
		bad.add("weekly", "more than %d rules", maxRules)
		return r
	}
	for _, h := range def.Weekly {
		r.readHours(h, bad)
	}
	r.readHolidays(def.Holidays, bad)
	r.readOverrides(def.Overrides, bad)
	readDays("break", def.Breaks, bad, func(where string, when recurrence, d Day) {
		if len(d.Spans) == 0 {
			bad.add(where, "a break needs a span such as \"12:00-13:00\"")
		}
		spans := readSpans(where, d.Spans, bad)
		when.each(func(day int64) {
			rule := r.date(day)
			for _, s := range spans {
				rule.breaks = append(rule.breaks, s)
				rule.breakNames = append(rule.breakNames, d.Name)
			}
			if len(rule.breaks) > maxSpans {
				bad.add(where, "more than %d breaks on %s", maxSpans, dateString(day))
			}
		})
	})
	return r
}

// readHolidays closes the dates themselves first, so that a day that stands in
// for one on a weekend finds the next that is free.
func (r *rules) readHolidays(days []Day, bad *problems) {
	closeDay := func(day int64, name string) {
		if rule := r.date(day); !rule.closed {
			rule.closed, rule.holiday = true, name
		}
	}
	var observe []func()
	readDays("holiday", days, bad, func(where string, when recurrence, d Day) {
		if len(d.Spans) > 0 {
			bad.add(where, "a holiday closes the whole day and has no spans")
		}
		when.each(func(day int64) { closeDay(day, d.Name) })
		if when.observe == inPlace {
			return
		}
		observe = append(observe, func() {
			when.each(func(day int64) {
				if other := when.observe.observed(day, r.closed); other != day {
					closeDay(other, strings.TrimSpace(d.Name+" (observed)"))
				}
			})
		})
	})
	for _, f := range observe {
		f()
	}
}

// readOverrides lets one date beat a yearly rule.
func (r *rules) readOverrides(days []Day, bad *problems) {
	dated := make(map[int64]bool)
	readDays("override", days, bad, func(where string, when recurrence, d Day) {
		if when.observe != inPlace {
			bad.add(where, "only holidays move to another weekday")
		}
		spans := readSpans(where, d.Spans, bad)
		told := false
		when.each(func(day int64) {
			rule := r.date(day)
			yearly := when.rule != nil
			switch {
			case rule.overridden && yearly == !dated[day]:
				if !told { // once, not for every year
					bad.add(where, "%s is already overridden by %q", dateString(day), clip(rule.override))
					told = true
				}
			case rule.overridden && yearly:
				return
			default:
				rule.overridden, rule.override, rule.shifts = true, d.Name, spans
				dated[day] = !yearly
			}
		})
	})
}

// dateString writes a civil day as in a definition.
func dateString(day int64) string {
	return time.Unix(day*daySeconds, 0).UTC().Format(time.DateOnly)
}

func (r *rules) readHours(h Hours, bad *problems) {
	where := fmt.Sprintf("weekly %s-%s", h.From, h.To)
	if !validDay(h.From) || !validDay(h.To) {
		bad.add(where, "unknown day of the week")
		return
	}
	if len(h.Spans) == 0 {
		bad.add(where, "needs a span such as \"09:00-17:00\"")
	}
	spans := readSpans(where, h.Spans, bad)
	for day := h.From; ; day = (day + 1) % 7 {
		r.weekly[day] = append(r.weekly[day], spans...)
		if len(r.weekly[day]) > maxSpans {
			bad.add(where, "more than %d shifts on %s", maxSpans, day)
			return
		}
		if day == h.To {
			return
		}
	}
}

func validDay(d time.Weekday) bool { return d >= time.Sunday && d <= time.Saturday }

// readDays reads the dates of one kind and hands each good one to use.
func readDays(kind string, days []Day, bad *problems, use func(where string, when recurrence, d Day)) {
	if len(days) > maxDates {
		bad.add(kind, "more than %d dates", maxDates)
		return
	}
	yearly := 0
	for _, d := range days {
		where := kind + " " + clip(d.Date)
		if len(d.Name) > maxName {
			bad.add(where, "name longer than %d bytes", maxName)
		}
		when, err := parseDate(d.Date)
		if err != nil {
			bad.add(where, "%v", err)
			continue
		}
		if when.rule != nil {
			if yearly++; yearly > maxYearly {
				bad.add(kind, "more than %d yearly rules", maxYearly)
				return
			}
		}
		use(where, when, d)
	}
}

func readSpans(where string, spans []string, bad *problems) []interval {
	if len(spans) > maxSpans {
		bad.add(where, "more than %d spans", maxSpans)
		return nil
	}
	var list []interval
	for _, s := range spans {
		v, err := parseSpan(s)
		if err != nil {
			bad.add(where, "span %q %v", clip(s), err)
			continue
		}
		list = append(list, v)
	}
	return list
}

// parseSpan reads "09:00-12:00". An end before the start lies on the next day.
func parseSpan(s string) (interval, error) {
	from, rest, ok := parseClock(s)
	if !ok || rest == "" || rest[0] != '-' {
		return interval{}, fmt.Errorf("does not read like 09:00-17:00")
	}
	to, rest, ok := parseClock(rest[1:])
	if !ok || rest != "" {
		return interval{}, fmt.Errorf("does not read like 09:00-17:00")
	}
	switch {
	case from == daySeconds:
		return interval{}, fmt.Errorf("starts at 24:00; write 00:00 of the next day")
	case from == to, from == 0 && to == 0:
		return interval{}, fmt.Errorf("has equal ends; a whole day is 00:00-24:00")
	case to < from:
		to += daySeconds
	}
	return interval{from, to}, nil
}

// parseClock reads HH:MM or HH:MM:SS up to 24:00 from the front of s.
func parseClock(s string) (sec int64, rest string, ok bool) {
	h, s, ok := twoDigits(s)
	if !ok || s == "" || s[0] != ':' {
		return 0, s, false
	}
	m, s, ok := twoDigits(s[1:])
	if !ok {
		return 0, s, false
	}
	var ss int64
	if s != "" && s[0] == ':' {
		if ss, s, ok = twoDigits(s[1:]); !ok {
			return 0, s, false
		}
	}
	sec = h*3600 + m*60 + ss
	return sec, s, m < 60 && ss < 60 && sec <= daySeconds
}

func twoDigits(s string) (n int64, rest string, ok bool) {
	if len(s) < 2 || s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9' {
		return 0, s, false
	}
	return int64(s[0]-'0')*10 + int64(s[1]-'0'), s[2:], true
}
