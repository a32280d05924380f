package rca_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem/rca"
	"github.com/itsm-go/itsm/workflow"
)

func TestRootCausesAreTheConfirmedLeaves(t *testing.T) {
	a := mail(t)
	var lines []string
	for _, c := range a.Whys.RootCauses() {
		lines = append(lines, fmt.Sprintf("%s < %d steps, open %q", c.Text, len(c.Way), c.Open))
	}
	require.Equal(t, []string{
		"Nobody rotates the audit log < 4 steps, open []",
		"The disk is not monitored: the host was built by hand and never added < 2 steps, open []",
	}, lines)
	require.Equal(t, []string{"Its debug output was left on after CHG0000311"}, a.Whys.Open())
	require.Len(t, a.Fishbone.Open(), 4)
	require.Len(t, a.RootCauses(), 3, "one is named in both diagrams")

	half := rca.Whys{Problem: "p", Answers: []rca.Cause{{Text: "a", Because: []rca.Cause{{Text: "b", Verdict: rca.Confirmed, Evidence: "seen"}}}}}
	require.Equal(t, []rca.RootCause{{Text: "b", Evidence: "seen", Way: []string{"p", "a"}, Open: []string{"a"}}}, half.RootCauses(), "the chain to it is not proven")
}

func TestAnAnalysisIsReadStrictlyAndRoundTrips(t *testing.T) {
	a := mail(t)
	raw, err := json.Marshal(a)
	require.NoError(t, err)
	b, err := rca.Parse(raw)
	require.NoError(t, err)
	require.Equal(t, a, b)
	for _, bad := range []string{``, `{}`, `{"title": "a", "why": {}}`, `{"title": "a"} {}`, `{"title": "a", "whys": {"problem": "b", "answers": [{"text": "c", "verdict": "maybe"}]}}`} {
		_, err := rca.Parse([]byte(bad))
		require.ErrorIs(t, err, workflow.ErrInvalid, bad)
	}
}

