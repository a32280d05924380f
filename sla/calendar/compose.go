package calendar

import (
	"fmt"
	"slices"
	"time"
)

// Union returns the calendar that is open whenever any of the parts is. Dates
// and results are in the zone of the first. It fails, matching [ErrInvalid],
// without parts or with one that is nil.
func Union(name string, parts ...*Calendar) (*Calendar, error) {
	parts = slices.Clone(parts)
	return compose("union", name, parts, &mixture{
		form: composition[*Calendar]{Union: parts},
		week: func(monday int64) []interval {
			var open []interval
			for _, p := range parts {
				open = append(open, p.week(monday)...)
			}
			return union(open)
		},
		reason: func(t time.Time) Reason {
			r := parts[0].Reason(t)
			for _, p := range parts[1:] {
				// An open part explains; otherwise the strongest reason to be closed.
				if other := p.Reason(t); !r.Open && (other.Open || other.Kind > r.Kind) {
					r = other
				}
			}
			return r
		},
	})
}

// Intersection returns the calendar that is open while all parts are: what a
// customer's and a provider's hours have in common. Zone and errors are as in
// [Union].
func Intersection(name string, parts ...*Calendar) (*Calendar, error) {
	parts = slices.Clone(parts)
	return compose("intersection", name, parts, &mixture{
		form: composition[*Calendar]{Intersection: parts},
		week: func(monday int64) []interval {
			open := parts[0].week(monday)
			for _, p := range parts[1:] {
				closed := subtract(nil, []interval{{0, weekSeconds}}, p.week(monday))
				open = subtract(nil, open, closed)
			}
			return open
		},
		reason: func(t time.Time) Reason {
			for _, p := range parts {
				if r := p.Reason(t); !r.Open {
					return r
				}
			}
			return parts[0].Reason(t)
		},
	})
}

// Exclusion returns the calendar that is open while base is and none of without
// is: maintenance windows without the freeze. Zone and errors are as in [Union].
func Exclusion(name string, base *Calendar, without ...*Calendar) (*Calendar, error) {
	parts := append([]*Calendar{base}, without...)
	without = parts[1:]
	return compose("exclusion", name, parts, &mixture{
		form: composition[*Calendar]{Base: base, Without: without},
		week: func(monday int64) []interval {
			open := base.week(monday)
			for _, p := range without {
				open = subtract(nil, open, p.week(monday))
			}
			return open
		},
		reason: func(t time.Time) Reason {
			r := base.Reason(t)
			for _, p := range without {
				if r.Open && p.IsOpen(t) {
					return Reason{Kind: KindExcluded, Name: p.Name()}
				}
			}
			return r
		},
	})
}

// Version is a calendar and the instant from which it is in force.
type Version struct {
	From     time.Time
	Calendar *Calendar
}

