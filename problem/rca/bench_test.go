package rca_test

import (
	"fmt"
	"io"
	"testing"

	"github.com/itsm-go/itsm/problem/rca"
)

// plant is a tree of 200 events: 33 groups of servers, of each of which two of three
// must fail, with the power and the network of their room in common.
func plant() *rca.FaultTree {
	t := &rca.FaultTree{Top: "top", Gates: []rca.Gate{{ID: "top", Kind: rca.Or}}}
	event := func(p float64, format string, args ...any) string {
		id := fmt.Sprintf(format, args...)
		t.Events = append(t.Events, rca.Event{ID: id, Probability: rca.Chance(p)})
		return id
	}
	power, network := event(1e-4, "power"), event(2e-4, "network")
	for i := range 33 {
		group := rca.Gate{ID: fmt.Sprint("group-", i), Kind: rca.Vote, K: 2}
		for j := range 3 {
			g := rca.Gate{ID: fmt.Sprintf("server-%d-%d", i, j), Kind: rca.Or, Inputs: []string{
				event(.001, "disk-%d-%d", i, j), event(.002, "cpu-%d-%d", i, j), []string{power, network, power}[j]}}
			t.Gates = append(t.Gates, g)
			group.Inputs = append(group.Inputs, g.ID)
		}
		t.Gates = append(t.Gates, group)
		t.Gates[0].Inputs = append(t.Gates[0].Inputs, group.ID)
	}
	return t
}

func BenchmarkFaultTreeOf200Events(b *testing.B) {
	tree := plant()
	b.Run("probability", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s, err := tree.Solve()
			if err != nil {
				b.Fatal(err)
			}
			if _, err := s.Probability(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("cut sets", func(b *testing.B) {
		s, err := tree.Solve()
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for b.Loop() {
			sets, _ := s.CutSets(rca.MaxCutSets)
			n = len(sets)
		}
		b.ReportMetric(float64(n), "sets")
	})
	b.Run("importance", func(b *testing.B) {
		s, err := tree.Solve()
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if _, err := s.Importance(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("SVG", func(b *testing.B) {
		for b.Loop() {
			if err := tree.SVG(io.Discard); err != nil {
				b.Fatal(err)
			}
		}
	})
}
