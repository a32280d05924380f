package forward

import "time"

// unit is what the time shown is divided into.
type unit struct {
	names  []string // layouts of its name, the first that fits is taken
	begins func(day time.Time) bool
	days   bool
}

var (
	inDays   = unit{[]string{"Monday 2 January", "Mon 2 Jan", "Mon 2", "2"}, func(time.Time) bool { return true }, true}
	inWeeks  = unit{[]string{"Mon 2 January", "Mon 2 Jan", "2 Jan", "2"}, func(day time.Time) bool { return day.Weekday() == time.Monday }, false}
	inMonths = unit{[]string{"January 2006", "Jan 2006", "Jan"}, func(day time.Time) bool { return day.Day() == 1 }, false}
)

// stretch is a day, week or month, as far as it is shown.
type stretch struct {
	start, end time.Time
	first      time.Time // of its days, which may be before what is shown
	length     time.Duration
	whole      bool // all of it is shown
}

// axis is how a stretch of time is divided: with a name for each stretch, and finer
// lines between them.
type axis struct {
	unit      unit
	stretches []stretch
	finer     []time.Time
	hours     bool // the finer lines are named by the time of day
}

func newAxis(from, to time.Time) axis {
	const day = 24 * time.Hour
	span := to.Sub(from)
	days := dayStarts(from, to)
	a := axis{unit: inMonths}
	switch {
	case span <= 16*day:
		a.unit = inDays
	case span <= 100*day:
		a.unit = inWeeks
	}
	a.stretches = stretches(from, to, days, a.unit)
	switch {
	case span <= 60*time.Hour:
		a.finer, a.hours = clockTimes(from, to, stepFor(span)), true
	case span <= 10*day:
		a.finer = clockTimes(from, to, 6*time.Hour)
	case span <= 16*day:
		a.finer = clockTimes(from, to, 12*time.Hour)
	case span <= 100*day:
		a.finer = days
	default:
		for _, d := range days {
			if inWeeks.begins(d) {
				a.finer = append(a.finer, d)
			}
		}
	}
	return a
}

// stepFor is the distance of named times of day that leaves room for their names.
func stepFor(span time.Duration) time.Duration {
	for _, step := range []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour} {
		if span <= 16*step {
			return step
		}
	}
	return 6 * time.Hour
}

// clockTimes are the instants in between at which the time of day is a multiple of a
// step. The hour that comes twice is there twice.
func clockTimes(from, to time.Time, step time.Duration) []time.Time {
	var list []time.Time
	fine := min(step, 15*time.Minute)
	for t := from.Truncate(fine); t.Before(to); t = t.Add(fine) {
		h, m, s := t.Clock()
		if t.After(from) && s == 0 && (time.Duration(h)*time.Hour+time.Duration(m)*time.Minute)%step == 0 {
			list = append(list, t)
		}
	}
	return list
}

// dayStarts are the first instants of the days that are shown, of the first and of
// the one after the last also if these are not shown themselves.
func dayStarts(from, to time.Time) []time.Time {
	y, m, d := from.Date()
	var list []time.Time
	for n := 0; ; n++ {
		t := midnight(y, m, d+n, from.Location())
		if len(list) > 0 && !t.After(list[len(list)-1]) {
			continue // the zone left this day out
		}
		list = append(list, t)
		if !t.Before(to) {
			return list
		}
	}
}

// midnight is the first instant of a day, which is not at 00:00 where the clocks are
// put forward then. A day that a zone left out begins when the next one does.
func midnight(year int, month time.Month, day int, zone *time.Location) time.Time {
	date := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	t := time.Date(year, month, day, 0, 0, 0, 0, zone)
	if dateOf(t).Before(date) { // 00:00 does not exist, and was read by the old offset
		if _, change := t.ZoneBounds(); !change.IsZero() {
			return change.In(zone)
		}
	}
	// Where 00:00 does not exist, or comes twice, the day began at a change of the
	// clocks or before it.
	start, _ := t.ZoneBounds()
	if start.IsZero() {
		return t
	}
	before := start.Add(-time.Nanosecond)
	if dateOf(before).Before(date) {
		if !dateOf(start).Before(date) {
			return start.In(zone)
		}
		return t
	}
	_, old := before.Zone()
	_, now := t.Zone()
	if first := t.Add(time.Duration(now-old) * time.Second); first.Before(start) {
		return first
	}
	return t
}

// dateOf is the date of an instant in its zone, to be compared.
func dateOf(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

func stretches(from, to time.Time, days []time.Time, u unit) []stretch {
	var list []stretch
	first := days[0]
	for _, d := range days[1:] {
		if !u.begins(d) && d.Before(to) {
			continue
		}
		s := stretch{start: first, end: d, first: first, length: d.Sub(first)}
		s.whole = u.begins(first) && u.begins(d) && !first.Before(from) && !d.After(to)
		if s.start.Before(from) {
			s.start = from
		}
		if s.end.After(to) {
			s.end = to
		}
		list = append(list, s)
		first = d
	}
	return list
}
