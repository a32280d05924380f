package schedule_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/itsm-go/itsm/change/schedule"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/stretchr/testify/require"
)

func hours(t testing.TB, zone string, opts ...calendar.Option) *calendar.Calendar {
	t.Helper()
	c, err := calendar.New(zone, opts...)
	require.NoError(t, err)
	return c
}

// at is a time on Monday 2 March 2026 or a day after it: "22:00", "+1 02:30".
func at(text string) time.Time {
	day, clock := 0, text
	if text[0] == '+' {
		fmt.Sscanf(text, "+%d %s", &day, &clock)
	}
	tm, err := time.Parse("15:04", clock)
	if err != nil {
		panic(err)
	}
	return time.Date(2026, 3, 2+day, tm.Hour(), tm.Minute(), 0, 0, time.UTC)
}

func change(id, from, to string, items ...schedule.Item) schedule.Change {
	return schedule.Change{ID: id, Start: at(from), End: at(to), Items: items}
}

var (
	db   = schedule.Item{ID: "db", Class: "database", Services: []string{"shop"}, Related: []string{"disk"}}
	disk = schedule.Item{ID: "disk", Class: "storage"}
	web  = schedule.Item{ID: "web", Class: "server", Services: []string{"shop"}, Attributes: map[string]string{"site": "north"}}
)

func TestWhatConflicts(t *testing.T) {
	nights := hours(t, "UTC", calendar.Weekly(time.Sunday, time.Saturday, "00:00-04:00", "22:00-24:00"))
	freeze := hours(t, "UTC", calendar.Weekly(time.Wednesday, time.Wednesday, "00:00-24:00"))
	windows := []schedule.Window{
		{Name: "nights", Kind: schedule.Maintenance, Hours: nights, Scope: schedule.Scope{Classes: []string{"database"}}},
		{Name: "stocktaking", Kind: schedule.Blackout, Hours: freeze, Scope: schedule.Scope{Services: []string{"shop"}}},
		{Name: "north is moving", Kind: schedule.Blackout, Hours: calendar.Always(), From: at("+3 00:00"), Until: at("+3 12:00"), Scope: schedule.Scope{Where: map[string][]string{"site": {"north", "south"}}}},
	}
	planned := []schedule.Change{
		{ID: "CHG1", Start: at("22:00"), End: at("23:00"), Items: []schedule.Item{db}, Assignees: []string{"ann"}},
	}
	for _, c := range []struct {
		name   string
		change schedule.Change
		want   []string
	}{
		{"nothing in common", change("X", "22:00", "23:00", schedule.Item{ID: "mail"}), nil},
		{"the same item", change("X", "22:30", "23:30", db), []string{
			"item_busy: db, with CHG1, Mon 2 Mar 2026 22:30 to 23:00 UTC", "service_busy: shop, with CHG1, Mon 2 Mar 2026 22:30 to 23:00 UTC"}},
		{"one behind the other", change("X", "23:00", "23:30", db), nil},
		{"its own entry", change("CHG1", "22:30", "23:30", db), nil},
		{"what it depends on", change("X", "22:15", "22:45", disk), []string{"related_busy: disk, with CHG1, Mon 2 Mar 2026 22:15 to 22:45 UTC"}},
		{"the same service", change("X", "22:00", "23:00", web), []string{"service_busy: shop, with CHG1, Mon 2 Mar 2026 22:00 to 23:00 UTC"}},
		{"the same person", schedule.Change{ID: "X", Start: at("21:00"), End: at("22:01"), Assignees: []string{"ann"}}, []string{"assignee_busy: ann, with CHG1, Mon 2 Mar 2026 22:00 to 22:01 UTC"}},
		{"by day", change("X", "12:00", "13:00", db), []string{"outside_maintenance: db, Mon 2 Mar 2026 12:00 to 13:00 UTC"}},
		{"beyond the end of the night", change("X", "+1 03:00", "+1 05:00", db), []string{"outside_maintenance: db, Tue 3 Mar 2026 04:00 to 05:00 UTC"}},
		{"over midnight, two windows that touch", change("X", "+1 23:00", "+2 00:00", db), nil},
		{"into a blackout", change("X", "+1 23:00", "+2 01:00", db), []string{"inside_blackout: db, with stocktaking, Wed 4 Mar 2026 00:00 to 01:00 UTC"}},
		{"with an exception", schedule.Change{ID: "X", Start: at("+1 23:00"), End: at("+2 01:00"), Items: []schedule.Item{db}, Exceptions: []string{"stocktaking"}}, nil},
		{"by an attribute", change("X", "+3 11:00", "+3 13:00", web), []string{"inside_blackout: web, with north is moving, Thu 5 Mar 2026 11:00 to 12:00 UTC"}},
		{"too soon", schedule.Change{ID: "X", Start: at("10:00"), End: at("11:00"), NotBefore: at("+1 10:00")}, []string{"too_soon, Mon 2 Mar 2026 10:00 to 11:00 UTC"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := schedule.New(windows, schedule.Rules{})
			require.NoError(t, err)
			for _, p := range planned {
				require.NoError(t, s.Put(p))
			}
			var got []string
			for _, x := range s.Conflicts(c.change) {
				got = append(got, x.String())
			}
			require.Equal(t, c.want, got)
			var all []schedule.Reason
			for _, x := range s.Conflicts(c.change) {
				all = append(all, x.Reason)
			}
			s, err = schedule.New(windows, schedule.Rules{Off: all})
			require.NoError(t, err)
			for _, p := range planned {
				require.NoError(t, s.Put(p))
			}
			require.Empty(t, s.Conflicts(c.change), "each reason can be switched off")
		})
	}
}

