package calendar

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func at(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339Nano, s)
	require.NoError(t, err)
	return v
}

func TestNewNamesEveryProblem(t *testing.T) {
	_, err := New("Mars/Olympus",
		Weekly(time.Monday, 9, "09:00-17:00"),
		Weekly(time.Monday, time.Friday),
		Weekly(time.Monday, time.Friday, "9:00-17:00", "09:00-09:00", "24:00-25:00", "24:00-01:00", "09:00", "09:61-10:00"),
		Closed("2026-02-30", "no such day"),
		Closed("20226-12-25", "a typing mistake"),
		Closed("1850-12-25", "too early"),
		Override("2026-12-24", "half day", "09:00-12:00"),
		Override("2026-12-24", "other half", "13:00-17:00"),
		Break("2026-12-23", "empty"),
		Named(strings.Repeat("x", 300)))
	require.ErrorIs(t, err, ErrInvalid)
	var invalid *Error
	require.True(t, errors.As(err, &invalid))
	var got []string
	for _, p := range invalid.Problems {
		got = append(got, p.String())
	}
	assert.Equal(t, []string{
		`zone: "Mars/Olympus" is not a known IANA zone: unknown time zone Mars/Olympus`,
		`name: longer than 200 bytes`,
		`weekly Monday-%!Weekday(9): unknown day of the week`,
		`weekly Monday-Friday: needs a span such as "09:00-17:00"`,
		`weekly Monday-Friday: span "9:00-17:00" does not read like 09:00-17:00`,
		`weekly Monday-Friday: span "09:00-09:00" has equal ends; a whole day is 00:00-24:00`,
		`weekly Monday-Friday: span "24:00-25:00" does not read like 09:00-17:00`,
		`weekly Monday-Friday: span "24:00-01:00" starts at 24:00; write 00:00 of the next day`,
		`weekly Monday-Friday: span "09:00" does not read like 09:00-17:00`,
		`weekly Monday-Friday: span "09:61-10:00" does not read like 09:00-17:00`,
		`holiday 2026-02-30: not a date; write it as 2026-12-25, 12-25, easter+1 or "last monday of may"`,
		`holiday 20226-12-25: not a date; write it as 2026-12-25, 12-25, easter+1 or "last monday of may"`,
		`holiday 1850-12-25: the year must lie in 1900..2099`,
		`override 2026-12-24: 2026-12-24 is already overridden by "half day"`,
		`break 2026-12-23: a break needs a span such as "12:00-13:00"`,
	}, got)
}

func TestZoneIsRequired(t *testing.T) {
	for _, zone := range []string{"", "Local", "../etc/passwd", "Nowhere"} {
		_, err := New(zone)
		assert.ErrorIs(t, err, ErrInvalid, zone)
	}
	_, err := New("")
	assert.EqualError(t, err, `calendar "": zone: needs an IANA name such as "Europe/Berlin" or "UTC"`)
}

func TestLimits(t *testing.T) {
	many := make([]string, maxSpans+1)
	for i := range many {
		many[i] = "09:00-10:00"
	}
	_, err := New("UTC", Weekly(time.Monday, time.Monday, many...))
	assert.ErrorContains(t, err, "more than 100 spans")
	_, err = New("UTC", Weekly(time.Monday, time.Monday, many[:60]...), Weekly(time.Monday, time.Monday, many[:60]...))
	assert.ErrorContains(t, err, "more than 100 shifts on Monday")
	_, err = Compile(Definition{Zone: "UTC", Holidays: make([]Day, maxDates+1)})
	assert.ErrorContains(t, err, "more than 10000 dates")
	_, err = Compile(Definition{Zone: "UTC", Weekly: make([]Hours, maxRules+1)})
	assert.ErrorContains(t, err, "more than 1000 rules")
}

func TestWeeklyRanges(t *testing.T) {
	open := func(from, to time.Weekday) (days string) {
		c, err := New("UTC", Weekly(from, to, "12:00-13:00"))
		require.NoError(t, err)
		for d := range 7 { // 2026-11-22 is a Sunday
			if c.IsOpen(time.Date(2026, 11, 22+d, 12, 0, 0, 0, time.UTC)) {
				days += "SMTWtFs"[d : d+1]
			}
		}
		return days
	}
	assert.Equal(t, "MTWtF", open(time.Monday, time.Friday))
	assert.Equal(t, "SMFs", open(time.Friday, time.Monday), "around the week")
	assert.Equal(t, "W", open(time.Wednesday, time.Wednesday))
	assert.Equal(t, "SMTWtFs", open(time.Monday, time.Sunday))
}

