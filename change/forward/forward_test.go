package forward_test

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/change/forward"
	"github.com/itsm-go/itsm/change/schedule"
	"github.com/itsm-go/itsm/sla/calendar"
)

var update = flag.Bool("update", false, "write the golden files anew")

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	require.NoError(t, err)
	return z
}

// week is the one in which the clocks go forward in Berlin.
func week(t testing.TB) (from, to time.Time) {
	berlin := zone(t, "Europe/Berlin")
	return time.Date(2026, 3, 23, 0, 0, 0, 0, berlin), time.Date(2026, 3, 30, 0, 0, 0, 0, berlin)
}

func hours(t testing.TB, from, to time.Weekday, spans ...string) *calendar.Calendar {
	t.Helper()
	c, err := calendar.New("Europe/Berlin", calendar.Weekly(from, to, spans...))
	require.NoError(t, err)
	return c
}

func windows(t testing.TB) []schedule.Window {
	return []schedule.Window{
		{Name: "Weekend nights", Kind: schedule.Maintenance, Hours: hours(t, time.Saturday, time.Sunday, "01:00-06:00"), Scope: schedule.Scope{Everything: true}},
		{Name: "Quarter end", Kind: schedule.Blackout, Hours: hours(t, time.Wednesday, time.Thursday, "00:00-24:00"), Scope: schedule.Scope{Services: []string{"Ledger"}}},
	}
}

// entry is a valid change at a time.
func entry(id string, start, end time.Time) forward.Entry {
	return forward.Entry{ID: id, Title: "Patch", Type: forward.Normal, Status: forward.Approved, Start: start, End: end}
}

// sample is a week with something of everything.
func sample(t testing.TB) forward.View {
	from, to := week(t)
	occurrences, err := forward.Occurrences(windows(t), from, to)
	require.NoError(t, err)
	at := func(day, hour int) time.Time { return from.AddDate(0, 0, day).Add(time.Duration(hour) * time.Hour) }
	return forward.View{Title: "Shop & Ledger", From: from, To: to, Zone: from.Location(), By: forward.ByService, Windows: occurrences, Entries: []forward.Entry{
		{ID: "CHG0000041", Title: "Upgrade database <cluster>", Type: forward.Normal, Status: forward.Approved, State: "scheduled", Risk: "high", Start: at(1, 20), End: at(3, 2), Services: []string{"Ledger", "Shop"}, Items: []string{"db-01"}, Team: "Databases", Conflicts: []string{"inside_blackout: Quarter end", "service_busy: Shop, with CHG0000042"}},
		{ID: "CHG0000042", Title: "Patch web servers", Type: forward.Standard, Status: forward.Approved, State: "scheduled", Risk: "low", Start: at(1, 22), End: at(2, 1), Services: []string{"Shop"}, Team: "Web"},
		{ID: "CHG0000043", Title: "Replace core switch", Type: forward.Emergency, Status: forward.Proposed, State: "authorize", Risk: "high", Start: at(-1, 20), End: at(0, 4), Team: "Network"},
		{ID: "CHG0000044", Title: "Move archive", Type: forward.Normal, Status: forward.Cancelled, State: "cancelled", Start: at(6, 12), End: at(9, 0), Services: []string{"Ledger"}},
		{ID: "CHG0000045", Title: "Rotate certificates", Type: forward.Standard, Status: forward.Approved, State: "scheduled", Start: at(6, 1), End: at(6, 1).Add(5 * time.Minute), Services: []string{"Shop"}},
		{ID: "CHG0000046", Title: "Next week", Type: forward.Normal, Status: forward.Proposed, State: "new", Start: at(8, 1), End: at(8, 2), Services: []string{"Shop"}},
	}}
}

func arrange(t testing.TB, v forward.View) *forward.Schedule {
	t.Helper()
	s, err := forward.New(v)
	require.NoError(t, err)
	return s
}

func written(t testing.TB, write func(io.Writer) error) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, write(&b))
	return b.String()
}

func ids(entries []forward.Entry) (list []string) {
	for _, e := range entries {
		list = append(list, e.ID)
	}
	return list
}

func TestWhatIsWrittenForPeople(t *testing.T) {
	s := arrange(t, sample(t))
	for name, write := range map[string]func(io.Writer) error{"week.svg": s.SVG, "week.html": s.HTML, "week.txt": s.Text} {
		file, got := filepath.Join("testdata", name), written(t, write)
		if *update {
			require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, string(want), got, name)
	}
}

