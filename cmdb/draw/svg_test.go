package draw_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/cmdb/draw"
	"github.com/itsm-go/itsm/cmdb/graph"
)

// image is what can be seen in an SVG.
type image struct {
	ViewBox string `xml:"viewBox,attr"`
	Boxes   []struct {
		Title string `xml:"title"`
		Rect  rect   `xml:"rect"`
	} `xml:"g"`
	Lines []path   `xml:"path"`
	Texts []string `xml:"text"`
}

type path struct {
	Title string `xml:"title"`
	D     string `xml:"d,attr"`
}

type rect struct {
	X      int `xml:"x,attr"`
	Y      int `xml:"y,attr"`
	Width  int `xml:"width,attr"`
	Height int `xml:"height,attr"`
}

func (r rect) overlaps(o rect) bool {
	return r.X < o.X+o.Width && o.X < r.X+r.Width && r.Y < o.Y+o.Height && o.Y < r.Y+r.Height
}

func (r rect) within(o rect) bool {
	return r.X >= o.X && r.Y >= o.Y && r.X+r.Width <= o.X+o.Width && r.Y+r.Height <= o.Y+o.Height
}

func see(t *testing.T, p draw.Picture) image {
	t.Helper()
	var im image
	require.NoError(t, xml.Unmarshal([]byte(text(t, p, draw.Picture.SVG)), &im))
	im.Lines = slices.DeleteFunc(im.Lines, func(l path) bool { return !strings.Contains(l.Title, "→") }) // marks, and the legend
	return im
}

// pieces are the rectangles that the pieces of a line lie in.
func pieces(t *testing.T, d string) []rect {
	t.Helper()
	var list []rect
	var x, y int
	for _, step := range regexp.MustCompile(`[MCH][^MCH]*`).FindAllString(d, -1) {
		var n []int
		for _, field := range strings.Fields(step[1:]) {
			k, err := strconv.Atoi(field)
			require.NoError(t, err)
			n = append(n, k)
		}
		toX, toY := n[max(0, len(n)-2)], n[len(n)-1]
		if step[0] == 'H' {
			toY = y
		}
		if step[0] != 'M' {
			list = append(list, rect{min(x, toX), min(y, toY), max(x, toX) - min(x, toX), max(y, toY) - min(y, toY)})
		}
		x, y = toX, toY
	}
	return list
}

func TestWhatOneSees(t *testing.T) {
	pictures := map[string]draw.Picture{"one item": random(0, 1, 0), "itself": random(0, 1, 1), "no links": random(0, 60, 0), "wide": wide()}
	for seed := range uint64(20) {
		pictures[fmt.Sprint("any ", seed)] = random(seed, 2+int(seed)*3, int(seed*seed)/3)
		pictures[fmt.Sprint("estate ", seed)] = estate(seed, 10+int(seed)*5)
	}
	for name, p := range pictures {
		t.Run(name, func(t *testing.T) {
			im := see(t, p)
			everyItemHasABox(t, p, im)
			everyLinkHasALine(t, p, im)
			nothingIsInTheWay(t, im)
		})
	}
}

func everyItemHasABox(t *testing.T, p draw.Picture, im image) {
	require.Len(t, im.Boxes, len(p.Items))
	for i, it := range p.Items {
		word := it.State.String()
		if it.Cause {
			word = "cause"
		}
		require.Contains(t, im.Boxes[i].Title, it.Name)
		require.Contains(t, im.Boxes[i].Title, ": "+word)
	}
}

func everyLinkHasALine(t *testing.T, p draw.Picture, im image) {
	names := map[string]string{}
	for _, it := range p.Items {
		names[it.ID] = it.Name
	}
	want, got := map[string]bool{}, map[string]bool{}
	for _, l := range p.Links {
		want[names[l.To]+" → "+names[l.From]] = true
	}
	for _, l := range im.Lines {
		require.False(t, got[l.Title], "%s is there twice", l.Title)
		got[l.Title] = true
	}
	require.Equal(t, want, got)
}