func TestPrecedence(t *testing.T) {
	c, err := New("UTC", Named("desk"),
		Weekly(time.Monday, time.Friday, "09:00-12:00", "13:00-17:00", "22:00-02:00"),
		Closed("2026-11-25", "Holiday"), Closed("2026-11-25", "the second name is not used"),
		Override("2026-11-24", "Late start", "11:00-15:00"),
		Override("2026-11-25", "beaten by the holiday", "11:00-15:00"),
		Override("2026-11-28", "Working Saturday", "23:00-01:00"),
		Break("2026-11-24", "Drill", "14:00-16:00"), Break("2026-11-27", "Night move", "23:00-01:00"))
	require.NoError(t, err)
	for _, x := range []struct{ at, want string }{
		{"2026-11-23T09:00:00Z", "open: hours desk"},
		{"2026-11-23T12:00:00Z", "closed: outside desk"},
		{"2026-11-24T01:00:00Z", "open: hours desk"}, // the night shift of Monday survives the override
		{"2026-11-24T09:00:00Z", "closed: override Late start"},
		{"2026-11-24T11:00:00Z", "open: override Late start"},
		{"2026-11-24T14:00:00Z", "closed: break Drill"},
		{"2026-11-24T15:00:00Z", "closed: override Late start"}, // nothing to break
		{"2026-11-25T01:00:00Z", "closed: holiday Holiday"},
		{"2026-11-25T12:00:00Z", "closed: holiday Holiday"},
		{"2026-11-26T00:30:00Z", "closed: outside desk"}, // the override started no night shift
		{"2026-11-27T22:30:00Z", "open: hours desk"},
		{"2026-11-27T23:30:00Z", "closed: break Night move"},
		{"2026-11-28T00:30:00Z", "closed: break Night move"},
		{"2026-11-28T01:30:00Z", "open: hours desk"},
		{"2026-11-29T00:30:00Z", "open: override Working Saturday"},
	} {
		r := c.Reason(at(t, x.at))
		assert.Equal(t, x.want, r.String(), x.at)
		assert.Equal(t, c.IsOpen(at(t, x.at)), r.Open, x.at)
	}
	assert.Equal(t, "closed: outside desk", c.Reason(time.Unix(maxUnix, 0)).String())
	assert.Equal(t, "Kind(0)", Kind(0).String())
}

func TestNeverIsAnAnswer(t *testing.T) {
	c, err := New("Europe/Paris")
	require.NoError(t, err)
	now := at(t, "2026-11-23T10:00:00Z")
	never := func(_ time.Time, ok bool) { t.Helper(); assert.False(t, ok) }
	never(c.Add(now, 1))
	never(c.Add(now, -1))
	never(c.AddLate(now, 0))
	never(c.NextOpen(now))
	never(c.PrevOpen(now))
	never(c.NextOpening(now))
	never(c.NextClosing(now))
	never(c.AddDays(now, 1, false))
	never(c.AddDays(now, -1, true))
	never(c.AddDays(now, 0, true))
	for range c.Windows(now, now.AddDate(1000, 0, 0)) {
		t.Error("a window")
	}
	for range c.WindowsBack(now) {
		t.Error("a window")
	}

	always := Always()
	never(always.NextOpening(now))
	never(always.NextClosing(now))
	never(always.Add(time.Unix(maxUnix, 0), 1))
}

func TestEndsOfTime(t *testing.T) {
	c := Always()
	first, end := time.Unix(minUnix, 0), time.Unix(maxUnix, 0)
	assert.True(t, c.IsOpen(first))
	assert.False(t, c.IsOpen(first.Add(-1)))
	assert.True(t, c.IsOpen(end.Add(-1)))
	assert.False(t, c.IsOpen(end))
	assert.Equal(t, time.Duration(math.MaxInt64), c.Between(first, end), "saturates")
	assert.Equal(t, time.Duration(math.MinInt64), c.Between(end, first), "saturates")
	assert.Equal(t, time.Hour, c.Between(end.Add(-time.Hour), end.AddDate(1000, 0, 0)))
	assert.Equal(t, time.Duration(math.MaxInt64), c.Between(first, first.Add(math.MaxInt64)))
	assert.Equal(t, time.Duration(math.MinInt64), c.Between(first.Add(math.MaxInt64).Add(1), first))
	got, ok := c.Add(end, -time.Hour)
	assert.True(t, ok && got.Equal(end.Add(-time.Hour)))
	_, ok = c.Add(end.Add(-time.Hour), time.Hour+1)
	assert.False(t, ok)
	assert.Equal(t, Days(3652058), c.DaysBetween(first, end))
	zero, ok := c.NextOpen(time.Time{})
	assert.True(t, ok && zero.IsZero())
	_, ok = c.AddDays(end, -1, false)
	assert.False(t, ok, "no civil date beyond the end")
}

