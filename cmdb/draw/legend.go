package draw

import "fmt"

// entry is one sign of the legend: a kind of item, or of line.
type entry struct {
	text   string
	look   *look
	colour string // of a line
	soft   bool
}

// legend explains the signs that are there, and no others.
func (p Picture) legend(s sheet) []entry {
	var there [kinds]bool
	for _, it := range p.Items {
		there[it.kind()] = true
	}
	var list []entry
	for k := range kinds {
		if there[k] {
			l := k.look()
			list = append(list, entry{text: l.word, look: &l})
		}
	}
	var plain, soft, back bool
	for _, l := range s.curves {
		back = back || l.back
		soft = soft || l.soft
		plain = plain || !l.soft && !l.back
	}
	if plain {
		list = append(list, entry{text: "to what depends on it", colour: tints[0]})
	}
	if soft {
		list = append(list, entry{text: "can only degrade it", colour: tints[0], soft: true})
	}
	if back {
		list = append(list, entry{text: "closes a cycle", colour: purple})
	}
	return list
}

const (
	swatch     = 22
	lineSample = 34
)

func (e entry) sign() int {
	if e.look != nil {
		return swatch
	}
	return lineSample
}

func (e entry) width() int { return e.sign() + 8 + int(measure(e.text)*12) + 18 }

func legendWidth(list []entry) int {
	sum := 0
	for _, e := range list {
		sum += e.width()
	}
	return sum
}

// legend draws it, and returns where it ends.
func (c *canvas) legend(list []entry, y int) int {
	x, middle := margin, y+14
	for _, e := range list {
		if e.look != nil {
			fmt.Fprintf(c, `<rect x="%d" y="%d" width="%d" height="20" rx="4" fill="%s" stroke="%s"/>`, x, middle-10, swatch, e.look.fill, e.look.border)
			c.mark(*e.look, x+swatch/2, middle)
		} else {
			c.path(fmt.Sprintf("M%d %dH%d", x, middle, x+lineSample), e.colour, e.soft, e.text)
		}
		c.text(x+e.sign()+8, middle+4, 12, "#17202b", "", e.text)
		c.WriteString("\n")
		x += e.width()
	}
	return y + 44
}
