package escalation_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/routing/escalation"
)

func randomPolicy(rnd *rand.Rand) escalation.Policy {
	targets := []escalation.Target{
		{Kind: escalation.Person, Name: "ann"}, {Kind: escalation.Group, Name: "network"}, {Kind: escalation.OnCall, Name: "network"},
		{Kind: escalation.OnCall, Fact: "group"}, {Kind: escalation.Group, Name: "ghosts"}, {Kind: escalation.Manager, Fact: "assignee"}, {Kind: escalation.Lead, Name: "network"}}
	var rungs []escalation.Rung
	for i := range 1 + rnd.IntN(5) {
		r := rung(fmt.Sprint("rung ", i), rnd.IntN(4), escalation.Duration(1+rnd.IntN(600))*escalation.Duration(time.Second))
		for range 1 + rnd.IntN(2) {
			r.Tell = append(r.Tell, targets[rnd.IntN(len(targets))])
		}
		r.Rotate = []escalation.Rotate{escalation.Together, escalation.Members, escalation.Layers}[rnd.IntN(3)]
		rungs = append(rungs, r)
	}
	p := policy(rungs...)
	p.Ladders[0].Repeat = rnd.IntN(3)
	if rnd.IntN(2) == 0 {
		p.Ladders[0].End = escalation.End{Tell: targets[rnd.IntN(len(targets)):][:1], Every: escalation.Duration(rnd.IntN(2)) * 7 * minute}
	}
	return p
}

// Asked once or often, in time or late, with the state kept as JSON in between: the
// steps and the state are the same.
func TestAdvancingInPartsIsAdvancingAtOnce(t *testing.T) {
	dir := directory(t)
	for seed := range 300 {
		rnd := rand.New(rand.NewPCG(uint64(seed), 3))
		x := engine(t, randomPolicy(rnd))
		facts := escalation.Facts{"group": "network"}
		parts, partSteps, partErr := x.Start(facts, dir, start)
		once, onceSteps, onceErr := parts, slices.Clone(partSteps), partErr
		end := after(rnd.IntN(300))
		for now := start; now.Before(end); {
			now = now.Add(time.Duration(1+rnd.IntN(1200)) * time.Second)
			if now.After(end) {
				now = end
			}
			data, err := json.Marshal(parts)
			require.NoError(t, err)
			var kept escalation.Escalation
			require.NoError(t, json.Unmarshal(data, &kept))
			require.Equal(t, parts, kept)
			var steps []escalation.Step
			parts, steps, err = x.Advance(kept, dir, now)
			partSteps = append(partSteps, steps...)
			if partErr == nil {
				partErr = err
			}
		}
		once, steps, err := x.Advance(once, dir, end)
		onceSteps = append(onceSteps, steps...)
		if onceErr == nil {
			onceErr = err
		}
		require.Equal(t, once, parts)
		require.Equal(t, onceSteps, partSteps)
		require.Equal(t, onceErr, partErr)
		for i, s := range partSteps {
			require.Equal(t, i+1, s.Number)
			require.True(t, i == 0 || !s.At.Before(partSteps[i-1].At), "in order")
			switch s.Do {
			case escalation.Skip:
				require.Empty(t, s.Tell)
				require.NotEmpty(t, s.Problem, "fails closed: with the reason")
			case escalation.Tell, escalation.Remind:
				require.NotEmpty(t, s.Tell)
			}
		}
	}
}

