package survey_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident/survey"
	"github.com/itsm-go/itsm/workflow"
)

// most is how many of the instants are in the fullest half-open period of a length.
func most(times []time.Time, within time.Duration) int {
	best := 0
	for _, from := range times {
		n := 0
		for _, t := range times {
			if !t.Before(from) && t.Before(from.Add(within)) {
				n++
			}
		}
		best = max(best, n)
	}
	return best
}

// received lists when each person was sent an invitation, by survey, and by person alone.
func (w *world) received() (bySurvey, byPerson map[string][]time.Time) {
	bySurvey, byPerson = map[string][]time.Time{}, map[string][]time.Time{}
	for _, m := range w.sent {
		if m.topic == survey.TopicInvited {
			who := m.Notice.To[0]
			bySurvey[m.Notice.Survey+" "+who] = append(bySurvey[m.Notice.Survey+" "+who], m.at)
			byPerson[who] = append(byPerson[who], m.at)
		}
	}
	return bySurvey, byPerson
}

func TestTheCapHoldsWhateverHappens(t *testing.T) {
	week := 7 * 24 * time.Hour
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			a, b := definition(), definition()
			a.PersonCap = &survey.PersonCap{Most: 1, Within: survey.Duration(week)}
			b.Name, b.PersonCap, b.Delay = "second", &survey.PersonCap{Most: 2, Within: survey.Duration(week)}, survey.Delay{Elapsed: survey.Duration(50 * time.Hour)}
			a.Remind, b.Remind = nil, nil
			w := newWorld(t, survey.Config{Surveys: []survey.Definition{a, b}, PersonCap: &survey.PersonCap{Most: 2, Within: survey.Duration(week)}})
			people := []string{"carl", "dora", "emil"}
			var known []survey.Event
			for range 120 {
				switch r.IntN(6) {
				case 0, 1, 2: // several records close at once, for the same people
					var all []func() error
					for range 1 + r.IntN(4) {
						e := event(ids.NewID(w.now), w.now)
						e.People["caller"] = []string{people[r.IntN(3)], people[r.IntN(3)]}
						known = append(known, e)
						all = append(all, func() error { _, err := w.Occurred(ctx, e); return err })
					}
					together(t, all...)
				case 3: // a record is reopened while its event is told again
					if len(known) > 0 {
						e := known[r.IntN(len(known))]
						together(t, func() error { _, err := w.Reopened(ctx, e.Record, w.now); return err },
							func() error { _, err := w.Occurred(ctx, e); return err })
					}
				case 4: // the relay is late, and there are two of it
					w.now = w.now.Add(time.Duration(r.IntN(60)) * time.Hour)
					due, err := w.store.Claim(ctx, w.now, 100, time.Minute)
					require.NoError(t, err)
					w.share(t, due)
				case 5:
					w.pass(time.Duration(r.IntN(30)) * time.Hour)
				}
			}
			w.pass(10 * 24 * time.Hour)
			bySurvey, byPerson := w.received()
			require.Len(t, byPerson, 3)
			for who, times := range bySurvey {
				limit := 1
				if who[:6] == "second" {
					limit = 2
				}
				require.LessOrEqual(t, most(times, week), limit, who)
			}
			reached := 0
			for who, times := range byPerson {
				reached = max(reached, most(times, week))
				require.LessOrEqual(t, most(times, week), 2, who)
			}
			require.Equal(t, 2, reached, "the cap is used up, too")
		})
	}
}

// together does things at once.
func together(t *testing.T, all ...func() error) {
	t.Helper()
	errs := make([]error, len(all))
	var group sync.WaitGroup
	for i, f := range all {
		group.Go(func() { errs[i] = f() })
	}
	group.Wait()
	require.NoError(t, errors.Join(errs...))
}

// share lets two workers carry out work at once. Messages are left for later.
func (w *world) share(t *testing.T, due []workflow.Due) {
	settled := make([]workflow.Settlement, len(due))
	work := func(from int) func() error {
		return func() error {
			for i := from; i < len(due); i += 2 {
				settled[i] = workflow.Settlement{Receipt: due[i].Receipt, Outcome: workflow.Retry, RetryAt: w.now}
				if due[i].Timer == nil {
					continue
				}
				if err := w.Handle(ctx, due[i]); err != nil {
					return err
				}
				settled[i].Outcome = workflow.Done
			}
			return nil
		}
	}
	together(t, work(0), work(1))
	if err := w.store.Settle(ctx, settled...); err != nil {
		require.ErrorIs(t, err, workflow.ErrLeaseLost, "a timer that was set anew")
	}
}

func TestTwoRecordsThatCloseAtOnceTakeOnePlace(t *testing.T) {
	for range 8 {
		w := standard(t, func(d *survey.Definition) {
			d.PersonCap = &survey.PersonCap{Most: 1, Within: survey.Duration(30 * 24 * time.Hour)}
		})
		results := make([]survey.Result, 6)
		var all []func() error
		for i := range results {
			e := event(ids.NewID(w.now), w.now)
			all = append(all, func() (err error) { results[i], err = w.Occurred(ctx, e); return err })
		}
		together(t, all...)
		invited, skipped := 0, 0
		for _, r := range results {
			invited, skipped = invited+len(r.Invited), skipped+len(r.Skipped)
		}
		require.Equal(t, 1, invited)
		require.Equal(t, 5, skipped)
	}
}

func TestNoMoreAreInvitedInAPeriodThanItsCapThoughTheyAreToldOfLate(t *testing.T) {
	w := standard(t, func(d *survey.Definition) { d.PeriodCap = &survey.PeriodCap{Most: 1, Per: survey.Day} })
	var r survey.Result
	for day := range 3 {
		e := event(ids.NewID(w.now), w.now.AddDate(0, 0, -3+day))
		e.People["caller"] = []string{fmt.Sprintf("caller %d", day)}
		one := w.occurred(e)
		r.Invited, r.Skipped = append(r.Invited, one.Invited...), append(r.Skipped, one.Skipped...)
	}
	require.Len(t, r.Invited, 1, "all would be sent today")
	require.Len(t, r.Skipped, 2)
	require.Equal(t, survey.WhyPeriodCap, r.Skipped[0].Why)
	// A place that is given back is that of the day it was taken for.
	_, err := w.Reopened(ctx, r.Invited[0].About.Ref, w.now)
	require.NoError(t, err)
	require.Len(t, w.occurred(event(ids.NewID(w.now), w.now)).Invited, 1)
}
