package routing

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

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
	// Returns is how many returns to groups that had the work before there must be; 0
	// is 1.
	Returns int `json:"returns,omitempty"`
	// Hops is how many changes of group are too many within Within, elapsed time; 0
	// does not look.
	Hops   int      `json:"hops,omitempty"`
	Within Duration `json:"within,omitempty"`
	// Ignore lists groups that pass work on by their nature, as a service desk does: a
	// return to one of them is none.
	Ignore []string `json:"ignore,omitempty"`
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
	Kind   BounceKind    `json:"kind"`
	Groups []string      `json:"groups"` // the way, from the group to itself; of too many hops all of them
	From   time.Time     `json:"from"`   // the group handed the work on
	Until  time.Time     `json:"until"`  // and had it back
	Lost   time.Duration `json:"lost"`   // elapsed time between the two
}

// String tells it to people.
func (b Bounce) String() string {
	return fmt.Sprintf("%s: %s in %v", strings.ReplaceAll(string(b.Kind), "_", " "), strings.Join(b.Groups, " > "), b.Lost)
}

// stay is the time for which one group has the work.
type stay struct {
	group       string
	from, until time.Time
}

// stays puts the hops into the order of time and joins those of one group. Times in
// which nobody had the work are left out: they do not make a return.
func stays(history []Hop, until time.Time) []stay {
	hops := slices.Clone(history)
	slices.SortStableFunc(hops, func(a, b Hop) int { return a.At.Compare(b.At) })
	var all []stay
	for i, h := range hops {
		end := until
		if i+1 < len(hops) {
			end = hops[i+1].At
		}
		if h.Group == "" || h.At.After(until) {
			continue
		}
		if n := len(all); n > 0 && all[n-1].group == h.Group {
			all[n-1].until = end
			continue
		}
		all = append(all, stay{h.Group, h.At, end})
	}
	return all
}

// Bounces finds ping-pong in a record's assignments, as they were until an instant. The
// hops may come in any order. A return is found once, at the shortest way back to a
// group. Fewer returns than the rules ask for are none.
func Bounces(history []Hop, r BounceRules, until time.Time) []Bounce {
	all := stays(history, until)
	var returns []Bounce
	for i, s := range all {
		if slices.Contains(r.Ignore, s.group) {
			continue
		}
		for j := i - 2; j >= 0; j-- {
			if all[j].group != s.group {
				continue
			}
			b := Bounce{Kind: Return, From: all[j].until, Until: s.from, Lost: s.from.Sub(all[j].until)}
			if i-j > 2 {
				b.Kind = Cycle
			}
			for _, x := range all[j : i+1] {
				b.Groups = append(b.Groups, x.group)
			}
			returns = append(returns, b)
			break
		}
	}
	if len(returns) < max(1, r.Returns) {
		returns = nil
	}
	return append(returns, tooOften(all, r)...)
}

// tooOften finds the times in which the work changed hands too often, each once.
func tooOften(all []stay, r BounceRules) (found []Bounce) {
	if r.Hops == 0 {
		return nil
	}
	for i := 1; i+r.Hops < len(all); {
		last := i + r.Hops // one hop more than is good, counted from the i-th
		if all[last].from.Sub(all[i].from) >= time.Duration(r.Within) {
			i++
			continue
		}
		for last+1 < len(all) && all[last+1].from.Sub(all[i].from) < time.Duration(r.Within) {
			last++
		}
		b := Bounce{Kind: Often, From: all[i].from, Until: all[last].from, Lost: all[last].from.Sub(all[i].from)}
		for _, x := range all[i-1 : last+1] {
			b.Groups = append(b.Groups, x.group)
		}
		found = append(found, b)
		i = last + 1
	}
	return found
}

// Held sums up for how long each group had the work, until an instant: elapsed time.
func Held(history []Hop, until time.Time) map[string]time.Duration {
	held := map[string]time.Duration{}
	for _, s := range stays(history, until) {
		held[s.group] += s.until.Sub(s.from)
	}
	return held
}

// Traffic counts which groups hand work to which, over many records. The zero Traffic
// is empty. It is not safe for concurrent use.
type Traffic struct {
	records, bounced int
	pairs            map[[2]string]*Pair
}

// Pair is what two groups send each other.
type Pair struct {
	From    string        `json:"from"`
	To      string        `json:"to"`
	Handed  int           `json:"handed"`  // times From handed work to To
	Bounced int           `json:"bounced"` // times it came straight back
	Lost    time.Duration `json:"lost"`    // elapsed time that To had it, when it came back
}

// Add counts the assignments of one record.
func (t *Traffic) Add(history []Hop, until time.Time) {
	if t.pairs == nil {
		t.pairs = map[[2]string]*Pair{}
	}
	all := stays(history, until)
	t.records++
	bounced := false
	for i := 1; i < len(all); i++ {
		key := [2]string{all[i-1].group, all[i].group}
		p := t.pairs[key]
		if p == nil {
			p = &Pair{From: key[0], To: key[1]}
			t.pairs[key] = p
		}
		p.Handed++
		if i+1 < len(all) && all[i+1].group == key[0] {
			p.Bounced++
			p.Lost += all[i].until.Sub(all[i].from)
			bounced = true
		}
	}
	if bounced {
		t.bounced++
	}
}

// Pairs returns what was counted, those first that bounced most often.
func (t *Traffic) Pairs() []Pair {
	var all []Pair
	for _, p := range t.pairs {
		all = append(all, *p)
	}
	slices.SortFunc(all, func(a, b Pair) int {
		return cmp.Or(cmp.Compare(b.Bounced, a.Bounced), cmp.Compare(b.Handed, a.Handed), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return all
}

// Records returns how many records were counted, and how many of them bounced between
// two groups.
func (t *Traffic) Records() (all, bounced int) { return t.records, t.bounced }
