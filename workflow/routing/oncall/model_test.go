package oncall_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow/routing/oncall"
)

// model is a schedule written minute by minute, by the words of the documentation: it
// walks the wall clock of each layer from before the year to behind it and notes at
// each minute whose turn it is. It knows nothing but the data of the rota.
type model struct {
	rota   oncall.Rota
	base   time.Time // the first minute of the schedules, written as UTC
	layers []modelLayer
}

type modelLayer struct {
	loc    *time.Location
	minute []int8 // which participant, at every minute of the wall clock since base; -1 nobody
	people []string
}

func newModel(t testing.TB, rota oncall.Rota, year int) *model {
	m := &model{rota: rota, base: time.Date(year-1, 11, 25, 0, 0, 0, 0, time.UTC)}
	days := int(time.Date(year+1, 1, 3, 0, 0, 0, 0, time.UTC).Sub(m.base) / (24 * time.Hour))
	for _, l := range rota.Layers {
		loc, err := time.LoadLocation(cmp.Or(l.Zone, rota.Zone))
		require.NoError(t, err)
		m.layers = append(m.layers, modelLayer{loc, writeSchedule(l, m.base, days), l.Participants})
	}
	return m
}

// writeSchedule walks the wall clock.
func writeSchedule(l oncall.Layer, base time.Time, days int) []int8 {
	schedule := make([]int8, 0, days*24*60)
	open := openMinutes(l)
	shut := map[string]bool{}
	for _, h := range l.Holidays {
		shut[h.Date] = true
	}
	begun := l.Rotation.Start == "" // the first turn has begun
	counting := false               // turns have an end
	turn, left := 0, 0              // minutes left of this turn
	first, last := full(cmp.Or(l.From, "0001-01-01")), full(cmp.Or(l.Until, "9999-01-01"))
	start := full(cmp.Or(l.Rotation.Start, "0001-01-01"))[:11] + max(l.Rotation.At, "00:00")
	clocks := make([]string, 24*60)
	for i := range clocks {
		clocks[i] = fmt.Sprintf(" %02d:%02d", i/60, i%60)
	}
	for day := range days {
		date := base.AddDate(0, 0, day)
		name, weekday := date.Format(time.DateOnly), date.Weekday()
		holiday := shut[name]
		for minute, clock := range clocks {
			now := name + clock
			if now == start {
				begun, counting, turn, left = true, true, 0, turnMinutes(l.Rotation, weekday)
			}
			if counting && left == 0 {
				turn, left = turn+1, turnMinutes(l.Rotation, -1)
			}
			left--
			who := -1
			if begun && now >= first && now < last && !holiday && open[weekday][minute] {
				who = turn % len(l.Participants)
			}
			schedule = append(schedule, int8(who))
		}
	}
	return schedule
}

// full is a date with a time of day.
func full(s string) string {
	if len(s) == len(time.DateOnly) {
		s += " 00:00"
	}
	return s
}

// turnMinutes is how long a turn takes; the first ends on the day of hand-overs by
// which it would have ended had it begun on one.
func turnMinutes(r oncall.Rotation, first time.Weekday) int {
	const day = 24 * 60
	n := max(1, r.Count)
	switch r.Every {
	case oncall.Hour:
		return n * 60
	case oncall.Day:
		return n * day
	}
	n *= 7 * day
	for first >= 0 && r.On != "" && strings.ToLower(first.String()) != r.On {
		first, n = (first+6)%7, n-day
	}
	return n
}

// openMinutes tells for each weekday at which minutes a layer is open.
func openMinutes(l oncall.Layer) (open [7][24 * 60]bool) {
	for d := range 7 {
		for i := range open[d] {
			open[d][i] = len(l.Hours) == 0
		}
	}
	for _, h := range l.Hours {
		for d, last := h.From, false; !last; d = (d + 1) % 7 {
			last = d == h.To
			for _, s := range h.Spans {
				a, b, _ := strings.Cut(s, "-")
				from, until := minutes(a), minutes(b)
				if until <= from {
					until += 24 * 60
				}
				for i := from; i < until; i++ {
					open[(int(d)+i/(24*60))%7][i%(24*60)] = true
				}
			}
		}
	}
	return open
}

func minutes(s string) int {
	h, _ := strconv.Atoi(s[:2])
	m, _ := strconv.Atoi(s[3:])
	return h*60 + m
}

// turn is whose turn it is by a layer when its clock reads what it reads.
func (m *model) turn(l *modelLayer, at time.Time) string {
	local := at.In(l.loc)
	y, mo, d := local.Date()
	wall := time.Date(y, mo, d, local.Hour(), local.Minute(), 0, 0, time.UTC)
	who := l.minute[int(wall.Sub(m.base)/time.Minute)]
	if who < 0 {
		return ""
	}
	return l.people[who]
}

