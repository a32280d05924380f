package announce_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident/announce"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// together does things at once.
func together(all ...func() error) error {
	errs := make([]error, len(all))
	var group sync.WaitGroup
	for i, f := range all {
		group.Go(func() { errs[i] = f() })
	}
	group.Wait()
	return errors.Join(errs...)
}

// Whatever happens, in whatever order and with two relays at once: everybody who was told
// of something is told its end, once; nobody else is; nobody is told a round twice, nor
// anything after the end.
func TestEverybodyToldOfAnOutageGetsTheAllClearOnce(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 2))
			w := newWorld(t)
			w.everyone(150 + r.IntN(300))
			people := slices.Clone(w.groups[group("sales")])
			night, evening := hours(t, "08:00-20:00"), hours(t, "17:00-17:30")
			for i, p := range people {
				awake := []*calendar.Calendar{nil, nil, night, nil}[i%4]
				digest := []*calendar.Calendar{nil, evening, nil, nil, nil}[i%5]
				if awake != nil || digest != nil {
					w.prefer(p, announce.Preferences{Awake: awake, Digest: digest, Unless: announce.Severity(r.IntN(5))})
				}
			}
			second, err := workflow.NewRelay(w.store, w.mux(w.Service), workflow.RelayConfig{Clock: w.clock, Batch: 3})
			require.NoError(t, err)
			var open []workflow.ID
			clear_ := func(i int) {
				w.must(w.Clear(ctx, mia, open[i], words("It is over")))
				open = slices.Delete(open, i, i+1)
			}
			for range 60 {
				switch k := r.IntN(8); {
				case k == 0 && len(open) < 4:
					rep := outage(mail)
					rep.Severity = announce.Severity(1 + r.IntN(4))
					open = append(open, w.report(rep).ID)
				case k == 1 && len(open) > 0:
					n := announce.News{Words: words("News"), Severity: announce.Severity(r.IntN(5))}
					w.must(w.Update(ctx, mia, open[r.IntN(len(open))], n))
				case k == 2 && len(open) > 0:
					clear_(r.IntN(len(open)))
				case k == 3: // somebody joins, somebody leaves, somebody changes his mind
					w.mu.Lock()
					w.town.mu.Lock()
					members := w.groups[group("sales")]
					w.groups[group("sales")] = append(slices.Clone(members[:len(members)-1]), fmt.Sprintf("q%d", r.IntN(1000)))
					w.town.mu.Unlock()
					w.mu.Unlock()
					w.prefer(people[r.IntN(len(people))], announce.Preferences{NotByConsumption: true})
				case k == 4:
					w.now = w.now.Add(time.Duration(r.IntN(10)) * time.Hour)
				default:
					steps := 1 + r.IntN(6)
					work := func(relay *workflow.Relay) func() error {
						return func() error {
							for range steps {
								if _, err := relay.Step(ctx); err != nil {
									return err
								}
							}
							return nil
						}
					}
					require.NoError(t, together(work(w.relay), work(second)))
				}
			}
			w.pass(2 * time.Hour)
			for len(open) > 0 {
				clear_(0)
			}
			w.pass(40 * time.Hour)
			w.checkLetters(t)
		})
	}
}

// checkLetters looks at everything that was delivered.
func (w *world) checkLetters(t *testing.T) {
	type key struct {
		bulletin workflow.ID
		person   string
	}
	rounds := map[key][]int{}
	ends := map[key]int{}
	for _, l := range w.letters {
		k := key{l.ID, l.person}
		require.NotContains(t, rounds[k], l.Round, "%s is told round %d of %s twice", l.person, l.Round, l.Number)
		rounds[k] = append(rounds[k], l.Round)
		if l.Stage == announce.AllClear {
			ends[k]++
			require.Greater(t, len(rounds[k]), 1, "%s is told the end of %s and nothing before", l.person, l.Number)
		} else {
			require.Zero(t, ends[k], "%s is told of %s after its end", l.person, l.Number)
		}
	}
	require.NotEmpty(t, rounds)
	for k := range rounds {
		require.Equal(t, 1, ends[k], "%s was told of %v", k.person, k.bulletin)
	}
	for b, err := range w.Bulletins(ctx, workflow.Query{}) {
		require.NoError(t, err)
		standings, err := w.Standings(ctx, b.ID)
		require.NoError(t, err)
		seen := map[string]bool{}
		for _, s := range standings {
			require.False(t, seen[s.Person], "%s is on two pages", s.Person)
			seen[s.Person] = true
			require.False(t, s.Held)
			require.Equal(t, s.Told == announce.AllClear, ends[key{b.ID, s.Person}] == 1)
		}
	}
}
