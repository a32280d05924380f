package routing

import (
	"fmt"
	"slices"
	"time"
)

// able lists the members who can take the work, by their place in the group. The
// others are noted with the reason.
func (g *group) able(d *Decision, t Target, w Work, s Situation) []int {
	var onCall []string
	if g.OnCall {
		var err error
		if s.OnCall == nil {
			d.Passed = append(d.Passed, Passed{Group: g.Name, Reason: "it takes only people who are on call, and nobody knows who is"})
			return nil
		}
		if onCall, err = s.OnCall(g.Name, s.At); err != nil {
			d.Passed = append(d.Passed, Passed{Group: g.Name, Reason: "who is on call: " + err.Error()})
			return nil
		}
	}
	if len(g.Members) == 0 {
		d.Passed = append(d.Passed, Passed{Group: g.Name, Reason: "it has no members"})
	}
	able := make([]int, 0, len(g.Members))
	for i := range g.Members {
		if reason := g.against(i, t, w, s, onCall); reason != "" {
			d.Passed = append(d.Passed, Passed{g.Name, g.Members[i].Person, reason})
		} else {
			able = append(able, i)
		}
	}
	return able
}

// against says why a member cannot take the work, or "".
func (g *group) against(i int, t Target, w Work, s Situation, onCall []string) string {
	m := &g.Members[i]
	for _, need := range t.Needs {
		if reason := m.lacks(need, s.At); reason != "" {
			return reason
		}
	}
	for _, a := range m.Absences {
		if !s.At.Before(a.From) && s.At.Before(a.Until) {
			if a.Reason == "" {
				a.Reason = "absent"
			}
			return fmt.Sprintf("%s until %s", a.Reason, a.Until.UTC().Format(time.RFC3339))
		}
	}
	if g.OnCall && !slices.Contains(onCall, m.Person) {
		return "not on call"
	}
	if c := g.hours[i]; c != nil && !c.IsOpen(s.At) {
		if next, ok := c.NextOpen(s.At); ok {
			return "off duty until " + next.UTC().Format(time.RFC3339)
		}
		return "never on duty"
	}
	if load := s.Loads[m.Person].Weight; m.Capacity > 0 && load > m.Capacity-w.Weight {
		return fmt.Sprintf("full: has %d of %d, the work is %d", load, m.Capacity, w.Weight)
	}
	return ""
}

// lacks says why a member does not have a skill, or "".
func (m *Member) lacks(need Skill, at time.Time) string {
	for _, a := range m.Skills {
		switch {
		case a.Name != need.Name:
		case !a.Until.IsZero() && !at.Before(a.Until):
			return fmt.Sprintf("%s has run out on %s", need.Name, a.Until.UTC().Format(time.DateOnly))
		case a.Level < need.Level:
			return fmt.Sprintf("%s at level %d, needed is %d", need.Name, a.Level, need.Level)
		default:
			return ""
		}
	}
	return "lacks " + need.Name
}

// take picks one of those who are able, and says why.
func (g *group) take(strategy Strategy, t Target, able []int, s Situation) (member int, why string) {
	if t.Sticky {
		for _, person := range s.Before {
			for _, i := range able {
				if g.Members[i].Person == person {
					return i, "has worked on it before"
				}
			}
		}
	}
	able, suited := g.suited(t, able, s.At)
	switch strategy {
	case RoundRobin:
		return g.next(able, s.Turns[g.Name]), "it is the turn of this one" + suited
	case LeastLoaded:
		return slices.MinFunc(able, func(a, b int) int { return g.compareLoad(a, b, s) }), "has the least to do" + suited
	case LongestIdle:
		return slices.MinFunc(able, func(a, b int) int {
			return s.Loads[g.Members[a].Person].Given.Compare(s.Loads[g.Members[b].Person].Given)
		}), "was given something longest ago" + suited
	}
	return able[0], "the first in the list" + suited
}

// suited leaves those who have most of the preferred skills.
func (g *group) suited(t Target, able []int, at time.Time) ([]int, string) {
	if len(t.Prefers) == 0 {
		return able, ""
	}
	most, best := -1, []int(nil)
	for _, i := range able {
		n := 0
		for _, p := range t.Prefers {
			if g.Members[i].lacks(p, at) == "" {
				n++
			}
		}
		if n > most {
			most, best = n, nil
		}
		if n == most {
			best = append(best, i)
		}
	}
	return best, fmt.Sprintf(", with %d of %d preferred skills", most, len(t.Prefers))
}

// next is the first of those who are able, behind whoever had the last turn, around the
// list. Who had it and has left the group begins a new round.
func (g *group) next(able []int, last Turn) int {
	at := slices.IndexFunc(g.Members, func(m Member) bool { return m.Person == last.Person })
	for _, i := range able {
		if i > at {
			return i
		}
	}
	return able[0]
}

// compareLoad compares how full people are: by the share of their capacity, without
// which it is compared by what they have, and then by who was given something longest
// ago.
func (g *group) compareLoad(a, b int, s Situation) int {
	x, y := &g.Members[a], &g.Members[b]
	lx, ly := s.Loads[x.Person], s.Loads[y.Person]
	// lx/cx against ly/cy, in whole numbers
	cx, cy := max(1, x.Capacity), max(1, y.Capacity)
	if x.Capacity == 0 || y.Capacity == 0 {
		cx, cy = 1, 1
	}
	if n := int64(lx.Weight)*int64(cy) - int64(ly.Weight)*int64(cx); n != 0 {
		if n < 0 {
			return -1
		}
		return 1
	}
	return lx.Given.Compare(ly.Given)
}