// there is who takes a place when absences are looked at.
func (m *model) there(person string, at time.Time) (string, bool) {
	for range len(m.rota.Absences) + 1 {
		substitute, absent := "", false
		for _, a := range m.rota.Absences {
			if a.Person == person && !at.Before(a.From) && at.Before(a.Until) {
				substitute, absent = a.Substitute, true
			}
		}
		if !absent {
			return person, true
		}
		if substitute == "" {
			return "", false
		}
		person = substitute
	}
	return "", false // they are substitutes of each other
}

func (m *model) override(kind oncall.OverrideKind, of string, at time.Time) (string, bool) {
	for _, o := range slices.Backward(m.rota.Overrides) {
		if o.Kind == kind && o.For == of && !at.Before(o.From) && at.Before(o.Until) {
			if p, ok := m.there(o.Person, at); ok {
				return p, true
			}
		}
	}
	return "", false
}

func (m *model) onCall(at time.Time) string {
	if p, ok := m.override(oncall.Take, "", at); ok {
		return p
	}
	for i := range m.layers {
		if p := m.layerOnCall(i, at); p != "" {
			return p
		}
	}
	p, _ := m.override(oncall.Fill, "", at)
	return p
}

func (m *model) layerOnCall(i int, at time.Time) string {
	p := m.turn(&m.layers[i], at)
	if p == "" {
		return ""
	}
	if by, ok := m.override(oncall.Replace, p, at); ok {
		return by
	}
	by, _ := m.there(p, at)
	return by
}

// A place and a year in which its clock does something.
var places = []struct {
	zone string
	year int
}{
	{"Europe/Berlin", 2026}, {"America/New_York", 2026}, {"Australia/Lord_Howe", 2026},
	{"Asia/Kolkata", 2026}, {"Pacific/Apia", 2011}, {"America/Sao_Paulo", 2018}, {"Europe/Berlin", 2088},
}

func pick[T any](rnd *rand.Rand, from ...T) T { return from[rnd.IntN(len(from))] }

func randomRota(rnd *rand.Rand, zone string, year int) oncall.Rota {
	people := []string{"ann", "bob", "cho", "dan", "eve", "fay"}
	rota := oncall.Rota{Name: "random", Version: 1, Zone: zone}
	day := func() string {
		return time.Date(year-1, 12, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rnd.IntN(300)).Format(time.DateOnly)
	}
	for i := range 1 + rnd.IntN(3) {
		l := oncall.Layer{Name: fmt.Sprint("layer ", i), Participants: slices.Clone(people[rnd.IntN(3) : 3+rnd.IntN(4)])}
		l.Zone = pick(rnd, "", "", "Australia/Lord_Howe", "America/New_York", "Asia/Kolkata")
		l.Rotation = oncall.Rotation{Every: pick(rnd, oncall.Hour, oncall.Day, oncall.Week, oncall.Week), Count: rnd.IntN(4), Start: day(),
			At: pick(rnd, "", "02:30", "02:00", "01:45", "09:00", "00:00", "23:59")}
		if l.Rotation.Every == oncall.Week {
			l.Rotation.On = pick(rnd, "", "sunday", "monday", "friday")
		}
		if rnd.IntN(3) > 0 {
			l.Hours = append(l.Hours, calendar.Hours{From: time.Weekday(rnd.IntN(7)), To: time.Weekday(rnd.IntN(7)),
				Spans: []string{pick(rnd, "08:00-18:00", "22:00-06:00", "01:30-02:15", "00:00-24:00"), pick(rnd, "12:00-13:00", "19:30-02:30")}})
		}
		if l.Rotation.Every == oncall.Hour {
			l.Rotation.Count = pick(rnd, 8, 12, 36)
		}
		for range rnd.IntN(3) {
			l.Holidays = append(l.Holidays, calendar.Day{Date: time.Date(year, 1, 1+rnd.IntN(360), 0, 0, 0, 0, time.UTC).Format(time.DateOnly), Name: "day off"})
		}
		if rnd.IntN(4) == 0 {
			l.Until = time.Date(year, 1, 150+rnd.IntN(200), 0, 0, 0, 0, time.UTC).Format(time.DateOnly) + " 17:30"
		}
		if rnd.IntN(4) == 0 && l.Until == "" {
			l.From = day() + pick(rnd, "", " 02:30")
		}
		rota.Layers = append(rota.Layers, l)
	}
	times := func() (a, b time.Time) {
		a = time.Date(year, 1, 1, 0, rnd.IntN(365*24*60), 0, 0, time.UTC)
		return a, a.Add(time.Duration(1+rnd.IntN(20*24*60)) * time.Minute)
	}
	for i := range rnd.IntN(12) {
		o := oncall.Override{Name: fmt.Sprint("o", i), Kind: pick(rnd, oncall.Take, oncall.Replace, oncall.Replace, oncall.Fill), Person: people[rnd.IntN(3)]}
		if o.Kind == oncall.Replace {
			o.For = people[3+rnd.IntN(3)]
		}
		o.From, o.Until = times()
		rota.Overrides = append(rota.Overrides, o)
	}
	for range rnd.IntN(12) {
		a := oncall.Absence{Person: people[rnd.IntN(4)], Substitute: pick(rnd, "", "dan", "ann", "eve", "bob")}
		if a.Substitute == a.Person {
			a.Substitute = ""
		}
		a.From, a.Until = times()
		rota.Absences = append(rota.Absences, a)
	}
	return rota
}

