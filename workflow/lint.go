package workflow

import (
	"fmt"
	"slices"
	"strings"
)

// checker looks for everything that is wrong with one definition.
type checker struct {
	d              Definition
	guards, fields map[string]bool // what is bound, and whether to a function
	states         map[string]int
	actions        map[string]int
	asks           []map[string]bool // the guards of each transition
	faults         []Fault

	knownGuards, knownFields string // what could have been meant
}

// maxFaults bounds what is told of a definition that is nothing but mistakes.
const maxFaults = 1000

func (c *checker) fault(where, format string, args ...any) {
	switch {
	case len(c.faults) < maxFaults:
		c.faults = append(c.faults, Fault{where, fmt.Sprintf(format, args...)})
	case len(c.faults) == maxFaults:
		c.faults = append(c.faults, Fault{"definition", "has more faults than these"})
	}
}

func (c *checker) check() []Fault {
	const whole = "definition"
	c.knownGuards, c.knownFields = known(c.guards), known(c.fields)
	if !validName(c.d.Name) {
		c.fault(whole, "name %.64q %s", c.d.Name, nameRule)
	}
	if c.d.Version < 1 {
		c.fault(whole, "version %d, versions count from 1", c.d.Version)
	}
	small := true
	for _, l := range []struct {
		what   string
		n, max int
	}{
		{"states", len(c.d.States), MaxStates},
		{"actions", len(c.d.Actions), MaxActions},
		{"transitions", len(c.d.Transitions), MaxTransitions},
	} {
		if l.n > l.max {
			c.fault(whole, "%d %s, at most %d", l.n, l.what, l.max)
			small = false
		}
	}
	if !small {
		return c.faults
	}
	c.checkStates()
	c.checkActions()
	c.asks = make([]map[string]bool, len(c.d.Transitions))
	for i, t := range c.d.Transitions {
		c.asks[i] = make(map[string]bool, len(t.Guards))
		for _, g := range t.Guards {
			c.asks[i][g] = true
		}
		c.checkTransition(i, t)
	}
	c.checkRoles()
	c.checkConflicts()
	c.checkPaths()
	return c.faults
}

const nameRule = "is not a name: 1 to 512 letters, digits, dots, underscores and hyphens"

func (c *checker) checkStates() {
	c.states = make(map[string]int, len(c.d.States))
	for i, s := range c.d.States {
		where := fmt.Sprintf("state %.64q", s.Name)
		if !validName(s.Name) {
			where = fmt.Sprintf("state %d", i+1)
			c.fault(where, "name %.64q %s", s.Name, nameRule)
		} else if _, twice := c.states[s.Name]; twice {
			c.fault(where, "is there twice")
		} else {
			c.states[s.Name] = i
		}
		if !s.Category.Valid() {
			c.fault(where, "needs a category: new, active, on_hold, resolved, closed or cancelled")
		}
		c.checkLabel(where, s.Label)
		c.checkFields(where, "mandatory", s.Mandatory)
		c.checkFields(where, "read-only", s.ReadOnly)
		for _, f := range s.Mandatory {
			if slices.Contains(s.ReadOnly, f) {
				c.fault(where, "field %.64q is both mandatory and read-only: nobody could fill it in; require it on the transitions that lead here", f)
			}
		}
	}
	i, known := c.states[c.d.Initial]
	switch {
	case c.d.Initial == "":
		c.fault("initial", "names no state")
	case !known:
		c.fault("initial", "unknown state %.64q", c.d.Initial)
	case c.d.States[i].Category != CategoryNew:
		c.fault("initial", "state %.64q is of category %v, a lifecycle begins with category new", c.d.Initial, c.d.States[i].Category)
	}
}

func (c *checker) checkActions() {
	c.actions = make(map[string]int, len(c.d.Actions))
	for i, a := range c.d.Actions {
		where := fmt.Sprintf("action %.64q", a.Name)
		if !validName(a.Name) {
			where = fmt.Sprintf("action %d", i+1)
			c.fault(where, "name %.64q %s", a.Name, nameRule)
		} else if _, twice := c.actions[a.Name]; twice {
			c.fault(where, "is there twice")
		} else {
			c.actions[a.Name] = i
			used := func(t Transition) bool { return t.Action == a.Name }
			if !slices.ContainsFunc(c.d.Transitions, used) {
				c.fault(where, "is used by no transition")
			}
		}
		c.checkLabel(where, a.Label)
	}
}

func (c *checker) checkLabel(where, label string) {
	if len(label) > MaxTitle {
		c.fault(where, "label of %d bytes, at most %d", len(label), MaxTitle)
	}
}

// checkNames looks at a list of names for itself.
func (c *checker) checkNames(where, what string, names []string) {
	if len(names) > maxNames {
		c.fault(where, "%d %s names, at most %d", len(names), what, maxNames)
		return
	}
	for i, n := range names {
		if slices.Contains(names[:i], n) {
			c.fault(where, "%s %.64q is named twice", what, n)
		}
	}
}

func (c *checker) checkFields(where, what string, fields []string) {
	c.checkNames(where, what+" field", fields)
	for _, f := range fields {
		if !c.fields[f] {
			c.fault(where, "unknown field %.64q, %s", f, c.knownFields)
		}
	}
}

