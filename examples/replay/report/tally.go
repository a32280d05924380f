package report

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// A Record is what a replay knows of one incident when its history ends. A time
// that never came is zero.
type Record struct {
	Opened, Assigned, Resolved, Closed time.Time
	// Business time from Opened to Assigned and to Resolved.
	AssignBusiness, ResolveBusiness time.Duration

	Priority              int // 1 to 5
	Group, Category       string
	Reopens, Reassignment int
	Holds                 []Spell
	Targets               []Verdict
	Held                  []Hand
}

// A Spell is one time an incident was on hold.
type Spell struct {
	Reason            string
	Elapsed, Business time.Duration
}

// A Hand is a group in whose hands a clock was for some of its time.
type Hand struct {
	Target   string
	Group    string
	Business time.Duration // used of the goal
	Breached bool          // the goal was missed then
}

// A Verdict is how the clock of one target ended; neither Met nor Breached is
// undecided.
type Verdict struct {
	Target        string
	Met, Breached bool
}

// A Tally adds up records. The zero value is ready; it is for one goroutine.
type Tally struct {
	// Zone is the one whose months count; nil means UTC.
	Zone *time.Location

	sum             Replayed
	assign, resolve durations
	resolveBy       map[string]*durations
	holds           map[string]*Hold
	held            map[[2]string]*Held // by target and group
	groups          map[string]*busy
	categories      map[string]*busy
	opened          []time.Time
	done            []time.Time // resolved, or closed without that
	closed          []time.Time
}

type durations struct{ elapsed, business []time.Duration }

func (d *durations) add(elapsed, business time.Duration) {
	d.elapsed, d.business = append(d.elapsed, elapsed), append(d.business, business)
}

func (d *durations) pace() Pace { return Pace{spread(d.elapsed), spread(d.business)} }

type busy struct {
	Busy
	took []time.Duration
}

// Event counts a log event that was applied and left its incident in a state.
func (t *Tally) Event(state string) {
	if t.sum.EventsByState == nil {
		t.sum.EventsByState = map[string]int{}
	}
	t.sum.Events++
	t.sum.EventsByState[state]++
}

// Add counts one incident.
func (t *Tally) Add(r Record) {
	if t.resolveBy == nil {
		t.resolveBy, t.holds, t.held = map[string]*durations{}, map[string]*Hold{}, map[[2]string]*Held{}
		t.groups, t.categories = map[string]*busy{}, map[string]*busy{}
		t.sum.ByPriority, t.sum.Targets = map[string]int{}, map[string]Target{}
	}
	t.sum.Incidents++
	priority := priorityKey(r.Priority)
	t.sum.ByPriority[priority]++
	if r.Reopens > 0 {
		t.sum.Reopened++
	}
	if r.Reassignment > 0 {
		t.sum.Reassigned++
	}
	t.opened = append(t.opened, r.Opened)
	if !r.Closed.IsZero() {
		t.closed = append(t.closed, r.Closed)
	}
	if done := cmp.Or(r.Resolved, r.Closed); !done.IsZero() {
		t.done = append(t.done, done)
	}
	if !r.Assigned.IsZero() {
		t.assign.add(r.Assigned.Sub(r.Opened), r.AssignBusiness)
	}
	if !r.Resolved.IsZero() {
		t.resolve.add(r.Resolved.Sub(r.Opened), r.ResolveBusiness)
		entry(t.resolveBy, priority).add(r.Resolved.Sub(r.Opened), r.ResolveBusiness)
	}
	if slices.ContainsFunc(r.Targets, func(v Verdict) bool { return v.Breached }) {
		t.sum.MadeSLA.False++
	} else {
		t.sum.MadeSLA.True++
	}
	t.addTargets(priority, r.Targets)
	t.addHolds(r.Holds)
	for _, h := range r.Held {
		sum := entry(t.held, [2]string{h.Target, h.Group})
		sum.Business += h.Business
		if h.Breached {
			sum.Breaches++
		}
	}
	entry(t.groups, r.Group).add(r)
	entry(t.categories, r.Category).add(r)
}

func (b *busy) add(r Record) {
	b.Incidents++
	if r.Reopens > 0 {
		b.Reopened++
	}
	if !r.Resolved.IsZero() {
		b.took = append(b.took, r.Resolved.Sub(r.Opened))
	}
}

func (t *Tally) addTargets(priority string, verdicts []Verdict) {
	for _, v := range verdicts {
		target := t.sum.Targets[v.Target]
		if target.ByPriority == nil {
			target.ByPriority = map[string]Verdicts{}
		}
		target.Verdicts = target.plus(v)
		target.ByPriority[priority] = target.ByPriority[priority].plus(v)
		t.sum.Targets[v.Target] = target
	}
}