// fullYear compares every step of a year with the model, one way through OnCall and
// one through the spans, which have to be without holes and as long as they can be.
func fullYear(t *testing.T, rota oncall.Rota, year int, step time.Duration) {
	roster, err := oncall.NewRoster(rota)
	require.NoError(t, err)
	m := newModel(t, rota, year)
	aroundClockChanges(t, roster, m, year)
	from, until := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(year+1, 1, 1, 0, 0, 0, 0, time.UTC)
	var spans []oncall.Span
	at := from
	for s := range roster.Spans(from, until) {
		require.True(t, s.From.Equal(at) && s.From.Before(s.Until), "%v", s)
		if n := len(spans); n > 0 {
			require.NotEqual(t, spans[n-1].Duty, s.Duty, "spans are as long as they can be")
		}
		spans, at = append(spans, s), s.Until
	}
	require.True(t, at.Equal(until))
	i := 0
	for at := from; at.Before(until); at = at.Add(step) {
		for !at.Before(spans[i].Until) {
			i++
		}
		want := m.onCall(at)
		if d, ok := roster.OnCall(at); d.Person != want || ok != (want != "") || d != spans[i].Duty {
			t.Fatalf("at %v: on call %q, want %q, span %v\n%s", at, d.Person, want, spans[i], strings.Join(roster.Explain(at), "\n"))
		}
	}
	for at := from; at.Before(until); at = at.Add(613 * time.Minute) {
		for i, name := range roster.Layers() {
			if d, _ := roster.Layer(name, at); d.Person != m.layerOnCall(i, at) {
				t.Fatalf("at %v: layer %s says %v, want %q", at, name, d, m.layerOnCall(i, at))
			}
		}
	}
	// Each end of a span is an end for the model too, and nothing changes a second
	// before it.
	for _, s := range spans {
		require.Equal(t, m.onCall(s.From), s.Person)
		require.Equal(t, m.onCall(s.Until.Add(-time.Second)), s.Person)
	}
	var total time.Duration
	for s := range roster.Duties(from, until) {
		total += s.Length()
	}
	for s := range roster.Gaps(from, until) {
		require.Empty(t, s.Person)
		total += s.Length()
	}
	require.Equal(t, until.Sub(from), total)
}

// At every minute of a year exactly one person is on call, or it is in a reported gap,
// as the schedule written minute by minute says.
func TestEveryMinuteOfAYear(t *testing.T) {
	for i, p := range places {
		t.Run(fmt.Sprint(p.zone, p.year), func(t *testing.T) {
			fullYear(t, randomRota(rand.New(rand.NewPCG(uint64(i), 5)), p.zone, p.year), p.year, time.Minute)
		})
	}
}

func TestRandomRotas(t *testing.T) {
	for i := range 63 {
		p := places[i%len(places)]
		rnd := rand.New(rand.NewPCG(uint64(i), 7))
		fullYear(t, randomRota(rnd, p.zone, p.year), p.year, 127*time.Minute)
	}
}

// aroundClockChanges compares every minute there.
func aroundClockChanges(t *testing.T, roster *oncall.Roster, m *model, year int) {
	for _, change := range clockChanges(t, m.rota.Zone, year) {
		for at := change.Add(-5 * time.Hour); at.Before(change.Add(5 * time.Hour)); at = at.Add(time.Minute) {
			if d, _ := roster.OnCall(at); d.Person != m.onCall(at) {
				t.Fatalf("%v: %v, want %q", at, d, m.onCall(at))
			}
		}
	}
}

// clockChanges finds them hour by hour: the bounds that package time gives for far
// years do not always go on.
func clockChanges(t *testing.T, zone string, year int) []time.Time {
	loc, err := time.LoadLocation(zone)
	require.NoError(t, err)
	var found []time.Time
	before := -1
	for at := time.Date(year, 1, 1, 12, 0, 0, 0, time.UTC); at.Year() == year; at = at.Add(30 * time.Minute) {
		_, offset := at.In(loc).Zone()
		if before != -1 && offset != before {
			found = append(found, at)
		}
		before = offset
	}
	return found
}