func TestAllThatIsWrongIsTold(t *testing.T) {
	deep := rca.Cause{Text: "deep"}
	for range rca.MaxDepth {
		deep = rca.Cause{Text: "why", Because: []rca.Cause{deep}}
	}
	a := rca.Analysis{
		Whys: &rca.Whys{Answers: []rca.Cause{
			{Text: "guessed", Verdict: rca.Confirmed},
			{Text: "wrong", Verdict: rca.Refuted, Evidence: "seen", Because: []rca.Cause{{Text: "behind", Verdict: rca.Confirmed, Evidence: "seen"}}},
			{Text: " ", Verdict: 7}, deep}},
		Fishbone: &rca.Fishbone{Effect: strings.Repeat("x", rca.MaxText+1), Categories: []rca.Category{{Name: "a"}, {Name: "a"}}},
		FaultTree: &rca.FaultTree{Top: "g", Gates: []rca.Gate{
			{ID: "g", Kind: rca.Or, Inputs: []string{"h", "h", "none"}, K: 1},
			{ID: "h", Kind: rca.Vote, K: 4, Inputs: []string{"e", "g"}},
			{ID: "far", Kind: "xor"}, {ID: "e", Kind: rca.And, Inputs: []string{"e"}}},
			Events: []rca.Event{{ID: "e", Probability: rca.Chance(1.5)}, {ID: ""}}},
		Timeline: &rca.Timeline{Facts: []rca.Fact{{Text: "when?"}, {At: noon, Kind: "odd", Text: "a"}, {At: noon, Kind: rca.Began, Text: "a"}, {At: noon, Kind: rca.Began, Text: ""}}},
		Factors:  make([]rca.Factor, rca.MaxFactors+1),
	}
	err := a.Validate()
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, part := range []string{
		"the title is missing", "the problem is missing", `"guessed"): the evidence is missing`, "explains what is refuted", "verdict 7 is unknown", "more than 20 in a row",
		"the effect has at most", `category "a" is listed twice`, `gate "g" feeds itself`, `input "h" is listed twice`, `"none" is neither`, "only a vote gate counts",
		"4 of 2 inputs", `kind "xor"`, `gate "far" is not part`, `the id "e" is given twice`, "probability 1.5", "an id has 1 to 64 bytes",
		"fact 1 has an instant", `kind "odd"`, "began is a milestone", "fact 4 is missing", "101 contributing factors",
	} {
		require.ErrorContains(t, err, part)
	}
	many := &rca.Whys{Problem: "p", Answers: make([]rca.Cause, rca.MaxCauses+1)}
	require.ErrorContains(t, many.Validate(), "more than 500 causes")
	require.ErrorContains(t, (&rca.FaultTree{}).Validate(), "0 events")
	_, err = (&rca.FaultTree{}).Solve()
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func TestCategoriesAreKnown(t *testing.T) {
	f := rca.NewFishbone("Mail stops", rca.FourP()...)
	require.NoError(t, f.Add("People", rca.Cause{Text: "Nobody answers for it"}))
	require.ErrorContains(t, f.Add("Price", rca.Cause{Text: "x"}), "Policies")
	require.Equal(t, "Nobody answers for it", f.Categories[2].Causes[0].Text)
}

func TestPhasesOfAnOutage(t *testing.T) {
	at := func(minutes int, kind rca.Kind) rca.Fact {
		return rca.Fact{At: noon.Add(time.Duration(minutes) * time.Minute), Kind: kind, Text: "x"}
	}
	phases := func(facts ...rca.Fact) (lines []string) {
		for _, p := range (&rca.Timeline{Facts: facts}).Phases() {
			lines = append(lines, fmt.Sprintf("%s: %s to %s, %v", p.Name, p.From, p.To, p.Took))
		}
		return lines
	}
	require.Equal(t, []string{"detection: began to detected, 5m0s", "recovery: detected to restored, 25m0s"},
		phases(at(30, rca.Restored), at(7, ""), at(0, rca.Began), at(5, rca.Detected)), "in any order, what is not known left out")
	require.Equal(t, []string{"detection: began to detected, -3m0s"}, phases(at(0, rca.Began), at(-3, rca.Detected)), "a monitor warned before")
	require.Empty(t, phases(at(0, rca.Began)))
	line := &rca.Timeline{Facts: []rca.Fact{at(90, rca.Restored), at(0, rca.Began), at(80, rca.Action), at(10, "")}}
	d, known := line.Outage()
	require.True(t, known)
	require.Equal(t, 90*time.Minute, d)
	require.Equal(t, []rca.Silence{{Start: noon.Add(10 * time.Minute), Took: 70 * time.Minute}}, line.Silences(time.Hour))
	_, known = (&rca.Timeline{Facts: []rca.Fact{at(0, rca.Began)}}).Outage()
	require.False(t, known)
}

func TestFactsAreMadeOfHistory(t *testing.T) {
	events := []workflow.Event{
		{Ref: workflow.Ref{Kind: "incident"}, Type: "incident.open", At: noon},
		{Ref: workflow.Ref{Kind: "incident"}, Type: "incident.note", At: noon.Add(time.Minute)},
		{Ref: workflow.Ref{Kind: "incident"}, Type: "incident.resolve", At: noon.Add(time.Hour)},
	}
	facts := rca.FactsOf(events, func(e workflow.Event) (rca.Fact, bool) {
		kind, told := map[string]rca.Kind{"incident.open": rca.Detected, "incident.resolve": rca.Restored}[e.Type]
		return rca.Fact{Kind: kind, Text: e.Type}, told
	})
	require.Equal(t, []rca.Fact{
		{At: noon, Kind: rca.Detected, Text: "incident.open", Source: "incident"},
		{At: noon.Add(time.Hour), Kind: rca.Restored, Text: "incident.resolve", Source: "incident"},
	}, facts)
}

func TestWhatIsNotKnownIsNotGuessed(t *testing.T) {
	tree := &rca.FaultTree{Top: "g", Gates: []rca.Gate{{ID: "g", Kind: rca.Or, Inputs: []string{"a", "b", "c"}}},
		Events: []rca.Event{{ID: "a"}, {ID: "b", Probability: rca.Chance(.5)}, {ID: "c"}}}
	s, err := tree.Solve()
	require.NoError(t, err)
	_, err = s.Probability()
	require.ErrorContains(t, err, `event "a" is not known`)
	require.ErrorContains(t, err, `event "c" is not known`)
	_, err = s.Importance()
	require.ErrorIs(t, err, workflow.ErrInvalid)
	_, err = s.ProbabilityOf("x")
	require.ErrorIs(t, err, workflow.ErrNotFound)
	sets, complete := s.CutSets(2)
	require.False(t, complete)
	require.Len(t, sets, 2)
	require.Nil(t, sets[0].Probability)
	tree.Events[1].Probability = rca.Chance(0)
	sets, complete = s.CutSets(3)
	require.True(t, complete)
	require.Equal(t, .5, *sets[1].Probability, "the solution does not follow the tree")
	_, complete = s.CutSets(0)
	require.False(t, complete)
}

// Of two columns of events, one of each of many pairs: as the pairs are spread over the
// tree, there is no small diagram of it.
func TestWhatIsTooEntangledIsToldSo(t *testing.T) {
	tree := &rca.FaultTree{Top: "top"}
	top := rca.Gate{ID: "top", Kind: rca.Or}
	first := rca.Gate{ID: "first", Kind: rca.And}
	const n = 40
	for i := range n {
		for _, side := range []string{"a", "b"} {
			tree.Events = append(tree.Events, rca.Event{ID: fmt.Sprint(side, i)})
		}
		first.Inputs = append(first.Inputs, fmt.Sprint("a", i))
		pair := rca.Gate{ID: fmt.Sprint("pair", i), Kind: rca.And, Inputs: []string{fmt.Sprint("a", i), fmt.Sprint("b", i)}}
		tree.Gates = append(tree.Gates, pair)
		top.Inputs = append(top.Inputs, pair.ID)
	}
	top.Inputs = append([]string{"first"}, top.Inputs...) // all the a decide before any b
	tree.Gates = append(tree.Gates, top, first)
	_, err := tree.Solve()
	require.ErrorIs(t, err, rca.ErrTooLarge)
}

func TestWorthHasATextForm(t *testing.T) {
	for _, text := range []string{`"infinite"`, `"1"`, `"12.5"`} {
		var x rca.Worth
		require.NoError(t, json.Unmarshal([]byte(text), &x))
		raw, err := json.Marshal(x)
		require.NoError(t, err)
		require.Equal(t, text, string(raw))
	}
	for _, text := range []string{`"NaN"`, `"0.5"`, `"Inf"`, `""`, `"-1"`} {
		var x rca.Worth
		require.ErrorIs(t, json.Unmarshal([]byte(text), &x), workflow.ErrInvalid, text)
	}
	require.Equal(t, "infinite 3.14", fmt.Sprint(func() (a, b rca.Worth) {
		_ = json.Unmarshal([]byte(`"infinite"`), &a)
		return a, 3.14159
	}()))
}

func FuzzParse(f *testing.F) {
	document, err := os.ReadFile("testdata/mail.json")
	require.NoError(f, err)
	f.Add(document)
	f.Add([]byte(`{"title": "a", "fault_tree": {"top": "g", "gates": [{"id": "g", "kind": "vote", "k": 1, "inputs": ["e"]}], "events": [{"id": "e", "probability": 1e-300}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := rca.Parse(data)
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrInvalid)
			return
		}
		raw, err := json.Marshal(a)
		require.NoError(t, err)
		again, err := rca.Parse(raw)
		require.NoError(t, err, "%s", raw)
		second, err := json.Marshal(again)
		require.NoError(t, err)
		require.JSONEq(t, string(raw), string(second))
		if a.FaultTree != nil && len(a.FaultTree.Events) < 30 {
			if s, err := a.FaultTree.Solve(); err == nil {
				s.CutSets(10)
			}
		}
	})
}
