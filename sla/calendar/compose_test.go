package calendar

import (
	"math/rand"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mixed is a composed calendar and what it should be, instant by instant.
type mixed struct {
	name string
	c    *Calendar
	open func(t time.Time) bool
}

func mixtures(t *testing.T, a, b, c *Calendar, change time.Time) []mixed {
	t.Helper()
	must := func(c *Calendar, err error) *Calendar {
		t.Helper()
		require.NoError(t, err)
		return c
	}
	return []mixed{
		{"union", must(Union("", a, b, c)), func(t time.Time) bool { return a.IsOpen(t) || b.IsOpen(t) || c.IsOpen(t) }},
		{"intersection", must(Intersection("", a, b)), func(t time.Time) bool { return a.IsOpen(t) && b.IsOpen(t) }},
		{"exclusion", must(Exclusion("", a, b, c)), func(t time.Time) bool { return a.IsOpen(t) && !b.IsOpen(t) && !c.IsOpen(t) }},
		{"nested", must(Exclusion("", Always(), must(Union("", a, b)))), func(t time.Time) bool { return !a.IsOpen(t) && !b.IsOpen(t) }},
		{"versions", must(Versions("", Version{From: change.AddDate(0, 0, -2), Calendar: a}, Version{From: change, Calendar: b})), func(t time.Time) bool {
			switch {
			case t.Before(change.AddDate(0, 0, -2)):
				return false
			case t.Before(change):
				return a.IsOpen(t)
			}
			return b.IsOpen(t)
		}},
	}
}

func TestComposedCalendarsAgreeWithTheirParts(t *testing.T) {
	r := rand.New(rand.NewSource(11))
	for i, z := range zonesAndTimes {
		if i%3 != 0 {
			continue
		}
		day, err := time.Parse(time.DateOnly, z.day)
		require.NoError(t, err)
		var parts []*Calendar
		for _, zone := range []string{z.zone, "UTC", zonesAndTimes[r.Intn(len(zonesAndTimes))].zone} {
			c, err := Compile(randomDefinition(r, zone, day))
			require.NoError(t, err)
			parts = append(parts, c)
		}
		change := day
		if day.Year() > lastYear {
			change = time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)
		}
		for _, m := range mixtures(t, parts[0], parts[1], parts[2], change) {
			t.Run(z.zone+" "+z.day+" "+m.name, func(t *testing.T) { m.check(t, day) })
		}
	}
}

// check steps through six days, as the twin of a plain calendar does.
func (m mixed) check(t *testing.T, day time.Time) {
	w := &twin{loc: m.c.loc, from: day.AddDate(0, 0, -3), open: make([]bool, 6*24*60)}
	for i := range w.open {
		w.open[i] = m.open(w.at(i))
	}
	r := rand.New(rand.NewSource(5))
	w.check(t, m.c, r)
	w.checkDays(t, m.c, r)
}

func TestComposingNeedsCalendars(t *testing.T) {
	for _, f := range []func() (*Calendar, error){
		func() (*Calendar, error) { return Union("") },
		func() (*Calendar, error) { return Union("", nil) },
		func() (*Calendar, error) { return Intersection("", Always(), nil) },
		func() (*Calendar, error) { return Exclusion("", nil) },
		func() (*Calendar, error) { return Exclusion("", Always(), new(Calendar)) },
		func() (*Calendar, error) { return Versions("") },
		func() (*Calendar, error) { return Versions("", Version{}) },
	} {
		_, err := f()
		assert.ErrorIs(t, err, ErrInvalid)
	}
	from := at(t, "2026-01-01T00:00:00Z")
	_, err := Versions("hours", Version{From: from.Add(1), Calendar: Always()}, Version{From: from, Calendar: Always()}, Version{Calendar: Always()})
	assert.EqualError(t, err, `calendar "hours":
	version 2026-01-01T00:00:00.000000001Z: must begin on a whole second
	version 2026-01-01T00:00:00Z: must begin after the version before it
	version 0001-01-01T00:00:00Z: the year must lie in 1900..2099
	version 0001-01-01T00:00:00Z: must begin after the version before it`)
}

