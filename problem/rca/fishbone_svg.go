package rca

import "io"

const (
	bonePad   = 8.0
	boneText  = 178.0 // how wide the text of a cause is
	boneLean  = .30   // how far a rib leans for each unit of its height
	boneInset = 15.0  // of a cause that is behind another
	headText  = 170.0
)

// boneRow is a cause in the picture; y counts from the end of its rib.
type boneRow struct {
	cause *Cause
	depth int
	lines []string
	y     float64 // of its twig
	top   float64 // of its text
	up    *boneRow
}

// bone is a category in the picture.
type bone struct {
	name   []string
	title  string
	blocks [][]*boneRow // each: a cause and what is behind it
	height float64
	block  float64 // the height of the highest block
}

// SVG draws the diagram: the effect is the head of the fish, on the right. A diagram
// that is not valid gives an error, and nothing is written.
func (f *Fishbone) SVG(w io.Writer) error {
	if err := f.Validate(); err != nil {
		return err
	}
	bones := make([]*bone, len(f.Categories))
	highest := [2]float64{70, 70} // above and below the spine
	block := 0.0
	for i := range f.Categories {
		bones[i] = newBone(&f.Categories[i])
		highest[i%2] = max(highest[i%2], bones[i].height)
		block = max(block, bones[i].block)
	}
	step := boneText + 40 + boneLean*block
	s := &sheet{}
	top := s.heading("Cause and effect", summary(f.RootCauses(), f.Open()))
	const label = 40.0
	spine := top + label + highest[0]
	first := margin + boneText + 24 + boneLean*max(highest[0], highest[1]) + boneLean*block
	pairs := (len(bones) + 1) / 2
	end := first + float64(pairs-1)*step
	for i, b := range bones {
		s.bone(b, first+float64(i/2)*step, spine, highest[i%2], i%2 == 0)
	}
	s.line("spine", "M%g %gH%g", margin+10, spine, end+30)
	s.head(f.Effect, end+30, spine)
	bottom := spine
	if len(bones) > 1 {
		bottom += highest[1] + label
	}
	s.legend(max(bottom, s.height-margin)+22, true)
	return s.write(w, "Cause and effect: "+f.Effect)
}

func (s *sheet) head(effect string, x, y float64) {
	said := wrap(effect, boldSize, headText, 12)
	high := float64(len(said))*lineHigh + 2*bonePad + 4
	wide := max(90, widest(said, boldSize)) + 2*bonePad + 8
	s.shape("arrow", "M%g %gv16l14 -8z", x-1, y-8)
	x += 13
	s.open("problem", effect)
	s.rect("box", x, y-high/2, wide, high, 6)
	s.lines("strong", x+bonePad+4, y-high/2+bonePad+13, lineHigh, said)
	s.end()
	s.cover(x+wide, y+high/2)
}

func newBone(c *Category) *bone {
	b := &bone{name: wrap(c.Name, boldSize, boneText, 2), title: c.Name + ": " + plural(len(c.Causes), "cause")}
	y := 6.0
	for i := range c.Causes {
		var rows []*boneRow
		from := y
		var add func(c *Cause, depth int, up *boneRow)
		add = func(c *Cause, depth int, up *boneRow) {
			r := &boneRow{cause: c, depth: depth, up: up, top: y}
			shown := float64(min(depth, 5))
			r.lines = wrap(c.Text, fontSize, boneText-20-boneInset*shown, 4)
			y += float64(len(r.lines)) * lineHigh
			r.y = y + 3
			y = r.y + 5
			if depth > 0 {
				r.y = r.top + 8
				y -= 4
			}
			rows = append(rows, r)
			for i := range c.Because {
				add(&c.Because[i], depth+1, r)
			}
		}
		add(&c.Causes[i], 0, nil)
		b.blocks = append(b.blocks, rows)
		b.block = max(b.block, y-from)
		y += 6
	}
	b.height = y + 8
	return b
}

// bone draws a category whose rib meets the spine at x.
func (s *sheet) bone(b *bone, x, spine, height float64, above bool) {
	end, far := spine-height, x-boneLean*height // of the rib
	start, low := end, end
	if !above {
		end = spine + height
		start, low = spine, end
	}
	rib := func(y float64) float64 { // where the rib is
		d := spine - y
		if d < 0 {
			d = -d
		}
		return x - boneLean*d
	}
	s.line("rib", "M%g %gL%g %g", far, end, x, spine)
	wide := widest(b.name, boldSize) + 20
	high := float64(len(b.name))*lineHigh + 8
	top := low - high
	if !above {
		top = low
	}
	s.open("category", b.title)
	s.rect("box", far-wide/2, top, wide, high, 5)
	s.lines("strong middle", far, top+16, lineHigh, b.name)
	s.end()
	s.cover(far+wide/2, top+high)
	for _, rows := range b.blocks {
		last := rows[len(rows)-1]
		bottom := last.top + float64(len(last.lines))*lineHigh
		left := min(rib(start+rows[0].top), rib(start+bottom)) - boneText - 8
		s.twigs(rows, start, left, rib)
	}
}

// twigs draws a cause and what is behind it.
func (s *sheet) twigs(rows []*boneRow, start, left float64, rib func(float64) float64) {
	for _, r := range rows {
		x, y := left+boneInset*float64(min(r.depth, 5)), start+r.y
		if r.up == nil {
			s.line("twig "+r.cause.Verdict.String(), "M%g %gH%g", x, y, rib(y))
		} else {
			from := left + boneInset*float64(min(r.up.depth, 5)) + 7
			above := start + r.up.y
			if r.up.depth > 0 {
				above += 7
			}
			s.line("twig "+r.cause.Verdict.String(), "M%g %gV%gH%g", from, above, y, x+1)
		}
		s.open(r.cause.class(), r.cause.tooltip())
		s.mark(r.cause.Verdict, x+8, start+r.top+8)
		s.lines("said named", x+19, start+r.top+12, lineHigh, r.lines)
		s.end()
	}
}
