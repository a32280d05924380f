package catalog

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// Plan is how an item is delivered: tasks, side by side unless one waits for another.
type Plan struct {
	Tasks   []Task  `json:"tasks,omitempty"`
	ByHand  bool    `json:"by_hand,omitempty"` // there is no plan: people add the tasks
	Partial Partial `json:"partial,omitempty"`
}

// Partial is what becomes of the rest when a task ends incomplete.
type Partial string

// The ways.
const (
	Stop     Partial = ""         // what waits for the task, over however many others, is skipped; the rest goes on
	Continue Partial = "continue" // what waits for it begins all the same
	GiveUp   Partial = "give_up"  // every task that has not begun is skipped, but those that people add afterwards
)

// Task is a step of a plan.
type Task struct {
	Name    string            `json:"name"`
	Title   string            `json:"title"`
	Details string            `json:"details,omitempty"`
	Group   string            `json:"group,omitempty"`  // who does it, unless a route says otherwise
	Routes  []Route           `json:"routes,omitempty"` // the first that fits
	After   []string          `json:"after,omitempty"`  // the tasks that must be over before it begins
	When    []Test            `json:"when,omitempty"`   // skipped otherwise
	Lead    approval.Duration `json:"lead,omitzero"`    // working time that it takes
	// Automation is who does it in place of people: a topic to which a message is sent
	// when the task begins.
	Automation string `json:"automation,omitempty"`
}

// Route gives a task to a group on a condition.
type Route struct {
	When  []Test `json:"when"`
	Group string `json:"group"`
}

// MaxTasks is the most tasks of one plan.
const MaxTasks = 100

// MaxLead is the most working time of one task.
const MaxLead = 365 * 24 * time.Hour

func (pl Plan) check(p *workflow.Problems, where string, s scope) {
	if (len(pl.Tasks) == 0) != pl.ByHand {
		p.Addf("%s: a plan has tasks, or says that they are added by_hand", where)
	}
	if len(pl.Tasks) > MaxTasks {
		p.Addf("%s: %d tasks, at most %d", where, len(pl.Tasks), MaxTasks)
		return
	}
	if pl.Partial != Stop && pl.Partial != Continue && pl.Partial != GiveUp {
		p.Addf("%s: partial %.32q, want %q, %q or nothing", where, pl.Partial, Continue, GiveUp)
	}
	for i, t := range pl.Tasks {
		at := where + ": task " + t.Name
		checkName(p, fmt.Sprintf("%s: task %d", where, i+1), t.Name)
		checkText(p, at, t.Title, t.Details)
		if pl.index(t.Name) != i {
			p.Addf("%s is there twice", at)
		}
		if t.Lead < 0 || time.Duration(t.Lead) > MaxLead {
			p.Addf("%s: a lead time is not negative, and at most %v", at, MaxLead)
		}
		if len(t.Group) > workflow.MaxKey || len(t.Automation) > workflow.MaxKey || len(t.Routes) > MaxTests {
			p.Addf("%s: group and automation have at most %d bytes, and there are at most %d routes", at, workflow.MaxKey, MaxTests)
		}
		if t.Group == "" && t.Automation == "" {
			p.Addf("%s: neither a group nor an automation does it", at)
		}
		s.check(p, at, t.When)
		for j, r := range t.Routes {
			s.check(p, fmt.Sprintf("%s: route %d", at, j+1), r.When)
			if r.Group == "" || len(r.Group) > workflow.MaxKey || len(r.When) == 0 {
				p.Addf("%s: route %d needs a group and a condition", at, j+1)
			}
		}
		for j, before := range t.After {
			if pl.index(before) < 0 || slices.Contains(t.After[:j], before) {
				p.Addf("%s waits for %.64q, which is no task, or twice", at, before)
			}
		}
	}
	if circle := pl.circle(); circle != nil {
		p.Addf("%s: tasks wait for each other in a circle: %s", where, strings.Join(circle, ", "))
	}
}

func (pl Plan) index(task string) int {
	return slices.IndexFunc(pl.Tasks, func(t Task) bool { return t.Name == task })
}

// order lists the tasks so that each comes behind those it waits for, and otherwise as
// they are written. Those in circles, and behind them, are missing.
func (pl Plan) order() []Task {
	var done []string
	var ordered []Task
	for range pl.Tasks {
		for _, t := range pl.Tasks {
			ready := !slices.ContainsFunc(t.After, func(a string) bool { return !slices.Contains(done, a) })
			if ready && !slices.Contains(done, t.Name) {
				done, ordered = append(done, t.Name), append(ordered, t)
			}
		}
		if len(ordered) == len(pl.Tasks) {
			break
		}
	}
	return ordered
}

// circle names tasks that wait for each other.
func (pl Plan) circle() []string {
	ordered := pl.order()
	in := func(all []Task, name string) bool {
		return slices.ContainsFunc(all, func(t Task) bool { return t.Name == name })
	}
	for _, t := range pl.Tasks {
		if in(ordered, t.Name) {
			continue
		}
		// What is missing waits for something that is missing: go back until a name repeats.
		var path []string
		for name := t.Name; ; {
			if i := slices.Index(path, name); i >= 0 {
				return path[i:]
			}
			path = append(path, name)
			i := pl.index(name)
			if i < 0 {
				return nil
			}
			next := slices.IndexFunc(pl.Tasks[i].After, func(a string) bool { return pl.index(a) >= 0 && !in(ordered, a) })
			if next < 0 {
				return nil
			}
			name = pl.Tasks[i].After[next]
		}
	}
	return nil
}

// lead is the working time of the longest way through the tasks that apply.
func (pl Plan) lead(f facts) time.Duration {
	until := map[string]time.Duration{}
	longest := time.Duration(0)
	for _, t := range pl.order() {
		d := time.Duration(0)
		for _, a := range t.After {
			d = max(d, until[a])
		}
		if all(t.When, f) {
			d += time.Duration(t.Lead)
		}
		until[t.Name] = d
		longest = max(longest, d)
	}
	return longest
}

// Planned is a task as it applies to one order.
type Planned struct {
	Task
	Skip string // why it is not needed; empty = it is
}

func (pl Plan) planned(f facts) []Planned {
	var tasks []Planned
	for _, t := range pl.order() {
		n := Planned{Task: t}
		n.After = slices.Clone(t.After)
		if !all(t.When, f) {
			i := slices.IndexFunc(t.When, func(x Test) bool { return !x.holds(f) })
			n.Skip = "not needed: not " + t.When[i].String()
		}
		for _, r := range t.Routes {
			if all(r.When, f) {
				n.Group = r.Group
				break
			}
		}
		tasks = append(tasks, n)
	}
	return tasks
}
