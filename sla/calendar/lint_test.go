package calendar

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLint(t *testing.T) {
	week := Weekly(time.Monday, time.Friday, "09:00-17:00")
	for _, x := range []struct {
		what string
		opts []Option
		want []string
	}{
		{"nothing to say", []Option{week, Closed("2026-12-25", "Friday"), Closed("12-26", ""), Break("2026-11-23", "", "12:00-13:00")}, nil},
		{"no hours", nil, []string{"calendar: never opens"}},
		{"hours that a holiday takes away", []Option{Override("2026-12-25", "", "09:00-12:00"), Closed("2026-12-25", "")},
			[]string{"calendar: never opens", "override 2026-12-25: the date is a holiday, which closes what the override opens"}},
		{"23:59", []Option{Weekly(time.Monday, time.Sunday, "00:00-23:59"), Override("2026-12-24", "", "12:00-23:59:59")}, []string{
			"weekly Monday-Sunday: span 00:00-23:59 loses 1m0s before midnight; write 24:00",
			"override 2026-12-24: span 12:00-23:59:59 loses 1s before midnight; write 24:00"}},
		{"overlaps", []Option{week, Weekly(time.Friday, time.Friday, "16:00-24:00", "22:00-08:00"), Weekly(time.Saturday, time.Saturday, "07:30:30-09:00"),
			Override("2026-12-24", "", "09:00-12:00", "11:00-13:00", "13:00-14:00")}, []string{
			"weekly Friday: shifts 09:00-17:00 and 16:00-24:00 overlap",
			"weekly Friday: shifts 16:00-24:00 and 22:00-08:00 overlap",
			"weekly Friday: shift 22:00-08:00 overlaps 07:30:30-09:00 of the next day",
			"override 2026-12-24: shifts 09:00-12:00 and 11:00-13:00 overlap"}},
		{"holidays without effect", []Option{week, Closed("2026-12-26", ""), Closed("2026-12-25", ""), Closed("2026-12-25", "")}, []string{
			"holiday 2026-12-26: Saturday 2026-12-26 is closed anyway",
			"holiday 2026-12-25: is listed twice"}},
		{"a night shift makes Saturday worth closing", []Option{Weekly(time.Friday, time.Friday, "22:00-06:00"), Closed("2026-12-26", "")}, nil},
		{"breaks without effect", []Option{week, Closed("2026-12-25", ""), Break("2026-11-23", "", "17:00-18:00", "16:00-18:00"), Break("2026-12-25", "", "12:00-13:00")}, []string{
			"break 2026-11-23: 17:00-18:00 is closed anyway",
			"break 2026-12-25: 12:00-13:00 is closed anyway"}},
		{"a break past midnight", []Option{Weekly(time.Tuesday, time.Tuesday, "00:00-06:00"), Break("2026-11-23", "", "22:00-01:00")}, nil},
	} {
		c, err := New("UTC", x.opts...)
		require.NoError(t, err, x.what)
		var got []string
		for _, p := range c.Lint() {
			got = append(got, p.String())
		}
		assert.Equal(t, x.want, got, x.what)
	}
	assert.Empty(t, Always().Lint())
}