func TestAConflictIsToldWithTheZoneOfItsTimes(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	utc := func(day, hour int) time.Time { return time.Date(2026, 3, day, hour, 0, 0, 0, time.UTC) }
	for _, test := range []struct {
		from, to time.Time
		want     string
	}{
		{utc(2, 22), utc(2, 23), "Mon 2 Mar 2026 22:00 to 23:00 UTC"},
		{utc(2, 22).In(berlin), utc(2, 22).Add(30 * time.Minute).In(berlin), "Mon 2 Mar 2026 23:00 to 23:30 CET"},
		{utc(2, 22).In(berlin), utc(2, 23).In(berlin), "Mon 2 Mar 2026 23:00 to Tue 3 Mar 2026 00:00 CET"},
		{utc(29, 0).In(berlin), utc(29, 1).In(berlin), "Sun 29 Mar 2026 01:00 CET to 03:00 CEST"},
	} {
		c := schedule.Conflict{Reason: schedule.ItemBusy, What: "db", With: "CHG1", From: test.from, To: test.to}
		require.Equal(t, "item_busy: db, with CHG1, "+test.want, c.String())
	}
}

func TestAGapBetweenChanges(t *testing.T) {
	s, err := schedule.New(nil, schedule.Rules{Gap: 30 * time.Minute})
	require.NoError(t, err)
	require.NoError(t, s.Put(change("CHG1", "10:00", "11:00", disk)))
	require.Len(t, s.Conflicts(change("X", "11:15", "12:00", disk)), 1)
	require.Len(t, s.Conflicts(change("X", "09:00", "09:45", disk)), 1)
	require.Empty(t, s.Conflicts(change("X", "11:30", "12:00", disk)))
	require.Empty(t, s.Conflicts(change("X", "09:00", "09:30", disk)))
}

