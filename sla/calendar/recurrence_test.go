package calendar

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestYearlyDates(t *testing.T) {
	for _, x := range []struct {
		rule string
		want string // the dates in 2020 to 2028
	}{
		{"2026-12-25", "2026-12-25"},
		{"12-25 from 2026 until 2028", "2026-12-25 2027-12-25 2028-12-25"},
		{"02-29", "2020-02-29 2024-02-29 2028-02-29"},
		{"easter-2 from 2024 until 2027", "2024-03-29 2025-04-18 2026-04-03 2027-03-26"},
		{"easter from 2019 until 2022", "2020-04-12 2021-04-04 2022-04-17"},
		{"orthodox easter from 2023 until 2026", "2023-04-16 2024-05-05 2025-04-20 2026-04-12"},
		{"orthodox easter +1 until 2021", "2020-04-20 2021-05-03"},
		{"2nd monday of oct from 2027", "2027-10-11 2028-10-09"},
		{"3rd mon of january from 2027", "2027-01-18 2028-01-17"},
		{"last monday of may from 2026", "2026-05-25 2027-05-31 2028-05-29"},
		{"1st mon of september from 2026", "2026-09-07 2027-09-06 2028-09-04"},
		{"4th thursday of november+1 from 2026", "2026-11-27 2027-11-26 2028-11-24"},
		{"monday on or before 05-24 from 2026", "2026-05-18 2027-05-24 2028-05-22"},
		{"saturday on or after 06-20 from 2026", "2026-06-20 2027-06-26 2028-06-24"},
	} {
		r, err := parseDate(x.rule)
		require.NoError(t, err, x.rule)
		var got []string
		r.each(func(day int64) {
			if s := dateString(day); s >= "2020" && s < "2029" {
				got = append(got, s)
			}
		})
		assert.Equal(t, x.want, strings.Join(got, " "), x.rule)
	}
}

func TestDatesThatDoNotRead(t *testing.T) {
	for _, s := range []string{"", "-", "+1", "13-01", "02-30", "easter+", "easter+999", "easter + 1", "5th monday of may",
		"last moonday of may", "last monday of", "last  monday of may", "12-25 or else", "12-25 from 1066", "12-25 until",
		"12-25 from 2030 until 2020", "12-25 until 2030 from 2020", "monday on or about 05-24", "2026-12-25 from 2020",
		"12-25 or nearest weekday or next weekday", strings.Repeat("easter", 100)} {
		_, err := New("UTC", Closed(s, ""))
		assert.ErrorIs(t, err, ErrInvalid, s)
	}
}

// Gregorian Easter recurs every 5,700,000 years; its extremes and a few years
// from almanacs are enough to catch a slip.
func TestEaster(t *testing.T) {
	for _, want := range []string{"1900-04-15", "1913-03-23", "1943-04-25", "1954-04-18", "2000-04-23", "2008-03-23", "2038-04-25", "2099-04-12"} {
		d, err := time.Parse(time.DateOnly, want)
		require.NoError(t, err)
		assert.Equal(t, want, dateString(easter(d.Year())))
	}
	for year := firstYear; year <= lastYear; year++ {
		for _, day := range []int64{easter(year), orthodoxEaster(year)} {
			assert.Equal(t, time.Sunday, weekdayOf(day))
		}
		assert.GreaterOrEqual(t, orthodoxEaster(year), easter(year))
	}
}

func TestObservedHolidays(t *testing.T) {
	c, err := New("Europe/London", Weekly(time.Monday, time.Sunday, "00:00-24:00"),
		Closed("12-25 or next weekday", "Christmas Day"), Closed("12-26 or next weekday", "Boxing Day"),
		Closed("07-04 or nearest weekday", "Fourth"))
	require.NoError(t, err)
	closed := func(from string, days int) (list []string) {
		for d := range days {
			noon := at(t, from+"T12:00:00Z").AddDate(0, 0, d)
			if r := c.Reason(noon); !r.Open {
				list = append(list, noon.Format("Mon 02 ")+r.Name)
			}
		}
		return list
	}
	assert.Equal(t, []string{"Sat 25 Christmas Day", "Sun 26 Boxing Day", "Mon 27 Christmas Day (observed)", "Tue 28 Boxing Day (observed)"},
		closed("2021-12-24", 7))
	assert.Equal(t, []string{"Sun 25 Christmas Day", "Mon 26 Boxing Day", "Tue 27 Christmas Day (observed)"},
		closed("2022-12-24", 7), "Monday is taken")
	assert.Equal(t, []string{"Fri 25 Christmas Day", "Sat 26 Boxing Day", "Mon 28 Boxing Day (observed)"},
		closed("2026-12-24", 7))
	assert.Equal(t, []string{"Fri 03 Fourth (observed)", "Sat 04 Fourth"}, closed("2026-07-01", 7))
	assert.Equal(t, []string{"Sun 04 Fourth", "Mon 05 Fourth (observed)"}, closed("2027-07-01", 7))
}

func TestOneDateBeatsAYearlyOverride(t *testing.T) {
	for _, order := range [][]Option{
		{Override("12-24", "every year", "09:00-12:00"), Override("2026-12-24", "this year")},
		{Override("2026-12-24", "this year"), Override("12-24", "every year", "09:00-12:00")},
	} {
		c, err := New("UTC", order...)
		require.NoError(t, err)
		assert.Equal(t, "closed: override this year", c.Reason(at(t, "2026-12-24T10:00:00Z")).String())
		assert.Equal(t, "open: override every year", c.Reason(at(t, "2027-12-24T10:00:00Z")).String())
	}
	_, err := New("UTC", Override("12-24", "one"), Override("12-24 from 2026", "two"))
	assert.EqualError(t, err, `calendar "UTC": override 12-24 from 2026: 2026-12-24 is already overridden by "one"`)
	_, err = New("UTC", Override("12-24 or next weekday", ""))
	assert.ErrorContains(t, err, "only holidays move")
}

func TestYearlyRulesEqualTheirDates(t *testing.T) {
	yearly, err := New("Europe/Berlin", Weekly(time.Monday, time.Friday, "09:00-17:00"),
		Closed("easter+1 from 2023 until 2036", ""), Closed("12-25 from 2023 until 2036", ""))
	require.NoError(t, err)
	opts := []Option{Weekly(time.Monday, time.Friday, "09:00-17:00")}
	for year := 2023; year <= 2036; year++ {
		opts = append(opts, Closed(dateString(easter(year)+1), ""))
		opts = append(opts, Closed(time.Date(year, 12, 25, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), ""))
	}
	dated, err := New("Europe/Berlin", opts...)
	require.NoError(t, err)
	from := at(t, "2020-01-01T00:00:00Z")
	for d := range 20 * 52 {
		to := from.AddDate(0, 0, 7*d)
		require.Equal(t, dated.Between(from, to), yearly.Between(from, to))
	}
}