func TestANewVersionLeavesThePastAsItWas(t *testing.T) {
	office, night := berlin(t), calendars(t)["nights"]
	change := at(t, "2027-01-01T00:00:00Z")
	old, err := Versions("hours", Version{Calendar: office})
	require.NoError(t, err)
	edited, err := Versions("hours", Version{Calendar: office}, Version{From: change, Calendar: night})
	require.NoError(t, err)
	r := rand.New(rand.NewSource(2))
	for range 300 {
		a, b := change.Add(-time.Duration(r.Int63n(1e17))), change.Add(-time.Duration(r.Int63n(1e17)))
		require.Equal(t, old.Between(a, b), edited.Between(a, b))
		require.Equal(t, old.Reason(a), edited.Reason(a))
		require.Equal(t, old.DaysBetween(a, b), edited.DaysBetween(a, b))
		c := change.Add(time.Duration(r.Int63n(1e17)))
		require.Equal(t, office.Between(a, change)+night.Between(change, c), edited.Between(a, c))
	}
	assert.Same(t, office, edited.Effective(change.Add(-1)))
	assert.Same(t, night, edited.Effective(change))
	assert.Same(t, office, office.Effective(change))
	assert.Equal(t, "Europe/Berlin", edited.loc.String(), "the zone of the first")

	late, err := Versions("hours", Version{From: change, Calendar: office})
	require.NoError(t, err)
	assert.Nil(t, late.Effective(change.Add(-1)))
	assert.Equal(t, "closed: outside hours", late.Reason(change.Add(-1)).String())
}

func TestComposedReasons(t *testing.T) {
	day, err := New("UTC", Named("day"), Weekly(time.Monday, time.Friday, "08:00-18:00"), Closed("2026-12-25", "Christmas Day"))
	require.NoError(t, err)
	late, err := New("UTC", Named("late"), Weekly(time.Monday, time.Friday, "16:00-24:00"))
	require.NoError(t, err)
	either, err := Union("either", day, late)
	require.NoError(t, err)
	both, err := Intersection("both", day, late)
	require.NoError(t, err)
	only, err := Exclusion("only", day, late)
	require.NoError(t, err)
	for _, x := range []struct {
		c        *Calendar
		at, want string
	}{
		{either, "2026-11-23T17:00:00Z", "open: hours day"},
		{either, "2026-11-23T20:00:00Z", "open: hours late"},
		{either, "2026-11-23T02:00:00Z", "closed: outside day"},
		{either, "2026-12-25T12:00:00Z", "closed: holiday Christmas Day"},
		{both, "2026-11-23T17:00:00Z", "open: hours day"},
		{both, "2026-11-23T20:00:00Z", "closed: outside day"},
		{only, "2026-11-23T15:00:00Z", "open: hours day"},
		{only, "2026-11-23T17:00:00Z", "closed: excluded late"},
	} {
		assert.Equal(t, x.want, x.c.Reason(at(t, x.at)).String(), x.at)
	}
	assert.Equal(t, Definition{Name: "both", Zone: "UTC"}, both.Definition())
	never, err := Exclusion("never", day, Always())
	require.NoError(t, err)
	assert.Equal(t, []Problem{{"calendar", "never opens"}}, never.Lint())
}

// Hours that float are the same readings on every zone's clock, however they are
// put together.
func TestHoursThatFloat(t *testing.T) {
	change := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	build := func(zone string) []mixed {
		day, err := New(zone, Named("day"), Weekly(time.Monday, time.Friday, "09:00-17:00"), Closed("2026-12-25", "Christmas Day"))
		require.NoError(t, err)
		night, err := New(zone, Named("night"), Weekly(time.Sunday, time.Saturday, "20:00-02:00"))
		require.NoError(t, err)
		lunch, err := New(zone, Named("lunch"), Weekly(time.Sunday, time.Saturday, "12:00-13:00"))
		require.NoError(t, err)
		return append(mixtures(t, day, night, lunch, change), mixed{name: "plain", c: day})
	}
	seoul := build("Asia/Seoul")
	for i, m := range build("Europe/Berlin") {
		moved, err := m.c.In("Asia/Seoul")
		require.NoError(t, err)
		for day := range 400 {
			at := time.Date(2026, 1, 1, day%24, 0, 0, 0, time.UTC).AddDate(0, 0, day)
			require.Equal(t, seoul[i].c.IsOpen(at), moved.IsOpen(at), "%s at %v", m.name, at)
		}
		_, err = m.c.In("Nowhere/Land")
		require.ErrorIs(t, err, ErrInvalid, m.name)
	}
}
