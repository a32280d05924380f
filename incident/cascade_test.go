package incident_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/workflow"
)

// family opens a parent with children.
func (w *world) family(n int) (*incident.Incident, []workflow.ID) {
	w.t.Helper()
	parent := w.open("Parent")
	var children []workflow.ID
	for i := range n {
		c := w.must(w.Open(w.t.Context(), ann, incident.Report{Title: fmt.Sprint("child ", i), Caller: "carl",
			Impact: incident.Medium, Urgency: incident.Medium, Parent: parent.ID}))
		children = append(children, c.ID)
	}
	return parent, children
}

// step handles one thing that is due.
func (w *world) step() {
	w.t.Helper()
	dues, err := w.store.Claim(w.t.Context(), w.now, 1, time.Minute)
	require.NoError(w.t, err)
	for _, d := range dues {
		if d.Timer != nil || d.Message.Topic == incident.TopicCascade {
			require.NoError(w.t, w.Handle(w.t.Context(), d))
		} else {
			w.sent = append(w.sent, sent{topic: d.Message.Topic})
			require.NoError(w.t, json.Unmarshal(d.Message.Payload, &w.sent[len(w.sent)-1].Notice))
		}
		require.NoError(w.t, w.store.Settle(w.t.Context(), workflow.Settlement{Receipt: d.Receipt, Outcome: workflow.Done}))
	}
}

func (w *world) states(ids []workflow.ID) map[string]int {
	w.t.Helper()
	n := map[string]int{}
	for _, id := range ids {
		n[w.must(w.Get(w.t.Context(), id)).State]++
	}
	return n
}

func TestALargeFamilyFollowsCommitByCommit(t *testing.T) {
	w := newWorld(t, incident.Config{Chunk: 3})
	ctx := t.Context()
	parent, children := w.family(7)
	w.news()

	w.must(w.Resolve(ctx, ann, parent.ID, "fixed", "New switch"))
	require.Equal(t, map[string]int{"new": 7}, w.states(children), "the parent's commit is its own")
	w.deliver()
	require.Equal(t, map[string]int{"resolved": 7}, w.states(children))
	c, err := w.Cascade(ctx, parent.ID)
	require.NoError(t, err)
	require.Equal(t, incident.CascadeSettled, c.State)
	require.Equal(t, 7, c.Followed)

	told := 0
	for _, s := range w.sent {
		if s.topic == incident.TopicResolved {
			require.Equal(t, []string{"carl"}, s.To, "each caller hears of it")
			require.Equal(t, "New switch", s.Text)
			told++
		}
	}
	require.Equal(t, 8, told)
	child := w.must(w.Get(ctx, children[6]))
	require.Equal(t, "ann", child.Resolution.By, "who has resolved the parent")
	events, err := workflow.History(ctx, w.store, w.Kind().Ref(child.ID))
	require.NoError(t, err)
	last := events[len(events)-1]
	require.Equal(t, "follows INC0000001", last.Note)
	require.Equal(t, "ann", last.Actor.OnBehalfOf)
}

func TestALaterOrderOvertakesAnEarlierOne(t *testing.T) {
	w := newWorld(t, incident.Config{Chunk: 2})
	ctx := t.Context()
	parent, children := w.family(6)
	w.news()
	w.must(w.Resolve(ctx, ann, parent.ID, "fixed", "New switch"))
	for w.states(children)["resolved"] < 2 {
		w.step()
	}
	w.must(w.Reopen(ctx, ann, parent.ID, "not at all"))
	w.deliver()
	require.Equal(t, map[string]int{"in_progress": 6}, w.states(children), "nobody is left resolved")
	told := 0
	for _, s := range w.sent {
		if s.topic == incident.TopicResolved && s.ID != parent.ID {
			told++
		}
	}
	require.Equal(t, 2, told, "the four others do not hear of what was taken back")
}

func TestAnOrderToAFamilyThatHasBecomeSmallOvertakes(t *testing.T) {
	w := newWorld(t, incident.Config{Chunk: 4})
	ctx := t.Context()
	parent, children := w.family(5)
	w.news()
	w.must(w.Resolve(ctx, ann, parent.ID, "fixed", "New switch"))
	for _, id := range children[:3] {
		left := w.must(w.SetParent(ctx, ann, id, workflow.ID{}))
		require.Equal(t, incident.StateResolved, left.State, "it was resolved with its family before it left")
	}
	w.must(w.Reopen(ctx, ann, parent.ID, "not at all"))
	require.Equal(t, map[string]int{"in_progress": 2}, w.states(children[3:]), "both orders in this commit")
	w.deliver()
	require.Equal(t, map[string]int{"in_progress": 2}, w.states(children[3:]), "the earlier message finds nothing to do")
	require.Equal(t, map[string]int{"resolved": 3}, w.states(children[:3]))
}