// known lists what could have been meant.
func known(bound map[string]bool) string {
	var names []string
	for n, ok := range bound {
		if ok {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	if len(names) == 0 {
		return "none is bound"
	}
	return "bound are " + strings.Join(names, ", ")
}

func (c *checker) where(i int) string {
	t := c.d.Transitions[i]
	by := "automatic"
	if !t.Automatic {
		by = "by " + t.Action
	}
	return fmt.Sprintf("transition %d (%.64s to %.64s %.64s)", i+1, strings.Join(t.From, ", "), t.To, by)
}

func (c *checker) checkTransition(i int, t Transition) {
	where := c.where(i)
	if len(t.From) == 0 {
		c.fault(where, "begins nowhere: name at least one state in from")
	}
	c.checkNames(where, "from state", t.From)
	for _, s := range append(slices.Clone(t.From), t.To) {
		if _, ok := c.states[s]; !ok {
			c.fault(where, "unknown state %.64q", s)
		}
	}
	if t.Automatic {
		c.checkAutomatic(where, t)
	} else {
		if _, ok := c.actions[t.Action]; !ok {
			c.fault(where, "undeclared action %.64q", t.Action)
		}
		if len(t.Roles) == 0 {
			c.fault(where, "nobody may take it: name a role, or %q", Anyone)
		}
	}
	c.checkNames(where, "role", t.Roles)
	for _, r := range t.Roles {
		if !validName(r) {
			c.fault(where, "role %.64q %s", r, nameRule)
		}
	}
	c.checkFields(where, "required", t.Required)
	c.checkNames(where, "guard", t.Guards)
	for _, g := range t.Guards {
		if name := strings.TrimPrefix(g, "!"); !c.guards[name] {
			c.fault(where, "unknown guard %.64q, %s", name, c.knownGuards)
		}
	}
	if exclusive(c.asks[i], c.asks[i]) {
		c.fault(where, "can never be taken: a guard must hold and must not hold")
	}
}

func (c *checker) checkAutomatic(where string, t Transition) {
	if t.Action != "" {
		c.fault(where, "is automatic and has an action, %.64q", t.Action)
	}
	if len(t.Roles) > 0 {
		c.fault(where, "is automatic and has roles")
	}
	if len(t.Guards) == 0 {
		c.fault(where, "is automatic and has no guard: nothing could ever stay in the state it leaves")
	}
}

func (c *checker) checkRoles() {
	roles := map[string]bool{Anyone: true}
	for _, t := range c.d.Transitions {
		for _, r := range t.Roles {
			roles[r] = true
		}
	}
	if len(roles) > MaxRoles {
		c.fault("definition", "%d roles, at most %d with %q", len(roles), MaxRoles, Anyone)
	}
}

// exclusive reports whether a guard of one must hold and of the other must not,
// so that never both can be taken.
func exclusive(a, b map[string]bool) bool {
	for g := range a {
		if b[negate(g)] {
			return true
		}
	}
	return false
}

func negate(guard string) string {
	if name, negated := strings.CutPrefix(guard, "!"); negated {
		return name
	}
	return "!" + guard
}

// checkConflicts looks for pairs of transitions that could both be taken. One
// is told for each transition.
func (c *checker) checkConflicts() {
	type place struct {
		from, action string
		automatic    bool
	}
	before := make(map[place][]int)
	for j, t := range c.d.Transitions {
		apart := make([]bool, j+1) // from j, which does not disturb itself
		apart[j] = true
		told := false
		for _, from := range t.From {
			at := place{from, t.Action, t.Automatic}
			for _, i := range before[at] {
				if told {
					break
				}
				if apart[i] {
					continue
				}
				if apart[i] = exclusive(c.asks[i], c.asks[j]); !apart[i] {
					told = true
					c.fault(c.where(j), "transition %d can be taken from %.64q just as well: tell them apart by a guard, name in one and !name in the other", i+1, from)
				}
			}
			before[at] = append(before[at], j)
		}
	}
}

// checkPaths looks at the lifecycle as a graph.
func (c *checker) checkPaths() {
	n := len(c.d.States)
	forth, back, auto := make([][]int, n), make([][]int, n), make([][]int, n)
	for i, t := range c.d.Transitions {
		to, ok := c.states[t.To]
		if !ok || exclusive(c.asks[i], c.asks[i]) {
			continue
		}
		for _, name := range t.From {
			from, ok := c.states[name]
			if !ok {
				continue
			}
			forth[from] = append(forth[from], to)
			back[to] = append(back[to], from)
			if t.Automatic {
				auto[from] = append(auto[from], to)
			}
		}
	}
	var ends []int
	for i, s := range c.d.States {
		if s.Category.Final() {
			ends = append(ends, i)
		}
	}
	if len(ends) == 0 {
		c.fault("definition", "has no state of category closed or cancelled: nothing ever ends")
	} else {
		c.unreached(back, ends, "has no way to a closed or cancelled state")
	}
	if i, ok := c.states[c.d.Initial]; ok {
		c.unreached(forth, []int{i}, "cannot be reached from the initial state")
	}
	var circle []string
	for i, s := range c.d.States {
		if reach(auto, auto[i])[i] {
			circle = append(circle, s.Name)
		}
	}
	if len(circle) > 0 {
		c.fault("definition", "automatic transitions go in a circle through %.200s", strings.Join(circle, ", "))
	}
}

// unreached faults the states that the graph does not lead to.
func (c *checker) unreached(graph [][]int, from []int, problem string) {
	seen := reach(graph, from)
	for i, s := range c.d.States {
		if at, ok := c.states[s.Name]; ok && at == i && !seen[i] {
			c.fault(fmt.Sprintf("state %.64q", s.Name), "%s", problem)
		}
	}
}

// reach marks what can be reached, the beginnings included.
func reach(graph [][]int, from []int) []bool {
	seen := make([]bool, len(graph))
	for todo := slices.Clone(from); len(todo) > 0; {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !seen[i] {
			seen[i] = true
			todo = append(todo, graph[i]...)
		}
	}
	return seen
}
