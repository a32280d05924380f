package rca

import (
	"fmt"
	"io"
	"strings"
	"time"
)

const (
	timeText  = 470.0
	timeLine  = margin + 128 // where the line is
	timeStart = timeLine + 22
	stripWide = timeStart + timeText - margin
)

// SVG draws the timeline from above to below, with the time from each fact to the next,
// and the phases between milestones in a strip above, each as wide as it was long. Times
// are those of the place where the first fact was noted. A timeline that is not valid
// gives an error, and nothing is written.
func (t *Timeline) SVG(w io.Writer) error {
	if err := t.Validate(); err != nil {
		return err
	}
	facts := t.Sorted()
	s := &sheet{}
	y := s.heading("Timeline", t.summary(facts))
	y = s.strip(t.Phases(), y)
	s.cover(timeStart+timeText, y)
	day := ""
	for i, f := range facts {
		at := f.At.In(facts[0].At.Location())
		if d := at.Format("Mon 2 Jan 2006"); d != day {
			if i > 0 {
				y += 8
			}
			s.text("strong", margin, y+4, d)
			day = d
			y += 24
		}
		next := s.fact(f, at, y)
		if i+1 < len(facts) {
			next = s.pause(facts[i+1].At.Sub(f.At), y, next)
		}
		y = next
	}
	return s.write(w, "Timeline")
}

func (t *Timeline) summary(facts []Fact) string {
	text := plural(len(facts), "fact")
	if d, known := t.Outage(); known {
		text += ", the damage lasted " + lasted(d)
	}
	if len(facts) > 0 {
		text += ", times are " + facts[0].At.Format("MST")
	}
	return text
}

// fact draws a fact, and returns where the next may be.
func (s *sheet) fact(f Fact, at time.Time, y float64) float64 {
	class := "fact"
	if f.Kind.Milestone() {
		class = "fact milestone " + string(f.Kind)
	}
	said := wrap(f.Text, fontSize, timeText, 6)
	source := wrap(f.Source, fineSize, timeText, 1)
	s.open(class, strings.TrimSuffix(f.Text+" · "+f.Source, " · "))
	clock := at.Format("15:04:05")
	s.text("right", timeLine-16, y+4, strings.TrimSuffix(clock, ":00"))
	fmt.Fprintf(&s.front, `<circle class="dot" cx="%g" cy="%g" r="6"/>`+"\n", timeLine, round(y))
	line := y + 4
	if f.Kind != "" && f.Kind != Happened {
		s.text("tag", timeStart, line, strings.ToUpper(string(f.Kind)))
		line += lineHigh
	}
	line = s.lines("said", timeStart, line, lineHigh, said)
	s.lines("fine", timeStart, line-1, fineHigh, source)
	s.end()
	bottom := line + float64(len(source))*fineHigh
	s.cover(timeStart, bottom-lineHigh)
	return bottom
}

// pause draws the line to the next fact.
func (s *sheet) pause(d time.Duration, from, to float64) float64 {
	to = max(to+4, from+34)
	s.line("link", "M%g %gV%g", timeLine, from, to)
	if d > 0 {
		s.text("fine right", timeLine-16, (from+to)/2+5, "+"+lasted(d))
	}
	return to
}

// strip draws the phases in a row, and returns where it ends. What took no time, or less
// than none, has no place in it, but is told.
func (s *sheet) strip(phases []Phase, y float64) float64 {
	var total time.Duration
	for _, p := range phases {
		total += max(0, p.Took)
	}
	if total == 0 {
		return y
	}
	x := margin
	var told []string
	for _, p := range phases {
		told = append(told, p.Name+" "+lasted(p.Took))
		if p.Took <= 0 {
			continue
		}
		wide := stripWide * (float64(p.Took) / float64(total))
		s.open("phase", p.Name+": "+lasted(p.Took)+", from "+string(p.From)+" to "+string(p.To))
		s.rect(p.Name, x, y, wide, 24, 0)
		for _, label := range []string{p.Name + " " + lasted(p.Took), lasted(p.Took)} {
			if measure(label)*fineSize < wide-6 {
				s.text("fine", x+5, y+16, label)
				break
			}
		}
		s.end()
		x += wide
	}
	y += 42
	y = s.lines("muted", margin, y, lineHigh, wrap(strings.Join(told, ", "), fontSize, stripWide, 2))
	return y + 12
}