func TestAChildThatIsWorkedOnFollowsFirst(t *testing.T) {
	w := newWorld(t, incident.Config{Chunk: 2})
	ctx := t.Context()
	parent, children := w.family(4)
	w.news()
	w.must(w.Resolve(ctx, ann, parent.ID, "fixed", "New switch"))
	last := w.must(w.Reopen(ctx, carl, children[3], "not for me"))
	require.Equal(t, incident.StateInProgress, last.State)
	require.Equal(t, 1, last.Reopened)
	w.deliver()
	require.Equal(t, map[string]int{"resolved": 3, "in_progress": 1}, w.states(children), "what was reopened by hand stays so")
	events, err := workflow.History(ctx, w.store, w.Kind().Ref(last.ID))
	require.NoError(t, err)
	require.Equal(t, "follows INC0000001; not for me", events[len(events)-1].Note)
}

func TestWhoJoinsIsNotMeantByEarlierOrders(t *testing.T) {
	w := newWorld(t, incident.Config{Chunk: 2})
	ctx := t.Context()
	parent, children := w.family(5)
	stray := w.open("Stray")
	w.news()
	w.must(w.Resolve(ctx, ann, parent.ID, "fixed", "New switch"))
	w.must(w.SetParent(ctx, ann, stray.ID, parent.ID))
	for i := range 3 { // somebody joins whenever a chunk is done
		w.step()
		w.must(w.Open(ctx, ann, incident.Report{Title: fmt.Sprint("late ", i), Impact: incident.Low, Urgency: incident.Low, Parent: parent.ID}))
	}
	w.deliver()
	require.Equal(t, map[string]int{"resolved": 5}, w.states(children))
	ids, err := w.Children(ctx, parent.ID)
	require.NoError(t, err)
	require.Equal(t, map[string]int{"resolved": 5, "new": 4}, w.states(ids))
}

func TestAFamilyThatNobodyLetsFollowIsNotLedFurther(t *testing.T) {
	w := newWorld(t, incident.Config{Chunk: 1})
	ctx := t.Context()
	parent, _ := w.family(2)
	var err error
	n := 0
	for ; err == nil; n++ {
		_, err = w.Hold(ctx, ann, parent.ID, incident.AwaitingVendor, "")
	}
	require.Equal(t, incident.MaxOrders+1, n)
	require.ErrorIs(t, err, workflow.ErrTransition)
	require.ErrorContains(t, err, incident.TopicCascade)
	w.deliver()
	w.must(w.Hold(ctx, ann, parent.ID, incident.AwaitingVendor, ""))
}

func TestAChunkFitsIntoACommitWhateverComesDueWithIt(t *testing.T) {
	cfg := incident.Config{}
	for i := range 5 {
		target := resolution(t)
		target.Name = fmt.Sprint("target ", i)
		for p := range 6 {
			target.Thresholds = append(target.Thresholds, sla.Threshold{Percent: 10 + 10*p})
		}
		cfg.Targets = append(cfg.Targets, target)
	}
	w := newWorld(t, cfg)
	ctx := t.Context()
	parent, children := w.family(150)
	w.now = w.now.AddDate(0, 0, 30) // nobody has looked at a clock since
	w.must(w.Start(ctx, ann, parent.ID))
	w.must(w.Resolve(ctx, ann, parent.ID, "fixed", "New switch"))
	w.deliver()
	require.Equal(t, map[string]int{"resolved": 150}, w.states(children))
	parked := 0
	for range w.store.Parked(ctx) {
		parked++
	}
	require.Zero(t, parked)
}

func TestAChildThatCannotFollowHoldsUpNoOther(t *testing.T) {
	ticket := workflow.Field{Name: "cause", Type: workflow.FieldString}
	schema, err := workflow.NewSchema(ticket)
	require.NoError(t, err)
	lifecycle := incident.Lifecycle()
	for i := range lifecycle.States {
		if lifecycle.States[i].Name == incident.StateResolved {
			lifecycle.States[i].Mandatory = append(lifecycle.States[i].Mandatory, "field.cause")
		}
	}
	w := newWorld(t, incident.Config{Chunk: 2, Fields: schema, Lifecycle: lifecycle})
	ctx := t.Context()
	parent, children := w.family(5)
	for _, id := range append(children[1:], parent.ID) {
		w.must(w.Update(ctx, ann, id, incident.Edit{Fields: map[string]any{"cause": "switch"}}))
	}
	w.must(w.Resolve(ctx, ann, parent.ID, "fixed", "New switch"))
	w.deliver()
	require.Equal(t, map[string]int{"resolved": 4, "new": 1}, w.states(children))
	c, err := w.Cascade(ctx, parent.ID)
	require.NoError(t, err)
	require.Equal(t, 1, c.Stayed)
	events, err := workflow.History(ctx, w.store, w.Kind().Ref(children[0]))
	require.NoError(t, err)
	require.Contains(t, events[len(events)-1].Note, "does not follow INC0000001")
	require.Contains(t, events[len(events)-1].Note, "field.cause")
}

