package main

import (
	"fmt"
	"math/rand"
	"slices"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/de"

	"github.com/itsm-go/itsm/sla/calendar"
)

// contestant answers the two questions of service levels: when is so much
// business time over, and how much is there between two instants.
type contestant struct {
	name    string
	differs bool // has other hours, so its answers are not compared
	add     func(time.Time, time.Duration) time.Time
	between func(a, b time.Time) time.Duration
}

const (
	firstYear, lastYear = 2023, 2036
	opens, closes       = 9 * time.Hour, 17*time.Hour + 30*time.Minute
)

// contestants returns ours, ours with a lunch break, the search by hand, and
// rickar/cal, in that order.
func contestants() ([]contestant, error) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		return nil, err
	}
	theirs := cal.NewBusinessCalendar()
	theirs.SetWorkHours(opens, closes)
	theirs.AddHoliday(de.Holidays...)
	theirs.Cacheable = true

	var holidays []calendar.Option
	for year := firstYear; year <= lastYear; year++ {
		for _, h := range de.Holidays {
			day, _ := h.Calc(year)
			holidays = append(holidays, calendar.Closed(day.Format(time.DateOnly), h.Name))
		}
	}
	ours := func(name string, shifts ...string) (contestant, error) {
		opts := append(slices.Clone(holidays), calendar.Weekly(time.Monday, time.Friday, shifts...))
		c, err := calendar.New("Europe/Berlin", opts...)
		return contestant{
			name:    name,
			add:     func(t time.Time, d time.Duration) time.Time { at, _ := c.Add(t, d); return at },
			between: func(a, b time.Time) time.Duration { return c.Between(a, b) },
		}, err
	}
	plain, err := ours("itsm", "09:00-17:30")
	if err != nil {
		return nil, err
	}
	lunch, err := ours("with lunch", "09:00-12:00", "13:00-17:30")
	if err != nil {
		return nil, err
	}
	lunch.differs = true
	byHand := newSearch(theirs, berlin)
	return []contestant{plain, lunch,
		{name: "search by hand", add: byHand.add, between: byHand.between},
		{name: "rickar, cached", add: theirs.AddWorkHours, between: theirs.WorkHoursInRange},
	}, nil
}

// operation is a row of the table.
type operation struct {
	name   string
	add    time.Duration // either: add this much business time
	days   int           // or: the business time in so many days of 24 hours
	starts []time.Time
}

func operations() []operation {
	several, one := starts(4), starts(1)
	return []operation{
		{name: "add 4 h", add: 4 * time.Hour, starts: several},
		{name: "add 40 h", add: 40 * time.Hour, starts: several},
		{name: "add 2,000 h", add: 2000 * time.Hour, starts: several},
		{name: "between, 1 day", days: 1, starts: several},
		{name: "between, 30 days", days: 30, starts: several},
		{name: "between, 1 year", days: 365, starts: several},
		{name: "between, 10 years", days: 3653, starts: one},
	}
}

// samples is how many starts there are: a power of two, since a division to choose
// one would take as long as an answer.
const samples = 1024

// starts are seeded instants, to the minute, from 2024 on.
func starts(years int) []time.Time {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		berlin = time.UTC // contestants has reported it
	}
	r := rand.New(rand.NewSource(1))
	list := make([]time.Time, samples)
	from := time.Date(2024, 1, 1, 0, 0, 0, 0, berlin)
	minutes := int(from.AddDate(years, 0, 0).Sub(from) / time.Minute)
	for i := range list {
		list[i] = from.Add(time.Duration(r.Intn(minutes)) * time.Minute)
	}
	return list
}

// run carries the operation out n times.
func (o operation) run(c contestant, n int) {
	if o.add > 0 {
		for i := range n {
			c.add(o.starts[i&(samples-1)], o.add)
		}
		return
	}
	span := time.Duration(o.days) * 24 * time.Hour
	for i := range n {
		start := o.starts[i&(samples-1)]
		c.between(start, start.Add(span))
	}
}

// agree compares the answers of all who have the same hours. It warms their
// caches, too.
func agree(field []contestant, o operation) error {
	span := time.Duration(o.days) * 24 * time.Hour
	for _, start := range o.starts[:48] {
		for _, c := range field[1:] {
			if c.differs {
				continue
			}
			if want, got := field[0].add(start, o.add), c.add(start, o.add); o.add > 0 && !want.Equal(got) {
				return fmt.Errorf("%s from %v: %s says %v, %s says %v", o.name, start, field[0].name, want, c.name, got)
			}
			if want, got := field[0].between(start, start.Add(span)), c.between(start, start.Add(span)); want != got {
				return fmt.Errorf("%s from %v: %s says %v, %s says %v", o.name, start, field[0].name, want, c.name, got)
			}
		}
	}
	return nil
}
