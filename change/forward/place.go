package forward

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Measures of the picture, in pixels.
const (
	sheetWidth = 1280
	margin     = 20
	plotLeft   = 190
	plotRight  = sheetWidth - margin
	fontSize   = 11.0
	rowHeight  = 22
	barHeight  = 17
	lanePad    = 5
	minBar     = 6.0   // so that a change of a minute is seen
	roomInside = 150.0 // a bar as wide as this holds its text, however short that becomes
	maxOutside = 235.0 // of a text beside its bar
	textPad    = 5.0
	pointWidth = 7.0  // of the mark that a bar goes on
	signWidth  = 15.0 // of the triangle
)

// scale tells where an instant is.
type scale struct{ from, to time.Time }

func (s scale) x(t time.Time) float64 {
	part := float64(t.Sub(s.from)) / float64(s.to.Sub(s.from))
	return round(plotLeft + min(max(part, 0), 1)*(plotRight-plotLeft))
}

func round(x float64) float64 { return math.Round(x*10) / 10 }

// bar is a stretch of time in its place, with its text in or beside it.
type bar struct {
	index         int // of what it stands for
	x, width      float64
	before, after bool // it goes on beyond what is shown
	text          string
	textX, signX  float64
	outside       bool // the text stands beside the bar
	left, right   float64
	row           int
}

// place puts a stretch of time on the scale. Its text stands in the bar, if that is
// wide enough; else right of it, or left of it where there is no room.
func (s scale) place(index int, start, end time.Time, text string, sign bool) bar {
	b := bar{index: index, before: start.Before(s.from), after: end.After(s.to)}
	b.x = s.x(start)
	b.width = max(minBar, round(s.x(end)-b.x))
	b.x = min(b.x, round(plotRight-b.width))
	if b.x < plotLeft {
		b.x = plotLeft
	}
	signs := 0.0
	if sign {
		signs = signWidth
	}
	inner := b.width - 2*textPad - signs
	b.textX = b.x + textPad
	if b.before {
		inner, b.textX = inner-pointWidth, b.textX+pointWidth
	}
	if b.after {
		inner -= pointWidth
	}
	b.left, b.right = b.x, b.x+b.width
	if measure(oneLine(text))*fontSize <= inner || b.width >= roomInside {
		b.text = short(text, fontSize, inner)
		b.signX, b.textX = b.textX, round(b.textX+signs)
		return b
	}
	b.outside = true
	b.text = short(text, fontSize, maxOutside)
	width := measure(b.text)*fontSize + signs + textPad
	if b.right+width <= plotRight {
		b.textX = b.right + textPad
		b.right += width
	} else {
		b.left -= width
		b.textX = b.left
	}
	b.signX, b.textX = round(b.textX), round(b.textX+signs)
	return b
}

// pack puts bars in rows, each in the first one that has room, and returns how many
// rows there are. Bars in a row leave a gap, so that one can tell them apart.
func pack(bars []bar) int {
	const gap = 8
	slices.SortStableFunc(bars, func(a, b bar) int { return cmp.Compare(a.left, b.left) })
	var ends []float64
	for i := range bars {
		b := &bars[i]
		row := slices.IndexFunc(ends, func(end float64) bool { return end+gap <= b.left })
		if row < 0 {
			row = len(ends)
			ends = append(ends, 0)
		}
		b.row, ends[row] = row, b.right
	}
	return len(ends)
}

// union joins windows that overlap or touch.
func union(windows []Window) []Window {
	var list []Window
	for _, w := range windows { // by start
		if n := len(list); n > 0 && !w.Start.After(list[n-1].End) {
			if w.End.After(list[n-1].End) {
				list[n-1].End = w.End
			}
			continue
		}
		list = append(list, w)
	}
	return list
}