// Versions returns the calendar that follows each version from its instant to
// the next one's, so that a change of hours leaves the past as it was. Before
// the first version it is closed; a zero From of the first means since ever.
// Dates and results are in the zone of the first version, which no later one
// changes.
//
// The instants must ascend, be whole seconds and, but for a zero one, lie in the
// years 1900 to 2099. The error lists every problem and matches [ErrInvalid].
func Versions(name string, list ...Version) (*Calendar, error) {
	list = slices.Clone(list)
	var bad problems
	parts := make([]*Calendar, len(list))
	forms := make([]versionForm[*Calendar], len(list))
	for i, v := range list {
		parts[i], forms[i] = v.Calendar, versionForm[*Calendar](v)
		where := "version " + v.From.Format(time.RFC3339Nano)
		switch y := v.From.UTC().Year(); {
		case i == 0 && v.From.IsZero():
		case y < firstYear || y > lastYear:
			bad.add(where, "the year must lie in %d..%d", firstYear, lastYear)
		case v.From.Nanosecond() != 0:
			bad.add(where, "must begin on a whole second")
		}
		if i > 0 && !v.From.After(list[i-1].From) {
			bad.add(where, "must begin after the version before it")
		}
	}
	if err := bad.err(&Definition{Name: name}); err != nil {
		return nil, err
	}
	in := func(t time.Time) int {
		i := len(list) - 1
		for i >= 0 && t.Before(list[i].From) {
			i--
		}
		return i
	}
	return compose("versions", name, parts, &mixture{
		form: composition[*Calendar]{Versions: forms},
		week: func(monday int64) []interval {
			var open []interval
			for i, v := range list {
				from, to := v.From.Unix()-monday, int64(weekSeconds)
				if i+1 < len(list) {
					to = list[i+1].From.Unix() - monday
				}
				if from >= weekSeconds || to <= 0 {
					continue
				}
				for _, w := range v.Calendar.week(monday) {
					if w, ok := w.clipped(from, to); ok {
						open = join(open, w)
					}
				}
			}
			return open
		},
		reason: func(t time.Time) Reason {
			if i := in(t); i >= 0 {
				return list[i].Calendar.Reason(t)
			}
			return Reason{Kind: KindOutside, Name: name}
		},
		effective: func(t time.Time) *Calendar {
			if i := in(t); i >= 0 {
				return list[i].Calendar
			}
			return nil
		},
	})
}

// Effective returns the version in force at t, nil before the first. A calendar
// without versions returns itself.
func (c *Calendar) Effective(t time.Time) *Calendar {
	if c.mix != nil && c.mix.effective != nil {
		return c.mix.effective(t)
	}
	return c
}

func compose(kind, name string, parts []*Calendar, m *mixture) (*Calendar, error) {
	var bad problems
	if len(parts) == 0 {
		bad.add(kind, "needs at least one calendar")
	}
	if len(parts) > maxRules {
		bad.add(kind, "more than %d calendars", maxRules)
	}
	if len(name) > maxName {
		bad.add("name", "longer than %d bytes", maxName)
	}
	for i, p := range parts {
		if p == nil || p.index == nil {
			bad.add(fmt.Sprintf("%s, calendar %d", kind, i+1), "is missing")
		}
	}
	if err := bad.err(&Definition{Name: name}); err != nil {
		return nil, err
	}
	first := parts[0]
	c := &Calendar{def: Definition{Name: name, Zone: first.def.Zone}, loc: first.loc, clock: first.clock, mix: m}
	m.compile(parts)
	c.index = newIndex(0, m.kind)
	m.index = c.index
	return c, nil
}

// In returns the calendar with its hours and dates read on the wall clock of
// another zone: hours that are agreed as "nine to five where the caller is" are
// written once and taken to each zone. The instants at which versions change stay
// where they are. An unknown zone is an error matching [ErrInvalid].
func (c *Calendar) In(zone string) (*Calendar, error) {
	if c.mix == nil {
		d := c.Definition()
		d.Zone = zone
		return Compile(d)
	}
	var err error
	in := func(part *Calendar) *Calendar {
		moved, e := part.In(zone)
		if err == nil {
			err = e
		}
		return moved
	}
	all := func(parts []*Calendar) []*Calendar {
		moved := make([]*Calendar, len(parts))
		for i, p := range parts {
			moved[i] = in(p)
		}
		return moved
	}
	switch form := c.mix.form; {
	case form.Union != nil:
		if parts := all(form.Union); err == nil {
			return Union(c.Name(), parts...)
		}
	case form.Intersection != nil:
		if parts := all(form.Intersection); err == nil {
			return Intersection(c.Name(), parts...)
		}
	case form.Base != nil:
		if base, without := in(form.Base), all(form.Without); err == nil {
			return Exclusion(c.Name(), base, without...)
		}
	default:
		list := make([]Version, len(form.Versions))
		for i, v := range form.Versions {
			list[i] = Version{v.From, in(v.Calendar)}
		}
		if err == nil {
			return Versions(c.Name(), list...)
		}
	}
	return nil, err
}