func (v Verdicts) plus(one Verdict) Verdicts {
	switch {
	case one.Breached:
		v.Breached++
	case one.Met:
		v.Met++
	default:
		v.Open++
	}
	return v
}

func (t *Tally) addHolds(spells []Spell) {
	seen := map[string]bool{}
	for _, s := range spells {
		h := entry(t.holds, s.Reason)
		h.Spells++
		h.Elapsed += s.Elapsed
		h.Business += s.Business
		if !seen[s.Reason] {
			h.Incidents++
		}
		seen[s.Reason] = true
	}
}

// entry returns the value of a key, made new where there is none.
func entry[K comparable, T any](m map[K]*T, key K) *T {
	if m[key] == nil {
		m[key] = new(T)
	}
	return m[key]
}

// Replayed returns the figures of everything added so far.
func (t *Tally) Replayed() *Replayed {
	sum := t.sum
	sum.EventsByState = maps.Clone(t.sum.EventsByState)
	sum.ByPriority = maps.Clone(t.sum.ByPriority)
	sum.Targets = maps.Clone(t.sum.Targets)
	for name, target := range sum.Targets {
		target.ByPriority = maps.Clone(target.ByPriority)
		sum.Targets[name] = target
	}
	sum.Assign, sum.Resolve = t.assign.pace(), t.resolve.pace()
	sum.ResolveBy = map[string]Pace{}
	for priority, d := range t.resolveBy {
		sum.ResolveBy[priority] = d.pace()
	}
	for reason, h := range t.holds {
		hold := *h
		hold.Reason = reason
		sum.Holds = append(sum.Holds, hold)
	}
	slices.SortFunc(sum.Holds, func(a, b Hold) int {
		return cmp.Or(cmp.Compare(b.Elapsed, a.Elapsed), cmp.Compare(a.Reason, b.Reason))
	})
	for key, h := range t.held {
		held := *h
		held.Target, held.Group = key[0], key[1]
		sum.Held = append(sum.Held, held)
	}
	slices.SortFunc(sum.Held, func(a, b Held) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(b.Business, a.Business), cmp.Compare(a.Group, b.Group))
	})
	sum.Groups, sum.Categories = busiest(t.groups), busiest(t.categories)
	sum.Months = t.months()
	return &sum
}

func busiest(all map[string]*busy) []Busy {
	var list []Busy
	for name, b := range all {
		one := b.Busy
		one.Name, one.Median = name, spread(b.took)
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b Busy) int {
		return cmp.Or(cmp.Compare(b.Incidents, a.Incidents), cmp.Compare(a.Name, b.Name))
	})
	return list
}

// maxMonths bounds what one mistaken year in a log can make of a report.
const maxMonths = 600

func (t *Tally) months() []Month {
	if len(t.opened) == 0 {
		return nil
	}
	zone := t.Zone
	if zone == nil {
		zone = time.UTC
	}
	last := slices.MaxFunc(slices.Concat(t.opened, t.done, t.closed), time.Time.Compare)
	first := slices.MinFunc(t.opened, time.Time.Compare).In(zone)
	start := time.Date(first.Year(), first.Month(), 1, 0, 0, 0, 0, zone)
	var months []Month
	backlog := 0
	for !start.After(last) && len(months) < maxMonths {
		end := start.AddDate(0, 1, 0)
		m := Month{
			Month:    start.Format("2006-01"),
			Opened:   between(t.opened, start, end),
			Resolved: between(t.done, start, end),
			Closed:   between(t.closed, start, end),
		}
		backlog += m.Opened - m.Resolved
		m.Backlog = backlog
		months, start = append(months, m), end
	}
	return months
}

// between counts the times in [from, until).
func between(times []time.Time, from, until time.Time) int {
	n := 0
	for _, at := range times {
		if !at.Before(from) && at.Before(until) {
			n++
		}
	}
	return n
}

// spread sums up durations, in whatever order they are.
func spread(durations []time.Duration) Spread {
	if len(durations) == 0 {
		return Spread{}
	}
	sorted := slices.Sorted(slices.Values(durations))
	mean := 0.0
	for i, d := range sorted {
		mean += (float64(d) - mean) / float64(i+1)
	}
	return Spread{
		Count:  len(sorted),
		Mean:   time.Duration(mean),
		Median: sorted[rank(len(sorted), 50)],
		P90:    sorted[rank(len(sorted), 90)],
	}
}

// rank is the index of the p-th percentile by the nearest rank.
func rank(n, p int) int { return max((n*p+99)/100, 1) - 1 }
