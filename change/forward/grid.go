package forward

import (
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/change/schedule"
)

// height is how much room the names on the axis take.
func (a axis) height() int {
	if a.hours {
		return 40
	}
	return 24
}

// axis draws the days, weeks or months from the top of the lanes to their bottom, and
// their names above.
func (c *canvas) axis(a axis, top, plotTop, bottom int) {
	for _, t := range a.finer {
		c.line("fine", c.x(t), plotTop, c.x(t), bottom)
	}
	name := c.names(a)
	named := float64(0)
	for i, s := range a.stretches {
		x, end := c.x(s.start), c.x(s.end)
		if i > 0 {
			c.line("day", x, top+4, x, bottom)
		}
		if text := name(s); x >= named && measure(text)*fontSize <= end-x-6 {
			c.text(x+4, top+16, "lane", "", text)
			named = x + 4 + measure(text)*fontSize
		}
	}
	c.line("day", plotLeft, top+4, plotLeft, bottom)
	c.line("day", plotRight, top+4, plotRight, bottom)
	if a.hours {
		c.hours(a.finer, top+33)
	}
}

func (c *canvas) hours(times []time.Time, y int) {
	free := float64(plotLeft)
	for _, t := range times {
		text := t.Format("15:04")
		half := measure(text) * fontSize / 2
		if x := c.x(t); x-half >= free && x+half <= plotRight {
			c.text(x, y, "muted", ` text-anchor="middle"`, text)
			free = x + half + 6
		}
	}
}

// names returns what writes the names of stretches: as long as they all fit where they
// are shown whole, and if there is room, with the length of a day that does not last 24
// hours. A name that does not fit where it should stand is not drawn.
func (c *canvas) names(a axis) func(stretch) string {
	var name func(stretch) string
	for _, lengths := range []bool{true, false} {
		for _, layout := range a.unit.names {
			name = func(s stretch) string {
				text := s.first.Format(layout)
				if lengths && a.unit.days && s.length != 24*time.Hour {
					text += fmt.Sprintf(" (%v h)", s.length.Hours())
				}
				return text
			}
			if !slices.ContainsFunc(a.stretches, func(s stretch) bool {
				return s.whole && measure(name(s))*fontSize > c.x(s.end)-c.x(s.start)-8
			}) {
				return name
			}
		}
	}
	return name
}

// legend explains the signs that are there, and no others.
func (c *canvas) legend(s *Schedule) {
	x, y := float64(margin), c.y
	add := func(there bool, sign, text string) {
		if !there {
			return
		}
		const swatch = 26
		fmt.Fprintf(&c.front, `<g transform="translate(%g %d)">%s</g>`, round(x), y, sign)
		c.text(round(x+swatch+6), y+12, "inside", "", text)
		x += swatch + 6 + measure(text)*fontSize + 16
	}
	box := func(class, text string) string {
		return fmt.Sprintf(`<g class="%s"><rect class="bar" x="1" y="0" width="24" height="%d" rx="2.5"/><text x="9" y="12">%s</text></g>`, class, barHeight-1, text)
	}
	for _, t := range types {
		add(s.any(func(e Entry) bool { return e.Type == t }), box(string(t), t.letter()), string(t))
	}
	add(s.any(func(e Entry) bool { return e.Status == Proposed }), box("normal proposed", ""), "not approved yet")
	add(s.any(func(e Entry) bool { return e.Status == Cancelled }), box("normal cancelled", "ab"), "cancelled")
	add(s.conflicts() > 0, `<g class="normal conflict"><rect class="bar" x="1" y="0" width="24" height="16" rx="2.5"/>`+triangle(7, 2)+`</g>`, "in conflict")
	add(s.any(func(e Entry) bool { return e.Start.Before(s.from) || e.End.After(s.to) }),
		`<g class="normal"><rect class="bar" x="1" y="0" width="24" height="16" rx="2.5"/><path class="point" d="M23 8l-5 -5v10z"/></g>`, "goes on")
	for _, k := range []schedule.Kind{schedule.Blackout, schedule.Maintenance} {
		add(s.anyWindow(k), fmt.Sprintf(`<g class="window"><rect class="%s" x="1" y="0" width="24" height="16"/></g>`, k), kindName(k))
	}
	if x > margin {
		c.y += 30
	}
}

func (s *Schedule) any(is func(Entry) bool) bool {
	for _, e := range s.entries {
		if is(e) {
			return true
		}
	}
	return false
}

func (s *Schedule) anyWindow(k schedule.Kind) bool {
	for _, w := range s.windows {
		if w.Kind == k {
			return true
		}
	}
	return false
}
