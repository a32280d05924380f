package routing

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// Hop is an assignment in the history of a record.
type Hop struct {
	At     time.Time `json:"at"`
	Group  string    `json:"group,omitempty"` // empty: nobody's
	Person string    `json:"person,omitempty"`
	By     string    `json:"by,omitempty"`
}

// BounceRules say what counts as ping-pong. The zero value finds every return to a
// group.
type BounceRules struct {
	// People looks at persons instead of groups: what is handed around within a group.
	People bool `json:"people,omitempty"`
	// Returns is how many returns to groups that had the work before there must be; 0
	// is 1.
	Returns int `json:"returns,omitempty"`
	// Hops is how many changes of group are the most that is good in less than Within; 0
	// does not look.
	Hops   int      `json:"hops,omitempty"`
	Within Duration `json:"within,omitempty"`
	// Ignore lists groups that pass work on by their nature, as a service desk does: a
	// return to one of them is none.
	Ignore []string `json:"ignore,omitempty"`
	// Hours is the working time in which time is counted; default: elapsed time.
	Hours *calendar.Calendar `json:"hours,omitempty"`
}

// ParseBounceRules reads rules from JSON and checks them. Unknown fields are refused.
func ParseBounceRules(data []byte) (BounceRules, error) {
	var r BounceRules
	if err := workflow.ParseJSON(data, "routing: rules of bouncing", &r); err != nil {
		return BounceRules{}, err
	}
	if err := r.Validate(); err != nil {
		return BounceRules{}, err
	}
	return r, nil
}

// Validate reports what is wrong with the rules, all of it.
func (r BounceRules) Validate() error {
	var p workflow.Problems
	if r.Returns < 0 || r.Hops < 0 || r.Within < 0 {
		p.Addf("returns, hops and within are not negative")
	}
	if (r.Hops > 0) != (r.Within > 0) {
		p.Addf("hops and within belong together")
	}
	if len(r.Ignore) > MaxGroups {
		p.Addf("%d groups are ignored, at most %d", len(r.Ignore), MaxGroups)
	}
	for _, name := range r.Ignore {
		checkText(&p, "ignored", name)
	}
	return p.Err("routing: rules of bouncing")
}

// BounceKind is a way in which work gets nowhere.
type BounceKind string

// The kinds.
const (
	Return BounceKind = "return"        // A, B, A
	Cycle  BounceKind = "cycle"         // A, B, C, A
	Often  BounceKind = "too_many_hops" // in too short a time
)

// Bounce is what was found in the history of a record.
type Bounce struct {
	Kind BounceKind `json:"kind"`
	// Way is from the group to itself; of too many hops all of them. With people they are
	// the persons.
	Way []string `json:"way"`
	// Hops are the assignments that show it, the first of each stay, in order.
	Hops  []Hop         `json:"hops"`
	From  time.Time     `json:"from"`  // when the group handed the work on
	Until time.Time     `json:"until"` // when it had it back
	Lost  time.Duration `json:"lost"`  // between the two, in the time of the rules
}

// String tells it to people.
func (b Bounce) String() string {
	return fmt.Sprintf("%s: %s in %v", strings.ReplaceAll(string(b.Kind), "_", " "), strings.Join(b.Way, " > "), b.Lost)
}

// stay is the time for which one group, or one person, has the work.
type stay struct {
	who         string
	from, until time.Time
	hop         Hop // that began it
}

// stays puts the hops into the order of time and joins those of one holder. Times in
// which nobody had the work are left out: they do not make a return.
func stays(history []Hop, people bool, until time.Time) []stay {
	hops := history
	byTime := func(a, b Hop) int { return a.At.Compare(b.At) }
	if !slices.IsSortedFunc(hops, byTime) {
		hops = slices.Clone(history)
		slices.SortStableFunc(hops, byTime)
	}
	all := make([]stay, 0, len(hops))
	for i, h := range hops {
		if !h.At.Before(until) {
			break
		}
		end := until
		if i+1 < len(hops) && hops[i+1].At.Before(until) {
			end = hops[i+1].At
		}
		who := h.Group
		if people {
			who = h.Person
		}
		if who == "" {
			continue
		}
		if n := len(all); n > 0 && all[n-1].who == who && all[n-1].until.Equal(h.At) {
			all[n-1].until = end
			continue
		}
		all = append(all, stay{who, h.At, end, h})
	}
	return all
}