func TestLanes(t *testing.T) {
	for _, c := range []struct {
		by   forward.Grouping
		want []string // names and changes; the lane of the rest has no name
	}{
		{forward.Together, []string{": 43 41 42 45 44"}},
		{forward.ByService, []string{"Ledger: 41 44", "Shop: 41 42 45", ": 43"}},
		{forward.ByTeam, []string{"Databases: 41", "Network: 43", "Web: 42", ": 45 44"}},
		{forward.ByItem, []string{"db-01: 41", ": 43 42 45 44"}},
		{forward.ByType, []string{"emergency: 43", "normal: 41 44", "standard: 42 45"}},
	} {
		v := sample(t)
		v.By = c.by
		var got []string
		for _, l := range arrange(t, v).Lanes() {
			text := l.Name + ":"
			require.Equal(t, l.Name == "", l.Rest)
			for _, e := range l.Entries {
				text += " " + strings.TrimPrefix(e.ID, "CHG00000")
			}
			got = append(got, text)
		}
		require.Equal(t, c.want, got, "by %q", c.by)
	}
}

func TestALaneHasTheWindowsThatAreForAllOfIt(t *testing.T) {
	count := func(l forward.Lane) string {
		text := l.Name + ":"
		for _, w := range l.Windows {
			text += " " + w.Name
		}
		return text
	}
	var got []string
	for _, l := range arrange(t, sample(t)).Lanes() {
		got = append(got, count(l))
	}
	require.Equal(t, []string{"Ledger: Quarter end Weekend nights Weekend nights", "Shop: Weekend nights Weekend nights", ": Weekend nights Weekend nights"}, got)
}

func TestFilters(t *testing.T) {
	for _, c := range []struct {
		name string
		only forward.Filter
		want string
	}{
		{"nothing said", forward.Filter{}, "43 41 42 45 44"},
		{"types", forward.Filter{Types: []forward.Type{forward.Standard, forward.Emergency}}, "43 42 45"},
		{"statuses", forward.Filter{Statuses: []forward.Status{forward.Cancelled}}, "44"},
		{"risks", forward.Filter{Risks: []string{"high"}}, "43 41"},
		{"states", forward.Filter{States: []string{"authorize", "cancelled"}}, "43 44"},
		{"services", forward.Filter{Services: []string{"Ledger"}}, "41 44"},
		{"items", forward.Filter{Items: []string{"db-01", "db-02"}}, "41"},
		{"teams", forward.Filter{Teams: []string{"Web", ""}}, "42 45 44"},
		{"conflicts", forward.Filter{Conflicts: true}, "41"},
		{"all of them together", forward.Filter{Risks: []string{"high"}, Services: []string{"Shop"}}, "41"},
		{"nothing left", forward.Filter{Services: []string{"Mail"}}, ""},
	} {
		v := sample(t)
		v.Only = c.only
		got := strings.ReplaceAll(strings.Join(ids(arrange(t, v).Entries()), " "), "CHG00000", "")
		require.Equal(t, c.want, got, c.name)
	}
}

func TestWhatIsOutsideIsTold(t *testing.T) {
	from, to := week(t)
	v := forward.View{From: from, To: to, Entries: []forward.Entry{
		entry("ends at the start", from.Add(-time.Hour), from),
		entry("ends after it", from.Add(-time.Hour), from.Add(time.Nanosecond)),
		entry("begins before the end", to.Add(-time.Nanosecond), to.Add(time.Hour)),
		entry("begins at the end", to, to.Add(time.Hour)),
	}}
	s := arrange(t, v)
	require.Equal(t, []string{"ends after it", "begins before the end"}, ids(s.Entries()))
	require.Equal(t, []string{"ends at the start", "begins at the end"}, ids(s.Outside()))
	require.Contains(t, written(t, s.Text), "2 changes, 0 in conflict, 2 more outside of this time")
}

func TestOccurrencesHaveTheirRealTimes(t *testing.T) {
	from := time.Date(2026, 3, 26, 12, 0, 0, 0, time.UTC) // in the middle of the freeze
	list := windows(t)
	list[0].Until = time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC) // 03:30 in summer time
	got, err := forward.Occurrences(list, from, from.AddDate(0, 0, 7))
	require.NoError(t, err)
	var text []string
	for _, w := range got {
		text = append(text, fmt.Sprintf("%s %s %s", w.Name, w.Start.Format("02T15:04"), w.End.Format("02T15:04")))
	}
	require.Equal(t, []string{"Quarter end 24T23:00 26T23:00", "Weekend nights 28T00:00 28T05:00", "Weekend nights 29T00:00 29T01:30", "Quarter end 31T22:00 02T22:00"}, text)
}

