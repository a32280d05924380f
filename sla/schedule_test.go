package sla_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// A schedule does what a map does that is searched for the smallest.
func TestScheduleIsAMapThatIsSearched(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 9))
		var s sla.Schedule[int]
		model := map[int]time.Time{}
		now := monday
		for range 2_000 {
			key, due := r.IntN(300), now.Add(time.Duration(r.IntN(600)-100)*time.Minute)
			switch r.IntN(5) {
			case 0, 1, 2:
				require.NoError(t, s.Set(key, due))
				model[key] = due
			case 3:
				_, there := model[key]
				require.Equal(t, there, s.Clear(key))
				delete(model, key)
			case 4:
				now = now.Add(time.Duration(r.IntN(30)) * time.Minute)
				last := time.Time{}
				for k, at := range s.Due(now) {
					require.True(t, at.Equal(model[k]) && !at.After(now) && !at.Before(last))
					last = at
					delete(model, k)
				}
				for _, at := range model {
					require.True(t, at.After(now))
				}
			}
			require.Equal(t, len(model), s.Len())
			at, ok := s.When(key)
			want, there := model[key]
			require.True(t, ok == there && at.Equal(want))
			if k, at, ok := s.Next(); ok {
				first := slices.MinFunc(slices.Collect(maps.Values(model)), time.Time.Compare)
				require.True(t, at.Equal(first) && at.Equal(model[k]))
			}
		}
	}
}

func TestScheduleLoops(t *testing.T) {
	s := sla.NewSchedule[string](4)
	for i, key := range []string{"a", "b", "c"} {
		require.NoError(t, s.Set(key, monday.Add(time.Duration(i)*time.Hour)))
	}
	var seen []string
	for key, due := range s.Due(monday.Add(3 * time.Hour)) {
		if seen = append(seen, key); len(seen) == 1 {
			require.NoError(t, s.Set(key, due.Add(90*time.Minute))) // again, and still due
			s.Clear("b")
		}
	}
	require.Equal(t, []string{"a", "a", "c"}, seen)
	for range s.Due(monday) {
		t.Fatal("there is nothing left")
	}
	require.NoError(t, s.Set("d", monday))
	require.NoError(t, s.Set("e", monday))
	for range s.Due(monday) {
		break
	}
	require.Equal(t, 1, s.Len(), "what was not asked for is still there")
	for _, at := range []time.Time{{}, time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC)} {
		require.ErrorIs(t, s.Set("x", at), workflow.ErrInvalid)
	}
}

// A schedule is made anew from the timers in a store: nothing is lost with the
// process that had it.
func TestScheduleSurvivesARestart(t *testing.T) {
	e := engine(t, sla.Target{Name: "resolution", Stop: sla.OnResolved, Goals: []sla.Goal{sla.Within(4*time.Hour, calendar.Always(), 1), sla.Within(8*time.Hour, officeHours(t))}})
	store := memstore.New()
	before := sla.NewSchedule[string](0)
	for i := range 50 {
		opened := monday.Add(time.Duration(i*7) * time.Minute)
		clocks, _, err := e.Advance(nil, with(active, func(f *sla.Facts) { f.Priority = 1 + i%2 }), opened, "")
		require.NoError(t, err)
		ref := workflow.Ref{Kind: "ticket", ID: workflow.ID{byte(i + 1)}}
		alarm := e.Alarms(clocks)[0]
		require.NoError(t, store.Commit(t.Context(), workflow.Batch{ID: ref.ID, Timers: []workflow.Timer{{Ref: ref, Name: alarm.Name, Due: alarm.Due}}}))
		require.NoError(t, before.Set(fmt.Sprint(ref, alarm.Name), alarm.Due))
	}
	after := sla.NewSchedule[string](0)
	due, err := store.Claim(t.Context(), monday.AddDate(1, 0, 0), 1_000, time.Minute)
	require.NoError(t, err)
	for _, d := range due {
		require.NoError(t, after.Set(fmt.Sprint(d.Timer.Ref, d.Timer.Name), d.Timer.Due))
	}
	require.Equal(t, 50, after.Len())
	for now := monday; now.Before(monday.AddDate(0, 0, 3)); now = now.Add(time.Hour) {
		collect := func(s *sla.Schedule[string]) map[string]time.Time { return maps.Collect(s.Due(now)) }
		require.Equal(t, collect(before), collect(after))
	}
	require.Zero(t, after.Len())
}