func TestTheNextSlots(t *testing.T) {
	nights := hours(t, "Europe/Berlin", calendar.Weekly(time.Sunday, time.Saturday, "01:00-05:00"))
	s, err := schedule.New([]schedule.Window{{Name: "nights", Kind: schedule.Maintenance, Hours: nights, Scope: schedule.Scope{Everything: true}}}, schedule.Rules{})
	require.NoError(t, err)
	require.NoError(t, s.Put(change("CHG1", "+1 00:30", "+1 02:00", disk)))
	slots, skipped, err := s.Slots(change("X", "10:00", "12:00", disk), at("12:00"), at("+20 00:00"), 3)
	require.NoError(t, err)
	require.Equal(t, []schedule.Slot{{at("+1 02:00"), at("+1 04:00")}, {at("+2 00:00"), at("+2 02:00")}, {at("+2 02:00"), at("+2 04:00")}}, slots)
	var why []string
	for _, x := range skipped {
		why = append(why, fmt.Sprint(x.From.Format("02 15:04"), " to ", x.To.Format("02 15:04"), ": ", x.Conflicts[0].Reason))
	}
	require.Equal(t, []string{
		"02 12:00 to 03 00:00: outside_maintenance",
		"03 00:00 to 03 02:00: item_busy",
		"03 04:00 to 04 00:00: outside_maintenance",
	}, why)
	_, _, err = s.Slots(change("X", "10:00", "16:00", disk), at("12:00"), at("+20 00:00"), 1)
	require.NoError(t, err)
	slots, _, err = s.Slots(change("X", "10:00", "16:00", disk), at("12:00"), at("+20 00:00"), 1)
	require.NoError(t, err)
	require.Empty(t, slots, "no night is that long")
	for _, n := range []int{0, schedule.MaxSlots + 1} {
		_, _, err = s.Slots(change("X", "10:00", "11:00"), at("12:00"), at("13:00"), n)
		require.ErrorIs(t, err, schedule.ErrInvalid)
	}
}

func TestAFreezeThatNeverEnds(t *testing.T) {
	s, err := schedule.New([]schedule.Window{{Name: "for ever", Kind: schedule.Blackout, Hours: calendar.Always(), Scope: schedule.Scope{Everything: true}}}, schedule.Rules{})
	require.NoError(t, err)
	slots, skipped, err := s.Slots(change("X", "10:00", "11:00", disk), at("10:00"), at("+90 10:00"), 5)
	require.NoError(t, err)
	require.Empty(t, slots)
	require.Len(t, skipped, 1)
	require.Zero(t, skipped[0].Conflicts[0].Clear)
}

func TestChangesComeAndGo(t *testing.T) {
	s, err := schedule.New(nil, schedule.Rules{})
	require.NoError(t, err)
	require.NoError(t, s.Put(change("A", "10:00", "11:00", disk)))
	require.NoError(t, s.Put(change("A", "12:00", "13:00", web)))
	require.Equal(t, 1, s.Len())
	require.Empty(t, s.Conflicts(change("X", "10:00", "11:00", disk)))
	require.Len(t, s.Between(at("12:30"), at("12:31")), 1)
	require.Empty(t, s.Between(at("13:00"), at("14:00")))
	s.Remove("A")
	s.Remove("A")
	require.Zero(t, s.Len())
	require.ErrorIs(t, s.Put(change("", "10:00", "10:00", schedule.Item{})), schedule.ErrInvalid)
}

func TestWrongWindowsAreToldAtOnce(t *testing.T) {
	_, err := schedule.New([]schedule.Window{{Kind: "holiday", From: at("11:00"), Until: at("10:00")}, {Name: "a", Kind: schedule.Blackout, Hours: calendar.Always(), Scope: schedule.Scope{Everything: true}},
		{Name: "a", Kind: schedule.Blackout, Hours: calendar.Always(), Scope: schedule.Scope{Everything: true}}}, schedule.Rules{Off: []schedule.Reason{"mood"}, Gap: -1})
	require.ErrorIs(t, err, schedule.ErrInvalid)
	for _, part := range []string{"no name", "holiday", "no hours", "it ends at", "for nothing", "two windows", "mood", "gap"} {
		require.ErrorContains(t, err, part)
	}
}

// A model that looks at every minute of a change by itself.
type model struct {
	windows []schedule.Window
	planned map[string]schedule.Change
}

func (m *model) free(c schedule.Change) bool {
	for minute := c.Start; minute.Before(c.End); minute = minute.Add(time.Minute) {
		if minute.Before(c.NotBefore) || !m.allowed(c, minute) {
			return false
		}
		for id, p := range m.planned {
			if id != c.ID && !minute.Before(p.Start) && minute.Before(p.End) && common(c, p) {
				return false
			}
		}
	}
	return true
}