func TestOccurrencesOfWhatNeverClosesAreCut(t *testing.T) {
	from := time.Date(2026, 3, 26, 12, 0, 0, 0, time.UTC)
	got, err := forward.Occurrences([]schedule.Window{{Name: "always", Kind: schedule.Maintenance, Hours: calendar.Always(), Scope: schedule.Scope{Everything: true}}}, from, from.Add(time.Hour))
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.Equal(t, 2*366*24*time.Hour+time.Hour, got[0].End.Sub(got[0].Start))
}

func TestErrorsTellEverything(t *testing.T) {
	from, to := week(t)
	bad := forward.Entry{Title: "x", Type: "odd", Start: to, End: from, Services: []string{""}, Revision: -1}
	_, err := forward.New(forward.View{From: to, To: from, By: "colour", Only: forward.Filter{Types: []forward.Type{"odd"}, Statuses: []forward.Status{"odd"}},
		Entries: []forward.Entry{bad, entry("a", from, to), entry("a", from, to)}, Windows: []forward.Window{{Kind: "odd"}}})
	require.ErrorIs(t, err, forward.ErrInvalid)
	for _, part := range []string{"time shown ends", `lanes by "colour"`, `no type "odd"`, `no status "odd"`, `change "x" has no id`, `type "odd", want`, `status "", want`, "not after its start", "revision -1", "one of its services is empty", `two changes "a"`, "a window has no name", `kind "odd"`} {
		require.ErrorContains(t, err, part)
	}
	_, err = forward.Occurrences([]schedule.Window{{}}, from, to)
	require.ErrorIs(t, err, forward.ErrInvalid)
	require.ErrorIs(t, err, schedule.ErrInvalid)
	_, err = forward.Occurrences(nil, to, from)
	require.ErrorIs(t, err, forward.ErrInvalid)
}

func TestLimits(t *testing.T) {
	from, to := week(t)
	many := slices.Repeat([]forward.Entry{entry("a", from, to)}, 5001)
	_, err := forward.New(forward.View{From: from, To: from.AddDate(2, 0, 0), Entries: many})
	require.ErrorContains(t, err, "longer than 400 days")
	require.ErrorContains(t, err, "5001 changes")
	require.ErrorContains(t, err, "and more")
	var wide []forward.Entry
	for i := range 101 {
		e := entry(fmt.Sprint(i), from, to)
		for k := range 200 {
			e.Items = append(e.Items, fmt.Sprint(k))
		}
		wide = append(wide, e)
	}
	_, err = forward.New(forward.View{From: from, To: to, By: forward.ByItem, Entries: wide})
	require.ErrorContains(t, err, "20000 changes and windows in all lanes")
}

func TestTheOrderOfWhatIsGivenDoesNotMatter(t *testing.T) {
	v := sample(t)
	s := arrange(t, v)
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 0))
		r.Shuffle(len(v.Entries), func(i, k int) { v.Entries[i], v.Entries[k] = v.Entries[k], v.Entries[i] })
		r.Shuffle(len(v.Windows), func(i, k int) { v.Windows[i], v.Windows[k] = v.Windows[k], v.Windows[i] })
		require.Equal(t, written(t, s.HTML), written(t, arrange(t, v).HTML))
	}
}

func TestAScheduleSharesNothing(t *testing.T) {
	v := sample(t)
	s := arrange(t, v)
	before := written(t, s.HTML)
	v.Entries[0].Services[0] = "other"
	s.Entries()[0].Team = "other"
	for _, e := range s.Entries() {
		clear(e.Conflicts)
		clear(e.Services)
	}
	for _, l := range s.Lanes() {
		clear(l.Entries)
		clear(l.Windows)
	}
	for _, w := range s.Windows() {
		clear(w.Scope.Services)
	}
	require.Equal(t, before, written(t, s.HTML))
}

func TestAnErrorOfTheWriterIsReturned(t *testing.T) {
	full := errors.New("full")
	s := arrange(t, sample(t))
	for _, write := range []func(io.Writer) error{s.SVG, s.HTML, s.Text} {
		require.ErrorIs(t, write(broken{full}), full)
	}
}

type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }

func BenchmarkHTML(b *testing.B) {
	from, to := week(b)
	for _, n := range []int{60, 5000} {
		v := forward.View{From: from, To: to, By: forward.ByTeam}
		for i := range n {
			start := from.Add(time.Duration(i) * 7 * 24 * time.Hour / time.Duration(n))
			e := entry(fmt.Sprint("CHG", i), start, start.Add(3*time.Hour))
			e.Team = fmt.Sprint("team ", i%12)
			v.Entries = append(v.Entries, e)
		}
		b.Run(fmt.Sprint(n, " changes"), func(b *testing.B) {
			for b.Loop() {
				if err := arrange(b, v).HTML(io.Discard); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
