package routing

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
)

// group is a compiled Group.
type group struct {
	*Group
	hours    []*calendar.Calendar // of each member; nil: always
	shares   []uint64             // what the load of each member is measured by
	standIns []*group
}

func newGroup(g *Group, clocks map[clock]*calendar.Calendar) *group {
	c := &group{Group: g}
	largest := 1
	for _, m := range g.Members {
		largest = max(largest, m.Capacity)
	}
	for _, m := range g.Members {
		c.hours = append(c.hours, clocks[m.clock()])
		// Who has no limit is as strong as the strongest.
		c.shares = append(c.shares, uint64(cmp.Or(m.Capacity, largest)))
	}
	return c
}

// candidate is a member who can take the work.
type candidate struct {
	place int // in the group's list
	load  Load
}

// assign takes a person of the group, the named one before all others, or leaves the work
// to the group where that is the strategy. It reports whether the group has the work.
func (g *group) assign(d *Decision, t *Target, named string, strategy Strategy, s Situation) bool {
	groupOnly := strategy == "" || strategy == GroupOnly
	if !groupOnly || named != "" {
		if able := g.able(d, t, named, !groupOnly, s); len(able) > 0 {
			g.give(d, t, named, able, strategy, s)
			return true
		}
	}
	if groupOnly {
		d.Why = "the group decides among itself"
	}
	return groupOnly
}

func (g *group) give(d *Decision, t *Target, named string, able []candidate, strategy Strategy, s Situation) {
	if named != "" && g.Members[able[0].place].Person == named {
		d.Person, d.Why = named, "named by "+d.source()
		return
	}
	best := able
	taken, why := g.sticky(t, able, s.Before)
	if taken < 0 {
		best, why = g.suited(d, t, able, s.At)
		taken, why = g.take(strategy, best, s.Turns[g.Name], why)
		if strategy == RoundRobin {
			d.Turn = &Turn{g.Members[taken].Person, taken}
		}
	}
	for _, c := range best {
		if m := &g.Members[c.place]; c.place != taken {
			d.Passed = append(d.Passed, Passed{Group: g.Name, Person: m.Person, Cause: NotTaken, Have: c.load.Weight, Capacity: m.Capacity})
		}
	}
	d.Person, d.Why = g.Members[taken].Person, why
}

// able lists the members who can take the work: the named one alone if he can, and else
// all others, if they are to be looked at. Those who cannot are noted with the cause.
func (g *group) able(d *Decision, t *Target, named string, others bool, s Situation) []candidate {
	onCall, ok := g.onCall(d, s)
	if !ok {
		return nil
	}
	if len(g.Members) == 0 {
		d.Passed = append(d.Passed, Passed{Group: g.Name, Cause: NoMembers})
		return nil
	}
	d.Passed = slices.Grow(d.Passed, len(g.Members))
	look := func(i int) (candidate, bool) {
		load := s.Loads[g.Members[i].Person]
		load.Weight = max(load.Weight, 0)
		p := g.against(i, t, d.Weight, load, s.At, onCall)
		if p.Cause == "" {
			return candidate{i, load}, true
		}
		p.Group, p.Person = g.Name, g.Members[i].Person
		d.Passed = append(d.Passed, p)
		return candidate{}, false
	}
	if named != "" {
		i := slices.IndexFunc(g.Members, func(m Member) bool { return m.Person == named })
		if c, ok := look(i); ok {
			return []candidate{c}
		}
	}
	if !others {
		return nil
	}
	able := make([]candidate, 0, len(g.Members))
	for i := range g.Members {
		if g.Members[i].Person == named {
			continue
		}
		if c, ok := look(i); ok {
			able = append(able, c)
		}
	}
	return able
}

// onCall returns who is on call, for a group that takes only those. Not ok is that nobody
// can be.
func (g *group) onCall(d *Decision, s Situation) ([]string, bool) {
	if !g.OnCall {
		return nil, true
	}
	note := "there is no rota"
	if s.OnCall != nil {
		people, err := s.OnCall(g.Name, s.At)
		if err == nil {
			return people, true
		}
		note = err.Error()
	}
	d.Passed = append(d.Passed, Passed{Group: g.Name, Cause: NoOnCall, Note: note})
	return nil, false
}