func (m *model) allowed(c schedule.Change, minute time.Time) bool {
	for _, it := range c.Items {
		has, in := false, false
		for _, w := range m.windows {
			if !within(w, it) {
				continue
			}
			open := w.Hours.IsOpen(minute) && !minute.Before(w.From) && (w.Until.IsZero() || minute.Before(w.Until))
			if w.Kind == schedule.Blackout && open && !slices.Contains(c.Exceptions, w.Name) {
				return false
			}
			if w.Kind == schedule.Maintenance {
				has, in = true, in || open
			}
		}
		if has && !in {
			return false
		}
	}
	return true
}

func within(w schedule.Window, it schedule.Item) bool {
	return w.Scope.Everything || slices.Contains(w.Scope.Items, it.ID) || slices.Contains(w.Scope.Classes, it.Class) ||
		slices.ContainsFunc(it.Services, func(s string) bool { return slices.Contains(w.Scope.Services, s) })
}

func common(a, b schedule.Change) bool {
	for _, x := range a.Items {
		for _, y := range b.Items {
			if x.ID == y.ID || slices.Contains(x.Related, y.ID) || slices.Contains(y.Related, x.ID) ||
				slices.ContainsFunc(x.Services, func(s string) bool { return slices.Contains(y.Services, s) }) {
				return true
			}
		}
	}
	return slices.ContainsFunc(a.Assignees, func(p string) bool { return slices.Contains(b.Assignees, p) })
}

// Around the change of the clocks in Berlin and New York.
func TestConflictsAndSlotsEqualAModelByTheMinute(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 3))
		begin := []time.Time{time.Date(2026, 3, 27, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 23, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 6, 0, 0, 0, 0, time.UTC)}[r.IntN(3)]
		m := &model{planned: map[string]schedule.Change{}}
		for i := range r.IntN(5) {
			m.windows = append(m.windows, randomWindow(t, r, begin, i))
		}
		s, err := schedule.New(m.windows, schedule.Rules{})
		require.NoError(t, err)
		for i := range 12 {
			c := randomChange(r, begin, fmt.Sprint("C", i))
			require.NoError(t, s.Put(c))
			m.planned[c.ID] = c
			if r.IntN(4) == 0 {
				gone := fmt.Sprint("C", r.IntN(i+1))
				s.Remove(gone)
				delete(m.planned, gone)
			}
		}
		for range 20 {
			c := randomChange(r, begin, "X")
			require.Equal(t, m.free(c), len(s.Conflicts(c)) == 0, "seed %d: %+v: %v", seed, c, s.Conflicts(c))
		}
		c := randomChange(r, begin, "X")
		from, to := begin, begin.Add(72*time.Hour)
		slots, _, err := s.Slots(c, from, to, 3)
		require.NoError(t, err)
		require.Equal(t, m.slots(c, from, to, 3), slots, "seed %d", seed)
	}
}

// slots tries every minute.
func (m *model) slots(c schedule.Change, from, to time.Time, n int) []schedule.Slot {
	long := c.End.Sub(c.Start)
	var slots []schedule.Slot
	for start := from; len(slots) < n && !start.Add(long).After(to); {
		c.Start, c.End = start, start.Add(long)
		if m.free(c) {
			slots = append(slots, schedule.Slot{Start: c.Start, End: c.End})
			start = c.End
			continue
		}
		start = start.Add(time.Minute)
	}
	return slots
}

func randomWindow(t *testing.T, r *rand.Rand, begin time.Time, i int) schedule.Window {
	zone := []string{"UTC", "Europe/Berlin", "America/New_York"}[r.IntN(3)]
	spans := [][]string{{"00:00-24:00"}, {"01:00-04:00"}, {"00:00-03:30", "22:00-24:00"}, {"02:15-02:45"}}[r.IntN(4)]
	w := schedule.Window{Name: fmt.Sprint("W", i), Kind: []schedule.Kind{schedule.Maintenance, schedule.Blackout}[r.IntN(2)],
		Hours: hours(t, zone, calendar.Weekly(time.Weekday(r.IntN(7)), time.Weekday(r.IntN(7)), spans...))}
	switch r.IntN(4) {
	case 0:
		w.Scope.Everything = true
	case 1:
		w.Scope.Items = []string{fmt.Sprint("i", r.IntN(4))}
	case 2:
		w.Scope.Services = []string{fmt.Sprint("s", r.IntN(2))}
	case 3:
		w.Scope.Classes = []string{"c0"}
	}
	if r.IntN(3) == 0 {
		w.From = begin.Add(time.Duration(r.IntN(48)) * time.Hour)
		w.Until = w.From.Add(time.Duration(1+r.IntN(30)) * time.Hour)
	}
	return w
}

