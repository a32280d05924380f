package incident_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/workflow/routing"
)

// monitors are so many that fire after an hour, and every hour again.
func monitors(n int) (all []routing.Monitor) {
	for i := range n {
		all = append(all, routing.Monitor{Name: fmt.Sprint("monitor ", i), After: routing.Duration(time.Hour), Repeat: routing.Duration(time.Hour)})
	}
	return all
}

func TestAnIncidentCanBeWorkedOnHoweverLongNobodyLookedAtIt(t *testing.T) {
	w := newWorld(t, incident.Config{Monitors: monitors(3)})
	inc := w.open("Mail")
	w.news()
	w.now = w.now.Add(60 * 24 * time.Hour) // the relay did not run
	inc = w.must(w.Note(t.Context(), ann, inc.ID, "looking at it"))
	require.Equal(t, 1000, inc.Watches["monitor 0"].Total)
	w.news()
	w.deliver()
	inc = w.must(w.Note(t.Context(), ann, inc.ID, "still looking at it"))
	require.Zero(t, inc.Watches["monitor 0"].Fired)
}

func TestOfAlertsThatAreLateTheLastOnesAreTold(t *testing.T) {
	w := newWorld(t, incident.Config{Monitors: monitors(1)})
	inc := w.open("Mail")
	w.news()
	w.now = w.now.Add(10*time.Hour + time.Minute)
	w.deliver()
	var at []time.Time
	for _, s := range w.sent {
		if s.topic == incident.TopicInactive {
			at = append(at, s.At)
		}
	}
	require.Equal(t, []time.Time{monday.Add(6 * time.Hour), monday.Add(7 * time.Hour), monday.Add(8 * time.Hour), monday.Add(9 * time.Hour), monday.Add(10 * time.Hour)}, at)
	require.Equal(t, 10, w.must(w.Get(t.Context(), inc.ID)).Watches["monitor 0"].Fired)
}

func TestALargeFamilyFollowsThoughItIsWatched(t *testing.T) {
	w := newWorld(t, incident.Config{Monitors: monitors(15)})
	ctx := t.Context()
	parent, children := w.family(220)
	w.news()
	w.now = w.now.Add(30 * time.Minute) // nothing is due, and the timers of all will move
	w.must(w.Resolve(ctx, ann, parent.ID, "fixed", "New switch"))
	w.deliver()
	require.Equal(t, map[string]int{"resolved": 220}, w.states(children))
	c, err := w.Cascade(ctx, parent.ID)
	require.NoError(t, err)
	require.Equal(t, incident.CascadeSettled, c.State)
}
