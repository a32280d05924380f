package calendar

import (
	"fmt"
	"time"
)

// Lint returns what is allowed but probably not meant: a calendar that never
// opens, a shift to 23:59 that loses a minute a day, shifts that overlap, dates
// that change nothing. It returns every doubt, in the order of the definition.
// Of a composed calendar it only tells that it never opens: ask its parts.
func (c *Calendar) Lint() []Problem {
	var doubts problems
	if c.count(maxUnix) == c.count(minUnix) {
		doubts.add("calendar", "never opens")
	}
	if c.mix != nil {
		return doubts
	}
	l := linter{rules: c.open.rules, doubts: &doubts}
	for _, h := range c.def.Weekly {
		l.endOfDay(fmt.Sprintf("weekly %s-%s", h.From, h.To), h.Spans)
	}
	for i := range l.rules.weekly {
		day := time.Weekday((i + 1) % 7) // from Monday
		l.overlaps("weekly "+day.String(), l.rules.weekly[day], l.rules.weekly[(day+1)%7])
	}
	seen := make(map[string]bool)
	for _, d := range c.def.Holidays {
		where := "holiday " + d.Date
		if seen[d.Date] {
			doubts.add(where, "is listed twice")
		}
		seen[d.Date] = true
		l.idleHoliday(where, d)
	}
	for _, d := range c.def.Overrides {
		where := "override " + d.Date
		l.endOfDay(where, d.Spans)
		var none problems
		l.overlaps(where, readSpans(where, d.Spans, &none), nil)
		l.idleOverride(where, d)
	}
	for _, d := range c.def.Breaks {
		l.idleBreak("break "+d.Date, d)
	}
	return doubts
}

// linter judges the parts of a definition that compiled.
type linter struct {
	rules  *rules
	doubts *problems
}

// endOfDay finds the habit of ending a day a minute or a second early.
func (l *linter) endOfDay(where string, spans []string) {
	for _, s := range spans {
		v, err := parseSpan(s)
		if err != nil {
			continue
		}
		if short := daySeconds - v.to; short == 60 || short == 1 {
			l.doubts.add(where, "span %s loses %v before midnight; write 24:00", s, time.Duration(short)*time.Second)
		}
	}
}

// overlaps finds shifts of a day that share time with each other or, past
// midnight, with those of the next day.
func (l *linter) overlaps(where string, shifts, next []interval) {
	for i, a := range shifts {
		for _, b := range shifts[i+1:] {
			if a.from < b.to && b.from < a.to {
				l.doubts.add(where, "shifts %s and %s overlap", a, b)
			}
		}
		for _, b := range next {
			if b.from+daySeconds < a.to {
				l.doubts.add(where, "shift %s overlaps %s of the next day", a, b)
			}
		}
	}
}

// String writes an interval as in a definition.
func (v interval) String() string {
	clock := func(sec int64) string {
		s := fmt.Sprintf("%02d:%02d", sec/3600, sec/60%60)
		if sec%60 != 0 {
			s += fmt.Sprintf(":%02d", sec%60)
		}
		return s
	}
	to := v.to
	if to > daySeconds {
		to -= daySeconds
	}
	return clock(v.from) + "-" + clock(to)
}

// only returns the day of a date that is not a yearly rule. A yearly rule meets
// every weekday, so what it does in one year says nothing about it.
func (l *linter) only(d Day) (int64, bool) {
	when, err := parseDate(d.Date)
	return when.day, err == nil && when.rule == nil
}

// shifts returns what would be open on a civil day but for holidays and breaks.
func (l *linter) shifts(day int64) []interval {
	var open []interval
	today, yesterday := l.rules.on(day), l.rules.on(day-1)
	for _, s := range yesterday.shifts {
		if v, ok := (interval{s.from - daySeconds, s.to - daySeconds}).clipped(0, daySeconds); ok {
			open = append(open, v)
		}
	}
	for _, s := range today.shifts {
		v, _ := s.clipped(0, daySeconds)
		open = append(open, v)
	}
	return union(open)
}

// closed reports whether the civil day is a holiday.
func (r *rules) closed(day int64) bool { return r.dates[day] != nil && r.dates[day].closed }

func (l *linter) idleHoliday(where string, d Day) {
	if day, ok := l.only(d); ok && len(l.shifts(day)) == 0 {
		l.doubts.add(where, "%s %s is closed anyway", weekdayOf(day), dateString(day))
	}
}

func (l *linter) idleOverride(where string, d Day) {
	if day, ok := l.only(d); ok && len(d.Spans) > 0 && l.rules.closed(day) {
		l.doubts.add(where, "the date is a holiday, which closes what the override opens")
	}
}

func (l *linter) idleBreak(where string, d Day) {
	day, ok := l.only(d)
	if !ok {
		return
	}
	var none problems
	for _, b := range readSpans(where, d.Spans, &none) {
		idle := true
		for i := range int64(2) { // a break may go on after midnight
			for _, s := range l.shifts(day + i) {
				if s.from+i*daySeconds < b.to && b.from < s.to+i*daySeconds && !l.rules.closed(day+i) {
					idle = false
				}
			}
		}
		if idle {
			l.doubts.add(where, "%s is closed anyway", b)
		}
	}
}
