package rca

// place is a box of a tree in a picture. Along is the direction in which the tree
// grows, across that in which its branches lie beside each other.
type place struct {
	depth  int
	across float64 // where it begins
	extent float64 // how much room it takes across
	kids   []*place
}

func (p *place) middle() float64 { return p.across + p.extent/2 }

// settle puts the tree below p from a place on, each box in the middle of its branches,
// and returns where it ends.
func (p *place) settle(from, gap float64) float64 {
	if len(p.kids) == 0 {
		p.across = from
		return from + p.extent
	}
	end := from
	for i, k := range p.kids {
		if i > 0 {
			end += gap
		}
		end = k.settle(end, gap)
	}
	p.across = (p.kids[0].middle()+p.kids[len(p.kids)-1].middle())/2 - p.extent/2
	if p.across < from { // it is wider than its branches
		for _, k := range p.kids {
			k.move(from - p.across)
		}
		end += from - p.across
		p.across = from
	}
	return max(end, p.across+p.extent)
}

func (p *place) move(by float64) {
	p.across += by
	for _, k := range p.kids {
		k.move(by)
	}
}
