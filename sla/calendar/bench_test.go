package calendar

import (
	"fmt"
	"math/rand"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// berlin is an office with a lunch break and the national holidays of Germany,
// 2023 to 2036.
func berlin(tb testing.TB) *Calendar {
	tb.Helper()
	c, err := New("Europe/Berlin", berlinOptions()...)
	require.NoError(tb, err)
	return c
}

func berlinOptions() []Option {
	opts := []Option{
		Named("Berlin office"),
		Weekly(time.Monday, time.Friday, "09:00-12:00", "13:00-17:30"),
	}
	easter := map[int]string{2023: "04-09", 2024: "03-31", 2025: "04-20", 2026: "04-05", 2027: "03-28", 2028: "04-16",
		2029: "04-01", 2030: "04-21", 2031: "04-13", 2032: "03-28", 2033: "04-17", 2034: "04-09", 2035: "03-25", 2036: "04-13"}
	for year := 2023; year <= 2036; year++ {
		for _, d := range []string{"01-01", "05-01", "10-03", "12-25", "12-26"} {
			opts = append(opts, Closed(fmt.Sprintf("%d-%s", year, d), "fixed"))
		}
		sunday, _ := time.Parse(time.DateOnly, fmt.Sprintf("%d-%s", year, easter[year]))
		for _, offset := range []int{-2, 1, 39, 50} {
			opts = append(opts, Closed(sunday.AddDate(0, 0, offset).Format(time.DateOnly), "moving"))
		}
	}
	return opts
}

// starts are seeded instants, to the minute, in 2024 to 2027.
func starts(years int) []time.Time {
	r := rand.New(rand.NewSource(1))
	list := make([]time.Time, 1024)
	from := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	minutes := int(from.AddDate(years, 0, 0).Sub(from) / time.Minute)
	for i := range list {
		list[i] = from.Add(time.Duration(r.Intn(minutes)) * time.Minute)
	}
	return list
}

func BenchmarkBetween(b *testing.B) {
	c := berlin(b)
	for _, days := range []int{1, 30, 365, 3653} {
		b.Run(fmt.Sprintf("%dd", days), func(b *testing.B) {
			years := 4
			if days > 365 {
				years = 1
			}
			list := starts(years)
			span := time.Duration(days) * 24 * time.Hour
			var sink time.Duration
			b.ReportAllocs()
			for i := 0; i < b.N; i++ {
				t := list[i&1023]
				sink += c.Between(t, t.Add(span))
			}
			_ = sink
		})
	}
	b.Run("year 2400", func(b *testing.B) {
		from := time.Date(2400, 5, 6, 7, 8, 9, 0, time.UTC)
		to := from.AddDate(1, 0, 0)
		c.Between(from, to)
		b.ReportAllocs()
		for i := 0; i < b.N; i++ {
			c.Between(from, to)
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	c := berlin(b)
	list := starts(4)
	for _, hours := range []int{4, 40, 2000} {
		b.Run(fmt.Sprintf("%dh", hours), func(b *testing.B) {
			d := time.Duration(hours) * time.Hour
			var sink int64
			b.ReportAllocs()
			for i := 0; i < b.N; i++ {
				t, _ := c.Add(list[i&1023], d)
				sink += int64(t.Nanosecond())
			}
			_ = sink
		})
	}
}

func BenchmarkIsOpen(b *testing.B) {
	c := berlin(b)
	list := starts(4)
	b.ReportAllocs()
	for i := 0; i < b.N; i++ {
		c.IsOpen(list[i&1023])
	}
}

func BenchmarkAddDays(b *testing.B) {
	c := berlin(b)
	list := starts(4)
	b.ReportAllocs()
	for i := 0; i < b.N; i++ {
		c.AddDays(list[i&1023], 10, true)
	}
}

func BenchmarkNextClosing(b *testing.B) {
	c := berlin(b)
	list := starts(4)
	b.ReportAllocs()
	for i := 0; i < b.N; i++ {
		c.NextClosing(list[i&1023])
	}
}

func BenchmarkWindowsYear(b *testing.B) {
	c := berlin(b)
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	b.ReportAllocs()
	for i := 0; i < b.N; i++ {
		for range c.Windows(from, from.AddDate(1, 0, 0)) {
		}
	}
}

func BenchmarkNew(b *testing.B) {
	yearly := berlinOptions()[:2]
	for _, d := range []string{"01-01", "05-01", "10-03", "12-25", "12-26", "easter-2", "easter+1", "easter+39", "easter+50"} {
		yearly = append(yearly, Closed(d, d))
	}
	for name, opts := range map[string][]Option{"week": berlinOptions()[:2], "14 years of holidays": berlinOptions(), "yearly holidays": yearly} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; i < b.N; i++ {
				if _, err := New("Europe/Berlin", opts...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("Always", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; i < b.N; i++ {
			Always()
		}
	})
	b.Run("LoadLocation alone", func(b *testing.B) {
		for i := 0; i < b.N; i++ {
			_, _ = time.LoadLocation("Europe/Berlin")
		}
	})
}

func BenchmarkComposed(b *testing.B) {
	both, err := Intersection("", berlin(b), Always())
	require.NoError(b, err)
	list := starts(4)
	b.Run("Between", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; i < b.N; i++ {
			t := list[i&1023]
			both.Between(t, t.Add(365*24*time.Hour))
		}
	})
	b.Run("Intersection", func(b *testing.B) {
		x, y := berlin(b), Always()
		b.ReportAllocs()
		for i := 0; i < b.N; i++ {
			if _, err := Intersection("", x, y); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("first far answer", func(b *testing.B) {
		x, y := berlin(b), Always()
		for i := 0; i < b.N; i++ {
			c, _ := Intersection("", x, y)
			c.IsOpen(time.Date(2500, 1, 1, 0, 0, 0, 0, time.UTC))
		}
	})
}
