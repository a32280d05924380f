package draw_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/cmdb/draw"
	"github.com/itsm-go/itsm/cmdb/graph"
)

// formats are the ways to write a picture.
var formats = map[string]func(draw.Picture, io.Writer) error{
	"SVG":     draw.Picture.SVG,
	"DOT":     draw.Picture.DOT,
	"Mermaid": draw.Picture.Mermaid,
}

func text(t testing.TB, p draw.Picture, write func(draw.Picture, io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, write(p, &b))
	return b.String()
}

func TestAPictureThatContradictsItselfIsNotWritten(t *testing.T) {
	p := draw.Picture{
		Items: []draw.Item{{ID: "a"}, {ID: "b"}, {Name: "nameless"}, {ID: "a"}, {ID: "c", State: 7}},
		Links: []draw.Link{{From: "a", To: "b"}, {From: "a", To: "x"}, {From: "y", To: ""}},
	}
	for name, write := range formats {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			err := write(p, &b)
			require.ErrorIs(t, err, draw.ErrInvalid)
			for _, want := range []string{
				"item 2 has no id",
				`items 0 and 3 are both "a"`,
				`item 4, "c": there is no state(7)`,
				`link 1, from "a" to "x": there is no item "x"`,
				`link 2, from "y" to "": there is no item "y"`,
				`link 2, from "y" to "": there is no item ""`,
			} {
				require.ErrorContains(t, err, want)
			}
			require.Empty(t, b.String())
		})
	}
}

type full struct{}

var errFull = errors.New("the disk is full")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestTheErrorOfTheWriterIsReturned(t *testing.T) {
	for name, write := range formats {
		require.ErrorIs(t, write(outage(), full{}), errFull, name)
	}
}

func TestAPictureIsWrittenTheSameEachTime(t *testing.T) {
	p := random(1, 60, 120)
	for name, write := range formats {
		require.Equal(t, text(t, p, write), text(t, p, write), name)
	}
}

func TestWritingLeavesThePictureAlone(t *testing.T) {
	p := random(2, 40, 90)
	for _, write := range formats {
		text(t, p, write)
	}
	require.Equal(t, random(2, 40, 90), p)
}

// random is any picture: with cycles, links of an item to itself, and twice the same.
func random(seed uint64, items, links int) draw.Picture {
	r := rand.New(rand.NewPCG(seed, 0))
	p := draw.Picture{Title: "Any", Subtitle: "picture"}
	for i := range items {
		p.Items = append(p.Items, draw.Item{
			ID: fmt.Sprint("i", i), Name: fmt.Sprint("Item ", i), Class: "any class",
			State: graph.State(r.IntN(3)), Cause: r.IntN(10) == 0,
		})
	}
	for range links {
		p.Links = append(p.Links, draw.Link{
			From: p.Items[r.IntN(items)].ID, To: p.Items[r.IntN(items)].ID, Soft: r.IntN(4) == 0,
		})
	}
	return p
}

// estate is like a configuration: each item depends on some that came before it.
func estate(seed uint64, items int) draw.Picture {
	r := rand.New(rand.NewPCG(seed, 0))
	p := draw.Picture{Title: "An estate"}
	for i := range items {
		p.Items = append(p.Items, draw.Item{ID: fmt.Sprint("i", i), Name: fmt.Sprint("Item ", i), State: graph.Down, Cause: i == 0})
		for range min(i, r.IntN(6)) {
			p.Links = append(p.Links, draw.Link{From: p.Items[i].ID, To: p.Items[i/4+r.IntN(i-i/4)].ID})
		}
	}
	return p
}