func TestAddDaysInGapsAndRepeats(t *testing.T) {
	c, err := New("Europe/Berlin", Weekly(time.Monday, time.Sunday, "00:00-24:00"))
	require.NoError(t, err)
	for _, x := range []struct {
		what, from string
		n          Days
		end        bool
		want       string
	}{
		{"02:30 does not exist", "2024-03-30T02:30:00+01:00", 1, false, "2024-03-31T03:30:00+02:00"},
		{"02:30 exists twice: the first", "2024-10-26T02:30:00+02:00", 1, false, "2024-10-27T02:30:00+02:00"},
		{"the fraction stays", "2024-10-26T02:30:00.123456789+02:00", -1, false, "2024-10-25T02:30:00.123456789+02:00"},
		{"the end of a day of 25 hours", "2024-10-26T12:00:00+02:00", 1, true, "2024-10-28T00:00:00+01:00"},
		{"the end of today", "2024-10-26T12:00:00+02:00", 0, true, "2024-10-27T00:00:00+02:00"},
	} {
		got, ok := c.AddDays(at(t, x.from), x.n, x.end)
		assert.True(t, ok && got.Equal(at(t, x.want)), "%s: %v", x.what, got)
	}
}

func TestResultsAreInTheCalendarsZone(t *testing.T) {
	c := berlin(t)
	got, ok := c.Add(at(t, "2026-11-23T09:00:00Z"), 0)
	assert.True(t, ok)
	assert.Equal(t, "Europe/Berlin", got.Location().String())
	assert.Equal(t, "Berlin office", c.Name())
	assert.Equal(t, "Berlin office (Europe/Berlin)", c.String())
}

func TestOptionsMayBeReused(t *testing.T) {
	spans := []string{"09:00-17:00"}
	shared := Weekly(time.Monday, time.Friday, spans...)
	spans[0] = "nonsense"
	for range 2 {
		c, err := New("UTC", shared, nil)
		require.NoError(t, err)
		require.True(t, c.IsOpen(at(t, "2026-11-23T09:00:00Z")))
	}
}

func TestDateKeepsItsPromiseWhereTheClockJumps(t *testing.T) {
	c, err := New("Europe/Berlin", Weekly(time.Monday, time.Friday, "09:00-17:00"))
	require.NoError(t, err)
	for _, test := range []struct {
		hour, minute, day int
		month             time.Month
		want              string
	}{
		{9, 0, 2, time.March, "2026-03-02T09:00:00+01:00"},
		{2, 30, 29, time.March, "2026-03-29T03:30:00+02:00"},    // left out: as far behind the gap
		{2, 30, 25, time.October, "2026-10-25T02:30:00+02:00"},  // comes twice: the first
		{24, 0, 31, time.December, "2027-01-01T00:00:00+01:00"}, // carried over
	} {
		require.Equal(t, test.want, c.Date(2026, test.month, test.day, test.hour, test.minute, 0, 0).Format(time.RFC3339))
	}
	require.Equal(t, 5, c.Date(2026, time.March, 2, 9, 0, 0, 5).Nanosecond())
}

func TestByATimeOfDay(t *testing.T) {
	hours, err := New("Europe/Berlin", Weekly(time.Monday, time.Thursday, "09:00-12:00", "13:00-17:30"),
		Weekly(time.Friday, time.Friday, "10:00-14:00"), Closed("2026-03-03", "closed"))
	require.NoError(t, err)
	for _, test := range []struct {
		from  string
		n     Days
		clock time.Duration
		want  string
	}{
		{"2026-03-04T08:00:00Z", 1, 16 * time.Hour, "2026-03-05T16:00:00+01:00"},
		{"2026-03-02T08:00:00Z", 1, 16 * time.Hour, "2026-03-04T16:00:00+01:00"}, // over the day that is closed
		{"2026-03-05T08:00:00Z", 1, 16 * time.Hour, "2026-03-06T14:00:00+01:00"}, // which closes earlier
		{"2026-03-05T08:00:00Z", 1, 9 * time.Hour, "2026-03-06T10:00:00+01:00"},  // which opens later
		{"2026-03-05T08:00:00Z", 1, 24 * time.Hour, "2026-03-06T14:00:00+01:00"},
		{"2026-03-05T08:00:00Z", 2, 12*time.Hour + 30*time.Minute, "2026-03-09T12:30:00+01:00"}, // at lunch, as agreed
		{"2026-03-26T08:00:00Z", 2, 16 * time.Hour, "2026-03-30T16:00:00+02:00"},                // the clocks have gone forward
	} {
		got, ok := hours.AddDaysBy(at(t, test.from), test.n, test.clock)
		require.True(t, ok)
		require.Equal(t, test.want, got.Format(time.RFC3339), "%s, %d days, by %v", test.from, test.n, test.clock)
	}
	for _, clock := range []time.Duration{-1, 24*time.Hour + 1} {
		_, ok := hours.AddDaysBy(at(t, "2026-03-04T08:00:00Z"), 1, clock)
		require.False(t, ok)
	}
	_, ok := hours.AddDaysBy(at(t, "2026-03-04T08:00:00Z"), 0, time.Hour)
	require.False(t, ok)
}