// Boxes neither overlap nor leave the picture, and no line runs over a box.
func nothingIsInTheWay(t *testing.T, im image) {
	var paper rect
	_, err := fmt.Sscan(im.ViewBox, &paper.X, &paper.Y, &paper.Width, &paper.Height)
	require.NoError(t, err)
	for i, b := range im.Boxes {
		require.True(t, b.Rect.within(paper), "%s leaves the picture", b.Title)
		for _, o := range im.Boxes[:i] {
			if b.Rect.overlaps(o.Rect) {
				t.Errorf("%s and %s overlap", b.Title, o.Title)
			}
		}
	}
	for _, l := range im.Lines {
		for _, piece := range pieces(t, l.D) {
			require.True(t, piece.within(paper), "%s leaves the picture", l.Title)
			for _, b := range im.Boxes {
				if b.Rect.overlaps(piece) {
					t.Errorf("%s runs over %s", l.Title, b.Title)
				}
			}
		}
	}
}

// wide is a switch with 60 servers.
func wide() draw.Picture {
	p := draw.Picture{Items: []draw.Item{{ID: "switch", Name: "Switch", Cause: true}}}
	for i := range 60 {
		id := fmt.Sprint("server", i)
		p.Items = append(p.Items, draw.Item{ID: id, Name: "Server " + id, State: graph.Down})
		p.Links = append(p.Links, draw.Link{From: id, To: "switch", Soft: i%7 == 0})
	}
	return p
}

func TestAWideLayerIsBroken(t *testing.T) {
	var paper rect
	_, err := fmt.Sscan(see(t, wide()).ViewBox, &paper.X, &paper.Y, &paper.Width, &paper.Height)
	require.NoError(t, err)
	require.Less(t, paper.Height, 1400)
	require.Less(t, paper.Width, 1800)
}

func TestArrowsRunToTheRightUnlessTheyCloseACycle(t *testing.T) {
	items := []draw.Item{{ID: "a", Cause: true}, {ID: "b"}, {ID: "c"}, {ID: "d"}}
	for _, test := range []struct {
		links []draw.Link
		left  string // the lines that run to the left
	}{
		{[]draw.Link{{From: "b", To: "a"}, {From: "c", To: "b"}, {From: "c", To: "a"}}, ""},
		{[]draw.Link{{From: "b", To: "a"}, {From: "c", To: "b"}, {From: "a", To: "c"}}, "c → a"},
		{[]draw.Link{{From: "d", To: "c"}, {From: "c", To: "b"}, {From: "b", To: "a"}, {From: "b", To: "d"}}, "d → b"},
	} {
		left := ""
		for _, l := range see(t, draw.Picture{Items: items, Links: test.links}).Lines {
			var from int
			_, err := fmt.Sscanf(l.D, "M%d", &from)
			require.NoError(t, err)
			if pieces(t, l.D)[0].X < from {
				left += l.Title
			}
		}
		require.Equal(t, test.left, left)
	}
}

func TestLinksBetweenTheSameItemsAreOneLine(t *testing.T) {
	p := draw.Picture{
		Items: []draw.Item{{ID: "a"}, {ID: "b"}},
		Links: []draw.Link{
			{From: "b", To: "a", Soft: true, Label: "monitors"}, {From: "b", To: "a", Label: "runs on"},
			{From: "b", To: "a", Label: "runs on"}, {From: "a", To: "b"},
		},
	}
	svg := text(t, p, draw.Picture.SVG)
	require.Contains(t, svg, "<title>a → b: monitors, runs on</title>")
	require.Contains(t, svg, "<title>b → a</title>")
	require.NotContains(t, svg, "stroke-dasharray", "one of the links is not soft")
}

func TestAnEmptyPictureSaysSo(t *testing.T) {
	require.Equal(t, []string{"Outage", "Nothing is affected."}, see(t, draw.Picture{Title: "Outage"}).Texts)
}

func TestTheLegendExplainsWhatIsThere(t *testing.T) {
	require.Contains(t, strings.Join(see(t, outage()).Texts, "|"), "cause|down|degraded|to what depends on it|can only degrade it")
	none := strings.Join(see(t, random(0, 1, 0)).Texts, "|")
	require.NotContains(t, none, "depends")
}

func BenchmarkSVG(b *testing.B) {
	for _, items := range []int{60, 2000} {
		p := estate(1, items)
		b.Run(fmt.Sprintf("%d items, %d links", items, len(p.Links)), func(b *testing.B) {
			for b.Loop() {
				require.NoError(b, p.SVG(io.Discard))
			}
		})
	}
}
