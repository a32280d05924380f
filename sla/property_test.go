package sla_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// moment is what happens to a record at an instant.
type moment struct {
	at    time.Time
	facts sla.Facts
	cause string
}

// life makes up a record's life: a few weeks of being worked on, waiting, being
// resolved and taken up again, with changing priorities.
func life(r *rand.Rand) []moment {
	at := monday.Add(time.Duration(r.IntN(14*24*60)) * time.Minute)
	f := sla.Facts{Category: workflow.CategoryNew, Priority: 1 + r.IntN(3)}
	all := []moment{{at, f, "new"}}
	for range 1 + r.IntN(14) {
		at = at.Add(time.Duration(r.IntN(3*24*60)) * time.Minute)
		switch r.IntN(14) {
		case 0, 1:
			f.Category, f.HoldReason = workflow.CategoryActive, ""
		case 2, 3:
			f.Category, f.HoldReason = workflow.CategoryOnHold, []string{"vendor", "caller"}[r.IntN(2)]
		case 4, 5:
			f.Category, f.HoldReason = workflow.CategoryResolved, ""
		case 6, 7:
			f.Priority = 1 + r.IntN(3)
		case 8:
			f.Assigned = !f.Assigned
		case 9, 10:
			f.Group, f.Assignee = []string{"", "mail", "web"}[r.IntN(3)], []string{"", "ann", "ben"}[r.IntN(3)]
		case 11:
			f.Replies, f.Waiting = f.Replies+1, false
		case 12:
			f.Waiting = true
		case 13:
			f.Overrides = append(slices.Clone(f.Overrides), override(r, at))
		}
		all = append(all, moment{at, f, fmt.Sprintf("%v, priority %d", f.Category, f.Priority)})
	}
	if r.IntN(5) == 0 {
		f.Category, f.HoldReason = workflow.CategoryCancelled, ""
		all = append(all, moment{at.Add(time.Hour), f, "cancelled"})
	}
	return all
}

// override is a due time for one of the targets, or lifts the one there is.
func override(r *rand.Rand, at time.Time) sla.Override {
	o := sla.Override{Target: []string{"carry_elapsed continue", "retroactive new_cycle", "restart stay_stopped", "days", "each group"}[r.IntN(5)],
		Reason: "agreed", By: "ann", At: at}
	if r.IntN(4) > 0 {
		o.Due = at.Add(time.Duration(1+r.IntN(5*24*60)) * time.Minute)
	}
	return o
}

// manyTargets has a target for every policy there is.
func manyTargets(t testing.TB) []sla.Target {
	office, shift := officeHours(t), nightShift(t)
	goals := []sla.Goal{sla.Within(4*time.Hour, calendar.Always(), 1), sla.Within(8*time.Hour, shift, 2), sla.Within(12*time.Hour, office)}
	var targets []sla.Target
	for _, change := range []sla.ChangePolicy{sla.CarryElapsed, sla.Retroactive, sla.Restart} {
		for _, reopen := range []sla.ReopenPolicy{sla.Continue, sla.NewCycle, sla.StayStopped} {
			targets = append(targets, sla.Target{Name: string(change) + " " + string(reopen), Stop: sla.OnResolved,
				Pause: sla.OnHold("vendor"), Goals: goals, OnChange: change, OnReopen: reopen, Thresholds: []sla.Threshold{{Percent: 50}, {Percent: 75}}})
		}
	}
	june := func(n int) time.Time { return monday.AddDate(0, 0, n) }
	return append(targets,
		sla.Target{Name: "next reply", Start: sla.OnWaiting, Stop: sla.Not(sla.OnWaiting), OnReopen: sla.NewCycle, Goals: goals},
		sla.Target{Name: "keep informed", Stop: sla.OnResolved, ResetOn: []sla.Fact{sla.FactReplies}, Goals: goals[2:],
			Thresholds: []sla.Threshold{{Before: time.Hour}, {After: time.Hour}, {Percent: 200}}},
		sla.Target{Name: "each group", Start: sla.AllOf(sla.Open, func(f sla.Facts) bool { return f.Group != "" }), Stop: sla.OnResolved,
			Pause: sla.OnHold("vendor"), Resume: sla.OnAssigned, Reset: sla.OnHold("caller"), ResetOn: []sla.Fact{sla.FactGroup}, OnReset: sla.ResetCancels, Goals: goals},
		sla.Target{Name: "edited", Stop: sla.OnResolved, Until: june(20), Goals: goals[2:]},
		sla.Target{Name: "edited", Version: 2, From: june(5), Stop: sla.OnResolved, Pause: sla.OnHold(), Goals: goals},
		sla.Target{Name: "edited", Version: 3, From: june(12), Stop: sla.OnResolved, Goals: goals},
		sla.Target{Name: "own", Stop: sla.AnyOf(sla.OnAssigned, sla.OnResolved), Goals: goals[2:]},
		sla.Target{Name: "days", Stop: sla.OnResolved, Pause: sla.OnHold(), Goals: []sla.Goal{{Days: 2, Calendar: office}}, Thresholds: []sla.Threshold{{Percent: 90}}},
		sla.Target{Name: "by four", Stop: sla.OnResolved, Goals: []sla.Goal{{Days: 1, By: 16 * time.Hour, Calendar: office}},
			Thresholds: []sla.Threshold{{Before: 2 * time.Hour}}},
		sla.Target{Name: "end of day", Stop: sla.OnResolved, Goals: []sla.Goal{{Days: 1, EndOfDay: true, Calendar: office}}},
	)
}

