package rca_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem/rca"
	"github.com/itsm-go/itsm/workflow"
)

// drawing is what can be seen in an SVG.
type drawing struct {
	Width  float64 `xml:"width,attr"`
	Height float64 `xml:"height,attr"`
	Groups []struct {
		Class string `xml:"class,attr"`
		Title string `xml:"title"`
		Rects []box  `xml:"rect"`
		Texts []struct {
			Y    float64 `xml:"y,attr"`
			Text string  `xml:",chardata"`
		} `xml:"text"`
	} `xml:"g"`
}

type box struct {
	X      float64 `xml:"x,attr"`
	Y      float64 `xml:"y,attr"`
	Width  float64 `xml:"width,attr"`
	Height float64 `xml:"height,attr"`
}

func (a box) overlaps(b box) bool {
	return a.X < b.X+b.Width && b.X < a.X+a.Width && a.Y < b.Y+b.Height && b.Y < a.Y+a.Height
}

func drawn(t testing.TB, write func(io.Writer) error) drawing {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, write(&b))
	wellFormed(t, b.Bytes())
	var d drawing
	require.NoError(t, xml.Unmarshal(b.Bytes(), &d))
	return d
}

// wellFormed reads every token: no element but those that draw, nothing from elsewhere.
func wellFormed(t testing.TB, svg []byte) {
	t.Helper()
	known := map[string]bool{"svg": true, "title": true, "style": true, "rect": true, "path": true, "text": true, "g": true, "circle": true}
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err, "%s", svg)
		if e, is := token.(xml.StartElement); is {
			require.True(t, known[e.Name.Local], "%s", e.Name.Local)
			for _, a := range e.Attr {
				require.False(t, strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href", "%s", a.Name.Local)
			}
		}
	}
}

// malicious are texts that try to be something else.
var malicious = []string{
	`</text><script>alert(1)</script>`, `"><image href="http://example.com/x"/>`, `]]> & &amp; <!-- -->`, "a\x00b\x1bc\uFFFE\uFFFF", "\xff\xfe",
	"\u202Eabc\u2066", `"]; click n0 "javascript:alert(1)"`, "%%{init: {}}%%", strings.Repeat("Donaudampfschiffahrt", 49), strings.Repeat("日本語", 100),
	"line\nbreak\r\n\ttab", "e\u0301\u0301\u0301", "{{.}} ${x}",
}

func hostile(text, other string) rca.Analysis {
	causes := []rca.Cause{{Text: text, Evidence: other, Verdict: rca.Confirmed}, {Text: other, Because: []rca.Cause{{Text: text}, {Text: "x", Evidence: text, Verdict: rca.Refuted}}}}
	id := strings.ToValidUTF8(other[:min(len(other), rca.MaxID-4)], "")
	return rca.Analysis{
		Title: text, Whys: &rca.Whys{Problem: text, Answers: causes},
		Fishbone: &rca.Fishbone{Effect: text, Categories: []rca.Category{{Name: text, Causes: causes}, {Name: "b" + other, Causes: causes}}},
		FaultTree: &rca.FaultTree{Top: "g", Gates: []rca.Gate{{ID: "g", Text: text, Kind: rca.And, Inputs: []string{"e" + id, "f"}}},
			Events: []rca.Event{{ID: "e" + id, Text: other}, {ID: "f", Text: text, Undeveloped: true}}},
		Timeline: &rca.Timeline{Facts: []rca.Fact{{At: noon, Text: text, Source: other}, {At: noon.Add(time.Hour), Kind: rca.Began, Text: other}}},
		Factors:  []rca.Factor{{Text: text}},
	}
}

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func pictures(a rca.Analysis) []func(io.Writer) error {
	return []func(io.Writer) error{a.Whys.SVG, a.Fishbone.SVG, a.FaultTree.SVG, a.Timeline.SVG}
}

func TestNoTextBreaksAPicture(t *testing.T) {
	for i, text := range malicious {
		a := hostile(text, malicious[(i+1)%len(malicious)])
		require.NoError(t, a.Validate())
		for _, write := range pictures(a) {
			drawn(t, write)
		}
		for _, write := range []func(io.Writer) error{a.Whys.Mermaid, a.FaultTree.Mermaid} {
			var b bytes.Buffer
			require.NoError(t, write(&b))
			for line := range strings.Lines(b.String()) {
				require.NotContains(t, line, "<script")
				require.NotContains(t, line, "%%")
				require.Zero(t, strings.Count(line, `"`)%2, "%s", line)
				require.LessOrEqual(t, strings.Count(line, `"`), 2, "%s", line)
			}
		}
		var b bytes.Buffer
		require.NoError(t, a.Text(&b))
	}
}

