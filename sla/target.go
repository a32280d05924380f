package sla

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// Target is something promised about a record: that it is answered, taken,
// resolved in time.
type Target struct {
	Name  string // "response", "resolution"; a clock remembers it
	Goals []Goal // the first that fits counts; a record that fits none has no clock

	Start  Condition // default: [Open]
	Pause  Condition // default: never
	Stop   Condition // needed
	Cancel Condition // default: [OnCancelled]

	OnChange ChangePolicy // default: [CarryElapsed]
	OnReopen ReopenPolicy // default: [Continue]
	Warn     []int        // percentages of the goal at which to warn, such as 50, 75
}

// Goal is a row of a target's table: how much time there is, for which records,
// by which calendar. Either Within or Days is set.
type Goal struct {
	Priorities []int     // empty = any
	When       Condition // nil = any

	Within   time.Duration // business time: open time of the calendar
	Days     calendar.Days // business days of the calendar
	EndOfDay bool          // with Days: until the last closing of that day
	Calendar *calendar.Calendar
}

// Within is the goal of a business time, for records of the given priorities or,
// without any, for all.
func Within(d time.Duration, c *calendar.Calendar, priorities ...int) Goal {
	return Goal{Within: d, Calendar: c, Priorities: slices.Clone(priorities)}
}

func (g *Goal) fits(f Facts) bool {
	return (len(g.Priorities) == 0 || slices.Contains(g.Priorities, f.Priority)) && (g.When == nil || g.When(f))
}

// catchAll reports whether no record gets past the goal.
func (g *Goal) catchAll() bool { return len(g.Priorities) == 0 && g.When == nil }

// Limits of an engine.
const (
	MaxTargets = 32
	MaxGoals   = 1_000 // of one target
)

// Engine runs the clocks of a set of targets. It is immutable and safe for
// concurrent use, reads no clock and does no I/O: what it says depends on what
// it is given.
type Engine struct {
	targets   []Target
	names     [][]string // the calendar of each goal
	calendars map[string]*calendar.Calendar
}

// NewEngine checks the targets, all of them, and returns their engine.
func NewEngine(targets ...Target) (*Engine, error) {
	var p workflow.Problems
	e := &Engine{calendars: map[string]*calendar.Calendar{}}
	if len(targets) > MaxTargets {
		p.Addf("%d targets, at most %d", len(targets), MaxTargets)
	}
	for i, t := range targets {
		if slices.ContainsFunc(targets[:i], func(o Target) bool { return o.Name == t.Name }) {
			p.Addf("target %d: %q is there twice", i+1, t.Name)
		}
		e.add(&p, t)
	}
	if err := p.Err("sla: targets"); err != nil {
		return nil, err
	}
	return e, nil
}

func (e *Engine) add(p *workflow.Problems, t Target) {
	fault := func(format string, args ...any) { p.Addf("target %q: %s", t.Name, fmt.Sprintf(format, args...)) }
	if t.Name == "" || len(t.Name) > 100 || strings.ContainsAny(t.Name, "/\n") {
		fault("a name has 1 to 100 bytes, without a slash")
	}
	if t.Stop == nil {
		fault("no stop condition: the clock would never be met")
	}
	if t.Start == nil {
		t.Start = Open
	}
	if t.Pause == nil {
		t.Pause = func(Facts) bool { return false }
	}
	if t.Cancel == nil {
		t.Cancel = OnCancelled
	}
	if t.OnChange == "" {
		t.OnChange = CarryElapsed
	}
	if t.OnReopen == "" {
		t.OnReopen = Continue
	}
	if !slices.Contains(changePolicies, t.OnChange) || !slices.Contains(reopenPolicies, t.OnReopen) {
		fault("unknown policy %q or %q", t.OnChange, t.OnReopen)
	}
	t.Warn = slices.Clone(t.Warn)
	slices.Sort(t.Warn)
	for i, w := range t.Warn {
		if w < 1 || w > 99 || i > 0 && w == t.Warn[i-1] {
			fault("a warning at %d %%: want percentages from 1 to 99, each once", w)
		}
	}
	t.Goals = slices.Clone(t.Goals)
	e.targets = append(e.targets, t)
	e.names = append(e.names, e.goals(fault, t.Goals))
}

func (e *Engine) goals(fault func(string, ...any), goals []Goal) []string {
	if len(goals) == 0 || len(goals) > MaxGoals {
		fault("%d goals, want 1 to %d", len(goals), MaxGoals)
	}
	names := make([]string, len(goals))
	for i, g := range goals {
		if i > 0 && goals[i-1].catchAll() {
			fault("goal %d is never reached: goal %d fits every record", i+1, i)
		}
		if (g.Within > 0) == (g.Days > 0) || g.Within < 0 || g.Days < 0 {
			fault("goal %d needs either a business time or business days, more than none", i+1)
		}
		if g.EndOfDay && g.Days == 0 {
			fault("goal %d: the end of the day goes with business days", i+1)
		}
		if g.Calendar == nil {
			fault("goal %d has no calendar", i+1)
			continue
		}
		if _, ok := g.Calendar.NextOpen(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)); !ok {
			fault("goal %d: its calendar never opens", i+1)
		}
		name, err := e.learn(g.Calendar)
		if err != nil {
			fault("goal %d: %v", i+1, err)
		}
		names[i] = name
	}
	return names
}

// learn remembers a calendar by its name, or by its content when it has none, so
// that a clock can be pinned to it.
func (e *Engine) learn(c *calendar.Calendar) (string, error) {
	def, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	name := c.Name()
	if name == "" {
		name = fmt.Sprintf("unnamed-%x", sha256.Sum256(def))[:24]
	}
	if known := e.calendars[name]; known != nil && known != c {
		other, err := json.Marshal(known)
		if err != nil || !bytes.Equal(def, other) {
			return name, fmt.Errorf("there are two calendars named %q", name)
		}
	}
	e.calendars[name] = c
	return name, nil
}

func (e *Engine) calendar(name string) (*calendar.Calendar, error) {
	if c := e.calendars[name]; c != nil {
		return c, nil
	}
	known := make([]string, 0, len(e.calendars))
	for n := range e.calendars {
		known = append(known, n)
	}
	slices.Sort(known)
	return nil, fmt.Errorf("sla: a clock is pinned to calendar %q, which is not configured; there are %q: %w", name, known, workflow.ErrInvalid)
}
