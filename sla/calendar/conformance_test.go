package calendar

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/stretchr/testify/require"
)

// conformanceCase is one line of testdata/business-time.jsonl; cases of the
// operation "sla" are run by the package above.
type conformanceCase struct {
	ID       string
	Op       string
	Calendar struct {
		TZ       string
		Weekly   map[string][][2]string
		Holidays []string
		Shifts   map[string][][2]string
		Breaks   map[string][][2]string
	}
	Start    time.Time
	End      time.Time
	Seconds  float64 `json:"business_seconds"`
	Days     Days
	EndOfDay bool `json:"end_of_day"`
	Count    int
	Local    string
	Want     answer
	WantLate *answer `json:"want_late"`
}

type answer struct {
	At       *time.Time
	Seconds  float64 `json:"business_seconds"`
	Open     bool
	Segments []struct{ Open, Close time.Time }
}

func (c *conformanceCase) calendar(t *testing.T) *Calendar {
	t.Helper()
	spans := func(list [][2]string) (out []string) {
		for _, s := range list {
			out = append(out, s[0]+"-"+s[1])
		}
		return out
	}
	var opts []Option
	for i, day := range []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} {
		if list := c.Calendar.Weekly[day]; len(list) > 0 {
			opts = append(opts, Weekly(time.Weekday(i), time.Weekday(i), spans(list)...))
		}
	}
	for _, date := range c.Calendar.Holidays {
		opts = append(opts, Closed(date, ""))
	}
	for date, list := range c.Calendar.Shifts {
		opts = append(opts, Override(date, "", spans(list)...))
	}
	for date, list := range c.Calendar.Breaks {
		opts = append(opts, Break(date, "", spans(list)...))
	}
	cal, err := New(c.Calendar.TZ, opts...)
	require.NoError(t, err)
	return cal
}

func TestConformance(t *testing.T) {
	f, err := os.Open("testdata/business-time.jsonl")
	require.NoError(t, err)
	defer f.Close()
	run := 0
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c conformanceCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			var op struct{ Op string }
			require.NoError(t, json.Unmarshal(lines.Bytes(), &op))
			require.Equal(t, "sla", op.Op, "%v: %s", err, lines.Text())
		}
		if c.Op == "sla" {
			continue
		}
		run++
		t.Run(c.ID, func(t *testing.T) { c.check(t) })
	}
	require.NoError(t, lines.Err())
	require.Equal(t, 477, run)
}

func (c *conformanceCase) check(t *testing.T) {
	cal := c.calendar(t)
	d := time.Duration(math.Round(c.Seconds * 1e9))
	switch c.Op {
	case "add":
		wantTime(t, c.Want.At)(cal.Add(c.Start, d))
		if c.WantLate != nil {
			wantTime(t, c.WantLate.At)(cal.AddLate(c.Start, d))
		}
	case "sub":
		wantTime(t, c.Want.At)(cal.Add(c.Start, -d))
		switch {
		case c.WantLate == nil:
		case d == 0: // zero has no direction: the far end backwards is PrevOpen
			wantTime(t, c.WantLate.At)(cal.PrevOpen(c.Start))
		default:
			wantTime(t, c.WantLate.At)(cal.AddLate(c.Start, -d))
		}
	case "between":
		require.Equal(t, time.Duration(math.Round(c.Want.Seconds*1e9)), cal.Between(c.Start, c.End))
	case "is_open":
		require.Equal(t, c.Want.Open, cal.IsOpen(c.Start))
		require.Equal(t, c.Want.Open, cal.Reason(c.Start).Open)
	case "next_open":
		wantTime(t, c.Want.At)(cal.NextOpen(c.Start))
	case "prev_open":
		wantTime(t, c.Want.At)(cal.PrevOpen(c.Start))
	case "next_open_edge":
		wantTime(t, c.Want.At)(cal.NextOpening(c.Start))
	case "next_close":
		wantTime(t, c.Want.At)(cal.NextClosing(c.Start))
	case "add_days":
		wantTime(t, c.Want.At)(cal.AddDays(c.Start, c.Days, c.EndOfDay))
	case "segments":
		c.wantSegments(t, slices.Collect(func(yield func(Window) bool) {
			n := 0
			for w := range cal.Windows(c.Start, c.Start.AddDate(100, 0, 0)) {
				if n++; n > c.Count || !yield(w) {
					return
				}
			}
		}))
	case "segments_back":
		c.wantSegments(t, slices.Collect(func(yield func(Window) bool) {
			n := 0
			for w := range cal.WindowsBack(c.Start) {
				if n++; n > c.Count || !yield(w) {
					return
				}
			}
		}))
	case "resolve":
		date, clock, _ := strings.Cut(c.Local, "T")
		local, err := time.Parse(time.DateOnly, date)
		require.NoError(t, err)
		sec, rest, ok := parseClock(clock)
		require.True(t, ok && rest == "", clock)
		local = local.Add(time.Duration(sec) * time.Second)
		require.Equal(t, c.Want.At.Unix(), cal.resolve(local.Unix()))
	default:
		t.Fatalf("unknown operation %q", c.Op)
	}
}

func (c *conformanceCase) wantSegments(t *testing.T, got []Window) {
	t.Helper()
	require.Len(t, got, len(c.Want.Segments))
	for i, s := range c.Want.Segments {
		require.True(t, s.Open.Equal(got[i].Open) && s.Close.Equal(got[i].Close), "%d: want %v, got %v", i, s, got[i])
	}
}

// wantTime compares instants; nil is never.
func wantTime(t *testing.T, want *time.Time) func(time.Time, bool) {
	t.Helper()
	return func(got time.Time, ok bool) {
		t.Helper()
		if want == nil {
			require.False(t, ok, "got %v, want never", got)
			return
		}
		require.True(t, ok, "never, want %v", want)
		require.True(t, want.Equal(got), "want %v, got %v", want, got)
	}
}