// Advancing is the same however it is done: with the clocks stored as JSON and
// read again between any two steps, and with any number of looks in between.
func TestIncrementalEqualsReplay(t *testing.T) {
	e, err := sla.NewEngine(manyTargets(t)...)
	require.NoError(t, err)
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 1))
		moments := life(r)
		end := moments[len(moments)-1].at.Add(time.Duration(r.IntN(10*24)) * time.Hour)

		var plain, looked []sla.Clock
		var alerts, lookedAlerts []sla.Alert
		advance := func(clocks []sla.Clock, told []sla.Alert, m moment) ([]sla.Clock, []sla.Alert) {
			clocks, more, err := e.Advance(clocks, m.facts, m.at, m.cause)
			require.NoError(t, err)
			return clocks, append(told, more...)
		}
		for i, m := range moments {
			plain, alerts = advance(plain, alerts, m)

			stored, err := json.Marshal(looked)
			require.NoError(t, err)
			looked = nil
			require.NoError(t, json.Unmarshal(stored, &looked))
			looked, lookedAlerts = advance(looked, lookedAlerts, m)
			next := end
			if i+1 < len(moments) {
				next = moments[i+1].at
			}
			for _, at := range looks(r, e, looked, m.at, next) {
				looked, lookedAlerts = advance(looked, lookedAlerts, moment{at, m.facts, m.cause})
			}
		}
		last := moments[len(moments)-1]
		plain, alerts = advance(plain, alerts, moment{end, last.facts, last.cause})
		looked, lookedAlerts = advance(looked, lookedAlerts, moment{end, last.facts, last.cause})
		require.Equal(t, plain, looked, "seed %d", seed)
		require.ElementsMatch(t, alerts, lookedAlerts, "seed %d", seed)
	}
}

// looks are instants at which nothing happens to the record: those that the
// clocks ask for, and a few others.
func looks(r *rand.Rand, e *sla.Engine, clocks []sla.Clock, from, to time.Time) []time.Time {
	var at []time.Time
	for _, a := range e.Alarms(clocks) {
		if !a.Due.Before(from) && a.Due.Before(to) {
			at = append(at, a.Due)
		}
	}
	if room := to.Sub(from); room > 0 {
		for range r.IntN(4) {
			at = append(at, from.Add(time.Duration(r.Int64N(int64(room)))))
		}
	}
	slices.SortFunc(at, time.Time.Compare)
	return at
}