func FuzzAnyTextIsWellFormed(f *testing.F) {
	for i, text := range malicious {
		f.Add(text, malicious[(i+5)%len(malicious)])
	}
	f.Fuzz(func(t *testing.T, text, other string) {
		a := hostile(text, other)
		if a.Validate() != nil {
			return
		}
		var b bytes.Buffer // one picture each time is faster, and comes to all
		require.NoError(t, pictures(a)[(len(text)+len(other))%4](&b))
		wellFormed(t, b.Bytes())
	})
}

// randomCauses are causes with texts of any length.
func randomCauses(r *rand.Rand, depth int) []rca.Cause {
	var list []rca.Cause
	for range r.IntN(4) {
		c := rca.Cause{Text: strings.Repeat("word ", 1+r.IntN(30)), Verdict: rca.Verdict(r.IntN(2))}
		if c.Verdict != rca.Open {
			c.Evidence = strings.Repeat("proof ", 1+r.IntN(20))
		}
		if depth < 3 {
			c.Because = randomCauses(r, depth+1)
		}
		list = append(list, c)
	}
	return list
}

func TestNothingInAPictureOverlaps(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 4))
		whys := &rca.Whys{Problem: "Mail stops", Answers: randomCauses(r, 0)}
		bones := rca.NewFishbone("Mail stops", rca.EightP()[:1+r.IntN(8)]...)
		for i := range bones.Categories {
			bones.Categories[i].Causes = randomCauses(r, 1)
		}
		tree := randomTree(r, 1+r.IntN(9), 1+r.IntN(7))
		for name, write := range map[string]func(io.Writer) error{"whys": whys.SVG, "fishbone": bones.SVG, "tree": tree.SVG} {
			d := drawn(t, write)
			var boxes []box
			for _, g := range d.Groups {
				boxes = append(boxes, g.Rects...)
			}
			for i, a := range boxes {
				require.True(t, a.X >= 0 && a.Y >= 0 && a.X+a.Width <= d.Width && a.Y+a.Height <= d.Height, "%s %d: outside: %+v of %vx%v", name, seed, a, d.Width, d.Height)
				for _, b := range boxes[:i] {
					require.False(t, a.overlaps(b), "%s %d: %+v and %+v", name, seed, a, b)
				}
			}
		}
	}
}

func TestAPictureShowsWhatIsThere(t *testing.T) {
	a := mail(t)
	classes := func(d drawing) map[string]int {
		n := map[string]int{}
		for _, g := range d.Groups {
			if g.Title != "" {
				n[g.Class]++
			}
		}
		return n
	}
	require.Equal(t, map[string]int{"problem": 1, "confirmed": 5, "confirmed root": 2, "refuted": 1, "open": 1}, classes(drawn(t, a.Whys.SVG)))
	require.Equal(t, map[string]int{"problem": 1, "category": 4, "confirmed": 1, "confirmed root": 2, "refuted": 2, "open": 5}, classes(drawn(t, a.Fishbone.SVG)))
	require.Equal(t, map[string]int{"gate-box": 10, "event": 8, "event repeated": 3}, classes(drawn(t, a.FaultTree.SVG)), "the disk twice, the power three times")
	n := classes(drawn(t, a.Timeline.SVG))
	require.Equal(t, 5, n["phase"])
	require.Equal(t, 1, n["fact milestone began"])
}

func TestWhatIsNotValidIsNotDrawn(t *testing.T) {
	a := hostile("a", "b")
	a.Whys.Problem, a.Fishbone.Effect, a.FaultTree.Top, a.Timeline.Facts[0].Text = "", "", "nothing", ""
	for i, write := range append(pictures(a), a.Whys.Text, a.Fishbone.Text, a.FaultTree.Text, a.Timeline.Text, a.Whys.Mermaid, a.FaultTree.Mermaid, a.Text) {
		var b bytes.Buffer
		require.ErrorIs(t, write(&b), workflow.ErrInvalid, "%d", i)
		require.Zero(t, b.Len())
	}
}

func TestAnEmptyFormIsDrawn(t *testing.T) {
	for _, categories := range [][]string{rca.SixM(), rca.FourP(), rca.EightP(), rca.FourDimensions(), {"one"}} {
		drawn(t, rca.NewFishbone("Mail stops", categories...).SVG)
	}
	drawn(t, (&rca.Whys{Problem: "Mail stops"}).SVG)
	drawn(t, (&rca.Timeline{}).SVG)
	drawn(t, (&rca.FaultTree{Top: "a", Events: []rca.Event{{ID: "a"}}}).SVG)
}

func TestAPictureIsTheSameAgain(t *testing.T) {
	for i := range pictures(mail(t)) {
		var a, b bytes.Buffer
		require.NoError(t, pictures(mail(t))[i](&a))
		require.NoError(t, pictures(mail(t))[i](&b))
		require.Equal(t, a.String(), b.String(), fmt.Sprint(i))
	}
}