// joined leaves one stay where a holder had the work, nobody, and the holder again: that
// is no hop.
func joined(all []stay) []stay {
	return slices.CompactFunc(slices.Clone(all), func(a, b stay) bool { return a.who == b.who })
}

// between is the time from one instant to another, in the time that is counted.
func between(hours *calendar.Calendar, from, until time.Time) time.Duration {
	if hours == nil {
		return until.Sub(from)
	}
	return hours.Between(from, until)
}

// Bounces finds ping-pong in a record's assignments, as they were until an instant, which
// does not belong to it. The hops may come in any order; of those at one instant the
// order given counts. A return is found once, at the shortest way back to a group. Fewer
// returns than the rules ask for are none.
func Bounces(history []Hop, r BounceRules, until time.Time) []Bounce {
	all := joined(stays(history, r.People, until))
	var found []Bounce
	last := map[string]int{}
	for i, s := range all {
		j, before := last[s.who]
		last[s.who] = i
		if !before || slices.Contains(r.Ignore, s.who) {
			continue
		}
		kind := Return
		if i-j > 2 {
			kind = Cycle
		}
		found = append(found, r.bounce(kind, all[j:i+1], all[j+1].from))
	}
	if len(found) < max(1, r.Returns) {
		found = nil
	}
	return append(found, r.tooOften(all)...)
}

func (r BounceRules) bounce(kind BounceKind, way []stay, from time.Time) Bounce {
	until := way[len(way)-1].from
	b := Bounce{Kind: kind, From: from, Until: until, Lost: between(r.Hours, from, until)}
	for _, s := range way {
		b.Way, b.Hops = append(b.Way, s.who), append(b.Hops, s.hop)
	}
	return b
}

// tooOften finds the times in which the work changed hands too often, each once.
func (r BounceRules) tooOften(all []stay) (found []Bounce) {
	if r.Hops == 0 {
		return nil
	}
	within := func(i, j int) bool { return between(r.Hours, all[i].from, all[j].from) < time.Duration(r.Within) }
	for i := 1; i+r.Hops < len(all); {
		last := i + r.Hops // one hop more than is good, counted from the i-th
		if !within(i, last) {
			i++
			continue
		}
		for last+1 < len(all) && within(i, last+1) {
			last++
		}
		found = append(found, r.bounce(Often, all[i-1:last+1], all[i].from))
		i = last + 1
	}
	return found
}

// Journey sums up where a record has been.
type Journey struct {
	Groups int `json:"groups"` // different ones that had it
	Hops   int `json:"hops"`   // changes from one to another
	// Needless are the hops that led to no group that had not had it before.
	Needless int                      `json:"needless"`
	Held     map[string]time.Duration `json:"held,omitempty"` // how long each group had it
	Idle     time.Duration            `json:"idle"`           // it was nobody's
}

// Ratio is the share of the hops that were needless: 0 for a straight way, and towards 1
// for work that goes to and fro.
func (j Journey) Ratio() float64 {
	if j.Hops == 0 {
		return 0
	}
	return float64(j.Needless) / float64(j.Hops)
}

// Travelled sums up the assignments of a record until an instant, in working time or,
// without hours, elapsed time. People does so by persons instead of groups.
func Travelled(history []Hop, people bool, hours *calendar.Calendar, until time.Time) Journey {
	j := Journey{Held: map[string]time.Duration{}}
	all := stays(history, people, until)
	for i, s := range all {
		j.Held[s.who] += between(hours, s.from, s.until)
		next := until
		if i+1 < len(all) {
			next = all[i+1].from
		}
		j.Idle += between(hours, s.until, next)
	}
	j.Groups = len(j.Held)
	if n := len(joined(all)); n > 0 {
		j.Hops, j.Needless = n-1, n-j.Groups
	}
	return j
}
