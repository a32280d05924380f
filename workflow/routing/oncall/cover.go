package oncall

import "slices"

// cover is what overrides and absences say in one stretch of time in which none of
// them begins or ends. People are numbers of the roster, none is -1.
type cover struct {
	from     int64
	take     stand
	fill     stand
	replaced []stand // the first for somebody counts
	absent   []stand // likewise
}

// stand is one person standing in for another.
type stand struct {
	who    int32 // whose place it is; none for take and fill
	by     int32 // who takes it, none if nobody can
	absent int32 // who was to take it and is absent, none if nobody is
	rule   int32 // the override, none of an absence
}

const none = int32(-1)

func nobody() stand { return stand{none, none, none, none} }

// coverage lays overrides and absences out in time.
func (r *Roster) coverage(bad *problems) []cover {
	edges := []int64{firstSecond}
	for _, o := range r.rota.Overrides {
		edges = append(edges, o.From.Unix(), o.Until.Unix())
	}
	for _, a := range r.rota.Absences {
		edges = append(edges, a.From.Unix(), a.Until.Unix())
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	covers := make([]cover, len(edges))
	overrides, absences := make([][]int32, len(edges)), make([][]int32, len(edges))
	spread := func(into [][]int32, from, until int64, i int) {
		at, _ := slices.BinarySearch(edges, from)
		for ; at < len(edges) && edges[at] < until; at++ {
			if len(overrides[at])+len(absences[at]) >= MaxConcurrent {
				bad.Addf("more than %d overrides and absences at one time", MaxConcurrent)
				return
			}
			into[at] = append(into[at], int32(i))
		}
	}
	for i, o := range r.rota.Overrides {
		spread(overrides, o.From.Unix(), o.Until.Unix(), i)
	}
	for i, a := range r.rota.Absences {
		spread(absences, a.From.Unix(), a.Until.Unix(), i)
	}
	for i := range covers {
		covers[i] = cover{from: edges[i], take: nobody(), fill: nobody()}
		covers[i].absences(r, absences[i])
		covers[i].overrides(r, overrides[i])
	}
	return covers
}

// absences notes for everybody who is absent who stands in at the end of the chain
// of substitutes.
func (c *cover) absences(r *Roster, active []int32) {
	last := make(map[int32]int32, len(active)) // of several absences of a person it counts
	for _, i := range active {
		last[r.number[r.rota.Absences[i].Person]] = i
	}
	for _, i := range active {
		who := r.number[r.rota.Absences[i].Person]
		c.absent = append(c.absent, stand{who: who, by: r.substitute(who, last), absent: who, rule: none})
	}
}

// substitute follows the chain from somebody who is absent to somebody who is there;
// nobody if it ends, or if they are substitutes of each other.
func (r *Roster) substitute(who int32, absences map[int32]int32) int32 {
	for range len(absences) + 1 {
		i, absent := absences[who]
		if !absent {
			return who
		}
		name := r.rota.Absences[i].Substitute
		if name == "" {
			return none
		}
		who = r.number[name]
	}
	return none
}

// overrides notes the last of each kind that has somebody who is there.
func (c *cover) overrides(r *Roster, active []int32) {
	for _, i := range slices.Backward(active) {
		o := r.rota.Overrides[i]
		s := stand{who: none, by: r.number[o.Person], absent: none, rule: i}
		if a := find(c.absent, s.by); a != nil {
			s.by, s.absent = a.by, a.who
		}
		switch {
		case s.by == none:
		case o.Kind == Take && c.take.by == none:
			c.take = s
		case o.Kind == Fill && c.fill.by == none:
			c.fill = s
		case o.Kind == Replace:
			s.who = r.number[o.For]
			c.replaced = append(c.replaced, s)
		}
	}
}

func find(list []stand, who int32) *stand {
	for i := range list {
		if list[i].who == who {
			return &list[i]
		}
	}
	return nil
}
