package rca

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// When there is no room for the importance, it is refused each time, and what was solved
// before stands.
func TestImportanceThatIsTooEntangledSpoilsNothing(t *testing.T) {
	tree := FaultTree{Top: "top", Gates: []Gate{{ID: "top", Kind: Vote, K: 3, Inputs: []string{"a", "b", "c", "d", "e"}}}}
	for _, id := range tree.Gates[0].Inputs {
		tree.Events = append(tree.Events, Event{ID: id, Probability: Chance(.1)})
	}
	s, err := tree.Solve()
	require.NoError(t, err)
	want, err := s.Probability()
	require.NoError(t, err)
	s.d.limit = len(s.d.nodes)
	for range 2 {
		_, err = s.Importance()
		require.ErrorIs(t, err, ErrTooLarge)
		p, err := s.Probability()
		require.NoError(t, err)
		require.Equal(t, want, p)
		sets, complete := s.CutSets(100)
		require.True(t, complete)
		require.Len(t, sets, 10)
	}
}