// What is read of the past is what was read then, unless a policy says that the
// past is to be judged anew.
func TestThePastReadsAsItDid(t *testing.T) {
	e, err := sla.NewEngine(manyTargets(t)...)
	require.NoError(t, err)
	for seed := range uint64(120) {
		r := rand.New(rand.NewPCG(seed, 4))
		var clocks []sla.Clock
		type look struct {
			at      time.Time
			reading sla.Reading
		}
		then := map[string]look{}
		for _, m := range life(r) {
			for _, c := range clocks {
				if strings.HasPrefix(c.Target, "retroactive") {
					continue
				}
				at := c.Periods[len(c.Periods)-1].From
				if room := m.at.Sub(at); room > 0 {
					at = at.Add(time.Duration(r.Int64N(int64(room))))
				}
				reading, err := e.Read(c, at)
				require.NoError(t, err)
				then[fmt.Sprint(c.Target, c.Cycle, at)] = look{at, reading}
			}
			clocks, _, err = e.Advance(clocks, m.facts, m.at, m.cause)
			require.NoError(t, err)
		}
		for _, c := range clocks {
			for key, l := range then {
				if !strings.HasPrefix(key, fmt.Sprint(c.Target, c.Cycle, l.at)) {
					continue
				}
				now, err := e.Read(c, l.at)
				require.NoError(t, err)
				require.Equal(t, l.reading, now, "seed %d, %s", seed, key)
			}
		}
	}
}

// An explanation is the clock's life without a gap, and what counted in it adds
// up to what the clock says.
func TestExplanationsAddUp(t *testing.T) {
	e, err := sla.NewEngine(manyTargets(t)...)
	require.NoError(t, err)
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 2))
		moments := life(r)
		var clocks []sla.Clock
		for _, m := range moments {
			clocks, _, err = e.Advance(clocks, m.facts, m.at, m.cause)
			require.NoError(t, err)
		}
		at := moments[len(moments)-1].at.Add(time.Duration(r.IntN(72)) * time.Hour)
		for _, c := range clocks {
			x, err := e.Explain(c, at)
			require.NoError(t, err)
			reading, err := e.Read(c, at)
			require.NoError(t, err)
			var sum time.Duration
			for i, l := range x.Lines {
				require.True(t, l.From.Before(l.To))
				require.NotEmpty(t, l.Why)
				require.Equal(t, l.Counted, l.Business > 0)
				if l.Counted {
					require.Equal(t, l.To.Sub(l.From), l.Business)
				}
				before := c.Started()
				if i > 0 {
					before = x.Lines[i-1].To
				}
				require.True(t, before.Equal(l.From), "seed %d, %s: a gap before line %d", seed, c.Target, i+1)
				sum += l.Business
			}
			require.Equal(t, reading.Elapsed, sum, "seed %d, %s", seed, c.Target)
			require.Equal(t, reading.Elapsed, x.Elapsed)
		}
	}
}

// A clock counts what a patient person with a stopwatch counts, who looks every
// minute whether the clock runs and the door is open.
func TestClockCountsLikeAPatientPerson(t *testing.T) {
	office := officeHours(t)
	e, err := sla.NewEngine(sla.Target{Name: "resolution", Stop: sla.OnResolved, Pause: sla.OnHold("vendor"),
		Goals: []sla.Goal{sla.Within(6*time.Hour, office)}})
	require.NoError(t, err)
	for seed := range uint64(100) {
		moments := life(rand.New(rand.NewPCG(seed, 3)))
		end := moments[len(moments)-1].at.Add(24 * time.Hour)
		var clocks []sla.Clock
		var counted time.Duration
		breached := time.Time{}
		cancelled := false
		for i, m := range moments {
			clocks, _, err = e.Advance(clocks, m.facts, m.at, m.cause)
			require.NoError(t, err)
			until := end
			if i+1 < len(moments) {
				until = moments[i+1].at
			}
			cancelled = cancelled || sla.OnCancelled(m.facts)
			if cancelled || sla.OnResolved(m.facts) || sla.OnHold("vendor")(m.facts) {
				continue
			}
			for at := m.at; at.Before(until); at = at.Add(time.Minute) {
				if office.IsOpen(at) {
					if counted >= 6*time.Hour && breached.IsZero() {
						breached = at
					}
					counted += time.Minute
				}
			}
		}
		reading, err := e.Read(clocks[0], end)
		require.NoError(t, err)
		require.Equal(t, counted, reading.Elapsed, "seed %d", seed)
		require.Equal(t, !breached.IsZero(), reading.Breached, "seed %d", seed)
		if reading.Breached {
			require.True(t, breached.Equal(reading.BreachAt), "seed %d: %v, %v", seed, breached, reading.BreachAt)
		}
	}
}