func randomChange(r *rand.Rand, begin time.Time, id string) schedule.Change {
	c := schedule.Change{ID: id, Start: begin.Add(time.Duration(r.IntN(72*4)) * 15 * time.Minute)}
	c.End = c.Start.Add(time.Duration(1+r.IntN(16)) * 15 * time.Minute)
	for range r.IntN(3) {
		n := r.IntN(4)
		it := schedule.Item{ID: fmt.Sprint("i", n), Class: fmt.Sprint("c", n%2)}
		if r.IntN(2) == 0 {
			it.Services = []string{fmt.Sprint("s", n%2)}
		}
		if r.IntN(3) == 0 {
			it.Related = []string{fmt.Sprint("i", (n+1)%4)}
		}
		c.Items = append(c.Items, it)
	}
	if r.IntN(3) == 0 {
		c.Assignees = []string{fmt.Sprint("p", r.IntN(2))}
	}
	if r.IntN(4) == 0 {
		c.NotBefore = begin.Add(time.Duration(r.IntN(48)) * time.Hour)
	}
	if r.IntN(4) == 0 {
		c.Exceptions = []string{"W0"}
	}
	return c
}

// estate is 100,000 planned changes and 10,000 windows over a year.
func estate(b *testing.B) (*schedule.Schedule, schedule.Change) {
	b.Helper()
	r := rand.New(rand.NewPCG(1, 1))
	nights, err := calendar.New("Europe/Berlin", calendar.Weekly(time.Sunday, time.Saturday, "00:00-06:00"))
	require.NoError(b, err)
	var windows []schedule.Window
	for i := range 10_000 {
		kind := schedule.Maintenance
		if i%2 == 0 {
			kind = schedule.Blackout
		}
		windows = append(windows, schedule.Window{Name: fmt.Sprint("W", i), Kind: kind, Hours: nights, Scope: schedule.Scope{Items: []string{fmt.Sprint("i", r.IntN(20_000))}}})
	}
	s, err := schedule.New(windows, schedule.Rules{})
	require.NoError(b, err)
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 100_000 {
		c := schedule.Change{ID: fmt.Sprint("CHG", i), Start: begin.Add(time.Duration(r.IntN(365*24*60)) * time.Minute), Assignees: []string{fmt.Sprint("p", r.IntN(500))}}
		c.End = c.Start.Add(time.Duration(30+r.IntN(300)) * time.Minute)
		c.Items = []schedule.Item{{ID: fmt.Sprint("i", r.IntN(20_000)), Services: []string{fmt.Sprint("s", r.IntN(300))}, Related: []string{fmt.Sprint("i", r.IntN(20_000))}}}
		require.NoError(b, s.Put(c))
	}
	return s, schedule.Change{ID: "X", Start: begin.AddDate(0, 3, 0), End: begin.AddDate(0, 3, 0).Add(4 * time.Hour), Assignees: []string{"p7"},
		Items: []schedule.Item{{ID: "i77", Services: []string{"s7"}, Related: []string{"i78", "i79"}}}}
}

func BenchmarkSchedule(b *testing.B) {
	s, c := estate(b)
	b.Run("conflicts", func(b *testing.B) {
		for b.Loop() {
			s.Conflicts(c)
		}
	})
	b.Run("90 days of slots", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := s.Slots(c, c.Start, c.Start.AddDate(0, 0, 90), schedule.MaxSlots); err != nil {
				b.Fatal(err)
			}
		}
	})
}
