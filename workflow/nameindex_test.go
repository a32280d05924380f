package workflow

import (
	"fmt"
	"strings"
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

// The index exists because it is faster than a map; this is where to see it.
func BenchmarkNameIndex(b *testing.B) {
	names := []string{"new", "in_progress", "on_hold", "resolved", "closed", "cancelled"}
	asked := make([]string, 64) // other strings of the same text, as a record would bring
	places := make(map[string]uint16)
	for i, n := range names {
		places[n] = uint16(i)
	}
	for i := range asked {
		asked[i] = strings.Clone(names[i*i%len(names)])
	}
	b.Run("index", func(b *testing.B) {
		x := newNameIndex(len(names), func(i int) string { return names[i] })
		for i := 0; b.Loop(); i++ {
			if _, ok := x.find(asked[i%len(asked)]); !ok {
				b.Fatal(asked[i%len(asked)])
			}
		}
	})
	b.Run("map", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if _, ok := places[asked[i%len(asked)]]; !ok {
				b.Fatal(asked[i%len(asked)])
			}
		}
	})
}
