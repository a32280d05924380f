package cab_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/change/cab"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow/approval"
)

const (
	berlin  = "Europe/Berlin"
	newYork = "America/New_York"
)

func meets(zone string, r cab.Recurrence) cab.Board {
	return cab.Board{Name: "cab", Zone: zone, Members: []cab.Member{{Person: "ann"}}, Chair: "ann", Quorum: 1, Meets: &r,
		Length: approval.Duration(time.Hour), Cutoff: approval.Duration(24 * time.Hour)}
}

func TestWhenABoardMeets(t *testing.T) {
	office, err := calendar.New(berlin, calendar.Weekly(time.Monday, time.Friday, "09:00-17:00"), calendar.Closed("12-25", "Christmas Day"),
		calendar.Closed("12-26", "Boxing Day"), calendar.Closed("2026-12-24", "Christmas Eve"))
	require.NoError(t, err)
	rare, err := calendar.New(berlin, calendar.Weekly(time.Sunday, time.Sunday, "09:00-10:00"), calendar.Closed("2026-12-27", "a Sunday"), calendar.Closed("2026-12-20", "another"))
	require.NoError(t, err)
	never, err := calendar.New(berlin)
	require.NoError(t, err)
	for _, c := range []struct {
		name  string
		zone  string
		r     cab.Recurrence
		cal   *calendar.Calendar
		after string // in UTC
		want  []string
	}{
		{"the wall clock stays, into summer", berlin, cab.Recurrence{On: []string{"tuesday"}, EveryWeeks: 1, At: "14:00"}, nil, "2026-03-20 00:00",
			[]string{"2026-03-24 13:00", "2026-03-31 12:00", "2026-04-07 12:00"}},
		{"and out of it", berlin, cab.Recurrence{On: []string{"tuesday"}, EveryWeeks: 1, At: "14:00"}, nil, "2026-10-20 00:00",
			[]string{"2026-10-20 12:00", "2026-10-27 13:00"}},
		{"New York changes on other days", newYork, cab.Recurrence{On: []string{"tuesday"}, EveryWeeks: 1, At: "14:00"}, nil, "2026-03-01 00:00",
			[]string{"2026-03-03 19:00", "2026-03-10 18:00"}},
		{"in the gap: as far behind it", berlin, cab.Recurrence{On: []string{"sunday"}, EveryWeeks: 1, At: "02:30"}, nil, "2026-03-25 00:00",
			[]string{"2026-03-29 01:30", "2026-04-05 00:30"}}, // reads 03:30
		{"in the gap of New York", newYork, cab.Recurrence{On: []string{"sunday"}, EveryWeeks: 1, At: "02:30"}, nil, "2026-03-05 00:00",
			[]string{"2026-03-08 07:30", "2026-03-15 06:30"}},
		{"twice: the first", berlin, cab.Recurrence{On: []string{"sunday"}, EveryWeeks: 1, At: "02:30"}, nil, "2026-10-20 00:00",
			[]string{"2026-10-25 00:30", "2026-11-01 01:30"}},
		{"twice in New York", newYork, cab.Recurrence{On: []string{"sunday"}, EveryWeeks: 1, At: "01:30"}, nil, "2026-10-30 00:00",
			[]string{"2026-11-01 05:30", "2026-11-08 06:30"}},
		{"begins after, not at", berlin, cab.Recurrence{On: []string{"tuesday"}, EveryWeeks: 1, At: "14:00"}, nil, "2026-03-24 13:00", []string{"2026-03-31 12:00"}},
		{"several weekdays", berlin, cab.Recurrence{On: []string{"friday", "monday"}, EveryWeeks: 1, At: "09:00"}, nil, "2026-01-01 00:00",
			[]string{"2026-01-02 08:00", "2026-01-05 08:00", "2026-01-09 08:00"}},
		{"every other week, from the week of a date", berlin, cab.Recurrence{On: []string{"monday", "thursday"}, EveryWeeks: 2, From: "2026-01-07", At: "09:00"}, nil, "2025-01-01 00:00",
			[]string{"2026-01-08 08:00", "2026-01-19 08:00", "2026-01-22 08:00"}},
		{"over the turn of the year", berlin, cab.Recurrence{On: []string{"wednesday"}, EveryWeeks: 3, From: "2025-12-24", At: "09:00"}, nil, "2025-12-24 23:00",
			[]string{"2026-01-14 08:00", "2026-02-04 08:00"}},
		{"the last Friday", berlin, cab.Recurrence{On: []string{"friday"}, Nth: []int{-1}, At: "09:00"}, nil, "2026-01-15 00:00",
			[]string{"2026-01-30 08:00", "2026-02-27 08:00", "2026-03-27 08:00", "2026-04-24 07:00"}},
		{"a fifth Monday there is not in every month", berlin, cab.Recurrence{On: []string{"monday"}, Nth: []int{5}, At: "09:00"}, nil, "2026-01-01 00:00",
			[]string{"2026-03-30 07:00", "2026-06-29 07:00", "2026-08-31 07:00"}},
		{"the fifth is the last: one meeting", berlin, cab.Recurrence{On: []string{"monday"}, Nth: []int{5, -1}, At: "09:00"}, nil, "2026-03-01 00:00",
			[]string{"2026-03-30 07:00", "2026-04-27 07:00"}},
		{"first and third", berlin, cab.Recurrence{On: []string{"tuesday"}, Nth: []int{1, 3}, At: "09:00"}, nil, "2026-12-01 09:00",
			[]string{"2026-12-15 08:00", "2027-01-05 08:00"}},
		{"until", berlin, cab.Recurrence{On: []string{"tuesday"}, EveryWeeks: 1, Until: "2026-01-13", At: "09:00"}, nil, "2026-01-01 00:00",
			[]string{"2026-01-06 08:00", "2026-01-13 08:00"}},
		{"a closed day is skipped", berlin, cab.Recurrence{On: []string{"thursday"}, EveryWeeks: 1, At: "09:00"}, office, "2026-12-20 00:00",
			[]string{"2026-12-31 08:00"}},
		{"moved to the next open day, over the weekend", berlin, cab.Recurrence{On: []string{"thursday"}, EveryWeeks: 1, At: "09:00", ClosedDays: cab.Next}, office, "2026-12-20 00:00",
			[]string{"2026-12-28 08:00", "2026-12-31 08:00"}},
		{"moved to the day before", berlin, cab.Recurrence{On: []string{"thursday"}, EveryWeeks: 1, At: "09:00", ClosedDays: cab.Previous}, office, "2026-12-20 00:00",
			[]string{"2026-12-23 08:00", "2026-12-31 08:00"}},
		{"moved to a day on which it meets anyway", berlin, cab.Recurrence{On: []string{"monday", "friday"}, EveryWeeks: 1, At: "09:00", ClosedDays: cab.Next}, office, "2026-12-22 00:00",
			[]string{"2026-12-28 08:00", "2027-01-01 08:00"}},
		{"no open day near enough", berlin, cab.Recurrence{On: []string{"monday"}, Nth: []int{3}, At: "09:00", ClosedDays: cab.Next, Until: "2026-12-31"}, rare, "2026-12-01 00:00",
			[]string{"2027-01-03 08:00"}}, // 13 days later, the Sundays between are closed
		{"never open", berlin, cab.Recurrence{On: []string{"monday"}, EveryWeeks: 1, At: "09:00", ClosedDays: cab.Next}, never, "2026-12-01 00:00", nil},
		{"over already", berlin, cab.Recurrence{On: []string{"monday"}, EveryWeeks: 1, At: "09:00", Until: "2020-01-01"}, nil, "2026-12-01 00:00", nil},
		{"a first date far ahead", berlin, cab.Recurrence{On: []string{"monday"}, EveryWeeks: 1, At: "09:00", From: "3000-01-01"}, nil, "2026-12-01 00:00",
			[]string{"3000-01-06 08:00"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := meets(c.zone, c.r)
			b.Calendar = c.cal
			require.NoError(t, b.Validate())
			after, err := time.Parse("2006-01-02 15:04", c.after)
			require.NoError(t, err)
			var got []string
			for _, o := range b.Next(after, max(1, len(c.want))) {
				got = append(got, o.Start.Format("2006-01-02 15:04"))
				require.Equal(t, time.UTC, o.Start.Location())
				require.Equal(t, time.Hour, o.End.Sub(o.Start))
				require.Equal(t, 24*time.Hour, o.Start.Sub(o.Cutoff), "elapsed, whatever the clock does between")
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestAMovedMeetingKeepsItsDate(t *testing.T) {
	cal, err := calendar.New(berlin, calendar.Weekly(time.Monday, time.Sunday, "00:00-24:00"), calendar.Closed("2026-03-03", "Carnival"))
	require.NoError(t, err)
	b := meets(berlin, cab.Recurrence{On: []string{"tuesday"}, EveryWeeks: 1, At: "14:00", ClosedDays: cab.Next})
	b.Calendar = cal
	o := b.Next(friday, 1)[0]
	require.Equal(t, "2026-03-03", o.Date)
	require.True(t, o.Moved)
	require.Equal(t, tuesday.AddDate(0, 0, 1), o.Start)
}

func TestNextAlwaysEnds(t *testing.T) {
	for _, after := range []time.Time{{}, time.Unix(1<<40, 0), time.Unix(-1<<40, 0), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)} {
		b := board()
		b.Next(after, 3)
	}
	b := board()
	require.Len(t, b.Next(friday, 1<<40), cab.MaxOccurrences)
	require.Empty(t, b.Next(friday, 0))
	require.Empty(t, b.Next(friday, -1))
	e := ecab()
	require.Empty(t, e.Next(friday, 1))
	require.Empty(t, cab.Board{}.Next(friday, 1))
	b.Meets.EveryWeeks = 99
	require.Empty(t, b.Next(friday, 1))
}

// model steps through the days one by one and, for the clock, through the minutes.
type model struct {
	b        cab.Board
	loc      *time.Location
	holidays map[string]bool // nil = the board has no calendar
}

func (m model) open(d time.Time) bool {
	return m.holidays == nil || d.Weekday() != time.Saturday && d.Weekday() != time.Sunday && !m.holidays[d.Format(time.DateOnly)]
}

func (m model) meets(d time.Time) bool {
	r := m.b.Meets
	names := []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
	date := d.Format(time.DateOnly)
	if !slices.Contains(r.On, names[d.Weekday()]) || r.From != "" && date < r.From || r.Until != "" && date > r.Until {
		return false
	}
	if r.EveryWeeks > 0 {
		if r.EveryWeeks == 1 {
			return true
		}
		from, _ := time.Parse(time.DateOnly, r.From)
		weeks := 0 // step from the first date to this one, counting the Mondays
		for x := from; x.Before(d); {
			if x = x.AddDate(0, 0, 1); x.Weekday() == time.Monday {
				weeks++
			}
		}
		return weeks%r.EveryWeeks == 0
	}
	before, behind := 0, 0
	for x := d.AddDate(0, 0, -7); x.Month() == d.Month(); x = x.AddDate(0, 0, -7) {
		before++
	}
	for x := d.AddDate(0, 0, 7); x.Month() == d.Month(); x = x.AddDate(0, 0, 7) {
		behind++
	}
	return slices.Contains(r.Nth, before+1) || behind == 0 && slices.Contains(r.Nth, -1)
}

func (m model) start(d time.Time) time.Time {
	clock, _ := time.Parse("15:04", m.b.Meets.At)
	want := d.Add(time.Duration(clock.Hour())*time.Hour + time.Duration(clock.Minute())*time.Minute)
	reads := func(t time.Time) time.Time {
		_, offset := t.In(m.loc).Zone()
		return t.Add(time.Duration(offset) * time.Second)
	}
	t := want.Add(-15 * time.Hour)
	for range 60 * 30 { // the first minute at which the clock reads so
		if reads(t).Equal(want) {
			return t
		}
		t = t.Add(time.Minute)
	}
	t = want.Add(-15 * time.Hour)
	for reads(t).Before(want) { // the end of the gap
		t = t.Add(time.Minute)
	}
	last := t.Add(-time.Minute)
	return last.Add(want.Sub(reads(last)))
}

func (m model) next(after time.Time, n int) []time.Time {
	var all []time.Time
	for d := dateOf(after).AddDate(0, 0, -20); d.Before(after.AddDate(3, 0, 0)) && len(all) < n+30; d = d.AddDate(0, 0, 1) {
		held := d
		if !m.meets(d) {
			continue
		}
		step := map[cab.ClosedDays]int{cab.Next: 1, cab.Previous: -1}[m.b.Meets.ClosedDays]
		for i := 0; i <= cab.MaxMove && step != 0 && !m.open(held); i++ {
			held = held.AddDate(0, 0, step)
		}
		if !m.open(held) || held.Sub(d).Abs() > cab.MaxMove*24*time.Hour {
			continue
		}
		if t := m.start(held); t.After(after) && !slices.ContainsFunc(all, t.Equal) {
			all = append(all, t)
		}
	}
	slices.SortFunc(all, time.Time.Compare)
	return all[:min(n, len(all))]
}

func dateOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

func TestNextAgreesWithSteppingThroughTheDays(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 11))
	days := []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}
	for round := range 100 {
		zone := []string{berlin, newYork, "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo", "UTC"}[rng.IntN(6)]
		r := cab.Recurrence{At: fmt.Sprintf("%02d:%02d", []int{0, 1, 2, 3, 14, 23}[rng.IntN(6)], rng.IntN(60)),
			ClosedDays: []cab.ClosedDays{"", cab.Skip, cab.Next, cab.Previous}[rng.IntN(4)]}
		for _, i := range rng.Perm(7)[:1+rng.IntN(3)] {
			r.On = append(r.On, days[i])
		}
		first := time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rng.IntN(3000))
		if rng.IntN(2) == 0 {
			r.EveryWeeks = 1 + rng.IntN(5)
			r.From = first.Format(time.DateOnly)
		} else {
			for _, i := range rng.Perm(6)[:1+rng.IntN(3)] {
				r.Nth = append(r.Nth, []int{1, 2, 3, 4, 5, -1}[i])
			}
		}
		if rng.IntN(4) == 0 {
			r.Until = first.AddDate(0, 0, 200).Format(time.DateOnly)
		}
		m := model{b: meets(zone, r)}
		var err error
		m.loc, err = time.LoadLocation(zone)
		require.NoError(t, err)
		if rng.IntN(3) > 0 {
			m.holidays = map[string]bool{}
			opts := []calendar.Option{calendar.Weekly(time.Monday, time.Friday, "09:00-17:00")}
			block := first.AddDate(0, 0, rng.IntN(100)) // weeks on end, so that meetings are moved far
			for i := range rng.IntN(30) {
				m.holidays[block.AddDate(0, 0, i).Format(time.DateOnly)] = true
			}
			for d := range m.holidays {
				opts = append(opts, calendar.Closed(d, "closed"))
			}
			m.b.Calendar, err = calendar.New(zone, opts...)
			require.NoError(t, err)
		}
		require.NoError(t, m.b.Validate())
		after := first.Add(time.Duration(rng.IntN(90*24*60)) * time.Minute)
		want := m.next(after, 8)
		got := m.b.Next(after, 8)
		require.Len(t, got, len(want), "round %d: %v in %s, %s, after %v", round, r, zone, r.ClosedDays, after)
		for i := range want {
			require.True(t, want[i].Equal(got[i].Start), "round %d: %v in %s, %s, after %v: meeting %d: want %v, got %v", round, r, zone, r.ClosedDays, after, i, want[i], got[i])
		}
	}
}