// In one world a family follows in its parent's commit, in the other one by one while
// the same commands go on. Both end alike, and no command is refused in one alone.
func TestALargeFamilyEndsAsASmallOneWould(t *testing.T) {
	for seed := range uint64(24) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			small, large := newWorld(t, incident.Config{}), newWorld(t, incident.Config{Chunk: 1})
			r := rand.New(rand.NewPCG(seed, 11))
			both := []*world{small, large}
			var ids []workflow.ID
			for _, w := range both {
				parent, children := w.family(5)
				ids = append([]workflow.ID{parent.ID, w.open("Stray").ID}, children...)
			}
			for range 60 {
				for range r.IntN(4) {
					large.step()
				}
				who := ids[0]
				if r.IntN(3) > 0 {
					who = ids[1+r.IntN(len(ids)-1)]
				}
				do := familyCommand(r, ids[0])
				var errs [2]error
				for i, w := range both {
					w.now = w.now.Add(time.Second)
					_, errs[i] = do(t.Context(), w, who)
				}
				require.Equal(t, errs[0] == nil, errs[1] == nil, "%v, %v", errs[0], errs[1])
			}
			large.deliver()
			for _, id := range ids {
				a, b := small.must(small.Get(t.Context(), id)), large.must(large.Get(t.Context(), id))
				require.Equal(t, summary(a), summary(b))
			}
		})
	}
}

func summary(inc *incident.Incident) string {
	code := ""
	if inc.Resolution != nil {
		code = inc.Resolution.Notes + " by " + inc.Resolution.By
	}
	return fmt.Sprintf("%s %s %s %q reopened %d by %q, replies %d, %d children, parent %v, comments %d", inc.Title, inc.State, inc.HoldReason,
		code, inc.Reopened, inc.ReopenedBy, inc.Replies, inc.Children, inc.Parent, len(inc.Comments))
}

type doing func(context.Context, *world, workflow.ID) (*incident.Incident, error)

func familyCommand(r *rand.Rand, parent workflow.ID) doing {
	text := fmt.Sprint("text ", r.IntN(1000))
	reason := []incident.HoldReason{incident.AwaitingCaller, incident.AwaitingVendor, incident.AwaitingProblem}[r.IntN(3)]
	commands := []doing{
		func(ctx context.Context, w *world, id workflow.ID) (*incident.Incident, error) {
			return w.Start(ctx, ann, id)
		},
		func(ctx context.Context, w *world, id workflow.ID) (*incident.Incident, error) {
			return w.Hold(ctx, ann, id, reason, text)
		},
		func(ctx context.Context, w *world, id workflow.ID) (*incident.Incident, error) {
			return w.Resume(ctx, ann, id, text)
		},
		func(ctx context.Context, w *world, id workflow.ID) (*incident.Incident, error) {
			return w.Resolve(ctx, ann, id, "fixed", text)
		},
		func(ctx context.Context, w *world, id workflow.ID) (*incident.Incident, error) {
			return w.Reopen(ctx, ben, id, text)
		},
		func(ctx context.Context, w *world, id workflow.ID) (*incident.Incident, error) {
			return w.Reopen(ctx, carl, id, text)
		},
		func(ctx context.Context, w *world, id workflow.ID) (*incident.Incident, error) {
			return w.Comment(ctx, carl, id, text)
		},
		func(ctx context.Context, w *world, id workflow.ID) (*incident.Incident, error) {
			return w.SetParent(ctx, ann, id, parent)
		},
		func(ctx context.Context, w *world, id workflow.ID) (*incident.Incident, error) {
			if id == parent {
				return w.Note(ctx, ann, id, text)
			}
			return w.Close(ctx, ann, id)
		},
		func(ctx context.Context, w *world, id workflow.ID) (*incident.Incident, error) {
			return w.Merge(ctx, ann, id, parent)
		},
		func(ctx context.Context, w *world, id workflow.ID) (*incident.Incident, error) {
			return w.SetParent(ctx, ann, id, workflow.ID{})
		},
	}
	return commands[r.IntN(len(commands))]
}