// A model of loops: every rung of every round takes (reminders+1) intervals for those
// who are told together.
func TestStepsAgreeWithALoopOverTheLadder(t *testing.T) {
	dir := directory(t)
	for seed := range 300 {
		rnd := rand.New(rand.NewPCG(uint64(seed), 4))
		people := [][]string{{"ann"}, {"bob", "cho"}, {}, {"eve", "fay", "gus"}}
		dir.People = staff{groups: map[string][]string{"0": people[0], "1": people[1], "2": people[2], "3": people[3]}}
		p := policy()
		ladder := &p.Ladders[0]
		ladder.Repeat = rnd.IntN(3)
		var want []string
		at, reached := 0, true
		for i := range 1 + rnd.IntN(4) {
			r := rung(fmt.Sprint(i), rnd.IntN(3), escalation.Duration(1+rnd.IntN(20))*minute, escalation.Target{Kind: escalation.Group, Name: fmt.Sprint(rnd.IntN(4))})
			r.Rotate = []escalation.Rotate{escalation.Together, escalation.Members}[rnd.IntN(2)]
			ladder.Rungs = append(ladder.Rungs, r)
		}
		for round := 0; round <= ladder.Repeat && reached; round++ {
			reached = false
			for _, r := range ladder.Rungs {
				group := people[int(r.Tell[0].Name[0]-'0')]
				turns := [][]string{group}
				if r.Rotate == escalation.Members {
					turns = slices.Collect(slices.Chunk(group, 1))
				}
				if len(group) == 0 {
					want = append(want, fmt.Sprint(at, " skip ", r.Name, []string(nil)))
					continue
				}
				reached = true
				for _, turn := range turns {
					for n := range r.Reminders + 1 {
						want = append(want, fmt.Sprint(at, []string{" tell ", " remind "}[min(n, 1)], r.Name, turn))
						at += int(time.Duration(r.Interval) / time.Minute)
					}
				}
			}
		}
		want = append(want, fmt.Sprint(at, " finish ", []string(nil)))
		steps, err := engine(t, p).Preview("standard", nil, dir, start)
		if reached {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, escalation.ErrNobody)
		}
		var got []string
		for _, s := range steps {
			var names []string
			for _, c := range s.Tell {
				names = append(names, c.Person)
			}
			got = append(got, fmt.Sprint(int(s.At.Sub(start)/time.Minute), " ", s.Do, " ", s.Name, names))
		}
		require.Equal(t, want, got)
	}
}

func FuzzParse(f *testing.F) {
	for seed := range 3 {
		data, err := json.Marshal(randomPolicy(rand.New(rand.NewPCG(uint64(seed), 5))))
		require.NoError(f, err)
		f.Add(data)
	}
	f.Add([]byte(`{"name":"p","version":1,"calendars":{"c":{"zone":"UTC","weekly":[{"days":"mon","spans":["08:00-09:00"]}]}},"ladders":[{"name":"l","rungs":[{"name":"r","type":"hierarchical","interval":"1h","calendar":"c","tell":[{"kind":"lead","fact":"group","levels":2}]}],"end":{"tell":[{"kind":"told"}],"every":"1h"}}],"choices":[{"name":"c","during":"c","when":{"group":["network"]},"ladder":"l"}],"default":"l"}`))
	dir := directory(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := escalation.Parse(data)
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrInvalid)
			return
		}
		again, err := json.Marshal(x.Policy())
		require.NoError(t, err)
		_, err = escalation.Parse(again)
		require.NoError(t, err)
		e, steps, err := x.Start(escalation.Facts{"group": "network"}, dir, start)
		if err == nil {
			require.NotEmpty(t, steps)
			_, _, _ = x.Advance(e, dir, after(60*24*30))
		}
		x.Lint()
		x.Unreached(dir, start)
	})
}

// What a record brings along is not trusted.
func FuzzAdvance(f *testing.F) {
	x := engine(f, randomPolicy(rand.New(rand.NewPCG(1, 1))))
	dir := directory(f)
	e, _, err := x.Start(escalation.Facts{"group": "network"}, dir, start)
	require.NoError(f, err)
	data, err := json.Marshal(e)
	require.NoError(f, err)
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		var e escalation.Escalation
		if json.Unmarshal(data, &e) != nil {
			return
		}
		_, steps, _ := x.Advance(e, dir, after(600))
		require.LessOrEqual(t, len(steps), escalation.MaxSteps+2*escalation.MaxRungs)
	})
}

func BenchmarkAdvance(b *testing.B) {
	dir := directory(b)
	x := engine(b, policy(rung("one", 2, 10*minute, escalation.Target{Kind: escalation.OnCall, Name: "network"}),
		rung("two", 2, 10*minute, escalation.Target{Kind: escalation.Lead, Fact: "group"})))
	e, _, err := x.Start(escalation.Facts{"group": "network"}, dir, start)
	require.NoError(b, err)
	b.Run("not due", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _, _ = x.Advance(e, dir, after(5))
		}
	})
	b.Run("reminder", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _, _ = x.Advance(e, dir, after(10))
		}
	})
	b.Run("rung", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _, _ = x.Advance(e, dir, after(30))
		}
	})
}