// against says why a member cannot take the work; no cause: he can.
func (g *group) against(i int, t *Target, weight int, load Load, at time.Time, onCall []string) Passed {
	m := &g.Members[i]
	for _, need := range t.Needs {
		if p := m.lacks(need, at); p.Cause != "" {
			return p
		}
	}
	for _, a := range m.Absences {
		if !at.Before(a.From) && at.Before(a.Until) {
			return Passed{Cause: Away, Note: a.Reason, Until: a.Until}
		}
	}
	if g.OnCall && !slices.Contains(onCall, m.Person) {
		return Passed{Cause: NotOnCall}
	}
	if c := g.hours[i]; c != nil && !c.IsOpen(at) {
		next, _ := c.NextOpen(at)
		return Passed{Cause: OffDuty, Until: next}
	}
	if m.Capacity > 0 && load.Weight > m.Capacity-weight {
		return Passed{Cause: Full, Have: load.Weight, Want: weight, Capacity: m.Capacity}
	}
	return Passed{}
}

// lacks says why a member does not have a skill; no cause: he has it.
func (m *Member) lacks(need Skill, at time.Time) Passed {
	for _, a := range m.Skills {
		switch {
		case a.Name != need.Name:
		case !a.Until.IsZero() && !at.Before(a.Until):
			return Passed{Cause: RunOut, Skill: need.Name, Until: a.Until}
		case a.Level < need.Level:
			return Passed{Cause: LowLevel, Skill: need.Name, Have: a.Level, Want: need.Level}
		default:
			return Passed{}
		}
	}
	return Passed{Cause: LacksSkill, Skill: need.Name}
}

// sticky finds who of those who are able has worked on it before; -1: nobody, or it does
// not matter.
func (g *group) sticky(t *Target, able []candidate, before []string) (int, string) {
	if t.Sticky {
		for _, person := range before {
			for _, c := range able {
				if g.Members[c.place].Person == person {
					return c.place, "has worked on it before"
				}
			}
		}
	}
	return -1, ""
}

// take picks one of those who are able, and says why.
func (g *group) take(strategy Strategy, able []candidate, last Turn, suited string) (place int, why string) {
	c := able[0]
	switch strategy {
	case RoundRobin:
		return g.next(able, last), "has the turn" + suited
	case LeastLoaded:
		c, why = slices.MinFunc(able, g.compareLoad), "has the least to do"
	case LongestIdle:
		c, why = slices.MinFunc(able, func(a, b candidate) int { return a.load.Given.Compare(b.load.Given) }), "was given something longest ago"
	default:
		why = "is the first in the list"
	}
	return c.place, why + suited
}

// suited leaves those who have most of the preferred skills.
func (g *group) suited(d *Decision, t *Target, able []candidate, at time.Time) ([]candidate, string) {
	if len(t.Prefers) == 0 {
		return able, ""
	}
	has := make([]int, len(able))
	for i, c := range able {
		for _, p := range t.Prefers {
			if g.Members[c.place].lacks(p, at).Cause == "" {
				has[i]++
			}
		}
	}
	most := slices.Max(has)
	var best []candidate
	for i, c := range able {
		if has[i] == most {
			best = append(best, c)
		} else {
			d.Passed = append(d.Passed, Passed{Group: g.Name, Person: g.Members[c.place].Person, Cause: LessSuited, Have: has[i], Want: most})
		}
	}
	return best, fmt.Sprintf(", with %d of %d preferred skills", most, len(t.Prefers))
}

// next is the first of those who are able, behind whoever had the last turn, around the
// list. Where he has left the group, his place is that of the one who came behind him.
func (g *group) next(able []candidate, last Turn) int {
	at := slices.IndexFunc(g.Members, func(m Member) bool { return m.Person == last.Person })
	if at < 0 && last.Person != "" {
		at = last.Place - 1
	}
	for _, c := range able {
		if c.place > at {
			return c.place
		}
	}
	return able[0].place
}

// compareLoad compares how full people are, by the share of their capacity, and then by
// who was given something longest ago.
func (g *group) compareLoad(a, b candidate) int {
	// a.load/a.share against b.load/b.share, in whole numbers of 128 bits
	ah, al := bits.Mul64(uint64(a.load.Weight), g.shares[b.place])
	bh, bl := bits.Mul64(uint64(b.load.Weight), g.shares[a.place])
	return cmp.Or(cmp.Compare(ah, bh), cmp.Compare(al, bl), a.load.Given.Compare(b.load.Given))
}
