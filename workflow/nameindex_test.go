package workflow

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNameIndexFindsWhatIsThereAndNothingElse(t *testing.T) {
	for _, names := range [][]string{
		nil,
		{"a"},
		{"new", "in_progress", "on_hold", "resolved", "closed", "cancelled"},
		collide(256),
	} {
		x := newNameIndex(len(names), func(i int) string { return names[i] })
		for i, n := range names {
			id, ok := x.find(n)
			require.True(t, ok, n)
			require.EqualValues(t, i, id)
		}
		for _, n := range []string{"", "b", "newer", "x999y999z"} {
			_, ok := x.find(n)
			require.False(t, ok, n)
		}
	}
}

// collide makes names that all want the same slot.
func collide(n int) []string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("x%03dy%03dz", i, i))
	}
	return names
}
